import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFile } from '../../indexer/reports/writers/index.ts'
import { pagesOf } from '../../indexer/reports/writers/testing/documents.ts'
import { hostileDocument, hostileRow } from '../../indexer/reports/writers/testing/month.ts'
import { Chromium } from './chromium.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'waybill-report-'))
const path = join(folder, 'report.html')

beforeAll(async () => {
  const rows = pagesOf(Array.from({ length: 20 }, (_, index) => hostileRow(index)))
  const { signal } = new AbortController()
  await writeFile({ format: 'html', document: hostileDocument(20), rows, path, signal, report: () => {} })
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a report in HTML of hostile events', () => {
  it.each(['light', 'dark'] as const)(
    'has nothing that axe finds fault with, loads nothing and runs nothing (%s)',
    async (theme) => {
      const browser = await Chromium.start({ theme })
      try {
        const page = await browser.page()
        const asked: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        page.on('dialog', (dialog) => asked.push(dialog.message()))
        await page.goto(pathToFileURL(path).href)
        expect(await page.locator('h1').count()).toBe(1)
        expect(await page.locator('tbody#events tr').count()).toBe(20)
        // The logo is part of the page.
        expect(asked.filter((url) => !url.startsWith('data:image/png'))).toEqual([pathToFileURL(path).href])
        await page.evaluate(AXE)
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
        const found: { id: string; nodes: { html: string }[] }[] = await page.evaluate(
          `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
        )
        expect(found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([])
        expect(browser.complaints).toEqual([])
      } finally {
        await browser.end()
      }
    },
  )
})
