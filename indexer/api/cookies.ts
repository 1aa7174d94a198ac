import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { csrfOf } from '../accounts/index.ts'
import { Refusal } from '../ingest/index.ts'

/** The one cookie there is: the secret of a browser's session. */
export interface Cookies {
  read(request: FastifyRequest): string | undefined
  write(request: FastifyRequest, reply: FastifyReply, secret: string): void
  clear(request: FastifyRequest, reply: FastifyReply): void
}

/** Browsers take a name with this prefix only with Secure, for the whole host, and from the host itself. */
const HOST_ONLY = '__Host-waybill'
const PLAIN = 'waybill'
const REST = 'Path=/; HttpOnly; SameSite=Strict'

/** `plain`: the listener is plain HTTP on loopback, where nobody listens on the way and a browser may refuse Secure. */
export function openCookies(plain: boolean): Cookies {
  const isPlain = (request: FastifyRequest): boolean =>
    plain && request.headers['x-forwarded-proto'] !== 'https'
  const cookie = (request: FastifyRequest, value: string, more: string): string =>
    isPlain(request) ? `${PLAIN}=${value}; ${REST}${more}` : `${HOST_ONLY}=${value}; ${REST}; Secure${more}`
  return {
    read: (request) => cookieIn(request.headers.cookie, isPlain(request) ? PLAIN : HOST_ONLY),
    // No Max-Age: the browser forgets it when it is closed, and the indexer ends it in time.
    write: (request, reply, secret) => void reply.header('set-cookie', cookie(request, secret, '')),
    clear: (request, reply) => void reply.header('set-cookie', cookie(request, '', '; Max-Age=0')),
  }
}

/** Two of one name are somebody's trick: neither counts. */
function cookieIn(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? values[0] : undefined
}

const HARMLESS = new Set(['GET', 'HEAD'])

/**
 * A browser sends the cookie along whoever made it ask. So what a cookie stands for must come from a page of ours: the browser says
 * where from, and a change brings a text along that only such a page can have read.
 */
export function demandOwnPage(request: FastifyRequest, secret: string): void {
  demandOwnOrigin(request)
  if (HARMLESS.has(request.method)) return
  const given = request.headers['x-waybill-csrf']
  const expected = Buffer.from(csrfOf(secret))
  const brought = Buffer.from(typeof given === 'string' ? given : '')
  if (brought.length === expected.length && timingSafeEqual(brought, expected)) return
  throw new Refusal(
    403,
    'forbidden',
    'A change by cookie needs the header X-Waybill-Csrf, with what GET /v1/session says.',
  )
}

/** Refuses what a browser says comes from a page of another origin. Programs say nothing, and nothing makes them ask. */
export function demandOwnOrigin(request: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  // A proxy may change the Host; what the browser says of the site it says of what it asked itself.
  const foreign =
    site !== undefined
      ? site !== 'same-origin' && site !== 'none'
      : origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
  if (foreign) throw new Refusal(403, 'forbidden', 'The request comes from a page of another site.')
}
