import type { Members } from '../../integration/members.ts'

/** The result of reading one record: its members, or a sentence that says what is wrong and where. */
export type Understood =
  | { readonly members: Members; readonly flags: number; readonly problem?: undefined }
  | { readonly problem: string }
  /** No record: a header within a file that several writers appended to. */
  | null

/** A value and its place in the record's text. */
export interface Cell {
  /** Null for a value without a name. */
  readonly name: string | null
  readonly from: number
  readonly to: number
  /** The value without quotes and escapes. */
  readonly value: string
  /** The row does not match its header: this cell may contain what belongs to a later one (merged) or an earlier one (shifted). */
  readonly astray?: 'merged' | 'shifted'
  /** Whether it is an argument of a command, like the cells beside it. */
  readonly isArgument?: true
  /** Encodes a value for this place. */
  readonly written?: (value: string) => string
}

/** The data that is needed to read rows of a table. */
export interface TableHead {
  readonly columns: readonly string[]
  readonly delimiter: string
  readonly quote: string
  /** The row with the column names, which may repeat; empty if there is none. */
  readonly header: string
  /** By column: whether an empty cell has a meaning. */
  readonly keepsEmpty: readonly boolean[]
}

export interface Format {
  /** Begins a slice; `header` is the file's first record, null if the slice begins with it (or the format has none). */
  begin(header: string | null): void
  read(text: string): Understood
  /** Converts a record of a non-text form to text; null if the record is text. */
  textOf?(bytes: Buffer): string | null
  /** Whether a record may have this format, for an integration with several. */
  looksLike(text: string): boolean
  /** Its values with their places, as far as the text is readable; null if the format has no such places. */
  cells(text: string): readonly Cell[] | null
  /** The decoded values that the record holds in a code (digits for bytes), which would hide words in them. */
  hidden?(text: string): string
  /** Names that values only have by their position in the record: columns. */
  readonly columns?: readonly string[]
  /** For a table: the data for reading its rows, the same object as long as it does not change; null while it is not known. */
  table?(): TableHead | null
}
