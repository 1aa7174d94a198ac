import { crc32 } from 'node:zlib'
import { Sink } from './bytes.ts'
import { COLUMN, deflated, HEAD_BYTES, STREAMS, type Stream, VERSION } from './format.ts'
import { type Cuts, jsonWay, partsOf, type Way, WORDS_WAY } from './split.ts'

/** Fewer texts than this of one skeleton are not worth columns of their own. */
const FEW = 4
/** More pieces than this of one skeleton are not worth a column each. */
const MANY_PIECES = 8192
const MAX_DEPTH = 3
const DEEPEST = 12
/** How many earlier columns are tried for a copy. */
const TRIED = 6

/** Lines packed to a smaller part than this are not packed plainly too, to compare. */
const SURELY_BETTER = 16

/** A column: a text for each of some lines. */
interface Column {
  readonly id: number
  /** Ascending numbers of lines. */
  readonly lines: readonly number[]
  readonly texts: readonly string[]
  /** Of what the column shows in figures: the radix. */
  readonly radix: number
}

/** The earlier columns by their texts on one line. */
interface Index {
  readonly line: number
  readonly byText: Map<string, Column[]>
  /** Those that show numbers, by these. */
  readonly byNumber: Map<number, Column[]>
}

/** Lines packed column by column: self-contained, begins with the format's version byte. */
export function packLines(lines: readonly Uint8Array[]): Buffer {
  const texts = lines.map((line) => Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1'))
  const bytes = lines.reduce((sum, line) => sum + line.length, 0)
  const packed = new Packer().columns(texts)
  if (packed.length * SURELY_BETTER < bytes) return packed
  const plain = new Packer().plain(texts)
  return plain.length < packed.length ? plain : packed
}

class Packer {
  readonly #streams = Object.fromEntries(STREAMS.map((name) => [name, new Sink()])) as Record<Stream, Sink>
  #nextId = 0
  /** Columns that a copy may refer to, of the group of lines that is being written. */
  #columns: Column[] = []
  #indexes: Index[] = []

  columns(texts: readonly string[]): Buffer {
    if (texts.length > 0)
      this.#column(
        texts,
        texts.map((_, line) => line),
        0,
        0,
      )
    return this.#packed(texts.length)
  }

  /** One text behind the other, as if nothing were known of them. */
  plain(texts: readonly string[]): Buffer {
    if (texts.length > 0) {
      this.#streams.tree.byte(COLUMN.text)
      this.#asText(texts)
    }
    return this.#packed(texts.length)
  }

  #packed(count: number): Buffer {
    const out = new Sink()
    out.varint(count)
    let present = 0
    STREAMS.forEach((name, index) => {
      if (this.#streams[name].length > 0) present |= 1 << index
    })
    out.byte(present)
    for (const name of STREAMS) {
      const { bytes } = this.#streams[name]
      if (bytes.length === 0) continue
      const packed = deflated(bytes)
      const isSmaller = packed.length < bytes.length
      out.varint(bytes.length)
      out.varint(isSmaller ? packed.length : 0)
      out.raw(isSmaller ? packed : bytes)
    }
    const head = Buffer.alloc(HEAD_BYTES)
    head[0] = VERSION
    head.writeUInt32LE(crc32(out.bytes), 1)
    return Buffer.concat([head, out.bytes])
  }

  #column(texts: readonly string[], lines: readonly number[], depth: number, level: number): void {
    const { tree } = this.#streams
    const id = this.#nextId++
    const first = texts[0]!
    if (isConstant(texts)) {
      tree.byte(COLUMN.constant)
      tree.text(first)
      return
    }
    const copied = this.#copied(texts, lines)
    if (copied !== undefined) {
      tree.byte(COLUMN.copy)
      tree.varint(id - copied.id)
      return
    }
    const radix =
      this.#asNumbers(texts, lines, id) ||
      (this.#asDictionary(texts) || this.#asHex(texts) || this.#asSplit(texts, lines, depth, level) ? 0 : -1)
    if (radix === -1) {
      tree.byte(COLUMN.text)
      this.#asText(texts)
    }
    this.#remember({ id, lines, texts, radix: Math.max(0, radix) })
  }

  #remember(column: Column): void {
    this.#columns.push(column)
    for (const index of this.#indexes) enter(index, column)
  }

  #copied(texts: readonly string[], lines: readonly number[]): Column | undefined {
    const index = this.#indexes.at(-1)
    const candidates = index?.byText.get(texts[0]!)
    if (candidates === undefined) return undefined
    for (let i = 0; i < Math.min(TRIED, candidates.length); i++) {
      if (isSame(candidates[i]!, texts, lines)) return candidates[i]
    }
    return undefined
  }

  /** Returns the radix; 0 where they are no numbers. */
  #asNumbers(texts: readonly string[], lines: readonly number[], id: number): number {
    const shape = figuresOf(texts)
    if (shape === null) return 0
    const { radix, width, values } = shape
    const { tree, numbers } = this.#streams
    const twin = this.#indexes
      .at(-1)
      ?.byNumber.get(values[0]!)
      ?.slice(0, TRIED)
      .find((column) => isSameNumber(column, values, lines))
    if (twin !== undefined) {
      tree.byte(COLUMN.same)
      tree.varint(id - twin.id)
      tree.byte(twin.radix)
      tree.byte(radix)
      tree.byte(width)
      return radix
    }
    const steps = values.map((value, row) => (row === 0 ? 0 : value - values[row - 1]!))
    const least = smallest(values)
    const leastStep = smallest(steps.slice(1))
    const plain = divided(values.map((value) => value - least))
    const asSteps = divided(steps.slice(1).map((step) => step - leastStep))
    const byStep = asSteps.bits + 8 < plain.bits * 0.9
    const chosen = byStep ? asSteps : plain
    // Text that is short and repeats is better off in a dictionary.
    if (radix === 16 && chosen.bits / texts.length > 40) return 0
    if (width === 0 && !byStep && new Set(texts).size <= Math.min(64, texts.length / 8)) return 0
    tree.byte(COLUMN.number)
    tree.byte(radix)
    tree.byte(width)
    tree.byte(byStep ? 1 : 0)
    tree.varint(byStep ? values[0]! : least)
    if (byStep) tree.varint(leastStep < 0 ? -leastStep * 2 - 1 : leastStep * 2)
    tree.varint(chosen.by)
    tree.byte(chosen.bytes)
    for (let plane = 0, factor = 1; plane < chosen.bytes; plane++, factor *= 256) {
      for (const value of chosen.values) numbers.byte(Math.floor(value / factor) % 256)
    }
    return radix
  }

  #asDictionary(texts: readonly string[]): boolean {
    const most = Math.min(65_536, Math.ceil(texts.length / 3))
    const codes = new Map<string, number>()
    for (const text of texts) {
      if (codes.has(text)) continue
      if (codes.size >= most) return false
      codes.set(text, codes.size)
    }
    this.#streams.tree.byte(COLUMN.dictionary)
    this.#dictionary(
      [...codes.keys()],
      texts.map((text) => codes.get(text)!),
    )
    return true
  }

  #dictionary(entries: readonly string[], codes: readonly number[]): void {
    const { tree, codes: stream } = this.#streams
    tree.varint(entries.length)
    for (const entry of entries) tree.text(entry)
    this.#codes(stream, codes, entries.length)
  }

  #codes(stream: Sink, codes: readonly number[], kinds: number): void {
    if (kinds > 256) for (const code of codes) stream.byte(code >> 8)
    if (kinds > 1) for (const code of codes) stream.byte(code & 255)
  }

  /** Digits two a byte. */
  #asHex(texts: readonly string[]): boolean {
    for (const text of texts) if (text.length < 8 || text.length === 40 || !HEX.test(text)) return false
    const { tree, digits } = this.#streams
    const { length } = texts[0]!
    const isFixed = texts.every((text) => text.length === length)
    tree.byte(COLUMN.hex)
    tree.varint(isFixed ? length : 0)
    if (!isFixed) for (const text of texts) this.#streams.lengths.varint(text.length)
    let all = texts.join('')
    if (all.length % 2 === 1) all += '0'
    digits.raw(Buffer.from(all, 'hex'))
    return true
  }

  #asText(texts: readonly string[]): void {
    const { texts: stream, lengths } = this.#streams
    for (const text of texts) {
      lengths.varint(text.length)
      stream.latin1(text)
    }
  }

  #asSplit(texts: readonly string[], lines: readonly number[], depth: number, level: number): boolean {
    if (level > DEEPEST) return false
    const isJson = depth <= MAX_DEPTH && mostlyJson(texts)
    const kinds = takenApart(texts, isJson ? jsonWay(depth) : WORDS_WAY)
    const kept = kinds.filter(
      ({ parts, rows }) =>
        rows.length >= FEW && parts.length <= MANY_PIECES && !(parts.length === 2 && parts.join('') === ''),
    )
    if (kept.length === 0) return false
    const { tree, codes: stream } = this.#streams
    tree.byte(COLUMN.split)
    tree.varint(kept.length)
    const codes = new Array<number>(texts.length).fill(0)
    let rest = texts.length
    kept.forEach(({ parts, rows }, index) => {
      tree.varint(parts.length - 1)
      for (const part of parts) tree.text(part)
      for (const row of rows) codes[row] = index + 1
      rest -= rows.length
    })
    this.#codes(stream, codes, kept.length + 1)
    if (rest > 0) this.#asText(texts.filter((_, row) => codes[row] === 0))
    for (const { columns, rows } of kept) {
      const isAll = rows.length === texts.length
      const those = isAll ? lines : rows.map((row) => lines[row]!)
      const isTop = level === 0
      if (isTop) {
        this.#columns = []
        this.#indexes = []
      }
      const isNew = isTop || !isAll
      if (isNew) {
        const index: Index = { line: those[0]!, byText: new Map(), byNumber: new Map() }
        for (const column of this.#columns) enter(index, column)
        this.#indexes.push(index)
      }
      for (const column of columns) this.#column(column, those, isJson ? depth + 1 : depth, level + 1)
      if (isNew) this.#indexes.pop()
    }
    return true
  }
}

/** Texts of one skeleton. */
interface Kind {
  readonly parts: readonly string[]
  readonly columns: readonly string[][]
  readonly rows: number[]
}

const SEPARATOR = '\u0100'

function takenApart(texts: readonly string[], way: Way): Kind[] {
  const kinds = new Map<string, Kind>()
  const cuts: Cuts = []
  let last: Kind | undefined
  let beforeLast: Kind | undefined
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!
    if (last === undefined || !way.cutAlike(text, last.parts, cuts)) {
      let kind = beforeLast
      if (kind === undefined || !way.cutAlike(text, kind.parts, cuts)) {
        way.cut(text, cuts)
        const parts = partsOf(text, cuts)
        const key = parts.join(SEPARATOR)
        kind = kinds.get(key)
        if (kind === undefined) {
          kind = { parts, columns: parts.slice(1).map(() => []), rows: [] }
          kinds.set(key, kind)
        }
      }
      beforeLast = last
      last = kind
    }
    last.rows.push(row)
    for (let piece = 0; piece < last.columns.length; piece++)
      last.columns[piece]!.push(text.slice(cuts[piece * 2], cuts[piece * 2 + 1]))
  }
  return [...kinds.values()]
}

function enter(index: Index, column: Column): void {
  const row = rowOf(column.lines, index.line)
  if (row === -1) return
  const text = column.texts[row]!
  list(index.byText, text, column)
  if (column.radix > 0) list(index.byNumber, Number.parseInt(text, column.radix), column)
}

function list<Key>(map: Map<Key, Column[]>, key: Key, column: Column): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [column])
  else known.push(column)
}

function rowOf(lines: readonly number[], line: number): number {
  let low = 0
  let high = lines.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const there = lines[middle]!
    if (there === line) return middle
    if (there < line) low = middle + 1
    else high = middle - 1
  }
  return -1
}

function isConstant(texts: readonly string[]): boolean {
  const first = texts[0]!
  for (let row = 1; row < texts.length; row++) if (texts[row] !== first) return false
  return true
}

/** Whether the column has these texts on these lines. */
function isSame(column: Column, texts: readonly string[], lines: readonly number[]): boolean {
  if (column.lines === lines) {
    for (let row = 0; row < lines.length; row++) if (column.texts[row] !== texts[row]) return false
    return true
  }
  let at = 0
  for (let row = 0; row < lines.length; row++) {
    while (column.lines[at]! < lines[row]!) at++
    if (column.lines[at] !== lines[row] || column.texts[at] !== texts[row]) return false
    at++
  }
  return true
}

function isSameNumber(column: Column, values: readonly number[], lines: readonly number[]): boolean {
  let at = 0
  for (let row = 0; row < lines.length; row++) {
    while (column.lines[at]! < lines[row]!) at++
    if (column.lines[at] !== lines[row]) return false
    if (Number.parseInt(column.texts[at]!, column.radix) !== values[row]) return false
    at++
  }
  return true
}

const HEX = /^[0-9a-f]+$/
/** Numbers of so many digits, with zeros in front in hexadecimal, are exact. */
const MOST_DIGITS = 15
const HEX_DIGITS = 16
const HEX_ZEROS = '000'

/** How all these texts show a number: with a width where there are zeros in front. */
function figuresOf(
  texts: readonly string[],
): { radix: number; width: number; values: readonly number[] } | null {
  const values: number[] = []
  const width = texts[0]!.length
  const isHex = width <= HEX_DIGITS && texts[0]!.startsWith(HEX_ZEROS)
  let isPlain = true
  let isPadded = true
  for (const text of texts) {
    const { length } = text
    if (length === 0 || length > MOST_DIGITS) return isHex ? hexOf(texts, width) : null
    if (length !== width) isPadded = false
    let value = 0
    for (let at = 0; at < length; at++) {
      const digit = text.charCodeAt(at) - 0x30
      if (digit < 0 || digit > 9) return isHex ? hexOf(texts, width) : null
      value = value * 10 + digit
    }
    if (length > 1 && text.charCodeAt(0) === 0x30) isPlain = false
    if (!isPlain && !isPadded) return null
    values.push(value)
  }
  return { radix: 10, width: isPlain ? 0 : width, values }
}

function hexOf(
  texts: readonly string[],
  width: number,
): { radix: number; width: number; values: readonly number[] } | null {
  for (const text of texts)
    if (text.length !== width || !text.startsWith(HEX_ZEROS) || !HEX.test(text)) return null
  return { radix: 16, width, values: texts.map((text) => Number.parseInt(text, 16)) }
}

function smallest(values: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) if (value < least) least = value
  return least === Number.POSITIVE_INFINITY ? 0 : least
}

/** Numbers from 0 by what divides all of them. */
function divided(values: readonly number[]): { values: number[]; by: number; bytes: number; bits: number } {
  let by = 0
  for (const value of values) {
    let [a, b] = [value, by]
    while (b !== 0) [a, b] = [b, a % b]
    by = a
    if (by === 1) break
  }
  by ||= 1
  const smaller = values.map((value) => value / by)
  let most = 0
  let bits = 0
  for (const value of smaller) {
    if (value > most) most = value
    bits += Math.log2(value + 1)
  }
  let bytes = 0
  for (let rest = most; rest > 0; rest = Math.floor(rest / 256)) bytes++
  return { values: smaller, by, bytes, bits }
}

function mostlyJson(texts: readonly string[]): boolean {
  let json = 0
  for (const text of texts) {
    const code = text.charCodeAt(0)
    if (code === 0x7b || code === 0x5b) json++
  }
  return json * 2 > texts.length
}
