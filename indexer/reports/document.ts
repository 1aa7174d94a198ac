/**
 * What a report says, before it is written in a format. It is plain data, which a thread can take; the rows are apart, since there may be
 * millions. A writer decides how it looks, never what it says.
 */
export interface ReportDocument {
  /** The id of the job that makes it. */
  readonly id: string
  /** The name of its declaration; null for an export of a search, which has rows alone. */
  readonly report: string | null
  readonly title: string
  /** One sentence about what it shows. */
  readonly about: string
  readonly organisation: { readonly name: string; readonly logo: Logo | null } | null
  /** What it covers, in words. */
  readonly scope: string
  /** The query that finds its rows, in the query language. */
  readonly query: string
  /** IANA name: all times that are shown are on this clock. */
  readonly zone: string
  /** Times of events, ms: at or after, and before. */
  readonly period: { readonly from: number; readonly to: number }
  readonly requested: { readonly by: string; readonly at: number }
  /** Further lines of the first page, in their order: filters, masked fields, and so on. */
  readonly facts: readonly Fact[]
  readonly verdict: Verdict
  /** What the first page counts: events by agent and source, and what is missing. */
  readonly account: readonly Section[]
  /** The signed checkpoint of the transparency log; null if there is none yet. */
  readonly checkpoint: string | null
  readonly findings: readonly Section[]
  readonly rows: Rows | null
  /** The requirements that it supports. */
  readonly controls: readonly ControlLine[]
  readonly paper: 'a4' | 'letter'
}

export interface Logo {
  readonly type: 'png' | 'svg'
  readonly bytes: Uint8Array
}

export interface Fact {
  readonly name: string
  readonly text: string
}

/** Whether everything is in the report that its scope names. */
export interface Verdict {
  readonly complete: boolean
  /** "complete", or "incomplete, because ...": one sentence. */
  readonly sentence: string
  /** Each reason as a sentence of its own. */
  readonly reasons: readonly string[]
}

export interface Section {
  readonly title: string
  /** A sentence under the title; empty if there is none. */
  readonly note: string
  readonly chart: Chart | null
  readonly table: Table | null
  /** Where its figures come from; without it, it is not made of events. */
  readonly events?: SectionEvents
}

/** The events that a section counts or lists. */
export interface SectionEvents {
  /** In the query language; it holds within the period of the report. */
  readonly query: string
  /** The field whose values name the rows and the bars; null if they are named otherwise. */
  readonly by: string | null
  /** A further condition of each row; empty if it has none. */
  readonly rows: readonly string[]
}

export type Chart =
  | {
      readonly kind: 'time'
      readonly unit: 'hour' | 'day' | 'week' | 'month'
      /** The start of each interval, ms, without holes. */
      readonly points: readonly { readonly at: number; readonly count: number }[]
    }
  | {
      readonly kind: 'bars'
      readonly bars: readonly { readonly label: string; readonly count: number }[]
      /** The sum of those that are not shown. */
      readonly others: number
    }

/** A time is ms since 1970, a duration ms, a share 0 to 1; a cell without a value is null. */
export type ColumnKind = 'text' | 'number' | 'time' | 'duration' | 'share' | 'id'
export type Cell = string | number | null

export interface TableColumn {
  readonly title: string
  readonly kind: ColumnKind
}

export interface Table {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly Cell[])[]
  /** Rows beyond these, which are not shown. */
  readonly more: number
}

/** The events of a report. Their last column is the id of the event. */
export interface Rows {
  readonly columns: readonly RowColumn[]
  readonly count: number
  readonly order: 'newest' | 'oldest'
}

export interface RowColumn extends TableColumn {
  /** The field, as machines call it. */
  readonly field: string
}

export interface ReportRow {
  /** One for each column. */
  readonly cells: readonly Cell[]
  /** The event as one line of JSON, without a newline: for formats that have whole events. */
  readonly line: string
}

/** The rows in pages, which come as the writer asks for them. */
export type RowPages = AsyncIterable<readonly ReportRow[]>

export interface ControlLine {
  readonly framework: string
  readonly control: string
  /** What it demands, in our words. */
  readonly demands: string
  /** How this report supports it. */
  readonly support: string
}
