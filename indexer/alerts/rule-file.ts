import * as z from 'zod'
import { duration } from '../../config/index.ts'
import { type FieldType, isRecord, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Condition, DAYS, isLedgerCondition, type Message, PRIORITIES } from '../../schema/rule.ts'
import { fullName, namedField, nearestName, parseQuery } from '../query/index.ts'
import { parseMessage } from './message.ts'

/** The form of a file in config/rules. What is wrong in it is stated with its line. */

const GROUPING: ReadonlySet<FieldType> = new Set(['keyword', 'ip', 'flattened'])

function groupingField(text: string, context: z.core.$RefinementCtx): string {
  if (text === 'person') return text
  const field = namedField(text)
  if (field !== undefined && GROUPING.has(field.type) && field.unindexed !== true) return fullName(field)
  const near = field === undefined ? nearestName(text) : undefined
  const message =
    field === undefined
      ? `there is no such field${near === undefined ? '' : ` (did you mean "${near}"?)`}; docs/fields.md lists them`
      : `events can't be grouped by a ${field.type}; name a keyword or an address`
  context.addIssue({ code: 'custom', message, input: text })
  return z.NEVER
}

const fieldName = z.string().transform(groupingField)

/** A field, or several names for one thing. */
const grouping = z
  .union([z.string(), z.array(z.string()).min(1).max(5)])
  .transform((given, context) =>
    (typeof given === 'string' ? [given] : given).map((text) => groupingField(text, context)),
  )

const query = z.string().transform((asked, context) => {
  try {
    // A rule asks for no time: its window is in its condition.
    return { asked, query: parseQuery(asked, { now: 0 }) }
  } catch (error) {
    if (!(error instanceof OperatorError) && !(error instanceof Error)) throw error
    context.addIssue({ code: 'custom', message: reasonOf(error), input: asked })
    return z.NEVER
  }
})

const message = z.string().transform((text, context): Message => {
  try {
    return parseMessage(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: reasonOf(error), input: text })
    return z.NEVER
  }
})

const minuteOfDay = z.string().transform((text, context) => {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  if (match !== null) return Number(match[1]) * 60 + Number(match[2])
  context.addIssue({ code: 'custom', message: 'expected a time of the day such as 22:00', input: text })
  return z.NEVER
})

const SECOND = 1000
const DAY = 86_400_000
const window = duration({ min: SECOND, max: 7 * DAY })
const atLeast = z.int().min(2)

/** A condition on a window may have to hold for some time. */
const lastingFor = duration({ min: SECOND, max: DAY }).optional()
const lastsFor = (span: number | undefined, of: Condition): Condition =>
  span === undefined ? of : { kind: 'lasting', for: span, of }

const count = z
  .strictObject({ 'at-least': atLeast, within: window, for: lastingFor })
  .transform((given) =>
    lastsFor(given.for, { kind: 'count', atLeast: given['at-least'], within: given.within }),
  )

const distinct = z
  .strictObject({ field: fieldName, 'at-least': atLeast, within: window, for: lastingFor })
  .transform(({ field, within, ...given }) =>
    lastsFor(given.for, { kind: 'distinct', field, atLeast: given['at-least'], within }),
  )

const hours = z.strictObject({
  from: minuteOfDay,
  to: minuteOfDay,
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .default([...DAYS]),
})

const schedule = hours.transform((given): Condition => ({ kind: 'schedule', ...given }))

const newValue = z
  .strictObject({ field: fieldName, within: duration({ min: SECOND, max: 400 * DAY }) })
  .transform((given): Condition => ({ kind: 'new-value', ...given }))

const rareValue = z
  .strictObject({
    field: fieldName,
    'at-most': z.int().min(1).max(100),
    within: duration({ min: SECOND, max: 400 * DAY }),
  })
  .transform(
    ({ field, within, ...given }): Condition => ({
      kind: 'new-value',
      field,
      within,
      atMost: given['at-most'],
    }),
  )

const ratio = z
  .strictObject({
    'at-least': z.number().min(1.1).max(1000),
    minimum: z.int().min(2).default(10),
    weeks: z.int().min(1).max(12).default(4),
  })
  .transform(
    ({ minimum, weeks, ...given }): Condition => ({
      kind: 'ratio',
      atLeast: given['at-least'],
      minimum,
      weeks,
    }),
  )

const travel = z
  .strictObject({
    'kilometres-an-hour': z.number().positive(),
    'at-least-kilometres': z.number().nonnegative(),
  })
  .transform(
    (given): Condition => ({
      kind: 'travel',
      kilometresAnHour: given['kilometres-an-hour'],
      atLeast: given['at-least-kilometres'],
    }),
  )

const deadLetters = z
  .strictObject({ 'at-least': z.int().min(1), within: window })
  .transform(
    (given): Condition => ({ kind: 'dead-letters', atLeast: given['at-least'], within: given.within }),
  )

const lasting = <Kind extends 'agent-silent' | 'waybills-missing'>(kind: Kind) =>
  z.strictObject({ for: window }).transform((given): Condition => ({ kind, for: given.for }))

const numberName = z.string().transform((text, context): string => {
  const field = namedField(text)
  if (field?.type === 'long' || field?.type === 'float') return fullName(field)
  const why = field === undefined ? 'there is no such field' : `a ${field.type} can't be added up`
  context.addIssue({ code: 'custom', message: `${why}; name a number of docs/fields.md`, input: text })
  return z.NEVER
})

const sum = z
  .strictObject({ field: numberName, 'at-least': z.number().positive(), within: window, for: lastingFor })
  .transform(({ field, within, ...given }) =>
    lastsFor(given.for, { kind: 'sum', field, atLeast: given['at-least'], within }),
  )

const sequence = z
  .strictObject({ 'followed-by': z.union([query, z.array(query).min(1).max(5)]), within: window })
  .transform(
    ({ 'followed-by': next, within }): Condition => ({
      kind: 'sequence',
      next: (Array.isArray(next) ? next : [next]).map(({ asked }) => asked),
      within,
    }),
  )

const absence = z
  .strictObject({ for: duration({ min: 60_000, max: 31 * DAY }) })
  .transform((given): Condition => ({ kind: 'absence', for: given.for }))

/** Conditions that one event completes: they can be combined. */
const ABOUT_AN_EVENT = {
  count: count.optional(),
  distinct: distinct.optional(),
  sum: sum.optional(),
  schedule: schedule.optional(),
  'new-value': newValue.optional(),
  'rare-value': rareValue.optional(),
  ratio: ratio.optional(),
  travel: travel.optional(),
}

const combined: z.ZodType<Condition> = z.lazy(() =>
  z
    .strictObject({
      ...ABOUT_AN_EVENT,
      all: z.array(combined).min(2).max(8).optional(),
      any: z.array(combined).min(2).max(8).optional(),
      not: combined.optional(),
    })
    .transform(({ all, any, not, ...others }, context): Condition => {
      const given = [
        ...(all === undefined ? [] : [{ kind: 'all', of: all } as const]),
        ...(any === undefined ? [] : [{ kind: 'any', of: any } as const]),
        ...(not === undefined ? [] : [{ kind: 'not', of: not } as const]),
        ...Object.values(others).filter((one) => one !== undefined),
      ]
      return onlyOne(given, context)
    }),
)

const named = z
  .strictObject({
    ...ABOUT_AN_EVENT,
    sequence: sequence.optional(),
    absence: absence.optional(),
    all: z.array(combined).min(2).max(8).optional(),
    any: z.array(combined).min(2).max(8).optional(),
    'agent-silent': lasting('agent-silent').optional(),
    'waybills-missing': lasting('waybills-missing').optional(),
    'dead-letters': deadLetters.optional(),
  })
  .transform(({ all, any, ...others }, context): Condition => {
    const given = [
      ...(all === undefined ? [] : [{ kind: 'all', of: all } as const]),
      ...(any === undefined ? [] : [{ kind: 'any', of: any } as const]),
      ...Object.values(others).filter((one) => one !== undefined),
    ]
    return onlyOne(given, context)
  })

function onlyOne(given: readonly Condition[], context: z.core.$RefinementCtx): Condition {
  const [condition, ...others] = given
  if (condition !== undefined && others.length === 0) return condition
  context.addIssue({ code: 'custom', message: 'expected one kind of condition, or `event`', input: given })
  return z.NEVER
}

const condition = z.union([z.literal('event').transform((): Condition => ({ kind: 'event' })), named])

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const exceptTime = z.union([
  hours,
  z
    .strictObject({ since: time, until: time })
    .refine(({ since, until }) => since < until, 'expected `since` to be before `until`'),
])

/** Values by dotted names of fields; an unknown name is an error, since the example would then test nothing. */
const members = z.record(z.string(), z.unknown()).superRefine((given, context) => {
  for (const name of Object.keys(given))
    if (namedField(name) === undefined && name !== 'source.geo.location')
      context.addIssue({ code: 'custom', message: `"${name}" is not a field`, input: name })
})

const series = z.strictObject({
  at: time,
  times: z.int().min(1).max(10_000).default(1),
  every: duration().default(0),
  set: members.default({}),
})

const sample = z.strictObject({
  at: time,
  'dead-letters': z.int().nonnegative().default(0),
  agents: z
    .array(z.strictObject({ id: z.string(), 'last-seen': time, 'missing-since': time.optional() }))
    .default([]),
})

const example = z.strictObject({
  is: z.string(),
  fires: z.int().nonnegative(),
  events: z.array(series).default([]),
  until: time.optional(),
  ledger: z.array(sample).default([]),
})

export type ExampleGiven = z.output<typeof example>

export const ruleSchema = z
  .strictObject({
    name: z.string().min(1),
    about: z.string().min(1),
    query: query.optional(),
    'group-by': z.array(grouping).max(3).default([]),
    condition,
    except: z.array(query).max(100).default([]),
    'except-lists': z.array(z.string()).max(20).default([]),
    'except-times': z.array(exceptTime).max(50).default([]),
    priority: z.enum(PRIORITIES),
    channels: z.array(z.string().min(1)).min(1),
    message,
    throttle: duration({ min: SECOND, max: 7 * DAY }),
    'keep-firing': duration({ max: 7 * DAY }).default(0),
    response: z.string().min(1),
    author: z.string().min(1).max(500).optional(),
    source: z.string().min(1).max(500).optional(),
    /** The members that the events of the examples have in common. */
    example: members.default({}),
    examples: z.array(example).default([]),
  })
  .superRefine((rule, context) => {
    if (!isLedgerCondition(rule.condition) && rule.query === undefined)
      context.addIssue({ code: 'custom', path: ['query'], message: 'a rule about events needs a query' })
    const endsByItself = isLedgerCondition(rule.condition) || rule.condition.kind === 'absence'
    if (rule['keep-firing'] > 0 && !endsByItself)
      context.addIssue({
        code: 'custom',
        path: ['keep-firing'],
        message: 'only alerts about absence, agents and the store end by themselves; use a longer throttle',
      })
    if (rule['except-times'].length > 0 && endsByItself)
      context.addIssue({
        code: 'custom',
        path: ['except-times'],
        message: 'this rule is not about events that come; use a silence for a maintenance',
      })
    if (rule.examples.length === 0) return
    if (!rule.examples.some(({ fires }) => fires > 0) || !rule.examples.some(({ fires }) => fires === 0))
      context.addIssue({
        code: 'custom',
        path: ['examples'],
        message: 'give an example that fires and one that does not (fires: 0)',
      })
  })

export type RuleGiven = z.output<typeof ruleSchema>

/** Dotted names as the nested members of an event. */
export function nested(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const event: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(given)) {
    const names = path.split('.')
    const last = names.pop()!
    let at = event
    for (const name of names) {
      const inner = at[name]
      if (isRecord(inner)) at = inner
      else {
        const made: Record<string, unknown> = {}
        at[name] = made
        at = made
      }
    }
    at[last] = value
  }
  return event
}
