import Fastify, { type FastifyInstance } from 'fastify'
import type { IndexerConfig } from '../config.ts'
import { Refusal } from '../refusal.ts'
import type { TlsFiles } from './app.ts'
import { closeWithin, listen } from './listening.ts'
import { sendProblem } from './problem.ts'
import { securityHeaders } from './security-headers.ts'

/** Agents ask again after this time, seconds. */
const RETRY_AFTER = 5
const GRACE = 1_000

/** Answers while the store can't be opened yet: the process lives, and every other request is asked to come back. */
export interface WaitingServer {
  /** The reason for waiting, in a sentence. */
  reason: string
  close(): Promise<void>
}

export async function listenWhileWaiting(
  at: IndexerConfig['listen'],
  tls: TlsFiles | null,
  reason: string,
): Promise<WaitingServer> {
  const options = { logger: false, forceCloseConnections: true } as const
  const app: FastifyInstance =
    tls === null ? Fastify(options) : Fastify({ ...options, https: { ...tls, rejectUnauthorized: false } })
  const headers = securityHeaders(tls !== null)
  const server: WaitingServer = { reason, close: () => closeWithin(app, GRACE) }
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    if (request.method === 'GET' && request.url === '/healthz') return reply.send({ alive: true })
    // The body is not read: an agent keeps it.
    reply.header('connection', 'close')
    return sendProblem(reply, new Refusal('WB-STORE-UNAVAILABLE', server.reason, { retryAfter: RETRY_AFTER }))
  })
  await listen(app, at)
  return server
}
