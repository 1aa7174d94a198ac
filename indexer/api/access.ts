import { hash, timingSafeEqual } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { type AccessRules, isLoopback, type Scope } from '../config.ts'
import { type Failures, Refusal } from '../ingest/index.ts'
import type { Needed } from './route.ts'

/** Who asks, as the audit trail names them. */
export interface Asker {
  readonly name: string
  readonly address: string
}

export interface Access {
  /** Refuses who may not. */
  admit(request: FastifyRequest, needs: Needed): Asker
  /** The request comes from this machine, by a way on which no token is needed where the rules leave it open. */
  isOpen(request: FastifyRequest): boolean
}

export function openAccess(parts: {
  /** As they are now: a reload changes them. */
  rules: () => AccessRules
  listenerOnLoopback: boolean
  clientCertificates: boolean
  failures: Failures
}): Access {
  const { rules, listenerOnLoopback, clientCertificates, failures } = parts

  function admit(request: FastifyRequest, needs: Needed): Asker {
    const address = addressOf(request)
    if (needs === 'anybody') return { name: 'anybody', address }
    if (needs === 'agent') {
      const socket = request.raw.socket
      if (clientCertificates && !isAuthorised(socket)) {
        throw new Refusal(
          401,
          'unauthorised',
          'Agents need a client certificate here, of the authority in tls.client-ca.',
        )
      }
      return { name: 'agent', address }
    }
    const given = bearer(request)
    if (given === undefined) return withoutToken(request, needs, address)
    failures.check(address)
    const digest = hash('sha256', given, 'buffer')
    const known = rules().tokens.filter(({ token }) =>
      timingSafeEqual(hash('sha256', token.reveal(), 'buffer'), digest),
    )
    const [token] = known
    if (token === undefined) {
      failures.count(address)
      throw new Refusal(401, 'unauthorised', 'This token is not known.')
    }
    if (!token.scopes.includes(needs)) {
      throw new Refusal(403, 'forbidden', `The token "${token.name}" has no scope ${needs}.`)
    }
    return { name: token.name, address }
  }

  function withoutToken(request: FastifyRequest, needs: Scope, address: string): Asker {
    if (rules()[needs] === 'token' || !listenerOnLoopback || !isLoopback(address)) {
      throw new Refusal(
        401,
        'unauthorised',
        `This needs a token with scope ${needs}: Authorization: Bearer <token>.`,
      )
    }
    const foreign = whatIsForeign(request)
    if (foreign !== null)
      throw new Refusal(403, 'forbidden', `Without a token only this machine may ask: ${foreign}.`)
    return { name: 'loopback', address }
  }

  return {
    admit,
    isOpen: (request) =>
      listenerOnLoopback && isLoopback(addressOf(request)) && whatIsForeign(request) === null,
  }
}

const isAuthorised = (socket: object): boolean => 'authorized' in socket && (socket as TLSSocket).authorized

const addressOf = (request: FastifyRequest): string =>
  (request.raw.socket.remoteAddress ?? '').replace(/^::ffff:/, '')

function bearer(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (token === undefined) throw new Refusal(401, 'unauthorised', 'Expected Authorization: Bearer <token>.')
  return token
}

/**
 * What shows that a request from loopback was not meant by a program of this machine. A web page reaches loopback from
 * the browser of whoever looks at it: by a name of its own that resolves to 127.0.0.1, or across sites. And a
 * proxy on this machine carries the requests of others.
 */
function whatIsForeign(request: FastifyRequest): string | null {
  const { headers } = request
  const host = headers.host ?? ''
  const url = URL.parse(`http://${host}`)
  if (url === null || !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
    return `the Host header says ${JSON.stringify(host)}, which is no name of loopback`
  }
  const { origin } = headers
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return `the request comes from a page of ${JSON.stringify(origin)}`
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'the request comes from a page of another site'
  const carried = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].find(
    (name) => headers[name] !== undefined,
  )
  return carried === undefined ? null : `the header ${carried} shows that a proxy carried it`
}
