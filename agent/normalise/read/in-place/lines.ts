import type { Memory } from '../../wasm/memory.ts'
import type { Form } from './form.ts'
import { pieces } from './name-lists.ts'

const BLANK = 0x20
const DELETE = 0x7f
const ZERO = 0x30
const NINE = 0x39
/** What may stand before a time: `[`, `(`, `<`. */
const OPENING = new Set([0x5b, 0x28, 0x3c])

/** Lines without structure, as `formats/plain.ts` reads them; those that may begin with a time, or are blank, are read as texts. */
export class Lines implements Form {
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
