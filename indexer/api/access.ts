import { hash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import {
  ALL_PERMISSIONS,
  PERMISSIONS,
  type Permission,
  permissionsOf,
  permissionsOfScopes,
  WIDE_SCOPES,
} from '../../schema/api/index.ts'
import {
  type Accounts,
  FULL_VISIBILITY,
  isFull,
  Mask,
  queryOfLimits,
  type Session,
  type User,
  type Visibility,
} from '../accounts/index.ts'
import { type AccessRules, type IndexerConfig, isLoopback } from '../config.ts'
import type { Failures } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { ClientCertificates, ShownCertificate } from './client-certificates.ts'
import { type Cookies, demandOwnPage } from './cookies.ts'
import type { Needed, Route } from './route.ts'

/** Who asks, as the audit trail names them, and what they may do and see. */
export interface Asker {
  readonly name: string
  readonly address: string
  /** By what they came; it stands beside the name in the audit trail. */
  readonly channel?: string
  /** The look at a screen that this question belongs to, as the console says: the screen's name, and what tells this look from others. */
  readonly visit?: string
  /** Fires when the client of this request goes away before it is answered. */
  readonly gone?: AbortSignal
  readonly permissions: ReadonlySet<Permission>
  readonly visibility: Visibility
  readonly user: User | null
  /** What an agent's connection shows. */
  readonly certificate?: ShownCertificate
  /** How they showed who they are. */
  readonly by:
    | { readonly kind: 'nothing' | 'local-token' | 'token' }
    | { readonly kind: 'session'; readonly session: Session; readonly secret: string }
}

export interface Access {
  /** Refuses who may not. */
  admit(request: FastifyRequest, route: Pick<Route, 'needs' | 'shows'>): Asker
  /** Who it is by a session that was opened just now. */
  ofSession(session: Session, secret: string, address: string): Asker
  /** The request comes from this machine, by a way on which no token is needed where the rules leave it open. */
  isOpen(request: FastifyRequest): boolean
}

const NO_PERMISSIONS: ReadonlySet<Permission> = new Set()

export function openAccess(parts: {
  /** As they are now: a reload changes them. */
  rules: () => AccessRules
  masked: () => IndexerConfig['masked']
  namespace: string
  listenerOnLoopback: boolean
  certificates: ClientCertificates
  accounts: Accounts
  cookies: Cookies
  failures: Failures
  clock: () => number
}): Access {
  const { rules, masked, namespace, listenerOnLoopback, certificates, accounts, cookies, failures, clock } =
    parts

  function admit(request: FastifyRequest, { needs, shows }: Pick<Route, 'needs' | 'shows'>): Asker {
    const address = addressOf(request)
    if (needs === 'anybody') return stranger('anybody', address)
    if (needs === 'agent' || needs === 'new-agent')
      return { ...stranger('agent', address), certificate: certificates.of(request, needs === 'new-agent') }
    const asker = identify(request, address, needs) ?? openTo(request, address, needs)
    demandSession(asker, needs)
    if (isPermission(needs) && !asker.permissions.has(needs)) throw refused(asker, whyNot(asker, needs))
    const why = whyNotAll(asker, shows)
    if (why !== null) throw refused(asker, why)
    const visit = visitOf(request)
    return visit === null ? asker : { ...asker, visit }
  }

  /** Who it is by what was brought along; null where nothing was. */
  function identify(request: FastifyRequest, address: string, needs: Needed): Asker | null {
    const given = needs === 'alerts' ? (ofWatch(request) ?? bearer(request)) : bearer(request)
    if (given !== undefined) {
      const known = ofBearer(request, given, address)
      if (known !== null) return known
      // Only those who bring a wrong one wait: others at their address may bring right ones.
      failures.check(address)
      failures.count(address)
      throw new Refusal(401, 'unauthorised', 'This token is not known, or has expired.')
    }
    const secret = cookies.read(request)
    if (secret === undefined) return null
    const session = accounts.sessions.use(secret)
    if (session === null || session.kind !== 'browser') return null
    demandOwnPage(request, secret)
    return ofSession(session, secret, address)
  }

  function ofBearer(request: FastifyRequest, given: string, address: string): Asker | null {
    if (given.startsWith('wbs_')) {
      const session = accounts.sessions.use(given)
      // What a cookie holds is no bearer token: a script that got at it could send it from anywhere.
      return session === null || session.kind !== 'program' ? null : ofSession(session, given, address)
    }
    if (given.startsWith('wbt_')) return ofApiToken(given, address)
    if (accounts.localToken.matches(given)) {
      if (!isLoopback(address) || whatIsForeign(request) !== null) return null
      return {
        name: 'local',
        address,
        channel: 'local token',
        permissions: ALL_PERMISSIONS,
        visibility: FULL_VISIBILITY,
        user: null,
        by: { kind: 'local-token' },
      }
    }
    const digest = hash('sha256', given, 'buffer')
    const [token] = rules().tokens.filter(({ token }) =>
      timingSafeEqual(hash('sha256', token.reveal(), 'buffer'), digest),
    )
    if (token === undefined) return null
    const permissions = permissionsOfScopes(token.scopes)
    const { name } = token
    return {
      name,
      address,
      channel: 'indexer.yml',
      permissions,
      visibility: FULL_VISIBILITY,
      user: null,
      by: { kind: 'token' },
    }
  }

  function ofSession(session: Session, secret: string, address: string): Asker {
    const { owner: user } = session
    return {
      name: user.name,
      address,
      channel: session.kind,
      permissions: session.wants === null ? permissionsOf(user.role) : NO_PERMISSIONS,
      visibility: sightOf(user),
      user,
      by: { kind: 'session', session, secret },
    }
  }

  function ofApiToken(given: string, address: string): Asker | null {
    const token = accounts.apiTokens.use(given)
    if (token === null) return null
    const { owner } = token
    const channel = `token ${token.name}`
    if (owner === null) {
      const permissions = new Set(token.permissions)
      return {
        name: token.name,
        address,
        channel,
        permissions,
        visibility: FULL_VISIBILITY,
        user: null,
        by: { kind: 'token' },
      }
    }
    const user = accounts.users.find(owner.name)
    if (user === undefined || user.id !== owner.id || user.locked?.until === null) return null
    if (!accounts.users.isVouchedFor(user, clock())) return null
    // Never more than the user may do now, whatever it was when the token was made.
    const mine = permissionsOf(user.role)
    const permissions = new Set(token.permissions.filter((one) => mine.has(one)))
    return {
      name: user.name,
      address,
      channel,
      permissions,
      visibility: sightOf(user),
      user,
      by: { kind: 'token' },
    }
  }

  function sightOf(user: User): Visibility {
    return { only: queryOfLimits(user.limits, namespace), mask: new Mask(masked()[user.role] ?? []) }
  }

  /** Without anything that tells who it is: what the settings leave open to this machine. */
  function openTo(request: FastifyRequest, address: string, needs: Needed): Asker {
    const { read, manage } = rules()
    const open = new Set<Permission>([
      ...(read === 'open-on-loopback' ? WIDE_SCOPES.read : []),
      ...(manage === 'open-on-loopback' ? WIDE_SCOPES.manage : []),
    ])
    const wanted = isPermission(needs) ? open.has(needs) : needs.endsWith('known') && open.size > 0
    if (!wanted || !listenerOnLoopback || !isLoopback(address)) {
      throw new Refusal(
        401,
        'unauthorised',
        isPermission(needs)
          ? `Only who may ${PERMISSIONS[needs]} (${needs}) is answered: sign in, or send Authorization: Bearer <token>.`
          : 'This needs somebody who is signed in.',
      )
    }
    const foreign = whatIsForeign(request)
    if (foreign !== null)
      throw new Refusal(403, 'forbidden', `Without a token only this machine may ask: ${foreign}.`)
    return { ...stranger('loopback', address), permissions: open }
  }

  return {
    admit,
    ofSession,
    isOpen: (request) =>
      listenerOnLoopback && isLoopback(addressOf(request)) && whatIsForeign(request) === null,
  }
}

const stranger = (name: string, address: string): Asker => ({
  name,
  address,
  permissions: NO_PERMISSIONS,
  visibility: FULL_VISIBILITY,
  user: null,
  by: { kind: 'nothing' },
})

const isPermission = (needs: Needed): needs is Permission => Object.hasOwn(PERMISSIONS, needs)

/** A session that wants something first is good for nothing else. */
function demandSession(asker: Asker, needs: Needed): void {
  if (needs === 'half-session' || needs === 'session') {
    if (asker.by.kind !== 'session')
      throw refused(asker, 'This needs a session, not a token: sign in with name and password.')
  }
  if (needs === 'half-session' || needs === 'half-known' || asker.by.kind !== 'session') return
  const { wants } = asker.by.session
  if (wants === 'second-factor')
    throw refused(asker, 'The sign-in is not complete: send the code of the second factor first.')
  if (wants === 'new-password')
    throw refused(asker, 'The password was given to you for one sign-in: change it first.')
}

function whyNotAll({ visibility }: Asker, shows: Route['shows']): string | null {
  if (shows === 'records' && !isFull(visibility))
    return 'Your access is limited to some events or fields, and this shows whole records.'
  if (shows === 'totals' && visibility.only !== null)
    return 'Your access is limited to some events, and these figures count all events.'
  return null
}

/** With who it was, for the audit trail. */
const refused = ({ name }: Asker, sentence: string): Refusal =>
  new Refusal(403, 'forbidden', sentence, { by: name })

function whyNot(asker: Asker, needs: Permission): string {
  if (asker.by.kind === 'session')
    return `The role ${asker.user?.role ?? 'none'} may not do this: it can't ${PERMISSIONS[needs]} (${needs}).`
  return `The token of ${asker.name} may not do this: it has no scope ${needs}.`
}

/** Where a request comes from: the connection's other end, or what the trusted proxies there say (`proxies` in indexer.yml). */
export function addressOf({ ip, raw }: FastifyRequest): string {
  const address = isIP(ip) === 0 ? (raw.socket.remoteAddress ?? '') : ip
  return address.replace(/^::ffff:/, '')
}

function visitOf({ headers }: FastifyRequest): string | null {
  const visit = headers['x-waybill-visit']
  return typeof visit === 'string' && /^[a-z-]{1,40}\.[a-z0-9]{1,40}$/.test(visit) ? visit : null
}

/**
 * The token of a watch comes as the password of HTTP's Basic scheme, whatever the name: Elasticsearch hides passwords, and no header. Only
 * where alerts are told: elsewhere it would be one more thing that browsers send by themselves.
 */
function ofWatch({ headers: { authorization } }: FastifyRequest): string | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return password
}

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
