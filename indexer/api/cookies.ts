import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { csrfOf, FLOW_MS } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'

/** The secret of a browser's session, and what binds a sign-in at a provider to the browser that began it. */
export interface Cookies {
  read(request: FastifyRequest): string | undefined
  write(request: FastifyRequest, reply: FastifyReply, secret: string): void
  clear(request: FastifyRequest, reply: FastifyReply): void
  readFlow(request: FastifyRequest): string | undefined
  /** Null takes it away. */
  writeFlow(request: FastifyRequest, reply: FastifyReply, flow: string | null): void
}

/** Browsers take a name with this prefix only with Secure, for the whole host, and from the host itself. */
const HOST_ONLY = '__Host-waybill'
const PLAIN = 'waybill'
const REST = 'Path=/; HttpOnly; SameSite=Strict'
const FLOW = '-sign-in'
/** Lax: the provider's page sends the browser back here, which no Strict cookie would come along with. */
const FLOW_REST = 'Path=/; HttpOnly; SameSite=Lax'

/** `plain`: the listener is plain HTTP on loopback, where nobody can listen in transit and a browser may refuse Secure. */
export function openCookies(plain: boolean): Cookies {
  const isPlain = (request: FastifyRequest): boolean =>
    plain && request.headers['x-forwarded-proto'] !== 'https'
  const name = (request: FastifyRequest): string => (isPlain(request) ? PLAIN : HOST_ONLY)
  const rest = (request: FastifyRequest, more: string): string =>
    isPlain(request) ? more : `; Secure${more}`
  const cookie = (request: FastifyRequest, value: string, more: string): string =>
    `${name(request)}=${value}; ${REST}${rest(request, more)}`
  return {
    read: (request) => cookieIn(request.headers.cookie, name(request)),
    readFlow: (request) => cookieIn(request.headers.cookie, name(request) + FLOW),
    writeFlow: (request, reply, flow) => {
      const age = `; Max-Age=${flow === null ? 0 : FLOW_MS / 1000}`
      const value = `${name(request)}${FLOW}=${flow ?? ''}; ${FLOW_REST}${rest(request, age)}`
      reply.header('set-cookie', value)
    },
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
 * Demands that a request with a cookie comes from a page of ours. A browser sends the cookie with any request, even one that another site
 * caused. So the browser's headers must name our origin, and a change must carry a token that only such a page can have read.
 */
export function demandOwnPage(request: FastifyRequest, secret: string): void {
  demandOwnOrigin(request)
  if (HARMLESS.has(request.method)) return
  const given = request.headers['x-waybill-csrf']
  const expected = Buffer.from(csrfOf(secret))
  const brought = Buffer.from(typeof given === 'string' ? given : '')
  if (brought.length === expected.length && timingSafeEqual(brought, expected)) return
  throw new Refusal(
    'WB-FOREIGN-REQUEST',
    'A change with a cookie needs the header X-Waybill-Csrf, with the value from GET /v1/session.',
  )
}

/** Refuses a request that the browser attributes to a page of another origin. */
export function demandOwnOrigin(request: FastifyRequest): void {
  if (!isOfOwnPage(request))
    throw new Refusal('WB-FOREIGN-REQUEST', 'The request comes from a page of another site.')
}

/**
 * Whether the browser's headers name our own page as the sender. Programs send no such headers, and no page can make them send requests.
 */
export function isOfOwnPage({ headers }: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  // A proxy may change the Host; the browser derives the site from the address that it used itself.
  return site !== undefined
    ? site === 'same-origin' || site === 'none'
    : origin === undefined || origin === `http://${host}` || origin === `https://${host}`
}
