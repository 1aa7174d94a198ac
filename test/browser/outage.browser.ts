import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
beforeAll(async () => {
  world = await World.start()
  await world.happened(STORY)
  browser = await world.browser()
})
// The browser's messages about refused connections are no complaints of a page.
let back = async (): Promise<void> => {}
async function away(): Promise<void> {
  const returns = await world.strict.away()
  back = async () => {
    back = async () => {}
    await returns()
  }
}
afterEach(() => back())
afterEach(() => expect(browser.complaints.filter((one) => !one.includes('ERR_CONNECTION'))).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

const banner = (page: Page) => page.locator('.outage')
const shown = (page: Page): Promise<string> =>
  page.locator('main').evaluate((main) => {
    const copy = main.cloneNode(true)
    // The axis of the time line continues with the clock.
    for (const axis of copy.querySelectorAll('figcaption')) axis.remove()
    return copy.textContent.replace(/\d+ (?:ms|s|min) ago|just now/g, '')
  })
const broken = (page: Page) => page.locator('.state.failed, .problem:not(:empty)').count()

async function opened(path: string): Promise<Page> {
  const page = await browser.page()
  await page.goto(world.url + path)
  await page.getByRole('navigation', { name: 'Screens' }).waitFor()
  await expect.poll(() => page.locator('.loading').count(), { timeout: 60_000 }).toBe(0)
  await page.waitForLoadState('networkidle')
  return page
}

describe('while the indexer is away', () => {
  it('one banner says so, what was there stays, and all of it goes on by itself after its return', async () => {
    const first = await world.signedIn(browser, 'admin')
    const paths = [
      '/',
      '/events?f=!event.module%3A%5B%22waybill%22%5D',
      '/security',
      '/people?user=anna',
      '/system',
    ]
    const pages = await Promise.all([...paths, '/auditor', '/settings/agents'].map(opened))
    const before = await Promise.all(pages.map(shown))
    await away()
    for (const [i, page] of pages.entries()) {
      await page.getByRole('button', { name: 'Refresh', exact: true }).click()
      await banner(page).getByText('The indexer does not answer.').waitFor()
      expect(await banner(page).count()).toBe(1)
      expect(await shown(page)).toBe(before[i])
      expect(await broken(page)).toBe(0)
    }
    // Nothing was asked here: it is noticed all the same.
    await banner(first).waitFor()
    // This many tabs at once would measure the machine.
    await Promise.all([first, ...pages.slice(2)].map((page) => page.close()))
    await back()
    const [overview = first, events = first] = pages
    for (const page of [overview, events]) await banner(page).waitFor({ state: 'hidden' })
    await world.happened([
      {
        ago: 0,
        user: { name: 'anna' },
        message: 'after the outage',
        audit: { category: 'security', risk: 'high' },
      },
    ])
    for (const [page, text] of [
      [overview, '1 event of high priority'],
      [events, 'after the outage'],
    ] as const) {
      await page.getByRole('button', { name: 'Refresh', exact: true }).click()
      await page.getByText(text).first().waitFor()
      expect(await broken(page)).toBe(0)
      await page.close()
    }
  })

  it('another screen is there when the indexer is, and a change is refused at once and never made later', async () => {
    const page = await opened('/events?q=backup')
    await away()
    await page.getByRole('button', { name: 'Saved searches' }).click()
    await banner(page).waitFor()
    await page.getByRole('link', { name: 'Security' }).click()
    await page.getByRole('heading', { name: 'Security', exact: true }).waitFor()
    expect(await broken(page)).toBe(0)
    await back()
    await page.getByText('Failed sign-in 3').first().waitFor()
    await page.goto(`${world.url}/events?q=backup`)
    await page.getByRole('button', { name: 'Saved searches' }).click()
    await page.getByLabel('Save this search as').fill('While away')
    await away()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.locator('.saved .problem').getByText('The indexer does not answer.').waitFor()
    await back()
    await banner(page).waitFor({ state: 'hidden' })
    await page.reload()
    await page.getByRole('button', { name: 'Saved searches' }).click()
    await page.getByText('You have no saved searches yet.').waitFor()
    await page.close()
  })

  it('following goes on where it was', async () => {
    const page = await opened('/events?q=user%3A%20follower')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.waitForResponse((response) => response.url().includes('after='))
    await away()
    await banner(page).waitFor()
    await back()
    await world.happened([{ ago: 0, user: { name: 'follower' }, message: 'came later' }])
    await page.getByRole('row', { name: /came later/ }).waitFor()
    await page.close()
  })

  it('an indexer that holds its connections and says nothing is away, too', async () => {
    const page = await opened('/security')
    await page.route(/\/(?:v1|healthz)/, () => {})
    await page.getByRole('button', { name: 'Refresh', exact: true }).click()
    await banner(page).waitFor()
    await page.unrouteAll()
    await banner(page).waitFor({ state: 'hidden' })
    await page.getByText('Failed sign-in 3').first().waitFor()
    await page.close()
  })

  it('a session that ended meanwhile is another matter: it is asked for, without the banner', async () => {
    const page = await opened('/security')
    await away()
    await page.getByRole('button', { name: 'Refresh', exact: true }).click()
    await banner(page).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    world.strict.pass(13 * 3_600_000)
    await back()
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.waitFor()
    await banner(page).waitFor({ state: 'hidden' })
    await dialog.getByLabel('Password').fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.close()
  })
})

describe('a dashboard', () => {
  it.each(['/', '/security', '/people?user=anna', '/system', '/auditor'])(
    '%s says from when it is, and refreshes itself, but not while nobody sees it',
    async (path) => {
      const page = await browser.page()
      await page.clock.install()
      await page.goto(world.url + path)
      await page.getByRole('button', { name: 'Refresh', exact: true }).waitFor()
      await page.waitForLoadState('networkidle')
      const asOf = page.locator('.as-of time')
      const first = await asOf.getAttribute('datetime')
      expect(await asOf.textContent()).toMatch(/^\d\d:\d\d$/)
      const hide = (hidden: boolean): Promise<void> =>
        page.evaluate(`
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} })
          Object.defineProperty(document, 'visibilityState', {
            configurable: true, get: () => '${hidden ? 'hidden' : 'visible'}'
          })
          document.dispatchEvent(new Event('visibilitychange'))
        `)
      await hide(true)
      let asked = 0
      page.on('request', (request) => {
        if (request.url().includes('/v1/')) asked++
      })
      await page.clock.runFor(150_000)
      expect(asked).toBe(0)
      expect(await asOf.getAttribute('datetime')).toBe(first)
      await hide(false)
      await expect.poll(() => asOf.getAttribute('datetime'), { timeout: 60_000 }).not.toBe(first)
      const second = await asOf.getAttribute('datetime')
      await page.waitForLoadState('networkidle')
      await page.clock.runFor(70_000)
      await expect.poll(() => asOf.getAttribute('datetime'), { timeout: 60_000 }).not.toBe(second)
      await page.close()
    },
  )
})
