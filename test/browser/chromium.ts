import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Look {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** A screen for fingers. */
  readonly touch?: boolean
  /** The locale of the browser's user. */
  readonly locale?: string
}

/** A real Chromium with a profile of its own, which goes away with it. */
export class Chromium {
  readonly #context: BrowserContext
  readonly #profile: string
  /** The complaints of pages: a script that failed, a resource that the Content-Security-Policy refused. */
  readonly complaints: string[] = []

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async start({
    width = 1440,
    height = 900,
    theme = 'light',
    locale = 'en-GB',
    touch = false,
  }: Look = {}): Promise<Chromium> {
    const executablePath = process.env.WAYBILL_CHROMIUM ?? PLACES.find((path) => existsSync(path))
    if (executablePath === undefined)
      throw new Error('These tests need Chromium: apt-get install chromium, or name one in WAYBILL_CHROMIUM.')
    const profile = await mkdtemp(join(tmpdir(), 'waybill-chromium-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: FLAGS,
      viewport: { width, height },
      colorScheme: theme,
      hasTouch: touch,
      acceptDownloads: true,
      timezoneId: 'Europe/Berlin',
      locale,
    })
    return new Chromium(context, profile)
  }

  /** Opens a page. With `now` its clock begins there, and continues; its measures of elapsed time are unchanged. */
  async page({ now }: { readonly now?: number } = {}): Promise<Page> {
    const page = await this.#context.newPage()
    if (now !== undefined) await page.addInitScript(clockAhead(now - Date.now()))
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      // Refusals of the API are answers, which the tests look at themselves.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.complaints.push(message.text())
    })
    return page
  }

  get context(): BrowserContext {
    return this.#context
  }

  async end(): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true })
  }
}

const clockAhead = (by: number): string => `{
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(Real.now() + ${by}) : super(...given) }
    static now() { return Real.now() + ${by} }
  }
}`
