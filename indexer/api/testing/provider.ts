import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import Provider from 'oidc-provider'
import { request } from 'undici'

/** For tests only: a real provider of OpenID Connect on loopback, and a browser that goes from page to page. */

export interface Account {
  readonly sub: string
  readonly preferred_username: string
  readonly name: string
  readonly groups: readonly string[]
}

export const CLIENT = { id: 'waybill', secret: 'a secret of the client, long enough' }

/** How long the provider's ID tokens are valid: longer than all of these tests by their own clock. */
export const ID_TOKEN_MS = 4 * 60 * 60_000

export class TestProvider {
  readonly accounts = new Map<string, Account>()
  /** The next person to sign in on the provider's page. */
  who = ''
  idTokenMs = ID_TOKEN_MS
  /** Changes the answer of the token endpoint in transit. */
  tamper: ((answer: string) => string) | null = null
  /** Answers in place of the provider, like a proxy that can't reach it. */
  away = false
  readonly #server: Server
  #provider: Provider | null = null

  private constructor() {
    this.#server = createServer((asked, answer) => void this.#serve(asked, answer))
  }

  static async start(indexer: () => string): Promise<TestProvider> {
    const test = new TestProvider()
    await new Promise<void>((resolve) => test.#server.listen(0, '127.0.0.1', resolve))
    test.#provider = new Provider(test.issuer, settingsOf(test, indexer()))
    return test
  }

  get issuer(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  account(said: Account): void {
    this.accounts.set(said.sub, said)
    this.who = said.sub
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const provider = this.#provider
    if (provider === null) throw new Error('the provider is not started')
    if (this.away) {
      answer.writeHead(503).end()
      return
    }
    const path = asked.url ?? ''
    if (path.startsWith('/interaction/')) return await this.#interact(provider, asked, answer)
    if (path === '/token' && this.tamper !== null) tampered(answer, this.tamper)
    await provider.callback()(asked, answer)
  }

  /** Does what a person does on the provider's pages. */
  async #interact(provider: Provider, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(asked, answer)
    if (prompt.name === 'login')
      return await provider.interactionFinished(asked, answer, { login: { accountId: this.who } })
    const grant = new provider.Grant({ accountId: session?.accountId, clientId: String(params.client_id) })
    grant.addOIDCScope(String(params.scope))
    await provider.interactionFinished(asked, answer, { consent: { grantId: await grant.save() } })
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const settingsOf = (test: TestProvider, indexer: string): object => {
  const idTokenSeconds = (): number => test.idTokenMs / 1000
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${indexer}/v1/sign-in/openid/callback`],
        post_logout_redirect_uris: [`${indexer}/`],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    ttl: { IdToken: idTokenSeconds },
    cookies: { keys: ['of the test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, sub: string) => {
      const account = test.accounts.get(sub)
      return account === undefined ? undefined : { accountId: sub, claims: () => account }
    },
  }
}

function tampered(answer: ServerResponse, tamper: (text: string) => string): void {
  const end = answer.end.bind(answer)
  answer.end = ((body: unknown) => {
    const text = tamper(Buffer.isBuffer(body) ? body.toString() : String(body))
    answer.setHeader('content-length', Buffer.byteLength(text))
    return end(text)
  }) as typeof answer.end
}

export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
  readonly location: string | null
}

/** A browser: it keeps cookies by origin, and follows redirects. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>()

  cookies(origin: string): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    return jar
  }

  cookie(origin: string): string {
    return [...this.cookies(origin)].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  keep(origin: string, set: string | string[] | undefined): void {
    const jar = this.cookies(origin)
    for (const cookie of [set ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
  }

  /** Opens one page, without following a redirect. */
  async open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    const { origin } = new URL(url)
    const { statusCode, headers, body } = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        cookie: this.cookie(origin),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form === undefined ? null : new URLSearchParams(form).toString(),
    })
    this.keep(origin, headers['set-cookie'])
    const { location } = headers
    return {
      url,
      status: statusCode,
      text: await body.text(),
      location: typeof location === 'string' ? new URL(location, url).href : null,
    }
  }

  /** Follows redirects until a page stays, or until the next one is an address that `stop` names. */
  async follow(url: string, stop: (url: string) => boolean = () => false): Promise<Page> {
    let page = await this.open(url)
    for (let steps = 0; page.location !== null && !stop(page.location); steps++) {
      if (steps > 20) throw new Error(`sent around in circles: ${page.location}`)
      page = await this.open(page.location)
    }
    return page
  }
}
