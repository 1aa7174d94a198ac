import * as z from 'zod'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import { askedAlone } from '../../accounts/index.ts'
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
import type { Asker } from '../access.ts'

/** The parameters that several routes share: a query, and times. */
export const queryText = z
  .string()
  .default('')
  .describe("A query in Kibana's language; an empty query finds all events.")
export const timeText = z
  .string()
  .optional()
  .describe('A date, a date-time, a span back from now (now-15m, -24h), or milliseconds since 1970.')
export const ownText = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
  .describe(
    "Also finds Waybill's own events of searches and views. Without it only a query that names them finds them, such as `source: waybill`.",
  )
export const digits = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number)
export const upTo = (most: number) => digits.refine((n) => n >= 1 && n <= most, `expected 1 to ${most}`)

/** The query as somebody may ask it; `own` also finds who searched and viewed. */
export function queryOf(text: string, now: number, asker: Asker, own: boolean): Query {
  try {
    const query = askedAlone(asker.visibility, parseQuery(text, { now }))
    // Refuse the query before the answer begins: a stream can't refuse later.
    asker.visibility.mask.demand(query)
    return own ? query : withoutReads(query, asker)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new Refusal('WB-QUERY-INVALID', error.message, { column: error.column, cause: error })
  }
}

/** Users with masked fields do not see these events anyway, and may be unable to query the fields that identify them. */
export const withoutReads = (query: Query, { visibility: { mask } }: Asker): Query =>
  mask.isEmpty ? withoutOwnReads(query) : query

export function timeOf(name: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  try {
    return parseTime(text, now)
  } catch (error) {
    throw new Refusal('WB-REQUEST-INVALID', `${name}: ${reasonOf(error)}.`, { cause: error })
  }
}

/** `from` and `to` as the store takes them. */
export function spanOf(
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): { from?: number; to?: number } {
  const from = timeOf('from', asked.from, now)
  const to = timeOf('to', asked.to, now)
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** The full name of a field that is named in full or by its short name. */
export function fieldNameOf(name: string): string {
  const field = namedField(name)
  if (field !== undefined) return fullName(field)
  const near = nearestName(name)
  throw new OperatorError(
    'WB-FIELD-UNKNOWN',
    `There is no field ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

export const quoted = (query: string): string => (query.trim() === '' ? 'all events' : JSON.stringify(query))
