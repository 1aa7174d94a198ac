import { OperatorError } from '../../schema/index.ts'

/** A query that can't be understood, with the place: what was found there, what was expected, what may have been meant. */
export class QueryError extends OperatorError {
  override name = 'QueryError'
  /** The position in the query, from 1, in UTF-16 units; the position after the end means that something is missing there. */
  readonly column: number
  /** The number of units from there; at least 1. */
  readonly length: number
  readonly found: string
  readonly expected: string
  /** The field's name that was probably meant. */
  readonly suggestion: string | undefined
  readonly query: string

  constructor(place: {
    query: string
    at: number
    length?: number
    sentence: string
    found: string
    expected: string
    suggestion?: string | undefined
  }) {
    super('WB-QUERY-INVALID', place.sentence, { exitCode: 2 })
    this.query = place.query
    this.column = place.at + 1
    this.length = Math.max(1, place.length ?? 1)
    this.found = place.found
    this.expected = place.expected
    this.suggestion = place.suggestion
  }

  /** The sentence, then the line of the query with carets under the place. */
  get rendered(): string {
    return `${this.message} (column ${this.column})\n${withCaret(this.query, this.column, this.length)}`
  }
}

const WINDOW = 100

/** The line of the query that holds the column, cut to what fits on a terminal, and carets under the place. */
export function withCaret(query: string, column: number, length = 1): string {
  const at = Math.min(Math.max(column - 1, 0), query.length)
  const lineStart = query.lastIndexOf('\n', at - 1) + 1
  const lineBreak = query.indexOf('\n', at)
  const lineEnd = lineBreak === -1 ? query.length : lineBreak
  const from = Math.max(lineStart, Math.min(at - WINDOW / 2, lineEnd - WINDOW))
  const to = Math.min(lineEnd, from + WINDOW)
  const shown = (start: number, end: number): string =>
    query
      .slice(start, end)
      .toWellFormed()
      .replace(/[\p{C}\p{Z}]/gu, ' ')
  const before = from > lineStart ? '…' : ''
  const after = to < lineEnd ? '…' : ''
  const line = `${before}${shown(from, to)}${after}`
  const width = Math.max(1, columnsOf(shown(at, Math.min(at + length, to))))
  return `  ${line}\n  ${' '.repeat(columnsOf(before + shown(from, at)))}${'^'.repeat(width)}`
}

/** The width of a text in terminal columns: marks take none, wide letters and signs two. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const letter of text) columns += columnsOfLetter(letter)
  return columns
}

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u

export function columnsOfLetter(letter: string): number {
  if (letter.length === 1 && letter < '\u0300') return 1
  return NO_WIDTH.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1
}
