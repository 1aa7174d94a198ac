import { z } from 'zod'
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

const condition = z.union([
  z.literal('event').transform((): Condition => ({ kind: 'event' })),
  z
    .strictObject({ count: z.strictObject({ 'at-least': atLeast, within: window }) })
    .transform(
      ({ count }): Condition => ({ kind: 'count', atLeast: count['at-least'], within: count.within }),
    ),
  z
    .strictObject({ distinct: z.strictObject({ field: fieldName, 'at-least': atLeast, within: window }) })
    .transform(({ distinct }): Condition => {
      const { field, within } = distinct
      return { kind: 'distinct', field, atLeast: distinct['at-least'], within }
    }),
  z
    .strictObject({
      schedule: z.strictObject({
        from: minuteOfDay,
        to: minuteOfDay,
        days: z
          .array(z.enum(DAYS))
          .min(1)
          .default([...DAYS]),
      }),
    })
    .transform(({ schedule }): Condition => ({ kind: 'schedule', ...schedule })),
  z
    .strictObject({
      'new-value': z.strictObject({ field: fieldName, within: duration({ min: SECOND, max: 400 * DAY }) }),
    })
    .transform((given): Condition => ({ kind: 'new-value', ...given['new-value'] })),
  z
    .strictObject({
      travel: z.strictObject({
        'kilometres-an-hour': z.number().positive(),
        'at-least-kilometres': z.number().nonnegative(),
      }),
    })
    .transform(
      ({ travel }): Condition => ({
        kind: 'travel',
        kilometresAnHour: travel['kilometres-an-hour'],
        atLeast: travel['at-least-kilometres'],
      }),
    ),
  z
    .strictObject({ 'agent-silent': z.strictObject({ for: window }) })
    .transform((given): Condition => ({ kind: 'agent-silent', for: given['agent-silent'].for })),
  z
    .strictObject({ 'waybills-missing': z.strictObject({ for: window }) })
    .transform((given): Condition => ({ kind: 'waybills-missing', for: given['waybills-missing'].for })),
  z
    .strictObject({ 'dead-letters': z.strictObject({ 'at-least': z.int().min(1), within: window }) })
    .transform((given): Condition => {
      const letters = given['dead-letters']
      return { kind: 'dead-letters', atLeast: letters['at-least'], within: letters.within }
    }),
])

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
