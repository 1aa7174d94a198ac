import { LEAF_COUNT } from '../integration/layout.ts'
import type { Memory, Noted } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'

/** How to write a leaf's value; `kernel.as.ts` has the same constants. */
export const HOW = {
  absent: 0,
  /** A text of the record, unchanged from between its quotes. */
  text: 1,
  /** A number, true or false of the record, written as a text. */
  quoted: 2,
  /** Bytes that are JSON already. */
  json: 3,
  /** A row of the record (its address) that is a list of scalars. */
  list: 4,
  /** One scalar of the record, written as a list. */
  single: 5,
  /** From here on, each kind has its own form of writing. */
  original: 6,
  offset: 7,
  id: 8,
  message: 9,
  /** A composed value: the beginning and the end of its list. */
  program: 10,
  changes: 11,
  /** From here on: values for identities and conditions. They follow from the changes and are not written. */
  changeFields: 12,
  changeBefore: 13,
  changeAfter: 14,
} as const

const QUOTE = 0x22
const BRACKET = 0x5b
const BRACE = 0x7b

/** The event of one record as places in the memory, by leaf. */
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

  /** Sets the values that are the same in all events, unless the record or its kind says otherwise. */
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

  /** Whether a leaf has a text, or a value that becomes one; not a structure. */
  hasText(leaf: number): boolean {
    const how = this.how[leaf]!
    if (how === HOW.text || how === HOW.quoted) return true
    if (how !== HOW.json) return false
    const from = this.from[leaf]!
    const first = this.#bytes[from]
    return first !== BRACKET && first !== BRACE && this.to[leaf]! - from > (first === QUOTE ? 2 : 0)
  }

  /** The place of the text, escaped as in JSON. */
  textFrom(leaf: number): number {
    const from = this.from[leaf]!
    return this.how[leaf] === HOW.json && this.#bytes[from] === QUOTE ? from + 1 : from
  }

  textTo(leaf: number): number {
    const to = this.to[leaf]!
    return this.how[leaf] === HOW.json && this.#bytes[this.from[leaf]!] === QUOTE ? to - 1 : to
  }
}

/** The number and the length of repeated texts that are kept. */
const MOST_KNOWN = 1024
const LONGEST_KNOWN = 256

/** Sets leaves to values that do not occur in the record in their written form. */
export class JsonValues {
  readonly #memory: Memory
  readonly #values: Values
  /** Repeated JSON, and the JSON of texts. */
  readonly #json = new Map<string, Piece>()
  readonly #texted = new Map<string, Piece>()

  constructor(memory: Memory, values: Values) {
    this.#memory = memory
    this.#values = values
  }

  /** Sets a text that may repeat. */
  setText(leaf: number, text: string): void {
    const piece = this.#kept(this.#texted, text, asText)
    if (piece !== null) this.#values.setJson(leaf, piece)
    else this.#note(leaf, this.#memory.recordNotes.addText(text))
  }

  /** Sets a value that does not repeat. */
  setOnce(leaf: number, json: string): void {
    this.#note(leaf, this.#memory.recordNotes.add(json))
  }

  /** Sets JSON that may repeat. */
  setJson(leaf: number, json: string): void {
    const piece = this.#kept(this.#json, json, asIs)
    if (piece !== null) this.#values.setJson(leaf, piece)
    else this.setOnce(leaf, json)
  }

  /** Returns null if the text is not kept for lack of room. */
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

/** The part of the changes that a leaf of this kind contains; undefined for other kinds. */
export function changeTextsOf(how: number): 'fields' | 'before' | 'after' | undefined {
  if (how === HOW.changeFields) return 'fields'
  if (how === HOW.changeBefore) return 'before'
  return how === HOW.changeAfter ? 'after' : undefined
}
