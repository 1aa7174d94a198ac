import { type AuditEvent, changesOf, valueAt, valuesOf } from '../schema/index.ts'

/**
 * The content of a column for a reader. The console's table, exports as CSV and the command line show the same columns, and a column has
 * the same content in each of them: a record with its type and its name, an outcome with its attempts.
 */
export interface Column {
  readonly field: string
  readonly title: string
  readonly of: (event: AuditEvent) => string
}

/** The columns of a list if none are chosen. */
export const USUAL_FIELDS: readonly string[] = [
  '@timestamp',
  'audit.category',
  'user.name',
  'event.action',
  'audit.entity.name',
  'audit.changes',
  'event.outcome',
  'event.module',
  'message',
]

/** The usual names of fields. The console has the same titles, and a test compares them. */
export const TITLES: Readonly<Record<string, string>> = {
  '@timestamp': 'Time',
  'audit.category': 'Category',
  'user.name': 'User',
  'event.action': 'Action',
  'audit.entity.name': 'Record',
  'audit.entity.type': 'Entity',
  'audit.changes': 'Changes',
  'event.id': 'Event',
  'event.type': 'Kind',
  'event.outcome': 'Outcome',
  'event.module': 'Source',
  'source.ip': 'Address',
  'audit.risk': 'Risk',
  'audit.status': 'Status',
  'audit.variant': 'Variant',
  'audit.module': 'Module',
  'audit.channel': 'Channel',
  'audit.component': 'Component',
  'host.name': 'Host',
  message: 'Message',
}

/** The columns of a file of events if none are chosen. */
export const FILE_FIELDS: readonly string[] = [...USUAL_FIELDS, 'event.id']

/** Times are written as the API has them. */
const titleOf = (field: string): string => (field === '@timestamp' ? 'Time (UTC)' : (TITLES[field] ?? field))

export function columnOf(field: string): Column {
  return { field, title: titleOf(field), of: PARTS[field] ?? ((event) => cellOf(event, field)) }
}

const PARTS: Readonly<Record<string, (event: AuditEvent) => string>> = {
  'user.name': whoDid,
  'audit.entity.name': recordOf,
  'event.outcome': outcomeOf,
  'audit.changes': changesText,
}

function first(event: AuditEvent, ...paths: string[]): string {
  for (const path of paths) {
    const [value] = valuesOf(event, path)
    if (value !== undefined && value !== '') return value
  }
  return ''
}

/** The acting user; for a failed sign-in without one, the account that was tried. */
export function whoDid(event: AuditEvent): string {
  return first(
    event,
    'user.full_name',
    'user.name',
    'user.email',
    'user.id',
    'user.effective.name',
    'user.target.name',
    'user.target.email',
    'user.target.id',
  )
}

/** `Customer Acme Corporation (CUST-12345)`. */
function recordOf(event: AuditEvent): string {
  const type = first(event, 'audit.entity.type')
  const name = first(event, 'audit.entity.name')
  const id = first(event, 'audit.entity.id')
  const which = name === '' ? id : id === '' || id === name ? name : `${name} (${id})`
  return [type, which].filter((part) => part !== '').join(' ')
}

/** `failure 5/5`. */
function outcomeOf(event: AuditEvent): string {
  const count = first(event, 'audit.attempt.count')
  const most = first(event, 'audit.attempt.max')
  const attempts = count === '' ? '' : most === '' ? count : `${count}/${most}`
  return [first(event, 'event.outcome'), attempts].filter((part) => part !== '').join(' ')
}

function changesText(event: AuditEvent): string {
  return changesOf(event)
    .map((change) => `${change.field}: ${change.old ?? '(none)'} → ${change.new ?? '(none)'}`)
    .join('; ')
}

function cellOf(event: AuditEvent, field: string): string {
  const value = valueAt(event, field)
  const isPlain =
    typeof value !== 'object' || (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
  return isPlain ? valuesOf(event, field).join(', ') : value === null ? '' : JSON.stringify(value)
}

/** The beginnings that spreadsheets take for a formula, also after white space. */
const FORMULA = /^[\s\0]*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/

/** One cell as RFC 4180 has it; what a spreadsheet would run gets an apostrophe before it, so that it stays text. */
export function csvCell(value: string): string {
  const safe = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value
  return csvQuoted(safe)
}

/** For titles, which are ours: nothing in them is run. */
export const csvQuoted = (text: string): string =>
  /[",\n\r;\t]|^\s|\s$|^'/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

/** Begins with a byte order mark: without it a spreadsheet does not recognise UTF-8. */
export const csvHead = (columns: readonly Column[]): string =>
  `\ufeff${columns.map(({ title }) => csvQuoted(title)).join(',')}\r\n`

export const csvLine = (event: AuditEvent, columns: readonly Column[]): string =>
  `${columns.map(({ of }) => csvCell(of(event))).join(',')}\r\n`
