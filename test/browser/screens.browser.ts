import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let ids: string[]
let alert: { id: string; incident: string }
/** A report that was made. */
let job: string
/** A case with each kind of pin. */
let caseId: string
beforeAll(async () => {
  world = await World.start({ channels: { soc: { to: [{ file: '/dev/null' }] } } }, { runsRules: true })
  ids = await world.happened(STORY)
  alert = await vi.waitFor(async () => {
    const headers = await world.strict.operator()
    const { json } = await world.strict.indexer.ask('/v1/alerts?rule=mass-export', { headers })
    const [found] = json.alerts as (typeof alert)[]
    if (found === undefined) throw new Error('the export has raised no alert')
    return found
  }, 60_000)
  job = await madeReport()
  caseId = await openedCase()
})
afterAll(() => world.end())

async function openedCase(): Promise<string> {
  const headers = await world.strict.operator()
  const ask = (path: string, json: object) => world.strict.indexer.ask(path, { headers, json })
  const { id } = (await ask('/v1/cases', { name: 'The export of Bob', shared: true })).json
  const pins = [
    { kind: 'event', event: ids[7], comment: 'The export.' },
    { kind: 'alert', alert: alert.id },
    { kind: 'search', name: 'All of Bob', search: '?q=user%3A+bob' },
    { kind: 'note', text: 'He left in March.' },
  ]
  const { status, text } = await ask(`/v1/cases/${id}/pins`, { pins })
  if (status !== 200) throw new Error(text)
  return String(id)
}

/** Makes a report, and a schedule; resolves to the id of the report when it is ready. */
async function madeReport(): Promise<string> {
  const headers = await world.strict.operator()
  const ask = async (path: string, asked: { method?: 'PUT'; json?: unknown } = {}) => {
    const { status, json, text } = await world.strict.indexer.ask(path, { headers, ...asked })
    if (status >= 300) throw new Error(`${path}: ${text}`)
    return json
  }
  const { id } = await ask('/v1/jobs', {
    json: { makes: 'report', report: 'user-access', parameters: { last: 'day' }, formats: ['pdf', 'csv'] },
  })
  await vi.waitFor(async () => {
    if ((await ask(`/v1/jobs/${id}`)).state !== 'done') throw new Error('the report is not ready')
  }, 60_000)
  const schedule = { title: 'Ours', report: 'data-change', covers: 'month', cron: '0 6 1 * *' }
  await ask('/v1/report-schedules/ours', { method: 'PUT', json: { schedule } })
  return String(id)
}

const screens = (): [path: string, heading: string | RegExp, text: string][] => [
  ['/', 'Overview', '5,000 records at once'],
  ['/alerts', 'Alerts', 'bob exported 5000'],
  [`/alerts/${alert.id}`, /bob exported 5000/, 'waybill raised it'],
  ['/incidents?sort=priority', 'Incidents', 'bob'],
  [`/incidents/${alert.incident}`, /bob/, 'Mass data export'],
  ['/events?q=backup', 'Events', 'Nightly backup'],
  [`/events?event=${ids[4]}`, 'Events', 'View difference'],
  [`/events/${ids[4]}`, 'anna changed Acme', 'Limit'],
  ['/cases', 'Cases', 'The export of Bob'],
  [`/cases/${caseId}`, 'The export of Bob', 'He left in March.'],
  ['/security', 'Security', 'Failed sign-in 3'],
  ['/people?user=anna', 'People', 'Hours of the day'],
  ['/people?user=anna&with=bob', 'People', 'Exported 5,000 customers'],
  ['/compare?a=user%3Aanna&b=user%3Abob', 'Compare', 'only anna'],
  ['/system', 'System', 'Database'],
  ['/auditor', 'Audit of the auditor', 'Reads, by user'],
  ['/reports', 'Reports', 'User access'],
  ['/reports/make/user-access?last=year&user=anna', 'Reports', 'Generate report'],
  [
    '/reports/make/user-access?preview=yes&from=2020-01-01&to=2099-12-31',
    'Reports',
    'Controls that it supports',
  ],
  ['/reports/jobs', 'Reports', 'Ready'],
  [`/reports/jobs/${job}`, 'Reports', 'SHA-256'],
  ['/reports/schedules', 'Reports', 'Weekly security summary'],
  ['/reports/new-schedule?template=daily-admin', 'Reports', 'Every day at 06:00.'],
  ['/reports/schedules/ours', 'Reports', 'On the 1st of each month'],
  ['/reports/coverage?framework=pci-dss', 'Reports', 'Reports that support it'],
  ['/rules', 'Rules', 'Mass data export'],
  [`/rules?event=${ids[4]}`, 'Rules', 'no match'],
  ['/rules/mass-export', 'Mass data export', 'would have fired'],
  ['/new-rule?q=action%3A+Export', 'Create alert', 'would have fired'],
  ['/settings/agents', 'Settings', 'web-1'],
  ['/settings/channels', 'Settings', 'their alerts reach nobody there'],
  ['/settings/silences', 'Settings', 'No silences.'],
  ['/settings/event-types', 'Settings', 'are recorded'],
  ['/settings/storage', 'Settings', 'Retention, by category'],
  ['/settings/archives', 'Settings', 'No archive is set up.'],
  ['/settings/evidence', 'Settings', 'Transparency log'],
  ['/settings/users', 'Settings', 'admin-1'],
  ['/settings/tokens', 'Settings', 'No tokens yet.'],
  ['/settings/dead-letters', 'Settings', 'No dead letters.'],
  ['/account', 'admin-1', 'Open sessions'],
  ['/nothing', 'This screen does not exist.', 'The link may be old'],
]

/** The texts that should fit on one line and take more than one. */
const BROKEN = `[...document.querySelectorAll('.event-list time, .chart figcaption > span:not(.chart-tools), .figure-name')]
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
    await page.getByText('No events found.').waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.getByText(/^No (event|action|value) /).count()).toBe(0)
    await page.getByLabel('Values of person that begin with').fill('zz')
    await page.getByText('No value begins with this.').waitFor()
  } finally {
    await browser.end()
  }
})
