import { type AuditEvent, comparePlaces, placeOf, valuesOf } from '../../../schema/index.ts'
import { matches, type Query } from '../../query/index.ts'
import { countableField } from '../../store/field-values.ts'
import type { CountSection, Declaration, FigureSection, ListSection } from '../declaration.ts'

/**
 * Computes the figures of a report plainly, by loops over events in memory. A value of a field is what the schema says it is; all else
 * (counting, splitting, ordering, naming) is done anew here.
 */
export interface PlainParts {
  readonly events: readonly AuditEvent[]
  readonly query: Query
  readonly from: number
  readonly to: number
  readonly zone: string
}

const timeOf = (event: AuditEvent): number => placeOf(event).timestamp

export const foundBy = ({ events, query, from, to }: PlainParts, narrower?: Query): AuditEvent[] =>
  events
    .filter((event) => timeOf(event) >= from && timeOf(event) < to)
    .filter((event) => matches(query, event) && (narrower === undefined || matches(narrower, event)))
    .sort((a, b) => comparePlaces(placeOf(a), placeOf(b)))

/** A start of an interval, by its text on the wall clock. */
function wallStart(time: number, unit: string, zone: string): string {
  const wall = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  const date = wall.toPlainDate()
  if (unit === 'hour') return new Date(Math.floor(time / 3_600_000) * 3_600_000).toISOString()
  if (unit === 'day') return date.toString()
  if (unit === 'month') return date.with({ day: 1 }).toString()
  if (unit === 'week') return date.subtract({ days: date.dayOfWeek - 1 }).toString()
  if (unit === 'hour-of-day') return `${String(wall.hour).padStart(2, '0')}:00`
  return (
    ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][date.dayOfWeek - 1] ?? ''
  )
}

/** The counts of a section by the name of each row: those that are not 0. */
export function plainCounts(section: CountSection, parts: PlainParts): Map<string, AuditEvent[]> {
  const groups = new Map<string, AuditEvent[]>()
  const add = (key: string, event: AuditEvent): void => {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [event])
    else group.push(event)
  }
  const { by } = section
  for (const event of foundBy(parts, section.query?.query)) {
    if (by.kind === 'time') {
      add(wallStart(timeOf(event), by.unit, parts.zone), event)
      continue
    }
    const values = new Set(countableField(by.field).valuesIn(event).map(String))
    if (values.size === 0) add('(none)', event)
    for (const value of values) add(value, event)
  }
  return groups
}

export const distinctIn = (events: readonly AuditEvent[], field: string): number =>
  new Set(events.flatMap((event) => countableField(field).valuesIn(event).map(String))).size

export const sumIn = (events: readonly AuditEvent[], field: string): number =>
  events
    .flatMap((event) => countableField(field).valuesIn(event))
    .reduce<number>((sum, value) => sum + Number(value), 0)

export function plainFigures(section: FigureSection, parts: PlainParts): [string, number][] {
  return section.figures.map(({ title, query, distinct, sum }) => {
    const found = foundBy(parts, query?.query)
    return [
      title,
      distinct !== undefined
        ? distinctIn(found, distinct)
        : sum !== undefined
          ? sumIn(found, sum)
          : found.length,
    ]
  })
}

/** The ids of a list's events. */
export function plainList(section: ListSection, parts: PlainParts): string[] {
  const found = foundBy(parts, section.query?.query)
  if (section.order === 'newest') found.reverse()
  return found.slice(0, section.top).map((event) => valuesOf(event, 'event.id')[0] ?? '')
}

export const rowsOf = (declaration: Declaration, parts: PlainParts): AuditEvent[] =>
  foundBy(parts, declaration.rows?.query?.query)
