import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium, Look } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let ids: string[]
beforeAll(async () => {
  world = await World.start({}, { clock: () => Date.now() })
  ids = await world.happened(STORY)
  await world.happened([
    {
      ago: 30,
      user: { name: 'anna' },
      message: 'anna changed Beta',
      audit: {
        category: 'change',
        entity: { type: 'Customer', id: 'C-2', name: 'Beta' },
        changes: [{ field: 'Limit', old: '5', new: '7' }],
      },
      event: { action: 'Update', type: ['change'] },
    },
  ])
})
afterAll(() => world.end())
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

async function lookedAt(path: string, look?: Look) {
  browser = await world.browser(look)
  return world.signedIn(browser, 'auditor', path)
}

describe('a comparison', () => {
  it('of two users says what one has and the other has not, and leads to what was counted', async () => {
    const page = await lookedAt('/people?user=anna&with=bob')
    await page.getByRole('link', { name: 'Compare counts, with the differences marked' }).click()
    await page.waitForURL(/\/compare\?a=user%3Aanna&b=user%3Abob/)
    const actions = page.getByRole('region', { name: 'By action' })
    await actions.getByRole('row', { name: /^Update 4 0 only anna$/ }).waitFor()
    await actions.getByRole('row', { name: /^Export 0 1 only bob$/ }).waitFor()
    expect(await findings(page)).toEqual([])
    await actions
      .getByRole('row', { name: /^Export/ })
      .getByRole('link', { name: '1' })
      .click()
    await page.getByText('Exported 5,000 customers').first().waitFor()
  })

  it('of two records marks the fields that differ, by the keyboard', async () => {
    const page = await lookedAt(`/events/${ids[6]}`)
    await page.getByRole('tab', { name: 'History' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Compare with another record' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Second: kind').selectOption('record')
    await page.getByLabel('Second: id of the record').fill('C-2')
    await page.keyboard.press('Enter')
    const fields = page.getByRole('region', { name: 'The fields of both records' })
    await fields.getByRole('row', { name: /^Limit 20 7 differs$/ }).waitFor()
    await page.getByRole('button', { name: 'Differences only' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/only=differences/)
    // The address is all that somebody else needs.
    await page.reload()
    await fields.getByRole('row', { name: /^Limit 20 7 differs$/ }).waitFor()
  })

  it('of a period and the one before is one step from the time', async () => {
    const page = await lookedAt('/security?range=now-24h', { width: 390 })
    await page.getByRole('button', { name: /^Time: / }).click()
    await page.getByRole('link', { name: 'Compare with the period before' }).click()
    const actions = page.getByRole('region', { name: 'By action' })
    await actions.getByRole('row', { name: /Export.*1.*0.*only First/ }).waitFor()
    expect(await findings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')).toBe(false)
  })
})
