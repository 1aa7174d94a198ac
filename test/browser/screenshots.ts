import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { Chromium, type Look } from './chromium.ts'

/** `npm run screenshots`: starts the demo, signs in with a browser, and writes docs/images/. */
const ROOT = join(import.meta.dirname, '../..')
const IMAGES = join(ROOT, 'docs/images')
const PASSWORD = 'correct horse battery staple'
const STARTED_WITHIN = 60_000

const SHOTS: readonly { name: string; path: string; look: Look; ready: (page: Page) => Promise<unknown> }[] =
  [
    {
      name: 'overview',
      path: '/',
      look: { theme: 'light' },
      ready: (page) => page.getByText('5,000').first().waitFor(),
    },
    {
      name: 'events',
      path: `/events?q=${encodeURIComponent('ip: 203.0.113.45')}&range=all`,
      look: { theme: 'dark' },
      ready: (page) => page.getByRole('row', { name: /Exported 5,000 customers/ }).waitFor(),
    },
    {
      name: 'entry',
      path: `/events?q=${encodeURIComponent('action: update and entity: Customer and source: erp')}`,
      look: { theme: 'light' },
      async ready(page) {
        await page.locator('.grid-body tr').first().click()
        await page.getByRole('button', { name: 'View difference' }).waitFor()
      },
    },
    {
      name: 'people',
      path: '/people?user=Bob+Morrison',
      look: { theme: 'light' },
      ready: (page) => page.getByText('Exported 5,000 customers').waitFor(),
    },
    {
      name: 'phone',
      path: `/events?q=${encodeURIComponent('category: security')}`,
      look: { theme: 'light', width: 390, height: 844 },
      ready: (page) => page.locator('.grid-body tr').first().waitFor(),
    },
  ]

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port')
  return address.port
}

async function firstPassword(folder: string): Promise<string> {
  const deadline = performance.now() + STARTED_WITHIN
  while (performance.now() < deadline) {
    const text = await readFile(join(folder, 'data/store/first-sign-in'), 'utf8').catch(() => '')
    const password = /^password: (.*)$/m.exec(text)?.[1]
    if (password !== undefined) return password
    await pause(200)
  }
  throw new Error(`The demo did not start within ${STARTED_WITHIN / 1000} s.`)
}

async function signIn(page: Page, url: string, password: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function shoot(url: string, first: string): Promise<void> {
  let password = first
  for (const { name, path, look, ready } of SHOTS) {
    const browser = await Chromium.start({ height: 860, ...look })
    try {
      const page = await browser.page()
      page.setDefaultTimeout(60_000)
      await signIn(page, url, password)
      if (password === first) {
        await page.getByLabel('New password').fill(PASSWORD)
        await page.getByLabel('The same again').fill(PASSWORD)
        await page.getByRole('button', { name: 'Set the password' }).click()
        password = PASSWORD
      }
      await page.getByRole('navigation', { name: 'Screens' }).waitFor()
      await page.goto(url + path)
      await ready(page)
      await page.waitForLoadState('networkidle')
      await page.screenshot({ path: join(IMAGES, `${name}.png`) })
      console.log(`docs/images/${name}.png`)
    } finally {
      await browser.end()
    }
  }
}

const folder = await mkdtemp(join(tmpdir(), 'waybill-screenshots-'))
const port = await freePort()
const demo = spawn(process.execPath, [join(ROOT, 'demo/start.ts'), '--port', String(port)], {
  cwd: folder,
  stdio: 'ignore',
})
const ended = new Promise((resolve) => demo.once('exit', resolve))
try {
  await mkdir(IMAGES, { recursive: true })
  await shoot(`http://127.0.0.1:${port}`, await firstPassword(folder))
} finally {
  demo.kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true, force: true })
}
