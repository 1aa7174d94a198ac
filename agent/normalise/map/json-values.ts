import type { Memory, Noted } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'
import { HOW, type Values } from './values.ts'

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
