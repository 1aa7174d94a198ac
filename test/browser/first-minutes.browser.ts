import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { PASSWORD } from '../../indexer/api/testing/people.ts'
import type { Chromium } from './chromium.ts'
import { World } from './world.ts'

let world: World
let browser: Chromium
let folder: string | null = null
afterEach(async () => {
  expect(browser.complaints).toEqual([])
  await browser.end()
  await world.end()
  if (folder !== null) await rm(folder, { recursive: true, force: true })
})

it('an empty store shows how to connect an agent; the lines work as they are, and the page leads to the first event', {
  timeout: 180_000,
}, async () => {
  world = await World.start()
  browser = await world.browser()
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await world.signedIn(browser, 'admin')
  await page.getByRole('heading', { name: 'Connect the first agent' }).waitFor()
  await page.getByText(/Waiting for the first event/).waitFor()
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByText(/^Valid until/).waitFor()
  const copied = async (name: string): Promise<string> => {
    await page.getByRole('button', { name: `Copy ${name}` }).click()
    await page.getByText('Copied.').first().waitFor()
    return String(await page.evaluate('navigator.clipboard.readText()'))
  }
  folder = await mkdtemp(join(tmpdir(), 'waybill-first-'))
  const file = join(folder, 'app.jsonl')
  await writeFile(
    file,
    `${JSON.stringify({ time: new Date().toISOString(), message: 'the very first event', user: 'bob' })}\n`,
  )
  const line = (await copied('command')).trim()
  const [, token = '', rest = ''] = /^WAYBILL_TOKEN=(\S+) waybill-agent (.*)$/.exec(line) ?? []
  // This machine's own files are not for a test: it names one.
  const own = ['--yes', '--root', folder, '--file', file, '--config', 'agent.yml', '--data', 'agent']
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../bin/waybill-agent.js'), ...rest.split(' '), ...own],
    { cwd: folder, env: { ...process.env, WAYBILL_TOKEN: token }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  const [code] = await once(child, 'close')
  expect([code, code === 0 ? '' : said]).toEqual([0, ''])
  await page.getByRole('link', { name: 'Show the first event' }).click()
  await page.getByRole('heading', { name: 'the very first event' }).waitFor()
})

it('the demo shows everything at once, and a banner leads to the form for a password', async () => {
  world = await World.start({ demo: true })
  browser = await world.browser()
  const page = await browser.page()
  await page.goto(world.url)
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(await world.strict.firstPassword())
  const first = await world.strict.firstPassword()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Screens' }).waitFor()
  await page.getByRole('link', { name: 'Choose your own password' }).click()
  await page.getByRole('heading', { name: 'Password' }).waitFor()
  const form = page.locator('form', { has: page.getByLabel('New password') })
  await form.getByLabel('Current password').fill(first)
  await form.getByLabel('New password').fill(PASSWORD)
  await form.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText(/Your password is changed/).waitFor()
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await page.getByRole('link', { name: 'Choose your own password' }).count()).toBe(0)
})
