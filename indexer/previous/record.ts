import { type AuditEvent, type Change, changesOf, textAt, valueAt, valuesOf } from '../../schema/index.ts'
import type { Query } from '../query/index.ts'

/** What makes two events be about one record: its kind and id, in one organisation of one source system. */
const SAME_RECORD = [
  'audit.entity.type',
  'audit.entity.id',
  'event.module',
  'organization.id',
  'organization.name',
] as const

/** Finds the events of the record that this one is about; null where it names none. */
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

/** To the letter: a query minds no case. */
export const isSameRecord = (a: AuditEvent, b: AuditEvent): boolean =>
  SAME_RECORD.every((field) => textAt(a, field) === textAt(b, field))

/** What an event does to its record. */
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

/** The fields of which an event gives no previous value, and that had one. */
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
