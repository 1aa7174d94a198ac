import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import * as z from 'zod'
import { verifyWaybill, type WaybillHead } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import { type Records, SharedRecords } from '../store/index.ts'

const agentSchema = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  version: z.string(),
  enrolled: z.number(),
  /** Ed25519 public keys, SPKI in PEM. */
  keys: z.array(z.object({ id: z.string(), pem: z.string() })).min(1),
  revoked: z.number().nullable(),
  /** The indexer's own agent, which nobody may speak for over the network. */
  own: z.boolean(),
  /** The hosts that its events may name beside its own. Agents that an earlier version enrolled lack it: they may name any. */
  hosts: z.array(z.string()).optional(),
})
export type Agent = z.infer<typeof agentSchema>

/** The hosts that an agent's events may name; null: any. */
export const hostsOf = ({ host, hosts }: Agent): readonly string[] | null =>
  hosts === undefined ? null : [host, ...hosts]

const KIND = 'agent'

/** The enrolled agents. All are in memory, since each waybill needs one; the store's records are authoritative. */
export class Agents {
  readonly #records: Records
  readonly #agents = new Map<string, { agent: Agent; version: number }>()
  readonly #keys = new Map<string, { agent: string; key: KeyObject }>()

  private constructor(records: Records) {
    this.#records = records
  }

  static async open(records: Records): Promise<Agents> {
    const agents = new Agents(records)
    await agents.#readAll()
    if (records instanceof SharedRecords) records.follow(() => agents.#readAll())
    return agents
  }

  /** Agents stay for good; what is known here to be newer than what was read is kept. */
  async #readAll(): Promise<void> {
    for (const { key, value, version } of await this.#records.list(KIND)) {
      const known = this.#agents.get(key)
      if (known === undefined || known.version < version) this.#remember(agentSchema.parse(value), version)
    }
  }

  #remember(agent: Agent, version: number): void {
    this.#agents.set(agent.id, { agent, version })
    for (const { id, pem } of agent.keys) this.#keys.set(id, { agent: agent.id, key: createPublicKey(pem) })
  }

  /** Agents of hosts, in the order in which they were enrolled; not the indexer's own. */
  list(): Agent[] {
    return [...this.#agents.values()]
      .map(({ agent }) => agent)
      .filter((agent) => !agent.own)
      .sort((a, b) => a.enrolled - b.enrolled || (a.id < b.id ? -1 : 1))
  }

  all(): Agent[] {
    return [...this.#agents.values()].map(({ agent }) => agent)
  }

  get(id: string): Agent | undefined {
    return this.#agents.get(id)?.agent
  }

  ofKey(key: string): Agent | undefined {
    const found = this.#keys.get(key)
    return found === undefined ? undefined : this.get(found.agent)
  }

  async add(agent: Agent): Promise<void> {
    if (!(await this.#records.put(KIND, agent.id, agent, null))) {
      throw new Error(`agent ${agent.id} is in the records, and not in memory`)
    }
    await this.#reread(agent.id)
  }

  /** Returns false if it was revoked before. */
  async revoke(id: string, now: number): Promise<boolean> {
    for (;;) {
      const known = this.#agents.get(id)
      if (known === undefined) throw new Error(`no agent ${id}`)
      if (known.agent.revoked !== null) return false
      const done = await this.#records.put(KIND, id, { ...known.agent, revoked: now }, known.version)
      await this.#reread(id)
      if (done) return true
    }
  }

  /** Sets which hosts its events may name beside its own. */
  async allowHosts(id: string, hosts: readonly string[]): Promise<void> {
    for (;;) {
      const known = this.#agents.get(id)
      if (known === undefined) throw new Error(`no agent ${id}`)
      const done = await this.#records.put(KIND, id, { ...known.agent, hosts: [...hosts] }, known.version)
      await this.#reread(id)
      if (done) return
    }
  }

  /** Whether an agent with this key may send; that it has the key is not proven by that. */
  knows({ agent, key }: { readonly agent: string; readonly key: string }): boolean {
    const known = this.get(agent)
    return known !== undefined && !known.own && known.revoked === null && this.#keys.get(key)?.agent === agent
  }

  async #reread(id: string): Promise<void> {
    const record = await this.#records.get(KIND, id)
    if (record !== null) this.#remember(agentSchema.parse(record.value), record.version)
  }

  /** Returns the agent that signed this; refuses an unknown or revoked agent, and a wrong signature. */
  authenticate(said: { agent: string; key: string }, signedBy: (key: KeyObject) => boolean): Agent {
    const agent = this.get(said.agent)
    const known = this.#keys.get(said.key)
    if (agent === undefined || agent.own) {
      throw new Refusal('WB-AGENT-UNKNOWN', `The indexer knows no agent ${said.agent}: enroll it first.`)
    }
    if (agent.revoked !== null) {
      throw new Refusal('WB-AGENT-REVOKED', `Agent ${agent.id} was revoked; enroll it again with a new key.`)
    }
    if (known === undefined || known.agent !== agent.id) {
      throw new Refusal('WB-AGENT-UNKNOWN', `The indexer knows no key ${said.key} of agent ${agent.id}.`)
    }
    if (!signedBy(known.key)) {
      throw new Refusal(
        'WB-SIGNATURE-INVALID',
        `The signature does not match key ${said.key} of agent ${agent.id}.`,
      )
    }
    return agent
  }

  authenticateWaybill(head: WaybillHead): Agent {
    return this.authenticate(head.manifest, (key) => verifyWaybill(head, key))
  }
}

/** A public key as it came, checked; its id is the beginning of SHA-256 over its DER form. */
export function readPublicKey(pem: string): { id: string; pem: string } {
  let key: KeyObject
  try {
    // Node would derive the public key from a private one, but nobody should send us a private key.
    if (!pem.includes('BEGIN PUBLIC KEY')) throw new Error('another kind of PEM')
    key = createPublicKey(pem)
  } catch {
    throw new Refusal('WB-WAYBILL-INVALID', 'publicKey is not a public key in PEM.')
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Refusal('WB-WAYBILL-INVALID', `publicKey is ${key.asymmetricKeyType}; expected an Ed25519 key.`)
  }
  return { id: keyId(key), pem: String(key.export({ type: 'spki', format: 'pem' })) }
}

export function keyId(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16)
}
