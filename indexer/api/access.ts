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

/** The client of a request, as the audit trail names it, with its permissions and visibility. */
export interface Asker {
  readonly name: string
  readonly address: string
  /** The kind of client; it is beside the name in the audit trail. */
  readonly channel?: string
  /** The view of a screen that this request belongs to, as the console names it: the screen's name, and an identifier of this view. */
  readonly visit?: string
  /** Fires when the client of this request goes away before it is answered. */
  readonly gone?: AbortSignal
  readonly permissions: ReadonlySet<Permission>
  readonly visibility: Visibility
  readonly user: User | null
  /** The client certificate of an agent's connection. */
  readonly certificate?: ShownCertificate
  /** How the client authenticated. */
  readonly by:
    | { readonly kind: 'nothing' | 'local-token' | 'token' }
    | { readonly kind: 'session'; readonly session: Session; readonly secret: string }
}

export interface Access {
  /** Refuses a client that lacks the permission. */
  admit(request: FastifyRequest, route: Pick<Route, 'needs' | 'shows'>): Asker
  /** The client of a session that was opened just now. */
  ofSession(session: Session, secret: string, address: string): Asker
  /** What this user may see, as the settings are now. */
  sightOf(user: User): Visibility
  /** Whether the request comes from this machine, over a connection that needs no token if the rules leave it open. */
  isOpen(request: FastifyRequest): boolean
}

const NO_PERMISSIONS: ReadonlySet<Permission> = new Set()

export function openAccess(parts: {
  /** The current rules: a reload changes them. */
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

  /** The client by its credentials; null without any. */
  function identify(request: FastifyRequest, address: string, needs: Needed): Asker | null {
    const given = needs === 'alerts' ? (ofWatch(request) ?? bearer(request)) : bearer(request)
    if (given !== undefined) {
      const known = ofBearer(request, given, address)
      if (known !== null) return known
      // Only clients with a wrong token wait: others at their address may bring valid ones.
      failures.check(address)
      failures.count(address)
      throw new Refusal('WB-TOKEN-INVALID', 'This token is unknown, or has expired.')
    }
    const secret = cookies.read(request)
    if (secret === undefined) return null
    // What a page asks by itself must not keep the session of a user who left awake.
    const session = accounts.sessions.use(secret, {
      isAttended: request.headers['x-waybill-unattended'] === undefined,
    })
    if (session === null || session.kind !== 'browser') return null
    demandOwnPage(request, secret)
    return ofSession(session, secret, address)
  }

  function ofBearer(request: FastifyRequest, given: string, address: string): Asker | null {
    if (given.startsWith('wbs_')) {
      const session = accounts.sessions.use(given)
      // The secret of a cookie is not accepted as a bearer token: a script that stole it could send it from anywhere.
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

  /** A client without credentials: it gets what the settings leave open to this machine. */
  function openTo(request: FastifyRequest, address: string, needs: Needed): Asker {
    const { read, manage } = rules()
    const open = new Set<Permission>([
      ...(read === 'open-on-loopback' ? WIDE_SCOPES.read : []),
      ...(manage === 'open-on-loopback' ? WIDE_SCOPES.manage : []),
    ])
    const wanted = isPermission(needs) ? open.has(needs) : needs.endsWith('known') && open.size > 0
    if (!wanted || !listenerOnLoopback || !isLoopback(address)) {
      throw new Refusal(
        'WB-SIGN-IN-NEEDED',
        isPermission(needs)
          ? `This request needs the permission to ${PERMISSIONS[needs]} (${needs}): sign in, or send Authorization: Bearer <token>.`
          : 'This request needs a session: sign in.',
      )
    }
    const foreign = whatIsForeign(request)
    if (foreign !== null)
      throw new Refusal(
        'WB-FOREIGN-REQUEST',
        `Requests without a token must come from this machine: ${foreign}.`,
      )
    return { ...stranger('loopback', address), permissions: open }
  }

  return {
    admit,
    ofSession,
    sightOf,
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

/**
 * Refuses a token where the route needs a session, and a session whose sign-in still requires a step, unless the route is open to these.
 */
function demandSession(asker: Asker, needs: Needed): void {
  if (needs === 'half-session' || needs === 'session') {
    if (asker.by.kind !== 'session')
      throw refused(asker, 'This needs a session, not a token: sign in with name and password.')
  }
  if (needs === 'half-session' || needs === 'half-known' || asker.by.kind !== 'session') return
  const { wants } = asker.by.session
  if (wants === 'second-factor')
    throw refused(asker, 'The sign-in is not complete: send the code of the second factor first.')
  if (wants === 'new-password') throw refused(asker, 'Your password was for one sign-in: change it first.')
}

function whyNotAll({ visibility }: Asker, shows: Route['shows']): string | null {
  if (shows === 'records' && !isFull(visibility))
    return 'Your access is limited to some events or fields, and this answer has whole records.'
  if (shows === 'totals' && visibility.only !== null)
    return 'Your access is limited to some events, and these figures count all events.'
  return null
}

/** A refusal that names the client, for the audit trail. */
const refused = ({ name }: Asker, sentence: string): Refusal =>
  new Refusal('WB-FORBIDDEN', sentence, { by: name })

function whyNot(asker: Asker, needs: Permission): string {
  if (asker.by.kind === 'session')
    return `The role ${asker.user?.role ?? 'none'} may not do this: it lacks the permission to ${PERMISSIONS[needs]} (${needs}).`
  return `The token of ${asker.name} may not do this: it lacks the scope ${needs}.`
}

/**
 * The address that a request comes from: that of the connection's other end, or the one that trusted proxies there report (`proxies` in
 * indexer.yml).
 */
export function addressOf({ ip, raw }: FastifyRequest): string {
  const address = isIP(ip) === 0 ? (raw.socket.remoteAddress ?? '') : ip
  return address.replace(/^::ffff:/, '')
}

function visitOf({ headers }: FastifyRequest): string | null {
  const visit = headers['x-waybill-visit']
  return typeof visit === 'string' && /^[a-z-]{1,40}\.[a-z0-9]{1,40}$/.test(visit) ? visit : null
}

/**
 * The token of a watch comes as the password of HTTP's Basic scheme, with any name: Elasticsearch hides passwords, but no header. Only the
 * route for alerts accepts it: elsewhere browsers would send it by themselves.
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
  if (token === undefined) throw new Refusal('WB-SIGN-IN-NEEDED', 'Expected Authorization: Bearer <token>.')
  return token
}

/**
 * Returns the sign that a request from loopback was not meant by a program of this machine, or null. A web page can reach loopback from the
 * browser of anybody who opens it: by a name of its own that resolves to 127.0.0.1, or across sites. And a proxy on this machine carries
 * the requests of others.
 */
function whatIsForeign(request: FastifyRequest): string | null {
  const { headers } = request
  const host = headers.host ?? ''
  const url = URL.parse(`http://${host}`)
  if (url === null || !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
    return `the Host header says ${JSON.stringify(host)}, which is not a name of loopback`
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
