import { createPublicKey } from 'node:crypto'
import { OperatorError, parsedJson } from '../../schema/index.ts'
import { type EnrollRequest, enrollAnswerSchema, problemSchema } from '../../schema/wire/index.ts'
import type { Answer } from './answer.ts'
import { keepCertificate, obtainCertificate } from './certificate.ts'
import { Connection, checkedUrl, readTls, type TlsFiles } from './connection.ts'
import { draftKey, type Identity, keepIdentity } from './identity.ts'
import { wireReason } from './wire-reason.ts'

/** The exit code of a command that could not reach its indexer: another try may succeed, unlike after a rejection. */
const NOT_REACHABLE = 3

const TIMEOUTS = { connect: 5_000, headers: 15_000, body: 5_000 }

export interface Reaching {
  readonly url: string
  readonly tls?: TlsFiles
  readonly allowPlainHttp?: boolean
}

export interface Enrolling extends Reaching {
  readonly token?: string | undefined
  /** The agent's data folder. */
  readonly dir: string
  readonly name: string
  readonly host: string
  readonly version: string
}

/** Makes a key, registers it with the indexer, and stores the answer. */
export async function enroll(options: Enrolling): Promise<Identity> {
  const url = checkedUrl(options.url, options.allowPlainHttp ?? false)
  const privateKey = await draftKey(options.dir)
  const request: EnrollRequest = {
    ...(options.token === undefined ? {} : { token: options.token }),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    name: options.name,
    host: options.host,
    version: options.version,
  }
  const answer = await once(url, options, (connection) =>
    connection.post('/v1/enroll', 'application/json', JSON.stringify(request)),
  )
  if (answer.status !== 200 && answer.status !== 201)
    throw refused(options.url, answer, options.token !== undefined)
  const read = enrollAnswerSchema.safeParse(parsedJson(answer.body.toString('utf8')))
  if (!read.success) throw noIndexer(options.url)
  const identity: Identity = { ...read.data, host: options.host, privateKey }
  await keepIdentity(options.dir, identity)
  if (url.protocol === 'https:' && options.tls?.cert === undefined) await certify(url, options, identity)
  return identity
}

/** If the indexer issues certificates, the agent gets one before it ships. After a failure its heartbeats try again. */
async function certify(url: URL, options: Enrolling, identity: Identity): Promise<void> {
  const connection = new Connection(url, {
    connections: 1,
    timeouts: TIMEOUTS,
    tls: readTls(options.tls ?? {}),
  })
  try {
    const certificate = await obtainCertificate(connection, identity, { asked: Date.now() })
    if (certificate !== null) await keepCertificate(options.dir, certificate)
  } catch {
    // The agent is enrolled in any case: an indexer that requires certificates reports it at the first batch.
  } finally {
    await connection.close()
  }
}

/** Checks that an indexer answers at this address; throws the problem. */
export async function reach(options: Reaching): Promise<void> {
  const url = checkedUrl(options.url, options.allowPlainHttp ?? false)
  const answer = await once(url, options, (connection) => connection.get('/healthz'))
  if (answer.status !== 200) throw noIndexer(options.url, `it answers ${answer.status} to /healthz`)
}

async function once(
  url: URL,
  options: Reaching,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const connection = new Connection(url, {
    connections: 1,
    timeouts: TIMEOUTS,
    tls: readTls(options.tls ?? {}),
  })
  try {
    return await ask(connection)
  } catch (problem) {
    throw new OperatorError(
      'WB-INDEXER-UNREACHABLE',
      `${options.url} can't be reached: ${wireReason(problem)}. Check the address, and that the indexer runs.`,
      { cause: problem, exitCode: NOT_REACHABLE },
    )
  } finally {
    await connection.close()
  }
}

function refused(url: string, answer: Answer, withToken: boolean): OperatorError {
  const read = problemSchema.safeParse(parsedJson(answer.body.toString('utf8')))
  if (!read.success) return noIndexer(url, `it answers ${answer.status}`)
  const said = read.data.detail || read.data.title
  if (answer.status === 401 || answer.status === 403) {
    const make = withToken
      ? 'The token is wrong, used up or expired: make a new one with `waybill agents token`. '
      : 'A token is needed: make one with `waybill agents token` where the indexer runs. '
    // The indexer's answer may already contain the remedy.
    const remedy = said.includes('waybill agents token') ? '' : make
    return new OperatorError(
      'WB-ENROL-REFUSED',
      `${url} does not enroll this agent (${withoutStop(said)}). ${remedy}Give it as WAYBILL_TOKEN to \`waybill-agent enroll\`, or as agent.token in agent.yml.`,
    )
  }
  const later = answer.status === 429 || answer.status >= 500
  return new OperatorError(
    'WB-ENROL-REFUSED',
    `${url} does not enroll this agent now (${answer.status}: ${withoutStop(said)}).${later ? ' Try again in a while.' : ''}`,
    { exitCode: later ? NOT_REACHABLE : 1 },
  )
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '')

function noIndexer(url: string, why = 'its answer is in a form that no indexer uses'): OperatorError {
  return new OperatorError(
    'WB-NO-INDEXER',
    `${url}: something other than an indexer seems to answer (${why}). Check address and port.`,
  )
}
