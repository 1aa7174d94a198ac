import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { World } from './world.ts'

const PATIENCE = { timeout: 60_000 }

let world: World
let browser: Chromium
let page: Page
let user = 0
beforeAll(async () => {
  world = await World.start()
  browser = await world.browser()
  page = await world.signedIn(browser, 'admin')
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

const rows = () => page.locator('.grid-body tr')
const total = () => page.locator('.total')
const name = (): string => `user-${user}`

/** This many more events of this test's user, numbered from `first`; the greatest number is the newest. */
const stored = (first: number, count: number, ago = 0): Promise<string[]> =>
  world.happened(
    Array.from({ length: count }, (_, index) => ({
      ago: ago - (first + index) / 100_000,
      user: { name: name() },
      message: `no. ${first + index}`,
      audit: { category: (first + index) % 2 === 0 ? 'change' : 'view' },
    })),
  )

/** Each test follows a user of its own, who has 100 events at the beginning. */
beforeEach(async () => {
  user++
  await stored(0, 100, 60)
  await page.mouse.move(0, 0)
  await page.goto(`${world.url}/events?q=${encodeURIComponent(`user: ${name()}`)}`)
  await total().getByText('100 events').waitFor()
  await page.getByRole('button', { name: 'Follow', exact: true }).click()
  await total().getByText('Live', { exact: true }).waitFor()
  await page.waitForResponse(
    (response) => response.url().includes('/v1/arrivals?') && response.url().includes('after='),
  )
})

describe('while somebody follows', () => {
  it('rows, counts, filters and the chart go on by themselves where nobody uses the list', async () => {
    await stored(100, 3)
    await page.getByRole('row', { name: /no\. 102/ }).waitFor()
    await total().getByText('103 events').waitFor()
    const bars = page.locator('.timeline [data-count]')
    const inBars = (): Promise<number> =>
      bars.evaluateAll((all) => all.reduce((sum, bar) => sum + Number(bar.getAttribute('data-count')), 0))
    await expect.poll(inBars, PATIENCE).toBe(103)
    await page.locator('.facets button.value', { hasText: 'change' }).getByText('52').waitFor()
    expect(await rows().first().getAttribute('class')).toContain('fresh')
  })

  it('rows stay under the pointer, and a click opens the event that was clicked', async () => {
    const fifth = rows().nth(4)
    await fifth.hover()
    expect(await fifth.textContent()).toContain('no. 95')
    await stored(100, 3)
    const show = page.getByRole('button', { name: '3 new, show' })
    await show.waitFor()
    expect(await fifth.textContent()).toContain('no. 95')
    await total().getByText('100 events').waitFor()
    await fifth.click()
    const entry = page.getByRole('complementary', { name: 'Entry' })
    await entry.getByRole('heading', { name: 'no. 95' }).waitFor()
    // The entry keeps the rows still, too.
    await page.mouse.move(0, 0)
    await stored(103, 2)
    await page.getByRole('button', { name: '5 new, show' }).click()
    await page.getByRole('row', { name: /no\. 104/ }).waitFor()
    await total().getByText('105 events').waitFor()
    for (const mark of ['open', 'cursor'])
      expect(await page.locator(`.grid-body tr.${mark}`).allTextContents()).toEqual([
        expect.stringContaining('no. 95'),
      ])
    await entry.getByRole('heading', { name: 'no. 95' }).waitFor()
    // The keys continue from the open event, wherever its row is now.
    await page.keyboard.press('j')
    await entry.getByRole('heading', { name: 'no. 94' }).waitFor()
    await page.keyboard.press('Escape')
    await entry.waitFor({ state: 'hidden' })
    expect(await page.locator('.grid-body tr.cursor').textContent()).toContain('no. 94')
  })

  it('says how many came in full, however many, and shows them all', async () => {
    await rows().nth(4).hover()
    await stored(100, 1940)
    await stored(2040, 1940)
    const show = page.getByRole('button', { name: '3,880 new, show' })
    await show.waitFor(PATIENCE)
    expect(await rows().first().textContent()).toContain('no. 99')
    await show.click()
    await page.getByRole('row', { name: /no\. 3979/ }).waitFor()
    await total().getByText('3,980 events').waitFor()
    await page.mouse.move(0, 0)
    await total().getByText('Live', { exact: true }).waitFor()
  })

  it('rows stay where somebody scrolled to, and come in when they are back at the top', async () => {
    const scroller = page.locator('.grid-scroll')
    await scroller.evaluate((box) => box.scrollTo(0, 600))
    await stored(100, 2)
    await page.getByRole('button', { name: '2 new, show' }).waitFor()
    expect(await scroller.evaluate((box) => box.scrollTop)).toBe(600)
    await scroller.evaluate((box) => box.scrollTo(0, 0))
    await page.getByRole('row', { name: /no\. 101/ }).waitFor()
  })

  it('what is older than the time looked at is not among it', async () => {
    await page.goto(`${page.url()}&range=now-15m`)
    await page.getByText('No events found.').waitFor()
    await page.waitForResponse((response) => response.url().includes('after='))
    await stored(100, 2, 60)
    await stored(102, 1)
    await page.getByRole('row', { name: /no\. 102/ }).waitFor()
    await expect.poll(() => total().textContent(), PATIENCE).toMatch(/^1 eventLive/)
  })
})

describe('an open entry and the mark of the keys', () => {
  it('are the same event, also where rows come later than the key', async () => {
    await page.getByRole('button', { name: 'Following' }).click()
    await stored(100, 900, 30)
    await page.getByRole('button', { name: 'Refresh', exact: true }).click()
    await total().getByText('1,000 events').waitFor()
    await rows().nth(1).click()
    const entry = page.getByRole('complementary', { name: 'Entry' })
    await entry.getByRole('heading', { name: 'no. 998' }).waitFor()
    await page.route('**/v1/search?**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700))
      await route.continue()
    })
    await page.keyboard.press('End')
    await entry.getByRole('heading', { name: 'no. 0', exact: true }).waitFor()
    for (const mark of ['open', 'cursor'])
      expect(await page.locator(`.grid-body tr.${mark}`).textContent()).toContain('no. 0')
    await page.unrouteAll({ behavior: 'wait' })
  })

  it('begin at the entry that the address names', async () => {
    await rows().nth(7).click()
    await page.getByRole('heading', { name: 'no. 92' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'no. 92' }).waitFor()
    await rows().first().waitFor()
    await page.keyboard.press('j')
    await page.getByRole('heading', { name: 'no. 91' }).waitFor()
  })
})
