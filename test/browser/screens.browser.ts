import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let world: World
let ids: string[]
beforeAll(async () => {
  world = await World.start()
  ids = await world.happened(STORY)
})
afterAll(() => world.end())

const screens = (): [path: string, heading: string | RegExp, text: string][] => [
  ['/', 'Overview', 'Exported 5,000 customers'],
  ['/events?q=backup', 'Events', 'Nightly backup'],
  [`/events?event=${ids[4]}`, 'Events', 'View difference'],
  [`/events/${ids[4]}`, 'anna changed Acme', 'Limit'],
  ['/security', 'Security', 'Failed sign-in 3'],
  ['/people?user=anna', 'People', 'Hours of the day'],
  ['/people?user=anna&with=bob', 'People', 'Exported 5,000 customers'],
  ['/system', 'System', 'Database'],
  ['/auditor', 'Audit of the auditor', 'Who looked'],
  ['/settings/agents', 'Settings', 'web-1'],
  ['/settings/event-types', 'Settings', 'are recorded'],
  ['/settings/storage', 'Settings', 'Retention, by category'],
  ['/settings/users', 'Settings', 'admin-1'],
  ['/settings/tokens', 'Settings', 'No tokens yet.'],
  ['/settings/dead-letters', 'Settings', 'No dead letters.'],
  ['/account', 'admin-1', 'Open sessions'],
  ['/nothing', 'There is no such screen.', 'The link may be old'],
]

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

async function findings(page: Page): Promise<string[]> {
  // Not as a script of the page: the policy would refuse it, as it should.
  await page.evaluate(AXE)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const violations: Finding[] = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ html }) => `${id}: ${html.slice(0, 160)}`),
  )
}

/** The texts that stand on more than one line, of those that belong on one. */
const BROKEN = `[...document.querySelectorAll('.event-list time, .timeline figcaption > span, .figure-name')]
  .filter((one) => one.getBoundingClientRect().height > 1.6 * parseFloat(getComputedStyle(one).fontSize) + 4)
  .map((one) => one.textContent)`

describe.each([
  // Times of 12 hours are the longest.
  { theme: 'light', width: 1440, locale: 'en-US' },
  { theme: 'dark', width: 1440 },
  { theme: 'light', width: 390, locale: 'en-US' },
] as const)('all screens, $theme, $width px wide', (look) => {
  let browser: Chromium
  let page: Page
  beforeAll(async () => {
    browser = await world.browser(look)
    page = await world.signedIn(browser, 'admin')
  })
  afterAll(() => browser.end())

  it('show what they are for, fit the width with each time on one line, and axe finds nothing', async () => {
    const found: string[] = []
    for (const [path, heading, text] of screens()) {
      await page.goto(world.url + path)
      const title =
        path === '/nothing'
          ? page.getByText(heading)
          : page.getByRole('heading', { name: heading, exact: true })
      await title.first().waitFor({ state: 'attached' })
      await page.getByText(text).first().waitFor({ state: 'attached' })
      await page.waitForLoadState('networkidle')
      found.push(...(await findings(page)).map((finding) => `${path} ${finding}`))
      const wide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')
      if (wide === true) found.push(`${path} is wider than the window`)
      const broken = (await page.evaluate(BROKEN)) as readonly string[]
      found.push(...broken.map((one) => `${path}: ${one} is on two lines`))
    }
    expect(found).toEqual([])
    expect(browser.complaints).toEqual([])
  }, 180_000)
})

it('where nothing is found, that is said once', async () => {
  const browser = await world.browser({})
  try {
    const page = await world.signedIn(browser, 'admin')
    await page.goto(`${world.url}/events?q=${encodeURIComponent('user: nobody-at-all')}`)
    await page.getByText('Nothing was found.').waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.getByText(/^No (event|action|value) /).count()).toBe(0)
    await page.getByLabel('Values of user.name that begin with').fill('zz')
    await page.getByText('No value begins so.').waitFor()
  } finally {
    await browser.end()
  }
})
