import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

const PATIENCE = { timeout: 60_000 }

let world: World
let browser: Chromium
let page: Page
let ids: string[]
/** The keys that were pressed since the page was opened. */
let keys = 0
beforeAll(async () => {
  world = await World.start(
    { channels: { soc: { to: [{ file: '/dev/null' }] } } },
    { runsRules: true, clock: () => Date.now() },
  )
  ids = await world.happened([
    ...STORY,
    {
      ago: 2,
      user: { name: 'mallory' },
      message: 'exported 9,000 customers',
      audit: { category: 'activity', record_count: 9000 },
      event: { action: 'Export' },
    },
  ])
  browser = await world.browser()
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  page = await world.signedIn(browser, 'admin')
})
beforeEach(async () => {
  await page.goto(world.url)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  keys = 0
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

async function press(...names: string[]): Promise<void> {
  for (const name of names) {
    await page.keyboard.press(name)
    keys++
  }
}

async function type(text: string): Promise<void> {
  await page.keyboard.type(text)
  keys += text.length
}

const events = () => page.getByRole('table', { name: 'Events' }).waitFor()
const rows = () => page.locator('.grid-body tr')
const option = (name: string | RegExp) => page.getByRole('option', { name })
const isFocused = (selector: string): Promise<boolean> =>
  page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)

describe('with the keyboard alone an analyst', () => {
  it('finds the failed sign-ins of last night with 42 keys', async () => {
    await press('g', 'e')
    await events()
    await press('/')
    await type('action: login and outcome: failure')
    await press('Enter', 'Escape', 't')
    await page.getByRole('button', { name: 'Last 7 days', pressed: true }).waitFor()
    await press('Shift+Tab', 'Enter')
    await page.getByRole('button', { name: 'Time: Last 24 hours' }).waitFor()
    await expect.poll(() => rows().count(), PATIENCE).toBe(3)
    expect(keys).toBe(42)
  })

  it('opens the newest failure and reads its address with 4 more, and is back in the list with one', async () => {
    await page.goto(`${world.url}/events?q=outcome%3A+failure+and+action%3A+login`)
    await events()
    await expect.poll(() => rows().count(), PATIENCE).toBe(3)
    await press('j', 'Enter')
    const entry = page.getByRole('complementary', { name: 'Entry' })
    await entry.getByText('203.0.113.45').first().waitFor()
    expect(await entry.getByRole('heading', { level: 2 }).textContent()).toBe('Failed sign-in 3')
    expect(await isFocused('.drawer')).toBe(true)
    await press('j')
    await entry.getByRole('heading', { name: 'Failed sign-in 2' }).waitFor()
    expect(await isFocused('.drawer')).toBe(true)
    await press('Escape')
    await entry.waitFor({ state: 'hidden' })
    expect(await isFocused('.results')).toBe(true)
    await press('j', 'Enter')
    await entry.getByRole('heading', { name: 'Failed sign-in 1' }).waitFor()
    expect(keys).toBe(6)
  })

  it('looks at one person with 5 keys', async () => {
    await press('Control+k')
    await type('eve')
    // The whole name comes before the screen Events, which begins like it.
    await option(/^eve/).and(page.locator('[aria-selected="true"]')).waitFor()
    await press('Enter')
    await page.getByRole('region', { name: 'Activity of eve' }).waitFor()
    expect(keys).toBe(5)
  })

  it('opens the history of a record, and goes back in it, with 10 keys', async () => {
    await press('Control+k')
    await type('acme')
    await option(/^Acme/).waitFor()
    await press('Enter')
    await expect.poll(() => rows().count(), PATIENCE).toBe(3)
    await press('j', 'Enter')
    await page.getByRole('tab', { name: 'History' }).waitFor()
    await press(']')
    const slider = page.getByRole('slider', { name: /^As it was after/ })
    await expect
      .poll(() => slider.getAttribute('aria-valuetext'))
      .toMatch(/^After event 3 of 3, .* anna: Update/)
    await press('ArrowLeft')
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toMatch(/^After event 2 of 3/)
    expect(page.url()).toContain(`tab=history&at=${ids[5]}`)
    expect(keys).toBe(10)
  })

  it('acknowledges an alert with 4 keys', async () => {
    await expect
      .poll(async () => {
        const headers = await world.strict.operator()
        const { json } = await world.strict.indexer.ask('/v1/alerts?text=mallory', { headers })
        return (json.alerts as unknown[]).length
      }, PATIENCE)
      .toBe(1)
    await press('g', 'a')
    await page.locator('.alert-list', { hasText: 'mallory' }).waitFor()
    await press('j', 'a')
    await expect.poll(() => page.locator('.alert-list li').first().textContent()).toMatch(/cknowledged/)
    expect(keys).toBe(4)
  })

  it('goes from row to row of the lists of a dashboard, into an event, and back', async () => {
    await press('g', 's')
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    await page.locator('.event-list a').first().waitFor()
    await press('j', 'j', 'k')
    expect(await isFocused('main :is(.alert-list, .event-list, .bar-list) *')).toBe(true)
    await page.locator('.event-list a').first().focus()
    await press('Enter')
    await page.getByRole('tab', { name: 'Entry', exact: true }).waitFor()
    await press('Escape')
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
  })
})

describe('the palette', () => {
  it('finds screens, events by their id, and shows what was chosen first the next time', async () => {
    await press('Control+k')
    await type('dead l')
    await option(/^Dead letters/).waitFor()
    await press('Enter')
    await page.getByRole('link', { name: 'Dead letters' }).and(page.locator('[aria-current]')).waitFor()
    await press('Control+k')
    expect(
      await page.getByRole('group', { name: 'Recent' }).getByRole('option').first().textContent(),
    ).toContain('Dead letters')
    await type(ids[0] ?? '')
    await page
      .getByRole('group', { name: 'Events' })
      .getByRole('option', { name: /bob signed in/ })
      .waitFor()
    await press('Enter')
    await page.waitForURL(`${world.url}/events/${ids[0]}`)
  })

  it('searches the events for what it does not know, and gives the focus back when it is closed', async () => {
    await page.getByRole('button', { name: 'Refresh' }).focus()
    await press('Control+k')
    await page.getByRole('dialog', { name: 'Find' }).waitFor()
    await press('Escape')
    await page.getByRole('dialog', { name: 'Find' }).waitFor({ state: 'hidden' })
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Refresh')
    await press('Control+k')
    await type('outcome: failure')
    await option('Search events for outcome: failure').waitFor()
    await press('Enter')
    await events()
    expect(page.url()).toContain('/events?q=outcome%3A+failure')
  })
})

it('the question mark lists every key, with all screens that this reader may open', async () => {
  await press('?')
  const list = page.getByRole('dialog', { name: 'Keys' })
  await list.waitFor()
  for (const name of ['Everywhere', 'Go to', 'In a list', 'In an entry', 'Events', 'Alerts'])
    await list.getByRole('region', { name, exact: true }).waitFor()
  const targets = await list.getByRole('region', { name: 'Go to' }).locator('dd').allTextContents()
  const screens = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').allTextContents()
  expect(targets.filter((name) => name !== 'Incidents')).toEqual(screens)
  // Keys of the page do nothing behind it.
  await press('g', 'e')
  await list.waitFor()
  await press('Escape')
  await list.waitFor({ state: 'hidden' })
})

it('a link that was copied shows the same later: fixed times, the tab and the moment of the history', async () => {
  await page.goto(
    `${world.url}/events?q=entity%3A+Customer&range=now-24h&event=${ids[6]}&tab=history&at=${ids[4]}`,
  )
  await page.getByRole('slider', { name: /^As it was after/ }).waitFor()
  await press('y')
  await page.getByText(/Link copied\. It always shows .* – /).waitFor()
  const link = String(await page.evaluate('navigator.clipboard.readText()'))
  const parameters = new URL(link).searchParams
  expect(parameters.get('range')).toMatch(/^\d{13}\.\.\d{13}$/)
  const [from = 0, to = 0] = (parameters.get('range') ?? '').split('..').map(Number)
  expect(to - from).toBe(24 * 3_600_000)
  await page.goto(link)
  await expect
    .poll(
      () => page.getByRole('slider', { name: /^As it was after/ }).getAttribute('aria-valuetext'),
      PATIENCE,
    )
    .toMatch(/^After event 1 of 3/)
})

it('a search that its owner shares is found by others, who may not change it', async () => {
  await page.goto(`${world.url}/events?q=outcome%3A+failure`)
  await events()
  await page.getByRole('button', { name: 'Saved searches' }).click()
  await page.getByLabel('Save this search as').fill('Failures to look at')
  await page.getByLabel('Share it with all users').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Make Failures to look at private' }).waitFor()

  const other = await world.browser()
  const viewer = await world.signedIn(other, 'viewer', '/events')
  await viewer.keyboard.press('Control+k')
  await viewer.keyboard.type('failures to')
  await viewer.getByRole('option', { name: 'Failures to look at shared by admin-1' }).waitFor()
  await viewer.keyboard.press('Escape')
  await viewer.getByRole('button', { name: 'Saved searches' }).click()
  const shared = viewer.getByRole('list', { name: 'Shared by others' })
  await shared.getByRole('link', { name: 'Failures to look at admin-1' }).waitFor()
  expect(await shared.getByRole('button').count()).toBe(0)

  await page.getByRole('button', { name: 'Make Failures to look at private' }).click()
  await page.getByRole('button', { name: 'Share Failures to look at' }).waitFor()
  await viewer.reload()
  await viewer.getByRole('button', { name: 'Saved searches' }).click()
  await viewer.getByText('You have no saved searches yet.').waitFor()
  expect(await shared.count()).toBe(0)
  await other.end()
})

it('the palette offers no person, record or event that its reader may not see', async () => {
  await world.strict.person('clerk', 'viewer', { entities: ['Invoice'] })
  const other = await world.browser()
  const clerk = await other.page()
  await clerk.goto(world.url)
  await clerk.getByLabel('Name').fill('clerk')
  await clerk.getByLabel('Password').fill(PASSWORD)
  await clerk.getByRole('button', { name: 'Sign in' }).click()
  await clerk.getByRole('navigation', { name: 'Screens' }).waitFor()
  for (const hidden of ['acme', 'mallory', ids[0] ?? '']) {
    await clerk.keyboard.press('Control+k')
    const answered = clerk.waitForResponse((response) => response.url().includes(`prefix=${hidden}`))
    await clerk.keyboard.type(hidden)
    await answered
    await clerk.getByText('Enter to go').waitFor()
    expect(await clerk.getByRole('option').allTextContents()).toEqual([
      expect.stringContaining(`Search events for ${hidden}`),
    ])
    await clerk.keyboard.press('Escape')
  }
  await other.end()
})
