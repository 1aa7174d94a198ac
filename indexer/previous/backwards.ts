import { type AuditEvent, changesOf, textAt } from '../../schema/index.ts'
import { doingOf } from './record.ts'

/** The last value known of a field before an event. */
export interface KnownValue {
  readonly field: string
  /** Null: the field was known to be empty. */
  readonly value: string | null
  /** The event that says so. */
  readonly from: AuditEvent
}

/**
 * Goes from one event of a record to the ones before it, the nearest first, and takes from each what it says of fields that are
 * still looked for.
 */
export class Backwards {
  readonly known: KnownValue[] = []
  /** What else a reader should know, as sentences. */
  readonly notes: string[] = []
  readonly #open: Set<string>
  #restored = false

  constructor(fields: readonly string[]) {
    this.#open = new Set(fields)
  }

  /** Nothing is looked for any more. */
  get done(): boolean {
    return this.#open.size === 0
  }

  look(event: AuditEvent): void {
    const doing = doingOf(event)
    if (doing === 'nothing') return
    const changes = changesOf(event)
    for (const { field, old, new: next } of changes) {
      if (!this.#open.has(field)) continue
      // Deleting a record says what it held last; that counts where it was restored afterwards.
      const value = doing === 'deletes' && this.#restored ? (next ?? old) : next
      if (value !== undefined && (doing !== 'deletes' || this.#restored))
        this.#know({ field, value, from: event })
      else if (doing === 'changes') {
        this.#open.delete(field)
        this.notes.push(`${nameOf(event)} changed ${field} without saying to what.`)
      }
    }
    if (this.done) return
    if (doing === 'restores') this.#restored = true
    else if (doing === 'creates') this.#open.clear()
    else if (doing === 'deletes' && !this.#restored) {
      this.#open.clear()
      this.notes.push(`${nameOf(event)} deleted the record; what it held before does not count.`)
    } else if (doing === 'deletes') this.#restored = false
    else if (changes.length === 0) {
      this.notes.push(
        `${nameOf(event)} changed the record without saying what; the values before it may be out of date.`,
      )
    }
  }

  #know(value: KnownValue): void {
    this.known.push(value)
    this.#open.delete(value.field)
  }
}

const nameOf = (event: AuditEvent): string =>
  `Event ${textAt(event, 'event.id') ?? ''} of ${textAt(event, '@timestamp') ?? ''}`
