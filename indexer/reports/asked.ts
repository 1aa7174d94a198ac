import type { ExportAsked, Period, ReportParameters } from '../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import {
  meaningOf,
  parseQuery,
  parseTime,
  printQuery,
  type Query,
  QueryError,
  withoutOwnReads,
} from '../query/index.ts'
import { Refusal } from '../refusal.ts'
import { type Declaration, typeOf } from './declaration.ts'

/** What one report or export is made of. */
export interface Span {
  /** Times of events, ms: at or after, and before. */
  readonly from: number
  readonly to: number
}

/** A job's question: a report with its parameters, or an export of a search. */
export type Asked = {
  readonly id: string
  readonly requested: { readonly by: string; readonly at: number }
} & (
  | {
      readonly makes: 'report'
      readonly report: string
      readonly parameters: ReportParameters
      /** When the report before this one of a schedule was made, ms: events that arrived since then for earlier periods are listed. */
      readonly previous?: number | null
    }
  | { readonly makes: 'export'; readonly export: ExportAsked }
)

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/** The last period of a kind that is over at a time, on the clock of a zone. Weeks begin on Monday. */
export function lastPeriod(period: Period, now: number, zone: string): Span {
  const today = zoned(now, zone).startOfDay()
  const start = startOf(today, period)
  const before = start.subtract(LENGTHS[period]).startOfDay()
  return { from: before.epochMilliseconds, to: start.epochMilliseconds }
}

const LENGTHS: Readonly<Record<Period, Temporal.DurationLike>> = {
  day: { days: 1 },
  week: { weeks: 1 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
}

function startOf(day: Temporal.ZonedDateTime, period: Period): Temporal.ZonedDateTime {
  switch (period) {
    case 'day':
      return day
    case 'week':
      return day.subtract({ days: day.dayOfWeek - 1 }).startOfDay()
    case 'month':
      return day.with({ day: 1 }).startOfDay()
    case 'quarter':
      return day.with({ day: 1, month: Math.floor((day.month - 1) / 3) * 3 + 1 }).startOfDay()
    case 'year':
      return day.with({ day: 1, month: 1 }).startOfDay()
  }
}

export function zoned(time: number, zone: string): Temporal.ZonedDateTime {
  try {
    return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  } catch {
    throw new Refusal(
      'WB-REQUEST-INVALID',
      `zone: "${zone}" is not a time zone; write one such as Europe/Berlin or UTC.`,
    )
  }
}

/** The span that is asked for. A date begins in the zone, and as `to` it includes that day. */
export function spanOf(
  { from, to, last }: Pick<ReportParameters, 'from' | 'to' | 'last'>,
  now: number,
  zone: string,
): Span {
  zoned(now, zone)
  if (last !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new Refusal('WB-REQUEST-INVALID', 'last: give either `last`, or `from` and `to`.')
    return lastPeriod(last, now, zone)
  }
  const span = {
    from: from === undefined ? lastPeriod('month', now, zone).from : timeIn('from', from, now, zone, 0),
    to: to === undefined ? now : timeIn('to', to, now, zone, 1),
  }
  if (from === undefined && to === undefined) return lastPeriod('month', now, zone)
  if (span.from >= span.to)
    throw new Refusal('WB-REQUEST-INVALID', 'from: expected a time before `to`, which ends the period.')
  return span
}

function timeIn(name: string, text: string, now: number, zone: string, days: number): number {
  try {
    return isDate(text)
      ? Temporal.PlainDate.from(text).add({ days }).toZonedDateTime(zone).epochMilliseconds
      : parseTime(text, now)
  } catch (error) {
    throw new Refusal('WB-REQUEST-INVALID', `${name}: ${reasonOf(error)}.`, { cause: error })
  }
}

const WHO = ['user.name', 'user.id', 'user.email', 'user.full_name', 'user.effective.name'] as const
const WHO_ANYWHERE = [
  ...WHO,
  'user.target.name',
  'user.target.id',
  'user.target.email',
  'user.changes.name',
  'related.user',
] as const

const anyOf = (fields: readonly string[], values: readonly string[]): Query => ({
  kind: 'or',
  of: fields.flatMap((field) => values.map((value): Query => ({ kind: 'equals', field, value }))),
})

/** A text as a person gave it, or the reason why it is no query. */
export function queryOf(text: string, now: number): Query {
  try {
    return parseQuery(text, { now })
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new Refusal('WB-QUERY-INVALID', error.message, { column: error.column, cause: error })
  }
}

/** The conditions of the parameters, without those of the report itself. */
export function filterOf(
  { users, people, entities, systems, outcomes, q }: ReportParameters,
  isAnywhere: boolean,
  now: number,
): Query[] {
  const asked = q.trim() === '' ? null : queryOf(q, now)
  const theirs = people.map((person) => meaningOf('person', [person]))
  return [
    ...(people.length === 0
      ? []
      : [{ kind: 'or', of: isAnywhere ? [...theirs, anyOf(WHO_ANYWHERE, people)] : theirs } as const]),
    ...(users.length === 0 ? [] : [anyOf(isAnywhere ? WHO_ANYWHERE : WHO, users)]),
    ...(entities.length === 0 ? [] : [anyOf(['audit.entity.type'], entities)]),
    ...(systems.length === 0 ? [] : [anyOf(['event.module'], systems)]),
    ...(outcomes.length === 0 ? [] : [anyOf(['event.outcome'], outcomes)]),
    ...(asked === null || asked.kind === 'all' ? [] : [asked]),
  ]
}

export const andOf = (of: readonly Query[]): Query => {
  const needed = of.filter(({ kind }) => kind !== 'all')
  const [only] = needed
  return needed.length === 0
    ? { kind: 'all' }
    : needed.length === 1 && only !== undefined
      ? only
      : { kind: 'and', of: needed }
}

/** The query of a report, its sections apart: searches and views of Waybill's own are left out unless the report asks for them. */
export function reportQuery(declaration: Declaration, parameters: ReportParameters, now: number): Query {
  for (const need of declaration.needs)
    if (parameters[need].length === 0 && parameters.people.length === 0)
      throw new Refusal(
        'WB-REQUEST-INVALID',
        `${need}: the report ${declaration.id} is about people: name at least one.`,
      )
  const own = withoutOwnReads(declaration.query.query)
  return andOf([own, ...filterOf(parameters, declaration['users-anywhere'], now)])
}

/** What the report covers, in words. */
export function scopeText(
  declaration: Declaration,
  { users, people, entities, systems, outcomes, q }: ReportParameters,
): string {
  const accounts = people.length === 0 ? '' : `${listText(people)} with all their accounts`
  const whose =
    users.length === 0
      ? accounts === ''
        ? 'of all users'
        : `of ${accounts}`
      : `${declaration['users-anywhere'] ? `that name ${listText(users, 'or')}` : `of ${listText(users)}`}${accounts === '' ? '' : `, if they are of ${accounts}`}`
  const where = systems.length === 0 ? 'in all systems' : `in ${listText(systems)}`
  const about = entities.length === 0 ? '' : ` about ${listText(entities)}`
  const outcome = outcomes.length === 0 ? 'any outcome' : `the outcome ${listText(outcomes, 'or')}`
  const further = q.trim() === '' ? '' : ', if the further condition holds'
  return `Events ${whose} ${where}${about}, with ${outcome}${further}.`
}

export function listText(values: readonly string[], word = 'and'): string {
  const shown = values.slice(0, 10)
  const rest = values.length - shown.length
  const all = rest > 0 ? [...shown, `${rest} more`] : shown
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} ${word} ${all.at(-1)}`
}

export const printed = (query: Query): string => printQuery(query)

/** Whether the values of a column are numbers. */
export const isNumber = (field: string): boolean => ['long', 'float'].includes(typeOf(field))

export const demandReport = (declaration: Declaration | null, problem: string | null): Declaration => {
  if (declaration === null) throw new OperatorError('WB-CONFIG-INVALID', problem ?? 'The report is wrong')
  return declaration
}
