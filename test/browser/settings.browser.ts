import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { codeOf } from '../../indexer/api/testing/authenticator.ts'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import { findings } from './axe.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let ids: string[]
let archive: string
beforeAll(async () => {
  archive = await mkdtemp(join(tmpdir(), 'waybill-archive-'))
  world = await World.start({
    masked: { viewer: ['source.ip'] },
    archive: { folder: archive, keys: [{ id: '2026', key: 'ab'.repeat(32) }], capacity: '1GB' },
  })
  ids = await world.happened(STORY)
})
afterAll(async () => {
  await world.end()
  await rm(archive, { recursive: true, force: true })
})
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

/** Opens an address for a user of this role, in a browser of their own. */
async function lookedAt(role: Parameters<World['signedIn']>[1], path: string) {
  browser = await world.browser()
  return world.signedIn(browser, role, path)
}

describe('a second factor', () => {
  it('is set up with an app’s code, asked for at the next sign-in, and can be taken off again', async () => {
    const page = await lookedAt('auditor', '/account')
    await page.getByLabel('Current password').last().fill(PASSWORD)
    await page.getByRole('button', { name: 'Set up' }).click()
    const secret = (await page.locator('.secret code').textContent()) ?? ''
    await page.getByLabel('Code').fill(codeOf(secret, world.strict.now))
    await page.getByRole('button', { name: 'Turn on' }).click()
    await page.getByText('each works once').waitFor()
    const [recovery = ''] = ((await page.locator('pre.secret').textContent()) ?? '').split('\n')

    await page.getByRole('button', { name: /preferences and sign-out/ }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    const signIn = async (code: string): Promise<void> => {
      await page.getByLabel('Name').fill('auditor-1')
      await page.getByLabel('Password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByLabel('Code').fill(code)
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await signIn('000000')
    await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
    world.strict.pass(60_000)
    await page.getByLabel('Code').fill(codeOf(secret, world.strict.now))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('navigation', { name: 'Screens' }).waitFor()

    await page.getByRole('button', { name: /preferences and sign-out/ }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(recovery)
    await page.getByRole('navigation', { name: 'Screens' }).waitFor()
    await page.goto(`${world.url}/account`)
    await page.getByLabel('Current password').last().fill(PASSWORD)
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByText('Off. With a code').waitFor()
  })
})

describe('what is masked for a role', () => {
  it('is shown masked in an entry, is no column to filter by, and the API refuses a search by it', async () => {
    const page = await lookedAt('viewer', `/events/${ids[1]}`)
    const address = page.locator('.facts div', { hasText: 'Address' }).locator('dd')
    await address.waitFor()
    expect(await address.textContent()).not.toContain('203.0.113')
    await page.goto(`${world.url}/events?q=${encodeURIComponent('source.ip: 203.0.113.45')}`)
    await page.getByText('source.ip is masked for your role').first().waitFor()
    expect(
      await page.evaluate("fetch('/v1/search?q=source.ip:203.0.113.45').then((answer) => answer.status)"),
    ).toBe(403)
    expect(await page.content()).not.toContain('203.0.113.45</')
  })

  it('is not masked for another role', async () => {
    const page = await lookedAt('manager', `/events/${ids[1]}`)
    await page.locator('.facts dd', { hasText: '203.0.113.45' }).waitFor()
  })
})

describe('the retention table', () => {
  it('is edited by a manager, who first sees what would change; a mistake names its place', async () => {
    const page = await lookedAt('manager', '/settings/storage')
    await page.getByRole('button', { name: 'Edit the table' }).click()
    const view = page.getByLabel('view: Searchable for')
    await view.fill('soon')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('alert').filter({ hasText: 'view.searchable' }).waitFor()
    await view.fill('60d')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByText('No event would be removed now.').waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('This table was changed here by').waitFor()
    await page.getByText('60 days').waitFor()
  })

  it('is only shown to others', async () => {
    const page = await lookedAt('auditor', '/settings/storage')
    await page.getByText('expected size of a category').waitFor()
    expect(await page.getByRole('button', { name: 'Edit the table' }).count()).toBe(0)
  })
})

describe('a legal hold', () => {
  it('is made and ended by a manager', async () => {
    const page = await lookedAt('manager', '/settings/archives')
    await page.getByLabel('Case').fill('2026-17')
    await page.getByLabel('Query').fill('user.name: bob')
    await page.getByRole('button', { name: 'Hold' }).click()
    await page.getByText('active').waitFor()
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
    await page.getByText('ended').first().waitFor()
  })
})

describe('the proof of an event', () => {
  it('is its chain of custody, and the browser checks hash and signature by itself', async () => {
    const page = await lookedAt('auditor', `/events/${ids[1]}`)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByText('This browser has checked hash and signature.').waitFor()
    await page.getByText('of the transparency log').waitFor()
  })

  it('is refused to who sees masked fields, in a sentence', async () => {
    const page = await lookedAt('viewer', `/events/${ids[1]}`)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByText('some fields are masked for you').waitFor()
  })
})

describe('dead letters', () => {
  it('are read, replayed and discarded, and only by who may', async () => {
    const { agent } = world
    const twice = agent.event({ message: 'the first of its id' })
    const other = { ...twice, message: 'another with the same id' }
    await agent.send(world.url, agent.seal([twice, other]))

    const viewers = await lookedAt('viewer', '/settings/dead-letters')
    await viewers.getByText('Your access is limited').waitFor()
    await browser.end()

    const page = await lookedAt('manager', '/settings/dead-letters')
    const row = page.getByRole('row', { name: /collision/ })
    await row.getByRole('button', { name: 'Read' }).click()
    const letter = page.getByRole('dialog', { name: 'Dead letter' })
    await letter.getByText('another with the same id').waitFor()
    await page.keyboard.press('Escape')
    await row.getByRole('button', { name: 'Replay' }).click()
    await page.getByText('The store refused it again').waitFor()
    await row.getByRole('button', { name: 'Discard' }).click()
    await page
      .getByRole('dialog', { name: 'Discard this dead letter?' })
      .getByRole('button', { name: 'Discard' })
      .click()
    await page.getByText('No dead letters.').waitFor()
    const told = async (): Promise<string[]> => {
      const events = await world.strict.trail('user.name: manager-1 and event.action: dead-letter*')
      return [...new Set(events.map(({ event }) => (event as { action: string }).action))].toSorted()
    }
    await expect.poll(told).toEqual(['dead-letter-discard', 'dead-letter-replay', 'dead-letter-view'])
  })
})

describe('a token', () => {
  it('is shown once, asks with the rights that it was given, and none when it is revoked', async () => {
    const page = await lookedAt('manager', '/settings/tokens')
    const form = page.getByRole('form', { name: 'New token' })
    await form.getByLabel('Name').fill('nightly report')
    await form.getByRole('button', { name: 'Make token' }).click()
    const shown = page.getByRole('dialog', { name: 'Token' })
    const token = (await shown.locator('code').textContent()) ?? ''
    await shown.getByRole('button', { name: 'Done' }).click()
    const asked = async (path: string): Promise<number> =>
      (await fetch(world.url + path, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await asked('/v1/search?limit=1')).toBe(200)
    expect(await asked('/v1/export?format=csv')).toBe(403)
    const row = page.getByRole('row', { name: /nightly report/ })
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No tokens yet.').waitFor()
    expect(await asked('/v1/search?limit=1')).toBe(401)
    expect(await page.content()).not.toContain(token)
  })
})

describe('event types', () => {
  it('are switched off and on again by who may, each switch on the record', async () => {
    const page = await lookedAt('manager', '/settings/event-types')
    await page.getByLabel('Find an event type').fill('erp.record.updated')
    const type = page.getByRole('checkbox').first()
    await type.waitFor()
    expect(await type.isChecked()).toBe(true)
    await type.click()
    await expect.poll(() => type.isChecked()).toBe(false)
    await page.getByText('erp.record.updated').nth(1).waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No rules yet').waitFor()
    await expect.poll(() => type.isChecked()).toBe(true)
    const told = await world.strict.trail('user.name: manager-1 and audit.entity.type: event_type')
    expect(told.length).toBeGreaterThanOrEqual(2)
  })

  it('of views are switched for each entity of the system, by the keyboard, also for one not seen yet', async () => {
    const viewed = (type: string) => ({
      ago: 20,
      user: { name: 'anna' },
      audit: { category: 'view', entity: { type, id: '1' } },
      event: { action: 'View', module: 'erp', code: 'erp.record.viewed' },
    })
    await world.happened([viewed('Customer'), viewed('Product')])
    const page = await lookedAt('manager', '/settings/event-types')
    const group = page.locator('details', { hasText: 'ERP audit log' })
    await group.locator('summary').press('Enter')
    const views = page.getByRole('region', { name: 'Record viewed, by entity' })
    const product = views.getByRole('checkbox', { name: 'Product' })
    await expect.poll(() => product.isChecked()).toBe(true)
    await product.focus()
    await page.keyboard.press('Space')
    await expect.poll(() => product.isChecked()).toBe(false)
    await views.getByText('views are not recorded').waitFor()
    await views.getByLabel('Another entity').fill('Report')
    await page.keyboard.press('Enter')
    const report = views.getByRole('checkbox', { name: 'Report' })
    await report.waitFor()
    expect(await report.isChecked()).toBe(false)
    expect(await views.getByRole('checkbox', { name: 'Customer' }).isChecked()).toBe(true)
    expect(await findings(page)).toEqual([])
    const { json } = await world.strict.indexer.ask('/v1/settings/events', {
      headers: await world.strict.operator(),
    })
    expect(json.events).toEqual([
      { event: 'erp.record.viewed', entity: 'Product', record: 'off' },
      { event: 'erp.record.viewed', entity: 'Report', record: 'off' },
    ])
    await product.click()
    await expect.poll(() => product.isChecked()).toBe(true)
  })

  it('can be looked at, and not switched, by a viewer: nor by the API', async () => {
    const page = await lookedAt('viewer', '/settings/event-types')
    await page.getByLabel('Find an event type').fill('erp.record.updated')
    expect(await page.getByRole('checkbox').first().isDisabled()).toBe(true)
    const csrf = "fetch('/v1/session').then((answer) => answer.json()).then(({ csrf }) => csrf)"
    const put = `${csrf}.then((csrf) => fetch('/v1/settings/events', { method: 'PUT', body: '{"events":[]}',
      headers: { 'content-type': 'application/json', 'x-waybill-csrf': csrf, 'if-match': '"x"' } })).then((answer) => answer.status)`
    expect(await page.evaluate(put)).toBe(403)
  })
})

describe('storage', () => {
  it('shows how long events of each category are kept, and what they take', async () => {
    const page = await lookedAt('viewer', '/settings/storage')
    const security = page.getByRole('row', { name: /^security/ })
    await security.waitFor()
    expect(await security.textContent()).toMatch(/^security2 years7 yearsActive1 hot/)
    await page.getByText('Free on the disk').waitFor()
    await page.getByText('0 % of 1.0 GB').waitFor()
  })

  it('leads to the settings of the archive, and these back', async () => {
    const page = await lookedAt('manager', '/settings/storage')
    await page.getByRole('link', { name: 'Archive settings' }).click()
    const settings = page.locator('.panel', { hasText: 'Encryption' })
    await settings.waitFor()
    const said = (await settings.textContent()) ?? ''
    for (const part of ['AES-256, key 2026', 'compressed', 'leave the store', archive])
      expect(said).toContain(part)
    expect(await findings(page)).toEqual([])
    await settings.getByRole('link', { name: 'Retention, by category' }).click()
    await page.getByText('Free on the disk').waitFor()
  })
})
