import { DAYS, type Day, type Priority } from '../../../schema/rule.ts'
import { inHours } from '../engine/time-of-day.ts'
import type { Content } from './content.ts'
import {
  type ChannelSettings,
  type Channels,
  channelOf,
  type Kind,
  kindOf,
  MIDNIGHT,
  type NotifySettings,
  RANK,
  type Rota,
  type SENDING,
  type Target,
  type When,
} from './settings.ts'

/** One recipient that a message goes to. */
export interface Destination {
  /** The channel that has the target; of a rota, that of the person on call. */
  readonly channel: string
  /** The target in the channel: its kind, with a number if the channel has several of a kind. */
  readonly target: string
  readonly kind: (typeof SENDING)[number]
  /** The address of a mail; otherwise empty. */
  readonly to: string
  /** The message waits until then; null: it goes at once. */
  readonly heldUntil: number | null
}

export interface NamedTarget {
  readonly name: string
  readonly kind: Kind
  readonly target: Target
}

/** Targets of a channel with their names, which are constant while others are added below them. */
export function targetsOf({ to }: ChannelSettings): NamedTarget[] {
  const seen = new Map<Kind, number>()
  return to.map((target) => {
    const kind = kindOf(target)
    const number = (seen.get(kind) ?? 0) + 1
    seen.set(kind, number)
    return { name: number === 1 ? kind : `${kind}-${number}`, kind, target }
  })
}

/** Where a message for a channel goes now. An unknown channel has no destinations. */
export function destinationsOf(
  channel: string,
  content: Pick<Content, 'priority' | 'rule' | 'occasion'>,
  { channels, rotas }: Pick<NotifySettings, 'channels' | 'rotas'>,
  now: number,
  zone: string,
): Destination[] {
  const settings = channelOf(channel, channels)
  if (settings === undefined) return []
  const heldUntil = holdOf(settings, content, now, zone)
  return targetsOf(settings).flatMap(({ name, kind, target }): Destination[] => {
    if (target.when !== undefined && !holds(target.when, content, now, zone)) return []
    if (kind === 'on-call') {
      const rota = rotas[target['on-call'] ?? '']
      if (rota === undefined) return []
      return destinationsOf(onCall(rota, now, zone), content, { channels, rotas }, now, zone)
    }
    const to = kind === 'email' ? (target.email ?? []) : ['']
    return to.map((one) => ({ channel, target: name, kind, to: one, heldUntil }))
  })
}

/** Programs that would keep an incident open for ever. */
const NEED_END: ReadonlySet<Destination['kind']> = new Set(['pagerduty', 'opsgenie'])

/** Where the message goes that an incident is over: to all who heard of it, unless their channel wants no such message. */
export function whereItEnds(
  reached: readonly Omit<Destination, 'heldUntil'>[],
  content: Pick<Content, 'priority' | 'occasion'>,
  channels: Channels,
  now: number,
  zone: string,
): Destination[] {
  return reached.flatMap((one) => {
    const settings = channelOf(one.channel, channels)
    if (settings === undefined || (!settings.recovery && !NEED_END.has(one.kind))) return []
    return { ...one, heldUntil: holdOf(settings, content, now, zone) }
  })
}

function holds(
  when: When,
  { priority, rule }: Pick<Content, 'priority' | 'rule'>,
  now: number,
  zone: string,
) {
  if (when.priority !== undefined && RANK[priority] < RANK[when.priority]) return false
  if (when.rules !== undefined && !when.rules.includes(rule.id)) return false
  return inHours(when, now, { zone })
}

/** Whom a rota names at a time: by its overrides, the last of which counts, else by the week. */
export function onCall({ start, people, overrides }: Rota, now: number, zone: string): string {
  const there = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDateTime()
  const instead = overrides.findLast(
    ({ from, to }) =>
      Temporal.PlainDateTime.compare(from, there) <= 0 && Temporal.PlainDateTime.compare(there, to) < 0,
  )
  if (instead !== undefined) return instead.person
  // Weeks of the wall clock: one with a change to summer time has 167 hours.
  const days = start.until(there, { largestUnit: 'days' }).total({ unit: 'days', relativeTo: start })
  const week = Math.floor(days / 7)
  return people[((week % people.length) + people.length) % people.length] ?? ''
}

/** Until when a channel keeps a message back: quiet hours or its next digest. Tests and what makes a digest never wait. */
function holdOf(
  { quiet, digest }: ChannelSettings,
  { priority, occasion }: Pick<Content, 'priority' | 'occasion'>,
  now: number,
  zone: string,
): number | null {
  if (occasion === 'test' || occasion === 'digest' || occasion === 'escalation') return null
  const isBelow = (below: Priority): boolean => RANK[priority] < RANK[below]
  if (digest !== undefined && isBelow(digest.below)) return nextTime(digest.at, digest.days, now, zone)
  if (quiet !== undefined && isBelow(quiet.below) && inHours(quiet, now, { zone }))
    return endOf(quiet, now, zone)
  return null
}

/** The next time that a clock on the wall shows this minute on one of these days. */
export function nextTime(minute: number, days: readonly Day[], now: number, zone: string): number {
  const there = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone)
  for (let ahead = 0; ahead <= 8; ahead++) {
    const date = there.toPlainDate().add({ days: ahead })
    // 24:00 belongs to the day that it ends. A time that a change of the clock skips is the moment after it.
    const time = date.add({ days: minute === MIDNIGHT ? 1 : 0 }).toZonedDateTime({
      timeZone: zone,
      plainTime: { hour: Math.floor(minute / 60) % 24, minute: minute % 60 },
    })
    if (time.epochMilliseconds > now && days.includes(DAYS[date.dayOfWeek - 1]!))
      return time.epochMilliseconds
  }
  throw new Error('a week has no such day')
}

/** When quiet hours end: a weekend may be several of them in a row. */
function endOf(quiet: NonNullable<ChannelSettings['quiet']>, now: number, zone: string): number {
  let end = now
  for (let turns = 0; turns < 15 && inHours(quiet, end, { zone }); turns++)
    end = nextTime(quiet.to, DAYS, end, zone)
  return end
}
