import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply } from 'fastify'
import { isRefusalCode, OperatorError } from '../../schema/index.ts'
import type { Problem } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import { CancelledError, StoreFullError, StoreUnavailableError } from '../store/port.ts'

/** Turns a thrown value into an answer for the client. Our own mistakes reveal no internals. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof StoreFullError)
    return new Refusal('WB-STORE-FULL', thrown.message, { retryAfter: 10 })
  if (thrown instanceof StoreUnavailableError)
    return new Refusal('WB-STORE-UNAVAILABLE', thrown.message, { retryAfter: 2 })
  // Nobody reads this answer; the metrics count it under the status that other servers use.
  if (thrown instanceof CancelledError) return new Refusal('WB-CLIENT-LEFT', thrown.message)
  if (thrown instanceof OperatorError)
    return new Refusal(isRefusalCode(thrown.code) ? thrown.code : 'WB-REQUEST-INVALID', thrown.message)
  // By name: it comes from a thread of the store, which keeps no classes.
  if (thrown instanceof Error && thrown.name === 'CursorError') {
    return new Refusal('WB-CURSOR-INVALID', `after: ${thrown.message}.`)
  }
  if (isFastifyError(thrown)) {
    const status = thrown.statusCode ?? 500
    if (status === 413) return new Refusal('WB-TOO-LARGE', 'The body is larger than this route accepts.')
    if (status >= 400 && status < 500) return new Refusal('WB-REQUEST-INVALID', thrown.message, { status })
  }
  return new Refusal(
    'WB-INTERNAL',
    'The request failed because of a defect of the indexer; its log has the details.',
    {
      cause: thrown,
    },
  )
}

const isFastifyError = (thrown: unknown): thrown is FastifyError =>
  thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, code, kind, message, retryAfter, column } = refusal
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  // The rest of this body may never come: the connection can't be used again.
  if (status === 408) reply.header('connection', 'close')
  const problem: Problem & { column?: number } = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    detail: message,
    code: kind,
    error: code,
  }
  if (column !== undefined) problem.column = column
  return reply
    .code(status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)))
}
