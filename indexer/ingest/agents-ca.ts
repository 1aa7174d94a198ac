import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import * as z from 'zod'
import { Refusal } from '../refusal.ts'
import { type Records, SharedRecords } from '../store/index.ts'
import { inTurn } from '../turn.ts'
import { type Signer, signedCertificate } from '../x509.ts'
import type { Agent } from './agents.ts'
import { isSealed, type SecretBox } from './secret-box.ts'
import type { Act, Trail } from './trail.ts'

/** The authority that certifies agents: its certificate and key, and the one before, while agents still have certificates of that. */
const caSchema = z.array(z.object({ cert: z.string(), key: z.string(), from: z.number(), until: z.number() }))
type Generation = z.infer<typeof caSchema>[number]

const KIND = 'agents-ca'
const KEY = 'ca'
const CONTEXT = 'agents-ca'
const NAME = 'Waybill agents'
const DAY = 86_400_000
const CA_LIFETIME = 10 * 365 * DAY
/** Clocks of others may be behind. */
const BACKDATED = 60 * 60_000
/** Asked for again within this time, an agent gets the same certificate: a question that is sent again makes no flood of events. */
const SAME_WITHIN = 60 * 60_000

type By = Act['by']

/** The indexer's own authority for agents' certificates. A certificate is for the key that the agent signs with, so it is nobody else's. */
export class AgentsCa {
  readonly #records: Records
  readonly #trail: Trail
  readonly #lifetime: () => number
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer
  readonly #box: SecretBox
  readonly #turn = inTurn()
  #generations: readonly { cert: X509Certificate; of: Generation }[] = []
  #version: number | null = null
  readonly #issued = new Map<string, { at: number; pem: string }>()

  private constructor(parts: Parameters<typeof AgentsCa.open>[0]) {
    this.#records = parts.records
    this.#trail = parts.trail
    this.#lifetime = parts.lifetime
    this.#clock = parts.clock
    this.#random = parts.random
    this.#box = parts.box
  }

  static async open(parts: {
    records: Records
    trail: Trail
    /** The current lifetime of an agent's certificate, ms. */
    lifetime: () => number
    clock: () => number
    random: (bytes: number) => Buffer
    box: SecretBox
  }): Promise<AgentsCa> {
    const ca = new AgentsCa(parts)
    await ca.#read()
    await ca.#sealKeys()
    if (parts.records instanceof SharedRecords) parts.records.follow(() => ca.#read())
    return ca
  }

  async #read(): Promise<void> {
    const record = await this.#records.get(KIND, KEY)
    this.#version = record?.version ?? null
    this.#generations =
      record === null
        ? []
        : caSchema.parse(record.value).map((of) => ({ cert: new X509Certificate(of.cert), of }))
    this.#issued.clear()
  }

  /** The certificate of the current authority for agents; null if there is none. */
  get certificate(): X509Certificate | null {
    return this.#generations[0]?.cert ?? null
  }

  /** Whether one of its generations that is good now signed this. The time of the certificate itself is for the asker to look at. */
  signed(certificate: X509Certificate): boolean {
    const now = this.#clock()
    return this.#generations.some(
      ({ cert, of }) => of.until > now && certificate.checkIssued(cert) && certificate.verify(cert.publicKey),
    )
  }

  create(by: By): Promise<X509Certificate> {
    return this.#turn(async () => {
      if (this.#generations.length > 0)
        throw new Refusal('WB-EXISTS', 'There is already an authority for agents: renew it.')
      return this.#put('agents-ca-create', 'An authority for the certificates of agents was made', by)
    })
  }

  /** Agents get certificates of the new one from now on; those of the one before stay good until they expire. */
  renew(by: By): Promise<X509Certificate> {
    return this.#turn(async () => {
      if (this.#generations.length === 0) throw noAuthority()
      return this.#put('agents-ca-renew', 'The authority for the certificates of agents was renewed', by)
    })
  }

  async #put(action: string, sentence: string, by: By): Promise<X509Certificate> {
    const now = this.#clock()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const [from, until] = [now - BACKDATED, now + CA_LIFETIME]
    const cert = await signedCertificate(
      { subject: NAME, issuer: NAME, publicKey, from, until, use: 'authority' },
      this.#signer(privateKey),
    )
    const key = this.#box.seal(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), CONTEXT)
    const made: Generation = { cert: cert.toString(), key, from, until }
    const kept = this.#generations.map(({ of }) => of).filter((of) => of.until > now)
    await this.#trail.record({
      action,
      category: 'security',
      message: `${sentence}, good until ${new Date(until).toISOString()}.`,
      outcome: 'success',
      by,
      entity: { type: 'certificate', id: cert.fingerprint256 },
    })
    if (!(await this.#records.put(KIND, KEY, [made, ...kept], this.#version))) {
      await this.#read()
      throw new Refusal(
        'WB-CHANGED',
        'Another indexer changed the authority at the same moment: try again.',
        { status: 409 },
      )
    }
    await this.#read()
    return cert
  }

  #keyOf({ key }: Generation): KeyObject {
    // An earlier version stored it in plain text.
    const pem = isSealed(key) ? this.#box.open(key, CONTEXT) : Buffer.from(key)
    if (pem !== null) return createPrivateKey(pem)
    throw new Refusal(
      'WB-SECRETS-KEY',
      "This indexer can't read the key of the authority for agents: it was encrypted with another key. Give all indexers of the cluster the same secrets-key.",
    )
  }

  /** Encrypts the keys that an earlier version stored in plain text. */
  async #sealKeys(): Promise<void> {
    const generations = this.#generations.map(({ of }) => of)
    if (generations.every(({ key }) => isSealed(key))) return
    const sealed = generations.map((of) =>
      isSealed(of.key) ? of : { ...of, key: this.#box.seal(Buffer.from(of.key), CONTEXT) },
    )
    await this.#records.put(KIND, KEY, sealed, this.#version)
    await this.#read()
  }

  /** A certificate for the key of an agent that has shown who it is. */
  async issue(agent: Agent, keyId: string): Promise<string> {
    const [current] = this.#generations
    const pem = agent.keys.find(({ id }) => id === keyId)?.pem
    if (current === undefined) throw noAuthority()
    if (pem === undefined) throw new Error(`agent ${agent.id} has no key ${keyId}`)
    const now = this.#clock()
    const before = this.#issued.get(keyId)
    if (before !== undefined && now >= before.at && now < before.at + SAME_WITHIN) return before.pem
    const until = Math.min(now + this.#lifetime(), current.of.until)
    const cert = await signedCertificate(
      {
        subject: agent.id,
        issuer: NAME,
        publicKey: createPublicKey(pem),
        from: now - BACKDATED,
        until,
        use: 'client',
      },
      this.#signer(this.#keyOf(current.of)),
    )
    await this.#trail.record({
      action: 'agent-certificate',
      category: 'security',
      message: `Agent ${agent.name} (${agent.id}) got a certificate, valid until ${new Date(until).toISOString()}.`,
      outcome: 'success',
      by: { name: 'agent' },
      entity: { type: 'agent', id: agent.id, name: agent.name },
    })
    const text = cert.toString()
    this.#issued.set(keyId, { at: now, pem: text })
    return text
  }

  #signer(key: KeyObject): Signer {
    return { key, serial: this.#random(16) }
  }
}

export const noAuthority = (): Refusal =>
  new Refusal(
    'WB-NO-AUTHORITY',
    'This indexer has no authority for the certificates of agents: `waybill agents ca create` makes one.',
  )
