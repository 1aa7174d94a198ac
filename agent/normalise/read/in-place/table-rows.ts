import type { Memory } from '../../wasm/memory.ts'
import type { TableHead } from '../formats/index.ts'
import type { Form, Input } from './form.ts'

/** Bytes for what is known of the columns; with more of them rows are read as texts. */
const ROOM = 16 * 1024
const HEAD = 5
const COLUMN = 3

/** Rows of CSV, as `formats/csv.ts` reads them, where their columns are known and none is of secrets. */
export class TableRows implements Form {
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

  /** Tells the kernel of the columns; false where rows must be read as texts. */
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

/** One character of ASCII. */
const isSign = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 0x80
