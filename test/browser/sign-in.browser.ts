import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import { CLIENT, TestProvider } from '../../indexer/api/testing/provider.ts'
import type { Chromium } from './chromium.ts'
import { STORY, World } from './world.ts'

let world: World
let browser: Chromium
beforeAll(async () => {
  world = await World.start()
  await world.happened(STORY)
  browser = await world.browser()
})
afterAll(async () => {
  await browser.end()
  await world.end()
})

describe('signing in', () => {
  it('asks the first admin for a password of their own, and then shows the overview', async () => {
    const page = await browser.page()
    await page.goto(world.url)
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill(await world.strict.firstPassword())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByLabel('Repeat the password').fill(`${PASSWORD}!`)
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('The two passwords differ.').waitFor()
    await page.getByLabel('Repeat the password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.getByRole('button', { name: /preferences and sign-out/ }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await browser.context.cookies()).toEqual([])
    await page.close()
  })

  it('tells who guesses no more than that it was wrong', async () => {
    const page = await browser.page()
    await page.goto(world.url)
    const sentences: (string | null)[] = []
    for (const name of ['admin', 'nobody']) {
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill('not the password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
      await page.getByRole('button', { name: 'Sign in' }).isEnabled()
      sentences.push(await page.getByRole('alert').textContent())
    }
    expect(sentences[0]).toBe(sentences[1])
    await page.close()
  })

  it('keeps the secret of the session from scripts, and takes no session that somebody planted', async () => {
    const planted = { name: 'waybill', value: 'planted', url: world.url }
    await browser.context.addCookies([planted])
    const page = await world.signedIn(browser, 'viewer')
    const cookie = (await browser.context.cookies()).find(({ name }) => name === 'waybill')
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expect(cookie?.value).not.toBe('planted')
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.close()
    await browser.context.clearCookies()
  })

  it('asks again over the screen when the session has ended, and goes on where it was', async () => {
    const page = await world.signedIn(browser, 'viewer', '/events?q=Exported')
    await page.getByRole('row', { name: /Exported 5,000 customers/ }).waitFor()
    world.strict.pass(13 * 3_600_000)
    await page.getByRole('button', { name: 'Refresh' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.waitFor()
    expect(page.url()).toContain('q=Exported')
    await dialog.getByLabel('Password').fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('row', { name: /Exported 5,000 customers/ }).waitFor()
    await page.close()
    await browser.context.clearCookies()
  })
})

describe('roles', () => {
  it('a viewer is shown neither exports nor users, and is refused them by the API', async () => {
    const page = await world.signedIn(browser, 'viewer', '/events')
    await page.getByRole('row', { name: /Nightly backup/ }).waitFor()
    expect(await page.getByRole('button', { name: 'Export results' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('navigation', { name: 'Settings' }).waitFor()
    expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0)
    expect(await page.evaluate("fetch('/v1/users').then((answer) => answer.status)")).toBe(403)
    const streamed =
      "fetch('/v1/search', { headers: { accept: 'application/x-ndjson' } }).then((a) => a.status)"
    expect(await page.evaluate(streamed)).toBe(403)
    await page.close()
    await browser.context.clearCookies()
  })

  it('an auditor exports what was found, as whole events', async () => {
    const page = await world.signedIn(browser, 'auditor', '/events?q=Exported')
    await page.getByRole('button', { name: 'Export results' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'NDJSON, whole events' }).click()
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).message)).toContain('Exported 5,000 customers')
    await page.close()
    await browser.context.clearCookies()
  })

  it('a change by cookie without the word that only our page knows is refused', async () => {
    const page = await world.signedIn(browser, 'admin')
    const post = (headers: string): string =>
      `fetch('/v1/users/admin-1/lock', { method: 'POST', body: '{}', headers: ${headers} }).then((a) => a.status)`
    expect(await page.evaluate(post("{ 'content-type': 'application/json' }"))).toBe(403)
    expect(
      await page.evaluate(post("{ 'content-type': 'application/json', 'x-waybill-csrf': 'guess' }")),
    ).toBe(403)
    await page.close()
    await browser.context.clearCookies()
  })

  it('an admin makes a user, whose password is shown once', async () => {
    const page = await world.signedIn(browser, 'admin', '/settings/users')
    const form = page.getByRole('form', { name: 'New user' })
    await form.getByLabel('Name', { exact: true }).fill('carla')
    await form.getByLabel('Role').selectOption('auditor')
    await form.getByRole('button', { name: 'Add the user' }).click()
    const dialog = page.getByRole('dialog', { name: 'Password for carla' })
    expect(await dialog.locator('code').textContent()).toMatch(/^[a-z0-9-]{20,}$/)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('row', { name: /carla.*one-time password/ }).waitFor()
    await page.close()
    await browser.context.clearCookies()
  })
})

describe('signing in at the organisation’s provider', () => {
  it('goes by the button to the provider and back to the page, tells who may not, and signs out there, too', async () => {
    // The provider has the clock of this machine.
    world.strict.pass(Date.now() - world.strict.now)
    const provider = await TestProvider.start(() => world.url)
    const { indexer } = world.strict
    const openid = {
      issuer: provider.issuer,
      'client-id': CLIENT.id,
      'client-secret': CLIENT.secret,
      'public-url': world.url,
      scopes: ['openid', 'profile', 'groups'],
      roles: [{ group: 'analysts', role: 'viewer' }],
      button: 'Sign in with Example',
    }
    const strict = { read: 'token', manage: 'token', listen: world.url }
    await indexer.running.reload(indexer.config({ ...strict, 'sign-in': { openid } }))
    try {
      const page = await browser.page()
      const account = { sub: 'lea', preferred_username: 'lea', name: 'Lea Example' }
      provider.account({ ...account, groups: ['canteen'] })
      await page.goto(`${world.url}/events?q=Exported`)
      await page.getByRole('link', { name: 'Sign in with Example' }).click()
      await page.getByText('You are in no group that may use Waybill').waitFor()
      provider.account({ ...account, groups: ['analysts'] })
      await page.goto(`${world.url}/events?q=Exported`)
      await page.getByRole('link', { name: 'Sign in with Example' }).click()
      await page.getByRole('row', { name: /Exported 5,000 customers/ }).waitFor()
      expect(page.url()).toBe(`${world.url}/events?q=Exported`)
      await page.getByRole('button', { name: /preferences and sign-out/ }).click()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL(`${provider.issuer}/session/end?**`)
      await page.getByRole('button', { name: /yes/i }).click()
      await page.getByRole('link', { name: 'Sign in with Example' }).waitFor()
      expect((await browser.context.cookies(world.url)).map(({ name }) => name)).toEqual([])
      await page.close()
    } finally {
      await indexer.running.reload(indexer.config(strict))
      await provider.close()
    }
  })
})
