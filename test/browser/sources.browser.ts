import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chromium } from './chromium.ts'
import { DemoAt } from './demo.ts'

/** What docs/console-and-sources.md says is where in the console, tried with the records of all five systems. */
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/console-and-sources.md'), 'utf8')

/** The scenario is the same each time. */
const MOMENT = Date.UTC(2026, 10, 18, 14, 30)

interface Row {
  /** What it is called in the source. */
  readonly there: string
  readonly path: string
  /** Whether an event of the list is opened first. */
  readonly opens: boolean
  /** Names on the screen; each but the last of a chain is clicked. */
  readonly chains: readonly (readonly string[])[]
}

const NAME = String.raw`\*\*[^*]+\*\*`
const CHAIN = new RegExp(`${NAME}(?: › ${NAME})*`, 'g')

function rowOf(line: string): Row | null {
  const [, there = '', here = '', address = ''] =
    line.split(' | ').length < 3 ? [] : (/^\| (.*?) \| (.*) \| (.*?) \|$/.exec(line) ?? [])
  const path = /^`(\/[^`]*)`/.exec(address)?.[1]
  if (path === undefined) return null
  return {
    there,
    path,
    opens: address.endsWith(', open an event'),
    chains: (here.match(CHAIN) ?? []).map((chain) => chain.split(' › ').map((name) => name.slice(2, -2))),
  }
}

const sections = DOCUMENT.split(/^## /m)
  .slice(1)
  .map((text) => ({
    system: text.slice(0, text.indexOf('\n')),
    lines: text.split('\n').filter((line) => /^\| (?!in |---)/.test(line)),
  }))

let demo: DemoAt
let browser: Chromium
let page: Page
let archive: string
beforeAll(async () => {
  archive = await mkdtemp(join(tmpdir(), 'waybill-archive-'))
  demo = await DemoAt.start(MOMENT, {
    archive: { folder: archive, keys: [{ id: '2026', key: 'ab'.repeat(32) }] },
  })
  browser = await Chromium.start()
  await demo.signIn(browser)
  page = await browser.page({ now: MOMENT })
  page.setDefaultTimeout(20_000)
})
afterAll(async () => {
  await browser.end()
  await demo.end()
  await rm(archive, { recursive: true, force: true })
})

/** What has this name as a whole: a button or a link before a text that contains it. */
async function named(scope: Locator, name: string): Promise<Locator> {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const word = new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped}(?![\p{Ll}\p{N}])`, 'u')
  const whole = scope
    .getByRole('button', { name, exact: true })
    .or(scope.getByRole('link', { name, exact: true }))
    .or(scope.getByText(name, { exact: true }))
  const part = scope.getByText(word).or(scope.getByLabel(word)).or(scope.getByPlaceholder(word))
  await whole.or(part).filter({ visible: true }).first().waitFor()
  const exact = whole.filter({ visible: true })
  return (await exact.count()) > 0 ? exact.first() : part.filter({ visible: true }).first()
}

/** What is wrong with a row; null if everything is where it says. */
async function wrongWith({ path, opens, chains }: Row): Promise<string | null> {
  await page.goto(demo.url + path)
  const title = page.locator('main h1').first()
  await title.waitFor({ state: 'attached' })
  const isRefused = /not valid|does not exist/.test((await title.textContent()) ?? '')
  if (isRefused) return 'the address is refused'
  const scope = page.locator(opens ? '.drawer, dialog, [role="dialog"]' : 'main, dialog, [role="dialog"]')
  try {
    if (path.startsWith('/events')) {
      const event = page.locator('.grid-body tr:not(.waiting)').first()
      await event.waitFor()
      if (opens) await event.click()
    }
    for (const chain of chains)
      for (const [at, name] of chain.entries()) {
        const found = await named(scope, name).catch(() => null)
        if (found === null) return `“${name}” is not there`
        if (at < chain.length - 1) await found.click()
      }
    return null
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

it('covers the five systems', () => {
  expect(sections.map(({ system }) => system)).toEqual(['ERP', 'Clockify', 'ConnexCS', 'Creatio', 'Strapi'])
})

describe.each(sections)('$system', ({ lines }) => {
  it('names an address in each row, and what is bold is there', async () => {
    const wrong: string[] = []
    expect(lines.length).toBeGreaterThan(9)
    for (const line of lines) {
      const row = rowOf(line)
      const problem = row === null ? 'the row has no address' : await wrongWith(row)
      if (problem !== null) wrong.push(`${row?.there ?? line} (${row?.path}): ${problem}`)
    }
    expect(wrong).toEqual([])
    expect(browser.complaints).toEqual([])
  }, 600_000)
})
