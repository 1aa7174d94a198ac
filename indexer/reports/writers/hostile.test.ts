import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportFormat } from '../../../schema/api/index.ts'
import type { ReportDocument } from '../document.ts'
import { writeFile } from './index.ts'
import { documentOf, pagesOf } from './testing/documents.ts'
import { HOSTILE_TEXTS } from './testing/month.ts'
import { readPdf } from './testing/read-pdf.ts'
import { partsOf } from './testing/read-zip.ts'

/** No text of an event breaks a file, or does anything in it. */
const folder = mkdtempSync(join(tmpdir(), 'waybill-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'file')

async function write(format: ReportFormat, texts: readonly string[]): Promise<Buffer> {
  const [first = ''] = texts
  const table = {
    columns: [{ title: first, kind: 'text' as const }],
    rows: texts.map((text) => [text]),
    more: 0,
  }
  const bars = texts.map((label, index) => ({ label, count: index }))
  const section = { title: first, note: first, chart: { kind: 'bars' as const, bars, others: 0 }, table }
  const document: ReportDocument = {
    ...documentOf({ count: texts.length }),
    title: first,
    about: first,
    organisation: { name: first, logo: null },
    scope: first,
    query: first,
    verdict: { complete: false, sentence: first, reasons: texts },
    findings: [section],
    controls: [{ framework: first, control: first, demands: first, support: first }],
  }
  const rows = texts.map((text, index) => ({ cells: [index, text, text, index, text], line: '{}' }))
  const { signal } = new AbortController()
  await writeFile({ format, document, rows: pagesOf(rows), path, signal, report: () => {} })
  return readFileSync(path)
}

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS.filter(({ length }) => length < 1000)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  // Halves of characters, too.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
)
const anyTexts = fc.array(anyText, { minLength: 1, maxLength: 4 })
const holds = (runs: number, check: (texts: string[]) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(anyTexts, check), { numRuns: runs })

/** What a page may consist of. */
const OPERATORS =
  /^(?:\/(?:Artifact|Span|\w+)<<(?:\/MCID \d+|\/Type\/(?:Layout|Pagination\/Subtype\/(?:Header|Footer))|\/ActualText(?:\((?:[^()\\]|\\[()\\])*\)|<[0-9A-F]*>))>>BDC|EMC|BT 1 0 0 1 [-\d.]+ [-\d.]+ Tm|ET|[-\d.]+ Ts|(?:\/F\d+ [\d.]+ Tf )?(?:\[(?:<[0-9A-F]+>|[-\d.]+ ?)*\]TJ|<[0-9A-F]*>Tj)|\/F\d+ [\d.]+ Tf -?[\d.]+ Ts|[\d.]+ [\d.]+ [\d.]+ rg|[-\d. ]+ re f)$/

describe('any text in a PDF', () => {
  it('leaves each object in its place, and each page of known operators, without the glyph of what is missing', async () => {
    await holds(40, async (texts) => {
      const { pages, objects } = readPdf(await write('pdf', texts))
      expect(pages.length).toBeGreaterThan(2)
      for (const { content } of pages) {
        for (const line of content.trimEnd().split('\n')) {
          if (!OPERATORS.test(line)) throw new Error(`not an operator: ${JSON.stringify(line)}`)
          for (const [, hex = ''] of line.matchAll(/<([0-9A-F]+)>/g)) {
            if (line.includes('ActualText')) continue
            expect(hex.match(/.{4}/g)).not.toContain('0000')
          }
        }
        expect(content.match(/BDC/g)?.length).toBe(content.match(/EMC/g)?.length)
      }
      const catalogue = [...objects.values()].filter(({ text }) => text.startsWith('<</Type/Catalog'))
      expect(catalogue).toHaveLength(1)
    })
  })
})

describe('any text in HTML', () => {
  it('adds no element, no entity of its own and no line to the events', async () => {
    const tags = (page: string): string[] => page.match(/<\/?[a-z][a-z0-9]*/g) ?? []
    await holds(150, async (texts) => {
      const page = (await write('html', texts)).toString()
      const plain = (
        await write(
          'html',
          texts.map(() => 'x'),
        )
      ).toString()
      const known = (names: string[]): string[] => names.filter((name) => !/bdi|dl|<p|<\/p|pre/.test(name))
      expect(known(tags(page))).toEqual(known(tags(plain)))
      expect(page).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39|#10);)/)
      expect(page).not.toMatch(/[\0-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]/)
      const rows = /<tbody id="events">\n([\s\S]*?)<\/tbody>/.exec(page)?.[1]?.split('\n')
      expect(rows).toHaveLength(texts.length + 1)
    })
  })

  it('finds a policy that lets nothing run or load, and a page without scripts', async () => {
    const page = (await write('html', ['<img src=x onerror=alert(1)>'])).toString()
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-`)
    expect(page).not.toMatch(/<script|<img|<link|<iframe|https?:/)
  })
})

const TEXT = '(?:[^<>&\\0-\\x08\\x0b-\\x1f\\ufffe\\uffff\\ud800-\\udfff]|&(?:amp|lt|gt|quot);)*'
const CELL = `<c r="[A-Z]+\\d+" s="\\d+"(?:><v>-?[\\d.e+-]+</v>| t="inlineStr"><is><t(?: xml:space="preserve")?>${TEXT}</t></is>)</c>`
const SHEET_DATA = new RegExp(
  `^(?:<row r="\\d+"(?: ht="[\\d.]+" customHeight="1")?>(?:${CELL})*</row>)*$`,
  'u',
)

describe('any text in a workbook', () => {
  it('is a text in a cell that XML can hold, never a formula', async () => {
    await holds(150, async (texts) => {
      const parts = partsOf(await write('xlsx', texts))
      for (const [name, xml] of parts) {
        if (!name.startsWith('xl/worksheets/')) continue
        const data = /<sheetData>(.*)<\/sheetData>/su.exec(xml)?.[1] ?? 'none'
        if (!SHEET_DATA.test(data)) throw new Error(`${name}: ${JSON.stringify(data)}`)
      }
      expect(parts.has('xl/worksheets/Events.xml')).toBe(true)
    })
  })
})
