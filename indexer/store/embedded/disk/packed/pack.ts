import { crc32 } from 'node:zlib'
import { Sink } from './bytes.ts'
import { COLUMN, deflated, HEAD_BYTES, MOST_LINES, STREAMS, type Stream, VERSION } from './format.ts'
import { type Cuts, jsonWay, partsOf, type Way, WORDS_WAY } from './split.ts'

/** Fewer texts than this of one skeleton are not worth columns of their own. */
const FEW = 4
/** More pieces than this of one skeleton are not worth a column each. */
const MANY_PIECES = 8192
/** Of the first so many texts of a dictionary at most so many are different. */
const SAMPLE = 128
const MANY_IN_SAMPLE = 100
const MAX_DEPTH = 3
const DEEPEST = 12
/** How many earlier columns are tried for a copy. */
const TRIED = 6

/** zstd alone reaches more than this only of lines that it has seen before; below it, lines are packed plainly too and the smaller way is taken. */
const SURELY_BETTER = 16
/** And above this, where zstd is quick. */
const VERY_ALIKE = 200

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
  if (lines.length > MOST_LINES) throw new RangeError(`${lines.length} lines are too many for one block`)
  const texts = lines.map((line) => Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1'))
  const bytes = lines.reduce((sum, line) => sum + line.length, 0)
  const packed = new Packer().columns(texts)
  const ratio = bytes / packed.length
  if (texts.length === 0 || (ratio > SURELY_BETTER && ratio < VERY_ALIKE)) return packed
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
    return this.#packed(texts)
  }

  /** One line behind the other, as if nothing were known of them. */
  plain(texts: readonly string[]): Buffer {
    const { tree, texts: stream } = this.#streams
    if (texts.some((text) => text.includes('\n'))) {
      tree.byte(COLUMN.text)
      this.#asText(texts)
    } else {
      tree.byte(COLUMN.lines)
      stream.latin1(texts.join('\n'))
    }
    return this.#packed(texts)
  }

  #packed(texts: readonly string[]): Buffer {
    const out = new Sink()
    out.varint(texts.length)
    out.varint(texts.reduce((longest, text) => Math.max(longest, text.length), 0))
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
      ((level > 0 && this.#asDictionary(texts)) ||
      this.#asHex(texts) ||
      this.#asSplit(texts, lines, depth, level)
        ? 0
        : -1)
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
    const plain = divided(values)
    const asSteps = divided(stepsOf(values))
    const byStep = asSteps.bits < plain.bits - 1
    const chosen = byStep ? asSteps : plain
    // Few numbers again and again are better off in a dictionary.
    if (width === 0 && !byStep && plain.bytes > 0 && areFew(values)) return 0
    tree.byte(COLUMN.number)
    tree.byte(radix)
    tree.byte(width)
    tree.byte(byStep ? 1 : 0)
    if (byStep) tree.varint(values[0]!)
    tree.varint(chosen.least < 0 ? -chosen.least * 2 - 1 : chosen.least * 2)
    tree.varint(chosen.by)
    tree.byte(chosen.bytes)
    planes(numbers, chosen.values, chosen.bytes)
    return radix
  }

  #asDictionary(texts: readonly string[]): boolean {
    const most = Math.min(65_536, Math.ceil(texts.length / 3))
    const known = new Map<string, number>()
    const codes: number[] = []
    for (const text of texts) {
      let code = known.get(text)
      if (code === undefined) {
        code = known.size
        if (code >= most || (codes.length === SAMPLE && code > MANY_IN_SAMPLE)) return false
        known.set(text, code)
      }
      codes.push(code)
    }
    this.#streams.tree.byte(COLUMN.dictionary)
    const { tree, codes: stream } = this.#streams
    tree.varint(known.size)
    for (const entry of known.keys()) tree.text(entry)
    this.#codes(stream, codes, known.size)
    return true
  }

  #codes(stream: Sink, codes: readonly number[], kinds: number): void {
    planes(stream, codes, kinds > 256 ? 2 : kinds > 1 ? 1 : 0)
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

function stepsOf(values: readonly number[]): number[] {
  const steps: number[] = []
  for (let row = 1; row < values.length; row++) steps.push(values[row]! - values[row - 1]!)
  return steps
}

const FEW_NUMBERS = 64

function areFew(values: readonly number[]): boolean {
  const most = Math.min(FEW_NUMBERS, values.length / 8)
  const known = new Set<number>()
  for (const value of values) if (known.add(value).size > most) return false
  return true
}

interface Divided {
  readonly values: readonly number[]
  readonly least: number
  readonly by: number
  /** So many bytes hold the greatest. */
  readonly bytes: number
  /** So many bits hold one of about the usual size. */
  readonly bits: number
}

/** Numbers as they are above the least, divided by what divides all of them. */
function divided(values: readonly number[]): Divided {
  let least = values[0] ?? 0
  for (const value of values) if (value < least) least = value
  let by = 0
  let most = 0
  let sum = 0
  for (const value of values) {
    const above = value - least
    if (above > most) most = above
    sum += above
    if (by !== 1) by = commonDivisor(above, by)
  }
  by ||= 1
  let bytes = 0
  for (let rest = most / by; rest >= 1; rest /= 256) bytes++
  const smaller: number[] = []
  for (const value of values) smaller.push((value - least) / by)
  return { values: smaller, least, by, bytes, bits: Math.log2(sum / by / Math.max(1, values.length) + 1) }
}

function commonDivisor(one: number, other: number): number {
  let [a, b] = [one, other]
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

/** The lowest bytes of all numbers, then the next ones. */
function planes(sink: Sink, values: readonly number[], bytes: number): void {
  const at = sink.extend(values.length * bytes)
  const all = sink.bytes
  for (let row = 0; row < values.length; row++) {
    let rest = values[row]!
    for (let plane = 0; plane < bytes; plane++) {
      const high = Math.floor(rest / 256)
      all[at + plane * values.length + row] = rest - high * 256
      rest = high
    }
  }
}

function mostlyJson(texts: readonly string[]): boolean {
  let json = 0
  for (const text of texts) {
    const code = text.charCodeAt(0)
    if (code === 0x7b || code === 0x5b) json++
  }
  return json * 2 > texts.length
}
