import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../../schema/index.ts'
import {
  AGENT_CERTIFICATE_PATH,
  agentCertificateSchema,
  problemSchema,
  signQuestion,
} from '../../schema/wire/index.ts'
import { type Log, writeFileDurably } from '../state/index.ts'
import type { Clock } from './clock.ts'
import { type Connection, readTls, type TlsFiles } from './connection.ts'
import { type Identity, KEY_FILE } from './identity.ts'

/** The certificate that the indexer's authority issued for the agent's own key, beside that key in the data folder. */
const FILE = 'certificate.pem'
/** A certificate is renewed when a third of its time is left: an indexer may be unavailable for a month. */
const RENEW_WHEN_LEFT = 1 / 3

/** Adds the agent's own certificate, if it has one and the config file names no other. */
export function tlsFor(files: TlsFiles, dir: string): TlsFiles {
  if (files.cert !== undefined || keptCertificate(dir) === null) return files
  return { ...files, cert: join(dir, FILE), key: join(dir, KEY_FILE) }
}

/** Returns null also if it is damaged, or belongs to an earlier key: then it must not prevent the agent from connecting. */
function keptCertificate(dir: string): string | null {
  const file = join(dir, FILE)
  if (!existsSync(file)) return null
  const pem = readFileSync(file, 'utf8')
  try {
    const isOurs = new X509Certificate(pem).checkPrivateKey(
      createPrivateKey(readFileSync(join(dir, KEY_FILE))),
    )
    return isOurs ? pem : null
  } catch {
    return null
  }
}

export async function keepCertificate(dir: string, pem: string): Promise<void> {
  await writeFileDurably(join(dir, FILE), pem, { mode: 0o600 })
}

type Signer = Pick<Identity, 'agent' | 'key' | 'privateKey'>

/** Requests a certificate for the agent's key; null if this indexer issues none. */
export async function obtainCertificate(
  connection: Connection,
  { agent, key, privateKey }: Signer,
  { asked, stop }: { asked: number; stop?: AbortSignal },
): Promise<string | null> {
  const authorization = signQuestion({ agent, key, asked, path: AGENT_CERTIFICATE_PATH }, privateKey)
  const answer = await connection.get(AGENT_CERTIFICATE_PATH, {
    headers: { authorization },
    ...(stop !== undefined && { stop }),
  })
  // An indexer of an earlier version also answers this.
  if (answer.status === 404) return null
  const value: unknown = JSON.parse(answer.body.toString('utf8'))
  if (answer.status !== 200) {
    const problem = problemSchema.safeParse(value)
    throw new Error(`it answers ${answer.status}${problem.success ? `: ${problem.data.detail}` : ''}`)
  }
  const { certificate } = agentCertificateSchema.parse(value)
  if (!new X509Certificate(certificate).checkPrivateKey(privateKey))
    throw new Error('it gave a certificate for another key')
  return certificate
}

/** Renews the agent's certificate, and its connections with it. */
export class Certificates {
  readonly #dir: string
  readonly #files: TlsFiles
  readonly #connections: readonly Connection[]
  readonly #identity: Signer
  readonly #clock: Clock
  readonly #log: Log
  #failed = false

  constructor(parts: {
    dir: string
    files: TlsFiles
    connections: readonly Connection[]
    identity: Signer
    clock: Clock
    log: Log
  }) {
    this.#dir = parts.dir
    this.#files = parts.files
    this.#connections = parts.connections
    this.#identity = parts.identity
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** Gets a certificate if there is none, if it is time for a new one, or if the indexer rejected the present one. */
  async follow(
    connection: Connection,
    { why, offset, stop }: { why: 'due' | 'refused'; offset: number; stop: AbortSignal },
  ): Promise<void> {
    if (!connection.isSecure) return
    const asked = this.#clock.now() + offset
    try {
      const before = keptCertificate(this.#dir)
      if (why === 'due' && before !== null && !isDue(before, asked)) return
      const pem = await obtainCertificate(connection, this.#identity, { asked, stop })
      this.#failed = false
      if (pem === null || pem === before) return
      await keepCertificate(this.#dir, pem)
      const tls = readTls(tlsFor(this.#files, this.#dir))
      for (const one of this.#connections) one.renewTls(tls)
      this.#log.info(
        { indexer: connection.url },
        `${connection.url} gave this agent a certificate, valid until ${new X509Certificate(pem).validToDate.toISOString()}`,
      )
    } catch (problem) {
      // Heartbeats repeat; one line is enough.
      if (!this.#failed && !stop.aborted)
        this.#log.warn(
          { indexer: connection.url, reason: reasonOf(problem) },
          'the certificate of this agent could not be renewed; the agent tries again with each heartbeat',
        )
      this.#failed = true
    }
  }
}

function isDue(pem: string, now: number): boolean {
  const { validFromDate: from, validToDate: to } = new X509Certificate(pem)
  return to.getTime() - now < (to.getTime() - from.getTime()) * RENEW_WHEN_LEFT
}
