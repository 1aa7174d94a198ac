import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf } from '../../indexer/reports/writers/testing/read-zip.ts'
import { findings } from './axe.ts'
import type { Chromium, Look } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let ids: string[]
beforeAll(async () => {
  world = await World.start({}, { clock: () => Date.now() })
  ids = await world.happened(STORY)
})
afterAll(() => world.end())
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

async function lookedAt(role: Parameters<World['signedIn']>[1], path: string, look?: Look) {
  browser = await world.browser(look)
  return world.signedIn(browser, role, path)
}
const EXPORT = 7

describe('a case', () => {
  it('gathers an event, a search and a note where they are found, and says who did what', async () => {
    const page = await lookedAt('auditor', `/events/${ids[EXPORT]}`)
    await page.getByRole('button', { name: 'Pin to a case' }).click()
    const dialog = page.getByRole('dialog', { name: 'Pin to a case' })
    await dialog.getByLabel('Name of the new case').fill('Who took the customers?')
    await dialog.getByLabel('Comment').fill('<b>The export.</b>')
    await dialog.getByRole('button', { name: 'Pin', exact: true }).click()
    await dialog.getByText('It is pinned to').waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()

    await page.goto(`${world.url}/events?q=user%3A+bob`)
    await page.getByRole('button', { name: 'Pin to a case' }).click()
    // The case that was pinned to last is chosen.
    await dialog.getByLabel('Name of the search').fill('All of Bob')
    await dialog.getByRole('button', { name: 'Pin', exact: true }).click()
    await dialog.getByRole('link', { name: 'Who took the customers?' }).click()

    await page.getByRole('heading', { name: 'Who took the customers?' }).waitFor()
    await page.getByText('<b>The export.</b>').waitFor()
    await page.getByRole('textbox', { name: 'Note' }).fill('Bob left in March.')
    await page.getByRole('button', { name: 'Add note' }).click()
    await page.getByText('auditor-1 pinned a note').waitFor()
    expect(await page.locator('.alert-timeline li').allInnerTexts()).toEqual([
      expect.stringContaining('auditor-1 opened the case'),
      expect.stringContaining('auditor-1 pinned an event'),
      expect.stringContaining('auditor-1 pinned a search'),
      expect.stringContaining('auditor-1 pinned a note'),
    ])
    await page.getByRole('button', { name: 'Show the copy' }).click()
    await page.getByText('record_count').waitFor()
    expect(await findings(page)).toEqual([])
    await page.getByRole('link', { name: 'All of Bob' }).click()
    await page.waitForURL(/\/events\?q=user/)
    await page.getByText('Exported 5,000 customers').first().waitFor()
  })

  it('is opened, edited, shared, closed and deleted by the keyboard alone', async () => {
    const page = await lookedAt('auditor', '/cases')
    const press = async (name: string): Promise<void> => {
      const button = page.getByRole('button', { name, exact: true }).last()
      await button.focus()
      await page.keyboard.press('Enter')
    }
    await press('New case')
    await page.getByRole('dialog').getByLabel('Name').focus()
    await page.keyboard.type('Quick look')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Quick look' }).waitFor()
    await press('Edit')
    await page.getByLabel('What it is about').fill('Only to see whether keys suffice.')
    await press('Save')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('Only to see whether keys suffice.').waitFor()
    await press('Share')
    await page.getByText('shared with all who may investigate').waitFor()
    await press('Close')
    await page.getByRole('button', { name: 'Reopen' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Note' }).count()).toBe(0)
    await press('Delete')
    await page.getByRole('dialog').waitFor()
    await press('Delete')
    await page.getByRole('heading', { name: 'Cases' }).waitFor()
    await page.getByText('Quick look').waitFor({ state: 'detached' })
  })

  it('is downloaded as a bundle', async () => {
    const page = await lookedAt('manager', `/events/${ids[EXPORT]}`)
    await page.getByRole('button', { name: 'Pin to a case' }).click()
    const dialog = page.getByRole('dialog', { name: 'Pin to a case' })
    await dialog.getByLabel('Name of the new case').fill('To be exported')
    await dialog.getByRole('button', { name: 'Pin', exact: true }).click()
    await dialog.getByRole('link', { name: 'To be exported' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export as a sealed bundle' }).click()
    const file = await downloading
    expect(file.suggestedFilename()).toMatch(/^case-[0-9a-f]{16}\.zip$/)
    const names = [...bytesOf(await readFile(await file.path())).keys()]
    expect(names).toEqual(expect.arrayContaining(['README.md', 'report.pdf', 'report.html', 'events.ndjson']))
  })

  it('is nothing that a viewer is offered', async () => {
    const page = await lookedAt('viewer', `/events/${ids[EXPORT]}`)
    await page.getByRole('heading', { name: 'Exported 5,000 customers' }).waitFor()
    expect(await page.getByRole('button', { name: 'Pin to a case' }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Cases' }).count()).toBe(0)
  })
})
