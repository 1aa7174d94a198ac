import { type AuditEvent, changesOf, textAt, valueAt, valuesOf } from '../../schema/index.ts'
import { fullName, namedField, nearestName } from '../query/index.ts'
import { UsageError } from './exit.ts'
import { isEstimated } from './marks.ts'

/** A column of the results: what stands over it, and what of an event stands in it. */
export interface Column {
  readonly title: string
  readonly of: (event: AuditEvent) => string
  /** Said beside each value in a table, and once over the column in a file for programs. */
  readonly estimated?: true
}

const first = (event: AuditEvent, ...paths: string[]): string => {
  for (const path of paths) {
    const [value] = valuesOf(event, path)
    if (value !== undefined && value !== '') return value
  }
  return ''
}

const shortTime = (text: string): string => text.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '')

const onWhat = (event: AuditEvent): string =>
  [first(event, 'audit.entity.type'), first(event, 'audit.entity.name', 'audit.entity.id')]
    .filter((part) => part !== '')
    .join(' ')

/** What a person wants to see first; `narrow` leaves off the id, which 40 digits long would leave no room. */
export function usualColumns(room: number | undefined): Column[] {
  const columns: Column[] = [
    { title: 'TIME (UTC)', of: (event) => shortTime(textAt(event, '@timestamp') ?? '') },
    { title: 'USER', of: (event) => first(event, 'user.name', 'user.email', 'user.id') },
    { title: 'ACTION', of: (event) => first(event, 'event.action') },
    { title: 'ENTITY', of: onWhat },
    { title: 'OUTCOME', of: (event) => first(event, 'event.outcome', 'audit.status') },
    { title: 'MESSAGE', of: (event) => first(event, 'message', 'event.reason') },
  ]
  const id: Column = { title: 'ID', of: (event) => first(event, 'event.id') }
  return room === undefined || room >= 150 ? [...columns, id] : columns
}

export const CSV_FIELDS = [
  '@timestamp',
  'event.id',
  'audit.category',
  'event.module',
  'user.id',
  'user.name',
  'user.email',
  'source.ip',
  'host.name',
  'event.action',
  'event.outcome',
  'audit.entity.type',
  'audit.entity.id',
  'audit.entity.name',
  'audit.changes',
  'message',
] as const

/** One column for each field, by its full or its short name. */
export function fieldColumns(names: readonly string[]): Column[] {
  return names.map((name) => {
    const field = namedField(name)
    if (field === undefined) {
      const near = nearestName(name)
      throw new UsageError(
        `There is no field ${name} for a column${near === undefined ? '' : `; did you mean ${near}?`}`,
      )
    }
    const path = fullName(field)
    return { title: path, of: (event) => cellOf(event, path), ...(isEstimated(path) && { estimated: true }) }
  })
}

function cellOf(event: AuditEvent, path: string): string {
  if (path === 'audit.changes') {
    return changesOf(event)
      .map((change) => `${change.field}: ${change.old ?? '(none)'} → ${change.new ?? '(none)'}`)
      .join('; ')
  }
  const value = valueAt(event, path)
  const isPlain =
    typeof value !== 'object' || (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
  return isPlain ? valuesOf(event, path).join('; ') : value === null ? '' : JSON.stringify(value)
}

/** Signs with which spreadsheets begin a formula; a number may begin with one. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/

/** A cell as RFC 4180 has it; what a spreadsheet would take for a formula gets a ' before it. */
export function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text
  return csvQuoted(safe)
}

export const csvQuoted = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
