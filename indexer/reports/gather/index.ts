/**
 * Makes what a report says: counts, tables and rows, and whether they are complete.
 * In: a declaration with its parameters, the events as the requester sees them, and the other parts of an indexer.
 * Out: a document, and its rows as they were at one moment.
 */
import type { ReportParameters } from '../../../schema/api/index.ts'
import { AGGREGATE_LIMITS, type AuditEvent, textAt } from '../../../schema/index.ts'
import { type Query, withoutOwnReads } from '../../query/index.ts'
import type { Moment, Page } from '../../store/index.ts'
import {
  type Asked,
  andOf,
  demandReport,
  filterOf,
  listText,
  printed,
  queryOf,
  reportQuery,
  type Span,
  scopeText,
  spanOf,
  zoned,
} from '../asked.ts'
import { controlsOf } from '../controls.ts'
import { type CountSection, type Declaration, unknownReport } from '../declaration.ts'
import type { Fact, ReportDocument, ReportRow, RowColumn, RowPages, Section } from '../document.ts'
import { columnsOf, exportColumns } from './columns.ts'
import { accountOf, verdictOf } from './completeness.ts'
import type { FilledColumn } from './presets.ts'
import { cellOf, leftOut, type SectionParts, sectionOf } from './sections.ts'
import { SET_MAKERS } from './sets.ts'
import type { ReportSources, View } from './view.ts'

export type { ReportSources, View } from './view.ts'
export { columnsOf, verdictOf }

export interface Gathered {
  readonly document: ReportDocument
  /** All rows; each call reads them again, at the same moment. */
  rows(signal: AbortSignal): RowPages
  /** The number of rows. */
  readonly total: number
  close(): Promise<void>
}

/** A large event may have a MiB, and a page of them is in memory at once. */
const PAGE = 500

export async function gather(asked: Asked, sources: ReportSources, view: View): Promise<Gathered> {
  const moment = await view.events.moment()
  try {
    return asked.makes === 'report'
      ? await gatherReport(asked, sources, view, moment)
      : await gatherExport(asked, sources, view, moment)
  } catch (error) {
    await moment.close()
    throw error
  }
}

/** Says what is wrong with a question before a job is made of it. */
export function demandAsked(asked: Asked, sources: ReportSources, view: View): { query: string; span: Span } {
  const { at } = asked.requested
  const { mask } = view.visibility
  if (asked.makes === 'export') {
    const query = queryOf(asked.export.q, at)
    mask.demand(query)
    exportColumns(asked.export, sources.calendar().zone)
    const { from, to } = asked.export
    const span = { from: from === undefined ? 0 : spanOf({ from }, at, 'UTC').from, to: at }
    return { query: printed(query), span: to === undefined ? span : spanOf({ from, to }, at, 'UTC') }
  }
  const declaration = declarationOf(asked.report, sources)
  const query = reportQuery(declaration, asked.parameters, at)
  mask.demand(query)
  return { query: printed(query), span: spanOf(asked.parameters, at, zoneOf(asked, sources)) }
}

function declarationOf(id: string, sources: ReportSources): Declaration {
  const { reports } = sources.reports()
  const known = reports.find((one) => one.id === id)
  if (known === undefined)
    throw unknownReport(
      id,
      reports.map((one) => one.id),
    )
  return demandReport(known.declaration, known.problem)
}

const zoneOf = (asked: Extract<Asked, { makes: 'report' }>, { calendar }: ReportSources): string =>
  asked.parameters.zone ?? calendar().zone

async function gatherReport(
  asked: Extract<Asked, { makes: 'report' }>,
  sources: ReportSources,
  view: View,
  moment: Moment,
): Promise<Gathered> {
  const { parameters, requested } = asked
  const declaration = declarationOf(asked.report, sources)
  const zone = zoneOf(asked, sources)
  const now = requested.at
  const span = spanOf(parameters, now, zone)
  const query = reportQuery(declaration, parameters, now)
  view.visibility.mask.demand(query)
  const partial = new Set<string>()
  const parts: SectionParts = { events: moment, query, span, zone, partial: (one) => void partial.add(one) }
  const findings: Section[] = []
  for (const section of declaration.findings)
    findings.push(
      'from' in section ? await setOf(section, sources, view, span) : await sectionOf(section, parts),
    )
  const late =
    asked.previous === undefined || asked.previous === null ? null : await lateSection(parts, asked.previous)
  if (late !== null) findings.push(late)
  const counted = await sectionOf(BY_AGENT, parts)
  const unknown = await unknownNames(moment, declaration, parameters)
  const account = await accountOf(sources, { view, span, partial, unknown })
  const rows = declaration.rows
  const rowsQuery = andOf([query, ...(rows?.query === undefined ? [] : [rows.query.query])])
  const columns = rows === undefined ? [] : columnsOf(rows.columns)
  const count = await countOf(moment, receivedBy(rowsQuery, now), span)
  const document: ReportDocument = {
    id: asked.id,
    report: declaration.id,
    title: declaration.title,
    about: declaration.about,
    organisation: sources.organisation(),
    scope: scopeText(declaration, parameters),
    query: printed(rowsQuery),
    zone,
    period: span,
    requested,
    facts: [...factsOf(asked, view), receivedFact(now, zone)],
    verdict: account.verdict,
    account: [counted, ...account.sections],
    checkpoint: sources.transparencyLog.checkpoint,
    findings,
    rows: rows === undefined ? null : { columns, count, order: rows.order },
    controls: controlsOf(sources.controls(), declaration.id),
    paper: parameters.paper,
  }
  const filled = columns.map((column) => ({ ...column, of: cellOf(column) }))
  return gathered(document, moment, rowsQuery, rows === undefined ? null : filled)
}

async function gatherExport(
  asked: Extract<Asked, { makes: 'export' }>,
  sources: ReportSources,
  view: View,
  moment: Moment,
): Promise<Gathered> {
  const { requested } = asked
  const { q, from, to, own, order } = asked.export
  const now = requested.at
  const text = queryOf(q, now)
  view.visibility.mask.demand(text)
  const query = own || view.visibility.mask.isEmpty === false ? text : withoutOwnReads(text)
  const span: Span =
    from === undefined && to === undefined
      ? { from: 0, to: now }
      : spanOf({ from: from ?? '1990-01-01', ...(to !== undefined && { to }) }, now, 'UTC')
  const columns = exportColumns(asked.export, sources.calendar().zone)
  const { count } = await moment.aggregate({ query, ...span, by: [], budget: AGGREGATE_LIMITS.longestBudget })
  const document: ReportDocument = {
    id: asked.id,
    report: null,
    title: 'Export of events',
    about: 'All events that a search finds.',
    organisation: sources.organisation(),
    scope: q.trim() === '' ? 'All events.' : 'The events that the query finds.',
    query: printed(query),
    zone: sources.calendar().zone,
    period: span,
    requested,
    facts: [...maskFacts(view), receivedFact(now, sources.calendar().zone)],
    verdict: verdictOf(view.visibility.only === null ? [] : ['the requester may see only some events']),
    account: [],
    checkpoint: sources.transparencyLog.checkpoint,
    findings: [],
    rows: { columns: columns.map(({ of: _, ...column }) => column), count, order },
    controls: [],
    paper: 'a4',
  }
  return gathered(document, moment, query, columns)
}

/** A store that keeps no moment goes on to take events in: those that came after the question are not rows. */
const receivedBy = (query: Query, at: number): Query =>
  andOf([query, { kind: 'range', field: 'event.ingested', gte: 0, lte: at }])

async function countOf(moment: Moment, query: Query, span: Span): Promise<number> {
  const { count } = await moment.aggregate({
    query,
    ...span,
    by: [],
    budget: AGGREGATE_LIMITS.longestBudget,
  })
  return count
}

function gathered(
  document: ReportDocument,
  moment: Moment,
  query: Query,
  columns: readonly FilledColumn[] | null,
): Gathered {
  const rowOf = rowMaker(columns ?? [])
  return {
    document,
    total: document.rows?.count ?? 0,
    async *rows(signal) {
      if (columns === null) return
      const { from, to } = document.period
      const order = document.rows?.order ?? 'oldest'
      const search = (after: string | null): Promise<Page> => {
        signal.throwIfAborted()
        return moment.search({ query, from, to, order, limit: PAGE, ...(after !== null && { after }) })
      }
      let next: Promise<Page> | null = search(null)
      while (next !== null) {
        const page: Page = await next
        // The store reads the next page while this one is written.
        next = page.next === null ? null : search(page.next)
        next?.catch(() => {})
        const known = page.events.filter((event) => receiptOf(event) <= document.requested.at)
        if (known.length > 0) yield known.map(rowOf)
      }
    },
    close: () => moment.close(),
  }
}

/** A format has either cells or whole events, so each is made only if it is asked for: that is a third of the time of a large export. */
function rowMaker(columns: readonly Pick<FilledColumn, 'of'>[]): (event: AuditEvent) => ReportRow {
  const cells = columns.map(({ of }) => of)
  return (event) => ({
    get cells() {
      return cells.map((cell) => cell(event))
    },
    get line() {
      return JSON.stringify(event)
    },
  })
}

/** Makes rows of events that are no answer of a store. */
export const exportRow = (columns: readonly RowColumn[]): ((event: AuditEvent) => ReportRow) =>
  rowMaker(columns.map((column) => ({ of: cellOf(column) })))

const receiptOf = (event: AuditEvent): number => Date.parse(textAt(event, 'event.ingested') ?? '')

async function setOf(
  { title, note, from }: Extract<Declaration['findings'][number], { from: string }>,
  sources: ReportSources,
  view: View,
  span: Span,
): Promise<Section> {
  const { only, mask } = view.visibility
  if (only !== null || !mask.isEmpty)
    return leftOut(title, 'the requester may not see all events and fields, and it is about all of them.')
  const made = await SET_MAKERS[from](sources, span)
  return {
    title,
    note: [note, made.note ?? ''].filter((text) => text !== '').join(' '),
    chart: made.chart,
    table: made.table,
  }
}

/** Names that no event has, at any time: a mistyped name must not look like somebody who did nothing. */
async function unknownNames(
  moment: Moment,
  declaration: Declaration,
  parameters: ReportParameters,
): Promise<string[]> {
  const unknown: string[] = []
  for (const [name, what] of [
    ['users', 'user'],
    ['people', 'person'],
    ['entities', 'kind of record'],
    ['systems', 'system'],
  ] as const)
    for (const value of parameters[name].slice(0, MOST_NAMES)) {
      const only = { ...NO_FILTERS, [name]: [value] }
      const query = andOf(filterOf(only, declaration['users-anywhere'], 0))
      const { events } = await moment.search({ query, order: 'newest', limit: 1 })
      if (events.length === 0) unknown.push(`no event has the ${what} "${value}"`)
    }
  return unknown
}

const MOST_NAMES = 20
const NO_FILTERS: ReportParameters = {
  users: [],
  people: [],
  entities: [],
  systems: [],
  outcomes: [],
  q: '',
  paper: 'a4',
}

const BY_AGENT: CountSection = {
  title: 'Events by system and agent',
  note: '',
  by: { kind: 'field', field: 'event.module' },
  across: 'agent.name',
  top: 100,
  distinct: [],
  sums: [],
  last: true,
  chart: false,
}

const MOST_LATE = 200

/** Events of earlier periods that had not arrived when the report before this one was made. */
async function lateSection(parts: SectionParts, previous: number): Promise<Section> {
  const late = andOf([
    parts.query,
    { kind: 'range', field: 'event.ingested', gte: previous, lte: Number.MAX_SAFE_INTEGER },
  ])
  // What it lists is outside of the period, so its query would not find it there.
  const { events: _, ...section } = await sectionOf(
    {
      title: 'Arrived late for earlier periods',
      note: 'These events happened before the period, and were received after the report before this one was made.',
      events: [
        '@timestamp',
        'event.ingested',
        'event.module',
        'user.name',
        'event.action',
        'audit.entity.name',
        'event.id',
      ],
      top: MOST_LATE,
      order: 'oldest',
    },
    { ...parts, query: late, span: { from: 0, to: parts.span.from } },
  )
  return section
}

function factsOf({ parameters }: Extract<Asked, { makes: 'report' }>, view: View): Fact[] {
  const { users, people, entities, systems, outcomes, q } = parameters
  const filters = [
    ...(users.length === 0 ? [] : [{ name: 'Users', text: listText(users) }]),
    ...(people.length === 0 ? [] : [{ name: 'People', text: listText(people) }]),
    ...(entities.length === 0 ? [] : [{ name: 'Entities', text: listText(entities) }]),
    ...(systems.length === 0 ? [] : [{ name: 'Systems', text: listText(systems) }]),
    { name: 'Outcomes', text: outcomes.length === 0 ? 'all' : listText(outcomes) },
    ...(q.trim() === '' ? [] : [{ name: 'Further condition', text: q }]),
  ]
  return [...filters, ...maskFacts(view)]
}

/** The same question gives the same rows later, for as long as they are kept. */
const receivedFact = (at: number, zone: string): Fact => ({
  name: 'Received until',
  text: zoned(at, zone).toString({ smallestUnit: 'second', timeZoneName: 'never' }).replace('T', ' '),
})

export function maskFacts({ visibility: { mask, only } }: Pick<View, 'visibility'>): Fact[] {
  return [
    { name: 'Masked fields', text: mask.isEmpty ? 'none' : listText(mask.named) },
    { name: 'Limits of the requester', text: only === null ? 'none: all events are visible' : printed(only) },
  ]
}
