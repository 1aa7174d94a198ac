import type { AuditEvent } from '../../../../../schema/index.ts'
import { eventWith } from '../facets.ts'

/** The number of texts at which a book is closed and another begun. Readers of the old book keep it. */
const MOST_TEXTS = 100_000

/**
 * The texts of one field in all segments that a thread has open, each with one number. The same users occur in each segment, so each value
 * is decided once, not once a segment.
 */
export class TextBook {
  readonly #field: string
  readonly #idOf = new Map<string, number>()
  readonly #events: AuditEvent[] = []

  constructor(field: string) {
    this.#field = field
  }

  get size(): number {
    return this.#events.length
  }

  /** The numbers of texts (JSON) that lie one behind the other and end at `ends`. */
  idsOf(bytes: Buffer, ends: Uint32Array): Uint32Array {
    const ids = new Uint32Array(ends.length)
    let start = 0
    for (const [i, end] of ends.entries()) {
      // The key is the bytes: a text is decoded once, when it is new.
      const key = bytes.toString('latin1', start, end)
      let id = this.#idOf.get(key)
      if (id === undefined) {
        const value: unknown = JSON.parse(bytes.toString('utf8', start, end))
        id = this.#events.push(eventWith([[this.#field, value]])) - 1
        this.#idOf.set(key, id)
      }
      ids[i] = id
      start = end
    }
    return ids
  }

  /** An event with this value alone. */
  event(id: number): AuditEvent {
    return this.#events[id]!
  }
}

/** The books of a thread, by field. */
export class TextBooks {
  readonly #books = new Map<string, TextBook>()

  of(field: string): TextBook {
    let book = this.#books.get(field)
    if (book === undefined || book.size > MOST_TEXTS) {
      book = new TextBook(field)
      this.#books.set(field, book)
    }
    return book
  }
}
