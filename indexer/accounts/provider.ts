import { hash } from 'node:crypto'
import type * as OpenId from 'openid-client'
import { isLoopbackHost } from '../../config/index.ts'
import { reasonOf } from '../../schema/index.ts'
import type { OpenIdSettings } from './provider-settings.ts'

/** Why the provider did not sign somebody in; the sentence is for them, the reason of a `ProviderRefusal` for the trail. */
export const REFUSALS = {
  unreachable: 'Your organisation’s sign-in is not answering. Try again later, or sign in with a local user.',
  'wrong-settings':
    'The sign-in of your organisation is not configured correctly. Tell the indexer’s administrator; its log and audit trail have the reason.',
  stale: 'This sign-in expired, began in another browser, or is already finished. Start again.',
  denied: 'Your organisation’s sign-in refused you, or the sign-in was cancelled.',
  invalid: 'The answer of your organisation’s sign-in could not be verified. Start again.',
  clock:
    'The clocks of your organisation’s sign-in and of the indexer are too far apart: tell the indexer’s administrator.',
  'no-group':
    'You are in no group that may use Waybill: ask the administrator of your organisation’s groups.',
  'no-name':
    'Your organisation’s sign-in gives a name that can’t be used here: tell the indexer’s administrator.',
  'name-taken': 'Another user here already has your name: ask an administrator of the indexer.',
  locked: 'You are locked here: ask an administrator of the indexer.',
} as const
export type RefusalCode = keyof typeof REFUSALS

export class ProviderRefusal extends Error {
  readonly code: RefusalCode
  /** The user here that it concerns, if known. */
  readonly user: string | null

  constructor(code: RefusalCode, reason: string, user: string | null = null, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.code = code
    this.user = user
  }
}

/** The verified claims of the provider about a person. */
export interface Claimed {
  readonly issuer: string
  readonly subject: string
  /** As received: it is not yet a valid name here. */
  readonly name: unknown
  readonly fullName: string
  readonly groups: readonly string[]
  readonly idToken: string
}

export const CALLBACK = '/v1/sign-in/openid/callback'
/** How long a browser may take at the provider. */
export const FLOW_MS = 10 * 60_000
const TIMEOUT_SECONDS = 10
/** The provider's description of itself is read again after this long. */
const KNOWN_MS = 60 * 60_000
const FLOW = /^[0-9a-f]{64}\.(\d{1,15})\.([A-Za-z0-9_-]{0,2000})$/

/** The provider could not be asked: there was no connection, or its answer reports that. */
class Unreachable extends Error {}

/**
 * Sign-ins at a provider of OpenID Connect. All that binds one to its browser follows from a secret that only this browser has, in
 * a cookie: nothing of it is kept here, so any indexer of a store can finish what another began.
 */
export class Provider {
  readonly #settings: () => OpenIdSettings | null
  readonly #clock: () => number
  readonly #wallClock: () => number
  readonly #random: (bytes: number) => Buffer
  #known: { settings: OpenIdSettings; at: number; metadata: Promise<OpenId.ServerMetadata> } | null = null

  constructor(parts: {
    provider: () => OpenIdSettings | null
    clock: () => number
    /** The time of the machine's clock, as others see it: signatures of a provider are checked against it. */
    wallClock: () => number
    random: (bytes: number) => Buffer
  }) {
    this.#settings = parts.provider
    this.#clock = parts.clock
    this.#wallClock = parts.wallClock
    this.#random = parts.random
  }

  get settings(): OpenIdSettings | null {
    return this.#settings()
  }

  /**
   * Starts a sign-in: returns the address for the browser, and the state that the browser keeps meanwhile; `to` is the page here that it
   * continues to.
   */
  async begin(to: string): Promise<{ url: string; flow: string }> {
    const { openid, settings, configuration } = await this.#configured()
    const flow = `${this.#random(32).toString('hex')}.${this.#clock() + FLOW_MS}.${Buffer.from(to).toString('base64url')}`
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: settings['public-url'] + CALLBACK,
      scope: settings.scopes.join(' '),
      state: derived('state', flow),
      nonce: derived('nonce', flow),
      code_challenge: await openid.calculatePKCECodeChallenge(derived('verifier', flow)),
      code_challenge_method: 'S256',
    })
    return { url: url.href, flow }
  }

  /** The identity behind the query string with which the browser came back. */
  async finish(flow: string | undefined, search: string): Promise<Claimed & { readonly to: string }> {
    const [, until = '0', to = ''] = FLOW.exec(flow ?? '') ?? []
    const now = this.#clock()
    if (flow === undefined || Number(until) <= now || Number(until) > now + FLOW_MS)
      throw new ProviderRefusal(
        'stale',
        'this browser did not begin the sign-in, or began it more than ten minutes ago',
      )
    // Compared here first: what others begin must not have the indexer ask the provider.
    if (new URLSearchParams(search).get('state') !== derived('state', flow))
      throw new ProviderRefusal('stale', 'the state is not that of the sign-in that this browser began')
    const { openid, settings, configuration } = await this.#configured()
    try {
      const tokens = await openid.authorizationCodeGrant(
        configuration,
        new URL(settings['public-url'] + CALLBACK + search),
        {
          expectedState: derived('state', flow),
          expectedNonce: derived('nonce', flow),
          pkceCodeVerifier: derived('verifier', flow),
          idTokenExpected: true,
        },
      )
      const told = tokens.claims()
      if (told === undefined) throw new ProviderRefusal('invalid', 'the answer has no ID token')
      const lacks = [settings.name, settings.groups].some((path) => claimIn(told, path) === undefined)
      // Many providers put only the identity into the ID token; the other claims must be requested.
      const more =
        lacks && configuration.serverMetadata().userinfo_endpoint !== undefined
          ? await openid.fetchUserInfo(configuration, tokens.access_token, told.sub)
          : {}
      const claims: Readonly<Record<string, unknown>> = { ...more, ...told }
      return {
        issuer: settings.issuer,
        subject: told.sub,
        name: claimIn(claims, settings.name),
        fullName: textOf(claims.name).slice(0, 256),
        groups: groupsOf(claimIn(claims, settings.groups)),
        idToken: tokens.id_token ?? '',
        to: Buffer.from(to, 'base64url').toString(),
      }
    } catch (thrown) {
      throw refusalOf(openid, settings, thrown)
    }
  }

  /** Returns the provider's address for signing out; null if it has none. */
  async endOf(idToken: string | undefined): Promise<string | null> {
    const { openid, settings, configuration } = await this.#configured()
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null
    return openid.buildEndSessionUrl(configuration, {
      client_id: settings['client-id'],
      post_logout_redirect_uri: `${settings['public-url']}/`,
      ...(idToken !== undefined && idToken !== '' && { id_token_hint: idToken }),
    }).href
  }

  async #configured() {
    const settings = this.#settings()
    if (settings === null)
      throw new ProviderRefusal('wrong-settings', 'there is no sign-in.openid in indexer.yml')
    // Loaded when somebody signs in so: an indexer with local users alone does without.
    const openid = await import('openid-client')
    const metadata = await this.#metadata(openid, settings)
    const configuration = new openid.Configuration(
      metadata,
      settings['client-id'],
      {
        // The library reads the system's clock.
        [openid.clockSkew]: Math.round((this.#wallClock() - Date.now()) / 1000),
        [openid.clockTolerance]: settings['clock-skew'] / 1000,
      },
      clientSecret(openid, settings),
    )
    configuration[openid.customFetch] = reach
    configuration.timeout = TIMEOUT_SECONDS
    // The signature of the ID token is checked although it comes by TLS: a proxy that opens TLS must not be able to make users.
    openid.enableNonRepudiationChecks(configuration)
    if (isPlain(settings)) openid.allowInsecureRequests(configuration)
    return { openid, settings, configuration }
  }

  /** One question at a time, however many people wait for the answer. */
  #metadata(openid: typeof OpenId, settings: OpenIdSettings): Promise<OpenId.ServerMetadata> {
    const now = this.#clock()
    const known = this.#known
    if (known !== null && known.settings === settings && now < known.at + KNOWN_MS && now >= known.at)
      return known.metadata
    const metadata = discover(openid, settings)
    const asked = { settings, at: now, metadata }
    this.#known = asked
    metadata.catch(() => {
      if (this.#known === asked) this.#known = null
    })
    return metadata
  }
}

async function discover(openid: typeof OpenId, settings: OpenIdSettings): Promise<OpenId.ServerMetadata> {
  try {
    const found = await openid.discovery(
      new URL(settings.issuer),
      settings['client-id'],
      undefined,
      clientSecret(openid, settings),
      {
        timeout: TIMEOUT_SECONDS,
        [openid.customFetch]: reach,
        execute: isPlain(settings) ? [openid.allowInsecureRequests] : [],
      },
    )
    return found.serverMetadata()
  } catch (thrown) {
    const refusal = refusalOf(openid, settings, thrown)
    if (refusal.code === 'unreachable') throw refusal
    throw new ProviderRefusal(
      'wrong-settings',
      `sign-in.openid.issuer: ${settings.issuer} publishes no description of a provider (${reasonOf(thrown)}): check the address`,
      null,
      thrown,
    )
  }
}

const isPlain = ({ issuer }: OpenIdSettings): boolean => {
  const url = new URL(issuer)
  return url.protocol === 'http:' && isLoopbackHost(url.hostname)
}

/** Sends the secret in the header, which all providers must accept, unless this one asks for it in the body. */
function clientSecret(openid: typeof OpenId, settings: OpenIdSettings): OpenId.ClientAuth {
  const text = settings['client-secret'].reveal()
  const [basic, post] = [openid.ClientSecretBasic(text), openid.ClientSecretPost(text)]
  return (server, ...rest) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const inBody = !ways.includes('client_secret_basic') && ways.includes('client_secret_post')
    ;(inBody ? post : basic)(server, ...rest)
  }
}

const reach: OpenId.CustomFetch = async (url, { body, ...options }) => {
  let response: Response
  try {
    response = await fetch(url, { ...options, ...(body !== undefined && body !== null && { body }) })
  } catch (thrown) {
    throw new Unreachable(`${new URL(url).origin} can't be reached (${causeOf(thrown)})`, { cause: thrown })
  }
  if (response.status >= 500) throw new Unreachable(`${new URL(url).origin} answers ${response.status}`)
  return response
}

/** The cause of an error: the message of fetch itself only reports that it failed. */
const causeOf = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause instanceof Error ? reasonOf(thrown.cause) : reasonOf(thrown)

function refusalOf(openid: typeof OpenId, settings: OpenIdSettings, thrown: unknown): ProviderRefusal {
  for (let one: unknown = thrown; one instanceof Error; one = one.cause) {
    if (one instanceof ProviderRefusal) return one
    if (one instanceof Unreachable) return new ProviderRefusal('unreachable', one.message, null, thrown)
    if (one instanceof openid.AuthorizationResponseError)
      return new ProviderRefusal('denied', `the provider answers ${quoted(one.error)}`, null, thrown)
    if (one instanceof openid.ResponseBodyError) {
      if (one.error === 'invalid_grant')
        return new ProviderRefusal(
          'stale',
          'the provider no longer accepts this code (invalid_grant)',
          null,
          thrown,
        )
      if (one.error === 'invalid_client' || one.error === 'unauthorized_client')
        return unknownClient(settings, one)
    }
    // HTTP's own words for the same; a challenge to Bearer would be about the access token.
    if (
      one instanceof openid.WWWAuthenticateChallengeError &&
      one.cause.some(({ scheme }) => scheme === 'basic')
    )
      return unknownClient(settings, one)
    const code = 'code' in one ? one.code : undefined
    if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED')
      return new ProviderRefusal(
        'clock',
        `the ID token is not valid at this time (${one.message}): correct the clocks of both machines`,
        null,
        thrown,
      )
    if (code === 'OAUTH_TIMEOUT')
      return new ProviderRefusal(
        'unreachable',
        `${settings.issuer} does not answer within ${TIMEOUT_SECONDS} s`,
      )
  }
  return new ProviderRefusal('invalid', `the answer can't be verified (${deepest(thrown)})`, null, thrown)
}

const unknownClient = ({ issuer }: OpenIdSettings, cause: Error): ProviderRefusal =>
  new ProviderRefusal(
    'wrong-settings',
    `sign-in.openid: ${issuer} rejects this client-id and client-secret: compare them with the registration there`,
    null,
    cause,
  )

const deepest = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause instanceof Error
    ? `${thrown.message}: ${deepest(thrown.cause)}`
    : reasonOf(thrown)

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100))

const derived = (what: string, flow: string): string => hash('sha256', `waybill ${what} ${flow}`, 'base64url')

/** The claim of this name; if there is none, the value at the path that its dots describe. */
function claimIn(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return Reflect.get(claims, path)
  const at = path.indexOf('.')
  if (at === -1) return undefined
  const inner: unknown = Object.hasOwn(claims, path.slice(0, at))
    ? Reflect.get(claims, path.slice(0, at))
    : null
  return typeof inner === 'object' && inner !== null ? claimIn(inner, path.slice(at + 1)) : undefined
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const groupsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((group) => typeof group === 'string')
