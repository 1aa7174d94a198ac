import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

const PATIENCE = { timeout: 60_000 }

let world: World
let browser: Chromium
let page: Page
let ids: string[]
beforeAll(async () => {
  world = await World.start()
  ids = await world.happened(STORY)
  browser = await world.browser()
  page = await world.signedIn(browser, 'admin')
})
beforeEach(() => open(''))
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

/** Leaves out Waybill's own events: their number grows during the test. */
const NOT_OURS = `f=${encodeURIComponent('!event.module:["waybill"]')}`

async function open(search: string): Promise<void> {
  await page.goto(`${world.url}/events?${NOT_OURS}${search}`)
  await page.getByRole('table', { name: 'Events' }).waitFor()
}

const rows = () => page.locator('.grid-body tr')
const facet = (name: string) =>
  page.locator('.facets section').filter({ has: page.getByRole('button', { name, exact: true }) })

async function shown(count: number): Promise<void> {
  await expect.poll(() => rows().count(), PATIENCE).toBe(count)
  await page.getByText(`${count} event`).first().waitFor()
}

describe('the log viewer', () => {
  it('shows the newest first, and the oldest on request', async () => {
    await shown(STORY.length)
    expect(await rows().first().textContent()).toContain('viewed an order')
    await page.getByRole('button', { name: /show the oldest first/ }).click()
    await expect.poll(() => rows().first().textContent(), PATIENCE).toMatch(/bob.*signed in/)
    expect(page.url()).toContain('sort=oldest')
  })

  it.each([
    ['Category', 'security', 4],
    ['Outcome', 'failure', 4],
    ['Kind', 'start', 4],
    ['User', 'anna', 4],
    ['User', '(no user given)', 1],
    ['Entity', 'Customer', 3],
    ['Risk', 'high', 3],
    ['Variant', 'kiosk', 1],
    ['Address', '203.0.113.45', 3],
  ])('is narrowed by %s: %s, and the address says so', async (name, value, count) => {
    const group = facet(name).first()
    const disclose = group.getByRole('button', { name, exact: true })
    if ((await disclose.getAttribute('aria-expanded')) === 'false') await disclose.click()
    await group.locator('button.value', { hasText: value }).click()
    await shown(count)
    const there = page.url()
    await page.goto('about:blank')
    await page.goto(there)
    await shown(count)
    await page
      .getByRole('button', { name: /^Remove the filter/ })
      .last()
      .click()
    await shown(STORY.length)
  })

  it('is narrowed by an action, which stands under its entity', async () => {
    await page.getByRole('button', { name: 'Action, by entity' }).click()
    await page.locator('summary', { hasText: 'Customer' }).click()
    await page.locator('.grouped button.value', { hasText: 'Update' }).click()
    await shown(3)
  })

  it('is narrowed by an action that is done to no entity, found by its name', async () => {
    await page.getByRole('button', { name: 'Action, by entity' }).click()
    await page.getByLabel('Find an action or an entity').fill('log')
    await page
      .locator('details', { hasText: 'No entity' })
      .locator('button.value', { hasText: 'login' })
      .click()
    await shown(4)
  })

  it('is narrowed by any field, and by what a column holds', async () => {
    await page.getByLabel('Another field').selectOption('audit.component')
    await page.locator('.facets button.value', { hasText: 'Database' }).click()
    await shown(1)
    await open('')
    await page.getByRole('button', { name: 'Filter by Outcome' }).click()
    await page.locator('.popover button.value', { hasText: 'failure' }).click()
    await shown(4)
  })

  it('leaves out what somebody leaves out', async () => {
    await page.getByRole('button', { name: 'Exclude security' }).click()
    await shown(STORY.length - 4)
  })

  it('looks at another time: one from the list, or from one moment to another', async () => {
    await page.getByRole('button', { name: /^Time:/ }).click()
    await page.getByRole('button', { name: 'Last hour' }).click()
    await shown(3)
    await page.getByRole('button', { name: /^Time:/ }).click()
    await page.getByRole('textbox', { name: 'From' }).fill('2020-01-01T00:00')
    await page.getByRole('textbox', { name: 'To' }).fill('2020-01-02T00:00')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('No events found.').waitFor()
  })

  it('completes fields and values in the query, and finds by them', async () => {
    // Frames may come late on a busy machine; what is typed right after a completion is after it all the same.
    await page.evaluate(`
      const frame = requestAnimationFrame
      requestAnimationFrame = (then) => frame(() => setTimeout(() => then(performance.now()), 300))
    `)
    await page.keyboard.press('/')
    await page.keyboard.type('use')
    await page
      .getByRole('option', { name: /^user\b/ })
      .first()
      .waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('an', { delay: 500 })
    await page.getByRole('option', { name: /anna/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('combobox', { name: 'Search' }).inputValue()).toBe('user: "anna" ')
    await page.keyboard.press('Enter')
    await shown(4)
  })

  it('says where a query is wrong', async () => {
    await page.getByRole('combobox', { name: 'Search' }).fill('usre: bob')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'did you mean user' }).waitFor()
  })

  it('goes by keys from event to event, opens and closes them', async () => {
    await shown(STORY.length)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page
      .getByRole('complementary', { name: 'Entry' })
      .getByRole('heading', { name: 'Nightly backup' })
      .waitFor()
    await page.keyboard.press('k')
    await page.getByRole('heading', { name: 'viewed an order' }).waitFor()
    expect(page.url()).toContain(`event=${ids.at(-1)}`)
    await page.keyboard.press('Escape')
    await page.getByRole('complementary', { name: 'Entry' }).waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' })
  })

  it('follows: what is stored comes in by itself, if it matches', async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: (late or anna)')}`)
    await shown(4)
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    // The end of what is there is asked for first; what comes before the answer is not new.
    await page.waitForResponse(
      (response) => response.url().includes('/v1/arrivals?') && response.url().includes('after='),
    )
    await world.happened([
      { ago: 0, user: { name: 'late' }, message: 'just now' },
      { ago: 0, user: { name: 'other' }, message: 'not looked for' },
    ])
    await page.getByRole('row', { name: /just now/ }).waitFor()
    expect(await page.getByRole('row', { name: /not looked for/ }).count()).toBe(0)
  })

  it('is sorted by a column, both ways, and by time again', async () => {
    await open(
      `&columns=@timestamp,user.name,event.action&q=${encodeURIComponent('user: (anna or bob or eve) or not user: *')}`,
    )
    const users = (): Promise<string[]> =>
      page.locator('.grid-body td[data-field="user.name"]').allTextContents()
    const head = page.getByRole('columnheader', { name: /User/ })
    await head.getByRole('button', { name: 'Sort by User' }).click()
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending')
    await expect.poll(async () => (await users())[0]).toBe('anna')
    expect(page.url()).toContain('sort=user.name')
    await head.getByRole('button', { name: 'Sort by User' }).click()
    await expect.poll(async () => (await users()).slice(0, 3)).toEqual(['eve', 'eve', 'eve'])
    expect((await users()).at(-1)).toBe('no user given')
    await head.getByRole('button', { name: 'Sort by User' }).click()
    await expect.poll(() => head.getAttribute('aria-sort')).toBe(null)
  })

  it('has the columns that somebody chose', async () => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByLabel('Find a column').fill('Address')
    await page.getByRole('checkbox', { name: 'Address', exact: true }).check()
    await page.getByRole('columnheader', { name: /Address/ }).waitFor()
    expect(page.url()).toContain('source.ip')
  })

  it('keeps a search under a name', async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: anna')}`)
    await page.getByRole('button', { name: 'Saved searches' }).click()
    await page.getByLabel('Save this search as').fill('What Anna did')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await open('')
    await page.getByRole('button', { name: 'Saved searches' }).click()
    await page.getByRole('link', { name: 'What Anna did' }).click()
    await shown(4)
    const other = await world.browser()
    const elsewhere = await world.signedIn(other, 'admin', '/events')
    await elsewhere.getByRole('button', { name: 'Saved searches' }).click()
    await elsewhere.getByRole('button', { name: 'Delete What Anna did' }).click()
    await elsewhere.getByText('You have no saved searches yet.').waitFor()
    await other.end()
  })

  it('offers what would be found where nothing was, and each link finds as many as it says', async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: bo and ip: 203.0.113.99')}`)
    await page.getByText('No events found.').waitFor()
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: ev and outcome: failure')}`)
    const near = page.getByRole('list', { name: 'Similar searches that find events' })
    await near.waitFor()
    expect(await near.textContent()).toContain('user.name: ev* 3')
    await near.getByRole('link', { name: 'user.name: ev*' }).click()
    await shown(3)
  })

  it("leaves Waybill's own searches out, and shows them when asked, by its address", async () => {
    await page.goto(`${world.url}/events?q=${encodeURIComponent('category: view and event.action: search')}`)
    await page.getByText('No events found.').waitFor()
    await page.getByRole('button', { name: 'Own searches' }).click()
    await expect.poll(() => rows().count(), PATIENCE).toBeGreaterThan(0)
    expect(page.url()).toContain('own=yes')
    await page.reload()
    await expect.poll(() => rows().count(), PATIENCE).toBeGreaterThan(0)
  })

  it('exports the columns as a CSV', async () => {
    await page.goto(
      `${world.url}/events?q=${encodeURIComponent('user: eve')}&columns=user.name,event.action,event.outcome`,
    )
    await shown(3)
    await page.getByRole('button', { name: 'Export results' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV, the columns shown' }).click()
    const csv = await readFile(await (await download).path(), 'utf8')
    const lines = [3, 2, 1].map((attempt) => `eve,login,failure ${attempt}/5\r\n`)
    expect(csv).toBe(`\ufeffUser,Action,Outcome\r\n${lines.join('')}`)
  })

  it('scrolls through more than one page, with only what is in view in the page', async () => {
    await world.happened(
      Array.from({ length: 900 }, (_, index) => ({ ago: 500 + index, user: { name: 'many' } })),
    )
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: many')}`)
    await page.getByText('900 events').first().waitFor()
    const end = page.getByText('End of the list: 900 events.')
    await expect
      .poll(async () => {
        await page.locator('.grid-scroll').evaluate((scroller) => scroller.scrollBy(0, 9000))
        return end.isVisible()
      }, PATIENCE)
      .toBe(true)
    expect(await rows().count()).toBeLessThan(80)
  })

  it('goes to the end at once, and back to the middle, by keys and by the scrollbar', async () => {
    await world.happened(
      Array.from({ length: 2000 }, (_, index) => ({
        ago: 2000 + index,
        user: { name: 'most' },
        message: `no. ${index}`,
      })),
    )
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: most')}`)
    await page.getByText('2,000 events').first().waitFor()
    let pages = 0
    page.on('request', (request) => {
      if (request.url().includes('/v1/search')) pages++
    })
    await page.keyboard.press('End')
    await page.getByText('no. 1999', { exact: true }).waitFor()
    await page.locator('.grid-row.cursor', { hasText: 'no. 1999' }).waitFor()
    await page.locator('.grid-scroll').evaluate((scroller) => scroller.scrollTo(0, 1000 * 30))
    await page.getByText('no. 1003', { exact: true }).waitFor()
    expect(await page.locator('.grid-row.waiting').count()).toBe(0)
    expect(pages).toBeLessThan(6)
    await page.keyboard.press('Home')
    await page.getByText('no. 0', { exact: true }).waitFor()
    page.removeAllListeners('request')
  })
})
