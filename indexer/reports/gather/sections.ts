import { AGGREGATE_LIMITS, type AuditEvent, OperatorError, valuesOf } from '../../../schema/index.ts'
import { columnOf, TITLES } from '../../columns.ts'
import type { Query } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import type {
  Aggregate,
  AggregateRequest,
  Bucket,
  Interval,
  Moment,
  Split,
  SplitAnswer,
} from '../../store/index.ts'
import { andOf, isNumber, printed, type Span, zoned } from '../asked.ts'
import {
  type CountSection,
  FIELD_TITLES,
  type FigureSection,
  type ListSection,
  type SectionDeclaration,
  typeOf,
} from '../declaration.ts'
import type { Cell, Chart, RowColumn, Section, SectionEvents, Table, TableColumn } from '../document.ts'

/** Makes the findings of a report from questions about events. */

/** The titles of columns that count different values. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'audit.entity.id': 'Different records',
  'audit.entity.type': 'Different entities',
  'source.ip': 'Different addresses',
  'user.name': 'Different users',
  'event.module': 'Different systems',
}

export interface SectionParts {
  readonly events: Pick<Moment, 'search' | 'aggregate'>
  readonly query: Query
  readonly span: Span
  readonly zone: string
  /** Told a sentence if a figure is not whole. */
  readonly partial: (sentence: string) => void
}

export const titleOfField = (field: string): string =>
  field === '@timestamp' ? 'Time' : (FIELD_TITLES[field] ?? TITLES[field] ?? field)

export function rowColumn(field: string): RowColumn {
  const kind =
    field === '@timestamp' || typeOf(field) === 'date'
      ? 'time'
      : field === 'event.id'
        ? 'id'
        : isNumber(field)
          ? 'number'
          : 'text'
  return { field, title: titleOfField(field), kind }
}

/** Returns a function that gives the cell of a column for an event. */
export function cellOf({ field, kind }: RowColumn): (event: AuditEvent) => Cell {
  const { of } = columnOf(field)
  return (event) => {
    const [value] = valuesOf(event, field)
    if (kind === 'time') {
      const time = value === undefined ? Number.NaN : Date.parse(value)
      return Number.isNaN(time) ? null : time
    }
    if (kind === 'number') {
      const number = Number(value)
      // A masked number is a text.
      return value === undefined ? null : Number.isFinite(number) ? number : value
    }
    const text = of(event)
    return text === '' ? null : text
  }
}

export async function sectionOf(
  declared: Exclude<SectionDeclaration, { from: string }>,
  parts: SectionParts,
): Promise<Section> {
  try {
    if ('by' in declared) return await countsOf(declared, parts)
    if ('figures' in declared) return await figuresOf(declared, parts)
    return await listOf(declared, parts)
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof OperatorError)) throw error
    if (error.code !== 'WB-FIELD-MASKED') throw error
    return leftOut(declared.title, error.message)
  }
}

export const leftOut = (title: string, reason: string): Section => ({
  title,
  note: `This part is left out: ${reason}`,
  chart: null,
  table: null,
})

const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

async function countsOf(section: CountSection, parts: SectionParts): Promise<Section> {
  const { by, across, sums, distinct, last, title, note } = section
  const first = splitOf(section, parts.zone)
  const answer = await asked(parts, section.query?.query, {
    by: [
      first,
      ...(across === undefined
        ? []
        : [{ kind: 'values' as const, field: across, top: innerTop(section.top) }]),
    ],
    ...(sums.length > 0 && { sums }),
    ...(distinct.length > 0 && { distinct }),
    ...(last && { latest: true }),
  })
  const split = answer.split ?? EMPTY
  const values = across === undefined ? [] : valuesIn(split)
  const columns: TableColumn[] = [
    { title: titleOfSplit(section), kind: by.kind === 'time' && first.kind === 'time' ? 'time' : 'text' },
    { title: 'Events', kind: 'number' },
    ...values.map((value): TableColumn => ({ title: value, kind: 'number' })),
    ...distinct.map(
      (field): TableColumn => ({
        title: DIFFERENT[field] ?? `Different: ${titleOfField(field)}`,
        kind: 'number',
      }),
    ),
    ...sums.map((field): TableColumn => ({ title: `${titleOfField(field)} in all`, kind: 'number' })),
    ...(last ? [{ title: 'Last', kind: 'time' } as const] : []),
  ]
  const rowOf = (bucket: Bucket, name: Cell): Cell[] => {
    const inner = new Map(bucket.split?.buckets.map(({ key, count }) => [String(key), count]))
    // A value that is not among those that were asked for may have events here all the same.
    const isWhole = bucket.split === undefined || bucket.split.distinct === bucket.split.buckets.length
    return [
      name,
      bucket.count,
      ...values.map((value) => inner.get(value) ?? (isWhole ? 0 : null)),
      ...distinct.map((field) => bucket.distinct?.[field] ?? 0),
      ...sums.map((field) => bucket.sums?.[field]?.sum ?? 0),
      ...(last ? [timeOfLast(bucket)] : []),
    ]
  }
  const rows = split.buckets.map((bucket) => rowOf(bucket, nameOf(first, bucket.key)))
  if (by.kind === 'field' && split.none > 0)
    rows.push(['(none)', split.none, ...columns.slice(2).map(() => null)])
  const table: Table = {
    columns,
    rows,
    more: first.kind === 'values' ? Math.max(0, split.distinct - split.buckets.length) : 0,
  }
  const more =
    split.others > 0 && first.kind === 'values'
      ? `The ${split.buckets.length} most frequent of ${split.distinct}; ${split.others} events have one of the others.`
      : ''
  return {
    title,
    note: [note, more].filter((text) => text !== '').join(' '),
    chart: section.chart ? chartOf(first, split, parts) : null,
    table: (section.table ?? first.kind !== 'time') ? table : null,
    events: eventsOf(parts, section.query?.query, { by: by.kind === 'field' ? by.field : null }),
  }
}

const eventsOf = (
  { query }: SectionParts,
  narrower: Query | undefined,
  { by = null, rows = [] }: Partial<SectionEvents> = {},
): SectionEvents => ({ query: printed(narrowed(query, narrower)), by, rows })

const narrowed = (query: Query, narrower: Query | undefined): Query =>
  andOf([query, ...(narrower === undefined ? [] : [narrower])])

/** As many values within each bucket as a count may have in all: the columns are the most frequent of the whole. */
const innerTop = (top: number): number =>
  Math.min(AGGREGATE_LIMITS.top, Math.floor(AGGREGATE_LIMITS.allBuckets / (top + 1)))

const EMPTY: SplitAnswer = { buckets: [], distinct: 0, others: 0, none: 0 }

function splitOf({ by, top }: CountSection, zone: string): Split {
  if (by.kind === 'field') return { kind: 'values', field: by.field, top }
  if (by.unit === 'hour-of-day' || by.unit === 'day-of-week') return { kind: by.unit, zone }
  return { kind: 'time', every: by.unit === 'hour' ? 3_600_000 : by.unit, zone }
}

const titleOfSplit = ({ by }: CountSection): string =>
  by.kind === 'field'
    ? titleOfField(by.field)
    : {
        hour: 'Hour',
        day: 'Day',
        week: 'Week from',
        month: 'Month from',
        'hour-of-day': 'Hour of the day',
        'day-of-week': 'Day of the week',
      }[by.unit]

/** Columns that a page has room for. */
const MOST_ACROSS = 6

/** The values of the second split, the most frequent first. */
function valuesIn(split: SplitAnswer): string[] {
  const counts = new Map<string, number>()
  for (const { split: inner } of split.buckets)
    for (const { key, count } of inner?.buckets ?? [])
      counts.set(String(key), (counts.get(String(key)) ?? 0) + count)
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_ACROSS)
    .map(([value]) => value)
}

function nameOf(split: Split, key: string | number): Cell {
  if (split.kind === 'time') return Number(key)
  if (split.kind === 'hour-of-day') return `${String(key).padStart(2, '0')}:00`
  if (split.kind === 'day-of-week') return DAY_NAMES[Number(key) - 1] ?? String(key)
  return String(key)
}

function timeOfLast({ latest }: Bucket): number | null {
  const [text] = latest === undefined || latest === null ? [] : valuesOf(latest, '@timestamp')
  return text === undefined ? null : Date.parse(text)
}

const MOST_BARS = 15
/** A chart of a longer time begins and ends with its events. */
const MOST_POINTS = 400

/** The counts of all intervals of the period, also before the first event and after the last. */
function wholePeriod(
  { every }: Extract<Split, { kind: 'time' }>,
  buckets: readonly Bucket[],
  { from, to }: Span,
  zone: string,
): { at: number; count: number }[] {
  const counted = new Map(buckets.map(({ key, count }) => [Number(key), count]))
  const keys: number[] = []
  for (
    let at = startOf(from, every, zone);
    at < to && keys.length <= MOST_POINTS;
    at = nextOf(at, every, zone)
  )
    keys.push(at)
  const all = keys.length > MOST_POINTS ? [...counted.keys()] : keys
  return all.map((at) => ({ at, count: counted.get(at) ?? 0 }))
}

function startOf(time: number, every: Interval, zone: string): number {
  if (typeof every === 'number') return Math.floor(time / every) * every
  const day = zoned(time, zone).startOfDay()
  const start =
    every === 'week'
      ? day.subtract({ days: day.dayOfWeek - 1 })
      : every === 'month'
        ? day.with({ day: 1 })
        : every === 'year'
          ? day.with({ month: 1, day: 1 })
          : day
  return start.startOfDay().epochMilliseconds
}

const nextOf = (time: number, every: Interval, zone: string): number =>
  typeof every === 'number'
    ? time + every
    : zoned(time, zone)
        .add({ [`${every}s`]: 1 })
        .startOfDay().epochMilliseconds

function chartOf(
  split: Split,
  { buckets, others }: SplitAnswer,
  { span, zone }: Pick<SectionParts, 'span' | 'zone'>,
): Chart | null {
  if (buckets.length === 0) return null
  if (split.kind === 'time')
    return {
      kind: 'time',
      unit: typeof split.every === 'number' ? 'hour' : split.every === 'year' ? 'month' : split.every,
      points: wholePeriod(split, buckets, span, zone),
    }
  const most = split.kind === 'values' ? MOST_BARS : 24
  const bars = buckets.slice(0, most).map(({ key, count }) => ({ label: String(nameOf(split, key)), count }))
  return {
    kind: 'bars',
    bars,
    others: others + buckets.slice(most).reduce((sum, { count }) => sum + count, 0),
  }
}

async function figuresOf({ title, note, figures }: FigureSection, parts: SectionParts): Promise<Section> {
  const rows: Cell[][] = []
  for (const figure of figures) {
    const { distinct, sum } = figure
    const answer = await asked(parts, figure.query?.query, {
      by: [],
      ...(distinct !== undefined && { distinct: [distinct] }),
      ...(sum !== undefined && { sums: [sum] }),
    })
    const value =
      distinct !== undefined
        ? (answer.distinct?.[distinct] ?? 0)
        : sum !== undefined
          ? (answer.sums?.[sum]?.sum ?? 0)
          : answer.count
    rows.push([figure.title, value])
  }
  const columns: TableColumn[] = [
    { title: '', kind: 'text' },
    { title: 'Number', kind: 'number' },
  ]
  const conditions = figures.map((figure) => (figure.query === undefined ? '' : printed(figure.query.query)))
  return {
    title,
    note,
    chart: null,
    table: { columns, rows, more: 0 },
    events: eventsOf(parts, undefined, { rows: conditions }),
  }
}

async function listOf(section: ListSection, parts: SectionParts): Promise<Section> {
  const { events, query, span } = parts
  const { title, note, top, order } = section
  const fields = section.events.includes('event.id') ? section.events : [...section.events, 'event.id']
  const columns = fields.map(rowColumn)
  const cells = columns.map(cellOf)
  const all = narrowed(query, section.query?.query)
  const rows: Cell[][] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof events.search>> = await events.search({
      ...{ query: all, ...span, order, limit: Math.min(top - rows.length, 1000) },
      ...(after !== null && { after }),
    })
    for (const event of page.events) rows.push(cells.map((cell) => cell(event)))
    after = page.next
  } while (after !== null && rows.length < top)
  const { count } = await events.aggregate({
    query: all,
    ...span,
    by: [],
    budget: AGGREGATE_LIMITS.longestBudget,
  })
  return {
    title,
    note,
    chart: null,
    table: {
      columns: columns.map(({ title, kind }) => ({ title, kind })),
      rows,
      more: Math.max(0, count - rows.length),
    },
    events: eventsOf(parts, section.query?.query),
  }
}

/** Asks the store with the longest time limit, and reports it if the answer is still partial. */
async function asked(
  { events, query, span, partial }: SectionParts,
  narrower: Query | undefined,
  request: Omit<AggregateRequest, 'query'>,
): Promise<Aggregate> {
  const answer = await events.aggregate({
    query: narrowed(query, narrower),
    ...span,
    ...request,
    budget: AGGREGATE_LIMITS.longestBudget,
  })
  if (answer.partial !== null) partial(answer.partial.sentence)
  return answer
}
