import { crc32 } from 'node:zlib'
import { Sink } from './bytes.ts'
import { areFew, divided, figuresOf, HEX, planes, stepsOf } from './figures.ts'
import { COLUMN, deflated, HEAD_BYTES, MOST_LINES, STREAMS, type Stream, VERSION } from './format.ts'
import { type Cuts, jsonWay, partsOf, type Way, WORDS_WAY } from './split.ts'

/** Fewer texts than this of one skeleton are not worth columns of their own. */
const FEW = 8
/** More pieces than this of one skeleton are not worth a column each. */
const MANY_PIECES = 8192
/** How many texts are tried before a dictionary is chosen, and how many of these may differ. */
const SAMPLE = 128
const MANY_IN_SAMPLE = 100
const MAX_DEPTH = 3
const DEEPEST = 12
/** How many earlier columns are tried for a copy. */
const TRIED = 6

/**
 * zstd alone exceeds this ratio only for lines that it has seen before. Below it, lines are also packed plainly, and the smaller result is
 * taken.
 */
const SURELY_BETTER = 16
/** Above this ratio both are tried, too: zstd is quick there. */
const VERY_ALIKE = 200

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

  /** Returns the radix, or 0 if the texts are no numbers. */
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

function isConstant(texts: readonly string[]): boolean {
  const first = texts[0]!
  for (let row = 1; row < texts.length; row++) if (texts[row] !== first) return false
  return true
}

function mostlyJson(texts: readonly string[]): boolean {
  let json = 0
  for (const text of texts) {
    const code = text.charCodeAt(0)
    if (code === 0x7b || code === 0x5b) json++
  }
  return json * 2 > texts.length
}

/** A column: a text for each of some lines. */
interface Column {
  readonly id: number
  /** Ascending numbers of lines. */
  readonly lines: readonly number[]
  readonly texts: readonly string[]
  /** The radix of the numbers that the column shows. */
  readonly radix: number
}

/** The earlier columns by their texts on one line. */
interface Index {
  readonly line: number
  readonly byText: Map<string, Column[]>
  /** The columns that show numbers, by number. */
  readonly byNumber: Map<number, Column[]>
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
