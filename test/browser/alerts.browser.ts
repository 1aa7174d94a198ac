import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chromium, Look } from './chromium.ts'
import { World } from './world.ts'

let world: World
let browser: Chromium
beforeAll(async () => {
  world = await World.start(
    {
      channels: { soc: { to: [{ file: '/dev/null' }] } },
    },
    { runsRules: true, clock: () => Date.now() },
  )
  await world.strict.person('nora', 'auditor')
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

const asked = async (path: string) =>
  world.strict.indexer.ask(path, { headers: await world.strict.operator() })

/** An export by this user, and the id of the alert that it raises. */
async function exported(name: string): Promise<string> {
  await world.happened([
    {
      ago: 30,
      user: { name },
      message: 'opened the list of customers',
      audit: { category: 'view' },
      event: { action: 'View' },
    },
    {
      ago: 1,
      user: { name },
      message: 'exported 5,000 customers',
      audit: { category: 'activity', record_count: 5000 },
      event: { action: 'Export' },
    },
  ])
  let id = ''
  await expect
    .poll(async () => {
      const { json } = await asked(`/v1/alerts?rule=mass-export&text=${name}`)
      id = String((json.alerts as { id: string }[])[0]?.id ?? '')
      return id
    })
    .not.toBe('')
  return id
}

describe('an alert', () => {
  it('is found, acknowledged and its events are seen with five taps on a phone', async () => {
    await exported('bob')
    const page = await lookedAt('auditor', '/', { width: 390 })
    let taps = 0
    const tap = async (name: string | RegExp, role: 'link' | 'button' = 'link'): Promise<void> => {
      taps++
      await page.getByRole(role, { name }).first().click()
    }
    await page.getByRole('heading', { name: /need(s)? attention$/ }).waitFor()
    await tap(/bob exported 5,?000/)
    await tap('Acknowledge', 'button')
    await page.getByText('acknowledged', { exact: true }).first().waitFor()
    await tap(/exported 5,000 customers/)
    await page.getByRole('heading', { name: 'exported 5,000 customers' }).waitFor()
    expect(taps).toBeLessThanOrEqual(5)
    expect((await asked('/v1/alerts?text=bob')).json.alerts).toMatchObject([
      { state: 'acknowledged', assignee: 'auditor-1' },
    ])
  })

  it('has its message, its rule’s advice, what came before, and a timeline of what people do', async () => {
    const id = await exported('carl')
    const page = await lookedAt('manager', `/alerts/${id}`)
    await page.getByRole('heading', { name: /carl exported 5000/ }).waitFor()
    await page.getByText('Find out whether the user needed the records').waitFor()
    await page.getByRole('link', { name: /opened the list of customers/ }).waitFor()
    await page.getByRole('button', { name: 'Assign' }).click()
    await page.getByLabel('To').selectOption('nora')
    await page.getByRole('dialog').getByRole('button', { name: 'Assign' }).click()
    await page.getByText('assigned it: nora').waitFor()
    await page.getByRole('button', { name: 'Add a note' }).click()
    await page.getByRole('textbox', { name: 'Note' }).fill('<b>He is on holiday.</b>')
    await page.getByRole('dialog').getByRole('button', { name: 'Add a note' }).click()
    await page.getByText('added a note: <b>He is on holiday.</b>').waitFor()
    await page.getByRole('button', { name: 'Snooze' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Snooze' }).click()
    await page.getByText('snoozed until').waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    const send = page.getByRole('dialog').getByRole('button', { name: 'Resolve' })
    await send.click()
    // Without a reason it is not sent.
    expect(await page.locator('textarea:invalid').count()).toBe(1)
    await page.getByLabel('Reason').fill('A colleague did it for him.')
    await send.click()
    await page.getByText('resolved it: A colleague did it for him.').waitFor()
    await page.getByRole('button', { name: 'Reopen' }).click()
    await page.getByText('manager-1 reopened it').waitFor()
    await page
      .getByRole('link', { name: /^Show .* in Events$/ })
      .first()
      .click()
    await page.getByText('exported 5,000 customers').first().waitFor()
  })

  it('is read by a viewer, who sees no actions', async () => {
    const id = await exported('dora')
    const page = await lookedAt('viewer', `/alerts/${id}`)
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0)
  })
})

/** The messages of the list, in its order. */
const messages = (page: Page): Promise<string[]> =>
  page.locator('.alert-list .alert-line a').allTextContents()

describe('the list of alerts', () => {
  it('is filtered by its address, walked and chosen from by keys, and many are acknowledged at once', async () => {
    for (const name of ['emma.x', 'egon.x', 'ella.x']) await exported(name)
    const page = await lookedAt('auditor', '/alerts?text=.x&state=open')
    await expect.poll(() => messages(page)).toHaveLength(3)
    const field = page.getByLabel('Find in the alerts')
    await field.fill('emma')
    await expect.poll(() => messages(page)).toEqual([expect.stringContaining('emma.x')])
    await field.fill('.x')
    await expect.poll(() => messages(page)).toHaveLength(3)
    await field.blur()
    for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key)
    await page.getByText('2 selected').waitFor()
    await page.keyboard.press('a')
    await expect.poll(() => messages(page)).toHaveLength(1)
    expect((await asked('/v1/alerts?text=.x&state=acknowledged')).json.total).toBe(2)
    await page.getByLabel('Select all').check()
    await page.keyboard.press('r')
    await page.getByLabel('Reason').fill('It was asked for.')
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click()
    await page.getByText('No alerts found.').waitFor()
    await page.goto(`${world.url}/alerts?state=wrong`)
    await page.getByText('must be one of unresolved').waitFor()
  })
})

describe('the bell', () => {
  it('counts new alerts until they are seen, and the browser tells of them where the reader wants it', async () => {
    browser = await world.browser()
    await browser.context.addInitScript(`
      globalThis.told = []
      globalThis.Notification = class {
        static permission = 'default'
        static async requestPermission() { return (this.permission = 'granted') }
        constructor(title) { globalThis.told.push(title) }
      }`)
    const page = await world.signedIn(browser, 'admin')
    await page.getByRole('button', { name: /^Alerts: \d+ new/ }).click()
    await page.getByLabel('Browser notifications').check()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Alerts', exact: true }).waitFor()
    await exported('fred')
    await page.getByRole('button', { name: 'Alerts: 1 new' }).waitFor()
    expect(await page.evaluate('told')).toEqual(['high: Mass data export'])
    await page.getByRole('button', { name: 'Alerts: 1 new' }).click()
    // The overview behind it lists the alert, too.
    await page
      .locator('.bell-list')
      .getByRole('link', { name: /fred exported/ })
      .click()
    await page.getByRole('heading', { name: /fred exported/ }).waitFor()
    await page.getByRole('button', { name: 'Alerts', exact: true }).waitFor()
  })
})

describe('the settings of notifications', () => {
  it('send a test to a channel, and name channels that lead nowhere', async () => {
    const page = await lookedAt('manager', '/settings/channels')
    await page.getByText('their alerts reach nobody there').waitFor()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByRole('status', { name: 'Results of the test of soc' }).getByText('sent').waitFor()
  })

  it('silence a rule for a time, and end that', async () => {
    const page = await lookedAt('auditor', '/settings/silences')
    await page.getByRole('combobox', { name: 'Rule' }).selectOption('mass-export')
    await page.getByRole('textbox', { name: 'Users' }).fill('gina, hans')
    await page.getByRole('textbox', { name: 'Reason' }).fill('They move customers.')
    await page.getByRole('button', { name: 'Silence' }).click()
    await page.getByText('rules: mass-export; users: gina, hans').waitFor()
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
    await page.getByText('ended', { exact: true }).waitFor()
    expect((await asked('/v1/silences')).json.silences).toMatchObject([
      { about: { rules: ['mass-export'], users: ['gina', 'hans'] }, reason: 'They move customers.' },
    ])
  })
})
