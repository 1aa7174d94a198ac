import { KEY_FROM, KEY_TO, KIND, ROW } from '../wasm/rows.ts'
import { Texts } from '../wasm/texts.ts'
import type { Found } from './found.ts'
import { DEEPEST, isPreviousName, TELLING_WORDS, tellsPrevious } from './previous.ts'

/**
 * Whether a record holds what may be a previous value, wherever it stands: only where it holds none may an event say that the value is
 * unknown. Found are members by the words of their names, and texts such as `from 10 to 15`, in the languages that audited products ship.
 */
export class PreviousRows {
  readonly #found: Found
  /** Of names as they stand between their quotes. */
  readonly #names = new Texts((name) => isPreviousName(JSON.parse(`"${name}"`)))

  constructor(found: Found) {
    this.#found = found
  }

  mayBe(): boolean {
    const found = this.#found
    return this.#isWithin(found.root, 0) || found.added.some((source) => this.#isIn(found.hit(source), 0))
  }

  #isWithin(row: number, depth: number): boolean {
    const found = this.#found
    const kind = found.kind(row)
    if (kind === KIND.string)
      return mayTell(found.bytes, found.from(row), found.to(row)) && tellsPrevious(found.text(row))
    if ((kind !== KIND.object && kind !== KIND.array) || depth === DEEPEST) return false
    const end = found.next(row)
    for (let member = row + ROW; member < end; member = found.next(member)) {
      if (found.isRemoved(member)) continue
      if (kind === KIND.object ? this.#isIn(member, depth) : this.#isWithin(member, depth + 1)) return true
    }
    return false
  }

  /** Of a member. */
  #isIn(row: number, depth: number): boolean {
    const found = this.#found
    if (found.isEmpty(row)) return false
    const kind = found.kind(row)
    if ((kind === KIND.object || kind === KIND.array) && row + ROW === found.next(row)) return false
    const { bytes, rows } = found
    return this.#names.of(bytes, rows[row + KEY_FROM]!, rows[row + KEY_TO]!) || this.#isWithin(row, depth + 1)
  }
}

const SPACE = 0x20
const DASH = 0x2d
const EQUALS = 0x3d
const GREATER = 0x3e
const BACKSLASH = 0x5c
const NOT_ASCII = 0x80
const SHORTEST = 5
const BEFORE_WORDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(' (;,'.includes(String.fromCharCode(byte))),
)
/** By their first letter, as a small one. */
const WORDS: readonly (readonly Uint8Array[])[] = Array.from({ length: 256 }, (_, first) =>
  TELLING_WORDS.map((word) => Buffer.from(word)).filter((word) => word[0] === first),
)

/** Most texts hold nothing by which they could tell it: neither an arrow nor such a word, nor what is written otherwise. */
function mayTell(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < SHORTEST) return false
  let before = SPACE
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte === BACKSLASH || byte >= NOT_ASCII) return true
    if (byte === GREATER && (before === DASH || before === EQUALS)) return true
    if (BEFORE_WORDS[before] === 1) {
      const words = WORDS[byte | 0x20]!
      for (let i = 0; i < words.length; i++) if (beginsWith(words[i]!, bytes, at, to)) return true
    }
    before = byte
  }
  return false
}

function beginsWith(word: Uint8Array, bytes: Uint8Array, at: number, to: number): boolean {
  if (at + word.length > to) return false
  for (let i = 1; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word[i]) return false
  return true
}
