import type { Members } from '../../integration/members.ts'

/** What a format makes of the text of one record: its members, or a sentence that says what is wrong and where. */
export type Understood =
  | { readonly members: Members; readonly flags: number; readonly problem?: undefined }
  | { readonly problem: string }
  /** No record: a header in the middle of a file that was written by several. */
  | null

/** A value where it stands in the record's text. */
export interface Cell {
  /** Null for what has no name. */
  readonly name: string | null
  readonly from: number
  readonly to: number
  /** As it is meant: without quotes and escapes. */
  readonly value: string
  /** The row is not as its header says: this cell may hold what belongs to a later one (merged) or an earlier one (shifted). */
  readonly astray?: 'merged' | 'shifted'
  /** It is an argument of a command, and so are the cells beside it. */
  readonly isArgument?: true
  /** How a value is written at this place. */
  readonly written?: (value: string) => string
}

/** What rows of a table are read by. */
export interface TableHead {
  readonly columns: readonly string[]
  readonly delimiter: string
  readonly quote: string
  /** The row that says the columns, which may come again; empty where there is none. */
  readonly header: string
  /** By column: whether an empty cell says something. */
  readonly keepsEmpty: readonly boolean[]
}

export interface Format {
  /** A new slice begins; `header` is what the file's first record says, null where the slice begins with it (or the format has none). */
  begin(header: string | null): void
  read(text: string): Understood
  /** What a record's bytes say as a text, of a form that is none itself; null for a record that is one. */
  textOf?(bytes: Buffer): string | null
  /** Whether a record may be of this form, where an integration has several. */
  looksLike(text: string): boolean
  /** Its values where they stand, as far as the text can be understood; null where its form has no such places. */
  cells(text: string): readonly Cell[] | null
  /** What values say that stand in the record in some code (digits for bytes), where words in them would not be seen. */
  hidden?(text: string): string
  /** Names that values have by their place in the record alone: columns. */
  readonly columns?: readonly string[]
  /** Of a table: what its rows are read by, the same object as long as it is so; null where that is not known yet. */
  table?(): TableHead | null
}
