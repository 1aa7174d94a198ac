import { type AuditEvent, type Change, changesOf, textAt, valueAt, valuesOf } from '../../schema/index.ts'
import type { Query } from '../query/index.ts'

/** The fields that identify a record: its kind and id, in one organisation of one source system. */
const SAME_RECORD = [
  'audit.entity.type',
  'audit.entity.id',
  'event.module',
  'organization.id',
  'organization.name',
] as const

/** Finds the events of the record that this one is about; null if it names none. */
export function queryForRecordOf(event: AuditEvent): Query | null {
  if (textAt(event, 'audit.entity.type') === undefined || textAt(event, 'audit.entity.id') === undefined)
    return null
  return {
    kind: 'and',
    of: SAME_RECORD.map((field): Query => {
      const value = textAt(event, field)
      return value === undefined
        ? { kind: 'not', of: { kind: 'exists', field } }
        : { kind: 'equals', field, value }
    }),
  }
}

/** Whether two events are about one record. It compares exactly, whereas a query ignores case. */
export const isSameRecord = (a: AuditEvent, b: AuditEvent): boolean =>
  SAME_RECORD.every((field) => textAt(a, field) === textAt(b, field))

/** The effect of an event on its record. */
export type Doing = 'creates' | 'deletes' | 'restores' | 'changes' | 'nothing'

const RESTORED = /restor|undelet|recover/i

export function doingOf(event: AuditEvent): Doing {
  const types = valuesOf(event, 'event.type')
  if ([textAt(event, 'event.action'), textAt(event, 'event.code')].some((text) => RESTORED.test(text ?? '')))
    return 'restores'
  if (types.includes('creation')) return 'creates'
  if (types.includes('deletion')) return 'deletes'
  return types.includes('change') || changesOf(event).length > 0 ? 'changes' : 'nothing'
}

/** The fields that had a previous value which the event does not give. */
export function fieldsWithoutOld(event: AuditEvent): string[] {
  if (doingOf(event) === 'creates') return []
  const isUnknown = valueAt(event, 'audit.old_unknown') === true
  const lacksOld = ({ old }: Change): boolean => old === undefined || (isUnknown && old === null)
  return [
    ...new Set(
      changesOf(event)
        .filter(lacksOld)
        .map(({ field }) => field),
    ),
  ]
}

/** The last value known of a field before an event. */
export interface KnownValue {
  readonly field: string
  /** Null: the field was known to be empty. */
  readonly value: string | null
  /** The event that shows it. */
  readonly from: AuditEvent
}

/** Walks from one event of a record to earlier ones, the nearest first, and takes from each the values of fields that are still missing. */
export class Backwards {
  readonly known: KnownValue[] = []
  /** Other remarks for a reader, as sentences. */
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
      // A deletion gives the last values of a record; they count if the record was restored afterwards.
      const value = doing === 'deletes' && this.#restored ? (next ?? old) : next
      if (value !== undefined && (doing !== 'deletes' || this.#restored))
        this.#know({ field, value, from: event })
      else if (doing === 'changes') {
        this.#open.delete(field)
        this.notes.push(`${nameOf(event)} changed ${field} without giving the new value.`)
      }
    }
    if (this.done) return
    if (doing === 'restores') this.#restored = true
    else if (doing === 'creates') this.#open.clear()
    else if (doing === 'deletes' && !this.#restored) {
      this.#open.clear()
      this.notes.push(`${nameOf(event)} deleted the record; its earlier values do not count.`)
    } else if (doing === 'deletes') this.#restored = false
    else if (changes.length === 0) {
      this.notes.push(
        `${nameOf(event)} changed the record without naming the fields; earlier values may be out of date.`,
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
