import { crc32 } from 'node:zlib'
import { DamagedLines, Source } from './bytes.ts'
import { COLUMN, HEAD_BYTES, inflated, MOST_LINES, STREAMS, type Stream, VERSION } from './format.ts'

const MOST_BYTES = 2 ** 31 - 1
const NEWLINE = 10
/** No column lies deeper than this. */
const DEEPEST = 64

/** The texts of one line that were read so far, by the number of their column. */
type Line = (string | undefined)[]

/** Reads the text of a column. */
type Read = (row: number, line: Line) => string

/** Lines packed by `packLines`, opened for reading. */
export class PackedLines {
  readonly count: number
  readonly #root: Read | null
  readonly #columns: number

  constructor(bytes: Uint8Array) {
    const source = new Source(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    const version = source.byte()
    if (version !== VERSION) throw new DamagedLines(`their format ${version} is not known`)
    const sum = source.take(HEAD_BYTES - 1).readUInt32LE()
    if (crc32(source.bytes.subarray(HEAD_BYTES)) !== sum) throw new DamagedLines('their checksum is another')
    this.count = source.varint()
    if (this.count > MOST_LINES) throw new DamagedLines('there are too many lines')
    const longest = source.varint()
    const present = source.byte()
    const streams = Object.fromEntries(
      STREAMS.map((name, index) => {
        if ((present & (1 << index)) === 0) return [name, new Source(Buffer.alloc(0))]
        const length = source.varint()
        if (length > MOST_BYTES) throw new DamagedLines('a stream is too long')
        const packed = source.varint()
        const held = source.take(packed === 0 ? length : packed)
        return [name, new Source(packed === 0 ? held : inflated(held, length))]
      }),
    ) as Record<Stream, Source>
    const opener = new Opener(streams, longest)
    this.#root = this.count === 0 ? null : opener.column(this.count, 0)
    this.#columns = opener.columns
  }

  line(index: number): Buffer {
    return Buffer.from(this.#textOf(index), 'latin1')
  }

  /** Writes a line into memory that is there; returns its end, or -1 if it has no room. */
  write(index: number, into: Buffer, at: number): number {
    const text = this.#textOf(index)
    return text.length > into.length - at ? -1 : at + into.write(text, at, 'latin1')
  }

  #textOf(index: number): string {
    if (this.#root === null || !(index >= 0 && index < this.count))
      throw new RangeError(`there is no line ${index}`)
    return this.#root(index, new Array(this.#columns))
  }
}

class Opener {
  readonly #streams: Record<Stream, Source>
  readonly #longest: number
  columns = 0

  constructor(streams: Record<Stream, Source>, longest: number) {
    this.#streams = streams
    this.#longest = longest
  }

  column(rows: number, depth: number): Read {
    if (depth > DEEPEST) throw new DamagedLines('columns lie too deep')
    const { tree } = this.#streams
    const id = this.columns++
    const kind = tree.byte()
    switch (kind) {
      case COLUMN.constant: {
        const text = tree.text()
        return () => text
      }
      case COLUMN.copy: {
        const from = this.#earlier(id)
        return (_, line) => held(line, from)
      }
      case COLUMN.same: {
        const from = this.#earlier(id)
        const fromRadix = this.#radix()
        const radix = this.#radix()
        const width = tree.byte()
        return (_, line) => figures(Number.parseInt(held(line, from), fromRadix), radix, width)
      }
      case COLUMN.number:
        return this.#numbers(rows)
      case COLUMN.dictionary: {
        const entries = Array.from({ length: this.#count() }, () => tree.text())
        const codes = this.#codes(rows, entries.length)
        return (row) => {
          const entry = entries[codes[row]!]
          if (entry === undefined) throw new DamagedLines('a dictionary lacks an entry')
          return entry
        }
      }
      case COLUMN.hex: {
        const fixed = tree.varint()
        const starts = fixed === 0 ? this.#starts(rows) : null
        const digits = this.#streams.digits.take(Math.ceil((starts?.[rows] ?? fixed * rows) / 2))
        return (row) => {
          const from = starts === null ? row * fixed : starts[row]!
          const to = starts === null ? from + fixed : starts[row + 1]!
          const text = digits.toString('hex', from >> 1, (to + 1) >> 1)
          return text.slice(from & 1, (from & 1) + to - from)
        }
      }
      case COLUMN.text:
        return this.#texts(rows)
      case COLUMN.lines:
        return this.#lines(rows)
      case COLUMN.split:
        return this.#split(rows, depth)
      default:
        throw new DamagedLines(`columns of kind ${kind} are not known`)
    }
  }

  #earlier(id: number): number {
    const distance = this.#streams.tree.varint()
    if (distance === 0 || distance > id) throw new DamagedLines('a copy refers to no column')
    return id - distance
  }

  #radix(): number {
    const radix = this.#streams.tree.byte()
    if (radix !== 10 && radix !== 16) throw new DamagedLines('a number has no radix')
    return radix
  }

  /** Reads the number of texts that follow: each takes a byte at least. */
  #count(): number {
    const { tree } = this.#streams
    const count = tree.varint()
    if (count > tree.bytes.length - tree.at) throw new DamagedLines('they end too early')
    return count
  }

  #numbers(rows: number): Read {
    const { tree, numbers } = this.#streams
    const radix = this.#radix()
    const width = tree.byte()
    const byStep = tree.byte() === 1
    const first = byStep ? tree.varint() : 0
    const zigzag = tree.varint()
    const least = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
    const by = tree.varint()
    const bytes = tree.byte()
    const held = byStep ? Math.max(0, rows - 1) : rows
    const values = new Float64Array(rows)
    for (let plane = 0, factor = 1; plane < bytes; plane++, factor *= 256) {
      const taken = numbers.take(held)
      const shift = byStep ? 1 : 0
      for (let row = 0; row < held; row++) values[row + shift]! += taken[row]! * factor
    }
    if (byStep) {
      values[0] = first
      for (let row = 1; row < rows; row++) values[row] = values[row - 1]! + least + values[row]! * by
    } else for (let row = 0; row < rows; row++) values[row] = least + values[row]! * by
    return (row) => figures(values[row]!, radix, width)
  }

  #codes(rows: number, kinds: number): Uint16Array {
    const { codes } = this.#streams
    const all = new Uint16Array(rows)
    if (kinds <= 1) return all
    const low = codes.take(rows)
    if (kinds <= 256) all.set(low)
    else {
      const high = codes.take(rows)
      for (let row = 0; row < rows; row++) all[row] = low[row]! | (high[row]! << 8)
    }
    return all
  }

  #starts(rows: number): Uint32Array {
    const starts = new Uint32Array(rows + 1)
    let at = 0
    for (let row = 0; row < rows; row++) {
      at += this.#streams.lengths.varint()
      if (at > MOST_BYTES) throw new DamagedLines('a text is too long')
      starts[row + 1] = at
    }
    return starts
  }

  #texts(rows: number): (row: number) => string {
    const starts = this.#starts(rows)
    const bytes = this.#streams.texts.take(starts[rows]!)
    return (row) => bytes.toString('latin1', starts[row]!, starts[row + 1]!)
  }

  #lines(rows: number): Read {
    const { bytes } = this.#streams.texts
    const starts = new Uint32Array(rows + 1)
    let at = 0
    for (let row = 1; row <= rows; row++) {
      const end = bytes.indexOf(NEWLINE, at)
      if (end === -1 && row < rows) throw new DamagedLines('there are too few lines')
      at = end === -1 ? bytes.length + 1 : end + 1
      starts[row] = at
    }
    return (row) => bytes.toString('latin1', starts[row]!, starts[row + 1]! - 1)
  }

  #split(rows: number, depth: number): Read {
    const { tree } = this.#streams
    const longest = this.#longest
    const skeletons = Array.from({ length: this.#count() }, () =>
      Array.from({ length: 1 + this.#count() }, () => tree.text()),
    )
    const codes = this.#codes(rows, skeletons.length + 1)
    const rowsOf = new Uint32Array(skeletons.length + 1)
    const places = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) {
      const code = codes[row]!
      if (code > skeletons.length) throw new DamagedLines('a skeleton is missing')
      places[row] = rowsOf[code]!++
    }
    const rest = rowsOf[0]! > 0 ? this.#texts(rowsOf[0]!) : null
    const pieces = skeletons.map((parts, kind) =>
      Array.from({ length: parts.length - 1 }, () => ({
        id: this.columns,
        read: this.column(rowsOf[kind + 1]!, depth + 1),
      })),
    )
    return (row, line) => {
      const code = codes[row]!
      const place = places[row]!
      if (code === 0) return rest!(place)
      const parts = skeletons[code - 1]!
      const columns = pieces[code - 1]!
      let text = parts[0]!
      for (let piece = 0; piece < columns.length; piece++) {
        const { id, read } = columns[piece]!
        const filled = read(place, line)
        line[id] = filled
        text += filled + parts[piece + 1]!
        if (text.length > longest) throw new DamagedLines('a line is too long')
      }
      return text
    }
  }
}

function held(line: Line, column: number): string {
  const text = line[column]
  if (text === undefined) throw new DamagedLines('a copy refers to what is not on the line')
  return text
}

function figures(value: number, radix: number, width: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new DamagedLines('a number is out of bounds')
  return value.toString(radix).padStart(width, '0')
}
