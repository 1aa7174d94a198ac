import type { ExportAsked } from '../../../schema/api/index.ts'
import { type AuditEvent, OperatorError, valuesOf } from '../../../schema/index.ts'
import type { Visibility } from '../../accounts/index.ts'
import { columnOf, FILE_FIELDS, TITLES } from '../../columns.ts'
import {
  fullName,
  namedField,
  nearestName,
  parseQuery,
  parseTime,
  type Query,
  QueryError,
  withoutOwnReads,
} from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Cell, ReportDocument, ReportRow, RowColumn, RowPages } from '../document.ts'
import type { Asked, Gathered, View } from './gathered.ts'
import { PRESETS } from './presets.ts'

/** A column of an export, and what it has for an event. */
export interface ExportColumn extends RowColumn {
  readonly of: (event: AuditEvent) => Cell
}

/** Events of one step: a large event may have a MiB. */
const PAGE = 100

/** The query of an export as its requester may ask it. Rejects what can't be understood, and fields that are masked. */
export function exportQuery(asked: ExportAsked, { mask }: Visibility, now: number): Query {
  try {
    const query = parseQuery(asked.q, { now })
    mask.demand(query)
    return asked.own || !mask.isEmpty ? query : withoutOwnReads(query)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new Refusal('WB-QUERY-INVALID', error.message, { column: error.column, cause: error })
  }
}

/** `columns` or `preset`, with the usual columns by default. */
export function exportColumns({ columns, preset }: ExportAsked, zone: string): readonly ExportColumn[] {
  if (preset !== undefined && columns !== undefined)
    throw new OperatorError('WB-REQUEST-INVALID', 'Give columns or a preset, not both')
  return preset === undefined ? (columns ?? FILE_FIELDS).map(fieldColumn) : PRESETS[preset](zone)
}

function fieldColumn(name: string): ExportColumn {
  const known = namedField(name)
  if (known === undefined) {
    const near = nearestName(name)
    throw new OperatorError(
      'WB-FIELD-UNKNOWN',
      `There is no field ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  const field = fullName(known)
  const title = TITLES[field] ?? field
  if (field === '@timestamp' || field === 'event.ingested')
    return { field, title, kind: 'time', of: (event) => timeAt(event, field) }
  const { of } = columnOf(field)
  return { field, title, kind: field === 'event.id' ? 'id' : 'text', of: (event) => of(event) || null }
}

function timeAt(event: AuditEvent, field: string): number | null {
  const [text] = valuesOf(event, field)
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? null : time
}

/** An export of a search: rows alone, of one moment of the store if it keeps such. */
export async function gatherExport(
  asked: Extract<Asked, { makes: 'export' }>,
  { events, visibility }: View,
  { zone, signal }: { readonly zone: string; readonly signal: AbortSignal },
): Promise<Gathered> {
  const { at } = asked.requested
  const query = exportQuery(asked.export, visibility, at)
  const columns = exportColumns(asked.export, zone)
  const from = asked.export.from === undefined ? 0 : parseTime(asked.export.from, at)
  // Without an end, files of one job that are written one after the other could differ.
  const to = asked.export.to === undefined ? at + 1 : parseTime(asked.export.to, at)
  const { order } = asked.export
  const request = { query, from, to }
  const moment = await events.moment()
  try {
    signal.throwIfAborted()
    const { count: total } = await moment.aggregate({ ...request, by: [] })
    const { loose } = moment
    const document: ReportDocument = {
      id: asked.id,
      report: null,
      title: 'Export of events',
      about: 'All events that a query finds.',
      organisation: null,
      scope: asked.export.q.trim() === '' ? 'all events' : asked.export.q,
      query: asked.export.q,
      zone,
      period: { from, to },
      requested: asked.requested,
      facts: [],
      verdict:
        loose === null
          ? {
              complete: true,
              sentence: 'complete: it has the events of one moment of the store',
              reasons: [],
            }
          : {
              complete: true,
              sentence: `complete, but not of one moment: ${loose}`,
              reasons: [loose],
            },
      account: [],
      checkpoint: null,
      findings: [],
      rows: { columns: columns.map(({ of: _, ...column }) => column), count: total, order },
      controls: [],
      paper: 'a4',
    }
    return {
      document,
      total,
      rows: (signal) => pages(moment, { ...request, order }, columns, signal),
      close: () => moment.close(),
    }
  } catch (thrown) {
    await moment.close()
    throw thrown
  }
}

async function* pages(
  moment: Awaited<ReturnType<View['events']['moment']>>,
  request: {
    readonly query: Query
    readonly from: number
    readonly to: number
    readonly order: 'newest' | 'oldest'
  },
  columns: readonly ExportColumn[],
  signal: AbortSignal,
): RowPages {
  let after: string | undefined
  do {
    signal.throwIfAborted()
    const page = await moment.search({ ...request, limit: PAGE, ...(after !== undefined && { after }) })
    if (page.events.length > 0) yield page.events.map((event) => rowOf(event, columns))
    after = page.next ?? undefined
  } while (after !== undefined)
}

const rowOf = (event: AuditEvent, columns: readonly ExportColumn[]): ReportRow => ({
  cells: columns.map(({ of }) => of(event)),
  line: JSON.stringify(event),
})
