import * as z from 'zod'
import { fieldOf, isRecord } from '../../../schema/index.ts'
import type { Query } from '../../query/index.ts'
import { type Path, Refused } from './refused.ts'
import { anyOf } from './values.ts'

/** A rule that a correlation is about. */
export interface Part {
  readonly query: Query
  /** The names that Sigma's field has in Waybill; null if it has none. */
  fieldOf(name: string): readonly string[] | null
  /** How the correlation refers to it. */
  readonly name: string
}

/** One Waybill rule for a correlation; a `temporal` correlation becomes one for each order of its rules. */
export interface Correlated {
  readonly query: Query
  readonly next: readonly Query[]
  readonly groupBy: readonly (readonly string[])[]
  /** As it is written in the rule's file. */
  readonly condition: unknown
}

const TYPES = ['event_count', 'value_count', 'value_sum', 'temporal', 'temporal_ordered'] as const
const UNSUPPORTED: Readonly<Record<string, string>> = {
  value_avg: 'Waybill has no condition on an average',
  value_percentile: 'Waybill has no condition on a percentile',
  value_median: 'Waybill has no condition on a median',
}

const shape = z.object({
  type: z.enum(TYPES),
  rules: z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)]),
  'group-by': z.union([z.string().transform((name) => [name]), z.array(z.string())]).default([]),
  timespan: z.string(),
  condition: z.unknown().optional(),
  aliases: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  generate: z.boolean().default(false),
})

type Given = z.output<typeof shape>

const at = (...path: (string | number)[]): Path => ['correlation', ...path]

export function correlationOf(given: unknown): Given {
  const type = isRecord(given) ? given.type : undefined
  const why = typeof type === 'string' ? UNSUPPORTED[type] : undefined
  if (why !== undefined) throw new Refused(at('type'), why)
  const result = shape.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)))
  throw new Refused(at(...path), `${path.join('.')}: ${issue?.message ?? 'wrong'}`)
}

/** The most rules of which each order becomes a rule of its own. */
const MOST_UNORDERED = 3
const MOST_ORDERED = 6

export function correlated(given: Given, parts: readonly Part[]): Correlated[] {
  const { type } = given
  const within = timespan(given.timespan)
  const groupBy = given['group-by'].map((name, index) => fieldsFor(name, given, parts, at('group-by', index)))
  if (groupBy.length > 3) throw new Refused(at('group-by'), 'at most three fields are allowed')
  const [first] = parts
  if (first === undefined) throw new Refused(at('rules'), 'expected at least one rule')
  const anyQuery = anyOf(parts.map(({ query }) => query))
  if (type === 'temporal' || type === 'temporal_ordered') {
    if (given.condition !== undefined)
      throw new Refused(at('condition'), "a condition on the order or number of rules can't be translated")
    if (parts.length < 2) throw new Refused(at('rules'), 'expected at least two rules')
    const most = type === 'temporal' ? MOST_UNORDERED : MOST_ORDERED
    if (parts.length > most) throw new Refused(at('rules'), `at most ${most} rules are allowed`)
    const orders = type === 'temporal' ? permutations(parts) : [parts]
    return orders.flatMap(([start, ...then]) =>
      start === undefined
        ? []
        : [
            {
              query: start.query,
              next: then.map(({ query }) => query),
              groupBy,
              condition: { sequence: within },
            },
          ],
    )
  }
  const { field, atLeast, above } = limitOf(given.condition)
  const many = (): number => {
    const number = above ? Math.floor(atLeast) + 1 : Math.ceil(atLeast)
    return number
  }
  const one = (condition: unknown): Correlated[] => [{ query: anyQuery, next: [], groupBy, condition }]
  if (type === 'event_count') {
    if (field !== null)
      throw new Refused(at('condition', 'field'), 'event_count counts events, without a field')
    // One event within any time is each event.
    return one(many() < 2 ? 'event' : { count: { 'at-least': many(), within } })
  }
  if (field === null) throw new Refused(at('condition'), `${type} needs a field`)
  const [name, ...others] = fieldsFor(field, given, parts, at('condition', 'field'))
  if (name === undefined || others.length > 0)
    throw new Refused(at('condition', 'field'), `"${field}" has several fields in Waybill`)
  if (type === 'value_count') {
    if (many() < 2) throw new Refused(at('condition'), 'at least two values are needed')
    return one({ distinct: { field: name, 'at-least': many(), within } })
  }
  const kind = fieldOf(name)?.type
  if (kind !== 'long' && kind !== 'float')
    throw new Refused(at('condition', 'field'), `${name} is not a number in Waybill`)
  if (above && kind === 'float') throw new Refused(at('condition'), 'write gte: sums are compared with >=')
  return one({ sum: { field: name, 'at-least': above ? many() : atLeast, within } })
}

/** The names of a field that has the same ones in all rules: one group has one kind of value. */
function fieldsFor(name: string, given: Given, parts: readonly Part[], path: Path): readonly string[] {
  const aliases = Object.hasOwn(given.aliases, name) ? given.aliases[name] : undefined
  const found = parts.map((part) => {
    const asked = aliases === undefined ? name : aliases[part.name]
    if (asked === undefined)
      throw new Refused(path, `the alias "${name}" has no field of the rule "${part.name}"`)
    const fields = part.fieldOf(asked)
    if (fields === null)
      throw new Refused(path, `Waybill has no field for "${asked}" of the rule "${part.name}"`)
    return fields
  })
  const [first = []] = found
  if (found.some((fields) => fields.join() !== first.join()))
    throw new Refused(path, `"${name}" is in different fields of Waybill for these rules`)
  return first
}

function limitOf(condition: unknown): { field: string | null; atLeast: number; above: boolean } {
  if (!isRecord(condition)) throw new Refused(at('condition'), 'expected a condition such as { gte: 10 }')
  const { field = null, gte, gt, ...others } = condition
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new Refused(at('condition', other), `"${other}" can't be translated; allowed: gte, gt`)
  if ((gte === undefined) === (gt === undefined))
    throw new Refused(at('condition'), 'expected either gte or gt')
  const atLeast = gte ?? gt
  if (typeof atLeast !== 'number' || atLeast < 0) throw new Refused(at('condition'), 'expected a number')
  if (field !== null && typeof field !== 'string')
    throw new Refused(at('condition', 'field'), 'expected one field')
  return { field, atLeast, above: gte === undefined }
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const LONGEST = 604_800

function timespan(text: string): string {
  const match = /^(\d+)([smhdw])$/.exec(text.trim())
  const seconds = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN)
  if (!(seconds >= 1))
    throw new Refused(at('timespan'), `"${text}" is no time such as 10m; units are s, m, h, d, w`)
  if (seconds > LONGEST) throw new Refused(at('timespan'), 'windows have at most 7 days')
  return `${seconds}s`
}

function permutations<One>(all: readonly One[]): One[][] {
  if (all.length < 2) return [[...all]]
  return all.flatMap((one, index) => permutations(all.toSpliced(index, 1)).map((others) => [one, ...others]))
}
