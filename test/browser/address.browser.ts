import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
let ids: string[]
beforeAll(async () => {
  world = await World.start()
  ids = await world.happened(STORY)
})
afterAll(() => world.end())
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
})

async function lookedAt(path: string, look = {}): Promise<Page> {
  browser = await Chromium.start(look)
  return world.signedIn(browser, 'admin', path)
}

describe('an address that says nothing', () => {
  it('is answered with what is wrong and how to go on, on each screen and for each part of it', async () => {
    const page = await lookedAt('/?range=garbage')
    for (const [path, said] of [
      ['/?range=garbage', 'range=garbage is not a time'],
      ['/security?range=now-7x', 'range=now-7x is not a time'],
      ['/people?user=anna&with-range=x', 'with-range=x is not a time'],
      ['/auditor?page=2', 'page=2 is unknown to this screen'],
      ['/reports/make/user-access?from=31.12.2026', 'from=31.12.2026 is not a date'],
      ['/reports/make/user-access?formats=pdf,doc', 'does not name formats'],
      ['/reports/coverage?period=2026-Q5', 'period=2026-Q5 is not a period'],
      ['/reports/jobs?state=lost', 'state=lost must be one of waiting'],
      ['/events?columns=usr.name', 'There is no field usr.name'],
      ['/events?sort=message', 'The values of message can not be counted'],
      ['/events?f=user.name%3A%5B%22bo', 'It may have been cut off'],
    ] as const) {
      await page.goto(world.url + path)
      const alert = page.getByRole('alert').filter({ hasText: 'This address is not valid' })
      await alert.getByText(said).waitFor()
      await alert.getByRole('link', { name: 'Show the screen without the invalid part' }).click()
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' })
      await alert.waitFor({ state: 'hidden' })
    }
    await page.goto(`${world.url}/events?event=nothing-here`)
    await page.getByText('There is no event nothing-here.').waitFor()
    await page.goto(`${world.url}/events?q=user%3A%20%28`)
    await page.getByText('This query is not valid.').waitFor()
  })

  it('keeps what is right in it, and any length back from now is right', async () => {
    const page = await lookedAt('/events?q=backup&range=garbage')
    await page.getByRole('link', { name: 'Show the screen without the invalid part' }).click()
    await page.getByRole('row', { name: /Nightly backup/ }).waitFor()
    expect(page.url()).toBe(`${world.url}/events?q=backup`)
    await page.goto(`${world.url}/events?q=backup&range=now-3h`)
    await page.getByRole('button', { name: 'Time: Last 3 hours' }).waitFor()
    await page.getByRole('row', { name: /Nightly backup/ }).waitFor()
  })
})

describe('tabs of one browser', () => {
  it('are signed out together, and in together', async () => {
    const page = await lookedAt('/events')
    const other = await browser.page()
    await other.goto(`${world.url}/security`)
    await other.getByText('Failed sign-in 3').first().waitFor()
    const signOut = async (): Promise<void> => {
      await page.getByRole('button', { name: /preferences and sign-out/ }).click()
      await page.getByRole('button', { name: 'Sign out' }).click()
    }
    await signOut()
    await other.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await other.locator('body').textContent()).not.toContain('Failed sign-in 3')
    await page.getByLabel('Name').fill('admin-1')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await other.getByText('Failed sign-in 3').first().waitFor()
  })

  it('are those of the user who signed in last, and show nothing of the one before', async () => {
    const page = await lookedAt('/settings/users')
    await world.strict.person('vera', 'viewer')
    await page.getByRole('row', { name: /admin-1/ }).waitFor()
    const other = await browser.page()
    await other.goto(world.url)
    await other.getByRole('navigation', { name: 'Screens' }).waitFor()
    // Signed out there only, as by the end of the session; then somebody else comes.
    const signIn = `fetch('/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'vera', password: ${JSON.stringify(PASSWORD)}, for: 'browser' }) }).then((a) => a.status)`
    await browser.context.clearCookies()
    expect(await other.evaluate(signIn)).toBe(200)
    await other.evaluate("new BroadcastChannel('waybill.session').postMessage('signed-in')")
    await page.getByRole('button', { name: /^vera viewer/ }).waitFor()
    await page.getByRole('row', { name: /admin-1/ }).waitFor({ state: 'hidden' })
  })
})

describe('times', () => {
  it('name their zone, and any zone can be chosen by a part of its name', async () => {
    const page = await lookedAt('/events?q=backup')
    const head = page.getByRole('columnheader', { name: /Time/ })
    await head.getByText('Europe/Berlin').waitFor()
    const cell = page.locator('.grid-body tr time').first()
    const at = Date.parse((await cell.getAttribute('datetime')) ?? '')
    const inZone = (zone: string): string =>
      new Date(at).toLocaleTimeString('en-GB', { timeZone: zone, hourCycle: 'h23' })
    expect(await cell.textContent()).toContain(inZone('Europe/Berlin'))
    await page.getByRole('button', { name: /preferences and sign-out/ }).click()
    await page.getByLabel('Another time zone').fill('kath')
    await page.getByRole('button', { name: 'Asia/Kathmandu' }).click()
    await head.getByText('Asia/Kathmandu').waitFor()
    await expect.poll(() => cell.textContent()).toContain(inZone('Asia/Kathmandu'))
    await page.getByLabel('Another time zone').fill('atlantis')
    await page.getByText('No time zone matches.').waitFor()
    await page.reload()
    await head.getByText('Asia/Kathmandu').waitFor()
    await page.goto(`${world.url}/events/${ids[0]}`)
    await page.getByText('GMT+5:45').first().waitFor()
  })

  it.each([
    ['en-US', /^\d\d\/\d\d\/\d{4}, \d{1,2}:\d\d [AP]M$/, '01/31/2020, 2:30 PM', 'Jan 31, 2020, 02:30 PM'],
    ['de-DE', /^\d\d\.\d\d\.\d{4}, \d\d:\d\d$/, '31.01.2020, 14:30', '31 Jan 2020, 14:30'],
    ['sv-SE', /^\d{4}-\d\d-\d\d, \d\d:\d\d$/, '2020-01-31, 14:30', 'Jan 31, 2020, 14:30'],
  ])('are picked and shown as a reader of %s writes them', async (locale, form, typed, shown) => {
    const page = await lookedAt('/events', { locale })
    await page.getByRole('button', { name: /^Time:/ }).click()
    const from = page.getByRole('textbox', { name: 'From' })
    expect(await from.inputValue()).toMatch(form)
    await page.getByRole('button', { name: 'From: choose a day' }).click()
    await page.keyboard.press('Escape')
    if (!(await from.isVisible())) await page.getByRole('button', { name: /^Time:/ }).click()
    await from.fill('whenever')
    await page.getByText(/^Write a time such as/).waitFor()
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true)
    await from.fill(typed)
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('button', { name: `Time: ${shown}` }).waitFor()
    expect(page.url()).toContain(`range=${Date.UTC(2020, 0, 31, 13, 30)}..`)
  })
})
