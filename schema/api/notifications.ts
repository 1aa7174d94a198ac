import * as z from 'zod'
import { PRIORITIES } from '../rule.ts'

/** Notifications about incidents: the outbox, the channels, and silences. */

const time = z.number().int().describe('Milliseconds since 1970.')
const number = z.int().nonnegative()

/** Why people get a message now. */
export const OCCASIONS = [
  'opened',
  'worse',
  'reopened',
  'reminder',
  'escalation',
  'resolved',
  'digest',
  'test',
  'report',
] as const

/** How a message fares. `waiting`: to be sent, or sent again. `held`: until the end of quiet hours, or for a digest. */
export const MESSAGE_STATES = ['waiting', 'held', 'sent', 'combined', 'failed'] as const

export const outboxMessageShape = z.object({
  id: z
    .string()
    .describe('The same for each attempt; receivers get it too, and recognise a repetition by it.'),
  channel: z.string(),
  target: z.string().describe('The target within the channel: its kind, such as `email` or `slack-2`.'),
  to: z.string().describe('The address of a mail; otherwise empty.'),
  occasion: z.enum(OCCASIONS),
  incident: z.string().describe('Empty for a digest and a test.'),
  title: z.string(),
  priority: z.enum(PRIORITIES),
  created: time,
  state: z.enum(MESSAGE_STATES).describe('`combined`: it is part of a digest.'),
  due: time.describe('When it is tried next; of a finished message the time of its last attempt.'),
  attempts: number,
  reason: z.string().nullable().describe('Why the last attempt failed; null if it did not.'),
  finished: time.nullable(),
})
export type OutboxMessageShape = z.output<typeof outboxMessageShape>

export const outboxShape = z.object({
  messages: z.array(outboxMessageShape).describe('The newest first.'),
  total: number.describe('All messages in this state.'),
  states: z.record(z.enum(MESSAGE_STATES), number).describe('All messages, by state.'),
})

export const channelShape = z.object({
  name: z.string(),
  targets: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      about: z.string().describe('Addresses and hosts; never a secret.'),
      state: z.enum(['working', 'failing', 'unused']).describe('By the last attempt of the past 30 days.'),
      sent: time.nullable().describe('The last message that it accepted.'),
      reason: z.string().nullable().describe('Why the last attempt failed; null if it did not.'),
      waiting: number,
      held: number,
      failed: number,
    }),
  ),
})
export const channelsShape = z.object({
  channels: z.array(channelShape),
  unknown: z
    .array(z.string())
    .describe(
      'Names that rules use for channels, and that reach nobody: the settings have no such channel, or no mail server.',
    ),
  mail: z.boolean().describe('A rule can name addresses as channels: there is a mail server.'),
  onCall: z.record(z.string(), z.string()).describe('Who is on call now, by rota.'),
})
export type ChannelsShape = z.output<typeof channelsShape>

export const testedChannelShape = z.object({
  results: z.array(
    z.object({
      target: z.string(),
      to: z.string(),
      sent: z.boolean(),
      reason: z.string().nullable(),
    }),
  ),
})
export type TestedChannelShape = z.output<typeof testedChannelShape>

const names = z.array(z.string().min(1).max(200)).min(1).max(100)

/** Whom and what a silence is about: an alert must meet all that is given. */
const silenced = z.strictObject({
  rules: names.optional().describe('Ids of rules.'),
  channels: names.optional(),
  users: names.optional(),
  addresses: names.optional(),
  'up-to': z.enum(PRIORITIES).optional().describe('Alerts of this priority, and less serious ones.'),
})

export const silenceSchema = z.strictObject({
  about: silenced,
  from: time.optional().describe('Now, if it is not given.'),
  until: time,
  reason: z.string().min(1, 'expected the reason').max(500),
})
export type SilenceGiven = z.output<typeof silenceSchema>

export const silenceShape = z.object({
  id: z.string(),
  about: silenced,
  from: time,
  until: time,
  reason: z.string(),
  by: z.string(),
})
export type SilenceShape = z.output<typeof silenceShape>
export const silencesShape = z.object({
  silences: z.array(silenceShape).describe('Those that end last first.'),
})
