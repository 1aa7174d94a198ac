import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportDocument, ReportRow } from '../../document.ts'
import { Output } from '../output.ts'
import { documentOf, pagesOf, rowOf } from '../testing/documents.ts'
import { monthDocument, monthRow } from '../testing/month.ts'
import { type ReadPdf, readPdf } from '../testing/read-pdf.ts'
import { writePdf } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-pages-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'report.pdf')

async function write(
  document: ReportDocument,
  row: (index: number) => ReportRow = rowOf,
  mostRows?: number,
): Promise<ReadPdf> {
  const rows = pagesOf(Array.from({ length: document.rows?.count ?? 0 }, (_, i) => row(i)))
  const output = new Output(path)
  const { signal } = new AbortController()
  const request = { format: 'pdf', document, rows, path, signal, report: () => {} } as const
  const written = await writePdf(output, request, mostRows)
  output.finish(written.rows, written.proof)
  return readPdf(readFileSync(path))
}

/** The text of a page, decoded by the maps of its fonts; without the spaces of the layout. */
function textsOf({ objects, pages }: ReadPdf): string[] {
  const fonts = new Map<string, Map<string, string>>()
  const resources = [...objects.values()].find(({ text }) => text.startsWith('<</Font<<'))!.text
  for (const [, name = '', ref] of resources.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
    const map = objects.get(Number(/\/ToUnicode (\d+)/.exec(objects.get(Number(ref))!.text)?.[1]))!
    const pairs = map.stream!.toString('latin1').matchAll(/<([0-9A-F]{4})><([0-9A-F]+)>/g)
    fonts.set(name, new Map([...pairs].map(([, glyph = '', hex = '']) => [glyph, decoded(hex)])))
  }
  return pages.map(({ content }) => {
    let text = ''
    let font = fonts.get('F1')
    for (const [whole, name, hex] of content.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9A-F]+)>(?!>)|\bET\b/g)) {
      if (whole === 'ET') text += '\n'
      else if (name !== undefined) font = fonts.get(name)
      else text += (hex ?? '').replace(/.{4}/g, (glyph) => font?.get(glyph) ?? '')
    }
    return text
  })
}

const decoded = (hex: string): string => Buffer.from(hex, 'hex').swap16().toString('utf16le')

/** The elements of a kind. */
const elements = ({ objects }: ReadPdf, kind: string): string[] =>
  [...objects.values()].filter(({ text }) => text.startsWith(`<</S/${kind}/`)).map(({ text }) => text)

describe('the pages of a PDF', () => {
  it('have their number of all, the titles of the table on each page, and each event once', async () => {
    const pdf = await write(monthDocument(200), (index) => monthRow(index, 200))
    const texts = textsOf(pdf)
    for (const [index, text] of texts.entries())
      expect(text).toContain(`Page ${index + 1} of ${texts.length}`)
    const events = texts.filter((text) => /^Time\nUser\nAction/m.test(text))
    expect(events.length).toBeGreaterThan(5)
    const ids = Array.from({ length: 200 }, (_, index) => String(monthRow(index, 200).cells.at(-1)))
    const whole = texts.join('\n')
    for (const id of ids) expect(whole.split(id)).toHaveLength(2)
  })

  it('are tagged: each row once, and the titles of a table once however often they are printed', async () => {
    const document = documentOf({ count: 150 })
    const pdf = await write(document)
    expect(pdf.pages.length).toBeGreaterThan(3)
    expect(elements(pdf, 'TH')).toHaveLength(document.rows!.columns.length)
    expect(elements(pdf, 'TR')).toHaveLength(151)
    expect(elements(pdf, 'TD')).toHaveLength(150 * document.rows!.columns.length)
    expect(elements(pdf, 'H1')).toHaveLength(1)
    for (const figure of elements(await write(monthDocument(0)), 'Figure')) expect(figure).toContain('/Alt')
  })

  it('end at a number of events, say so, and leave the others to the embedded file', async () => {
    const pdf = await write(documentOf({ count: 120 }), rowOf, 50)
    const text = textsOf(pdf).join('\n').replaceAll('\n', ' ')
    expect(text).toContain('All but the first 50 events are only in the embedded file events.csv.')
    expect(text).toContain('70 further events are only in events.csv.')
    expect(elements(pdf, 'TR')).toHaveLength(51)
    const csv = [...pdf.objects.values()].find(({ text: head }) => head.includes('text#2Fcsv'))!.stream!
    expect(csv.toString().trimEnd().split('\r\n')).toHaveLength(121)
    expect(existsSync(`${path}.rows`)).toBe(false)
  })

  it('show what a reader could take for something else as an escape, and cut a long text with its length', async () => {
    const texts = ['\u202egpj.exe', 'x'.repeat(100_000), 'no\u200bspace', '\u{1f9ff}\u{13000}']
    const pdf = await write(documentOf({ count: texts.length }), (index) => ({
      cells: [0, texts[index]!, '', 0, 'id'],
      line: '{}',
    }))
    const text = textsOf(pdf).join('').replaceAll(/\s/g, '')
    expect(text).toContain('<U+202E>gpj.exe')
    expect(text).toContain('no<U+200B>space')
    expect(text).toContain('\u{1f9ff}<U+13000>')
    expect(text).toContain('x\u2026(100,000characters)')
  })

  it('order right-to-left text from right to left, and give it back as it was written', async () => {
    const arabic = '\u0645\u062f\u064a\u0631'
    const pdf = await write(documentOf({ count: 1 }), () => ({
      cells: [0, `${arabic} 123`, '', 0, 'id'],
      line: '{}',
    }))
    const content = pdf.pages.map((page) => page.content).join('')
    const places = content
      .split('\n')
      .filter((line) => line.includes('ActualText') || line.includes('TJ') || line.includes('Tj'))
    const actual = Buffer.from(`\ufeff${arabic}`, 'utf16le').swap16().toString('hex').toUpperCase()
    const word = places.findIndex((line) => line.includes(actual.slice(4)))
    expect(word).toBeGreaterThan(0)
    // The number is at the left of the word before it.
    const text = textsOf(pdf).join('')
    expect(text.indexOf('123')).toBeLessThan(text.search(/[\u0600-\u06ff\ufe70-\ufefc]/))
  })

  it('are the same for the same report', async () => {
    await write(monthDocument(20), (index) => monthRow(index, 20))
    const first = readFileSync(path)
    await write(monthDocument(20), (index) => monthRow(index, 20))
    expect(readFileSync(path).equals(first)).toBe(true)
  })
})
