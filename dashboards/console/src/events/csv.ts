import { type Event, text } from './event.ts'

/** What spreadsheets take for a formula, also behind white space. */
const FORMULA = /^[\s\0]*[=+\-@\t\r|%]/

/** One cell; what a spreadsheet would run gets an apostrophe before it, so that it stays text. */
export function csvCell(value: string): string {
  const safe = FORMULA.test(value) && !/^-?\d+(?:\.\d+)?$/.test(value) ? `'${value}` : value
  return /[",\n\r;\t]|^\s|\s$|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** With a byte order mark: without it a spreadsheet takes UTF-8 for something else. */
export const csvHead = (columns: readonly string[]): string => `\ufeff${columns.map(csvCell).join(',')}\r\n`

export const csvLine = (event: Event, columns: readonly string[]): string =>
  `${columns.map((field) => csvCell(text(event, field))).join(',')}\r\n`
