import { LEAF_COUNT } from '../integration/layout.ts'
import type { Memory, Noted } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'

/** How a leaf's value is to be written; `kernel.as.ts` has the same. */
export const HOW = {
  absent: 0,
  /** A text of the record, as it stands between its quotes. */
  text: 1,
  /** A number, true or false of the record, as a text. */
  quoted: 2,
  /** Bytes that are JSON already. */
  json: 3,
  /** A row of the record (its address) that is a list of scalars. */
  list: 4,
  /** One scalar of the record as a list. */
  single: 5,
  /** From here on: what is written by a way of its own. */
  original: 6,
  offset: 7,
  id: 8,
  message: 9,
  /** A program of several places: its list from and to. */
  program: 10,
  changes: 11,
  /** From here on: what identities and conditions may ask for; it follows from the changes, and is not written. */
  changeFields: 12,
  changeBefore: 13,
  changeAfter: 14,
} as const

const QUOTE = 0x22
const BRACKET = 0x5b
const BRACE = 0x7b

/** The event of one record, by leaf, as places in the memory. */
export class Values {
  readonly how: Uint8Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly #constants: readonly { readonly leaf: number; readonly json: Piece }[]
  readonly #memory: Memory
  readonly #bytes: Buffer

  constructor(memory: Memory, constants: readonly (string | undefined)[]) {
    this.#memory = memory
    this.#bytes = memory.bytes
    this.how = memory.bytesOf(LEAF_COUNT)
    this.from = memory.numbersOf(LEAF_COUNT)
    this.to = memory.numbersOf(LEAF_COUNT)
    this.#constants = constants.flatMap((json, leaf) =>
      json === undefined ? [] : [{ leaf, json: new Piece(json) }],
    )
  }

  clear(): void {
    this.how.fill(HOW.absent)
  }

  /** What is the same in all events, unless the record or its kind says otherwise. */
  setConstants(): void {
    for (const { leaf, json } of this.#constants) if (this.how[leaf] === HOW.absent) this.setJson(leaf, json)
  }

  setJson(leaf: number, json: Piece): void {
    const from = json.in(this.#memory)
    this.setSpan(leaf, HOW.json, from, from + json.length)
  }

  setSpan(leaf: number, how: number, from: number, to: number): void {
    this.how[leaf] = how
    this.from[leaf] = from
    this.to[leaf] = to
  }

  /** Whether it has a text: a text, or what becomes one; not a structure. */
  hasText(leaf: number): boolean {
    const how = this.how[leaf]!
    if (how === HOW.text || how === HOW.quoted) return true
    if (how !== HOW.json) return false
    const from = this.from[leaf]!
    const first = this.#bytes[from]
    return first !== BRACKET && first !== BRACE && this.to[leaf]! - from > (first === QUOTE ? 2 : 0)
  }

  /** Where its text stands, escaped as in JSON. */
  textFrom(leaf: number): number {
    const from = this.from[leaf]!
    return this.how[leaf] === HOW.json && this.#bytes[from] === QUOTE ? from + 1 : from
  }

  textTo(leaf: number): number {
    const to = this.to[leaf]!
    return this.how[leaf] === HOW.json && this.#bytes[this.from[leaf]!] === QUOTE ? to - 1 : to
  }
}

/** Texts that come again and again are kept: so many, of so many characters. */
const MOST_KNOWN = 1024
const LONGEST_KNOWN = 256

/** Gives leaves values that don't stand in the record as they are written. */
export class JsonValues {
  readonly #memory: Memory
  readonly #values: Values
  /** JSON that comes again and again, and that of texts. */
  readonly #json = new Map<string, Piece>()
  readonly #texted = new Map<string, Piece>()

  constructor(memory: Memory, values: Values) {
    this.#memory = memory
    this.#values = values
  }

  /** A text that may come again and again. */
  setText(leaf: number, text: string): void {
    const piece = this.#kept(this.#texted, text, asText)
    if (piece !== null) this.#values.setJson(leaf, piece)
    else this.#note(leaf, this.#memory.recordNotes.addText(text))
  }

  /** What does not come again. */
  setOnce(leaf: number, json: string): void {
    this.#note(leaf, this.#memory.recordNotes.add(json))
  }

  /** JSON that comes again and again. */
  setJson(leaf: number, json: string): void {
    const piece = this.#kept(this.#json, json, asIs)
    if (piece !== null) this.#values.setJson(leaf, piece)
    else this.setOnce(leaf, json)
  }

  /** Null for what is not kept, for want of room. */
  #kept(known: Map<string, Piece>, text: string, jsonOf: (text: string) => string): Piece | null {
    if (text.length > LONGEST_KNOWN) return null
    let piece = known.get(text)
    if (piece === undefined) {
      if (known.size >= MOST_KNOWN || this.#memory.isFull) return null
      piece = new Piece(jsonOf(text))
      known.set(text, piece)
    }
    return piece
  }

  #note(leaf: number, { from, to }: Noted): void {
    this.#values.setSpan(leaf, HOW.json, from, to)
  }
}

const asText = (text: string): string => JSON.stringify(text)
const asIs = (json: string): string => json

/** What of the changes a leaf says that is written in this way; undefined for other ways. */
export function changeTextsOf(how: number): 'fields' | 'before' | 'after' | undefined {
  if (how === HOW.changeFields) return 'fields'
  if (how === HOW.changeBefore) return 'before'
  return how === HOW.changeAfter ? 'after' : undefined
}
