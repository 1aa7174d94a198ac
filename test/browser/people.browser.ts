import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findings } from './axe.ts'
import type { Chromium } from './chromium.ts'
import { World } from './world.ts'

let world: World
let browser: Chromium
let page: Page

const did = (ago: number, module: string, user: object, action: string, type: string, entity: string) => ({
  ago,
  user,
  message: `${action} in ${module}`,
  audit: { category: 'change', entity: { type: entity, id: 'C-1', name: 'Acme' } },
  event: { module, action, type: [type] },
})

beforeAll(async () => {
  world = await World.start()
  await world.happened([
    did(50, 'erp', { name: 'Jane Doe', id: 'U-7', email: 'jane@x.example' }, 'Update', 'change', 'Customer'),
    did(
      40,
      'strapi',
      { name: 'J. Doe', email: 'jane@x.example' },
      'entry.update',
      'change',
      'api::customer.customer',
    ),
    did(
      30,
      'clockify',
      { name: 'Jane Doe', email: 'jane@x.example' },
      'Deleted client',
      'deletion',
      'client',
    ),
    did(20, 'linux-auth', { name: 'jdoe' }, 'PUT', 'change', 'user'),
  ])
  browser = await world.browser()
  page = await world.signedIn(browser, 'manager')
})
afterAll(async () => {
  await browser.end()
  await world.end()
})

const go = (path: string) => page.goto(world.url + path)

describe('a person with accounts in several systems', () => {
  it('is one of the people, with all that was done by any account', async () => {
    await go('/people')
    const jane = page.getByRole('link', { name: /^Jane Doe/ }).first()
    await jane.waitFor()
    expect(await jane.textContent()).toBe('Jane Doe3')
    await jane.click()
    const accounts = page.getByRole('region', { name: /^Accounts of / })
    for (const cell of ['erp', 'strapi', 'clockify', 'U-7', 'J. Doe'])
      await accounts.getByText(cell, { exact: true }).waitFor()
    await page.getByText('Why these are one person').click()
    await page.getByText('1 event of strapi carries both jane@x.example and strapi/J. Doe.').waitFor()
    expect(await findings(page)).toEqual([])
  })

  it('is joined with another one by a decision, and parted by undoing it', async () => {
    await go('/people?user=jane%40x.example')
    await page.getByRole('button', { name: 'The same person as …' }).click()
    const dialog = page.getByRole('dialog', { name: 'The same person as' })
    expect(await findings(page)).toEqual([])
    await dialog.getByLabel('The other person').selectOption({ label: 'jdoe, linux-auth' })
    await dialog.getByRole('button', { name: 'Join' }).click()
    await dialog.waitFor({ state: 'detached' })
    const decisions = page.getByRole('list', { name: 'Decisions about this person' })
    await decisions.getByText('jane@x.example and linux-auth/jdoe are one person').waitFor()
    await page
      .getByRole('region', { name: /^Accounts of / })
      .getByText('jdoe', { exact: true })
      .waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await decisions.waitFor({ state: 'detached' })
  })

  it('is one value of a filter, and so are a verb and an object, with the words of the sources', async () => {
    await go('/events')
    const filters = page.getByRole('complementary', { name: 'Filters' })
    const jane = filters.getByRole('button', { name: /^Jane Doe\s*3$/ })
    await jane.waitFor()
    const update = filters.getByRole('button', { name: /^Update\s*3$/ })
    await update.waitFor()
    expect((await update.getAttribute('title'))?.split(', ').sort()).toEqual([
      'PUT',
      'Update',
      'entry.update',
    ])
    const customer = filters.getByRole('button', { name: /^Customer\s*3$/ })
    await customer.waitFor()
    expect((await customer.getAttribute('title'))?.split(', ').sort()).toEqual([
      'Customer',
      'api::customer.customer',
      'client',
    ])
    await customer.click()
    await jane.click()
    await page.getByText('3 events').first().waitFor()
    await filters.getByRole('button', { name: /^Delete\s*1$/ }).waitFor()
    expect(await findings(page)).toEqual([])
  })

  it('is named by an entry of one of the accounts, and found by the palette', async () => {
    await go(`/events?q=${encodeURIComponent('source: strapi')}`)
    await page.locator('.grid-body tr').first().click()
    await page.getByText('Jane Doe (clockify, erp, strapi)').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find a screen' }).fill('doe')
    const found = page.getByRole('option', { name: /Jane Doe/ }).first()
    await found.waitFor()
    expect(await found.textContent()).toContain('3 events, clockify, erp, strapi')
    await page.keyboard.press('Escape')
  })

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await go('/people?user=jane%40x.example')
    await page.getByRole('region', { name: /^Accounts of / }).waitFor()
    const { over } = (await page.evaluate(
      '({ over: document.documentElement.scrollWidth - document.documentElement.clientWidth })',
    )) as { over: number }
    expect(over).toBe(0)
    await page.setViewportSize({ width: 1280, height: 800 })
  })
})
