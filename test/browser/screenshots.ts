/**
 * Makes the pictures of the docs, from the demo's scenario at one moment: `npm run screenshots`.
 *
 * The same console on the same data makes the same pictures, but for what the fonts of a machine make of it.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { Chromium } from './chromium.ts'
import { DemoAt } from './demo.ts'

const PICTURES = join(import.meta.dirname, '../../docs/pictures')
/** A working day, after the night in which somebody was there. */
const MOMENT = Date.UTC(2026, 10, 18, 14, 30)
const NIGHT = 'source.ip: 203.0.113.45'

interface Picture {
  readonly name: string
  readonly path: string
  /** The content that must be there before the picture is taken. */
  readonly shows: string
  readonly prepare?: (page: Page) => Promise<void>
}

const firstChange = async (page: Page): Promise<void> => {
  await page.locator('.grid-body tr').first().click()
  await page.getByRole('heading', { name: 'Changes' }).waitFor()
}

const PICTURES_WANTED: readonly Picture[] = [
  { name: 'overview', path: '/', shows: 'Failed sign-ins, by address' },
  { name: 'events', path: `/events?q=${encodeURIComponent(NIGHT)}&sort=oldest`, shows: 'End of the list' },
  {
    name: 'entry',
    path: `/events?q=${encodeURIComponent('audit.changes: { field: "Credit Limit" } or audit.change.fields: credit_limit')}`,
    shows: 'events',
    prepare: firstChange,
  },
  {
    name: 'security',
    path: '/security',
    shows: 'Places, estimated',
    prepare: async (page) => {
      await page.getByRole('slider', { name: 'Where the events came from' }).scrollIntoViewIfNeeded()
    },
  },
  { name: 'people', path: '/people?user=John+Smith', shows: 'Hours of the day' },
  { name: 'system', path: '/system', shows: 'Components' },
  {
    name: 'report',
    path: '/reports/make/security-event?from=2026-11-14&to=2026-11-17&preview=yes',
    shows: 'Controls that it supports',
    prepare: async (page) => {
      await page.evaluate("document.querySelector('article.report').scrollIntoView(); scrollBy(0, -60)")
    },
  },
  {
    name: 'coverage',
    path: '/reports/coverage?framework=pci-dss',
    shows: 'Reports that support it',
    prepare: async (page) => {
      const coverage = page.url()
      for (const report of ['user-access', 'review-evidence', 'security-event']) {
        await page.goto(new URL(`/reports/make/${report}?from=2026-11-14&to=2026-11-17`, coverage).href)
        await page.getByRole('button', { name: 'Generate report' }).click()
        await page.getByText('Ready', { exact: true }).waitFor()
      }
      await page.goto(coverage)
      await page.getByText('Last made').first().waitFor()
    },
  },
  { name: 'storage', path: '/settings/storage', shows: 'Retention, by category' },
]

/** Nothing on the screen waits for an answer any more. */
async function complete(page: Page): Promise<void> {
  for (const waiting of [
    page.locator('.loading'),
    page.locator('.working'),
    page.locator('.figure-count', { hasText: '…' }),
  ])
    await waiting.first().waitFor({ state: 'hidden' })
  await page.waitForLoadState('networkidle')
}

await mkdir(PICTURES, { recursive: true })
const demo = await DemoAt.start(MOMENT)
try {
  for (const theme of ['light', 'dark'] as const) {
    const browser = await Chromium.start({ theme, width: 1200, height: 760 })
    try {
      await demo.signIn(browser)
      const page = await browser.page({ now: MOMENT })
      for (const { name, path, shows, prepare } of PICTURES_WANTED) {
        await page.goto(demo.url + path)
        await page.getByText(shows).first().waitFor()
        await complete(page)
        await prepare?.(page)
        await complete(page)
        await page.screenshot({ path: join(PICTURES, `${name}-${theme}.png`), animations: 'disabled' })
      }
    } finally {
      await browser.end()
    }
  }
} finally {
  await demo.end()
}
