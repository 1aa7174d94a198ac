import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply } from 'fastify'
import { OperatorError } from '../../schema/index.ts'
import type { Problem } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import { CancelledError, StoreFullError, StoreUnavailableError } from '../store/port.ts'

/** What anything thrown means for the asker. What is our own mistake says nothing of its inside. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof StoreFullError) return new Refusal(507, 'full', thrown.message, { retryAfter: 10 })
  if (thrown instanceof StoreUnavailableError)
    return new Refusal(503, 'busy', thrown.message, { retryAfter: 2 })
  // Nobody reads this answer; the figures name it as other servers do.
  if (thrown instanceof CancelledError) return new Refusal(499, 'busy', thrown.message)
  if (thrown instanceof OperatorError) return new Refusal(400, 'bad-request', thrown.message)
  // By name: it comes from a thread of the store, which keeps no classes.
  if (thrown instanceof Error && thrown.name === 'CursorError') {
    return new Refusal(400, 'bad-request', `after: ${thrown.message}.`)
  }
  if (isFastifyError(thrown)) {
    const status = thrown.statusCode ?? 500
    if (status === 413) return new Refusal(413, 'too-large', 'The body is larger than this route takes.')
    if (status >= 400 && status < 500) return new Refusal(status, 'bad-request', thrown.message)
  }
  return new Refusal(500, 'internal', 'The indexer made a mistake; its log has the details.', {
    cause: thrown,
  })
}

const isFastifyError = (thrown: unknown): thrown is FastifyError =>
  thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, code, message, retryAfter, column } = refusal
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  // The rest of this body may never come: the connection can't be used again.
  if (status === 408) reply.header('connection', 'close')
  const problem: Problem & { column?: number } = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    detail: message,
    code,
  }
  if (column !== undefined) problem.column = column
  return reply
    .code(status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)))
}
