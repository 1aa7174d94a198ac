import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportFormat } from '../../../schema/api/index.ts'
import type { ReportDocument, ReportRow } from '../document.ts'
import { writeFile } from './index.ts'
import { documentOf, pagesOf, rowOf } from './testing/documents.ts'
import { HOSTILE_TEXTS, hostileDocument, hostileRow, monthDocument, monthRow } from './testing/month.ts'
import { readBy, veraPdf, whyNoPython, whyNoVeraPdf } from './testing/validators.ts'

const NO_VERAPDF = whyNoVeraPdf()
const NO_PYTHON = whyNoPython()
for (const reason of [NO_VERAPDF, NO_PYTHON]) if (reason !== null) console.warn(`${reason}.`)

const folder = mkdtempSync(join(tmpdir(), 'waybill-formats-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function write(format: ReportFormat, document: ReportDocument, row: (index: number) => ReportRow) {
  const path = join(folder, `report.${format}`)
  const rows = pagesOf(Array.from({ length: document.rows?.count ?? 0 }, (_, i) => row(i)))
  const { signal } = new AbortController()
  return { path, written: await writeFile({ format, document, rows, path, signal, report: () => {} }) }
}

const MONTH = monthDocument(400)
const DOCUMENTS: [string, ReportDocument, (index: number) => ReportRow][] = [
  ['of a month', MONTH, (index) => monthRow(index, 400)],
  ['of hostile events', hostileDocument(60), hostileRow],
  ['without events', { ...MONTH, rows: { ...MONTH.rows!, count: 0 }, paper: 'letter' }, rowOf],
  [
    'of an export',
    documentOf({ count: 30, report: null, organisation: null, checkpoint: null, query: '' }),
    rowOf,
  ],
  ['of findings alone', { ...MONTH, rows: null }, rowOf],
]

describe.skipIf(NO_VERAPDF !== null)('veraPDF confirms that a PDF', () => {
  it.each(DOCUMENTS)('%s is PDF/A-3a and PDF/UA-1', async (_, document, row) => {
    const { path } = await write('pdf', document, row)
    expect(await veraPdf(path, '3a')).toBe('PASS 3a')
    expect(await veraPdf(path, 'ua1')).toBe('PASS ua1')
  })

  it('stays so with its proof written into its room', async () => {
    const { path, written } = await write('pdf', MONTH, (index) => monthRow(index, 400))
    const proof = JSON.stringify({ sha256: written.sha256 }).padEnd(written.proof!.length)
    const file = openSync(path, 'r+')
    writeSync(file, proof, written.proof!.offset)
    closeSync(file)
    expect(await veraPdf(path, '3a')).toBe('PASS 3a')
  })
})

interface PdfFound {
  readonly pages: number
  readonly problems: readonly string[]
  readonly outline: readonly string[]
  readonly language: string
  readonly files: Readonly<Record<string, { bytes: number; sha256: string; relationship: string }>>
}

interface SheetFound {
  readonly frozen: string | null
  readonly filter: string | null
  /** Type and value of each cell; `f` is a formula. */
  readonly rows: readonly (readonly [string, unknown])[][]
}

describe.skipIf(NO_PYTHON !== null)('pikepdf', () => {
  it('finds in a PDF the same events as in the CSV, the room of the proof, and the outline', async () => {
    const [, document, row] = DOCUMENTS[1]!
    const csv = await write('csv', document, row)
    const { path } = await write('pdf', document, row)
    const found = await readBy<PdfFound>('read-pdf.py', path)
    expect(found.problems).toEqual([])
    expect(found.language).toBe('en')
    expect(found.files['events.csv']).toEqual({
      bytes: csv.written.bytes,
      sha256: csv.written.sha256,
      relationship: '/Data',
    })
    const spaces = ' '.repeat(24 * 1024)
    expect(found.files['waybill-proof.json']).toEqual({
      bytes: spaces.length,
      sha256: createHash('sha256').update(spaces).digest('hex'),
      relationship: '/Supplement',
    })
    expect(found.outline.slice(1)).toEqual(['Findings', 'Events', 'Requirements that this report supports'])
  })
})

describe.skipIf(NO_PYTHON !== null)('openpyxl', () => {
  const sheets = async (document: ReportDocument, row: (index: number) => ReportRow) =>
    readBy<Record<string, SheetFound>>('read-xlsx.py', (await write('xlsx', document, row)).path)

  it('reads a workbook with typed cells, a frozen title and a filter', async () => {
    const found = await sheets(MONTH, (index) => monthRow(index, 400))
    expect(Object.keys(found)).toEqual(['About', 'Findings', 'Events', 'Requirements'])
    const { frozen, filter, rows } = found.Events!
    expect([frozen, filter, rows.length]).toEqual(['A2', 'A1:J401', 401])
    expect(rows[0]![0]).toEqual(['s', 'Time (Europe/Berlin)'])
    const [time, user, , , , , , risk] = rows[1]!
    expect(time).toEqual(['d', '2026-03-01T01:00:00.000'])
    expect(user).toEqual(['s', 'jane.smith'])
    expect(risk?.[0]).toBe('n')
    expect(found.About!.rows.flat().map(([, value]) => value)).toContain(MONTH.query)
  })

  it('reads hostile texts as they were, none of them as a formula, and long ones cut with a mark', async () => {
    const found = await sheets(hostileDocument(HOSTILE_TEXTS.length), hostileRow)
    const cells = Object.values(found).flatMap(({ rows }) => rows.flat())
    expect(cells.filter(([type]) => type === 'f' || type === 'e')).toEqual([])
    const texts = found.Events!.rows.slice(1).map((row) => row[1]![1])
    const long = HOSTILE_TEXTS.findIndex((text) => text.length > 50_000)
    expect(texts[long]).toMatch(/^x{32000,}… \(100,000 characters\)$/)
    expect(String(texts[long]).length).toBe(32_767)
    // What XML can't hold is written as _x0000_, which spreadsheets read back and this reader leaves.
    const plain = HOSTILE_TEXTS.flatMap((text, index) =>
      text.isWellFormed() && !/[\0-\x08\x0b-\x1f\ufffe]|_x[0-9A-F]{4}_/.test(text) && index !== long
        ? [index]
        : [],
    )
    expect(plain.map((index) => texts[index])).toEqual(plain.map((index) => HOSTILE_TEXTS[index]))
    expect(plain.length).toBeGreaterThan(12)
  })
})
