import { FLAG } from '../../integration/flags.ts'
import { newMembers } from '../../integration/members.ts'
import type { Cell, Format, TableHead, Understood } from './format.ts'

const NONE: readonly string[] = []
const DELIMITERS = [',', ';', '\t', '|']

export interface CsvOptions {
  readonly quote: string
  /** Null means the most frequent one of comma, semicolon, tab and bar in the header. */
  readonly delimiter: string | null
  /** Names of the columns of a file without a header. */
  readonly columns: readonly string[]
  /** Whether an empty cell of a column has a meaning: a previous value was empty. In other columns it has none. */
  readonly keepsEmpty: (column: string) => boolean
}

/** Rows of a CSV file as members by the names of its header. */
export class Csv implements Format {
  readonly #options: CsvOptions
  #columns: readonly string[] | null = null
  /** By column: whether an empty cell has a meaning. */
  #keepsEmpty: readonly boolean[] = []
  #isEachUnique = true
  #header = ''
  #delimiter = ','
  #head: TableHead | null = null

  constructor(options: CsvOptions) {
    this.#options = options
  }

  begin(header: string | null): void {
    const { columns, delimiter } = this.#options
    this.#columns = null
    this.#head = null
    this.#header = ''
    if (columns.length > 0) {
      this.#takeColumns(columns)
      this.#delimiter = delimiter ?? ','
    } else if (header !== null && !/^[\ufeff\s]*[[{]/.test(header)) this.#takeHeader(header)
  }

  get columns(): readonly string[] {
    return this.#columns ?? NONE
  }

  table(): TableHead | null {
    const columns = this.#columns
    if (columns === null) return null
    this.#head ??= {
      columns,
      delimiter: this.#delimiter,
      quote: this.#options.quote,
      header: this.#header,
      keepsEmpty: this.#keepsEmpty,
    }
    return this.#head
  }

  looksLike(text: string): boolean {
    return !/^[\ufeff\s]*\{/.test(text)
  }

  /** The cells of a row with the names of their columns; none while the header has not been read. */
  cells(text: string): readonly Cell[] {
    if (this.#columns === null || text === this.#header) return []
    const places = placesOf(text, this.#delimiter, this.#options.quote)
    const columns = this.#columns
    // If text follows a closing quote, the later cells cannot be assigned to columns.
    const merged = places.findIndex((place, i) => place.column === places[i + 1]?.column)
    const shifted = (places.at(-1)?.column ?? 0) >= columns.length
    return places.map(({ column, ...cell }, i) => ({
      ...cell,
      name: columns[column] ?? `column_${column + 1}`,
      ...(merged !== -1 && i >= merged
        ? { astray: 'merged' as const }
        : shifted
          ? { astray: 'shifted' as const }
          : {}),
    }))
  }

  read(text: string): Understood {
    if (this.#columns === null) {
      this.#takeHeader(text)
      return null
    }
    // A file that several writers appended to contains its header repeatedly.
    if (text === this.#header) return null
    const cells = cellsOf(text, this.#delimiter, this.#options.quote)
    if (typeof cells === 'string') return { problem: cells }
    const members = newMembers()
    const columns = this.#columns
    let flags = 0
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!
      const name = columns[i] ?? `column_${i + 1}`
      if (cell === '' && !(this.#keepsEmpty[i] ?? this.#options.keepsEmpty(name))) continue
      const isBeyond = i >= columns.length
      // If two columns have the same name, the second gets its number.
      const isTaken = (isBeyond || !this.#isEachUnique) && Object.hasOwn(members, name)
      members[isTaken ? `${name}_${i + 1}` : name] = cell
      if (isBeyond) flags |= FLAG.columns_beyond_header
    }
    return { members, flags }
  }

  #takeHeader(text: string): void {
    const header = text.replace(/^\ufeff/, '')
    this.#header = header
    this.#delimiter = this.#options.delimiter ?? likeliestDelimiter(header)
    const cells = cellsOf(header, this.#delimiter, this.#options.quote)
    this.#takeColumns((typeof cells === 'string' ? [header] : cells).map((name) => name.trim()))
  }

  #takeColumns(columns: readonly string[]): void {
    this.#columns = columns
    this.#keepsEmpty = columns.map(this.#options.keepsEmpty)
    this.#isEachUnique = new Set(columns).size === columns.length
  }
}

/** The places of a row's cells; an unclosed quote continues to the end of the row. */
function placesOf(
  text: string,
  delimiter: string,
  quote: string,
): (Omit<Cell, 'name'> & { column: number })[] {
  const places: (Omit<Cell, 'name'> & { column: number })[] = []
  const written = (value: string): string => value.replaceAll(quote, quote + quote)
  let at = 0
  for (let column = 0; ; column++) {
    const isQuoted = text[at] === quote
    let end = at
    if (isQuoted) {
      for (end = at + 1; end < text.length; end++) {
        if (text[end] !== quote) continue
        if (text[end + 1] !== quote) break
        end++
      }
    }
    const next = text.indexOf(delimiter, end)
    const to = next === -1 ? text.length : next
    if (isQuoted && end < text.length) {
      const value = text.slice(at + 1, end).replaceAll(quote + quote, quote)
      places.push({ column, from: at + 1, to: end, value, written })
      // Text between the closing quote and the delimiter is part of the value.
      if (to > end + 1) places.push({ column, from: end + 1, to, value: text.slice(end + 1, to) })
    } else {
      const from = isQuoted ? at + 1 : at
      places.push({ column, from, to, value: text.slice(from, to), ...(isQuoted ? { written } : {}) })
    }
    if (next === -1) return places
    at = next + 1
  }
}

function likeliestDelimiter(header: string): string {
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!
}

/** Returns the cells of a row (RFC 4180), or a sentence about the fault. */
export function cellsOf(text: string, delimiter: string, quote: string): string[] | string {
  if (!text.includes(quote)) return text.split(delimiter)
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === quote) {
      let cell = ''
      let from = at + 1
      for (;;) {
        const end = text.indexOf(quote, from)
        if (end === -1) {
          return `Not CSV: the quote that opens at character ${at + 1}, in column ${cells.length + 1}, is not closed.`
        }
        cell += text.slice(from, end)
        from = end + 1
        if (text[from] !== quote) break
        cell += quote
        from++
      }
      const next = text.indexOf(delimiter, from)
      // Text between the closing quote and the delimiter is kept, as most readers do.
      cells.push(cell + text.slice(from, next === -1 ? text.length : next))
      if (next === -1) return cells
      at = next + 1
    } else {
      const next = text.indexOf(delimiter, at)
      cells.push(text.slice(at, next === -1 ? text.length : next))
      if (next === -1) return cells
      at = next + 1
    }
  }
}
