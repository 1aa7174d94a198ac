import * as z from 'zod'
import { duration } from '../../config/index.ts'
import { type FieldType, isRecord, OperatorError, reasonOf } from '../../schema/index.ts'
import { fullName, namedField, nearestName, parseQuery } from '../query/index.ts'
import { type Message, parseMessage } from './message.ts'
import { type Condition, DAYS, PRIORITIES } from './rule.ts'

/** The form of a file in config/rules. What is wrong in it is said with its line. */

const GROUPING: ReadonlySet<FieldType> = new Set(['keyword', 'ip', 'flattened'])

const fieldName = z.string().transform((text, context) => {
  const field = namedField(text)
  if (field !== undefined && GROUPING.has(field.type) && field.unindexed !== true) return fullName(field)
  const near = field === undefined ? nearestName(text) : undefined
  const message =
    field === undefined
      ? `there is no such field${near === undefined ? '' : ` (did you mean "${near}"?)`}; docs/fields.md lists them`
      : `events can't be told apart by a ${field.type}; name a keyword or an address`
  context.addIssue({ code: 'custom', message, input: text })
  return z.NEVER
})

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

const count = z
  .strictObject({ 'at-least': atLeast, within: window })
  .transform((given): Condition => ({ kind: 'count', atLeast: given['at-least'], within: given.within }))

const distinct = z.strictObject({ field: fieldName, 'at-least': atLeast, within: window }).transform(
  ({ field, within, ...given }): Condition => ({
    kind: 'distinct',
    field,
    atLeast: given['at-least'],
    within,
  }),
)

const schedule = z
  .strictObject({
    from: minuteOfDay,
    to: minuteOfDay,
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .default([...DAYS]),
  })
  .transform((given): Condition => ({ kind: 'schedule', ...given }))

const newValue = z
  .strictObject({ field: fieldName, within: duration({ min: SECOND, max: 400 * DAY }) })
  .transform((given): Condition => ({ kind: 'new-value', ...given }))

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

const named = z
  .strictObject({
    count: count.optional(),
    distinct: distinct.optional(),
    schedule: schedule.optional(),
    'new-value': newValue.optional(),
    travel: travel.optional(),
    'agent-silent': lasting('agent-silent').optional(),
    'waybills-missing': lasting('waybills-missing').optional(),
    'dead-letters': deadLetters.optional(),
  })
  .transform((given, context): Condition => {
    const [condition, ...others] = Object.values(given).filter((one) => one !== undefined)
    if (condition !== undefined && others.length === 0) return condition
    context.addIssue({ code: 'custom', message: 'expected one kind of condition, or `event`', input: given })
    return z.NEVER
  })

const condition = z.union([z.literal('event').transform((): Condition => ({ kind: 'event' })), named])

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** Values by dotted names of fields; what is no field is a mistake that would make the example say nothing. */
const members = z.record(z.string(), z.unknown()).superRefine((given, context) => {
  for (const name of Object.keys(given))
    if (namedField(name) === undefined && name !== 'source.geo.location')
      context.addIssue({ code: 'custom', message: `"${name}" is no field`, input: name })
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
  ledger: z.array(sample).default([]),
})

export type ExampleGiven = z.output<typeof example>

export const ruleSchema = z
  .strictObject({
    name: z.string().min(1),
    about: z.string().min(1),
    query: query.optional(),
    'group-by': z.array(fieldName).max(3).default([]),
    condition,
    priority: z.enum(PRIORITIES),
    channels: z.array(z.string().min(1)).min(1),
    message,
    throttle: duration({ min: SECOND, max: 7 * DAY }),
    response: z.string().min(1),
    /** What the events of the examples have in common. */
    example: members.default({}),
    examples: z.array(example).min(1),
  })
  .superRefine((rule, context) => {
    const aboutEvents = !['agent-silent', 'waybills-missing', 'dead-letters'].includes(rule.condition.kind)
    if (aboutEvents && rule.query === undefined)
      context.addIssue({ code: 'custom', path: ['query'], message: 'a rule about events needs a query' })
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
