import { type AuditEvent, changesOf, valueAt } from '../../schema/index.ts'

/** What spreadsheets take for a formula, also behind white space. */
const FORMULA = /^[\s\0]*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/
const NUMBER = /^-?\d+(?:\.\d+)?$/

/** One cell as RFC 4180 has it; what a spreadsheet would run gets an apostrophe before it, so that it stays text. */
export function csvCell(value: string): string {
  const safe = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value
  return /[",\n\r;\t]|^\s|\s$|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** With a byte order mark: without it a spreadsheet takes UTF-8 for something else. */
export const csvHead = (columns: readonly string[]): string => `\ufeff${columns.map(csvCell).join(',')}\r\n`

export const csvLine = (event: AuditEvent, columns: readonly string[]): string =>
  `${columns.map((field) => csvCell(inWords(event, field))).join(',')}\r\n`

function inWords(event: AuditEvent, field: string): string {
  if (field === 'audit.changes')
    return changesOf(event)
      .map((change) => `${change.field}: ${change.old ?? '(none)'} → ${change.new ?? '(none)'}`)
      .join('; ')
  return textOf(valueAt(event, field))
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
