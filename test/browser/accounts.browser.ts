import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { World } from './world.ts'

const PATIENCE = { timeout: 60_000 }

let world: World
let browser: Chromium
let page: Page
let ids: string[]

const failed = (user: object, ip: string, count: number, message: string) =>
  Array.from({ length: count }, (_, index) => ({
    ago: 10 + index,
    user,
    message,
    source: { ip },
    audit: { category: 'security', risk: 'high' },
    event: { action: 'login', outcome: 'failure', category: ['authentication'], type: ['start'] },
  }))

beforeAll(async () => {
  world = await World.start()
  ids = await world.happened([
    // A source that knows accounts by their address, one that has them as the target, and one that says nothing.
    ...failed({ email: 'ines@brightline.example' }, '192.0.2.141', 31, 'sign-in refused'),
    ...failed({ target: { name: 'erin' } }, '198.51.100.7', 3, 'account locked'),
    ...failed({}, '198.51.100.8', 2, 'check pass'),
    ...failed({ name: 'root' }, '198.51.100.9', 4, 'bad password'),
    ...failed({ name: 'oracle' }, '198.51.100.9', 1, 'bad password'),
    {
      ago: 5,
      user: {},
      message: 'Nightly backup',
      audit: { category: 'system' },
      event: { action: 'Backup' },
    },
  ])
  browser = await world.browser()
  page = await world.signedIn(browser, 'admin')
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

describe('a sign-in that names no user', () => {
  it('is counted under the account that was tried, on the overview by address', async () => {
    await page.goto(world.url)
    const rows = page.locator('.panel', { hasText: 'Failed sign-ins, by address' }).locator('li')
    const said = async (address: string): Promise<string | null> =>
      rows.filter({ hasText: address }).textContent()
    await expect.poll(() => said('192.0.2.141'), PATIENCE).toContain('ines@brightline.example, 1 system31')
    await expect.poll(() => said('198.51.100.7'), PATIENCE).toContain('erin, 1 system3')
    await expect.poll(() => said('198.51.100.8'), PATIENCE).toContain('no user given, 1 system2')
    await expect.poll(() => said('198.51.100.9'), PATIENCE).toContain('root, oracle, 1 system5')
  })

  it('is among the accounts of the security screen, and leads to its events', async () => {
    await page.goto(`${world.url}/security`)
    const bars = page.locator('.panel', { hasText: 'Failed sign-ins, by account' }).locator('li')
    await expect
      .poll(() => bars.allTextContents(), PATIENCE)
      .toEqual(['ines@brightline.example31', 'root4', 'erin3', 'oracle1', '(no user given)2'])
    await bars.filter({ hasText: 'ines' }).getByRole('link').click()
    await page.getByText('31 events').first().waitFor()
    await page.goBack()
    await bars.filter({ hasText: 'no user given' }).getByRole('link').click()
    await page.getByText('2 events').first().waitFor()
  })

  it('is never shown as done by the system: in the table, the filters, the entry and the lists', async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('not event.module: waybill')}`)
    const user = (message: string) =>
      page
        .getByRole('row', { name: new RegExp(message) })
        .first()
        .locator('[data-field="user.name"]')
    await expect.poll(() => user('account locked').textContent(), PATIENCE).toBe('tried erin')
    expect(await user('check pass').textContent()).toBe('no user given')
    expect(await user('sign-in refused').textContent()).toBe('ines@brightline.example')
    expect(await user('Nightly backup').textContent()).toBe('no user given')
    await page.locator('.facets').getByText('(no user given)').waitFor()
    for (const [index, label, value] of [
      [31, 'Account tried', 'erin'],
      [34, 'User', 'no user given'],
    ] as const) {
      await page.goto(`${world.url}/events/${ids[index]}`)
      const fact = page.locator('.facts div', { has: page.getByText(label, { exact: true }) })
      await expect.poll(() => fact.first().locator('bdi').textContent(), PATIENCE).toBe(value)
    }
    for (const path of ['/', '/security', '/system', '/events']) {
      await page.goto(world.url + path)
      await page.waitForLoadState('networkidle')
      const names = await page.locator('.what strong, [data-field="user.name"], .facet bdi').allTextContents()
      expect(names.filter((name) => /^System\b/.test(name))).toEqual([])
    }
  })
})
