import * as z from 'zod'

/** The most that one delivery tells: a watch cuts what it tells to this, and the indexer takes no more. */
export const MOST_TOLD = {
  alerts: 50,
  /** Ids of the events that met the rule. */
  events: 20,
  /** Signs of a message, and of a value by which events are grouped. */
  message: 2000,
  value: 1000,
} as const

const told = z.strictObject({
  /** The same for as long as the alert goes on: of the rule, its group, and a span of its throttle. */
  id: z.string().min(1).max(200),
  /** `@timestamp` of the event with which the condition was met. */
  at: z.iso.datetime({ offset: true }),
  message: z.string().min(1).max(MOST_TOLD.message),
  count: z.int().nonnegative(),
  group: z
    .record(z.string().max(100), z.string().max(MOST_TOLD.value))
    .refine((group) => Object.keys(group).length <= 3, 'expected three fields at most'),
  events: z.array(z.string().max(200)).max(MOST_TOLD.events),
})
export type ToldAlert = z.output<typeof told>

/** What one run of a watch tells the indexer. */
export const alertDeliverySchema = z.strictObject({
  rule: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'expected the name of a rule, as its file has it'),
  execution: z.string().min(1).max(300).describe('The run of the watch, as its history names it'),
  alerts: z.array(told).min(1).max(MOST_TOLD.alerts),
  more: z.int().nonnegative().describe('Alerts of this run beyond these'),
})
export type AlertDelivery = z.output<typeof alertDeliverySchema>
