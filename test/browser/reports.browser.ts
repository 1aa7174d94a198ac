import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
const day = (back: number): string => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)

beforeAll(async () => {
  world = await World.start({ channels: { board: { to: [{ file: '/dev/null' }] } } })
  await world.happened(STORY)
})
afterAll(() => world.end())
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

async function lookedAt(role: Parameters<World['signedIn']>[1], path: string): Promise<Page> {
  browser = await world.browser()
  return world.signedIn(browser, role, path)
}

async function downloaded(page: Page, link: Locator): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
}

/** Waits until the report or export on the screen is ready. */
const ready = (page: Page): Promise<void> => page.getByText('Ready', { exact: true }).waitFor()

describe('a report', () => {
  it('is chosen, previewed, made, downloaded with its proof, and is among the past ones until it is deleted', async () => {
    const page = await lookedAt('auditor', '/')
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Reports' }).click()
    await page.getByRole('link', { name: 'Data change' }).click()
    await page.getByRole('combobox', { name: 'Date range' }).selectOption('Two dates')
    await page.getByLabel('First day').fill(day(2))
    await page.getByLabel('Last day').fill(day(-2))
    await page.getByLabel('Users').fill('ann')
    await page.locator('datalist option[value="anna"]').waitFor({ state: 'attached' })
    await page.getByLabel('Users').fill('anna')
    await page.getByLabel('Users').press('Enter')
    await page.getByRole('button', { name: 'Remove anna' }).waitFor()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText(/^This report is incomplete/).waitFor()
    await page
      .getByText(/the period was not over when the report was made/i)
      .first()
      .waitFor()
    const report = page.getByRole('article', { name: 'Preview: Data change' })
    await report.getByText('Events of anna in all systems').waitFor()

    // A figure leads to its events, and back to the same preview.
    const changes = report.getByRole('link', { name: /^Changes\s*3$/ })
    await changes.click()
    await page.getByRole('heading', { name: 'Events' }).waitFor({ state: 'attached' })
    await page.getByText('End of the list: 3 events.').waitFor()
    await page.goBack()
    await changes.waitFor()

    await page.getByLabel('CSV', { exact: true }).check()
    await page.getByLabel('HTML', { exact: true }).check()
    await page.getByText('The form has changed since this preview.').waitFor()
    await page.getByRole('button', { name: 'Generate report' }).click()
    await ready(page)
    const files = page.getByRole('region', { name: 'Files' })
    const csv = await downloaded(page, files.getByRole('link', { name: /\.csv$/ }))
    expect(csv.bytes.toString()).toContain('Acme')
    const row = files.getByRole('row', { name: new RegExp(csv.name.replaceAll('.', '\\.')) })
    expect(await row.locator('code').getAttribute('title')).toBe(
      createHash('sha256').update(csv.bytes).digest('hex'),
    )
    const proof = await downloaded(page, row.getByRole('link', { name: 'Proof' }))
    expect(JSON.parse(proof.bytes.toString())).toMatchObject({ statement: { file: { name: csv.name } } })
    const pdf = await downloaded(page, files.getByRole('link', { name: /\.pdf$/ }))
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-')
    await page.getByText(csv.name).nth(1).waitFor()

    await page.getByRole('link', { name: 'Past reports' }).click()
    const past = page.getByRole('row', { name: /^Data change/ })
    await past.getByText('incomplete').waitFor()
    expect(await past.getByRole('cell', { name: /^auditor-1/ }).count()).toBe(2)
    await page.getByLabel('State', { exact: true }).selectOption('Failed')
    await page.getByText('None of them matches.').waitFor()
    await page.getByLabel('State', { exact: true }).selectOption('Ready')
    await past.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No report or export has been made yet.').waitFor()
  })

  it('that can not be asked for like this says why, and nothing is made', async () => {
    const page = await lookedAt('auditor', '/reports/make/person-data')
    await page.getByRole('button', { name: 'Generate report' }).click()
    await page.getByText('name at least one user').waitFor()
    await page.getByLabel('Users').fill('anna')
    await page.getByLabel('Successful actions').uncheck()
    await page.getByLabel('Failed attempts').uncheck()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('Include successful actions, failed attempts, or both.').waitFor()
    await page.getByLabel('Failed attempts').check()
    await page.getByLabel('Further condition').fill('user: (')
    await page.getByRole('button', { name: 'Preview' }).click()
    const refusal = page.locator('.query-bar .problem')
    await refusal.waitFor()
    expect(await page.getByLabel('Further condition').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Further condition').fill('')
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await page.getByText('Names and ids in these events').first().waitFor()
    const { json } = await world.strict.indexer.ask('/v1/jobs', { headers: await world.strict.operator() })
    expect(json.jobs).toEqual([])
  })

  it('is made by the keyboard alone', async () => {
    const page = await lookedAt('auditor', '/reports/make/security-event')
    await page.getByLabel('Report type').waitFor()
    await page.getByLabel('Report type').focus()
    const focused = (): Promise<string> =>
      page.evaluate(
        "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
      )
    for (let i = 0; i < 40 && (await focused()) !== 'Users'; i++) {
      await page.keyboard.press('Tab')
      if (
        (await page.evaluate('document.activeElement?.id')) ===
        (await page.getByLabel('Users').getAttribute('id'))
      )
        break
    }
    await page.keyboard.type('eve')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Remove eve' }).waitFor()
    for (let i = 0; i < 40 && (await focused()) !== 'Generate report'; i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await ready(page)
    expect(page.url()).toContain('/reports/jobs/')
  })

  it('on what one user did begins on the screen of people', async () => {
    const page = await lookedAt('auditor', '/people?user=anna')
    await page.getByRole('link', { name: 'Report', exact: true }).click()
    await page.getByRole('button', { name: 'Remove anna' }).waitFor()
    expect(await page.getByLabel('Report type').inputValue()).toBe('user-access')
  })

  it('is not for a viewer', async () => {
    const page = await lookedAt('viewer', '/reports')
    await page.getByText('This screen does not exist.').waitFor()
    expect(await page.getByRole('link', { name: 'Reports' }).count()).toBe(0)
  })
})

describe('a schedule', () => {
  it('begins from a template, says in words when it runs, is switched, run and removed', async () => {
    const page = await lookedAt('manager', '/reports/schedules')
    await page.getByRole('link', { name: 'Use this template: Weekly security summary' }).click()
    await page.getByText(/^Every Monday at 06:00\. Next: /).waitFor()
    await page.getByRole('combobox', { name: 'Runs' }).selectOption('at other times')
    await page.getByLabel('Cron expression').fill('0 7 * *')
    await page.getByText('Write five fields').waitFor()
    await page.getByRole('button', { name: 'Save schedule' }).click()
    await page.getByText('The times are not understood.').waitFor()
    await page.getByLabel('Cron expression').fill('30 7 * * 1-5')
    await page.getByText(/^Every day from Monday to Friday at 07:30\. Next: /).waitFor()
    await page.getByRole('button', { name: 'Remove recipient 1' }).click()
    await page.getByRole('button', { name: '+ Add recipient' }).click()
    await page.getByLabel('Kind of recipient 1').selectOption('Channel')
    await page.getByLabel('Channel, recipient 1').fill('board')
    await page.getByRole('group', { name: 'Format' }).getByLabel('PDF').uncheck()
    await page.getByRole('group', { name: 'Format' }).getByLabel('CSV').check()
    await page.getByRole('button', { name: 'Save schedule' }).click()
    const row = page.getByRole('row', { name: /^Weekly security summary/ })
    await row.getByText('channel board').waitFor()
    await row.getByText('Every day from Monday to Friday at 07:30 (UTC).').waitFor()

    await row.getByRole('checkbox').click()
    await row.getByText('off').waitFor()
    await row.getByText('none').waitFor()
    await row.getByRole('checkbox').click()
    await row.getByText('on', { exact: true }).waitFor()

    await row.getByRole('button', { name: 'Run now: Weekly security summary' }).click()
    await ready(page)
    await page.getByText('channel board').waitFor()
    await page.getByRole('link', { name: 'weekly-security' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Security, each working day')
    await page.getByRole('button', { name: 'Save schedule' }).click()
    const renamed = page.getByRole('row', { name: /^Security, each working day/ })
    await renamed.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No report is scheduled yet.').waitFor()
    const acts = await world.strict.trail('audit.entity.type: "report-schedule"')
    expect(new Set(acts.map(({ event }) => (event as { action: string }).action))).toEqual(
      new Set([
        ...['report-schedule-create', 'report-schedule-change'],
        ...['report-schedule-run', 'report-schedule-delete'],
      ]),
    )
  })
})

it('the mail address of a user, where reports for a role go, is kept and removed by an admin', async () => {
  const page = await lookedAt('admin', '/settings/users')
  const field = page.getByLabel('Mail address of admin-1')
  for (const address of ['audit@acme.example', '']) {
    await field.fill(address)
    await field.press('Enter')
    await page
      .getByRole('row', { name: /^admin-1/ })
      .getByRole('button', { name: 'Save' })
      .waitFor({ state: 'detached' })
    await page.reload()
    await field.waitFor()
    expect(await field.inputValue()).toBe(address)
  }
})

describe('coverage', () => {
  it('says what lacks evidence, leads to the report that would be it, and then to the one that is', async () => {
    const page = await lookedAt('auditor', '/reports/coverage?framework=pci-dss')
    const state = page.getByRole('row', { name: /^10\.2\.1/ }).first()
    await state.getByText('No report was made for this period').waitFor()
    await state.getByRole('link', { name: 'User access' }).click()
    expect(await page.getByLabel('First day').inputValue()).toMatch(/-(01|04|07|10)-01$/)
    await page.getByRole('group', { name: 'Format' }).getByLabel('PDF').uncheck()
    await page.getByRole('group', { name: 'Format' }).getByLabel('JSON', { exact: true }).check()
    await page.getByRole('button', { name: 'Generate report' }).click()
    await ready(page)
    const made = page.url()
    await page.getByRole('link', { name: 'Coverage' }).click()
    await page.getByRole('link', { name: /^PCI DSS/ }).click()
    await state.getByText('Evidence', { exact: true }).waitFor()
    await state.getByRole('link', { name: /^Last made/ }).click()
    expect(page.url()).toBe(made)
    await page.goto(`${world.url}/reports/coverage?period=2020-Q1&framework=pci-dss`)
    await state.getByText('No source', { exact: true }).waitFor()
    await page.getByRole('link', { name: /^PCI DSS 4.0.1 0 of/ }).waitFor()
  })
})

describe('an export of a search', () => {
  it('is made as a job with the columns of another system, and lists who downloaded it', async () => {
    const page = await lookedAt('auditor', `/events?q=${encodeURIComponent('action: Update')}`)
    await page.getByText('End of the list: 3 events.').waitFor()
    await page.getByRole('button', { name: 'Export results' }).click()
    await page.getByRole('button', { name: /^Export as a job/ }).click()
    await page.getByRole('combobox', { name: 'Columns' }).selectOption('Those of an export from Clockify')
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click()
    await ready(page)
    const { bytes } = await downloaded(page, page.getByRole('link', { name: /\.csv$/ }))
    expect(bytes.toString()).toContain('Author')
    expect(bytes.toString()).toContain('Previous value')
    await page.getByText('auditor-1').nth(2).waitFor()
  })
})

it('a report that waits for its turn shows that, and is cancelled', async () => {
  const page = await lookedAt('auditor', '/reports/jobs')
  const headers = await world.strict.operator()
  const json = { makes: 'report', report: 'user-access', formats: ['pdf', 'html', 'csv', 'xlsx', 'json'] }
  // One is made at a time, so the last of them waits for all others.
  let last = ''
  for (let i = 0; i < 20; i++) {
    const { status, json: made, text } = await world.strict.indexer.ask('/v1/jobs', { headers, json })
    expect(status, text).toBe(201)
    last = String(made.id)
  }
  await page.goto(`${world.url}/reports/jobs/${last}`)
  await page.getByText('It waits for its turn.').waitFor()
  await page.getByRole('progressbar', { name: 'Progress: User access' }).waitFor()
  await page.getByRole('button', { name: 'Cancel User access' }).click()
  await page.getByText('Cancelled', { exact: true }).waitFor()
  expect(await page.getByRole('region', { name: 'Files' }).count()).toBe(0)
})
