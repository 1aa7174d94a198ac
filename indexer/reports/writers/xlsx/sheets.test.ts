import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Clock } from '../clock.ts'
import { Output } from '../output.ts'
import { documentOf, pagesOf, rowOf } from '../testing/documents.ts'
import { partsOf } from '../testing/read-zip.ts'
import { columnName, typedCell } from './cells.ts'
import { writeXlsx } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-sheets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const UTC = new Clock('UTC')

describe('a workbook', () => {
  it('goes on in a further sheet when one is full, with its titles', async () => {
    const path = join(folder, 'book.xlsx')
    const output = new Output(path)
    const rows = pagesOf(Array.from({ length: 25 }, (_, index) => rowOf(index)))
    const { signal } = new AbortController()
    const document = documentOf({ count: 25 })
    const request = { format: 'xlsx', document, rows, path, signal, report: () => {} } as const
    output.finish(await writeXlsx(output, request, 11))
    const parts = partsOf(readFileSync(path))
    const sheets = ['Events', 'Events-2', 'Events-3'].map((name) => parts.get(`xl/worksheets/${name}.xml`)!)
    expect(sheets.map((sheet) => sheet.match(/<row /g)?.length)).toEqual([11, 11, 6])
    for (const sheet of sheets) expect(sheet).toContain('<t>Time (Europe/Berlin)</t>')
    expect(sheets[2]).toContain('<autoFilter ref="A1:E6"/>')
    expect(parts.get('xl/workbook.xml')).toContain('<sheet name="Events 3" sheetId="4" r:id="r4"/>')
  })

  it('has dates, durations, shares and numbers as such, and dates that Excel does not know as text', () => {
    expect(typedCell('A1', Date.UTC(2026, 2, 1, 12), 'time', UTC)).toContain('<v>46082.5</v>')
    expect(typedCell('A1', 0, 'time', new Clock('Asia/Tokyo'))).toContain('<v>25569.375</v>')
    expect(typedCell('A1', Date.UTC(1850, 0, 1), 'time', UTC)).toContain('<t>1850-01-01T00:00:00.000Z</t>')
    expect(typedCell('A1', 43_200_000, 'duration', UTC)).toContain('<v>0.5</v>')
    expect(typedCell('A1', 0.25, 'share', UTC)).toContain('<v>0.25</v>')
    expect(typedCell('A1', Number.NaN, 'number', UTC)).toContain('<t>NaN</t>')
    expect(typedCell('A1', null, 'number', UTC)).toBe('')
    expect(typedCell('A1', '=1+1', 'text', UTC)).toContain('t="inlineStr"')
  })

  it('names columns as spreadsheets do', () => {
    expect([0, 25, 26, 51, 52, 701, 702].map(columnName)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA'])
  })
})
