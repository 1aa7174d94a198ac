import { crc32, zstdDecompressSync } from 'node:zlib'
import { Cursor } from './bytes.ts'

const NAMES = ['tree', 'codes', 'numbers', 'digits', 'lengths', 'texts'] as const
type Streams = Record<(typeof NAMES)[number], Cursor>

/** A column: a text for each of some lines. */
interface Column {
  readonly lines: readonly number[]
  readonly texts: readonly string[]
}

/** The lines of a packed block. */
export function packedLines(block: Uint8Array): Buffer[] {
  const cursor = new Cursor(block)
  const version = cursor.byte()
  if (version !== 1) throw new Error(`packed lines have the unknown version ${version}`)
  const sum = cursor.take(4).readUInt32LE()
  if (crc32(cursor.bytes.subarray(5)) !== sum) throw new Error('packed lines have another checksum')
  const count = cursor.varint()
  const longest = cursor.varint()
  const present = cursor.byte()
  const streams = Object.fromEntries(
    NAMES.map((name, i) => [name, new Cursor((present >> i) & 1 ? stream(cursor) : Buffer.alloc(0))]),
  ) as Streams
  if (count === 0) return []
  const lines = Array.from({ length: count }, (_, line) => line)
  const texts = readColumn(streams, [], lines)
  if (texts.some(({ length }) => length > longest)) throw new Error('a packed line is too long')
  return texts.map((text) => Buffer.from(text, 'latin1'))
}

function stream(cursor: Cursor): Buffer {
  const length = cursor.varint()
  const packed = cursor.varint()
  return packed === 0 ? cursor.take(length) : zstdDecompressSync(cursor.take(packed))
}

/** The next column of the tree, with a text for each of these lines. `known` has all columns that began before. */
function readColumn(streams: Streams, known: (Column | null)[], lines: readonly number[]): string[] {
  const id = known.push(null) - 1
  const texts = columnTexts(streams, known, id, lines)
  known[id] = { lines, texts }
  return texts
}

function columnTexts(
  streams: Streams,
  known: (Column | null)[],
  id: number,
  lines: readonly number[],
): string[] {
  const { tree, codes, numbers, digits, lengths } = streams
  const rows = lines.length
  const kind = tree.byte()
  switch (kind) {
    case 0:
      return plainTexts(streams, rows)
    case 1: {
      const text = tree.text()
      return lines.map(() => text)
    }
    case 2:
      return sameLines(known[id - tree.varint()], lines)
    case 3: {
      const entries = Array.from({ length: tree.varint() }, () => tree.text())
      return readCodes(codes, rows, entries.length).map((code) => entries[code]!)
    }
    case 4: {
      const radix = tree.byte()
      const width = tree.byte()
      const isSteps = tree.byte() === 1
      const first = isSteps ? tree.varint() : 0
      const zigzag = tree.varint()
      const least = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
      const by = tree.varint()
      const values = planes(numbers, isSteps ? rows - 1 : rows, tree.byte()).map((n) => least + by * n)
      if (!isSteps) return values.map((value) => figures(value, radix, width))
      const stepped = [first]
      for (const step of values) stepped.push(stepped.at(-1)! + step)
      return stepped.map((value) => figures(value, radix, width))
    }
    case 5: {
      const fixed = tree.varint()
      const sizes = lines.map(() => (fixed === 0 ? lengths.varint() : fixed))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const all = digits.take(Math.ceil(total / 2)).toString('hex')
      let end = 0
      return sizes.map((size) => {
        end += size
        return all.slice(end - size, end)
      })
    }
    case 6:
      return splitTexts(streams, known, lines)
    case 7: {
      const from = known[id - tree.varint()]
      const fromRadix = tree.byte()
      const radix = tree.byte()
      const width = tree.byte()
      return sameLines(from, lines).map((text) => figures(Number.parseInt(text, fromRadix), radix, width))
    }
    case 8:
      return streams.texts.bytes.toString('latin1').split('\n')
    default:
      throw new Error(`packed lines have a column of the unknown kind ${kind}`)
  }
}

function splitTexts(streams: Streams, known: (Column | null)[], lines: readonly number[]): string[] {
  const { tree, codes } = streams
  const skeletons = Array.from({ length: tree.varint() }, () =>
    Array.from({ length: tree.varint() + 1 }, () => tree.text()),
  )
  const chosen = readCodes(codes, lines.length, skeletons.length + 1)
  const texts = new Array<string>(lines.length).fill('')
  const rowsOf = (code: number): number[] => lines.flatMap((_, row) => (chosen[row] === code ? [row] : []))
  const rest = rowsOf(0)
  if (rest.length > 0)
    plainTexts(streams, rest.length).forEach((text, i) => {
      texts[rest[i]!] = text
    })
  skeletons.forEach((parts, i) => {
    const rows = rowsOf(i + 1)
    const own = rows.map((row) => lines[row]!)
    const columns = parts.slice(1).map(() => readColumn(streams, known, own))
    rows.forEach((row, place) => {
      texts[row] = parts.map((part, hole) => part + (columns[hole]?.[place] ?? '')).join('')
    })
  })
  return texts
}

function plainTexts({ lengths, texts }: Streams, rows: number): string[] {
  const sizes = Array.from({ length: rows }, () => lengths.varint())
  return sizes.map((size) => texts.take(size).toString('latin1'))
}

/** The texts that another column has on these lines. */
function sameLines(column: Column | null | undefined, lines: readonly number[]): string[] {
  if (column == null) throw new Error('a copy refers to a column that is not there')
  const byLine = new Map(column.lines.map((line, row) => [line, column.texts[row]!]))
  return lines.map((line) => byLine.get(line)!)
}

/** Reads one of this many numbers for each row. */
const readCodes = (codes: Cursor, rows: number, kinds: number): number[] =>
  planes(codes, rows, kinds > 256 ? 2 : kinds > 1 ? 1 : 0)

/** Numbers of some bytes each: the lowest bytes of all come first. */
function planes(stream: Cursor, rows: number, bytes: number): number[] {
  const values = new Array<number>(rows).fill(0)
  for (let plane = 0; plane < bytes; plane++) {
    const taken = stream.take(rows)
    for (let row = 0; row < rows; row++) values[row]! += taken[row]! * 256 ** plane
  }
  return values
}

const figures = (value: number, radix: number, width: number): string =>
  value.toString(radix).padStart(width, '0')
