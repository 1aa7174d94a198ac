import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let ids: string[]
const MINUTE = 60_000
const DAY = 1440 * MINUTE
/** Minutes since noon two days ago: the events before it are of one day in each zone, whenever this runs. */
const SINCE_NOON = Math.floor((Date.now() - (Math.floor(Date.now() / DAY) * DAY - 1.5 * DAY)) / MINUTE)

beforeAll(async () => {
  world = await World.start()
  ids = await world.happened(STORY)
  await world.happened(
    Array.from({ length: 25 }, (_, i) => ({
      ago: SINCE_NOON + i,
      user: { name: 'robot' },
      message: 'printed',
      audit: { category: 'activity' },
      event: { action: 'Print' },
    })),
  )
})
afterAll(() => world.end())
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

async function lookedAt(role: Parameters<World['signedIn']>[1], path: string) {
  browser = await world.browser()
  return world.signedIn(browser, role, path)
}

const asked = async (path: string, options: { method?: 'PUT'; json?: unknown } = {}) =>
  world.strict.indexer.ask(path, { headers: await world.strict.operator(), ...options })

describe('an alert', () => {
  it('is made from a search, its form writes the YAML, and the trail has who made it', async () => {
    const page = await lookedAt('manager', `/events?q=${encodeURIComponent('action: Export')}`)
    await page.getByRole('link', { name: 'Create alert' }).click()
    await page.getByText('The rule would have fired 1 time').waitFor()
    expect(await page.getByLabel('Event type').inputValue()).toBe('Export')
    await page.getByLabel('Name', { exact: true }).fill('Our exports: all')
    await page.getByLabel('Email').fill('soc@acme.example, bob@acme.example')
    await page.getByLabel('Slack').fill('#security-alerts')
    await page.getByText('until indexer.yml has a channel').waitFor()
    await page.getByLabel('Priority').selectOption('high')
    await page.getByRole('button', { name: '+ Add condition' }).click()
    await page.getByLabel('Field of condition 2').fill('audit.record_count')
    await page.getByLabel('Comparison of condition 2').selectOption('gt')
    await page.getByLabel('Value of condition 2').fill('5000')
    await page.getByText('The rule would have fired 0 times').waitFor()
    await page.getByLabel('Value of condition 2').fill('1000')
    await page.getByText('The rule would have fired 1 time').waitFor()
    await page.getByRole('button', { name: 'Save alert' }).click()
    await page.getByRole('heading', { name: 'Our exports: all' }).waitFor()
    const { json } = await asked('/v1/rules/our-exports-all')
    expect(json.text).toBe(`name: "Our exports: all"
about: Each event of a search.
query: "event.action: Export and audit.record_count > 1000"
condition: event
priority: high
channels: [in-app, soc@acme.example, bob@acme.example, "#security-alerts"]
message: "{user.name}: {event.action}"
throttle: 1h
response: Find out who did it, and why.
`)
    const [told] = await world.strict.trail('audit.entity.id: "our-exports-all"')
    expect(told).toMatchObject({ event: { action: 'rule-create' }, user: { name: 'manager-1' } })
  })

  it('keeps its comments when its form is used, and its earlier text, which can be used again', async () => {
    const text = `# Ours.\nname: Prints # of the robot
about: Each print.
query: "action: Print"
condition: event
priority: low # nobody wakes up
channels: [in-app]
message: "{user.name} printed"
throttle: 1s
response: Nothing.
`
    await asked('/v1/rules/prints', { method: 'PUT', json: { text } })
    const page = await lookedAt('manager', '/rules/prints')
    await page.getByText('More than 20 alerts on 1 day').waitFor()
    await page.getByLabel('Priority').selectOption('medium')
    await page.getByLabel('Time window').selectOption({ label: 'Number of events within a time' })
    await page.getByLabel('At least').fill('20')
    await page.getByText('The rule would have fired 0 times').waitFor()
    await page.getByLabel('Within', { exact: true }).fill('1h')
    await page.getByText('The rule would have fired 6 times').waitFor()
    await page.getByRole('button', { name: 'Save alert' }).click()
    await page.getByRole('button', { name: 'Show the text' }).click()
    const changed = await asked('/v1/rules/prints')
    expect(changed.json.text).toBe(
      text
        .replace('low #', 'medium #')
        .replace('condition: event', 'condition: { count: { at-least: 20, within: 1h } }'),
    )
    await page.getByRole('button', { name: 'Use this text' }).click()
    expect(await page.getByLabel('YAML of the rule').inputValue()).toBe(text)
    await page.getByRole('link', { name: 'In the audit trail' }).click()
    await page.getByText('The alert rule prints (Prints) was changed.').waitFor()
  })

  it('with a mistake shows its line, can not be saved, and the form waits', async () => {
    const page = await lookedAt('manager', '/rules/mass-export')
    const yaml = page.getByLabel('YAML of the rule')
    const text = await yaml.inputValue()
    await yaml.fill(text.replace('priority: high', 'priority: huge'))
    await page.getByText('allowed: low, medium, high, critical').waitFor()
    expect(await page.getByRole('button', { name: 'Save alert' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Line 5' }).click()
    expect(await page.evaluate('getSelection().toString()')).toBe('priority: huge')
    await yaml.fill('name: [')
    await page.getByText('The form can’t show this text.').waitFor()
  })

  it('that somebody else changes keeps what was typed, and offers the new version', async () => {
    const page = await lookedAt('manager', '/rules/users-deleted')
    await page.getByLabel('Name', { exact: true }).fill('Mine')
    const { text, version } = (await asked('/v1/rules/users-deleted')).json
    const other = String(text).replace('name: ', 'name: Other ')
    await asked('/v1/rules/users-deleted', { method: 'PUT', json: { text: other, version } })
    await page.getByText('Valid').waitFor()
    await page.getByRole('button', { name: 'Save alert' }).click()
    await page.getByText('Somebody changed the rule users-deleted in the meantime').waitFor()
    const name = page.getByLabel('Name', { exact: true })
    expect(await name.inputValue()).toBe('Mine')
    await page.getByRole('button', { name: 'Show the new version' }).click()
    await expect.poll(() => name.inputValue()).toMatch(/^Other /)
  })
})

describe('a test on an event', () => {
  it('says which condition the event does not meet, and what it has there', async () => {
    const page = await lookedAt('viewer', '/rules/mass-export')
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await page.getByText('The rule fires with this event.').waitFor()
    await page.getByLabel('Event', { exact: true }).fill(ids[4] ?? '')
    await page.getByText('the event has Update').waitFor()
  })
})

it('rules are switched by who may, and looked at by a viewer', async () => {
  const page = await lookedAt('manager', '/rules')
  await page.getByLabel('Find a rule').fill('data export')
  const box = page.getByRole('checkbox', { name: 'Run Mass data export' })
  await box.click()
  await expect.poll(() => box.isChecked()).toBe(false)
  expect((await asked('/v1/rules/mass-export')).json).toMatchObject({
    rule: { enabled: false, origin: 'file' },
  })
  await browser.end()
  const viewer = await lookedAt('viewer', '/rules')
  expect(await viewer.getByRole('checkbox', { name: 'Run Mass data export' }).isDisabled()).toBe(true)
  expect(await viewer.getByRole('link', { name: 'New rule' }).count()).toBe(0)
  await viewer.goto(`${world.url}/rules/mass-export`)
  await viewer.getByText('would have fired').waitFor()
  expect(await viewer.getByRole('button', { name: 'Save alert' }).count()).toBe(0)
})
