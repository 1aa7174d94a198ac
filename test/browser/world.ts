import type { Page } from 'playwright-core'
import { PASSWORD, StrictIndexer } from '../../indexer/api/testing/people.ts'
import { TestAgent } from '../../indexer/ingest/testing.ts'
import type { Role } from '../../schema/api/index.ts'
import { Chromium, type Look } from './chromium.ts'

type Members = Record<string, unknown>

/** An indexer with a small scenario in it, and people who look at it with real browsers. */
export class World {
  readonly strict: StrictIndexer
  readonly agent: TestAgent
  readonly url: string
  readonly #known = new Set<string>()

  private constructor(strict: StrictIndexer, agent: TestAgent) {
    this.strict = strict
    this.agent = agent
    this.url = strict.indexer.url
  }

  static async start(...given: Parameters<typeof StrictIndexer.start>): Promise<World> {
    const strict = await StrictIndexer.start(...given)
    return new World(strict, await TestAgent.enrolled(strict.indexer.url))
  }

  /** Stores events of this many minutes ago; their ids, in the same order. */
  async happened(
    events: readonly { ago: number; event?: Members; [member: string]: unknown }[],
  ): Promise<string[]> {
    const ids: string[] = []
    const made = events.map(({ ago, event = {}, ...members }) => {
      const plain = this.agent.event(members)
      const own = plain.event as Members
      ids.push(String(own.id))
      const at = new Date(Date.now() - ago * 60_000).toISOString()
      return { ...plain, '@timestamp': at, event: { module: 'shop', outcome: 'success', ...own, ...event } }
    })
    const answer = await this.agent.send(this.url, this.agent.seal(made))
    if (answer.json.stored !== events.length) throw new Error(`not all of it was stored: ${answer.text}`)
    return ids
  }

  /** A page of somebody of this role, signed in. */
  async signedIn(browser: Chromium, role: Role, path = '/'): Promise<Page> {
    const name = `${role}-1`
    if (!this.#known.has(name)) await this.strict.person(name, role)
    this.#known.add(name)
    const page = await browser.page()
    await page.goto(this.url + path)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('navigation', { name: 'Screens' }).waitFor()
    return page
  }

  browser(look?: Look): Promise<Chromium> {
    return Chromium.start(look)
  }

  end(): Promise<void> {
    return this.strict.end()
  }
}

/** A customer whose limit is raised twice, an intruder, an export, a job that fails. */
export const STORY = [
  {
    ago: 300,
    user: { name: 'bob' },
    message: 'bob signed in',
    audit: { category: 'security', session: { id: 's-1' } },
    event: { action: 'login', category: ['authentication'], type: ['start'] },
  },
  ...[1, 2, 3].map((count) => ({
    ago: 200 - count,
    user: { name: 'eve' },
    message: `Failed sign-in ${count}`,
    source: { ip: '203.0.113.45' },
    audit: { category: 'security', risk: 'high', attempt: { count, max: 5 } },
    event: { action: 'login', outcome: 'failure', category: ['authentication'], type: ['start'] },
  })),
  change(100, [
    { field: 'Limit', old: '10', new: '15' },
    { field: 'Status', old: 'Active', new: 'Active' },
  ]),
  change(90, [{ field: 'Terms', old: '{"days":30,"late":"no"}', new: '{"days":45,"late":"no"}' }]),
  change(80, [{ field: 'Limit', old: '15', new: '20' }]),
  {
    ago: 60,
    user: { name: 'bob' },
    message: 'Exported 5,000 customers',
    audit: { category: 'activity', record_count: 5000 },
    event: { action: 'Export' },
  },
  {
    ago: 50,
    user: {},
    message: 'Nightly backup',
    audit: { category: 'system', component: 'Database', status: 'error' },
    event: { action: 'Backup', outcome: 'failure' },
  },
  {
    ago: 40,
    user: { name: 'anna' },
    message: 'viewed an order',
    audit: { category: 'view', variant: 'kiosk', payload: { order: { id: 7, lines: [{ sku: 'needle' }] } } },
    event: { action: 'View', original: '{"raw":"line"}' },
  },
]

function change(ago: number, changes: readonly { field: string; old: string; new: string }[]) {
  return {
    ago,
    user: { name: 'anna' },
    message: 'anna changed Acme',
    audit: { category: 'change', entity: { type: 'Customer', id: 'C-1', name: 'Acme' }, changes },
    event: { action: 'Update', type: ['change'] },
  }
}
