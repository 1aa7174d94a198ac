import * as z from 'zod'
import { PRIORITIES } from '../rule.ts'

/** The limits of one delivery: a watch cuts its content to these, and the indexer accepts no more. */
export const MOST_TOLD = {
  alerts: 50,
  /** Ids of the events that met the rule. */
  events: 20,
  /** Characters of a message, and of a value by which events are grouped. */
  message: 2000,
  value: 1000,
  /** Users and addresses that the events name. */
  related: 20,
} as const

/** The name of a rule is that of its file. */
export const ruleIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'expected the name of a rule, as its file has it')

const told = z.strictObject({
  /** The id is constant while the alert continues: it depends on the rule, its group, and a span of its throttle. */
  id: z.string().min(1).max(200),
  /** `@timestamp` of the event that met the condition. */
  at: z.iso.datetime({ offset: true }),
  message: z.string().min(1).max(MOST_TOLD.message),
  count: z.int().nonnegative(),
  group: z
    .record(z.string().max(100), z.string().max(MOST_TOLD.value))
    .refine((group) => Object.keys(group).length <= 3, 'expected three fields at most'),
  events: z.array(z.string().max(200)).max(MOST_TOLD.events),
  /** The users that the events name; a watch of an earlier version reports none. */
  users: z.array(z.string().max(MOST_TOLD.value)).max(MOST_TOLD.related).default([]),
  addresses: z.array(z.string().max(100)).max(MOST_TOLD.related).default([]),
})
export type ToldAlert = z.output<typeof told>

/** The report of one run of a watch to the indexer. */
export const alertDeliverySchema = z.strictObject({
  rule: ruleIdSchema,
  execution: z.string().min(1).max(300).describe('The run of the watch, as its history names it'),
  alerts: z.array(told).min(1).max(MOST_TOLD.alerts),
  more: z.int().nonnegative().describe('Alerts of this run beyond these'),
})
export type AlertDelivery = z.output<typeof alertDeliverySchema>

export const takenAlertsShape = z.object({
  taken: z.int().describe('Alerts added to the trail'),
  known: z.int().describe('Alerts known before'),
})

const time = z.number().int().describe('Milliseconds since 1970.')
const texts = z.array(z.string())

/** A snoozed alert is open, but sends no messages until `snoozedUntil`. */
export const ALERT_STATES = ['open', 'acknowledged', 'resolved'] as const
export type AlertState = (typeof ALERT_STATES)[number]

/** What happened to an alert, in the order of the timeline. */
const ALERT_STEPS = [
  'opened',
  'continued',
  'acknowledged',
  'assigned',
  'resolved',
  'reopened',
  'snoozed',
  'noted',
  'withdrawn',
  'merged',
] as const

const stepShape = z.object({
  at: time,
  by: z.string().describe('A user, or `waybill` for what the indexer did itself.'),
  did: z.enum(ALERT_STEPS),
  note: z.string().describe('The reason, the note, or whom it was assigned to; empty if there is none.'),
})

export const alertShape = z.object({
  id: z
    .string()
    .describe('Made of the rule, its version, the group and the window: the same alert has the same id.'),
  rule: z.object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    author: z.string().optional().describe('Who wrote the rule, if it was imported.'),
  }),
  priority: z.enum(PRIORITIES),
  message: z.string(),
  response: z.string().describe("The rule's instructions for the recipient."),
  channels: texts.describe('Whom the rule tells.'),
  group: z.record(z.string(), z.string()).describe('The values by which its events are grouped.'),
  from: time.describe('`@timestamp` of its first event.'),
  first: time.describe('`@timestamp` of the event with which the condition was met.'),
  last: time.describe('`@timestamp` of the last event with which it was met.'),
  raised: time.describe('When the engine raised it.'),
  late: z.boolean().describe('Its events arrived late, so it was raised long after they happened.'),
  count: z.int().describe('Events from `from` to `last` that the rule is about.'),
  events: texts.describe('Ids of the first events, at most 20.'),
  accounts: texts.describe('The accounts of its events, one name each.'),
  users: texts.describe('All names, ids and mail addresses of these accounts.'),
  addresses: texts,
  state: z.enum(ALERT_STATES),
  assignee: z.string().nullable(),
  snoozedUntil: time.nullable(),
  resolution: z
    .object({
      by: z.enum(['person', 'condition', 'withdrawn', 'merged']),
      reason: z.string(),
      at: time,
    })
    .nullable(),
  incident: z.string(),
  timeline: z.array(stepShape),
})
export type AlertShape = z.output<typeof alertShape>

export const incidentShape = z.object({
  id: z.string(),
  summary: z.string(),
  priority: z.enum(PRIORITIES),
  state: z.enum(ALERT_STATES).describe('Resolved when all its alerts are.'),
  alerts: texts.describe('Ids, the oldest first.'),
  rules: texts.describe('Names of the rules, the most serious first.'),
  users: texts,
  addresses: texts,
  first: time,
  last: time,
})
export type IncidentShape = z.output<typeof incidentShape>

/** One alert on its own. */
export const alertAnswerShape = alertShape.extend({
  query: z
    .string()
    .nullable()
    .describe(
      'Finds the events that it counts, between `from` and `last`; null if its rule has changed since then.',
    ),
})

const copies = z.array(z.looseObject({})).describe('As they were stored, the oldest first.')
export const alertEvidenceShape = z.object({
  gathered: time.describe('When it was gathered.'),
  until: time
    .nullable()
    .describe(
      'It has the context of the alert until this time; null while the hour after the alert is not over.',
    ),
  isMore: z.boolean().describe('The same users, addresses or sessions did more in these hours than is kept.'),
  events: copies.describe('The events that caused the alert, at most 20, the oldest first.'),
  before: copies.describe('What the same users, addresses and sessions did in the hour before, at most 100.'),
  after: copies.describe('What they did in the hour after, at most 100.'),
})
export type AlertEvidenceShape = z.output<typeof alertEvidenceShape>

const number = z.int().nonnegative()

/** What the bell shows; it contains nothing of an event. */
export const unseenAlertsShape = z.object({
  unseen: number.describe('Open alerts that were raised since you last looked (POST /v1/alerts/seen).'),
  newest: z
    .object({
      id: z.string(),
      rule: z.string().describe('Its name.'),
      priority: z.enum(PRIORITIES),
      raised: time,
    })
    .nullable()
    .describe('The newest of them.'),
})
export const respondersShape = z.object({ responders: texts.describe('Names of users who may be assigned.') })

export const alertsShape = z.object({
  alerts: z.array(alertShape).describe('The newest first.'),
  next: z.string().nullable(),
  total: number.describe('All alerts that were asked for.'),
  open: z.record(z.enum(PRIORITIES), number).describe('All open alerts, by priority.'),
  unseen: number.describe('Open alerts that were raised since you last looked (POST /v1/alerts/seen).'),
})

export const incidentsShape = z.object({
  incidents: z.array(incidentShape),
  next: z.string().nullable(),
  total: number,
})
export const incidentAnswerShape = z.object({ incident: incidentShape, alerts: z.array(alertShape) })

const ids = z.array(z.string().min(1).max(200)).min(1).max(200)
const note = z.string().max(2000)

export const changedAlertsShape = z.object({ alerts: z.array(alertShape) })

/** What a person does with alerts. */
export const alertActionSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('acknowledge'), ids, note: note.default('') }),
  z.strictObject({ do: z.literal('assign'), ids, to: z.string().min(1).max(64), note: note.default('') }),
  z.strictObject({ do: z.literal('resolve'), ids, note: note.min(1, 'expected the reason') }),
  z.strictObject({ do: z.literal('reopen'), ids, note: note.default('') }),
  z.strictObject({ do: z.literal('snooze'), ids, until: time, note: note.default('') }),
  z.strictObject({ do: z.literal('note'), ids, note: note.min(1, 'expected the note') }),
])
export type AlertAction = z.output<typeof alertActionSchema>

/** How a rule fares. */
export const ruleShape = z.object({
  id: z.string(),
  name: z.string(),
  about: z.string(),
  condition: z.string().describe('When it fires, in words; empty for a rule that can not be read.'),
  priority: z.enum(PRIORITIES),
  channels: texts,
  enabled: z.boolean(),
  origin: z
    .enum(['file', 'console'])
    .describe('Where it is kept: a file of the folder of rules, or the store.'),
  runBy: z.enum(['engine', 'Watcher', 'nothing']),
  problem: z
    .string()
    .nullable()
    .describe('Why it does not run, or what is wrong with it; null if nothing is.'),
  lastFired: time.nullable(),
  fired: number.describe('Alerts of the last 30 days.'),
  judged: number.describe('Events that its index let through since the indexer started.'),
  matched: number.describe('Events that its query matched since then.'),
  micros: number.describe('Processor time that it took since then, in microseconds.'),
})
export type RuleShape = z.output<typeof ruleShape>

export const rulesShape = z.object({
  rules: z.array(ruleShape),
  problem: z.string().nullable().describe('Why the folder of the rules can not be read; null if it can.'),
})
const changeShape = z.object({ at: time, by: z.string() })
export const ruleAnswerShape = z.object({
  rule: ruleShape,
  text: z.string().describe('The YAML, with its comments.'),
  version: number.describe(
    'Send it back with a change, so that nobody loses the change of another; 0 for a file.',
  ),
  changed: changeShape.nullable().describe('The last change in the store; null if there was none.'),
  changes: z
    .array(z.object({ ...changeShape.shape, text: z.string() }))
    .describe('Earlier texts, the newest first: at most 50.'),
})

const ruleText = z
  .string()
  .min(1)
  .max(64 * 1024)
  .describe('The YAML of the rule.')

export const ruleTextSchema = z.strictObject({
  text: ruleText,
  version: number
    .optional()
    .describe('The version that this text changes; without it, the rule must be new.'),
  enabled: z.boolean().optional().describe('Whether it runs; without it, as before, and a new rule runs.'),
})

export const ruleSwitchSchema = z.strictObject({ enabled: z.boolean() })

export const ruleCheckSchema = z.strictObject({ text: ruleText })
const queryRowsShape = z
  .object({
    join: z.enum(['and', 'or']),
    rows: z.array(
      z.object({
        field: z.string(),
        operator: z.enum([
          'is',
          'is-not',
          'contains',
          'begins',
          'gt',
          'gte',
          'lt',
          'lte',
          'exists',
          'missing',
        ]),
        value: z.string(),
      }),
    ),
  })
  .nullable()
export type QueryRowsShape = z.output<typeof queryRowsShape>

export const checkedRuleShape = z.object({
  query: queryRowsShape.describe('The query as rows of a form; null if rows can not show it.'),
  problems: z.array(z.object({ line: z.int().nullable(), sentence: z.string() })),
  examples: z.array(z.object({ is: z.string(), expected: number, found: number })),
})

export const explainSchema = z.strictObject({
  event: z.string().min(1).max(256).describe('The id of the event.'),
  rule: ruleIdSchema.optional().describe('Only this rule.'),
  text: ruleText.optional().describe('Only a rule of this text.'),
})
const explainedShape = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  matches: z.boolean().describe('Whether the query finds the event.'),
  steps: z
    .array(
      z.object({
        depth: z.int().nonnegative(),
        is: z.string().describe('A condition, or `all of`, `any of` or `not` for those below it.'),
        met: z.boolean(),
        found: texts.describe('What the event has in the field of the condition; empty if it has nothing.'),
      }),
    )
    .describe('The query as a tree, from the top.'),
  group: z
    .record(z.string(), z.string())
    .nullable()
    .describe(
      'The values by which the rule groups the event; null if the event lacks one, so the rule skips it.',
    ),
  condition: z.string().describe('The condition of the rule, as it is written.'),
  fires: z
    .boolean()
    .nullable()
    .describe(
      'Whether the rule fires with this event; null if more than one rule is asked for, or time was up.',
    ),
})
export const explainShape = z.object({ rules: z.array(explainedShape) })

export const backtestSchema = z.strictObject({ text: ruleText, from: time, to: time })
export const backtestShape = z.object({
  alerts: z
    .array(
      z.object({
        at: time,
        last: time,
        group: z.record(z.string(), z.string()),
        count: number,
        message: z.string(),
      }),
    )
    .describe('At most 1,000, the oldest first.'),
  total: number,
  perDay: z.array(z.object({ day: z.string(), alerts: number })),
  until: time.describe('Events until then were judged: earlier than `to` if time was up.'),
})
