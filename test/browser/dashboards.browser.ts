import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

const INTRUDER = '203.0.113.77'
const OFFICE = '192.0.2.12'

const signIn = (ago: number, name: string, outcome: 'success' | 'failure', ip: string) => ({
  ago,
  user: { name },
  source: { ip },
  message: `${name}: ${outcome}`,
  audit: { category: 'security', ...(outcome === 'failure' && { risk: 'medium' }) },
  event: { action: 'Login', outcome, category: ['authentication'], type: ['start'] },
})

/** Somebody tries three accounts, gets in as one of them, and exports; somebody in the office mistypes a password. */
const NIGHT = [
  signIn(600, 'mike', 'failure', OFFICE),
  signIn(599, 'mike', 'success', OFFICE),
  signIn(500, 'bob', 'failure', INTRUDER),
  signIn(499, 'grace', 'failure', INTRUDER),
  signIn(498, 'lisa', 'failure', INTRUDER),
  signIn(497, 'grace', 'success', INTRUDER),
  {
    ago: 490,
    user: { name: 'grace' },
    source: { ip: INTRUDER },
    message: 'grace exported the customers',
    audit: { category: 'activity', record_count: 5000, entity: { type: 'Customer' } },
    event: { action: 'Export' },
  },
  ...[1, 2, 3].map((at) => ({
    ago: 100 + at,
    user: { name: 'grace' },
    source: { ip: '192.0.2.10' },
    message: 'grace changed a role',
    audit: { category: 'security', risk: 'high' },
    event: { action: 'Permission Changed', category: ['iam'] },
  })),
  {
    ago: 30,
    user: {},
    message: 'Requests',
    audit: { category: 'api' },
    event: { action: 'GET', duration: 145_000_000 },
  },
]

let world: World
let browser: Chromium
let page: Page
beforeAll(async () => {
  world = await World.start({ channels: { soc: { to: [{ file: '/dev/null' }] } } }, { runsRules: true })
  await world.happened([...STORY, ...NIGHT])
  await vi.waitFor(async () => {
    const { json } = await world.strict.indexer.ask('/v1/alerts?rule=mass-export', {
      headers: await world.strict.operator(),
    })
    if ((json.alerts as unknown[]).length < 2) throw new Error('the exports have raised no alerts')
  }, 60_000)
  browser = await world.browser()
  page = await world.signedIn(browser, 'admin')
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

const panel = (name: string) =>
  page.locator('.panel', { has: page.getByRole('heading', { name, exact: true }) })

describe('the overview', () => {
  it('shows what is of high priority as one line an address, who got in first, with what followed', async () => {
    await page.goto(world.url)
    const lines = page.getByRole('list', { name: 'High priority, by address and user' }).locator('> li')
    await lines.first().waitFor()
    await expect
      .poll(async () => (await lines.first().textContent()) ?? '')
      .toContain('1 event followed: Export')
    const first = (await lines.first().textContent()) ?? ''
    for (const part of [
      'got in',
      INTRUDER,
      '3 failed sign-ins to bob, grace, lisa',
      'then signed in as grace',
    ])
      expect(first).toContain(part)
    expect(first).toContain('5,000 records at once')
    const all = (await lines.allTextContents()).join('\n')
    expect(all).not.toContain(OFFICE)
    expect(all).toContain('192.0.2.10, grace')
    expect(all).toContain('3 events of high priority: Permission Changed (3)')
    // The story's export has no address, so the line names its user.
    expect(all).toMatch(/^exportbob/m)
  })

  it('leads from a line to all that the intruder did, by the keyboard', async () => {
    await page.goto(world.url)
    await page
      .getByRole('link', { name: new RegExp(INTRUDER) })
      .first()
      .focus()
    await page.keyboard.press('Enter')
    await page.getByText('End of the list: 5 events.').waitFor()
  })

  it('leads to all events of its time, to the rules, and begins an export', async () => {
    await page.goto(`${world.url}/?range=now-24h`)
    await panel('High priority').getByRole('link', { name: 'Configure alerts' }).click()
    await page.getByRole('heading', { name: 'Rules', exact: true }).waitFor()
    await page.goBack()
    const events = panel('Events, last 24 hours')
    await events.getByRole('link', { name: 'All events' }).click()
    await page.getByRole('heading', { name: 'Events', exact: true }).waitFor({ state: 'attached' })
    expect(new URL(page.url()).searchParams.get('range')).toBe('now-24h')
    await page.goBack()
    await events.getByRole('button', { name: 'Export' }).click()
    const dialog = page.getByRole('dialog', { name: 'Export as a job' })
    await dialog.waitFor()
    expect(await findings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Export' }).click()
    await page.getByText('Ready', { exact: true }).waitFor()
  })
})

describe('the security screen', () => {
  it('counts the active alerts, lists the most serious incidents, and leads to alerts and rules', async () => {
    await page.goto(`${world.url}/security`)
    const alerts = page.locator('.panel', {
      has: page.getByRole('heading', { name: /^Active alerts: \d+$/ }),
    })
    await alerts.getByRole('list', { name: 'Incidents' }).waitFor()
    expect(await alerts.textContent()).toContain('exported 5000')
    await alerts.getByRole('link', { name: 'All alerts' }).click()
    await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor()
  })
})

describe('the system screen', () => {
  it('shows the share of failed jobs, and the average response of the requests that have one', async () => {
    await page.goto(`${world.url}/system`)
    const figure = (name: string) => page.locator('.figure', { hasText: name })
    await expect.poll(() => figure('Failed jobs').textContent()).toBe('Failed jobs1100.00 % of 1 job')
    await expect
      .poll(() => figure('Average response').textContent())
      .toBe('Average response145 msof 1 API request')
    await panel('Latest').getByText('Nightly backup').waitFor()
  })
})

describe('the rules', () => {
  it('say in words when each fires, and whom it tells', async () => {
    await page.goto(`${world.url}/rules`)
    const row = page.getByRole('row', { name: /Failed sign-ins from an address/ })
    await row.waitFor()
    const cells = await row.getByRole('cell').allTextContents()
    expect(cells).toContain('5 or more events within 10 minutes, for each source.ip')
    expect(cells).toContain('security')
  })
})

describe.each([1440, 390])('the time picker, %i px wide', (width) => {
  it.each(['/', '/events', '/people?user=bob'])('has room for its fields on %s', async (path) => {
    const own = await world.browser({ width })
    try {
      const here = await world.signedIn(own, 'admin', path)
      await here.locator('button.range').first().click()
      for (const name of ['From', 'To']) {
        const box = await here.getByLabel(name, { exact: true }).boundingBox()
        expect(box?.width).toBeGreaterThan(130)
        expect(box?.x).toBeGreaterThan(0)
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(width)
      }
    } finally {
      await own.end()
    }
  })
})
