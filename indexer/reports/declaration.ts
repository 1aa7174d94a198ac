import * as z from 'zod'
import { closest } from '../../config/index.ts'
import { AGGREGATE_LIMITS, FIELDS, OperatorError } from '../../schema/index.ts'
import { fullName, isMeant, namedField, nearestName, parseQuery, type Query } from '../query/index.ts'
import { isCountable } from '../store/index.ts'

/** The form of a file in config/reports: what a report shows, declared. What is wrong in it is stated with its line. */

const query = z.string().transform((asked, context): { asked: string; query: Query } => {
  try {
    // The times of a report are its parameters.
    return { asked, query: parseQuery(asked, { now: 0 }) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    context.addIssue({ code: 'custom', message: error.message, input: asked })
    return z.NEVER
  }
})

function known(text: string, context: z.core.$RefinementCtx, isUsable: (name: string) => boolean): string {
  const field = namedField(text)
  if (field !== undefined && isUsable(fullName(field))) return fullName(field)
  const near = field === undefined ? nearestName(text) : undefined
  context.addIssue({
    code: 'custom',
    message:
      field === undefined
        ? `there is no such field${near === undefined ? '' : ` (did you mean "${near}"?)`}; docs/fields.md lists them`
        : 'the values of this field can not be counted',
    input: text,
  })
  return z.NEVER
}
const anyField = z.string().transform((text, context) => known(text, context, () => true))
const countable = z.string().transform((text, context) => known(text, context, isCountable))

export const TIME_UNITS = ['hour', 'day', 'week', 'month'] as const
export type TimeUnit = (typeof TIME_UNITS)[number]
const time = z.enum([...TIME_UNITS, 'hour-of-day', 'day-of-week'])
const isTime = (text: string): boolean => time.safeParse(text).success

/** What a count is split by: an interval of time, or the values of a field. */
const by = z.string().transform((text, context) => {
  if (isTime(text)) return { kind: 'time' as const, unit: time.parse(text) }
  if (isMeant(text)) return { kind: 'field' as const, field: text }
  return { kind: 'field' as const, field: known(text, context, isCountable) }
})

const title = z.string().min(1).max(120)
const note = z.string().max(500).default('')
const top = z.int().min(1).max(AGGREGATE_LIMITS.top).default(15)

/** Counts of events. */
const counts = z.strictObject({
  title,
  note,
  query: query.optional(),
  by,
  /** A column for each value of this field. */
  across: countable.optional(),
  top,
  /** Columns: the number of different values of a field. */
  distinct: z.array(countable).max(AGGREGATE_LIMITS.fields).default([]),
  /** Columns: the sum of a number. */
  sums: z.array(countable).max(AGGREGATE_LIMITS.fields).default([]),
  /** A column with the time of the last event. */
  last: z.boolean().default(false),
  chart: z.boolean().default(true),
  /** Whether the numbers are in a table beside the chart. */
  table: z.boolean().optional(),
})

/** A few figures, each with a query of its own. */
const figures = z.strictObject({
  title,
  note,
  figures: z
    .array(
      z.strictObject({
        title,
        query: query.optional(),
        /** The number of different values of this field, in place of that of events. */
        distinct: countable.optional(),
        sum: countable.optional(),
      }),
    )
    .min(1)
    .max(20),
})

/** The tables that Waybill knows itself; `sets.ts` makes them. */
export const SETS = [
  'agents',
  'missing-waybills',
  'dead-letters',
  'recording',
  'rules',
  'alerts',
  'alert-response',
  'verification',
  'anchors',
  'retention',
  'holds',
  'archive',
] as const
export type SetName = (typeof SETS)[number]
const set = z.strictObject({ title, note, from: z.enum(SETS) })

/** Events themselves, a few. */
const listed = z.strictObject({
  title,
  note,
  query: query.optional(),
  events: z.array(anyField).min(1).max(12),
  top: z.int().min(1).max(1000).default(100),
  order: z.enum(['newest', 'oldest']).default('newest'),
})

/** The member that says which kind of section it is. */
const KINDS = { by: counts, figures, from: set, events: listed } as const
const kindsText = Object.keys(KINDS).join(', ')

export type SectionDeclaration = CountSection | FigureSection | SetSection | ListSection

/** Reads a section by the schema of its kind alone: a union of the schemas would report mistakes of kinds that the author did not mean. */
const section = z.looseObject({}).transform((given, context): SectionDeclaration => {
  const [kind, schema] = Object.entries(KINDS).find(([key]) => key in given) ?? [null, null]
  if (schema === null) {
    context.addIssue({ code: 'custom', message: `expected one of ${kindsText}`, input: given })
    return z.NEVER
  }
  const read = schema.safeParse(given)
  if (read.success) return read.data
  for (const { path, message, ...issue } of read.error.issues)
    context.addIssue({
      code: 'custom',
      path: [...path],
      message:
        issue.code === 'unrecognized_keys'
          ? `a section with \`${kind}\` has no member ${issue.keys.join(', ')}; it may have ${Object.keys(schema.shape).join(', ')}`
          : message,
      input: given,
    })
  return z.NEVER
})
export type CountSection = z.output<typeof counts>
export type FigureSection = z.output<typeof figures>
export type SetSection = z.output<typeof set>
export type ListSection = z.output<typeof listed>

const rows = z.strictObject({
  columns: z.array(anyField).min(1).max(24),
  query: query.optional(),
  order: z.enum(['newest', 'oldest']).default('oldest'),
})

export const declarationSchema = z
  .strictObject({
    title,
    about: z.string().min(1).max(300),
    query: query.prefault(''),
    /** A report about a person needs to know whom. */
    needs: z.array(z.enum(['users'])).default([]),
    /** Whether `users` also finds what was done to them, and where else they are named. */
    'users-anywhere': z.boolean().default(false),
    findings: z.array(section).max(30).default([]),
    rows: rows.optional(),
  })
  .refine(
    ({ findings, rows }) => findings.length > 0 || rows !== undefined,
    'expected `findings` or `rows`: without them a report shows nothing',
  )
export type Declaration = z.output<typeof declarationSchema> & { readonly id: string }

/** The title of a field in a table. */
export const FIELD_TITLES: Readonly<Record<string, string>> = {
  person: 'Person',
  verb: 'Verb',
  object: 'Object',
  'event.module': 'System',
  'audit.entity.type': 'Entity',
  'audit.record_count': 'Records',
  'user.target.name': 'Affected user',
  'user.email': 'Mail address',
  'source.geo.country_name': 'Country (estimated)',
  'audit.entity.id': 'Record id',
  'event.reason': 'Reason',
  'user.roles': 'Role',
  'rule.name': 'Rule',
  'agent.name': 'Agent',
  'audit.change.fields': 'Field',
  'user_agent.name': 'Program',
  'related.user': 'Name or id',
  'event.category': 'Kind of event',
  'user.full_name': 'Full name',
  'event.ingested': 'Received',
}

export const typeOf = (field: string): string =>
  Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof typeof FIELDS].type : 'keyword'

export function unknownReport(id: string, known: readonly string[]): OperatorError {
  const near = closest(id, known)
  const remedy = near === undefined ? '`waybill reports list` lists them' : `did you mean ${near}?`
  return new OperatorError('WB-NOT-FOUND', `There is no report ${id}; ${remedy}`)
}
