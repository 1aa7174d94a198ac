import type { FormatName } from '../integration/integration.ts'
import type { Memory } from '../wasm/memory.ts'
import { UNTRUSTED } from './formats/audit-pairs.ts'
import { ACCOMPANYING } from './formats/auditd.ts'
import { CEF_HEADER, CEF_PREFIX } from './formats/cef.ts'
import type { Format, TableHead } from './formats/index.ts'

/** Reads records of a format other than JSON at their place in the memory. */
export interface Form {
  /** Writes a record as JSON; returns its end, or -1 if the record has to be read as a text. */
  read(from: number, to: number, out: number): number
  /** Writes the decoded content of the record, so that words in it become visible; returns its end. */
  decoded?(from: number, to: number, out: number): number
}

/** The known properties of an input. */
export interface Input {
  readonly formats: readonly FormatName[]
  readonly format: Format
  /** Whether a column contains secrets, by its name: its rows are masked before they are read. */
  hasSecretColumn(columns: readonly string[]): boolean
}

/** Longer records are read from their text: their JSON might not fit. */
export const LONGEST_OF_FORM = 16 * 1024

const BLANK = 0x20
const BRACE = 0x7b
const BYTE_ORDER_MARK = 0xef

/** Whether a record with this first byte is certainly not JSON, for an integration that reads both. */
export const isNoJson = (first: number): boolean =>
  first > BLANK && first !== BRACE && first !== BYTE_ORDER_MARK

/** Returns the reader of an integration's format besides JSON; null if this module does not read it. */
export function formOf(input: Input, memory: Memory): Form | null {
  const others = input.formats.filter((format) => format !== 'json')
  if (others.length !== 1) return null
  switch (others[0]) {
    case 'csv':
      return new TableRows(input, memory)
    case 'plain':
      return new Lines(memory)
    case 'cef':
      return new CefRecords(memory)
    case 'auditd':
      return new AuditEvents(memory)
    default:
      return null
  }
}

/** The room for the columns; with more columns, rows are read as texts. */
const ROOM = 16 * 1024
const HEAD = 5
const COLUMN = 3

/** Reads rows of CSV like `formats/csv.ts`, if their columns are known and none contains secrets. */
class TableRows implements Form {
  readonly #input: Input
  readonly #memory: Memory
  readonly #table: number
  #head: TableHead | null = null
  #isKnown = false

  constructor(input: Input, memory: Memory) {
    this.#input = input
    this.#memory = memory
    this.#table = memory.take(ROOM)
  }

  read(from: number, to: number, out: number): number {
    const head = this.#input.format.table?.() ?? null
    if (head !== this.#head) {
      this.#head = head
      this.#isKnown = head !== null && this.#note(head)
    }
    return this.#isKnown ? this.#memory.kernel.readRow(this.#table, from, to, out) : -1
  }

  /** Tells the kernel the columns; false if rows must be read as texts. */
  #note({ columns, delimiter, quote, header, keepsEmpty }: TableHead): boolean {
    if (new Set(columns).size < columns.length || this.#input.hasSecretColumn(columns)) return false
    if (!isSign(delimiter) || !isSign(quote) || delimiter === quote) return false
    const { bytes, numbers } = this.#memory
    const names = columns.map((name) => `${JSON.stringify(name)}:`)
    const first = this.#table >> 2
    let at = this.#table + (HEAD + names.length * COLUMN) * 4
    const end = at + [...names, header].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    if (end > this.#table + ROOM) return false
    const note = (text: string): number => {
      const from = at
      at += bytes.write(text, from)
      return from
    }
    const headerFrom = note(header)
    numbers.set([names.length, delimiter.charCodeAt(0), quote.charCodeAt(0), headerFrom, at], first)
    names.forEach((name, i) => {
      const from = note(name)
      numbers.set([from, at - from, keepsEmpty[i] === true ? 1 : 0], first + HEAD + i * COLUMN)
    })
    return true
  }
}

/** Whether a text is one character of ASCII. */
const isSign = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 0x80

const DELETE = 0x7f
const ZERO = 0x30
const NINE = 0x39
/** The characters that may precede a time: `[`, `(`, `<`. */
const OPENING = new Set([0x5b, 0x28, 0x3c])

/** Reads lines without structure like `formats/plain.ts`; lines that may begin with a time, or are blank, are read as texts. */
class Lines implements Form {
  readonly #memory: Memory
  readonly #begins: number

  constructor(memory: Memory) {
    this.#memory = memory
    this.#begins = pieces(memory, ['{"line":"'])
  }

  read(from: number, to: number, out: number): number {
    const { bytes, kernel } = this.#memory
    const first = from < to ? bytes[from]! : 0
    if (first <= BLANK || first >= DELETE || isDigit(OPENING.has(first) ? bytes[from + 1]! : first)) return -1
    return kernel.readLine(this.#begins, from, to, out)
  }
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE

/** Reads CEF like `formats/cef.ts`. */
class CefRecords implements Form {
  readonly #memory: Memory
  readonly #names: number

  constructor(memory: Memory) {
    this.#memory = memory
    this.#names = pieces(memory, [CEF_PREFIX, ...CEF_HEADER])
  }

  read(from: number, to: number, out: number): number {
    return this.#memory.kernel.readCef(this.#names, this.#memory.room, from, to, out)
  }
}

/** The members of an event that the format itself writes, in the kernel's numbering. */
const WRITTEN = [
  ...['time', 'audit_id', 'node', 'type', 'records', 'command', 'text'],
  ...['socket_address', 'socket_port', 'path', 'path_kind'],
]
/** Members that contain no text. */
const STRUCTURES = ['paths', 'enriched']
/** Members that a record may not replace. */
const RESERVED = [...WRITTEN, ...STRUCTURES, 'changes', 'socket_path']

/** Reads events of the Linux audit system like `formats/auditd.ts`. */
class AuditEvents implements Form {
  readonly #memory: Memory
  readonly #known: number

  constructor(memory: Memory) {
    this.#memory = memory
    const known = memory.numbersOf(4)
    known[0] = nameList(memory, UNTRUSTED)
    known[1] = nameList(memory, ACCOMPANYING)
    known[2] = nameList(memory, RESERVED)
    known[3] = pieces(memory, [
      ...WRITTEN.map((name) => `"${name}":"`),
      ...STRUCTURES.map((name) => `"${name}":${name === 'paths' ? '[' : ''}`),
    ])
    this.#known = known.byteOffset
  }

  read(from: number, to: number, out: number): number {
    return this.#memory.kernel.readAudit(this.#known, this.#memory.room, from, to, out)
  }

  decoded(from: number, to: number, out: number): number {
    return this.#memory.kernel.codedTexts(from, to, out)
  }
}

/** No list contains longer names. */
const LONGEST = 31

/** A list of names in the memory, by length, for the kernel's lookups: the place and the number of names of each length. */
function nameList(memory: Memory, names: Iterable<string>): number {
  const all = [...names].map((name) => Buffer.from(name))
  if (all.some(({ length }) => length > LONGEST)) throw new Error('a name is longer than the kernel looks up')
  const list = memory.numbersOf((LONGEST + 1) * 2)
  for (let length = 0; length <= LONGEST; length++) {
    const these = all.filter((name) => name.length === length)
    list[length * 2] = memory.keep(Buffer.concat(these))
    list[length * 2 + 1] = these.length
  }
  return list.byteOffset
}

/** Texts in the memory: the place and the length of each. */
function pieces(memory: Memory, texts: readonly string[]): number {
  const list = memory.numbersOf(texts.length * 2)
  texts.forEach((text, i) => {
    const bytes = Buffer.from(text)
    list[i * 2] = memory.keep(bytes)
    list[i * 2 + 1] = bytes.length
  })
  return list.byteOffset
}
