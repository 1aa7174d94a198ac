import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'

/** Describes a failed request to an operator. */
export function wireReason(problem: unknown): string {
  if (problem instanceof OperatorError) return problem.message
  if (problem instanceof DOMException && problem.name === 'TimeoutError') return 'it did not answer in time'
  switch (codeOf(problem)) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name does not resolve'
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'no connection in time'
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'it did not answer in time'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return 'it closed the connection before it answered'
    default:
      return wireTrust(problem) ?? reasonOf(problem)
  }
}

/** Whether the connection was cut during the request, as some proxies do instead of answering 413. */
export function isCut(problem: unknown): boolean {
  return ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'].includes(codeOf(problem) ?? '')
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

function wireTrust(problem: unknown): string | null {
  const code = codeOf(problem)
  if (code === undefined || !UNTRUSTED.has(code)) return null
  return `its TLS certificate is not trusted (${reasonOf(problem)}); name its authority under tls: ca`
}
