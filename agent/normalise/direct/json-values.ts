import type { Memory, Noted } from './memory.ts'
import { Piece } from './piece.ts'
import { HOW, type Values } from './values.ts'

/** Texts that come again and again are kept: so many, of so many characters. */
const MOST_KNOWN = 1024
const LONGEST_KNOWN = 256

/** Gives leaves values that don't stand in the record as they are written. All are false where there is no room. */
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
  setText(leaf: number, text: string): boolean {
    if (text.length > LONGEST_KNOWN) return this.#note(leaf, this.#memory.recordNotes.addText(text))
    let piece = this.#texted.get(text)
    if (piece === undefined) {
      if (this.#texted.size >= MOST_KNOWN || this.#memory.isFull)
        return this.#note(leaf, this.#memory.recordNotes.addText(text))
      piece = new Piece(JSON.stringify(text))
      this.#texted.set(text, piece)
    }
    this.#values.setJson(leaf, piece)
    return true
  }

  /** What does not come again. */
  setOnce(leaf: number, json: string): boolean {
    return this.#note(leaf, this.#memory.recordNotes.add(json))
  }

  #note(leaf: number, noted: Noted | null): boolean {
    if (noted !== null) this.#values.setSpan(leaf, HOW.json, noted.from, noted.to)
    return noted !== null
  }

  /** The same of what comes again and again. */
  setJson(leaf: number, json: string): boolean {
    let piece = this.#json.get(json)
    if (piece === undefined) {
      if (this.#json.size >= MOST_KNOWN || json.length > LONGEST_KNOWN || this.#memory.isFull)
        return this.setOnce(leaf, json)
      piece = new Piece(json)
      this.#json.set(json, piece)
    }
    this.#values.setJson(leaf, piece)
    return true
  }
}
