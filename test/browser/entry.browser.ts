import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let page: Page
let ids: string[]
beforeAll(async () => {
  world = await World.start()
  ids = await world.happened(STORY)
  await world.happened([
    {
      ago: 79,
      user: { name: 'anna' },
      message: 'Approval request created',
      audit: { category: 'activity', parent: { event_id: ids[6] } },
      event: { action: 'Permission Request' },
    },
  ])
  browser = await world.browser()
  page = await world.signedIn(browser, 'auditor')
})
afterEach(() => expect(browser.complaints).toEqual([]))
afterAll(async () => {
  await browser.end()
  await world.end()
})

async function open(index: number): Promise<void> {
  await page.goto(`${world.url}/events/${ids[index]}`)
  await page.getByRole('tab', { name: 'Entry', exact: true }).waitFor()
}

describe('an entry', () => {
  it('tells who did what to what, and where it came from', async () => {
    await open(1)
    for (const fact of ['eve', '203.0.113.45', 'login', 'no. 1, event 2'])
      await page.locator('.facts dd', { hasText: fact }).first().waitFor()
    await page.getByText('failure 1/5').waitFor()
  })

  it('shows what changed, and greys what did not', async () => {
    await open(4)
    const limit = page.getByRole('row', { name: /^Limit/ })
    expect(await limit.textContent()).toBe('Limit1015')
    expect(await page.getByRole('row', { name: /^Status/ }).getAttribute('class')).toBe('unchanged')
  })

  it('shows the difference side by side and inline, JSON by its members', async () => {
    await open(5)
    await page.getByRole('button', { name: 'View difference' }).click()
    const dialog = page.getByRole('dialog', { name: 'Difference' })
    expect(await dialog.locator('tr.other td').allTextContents()).toEqual(['  "days": 30,', '  "days": 45,'])
    expect(await dialog.locator('tr.other mark').allTextContents()).toEqual(['30', '45'])
    await dialog.getByRole('button', { name: 'Inline' }).click()
    expect(await dialog.locator('tr.other').count()).toBe(2)
    expect(await dialog.locator('tr.same').first().textContent()).toBe('{')
    await page.keyboard.press('Escape')
  })

  it('has the history of the record, and the record as it was at any moment', async () => {
    await open(6)
    await page.getByRole('tab', { name: 'History' }).click()
    const record = page.locator('.record')
    await record.getByText('20').waitFor()
    expect(await page.locator('.moments > li').count()).toBe(3)
    await page.getByRole('slider', { name: /^As it was after/ }).fill('0')
    await page.getByText('As it was after event 1 of 3').waitFor()
    expect(await record.locator('div', { hasText: 'Limit' }).textContent()).toContain('15')
    expect(await record.locator('div', { hasText: 'Terms' }).textContent()).toContain('"days":30')
  })

  it('has the record on a date, at two moments side by side, and who changed which field', async () => {
    await open(6)
    await page.getByRole('tab', { name: 'History' }).click()
    const changed = page.getByRole('region', { name: 'Who changed what' })
    await changed.getByRole('row', { name: /Limit.*20.*anna/ }).waitFor()
    await page.getByRole('button', { name: 'Changes only' }).click()
    expect(await page.locator('.record dt').allTextContents()).toEqual(['Limit'])
    await page.getByLabel('State on', { exact: true }).fill('01/01/2020, 10:00')
    await page.getByText('As it was before the first of 3 events').waitFor()
    await page.getByRole('button', { name: 'Two moments' }).click()
    await page.getByRole('slider').last().fill('2')
    await page.getByRole('slider').first().fill('0')
    const both = page.getByRole('region', { name: 'The record at two moments' })
    await both.getByRole('row', { name: /Limit 15.* 20 differs/ }).waitFor()
    await both.getByRole('row', { name: /Terms .*30.*45.* differs/ }).waitFor()
    expect(await findings(page)).toEqual([])
    // Playing goes from the beginning to the end, and stops there.
    await page.getByRole('button', { name: 'Play' }).click()
    await page.getByText(/Later: As it was after event 3 of 3/).waitFor()
    await page.getByRole('button', { name: 'Play' }).waitFor()
  })

  it('names how many events share its session, address or person', async () => {
    await open(1)
    const near = page.locator('.near').filter({ hasText: 'Same session, address or person' })
    await near.getByRole('link', { name: /Show all 2/ }).waitFor()
  })

  it('finds related events: the same address, the same user', async () => {
    await open(1)
    await page.getByRole('tab', { name: 'Related' }).click()
    await page.getByRole('heading', { name: /The same address/ }).waitFor()
    await page
      .getByRole('link', { name: /Failed sign-in 2/ })
      .first()
      .waitFor()
  })

  it('is read with the events of its record before and after, and with what it caused', async () => {
    await open(5)
    const near = (name: string) => page.locator('.near').filter({ hasText: name })
    expect(await near('Previous event of this record').getByRole('link').getAttribute('href')).toBe(
      `/events/${ids[4]}`,
    )
    expect(await near('Next event of this record').getByRole('link').getAttribute('href')).toBe(
      `/events/${ids[6]}`,
    )
    await page.getByRole('button', { name: 'View full history' }).click()
    await page.getByRole('slider', { name: /^As it was after/ }).waitFor()
    await open(6)
    await near('Effects')
      .getByRole('link', { name: /Approval request/ })
      .click()
    await near('Cause')
      .getByRole('link', { name: /changed Acme/ })
      .waitFor()
  })

  it('opens the payload, finds in it, and shows the original line', async () => {
    await open(9)
    await page.getByLabel('Find in audit.payload').fill('needle')
    await page.locator('.json-tree mark', { hasText: 'needle' }).waitFor()
    await page.getByRole('tab', { name: 'Original' }).click()
    expect(await page.locator('pre.original').textContent()).toBe('{"raw":"line"}')
  })

  it('is exported by itself', async () => {
    await open(0)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export entry' }).click()
    expect((await download).suggestedFilename()).toBe(`event-${ids[0]}.json`)
  })

  it('that is not there is said not to be', async () => {
    await page.goto(`${world.url}/events/nothing-here`)
    await page.getByText('There is no event nothing-here.').waitFor()
  })
})
