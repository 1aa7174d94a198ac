import * as z from 'zod'
import type { IncidentShape } from '../../../schema/api/index.ts'
import { PRIORITIES } from '../../../schema/rule.ts'
import type { News } from '../news.ts'
import { type Content, contentOf, contentSchema, type Occasion } from './content.ts'
import { type Channels, channelOf, RANK, SENDING } from './settings.ts'

/**
 * What people were told about an incident, as a record, and the decisions that follow from it. People hear of an incident once when it
 * opens, and again only when it grows more serious, is reopened, stays open for the repeat interval, escalates or is over. The decisions are
 * pure: a record and what happened give the next record. What it says under `todo` becomes messages, also after kill -9.
 */

const toldChannel = z.object({
  /** The priority that they were told; null: a silence holds the news back. */
  priority: z.enum(PRIORITIES).nullable(),
  opened: z.number(),
  /** The last time. */
  at: z.number(),
  reminders: z.number(),
  /** Steps of escalation that were taken. */
  escalated: z.number(),
})

export const toldSchema = z.object({
  format: z.literal(1),
  /** When this incident was opened or reopened: part of the keys of its messages. */
  episode: z.number(),
  closed: z.number().nullable(),
  channels: z.record(z.string(), toldChannel),
  /** The recipients so far. They also get the message about the end, even if others are on call by then. */
  reached: z.array(
    z.object({ channel: z.string(), target: z.string(), kind: z.enum(SENDING), to: z.string() }),
  ),
  snoozedUntil: z.number().nullable(),
  content: contentSchema,
  /** Keys of the news that changed this record, the newest last. */
  heard: z.array(z.string()),
  /** `channel` null: all who were reached. */
  todo: z.array(
    z.object({ key: z.string(), channel: z.string().nullable(), content: contentSchema, at: z.number() }),
  ),
})
export type Told = z.output<typeof toldSchema>

const MOST_HEARD = 50
const MOST_CHANNELS = 50

export interface Circumstances {
  readonly now: number
  readonly channels: Channels
  /** Whether news of this are held back in this channel now. */
  readonly isSilenced: (content: Content, channel: string) => boolean
}

/** The record after news; null if they change nothing. */
export function afterNews(before: Told | null, news: News, given: Circumstances): Told | null {
  if (before?.heard.includes(news.key) === true) return null
  const content = contentOf(news, news.at)
  if (news.kind === 'resolved') {
    if (before === null || before.closed !== null || news.incident.state !== 'resolved') return null
    return closed(before, { ...content, occasion: 'resolved' }, given, news.key)
  }
  // These are older than the end of the incident, and come again after a crash.
  if (before?.closed != null && news.at <= before.closed) return null
  const isNew = before === null || before.closed !== null
  const occasion: Occasion = before !== null || news.kind === 'reopened' ? 'reopened' : 'opened'
  const told: Told = isNew
    ? {
        format: 1,
        episode: news.at,
        closed: null,
        channels: {},
        reached: [],
        snoozedUntil: news.alert.snoozedUntil,
        content,
        heard: [],
        todo: [],
      }
    : { ...before, channels: { ...before.channels }, todo: [...before.todo], content }
  for (const channel of news.alert.channels.slice(0, MOST_CHANNELS)) {
    const known = told.channels[channel]
    if (known === undefined)
      tell(told, channel, { ...content, occasion: isNew ? occasion : 'opened' }, given, 'opened')
  }
  for (const [channel, known] of Object.entries(told.channels))
    if (known.priority !== null && RANK[content.priority] > RANK[known.priority])
      tell(told, channel, { ...content, occasion: 'worse' }, given, `worse:${content.priority}`)
  const isChanged =
    isNew || told.todo.length > before.todo.length || channelsOf(told).length > channelsOf(before).length
  return isChanged ? { ...told, heard: [...told.heard, news.key].slice(-MOST_HEARD) } : null
}

const channelsOf = ({ channels }: Told): string[] => Object.keys(channels)

function closed(before: Told, content: Content, { now }: Circumstances, key: string): Told {
  // Nobody hears of the end of something that a silence kept from them.
  const todo = [...before.todo, { key: keyOf(before, content, 'resolved'), channel: null, content, at: now }]
  return {
    ...before,
    closed: Math.max(now, content.at),
    todo,
    heard: [...before.heard, key].slice(-MOST_HEARD),
  }
}

/** Adds a message for a channel, or marks the channel as silenced. */
function tell(
  told: Told,
  channel: string,
  content: Content,
  { now, isSilenced }: Circumstances,
  what: string,
): void {
  const known = told.channels[channel] ?? { opened: now, at: now, reminders: 0, escalated: 0 }
  if (isSilenced(content, channel)) {
    if (told.channels[channel] === undefined) told.channels[channel] = { ...known, priority: null }
    return
  }
  told.channels[channel] = { ...known, priority: content.priority, at: now }
  told.todo.push({ key: keyOf(told, content, what), channel, content: { ...content, at: now }, at: now })
}

const keyOf = ({ episode }: Told, { incident }: Content, what: string): string =>
  `${incident}:${episode}:${what}`

/** The record after some time has passed; null if nothing is due. `incident` null: nobody knows it any more. */
export function afterTime(before: Told, incident: IncidentShape | null, given: Circumstances): Told | null {
  if (before.closed !== null || incident === null || incident.state !== 'open') return null
  const { now, channels } = given
  const told: Told = { ...before, channels: { ...before.channels }, todo: [...before.todo] }
  const content: Content = {
    ...before.content,
    summary: incident.summary.slice(0, 500),
    priority: incident.priority,
    alerts: incident.alerts.length,
    last: incident.last,
  }
  for (const [channel, known] of Object.entries(before.channels)) {
    const settings = channelOf(channel, channels)
    if (settings === undefined) continue
    if (known.priority === null) {
      tell(told, channel, { ...content, occasion: 'opened' }, given, 'opened')
      continue
    }
    // It grew more serious during a silence.
    if (RANK[content.priority] > RANK[known.priority])
      tell(told, channel, { ...content, occasion: 'worse' }, given, `worse:${content.priority}`)
    const { escalate, repeat } = settings
    const step = escalate[known.escalated]
    if (step !== undefined && now >= known.opened + step.after && !given.isSilenced(content, channel)) {
      told.channels[channel] = { ...told.channels[channel]!, escalated: known.escalated + 1 }
      const note = `The channel ${channel} heard of it at ${new Date(known.opened).toISOString()}.`
      const escalation: Content = { ...content, occasion: 'escalation', at: now, note }
      for (const to of step.to)
        told.todo.push({
          key: keyOf(told, content, `escalation:${channel}:${known.escalated}`),
          channel: to,
          content: escalation,
          at: now,
        })
    }
    if (repeat !== undefined && now >= known.at + repeat) {
      const reminders = known.reminders + 1
      told.channels[channel] = { ...told.channels[channel]!, reminders, at: now }
      if (!given.isSilenced(content, channel))
        told.todo.push({
          key: keyOf(told, content, `reminder:${reminders}`),
          channel,
          content: { ...content, occasion: 'reminder', at: now },
          at: now,
        })
    }
  }
  const isChanged =
    JSON.stringify([told.channels, told.todo]) !== JSON.stringify([before.channels, before.todo])
  return isChanged ? told : null
}
