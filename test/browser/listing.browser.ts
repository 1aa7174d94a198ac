import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium, Look } from './chromium.ts'
import { STORY, World } from './world.ts'

const MANY = 300
/** The minutes ago of a burst that flattens every other bar. */
const BURST = 400

const PLACES = join(import.meta.dirname, '../../demo/places.mmdb')

let world: World
let browser: Chromium
let page: Page
beforeAll(async () => {
  world = await World.start({ enrich: { geo: { file: PLACES } } })
  await world.happened([
    ...STORY,
    {
      ago: 30,
      user: { name: 'anna' },
      message: 'anna changed Globex',
      audit: {
        category: 'change',
        entity: { type: 'Customer', id: 'C-2', name: 'Globex' },
        changes: [
          { field: 'Credit Limit', old: '$15,500', new: '$13,000' },
          { field: 'Terms', old: '30', new: '45' },
          { field: 'Owner', old: null, new: 'Eve' },
        ],
      },
      event: { action: 'Update', type: ['change'] },
    },
    ...Array.from({ length: MANY }, (_, index) => ({
      ago: BURST + index / 1000,
      user: { name: 'many' },
      message: `no. ${index}`,
    })),
  ])
  browser = await world.browser()
  page = await world.signedIn(browser, 'admin')
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

const NOT_MANY = encodeURIComponent('not user: many and not event.module: waybill')

async function open(on = page, search = `q=${NOT_MANY}`): Promise<void> {
  await on.goto(`${world.url}/events?range=now-24h&${search}`)
  await on.locator('.grid-body tr:not(.waiting)').first().waitFor()
}

/** A list in a browser of its own, which has kept nothing yet. */
async function withBrowser(look: Look, act: (page: Page, browser: Chromium) => Promise<void>): Promise<void> {
  const own = await world.browser(look)
  try {
    const on = await world.signedIn(own, 'admin')
    await act(on, own)
    expect(own.complaints).toEqual([])
  } finally {
    await own.end()
  }
}

const heads = (on = page): Promise<string[]> =>
  on.getByRole('columnheader').evaluateAll((all) => all.map((head) => head.textContent?.split(' ')[0] ?? ''))
const edge = (name: string, on = page): Locator => on.getByRole('separator', { name: `Width of ${name}` })
const widthOf = async (name: string, on = page): Promise<number> =>
  Number(await edge(name, on).getAttribute('aria-valuenow'))
const row = (name: string, on = page): Locator => on.locator('.grid-body tr', { hasText: name })

describe('the changes in the list', () => {
  it('are the first one and the number of the others, with all of them below the pointer', async () => {
    await open()
    const cell = row('Globex').locator('.change-cell')
    expect(await cell.textContent()).toMatch(/^Credit Limit \$15,500 → \$13,000, \+2/)
    await cell.hover()
    const tip = page.locator('.tip')
    await tip.waitFor()
    expect(await tip.locator('li').allTextContents()).toEqual([
      'Credit Limit $15,500 → $13,000',
      'Terms 30 → 45',
      'Owner (empty) → Eve',
    ])
    await page.mouse.move(0, 0)
    await tip.waitFor({ state: 'hidden' })
  })

  it('are all shown to the keyboard, and read out; Escape hides them', async () => {
    await open()
    const cell = row('Globex').getByRole('button', {
      name: /^Credit Limit .*Terms 30 → 45, Owner \(empty\) → Eve/,
    })
    await row('Globex').locator('.row-open').focus()
    await page.keyboard.press('Tab')
    expect(await cell.and(page.locator(':focus')).count()).toBe(1)
    const tip = page.locator('.tip')
    await tip.getByText('Terms').waitFor()
    await page.keyboard.press('Escape')
    await tip.waitFor({ state: 'hidden' })
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Entry' }).getByText('Credit Limit').waitFor()
  })

  it('leave out what did not change, and are nothing where nothing did', async () => {
    await open()
    expect(await row('Limit').last().locator('.change-cell').textContent()).toBe('Limit 10 → 15')
    expect(await row('viewed an order').locator('.change-cell').count()).toBe(0)
  })
})

describe('the columns', () => {
  it('cut nothing off while there is room', async () => {
    await open(page, `q=${NOT_MANY}&columns=@timestamp,user.name,event.action,audit.changes,event.outcome`)
    await row('$13,000').waitFor()
    const cut = await page
      .locator('.grid-body td')
      .evaluateAll((all) =>
        all.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent),
      )
    expect(cut).toEqual([])
  })

  it('are resized by pointer and by keys, and fitted to their content again; the browser keeps it', () =>
    withBrowser({}, async (on) => {
      await open(on)
      const before = await widthOf('Action', on)
      const box = await edge('Action', on).boundingBox()
      if (box === null) throw new Error('The edge is not on the screen.')
      await on.mouse.move(box.x + 4, box.y + 10)
      await on.mouse.down()
      await on.mouse.move(box.x + 64, box.y + 10, { steps: 4 })
      await on.mouse.up()
      await expect.poll(() => widthOf('Action', on)).toBe(before + 60)
      await edge('User', on).focus()
      const user = await widthOf('User', on)
      await on.keyboard.press('ArrowRight')
      await on.keyboard.press('Shift+ArrowRight')
      await on.keyboard.press('ArrowLeft')
      await expect.poll(() => widthOf('User', on)).toBe(user + 48)
      await on.reload()
      await expect.poll(() => widthOf('User', on)).toBe(user + 48)
      expect(await widthOf('Action', on)).toBe(before + 60)
      await edge('User', on).focus()
      await on.keyboard.press('Enter')
      await expect.poll(() => widthOf('User', on)).toBeLessThan(user + 48)
      await on.getByRole('button', { name: 'Columns' }).click()
      await on.getByRole('button', { name: 'Fit widths to content' }).click()
      await expect.poll(() => widthOf('Action', on)).toBe(before)
    }))

  it('are moved by dragging a head, which does not sort', () =>
    withBrowser({}, async (on) => {
      await open(on)
      expect(await heads(on)).toEqual([
        'Time',
        'Category',
        'User',
        'Action',
        'Record',
        'Changes',
        'Outcome',
        'Source',
        'Message',
      ])
      const [from, to] = await Promise.all(
        ['Sort by Action', 'Sort by Category'].map((name) =>
          on.getByRole('button', { name, exact: true }).boundingBox(),
        ),
      )
      if (from == null || to == null) throw new Error('The heads are not on the screen.')
      await on.mouse.move(from.x + 5, from.y + 5)
      await on.mouse.down()
      await on.mouse.move(to.x + 2, to.y + 5, { steps: 8 })
      await on.mouse.up()
      await expect.poll(async () => (await heads(on)).slice(0, 3)).toEqual(['Time', 'Action', 'Category'])
      expect(on.url()).not.toContain('sort=')
      await on.goto(`${world.url}/events`)
      await expect.poll(async () => (await heads(on)).slice(0, 3)).toEqual(['Time', 'Action', 'Category'])
    }))

  it('are moved, wrapped and made dense in their menu, by keys only; the browser keeps it', () =>
    withBrowser({}, async (on) => {
      await open(on)
      const height = async (): Promise<number> => (await row('Globex', on).boundingBox())?.height ?? 0
      const comfortable = await height()
      await on.getByRole('button', { name: 'Columns' }).focus()
      await on.keyboard.press('Enter')
      await on.getByRole('button', { name: 'Move Changes up' }).focus()
      for (let press = 0; press < 4; press++) await on.keyboard.press('Enter')
      await on.getByText('Changes is column 2 of 9.').waitFor({ state: 'attached' })
      expect(await on.locator(':focus').getAttribute('aria-label')).toBe('Move Changes up')
      await on.getByRole('button', { name: 'Compact' }).focus()
      await on.keyboard.press('Enter')
      await expect.poll(height).toBeLessThan(comfortable)
      await on.getByRole('button', { name: 'Wrap Message' }).focus()
      await on.keyboard.press('Enter')
      await expect.poll(height).toBeGreaterThan(comfortable)
      await on.keyboard.press('Escape')
      const kept = await height()
      await on.goto(`${world.url}/events?range=now-24h&q=${NOT_MANY}`)
      await expect.poll(height).toBe(kept)
      expect((await heads(on)).slice(0, 2)).toEqual(['Time', 'Changes'])
      expect(await row('Globex', on).locator('td.wraps').getAttribute('data-field')).toBe('message')
      await on.getByRole('button', { name: 'Columns' }).click()
      await on.getByRole('button', { name: 'Default columns' }).click()
      await expect.poll(async () => (await heads(on))[1]).toBe('Category')
    }))

  it('keep the row at the top where it is when the rows get another height', () =>
    withBrowser({}, async (on) => {
      await open(on, 'q=user%3A+many&columns=@timestamp,message')
      await on.getByText(`${MANY} events`).first().waitFor()
      const scroller = on.locator('.grid-scroll')
      await scroller.evaluate((box) => box.scrollTo(0, 30 * 150))
      await on.getByText('no. 155', { exact: true }).waitFor()
      await on.getByRole('button', { name: 'Columns' }).click()
      await on.getByRole('button', { name: 'Compact' }).click()
      await expect.poll(() => scroller.evaluate((box) => box.scrollTop)).toBe(24 * 150)
      await on.getByText('no. 155', { exact: true }).waitFor()
    }))
})

it('an entry that is opened neither shifts nor hides the list', async () => {
  await open(page, 'q=user%3A+many')
  await page.getByText(`${MANY} events`).first().waitFor()
  const scroller = page.locator('.grid-scroll')
  await scroller.evaluate((box) => box.scrollTo(0, 30 * 100))
  const wanted = page.locator('.grid-body tr', { hasText: 'no. 105' })
  await wanted.waitFor()
  const measure = async () => ({
    list: await scroller.boundingBox(),
    bar: await page.locator('.viewer-bar').boundingBox(),
    heads: await page
      .locator('th')
      .evaluateAll((all) => all.map((head) => head.getBoundingClientRect().left)),
    scrolled: await scroller.evaluate((box) => box.scrollTop),
  })
  const before = await measure()
  await wanted.locator('time').click()
  const entry = page.getByRole('complementary', { name: 'Entry' })
  await entry.getByRole('heading', { name: 'no. 105' }).waitFor()
  expect(await measure()).toEqual(before)
  // The row is still in view, beside the entry.
  const [place, covered] = [await wanted.locator('time').boundingBox(), await entry.boundingBox()]
  expect((place?.x ?? 0) + (place?.width ?? 0)).toBeLessThan(covered?.x ?? 0)
  // What the entry covers can be scrolled into view.
  await scroller.evaluate((box) => box.scrollTo(box.scrollWidth, box.scrollTop))
  const last = await wanted.locator('td').last().boundingBox()
  expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(covered?.x ?? 0)
  await entry.getByRole('button', { name: 'Close the entry' }).click()
  await entry.waitFor({ state: 'hidden' })
  expect((await measure()).scrolled).toBe(before.scrolled)
})

describe('the chart of events over time', () => {
  const chart = (): Locator => page.getByRole('slider', { name: 'Events over time' })
  const ranged = (): string | null => new URL(page.url()).searchParams.get('range')

  it('has axes, and is read bar by bar with the arrow keys', async () => {
    await open()
    await chart().focus()
    await page.keyboard.press('Home')
    const value = (): Promise<string | null> => chart().getAttribute('aria-valuetext')
    const first = await value()
    expect(first).toMatch(/^\d+ \w+, \d\d:\d\d, 30 min: 1 event$/)
    expect(await page.locator('.tip').textContent()).toContain('1 event')
    await page.keyboard.press('ArrowRight')
    // Three failures within minutes, in one bar or two.
    expect(await value()).toMatch(/: [1-3] events?, [1-3] failed$/)
    await page.keyboard.press('End')
    const last = await value()
    await page.keyboard.press('ArrowRight')
    expect(await value()).toBe(last)
    await page.keyboard.press('Escape')
    await page.locator('.tip').waitFor({ state: 'hidden' })
    expect(await page.locator('.timeline .tick text').allTextContents()).toContain('0')
    expect((await page.locator('.timeline .tick text').allTextContents()).join(' ')).toMatch(/\d\d:00/)
  })

  it('selects a time by keys, and leads back', async () => {
    await open()
    await chart().focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowRight')
    await expect.poll(() => chart().getAttribute('aria-valuetext')).toContain('selected')
    await page.keyboard.press('Enter')
    await expect.poll(ranged).toMatch(/^\d+\.\.\d+$/)
    await expect.poll(() => page.locator('.grid-body tr').count()).toBe(4)
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await expect.poll(ranged).toBe('now-24h')
  })

  it('selects a time by drawing, zooms out to twice as long, and leads back step by step', async () => {
    await open()
    const box = await chart().boundingBox()
    if (box === null) throw new Error('The chart is not on the screen.')
    await page.mouse.move(box.x + box.width * 0.8, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 5 })
    await page.mouse.up()
    await expect.poll(ranged).toMatch(/^\d+\.\.\d+$/)
    const lengthOf = (range: string | null): number => {
      const [from, to] = (range ?? '').split('..').map(Number)
      return (to ?? 0) - (from ?? 0)
    }
    const drawn = ranged()
    expect(lengthOf(drawn) / 86_400_000).toBeCloseTo(0.1, 1)
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await expect.poll(() => lengthOf(ranged()) / lengthOf(drawn)).toBeCloseTo(2, 1)
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await expect.poll(ranged).toBe(drawn)
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await expect.poll(ranged).toBe('now-24h')
    expect(await page.getByRole('button', { name: 'Back', exact: true }).count()).toBe(0)
  })

  it('has a log scale where one bar flattens the rest, says why, and can be switched', async () => {
    await open(page, 'q=not+event.module%3A+waybill')
    await page.getByText(/^One bar is \d+ times the median:/).waitFor()
    const ticks = (): Promise<string[]> => page.locator('.timeline .tick text').allTextContents()
    expect(await ticks()).toEqual(expect.arrayContaining(['1']))
    const smallest = () =>
      page
        .locator('.timeline [data-count="1"]')
        .first()
        .evaluate((bar) => bar.getBoundingClientRect().height)
    expect(await smallest()).toBeGreaterThan(4)
    const toggle = page.getByRole('button', { name: 'Log scale' })
    expect(await toggle.getAttribute('aria-pressed')).toBe('true')
    await toggle.click()
    await expect.poll(smallest).toBeLessThan(2)
    expect(await ticks()).toContain('0')
  })

  it('marks failures by a pattern, not only by colour', async () => {
    await open()
    const marked = page.locator('.timeline .bar.marked').first()
    expect(await marked.getAttribute('fill')).toMatch(/^url\(#/)
    const computed = (selector: string, property: string, pseudo = ''): Promise<string> =>
      page.evaluate(
        `getComputedStyle(document.querySelector('${selector}'), '${pseudo}').getPropertyValue('${property}')`,
      )
    expect(await computed('.timeline .bar.marked', 'fill')).toMatch(/^url\(/)
    const security = await computed('.category.security', 'background-color', '::before')
    const failure = await computed('.outcome.failure', 'color')
    expect(security).not.toBe('')
    expect(security).not.toBe(failure)
  })
})

it('the map of places is read with the arrow keys, and marks its places as estimated', async () => {
  await page.goto(`${world.url}/security?range=now-24h`)
  const map = page.getByRole('slider', { name: 'Where the events came from, estimated' })
  await map.focus()
  await page.keyboard.press('ArrowRight')
  expect(await map.getAttribute('aria-valuetext')).toMatch(/ \(estimated\): 3 events, 3 failed$/)
  await page.locator('.tip', { hasText: '(estimated)' }).waitFor()
  expect(await page.locator('.place').first().getAttribute('fill')).toMatch(/^url\(#/)
  await page.keyboard.press('Escape')
  await page.locator('.tip').waitFor({ state: 'hidden' })
})

it('a finger reads a bar, and what it has read stays', () =>
  withBrowser({ width: 390, height: 844, touch: true }, async (on) => {
    await open(on, 'q=user%3A+many')
    const bar = on.locator('.timeline [data-count]').first()
    const box = await bar.boundingBox()
    if (box === null) throw new Error('The bar is not on the screen.')
    await on.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2)
    await on.locator('.tip', { hasText: /\d+ events/ }).waitFor()
    expect(new URL(on.url()).searchParams.get('range')).toBe('now-24h')
  }))

describe('on a phone', () => {
  it('rows are cards: the time and the outcome first, then each field beside its caption', () =>
    withBrowser({ width: 390, height: 844 }, async (on) => {
      await open(on)
      const card = row('Globex', on)
      const cells: Locator[] = await card.locator('td:visible').all()
      const fields = await Promise.all(
        cells.map(async (cell) => ({
          field: await cell.getAttribute('data-field'),
          ...((await cell.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }),
        })),
      )
      fields.sort((a, b) => a.y - b.y || a.x - b.x)
      expect(fields.slice(0, 2).map(({ field }) => field)).toEqual(['@timestamp', 'event.outcome'])
      const captions = await on.evaluate(
        `[...document.querySelectorAll('.grid-body td.long')].slice(0, 3).map((cell) => getComputedStyle(cell, '::before').content)`,
      )
      expect(captions).toEqual(['"Record "', '"Changes "', '"Message "'])
      const collides = fields.flatMap((a, index) =>
        fields
          .slice(index + 1)
          .filter(
            (b) =>
              a.x < b.x + b.width - 1 &&
              b.x < a.x + a.width - 1 &&
              a.y < b.y + b.height - 1 &&
              b.y < a.y + a.height - 1,
          )
          .map((b) => `${a.field} and ${b.field}`),
      )
      expect(collides).toEqual([])
      const whole = await card.boundingBox()
      expect(Math.max(...fields.map(({ y, height }) => y + height))).toBeLessThanOrEqual(
        (whole?.y ?? 0) + (whole?.height ?? 0),
      )
      expect(await on.evaluate('document.documentElement.scrollWidth > window.innerWidth')).toBe(false)
    }))

  it('the tools come on request, and move columns by touch', () =>
    withBrowser({ width: 390, height: 844 }, async (on) => {
      await open(on)
      expect(await on.getByRole('button', { name: 'Columns' }).count()).toBe(0)
      await on.getByRole('button', { name: 'More' }).click()
      await on.getByRole('button', { name: 'Columns' }).click()
      await on.getByRole('button', { name: 'Move Source up' }).click()
      await on.getByText('Source is column 7 of 9.').waitFor({ state: 'attached' })
      expect(on.url()).toContain('audit.changes%2Cevent.module%2Cevent.outcome')
    }))

  it('other tables are cards, too, and the active screen is visible in the navigation', () =>
    withBrowser({ width: 390, height: 844 }, async (on) => {
      await on.goto(`${world.url}/settings/users`)
      const user = on.getByRole('row', { name: /admin-1/ })
      await user.waitFor()
      expect(
        await user
          .getByRole('cell')
          .first()
          .evaluate((cell) => cell.getAttribute('data-caption')),
      ).toBe('Role')
      expect(await on.locator('.scrolls').evaluate((box) => box.scrollWidth > box.clientWidth)).toBe(false)
      const link = on.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Settings' })
      const box = await link.boundingBox()
      expect(box?.x ?? -1).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
    }))
})

it.each([
  { theme: 'light', width: 1440 },
  { theme: 'dark', width: 1440 },
  { theme: 'light', width: 1024 },
  { theme: 'dark', width: 390 },
] as const)('axe finds nothing on the list, its menu, the tips and the charts: $theme, $width px', (look) =>
  withBrowser(look, async (on) => {
    await open(on)
    await on.getByRole('slider', { name: 'Events over time' }).focus()
    await on.keyboard.press('ArrowRight')
    await on.locator('.tip').waitFor()
    expect(await findings(on)).toEqual([])
    if (look.width > 640) {
      await row('Globex', on).locator('.change-cell').hover()
      await on.locator('.tip', { hasText: 'Terms' }).waitFor()
    } else await on.getByRole('button', { name: 'More' }).click()
    expect(await findings(on)).toEqual([])
    await on.getByRole('button', { name: 'Columns' }).click()
    await on.getByRole('list', { name: 'Columns shown' }).waitFor()
    expect(await findings(on)).toEqual([])
    await on.keyboard.press('Escape')
    await row('Globex', on).locator('time').click()
    await on.getByRole('heading', { name: 'anna changed Globex' }).waitFor()
    expect(await findings(on)).toEqual([])
    await on.goto(`${world.url}/people?user=anna`)
    await on.getByRole('slider', { name: /Events by hour/ }).waitFor()
    expect(await findings(on)).toEqual([])
  }),
)
