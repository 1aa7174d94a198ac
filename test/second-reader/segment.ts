import { crc32, zstdDecompressSync } from 'node:zlib'
import { ascending, bitsAt, Cursor } from './bytes.ts'

/** The documents of a segment of the search index, in their order. */
export interface Documents {
  readonly version: number
  readonly times: readonly number[]
  readonly sequences: readonly number[]
  readonly chunks: readonly number[]
  readonly lines: readonly number[]
  /** Each document's two facets, as JSON. */
  readonly facets: readonly (readonly [source: string, action: string])[]
}

interface PackedColumn {
  readonly pages: number
  readonly starts: number
}

interface Footer {
  readonly version: number
  readonly docs: number
  readonly columns: readonly (number | PackedColumn)[]
  readonly facets: { readonly offset: number; readonly length: number }
}

const CHECKED = 0x80000000
const PAGE = 2048

/** Reads the documents of a segment; its dictionary and its columns of values are left out. */
export function readSegment(segment: Uint8Array): Documents {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength)
  const said = bytes.readUInt32LE(bytes.length - 4)
  const isChecked = said >= CHECKED
  const end = bytes.length - (isChecked ? 8 : 4)
  const text = bytes.subarray(end - (isChecked ? said - CHECKED : said), end)
  if (isChecked && crc32(text) !== bytes.readUInt32LE(end)) throw new Error('a footer has another checksum')
  const footer = JSON.parse(text.toString('utf8')) as Footer
  const { version, docs } = footer
  if (version !== (isChecked ? 2 : 1)) throw new Error(`a segment has the unknown version ${version}`)
  const widths = [8, 8, 4, 2, 4, 4]
  const [times, sequences, chunks, lines, source, action] = footer.columns.map((column, i) =>
    typeof column === 'number'
      ? plainColumn(bytes, column, widths[i]!, docs)
      : packedColumn(bytes, column, docs),
  )
  const { offset, length } = footer.facets
  const facets = bytes.subarray(offset, offset + length)
  const texts = JSON.parse((version === 1 ? facets : zstdDecompressSync(facets)).toString('utf8')) as string[]
  return {
    version,
    times: times!,
    sequences: sequences!,
    chunks: chunks!,
    lines: lines!,
    facets: source!.map((facet, doc) => [texts[facet]!, texts[action![doc]!]!] as const),
  }
}

const plainColumn = (bytes: Buffer, offset: number, width: number, docs: number): number[] =>
  Array.from({ length: docs }, (_, doc) =>
    width === 8 ? bytes.readDoubleLE(offset + doc * 8) : bytes.readUIntLE(offset + doc * width, width),
  )

function packedColumn(bytes: Buffer, { pages, starts }: PackedColumn, docs: number): number[] {
  return Array.from({ length: Math.ceil(docs / PAGE) }, (_, n) => {
    const start = (page: number): number => pages + bytes.readUInt32LE(starts + page * 4)
    return columnPage(bytes.subarray(start(n), start(n + 1)), Math.min(PAGE, docs - n * PAGE))
  }).flat()
}

function columnPage(page: Buffer, count: number): number[] {
  if (crc32(page.subarray(4)) !== page.readUInt32LE(0)) throw new Error('a page has another checksum')
  const [kind, bits] = [page[4], page[5]!]
  const base = page.readDoubleLE(8)
  const step = page.readDoubleLE(16)
  if (kind === 2) return plainColumn(page, 24, 8, count)
  const steps =
    kind === 1
      ? ascending(new Cursor(page, 32), count, page.readDoubleLE(24))
      : Array.from({ length: count }, (_, i) => bitsAt(page, 24 * 8 + i * bits, bits))
  return steps.map((number) => base + number * step)
}
