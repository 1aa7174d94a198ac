import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Cell, ReportRow, RowPages } from '../document.ts'
import { Clock } from './clock.ts'
import { writeFile } from './index.ts'
import { COLUMNS, documentOf, pagesOf, rowOf } from './testing/documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-text-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'file')

const write = async (
  format: 'csv' | 'json' | 'ndjson',
  rows: readonly ReportRow[],
  more: { signal?: AbortSignal; pages?: RowPages } = {},
) => {
  const written = await writeFile({
    format,
    document: documentOf({ count: rows.length }),
    rows: more.pages ?? pagesOf(rows),
    path,
    signal: more.signal ?? new AbortController().signal,
    report: () => {},
  })
  return { written, text: readFileSync(path, 'utf8') }
}

/** RFC 4180 by the letter, apart from the code that writes it. */
function parse(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let i = 0
  while (i < text.length) {
    let cell = ''
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (i >= text.length) throw new Error('a quote is not closed')
        if (text[i] !== '"') cell += text[i]
        else if (text[i + 1] === '"') cell += text[i++]
        else break
      }
      i++
    } else {
      while (i < text.length && !',\r\n"'.includes(text[i]!)) cell += text[i++]
    }
    record.push(cell)
    if (text[i] === ',') {
      i++
      continue
    }
    if (text.slice(i, i + 2) !== '\r\n') throw new Error(`no end of a line at ${i}`)
    i += 2
    records.push(record)
    record = []
  }
  return records
}

const cells = (texts: readonly Cell[]): ReportRow => ({ cells: texts, line: '{}' })

describe('CSV', () => {
  it('gives any text back, with an apostrophe before what a spreadsheet would run', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 })
    const risky = fc.constantFrom(
      '=1+1',
      '@SUM(A1)',
      '+cmd|x',
      ' =1',
      'a,"b"\r\nc',
      '\u202eabc',
      "'",
      '',
      '\t',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(text, risky), { minLength: 1, maxLength: 8 }), async (texts) => {
        const rows = texts.map((one) => cells([Date.UTC(2026, 2, 1), one, 'x', 1, 'id']))
        const read = parse((await write('csv', rows)).text.slice(1)).slice(1)
        expect(
          read.map((record) => record[1]!.replace(/^'(?=[\s\0]*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20])/, '')),
        ).toEqual(texts)
        for (const [, cell] of read) expect(cell).not.toMatch(/^[\s\0]*[=@|%]/)
      }),
      { numRuns: 60 },
    )
  })

  it('has a mark, titles, and times of the zone with their offset', async () => {
    const { text } = await write('csv', [cells([Date.UTC(2026, 6, 1, 22), 'jane', 'login', 1.5, 'e1'])])
    expect(text).toBe(
      `\ufeff${COLUMNS.map(({ title }) => title).join(',')}\r\n2026-07-02T00:00:00.000+02:00,jane,login,1.5,e1\r\n`,
    )
  })
})

describe('JSON and NDJSON', () => {
  it('NDJSON has the lines as they are, and nothing else', async () => {
    const rows = Array.from({ length: 5 }, (_, i) => rowOf(i))
    expect((await write('ndjson', rows)).text).toBe(rows.map(({ line }) => `${line}\n`).join(''))
  })

  it.each([0, 1, 2, 1000, 1001])('JSON is one object with %i rows', async (count) => {
    const rows = Array.from({ length: count }, (_, i) => rowOf(i))
    const { written, text } = await write('json', rows)
    const read = JSON.parse(text)
    expect(read.document.title).toBe(documentOf({ count }).title)
    expect(read.rows).toEqual(rows.map(({ line }) => JSON.parse(line)))
    expect(written.rows).toBe(count)
  })
})

describe('each text format', () => {
  it.each(['csv', 'json', 'ndjson'] as const)('%s has the hash and the size that it says', async (format) => {
    const { written } = await write(format, [rowOf(1), rowOf(2)])
    const bytes = readFileSync(path)
    expect(written.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(written.bytes).toBe(bytes.length)
    expect(written.proof).toBeNull()
  })

  it('leaves no file if somebody cancels, or if the rows fail', async () => {
    const stop = new AbortController()
    async function* cancelled(): RowPages {
      yield [rowOf(1)]
      stop.abort(new Error('cancelled'))
      yield [rowOf(2)]
    }
    await expect(write('csv', [], { signal: stop.signal, pages: cancelled() })).rejects.toThrow('cancelled')
    expect(existsSync(path)).toBe(false)
    async function* failing(): RowPages {
      yield [rowOf(1)]
      throw new Error('the store is gone')
    }
    await expect(write('json', [], { pages: failing() })).rejects.toThrow('the store is gone')
    expect(existsSync(path)).toBe(false)
  })

  it.skipIf(!existsSync('/dev/full'))('a full disk is an error for the operator', async () => {
    // A link, so that only the link is removed with the unfinished file.
    const full = join(folder, 'full')
    symlinkSync('/dev/full', full)
    const rows = Array.from({ length: 2000 }, (_, i) => rowOf(i))
    const request = {
      format: 'ndjson' as const,
      document: documentOf({ count: rows.length }),
      rows: pagesOf(rows),
      path: full,
      signal: new AbortController().signal,
      report: () => {},
    }
    await expect(writeFile(request)).rejects.toMatchObject({ name: 'OperatorError', code: 'WB-STORE-FULL' })
  })
})

describe('the clock of a zone', () => {
  it('has the offset of each time, before and after clocks change', () => {
    const berlin = new Clock('Europe/Berlin')
    expect(berlin.iso(Date.UTC(2026, 2, 29, 0, 59, 59, 999))).toBe('2026-03-29T01:59:59.999+01:00')
    expect(berlin.iso(Date.UTC(2026, 2, 29, 1))).toBe('2026-03-29T03:00:00.000+02:00')
    expect(new Clock('UTC').iso(0)).toBe('1970-01-01T00:00:00.000Z')
    expect(new Clock('Asia/Kathmandu').iso(0)).toBe('1970-01-01T05:30:00.000+05:30')
    expect(new Clock('America/New_York').shown(Date.UTC(2026, 0, 1))).toBe('2025-12-31 19:00:00')
  })
})
