import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { REPORT_FORMATS, type ReportFormat } from '../../../schema/api/index.ts'
import type { ReportRow } from '../document.ts'
import { type Piece, piecesOf, writeFile } from './index.ts'
import { pagesOf } from './testing/documents.ts'
import { hostileDocument, hostileRow, monthDocument, monthRow } from './testing/month.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-pieces-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'file')
const COUNT = 1400

const write = (
  format: ReportFormat,
  document = monthDocument(COUNT),
  row = (i: number): ReportRow => monthRow(i, COUNT),
) =>
  writeFile({
    format,
    document,
    rows: pagesOf(Array.from({ length: document.rows?.count ?? 0 }, (_, i) => row(i))),
    path,
    signal: new AbortController().signal,
    report: () => {},
  })

const found = (format: ReportFormat, proof?: { offset: number; length: number } | null): readonly Piece[] => {
  const result = piecesOf(path, format, { proof: proof ?? null })
  if ('problem' in result) throw new Error(result.problem)
  return result.pieces
}

describe.each(REPORT_FORMATS)('the pieces of %s', (format) => {
  it('are found again in the file', async () => {
    const { pieces, proof } = await write(format)
    expect(found(format, proof)).toEqual(pieces)
    expect(pieces.length).toBeGreaterThan(1)
    expect(new Set(pieces.map(({ is }) => is)).size).toBe(pieces.length)
  })

  it('are found again after hostile events, without rows, and with none', async () => {
    const month = monthDocument(0)
    for (const document of [hostileDocument(40), { ...month, rows: null }, month]) {
      const { pieces, proof } = await write(format, document, hostileRow)
      expect(found(format, proof)).toEqual(pieces)
    }
  })

  it('name the one that was changed', async () => {
    const { pieces, proof } = await write(format)
    const bytes = readFileSync(path)
    for (const share of [0.02, 0.3, 0.6]) {
      const changed = Buffer.from(bytes)
      let at = Math.floor(bytes.length * share)
      if (proof !== null && at >= proof.offset && at < proof.offset + proof.length) at = proof.offset - 100
      // A letter or a digit, so that no line begins or ends.
      while (format !== 'pdf' && format !== 'xlsx' && !/[a-z0-9]/.test(String.fromCharCode(changed[at]!)))
        at++
      changed[at] = changed[at]! ^ 1
      writeFileSync(path, changed)
      const now = found(format, proof)
      const differing = pieces.filter(({ sha256 }, index) => now[index]?.sha256 !== sha256)
      expect(differing).toHaveLength(1)
    }
  })

  it('of a file that was cut off are those before the cut, and of another format a sentence', async () => {
    const { pieces, proof, bytes } = await write(format)
    writeFileSync(path, readFileSync(path).subarray(0, Math.floor(bytes * 0.9)))
    const now = found(format, proof)
    expect(now[0]).toEqual(pieces[0])
    expect(now).not.toEqual(pieces)
    if (format === 'ndjson') return
    writeFileSync(path, 'something else\n')
    expect(piecesOf(path, format)).toMatchObject({ problem: expect.stringMatching(/ is no /) })
    writeFileSync(path, '')
    expect(piecesOf(path, format)).toMatchObject({ problem: expect.stringContaining('is empty') })
    expect(piecesOf(join(folder, 'absent'), format)).toMatchObject({
      problem: expect.stringContaining('can not be read'),
    })
  })
})
