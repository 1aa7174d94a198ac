import type { ExportAsked, ReportParameters } from '../../../schema/api/index.ts'
import type { Events, Visibility } from '../../accounts/index.ts'
import type { ReportDocument, RowPages } from '../document.ts'

interface AskedBase {
  /** The id of the job. */
  readonly id: string
  readonly requested: { readonly by: string; readonly at: number }
  /** When the run before of the same schedule was; null if there was none. Events that arrived since then may be of earlier periods. */
  readonly previous: number | null
}

/** What is to be gathered. */
export type Asked =
  | (AskedBase & {
      readonly makes: 'report'
      readonly report: string
      readonly parameters: ReportParameters
    })
  | (AskedBase & { readonly makes: 'export'; readonly export: ExportAsked })

/** The events as the requester sees them. */
export interface View {
  readonly events: Events
  readonly visibility: Visibility
}

/** All that a file says, in whatever format. */
export interface Gathered {
  readonly document: ReportDocument
  /** The number of rows. */
  readonly total: number
  /** The rows from the first on, each time that it is called: of the same moment of the store. */
  rows(signal: AbortSignal): RowPages
  close(): Promise<void>
}

export type Gather = (asked: Asked, view: View, signal: AbortSignal) => Promise<Gathered>
