import { OperatorError } from '../../schema/index.ts'
import type { CalendarUnit, Split } from './aggregate.ts'

/** A stretch of time that is in one bucket. */
export interface Slot {
  /** The bucket. */
  readonly key: number
  /** The end of the slot: another slot begins here, maybe of the same bucket. */
  readonly until: number
}

export type TimeSplit = Exclude<Split, { kind: 'values' }>

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Returns a function that gives the bucket of a time. */
export function axisOf(split: TimeSplit): (time: number) => Slot {
  if (split.kind === 'time') return intervalsOf(split)
  const offsets = offsetsOf(split.zone)
  return split.kind === 'hour-of-day' ? hoursOf(offsets) : weekdaysOf(offsets)
}

function intervalsOf({ every, zone }: Extract<Split, { kind: 'time' }>): (time: number) => Slot {
  if (typeof every === 'number') {
    if (!(Number.isSafeInteger(every) && every > 0))
      throw new OperatorError(
        'WB-TIME-INVALID',
        `${every} ms is not an interval; give a whole number of ms, such as 3600000`,
      )
    return (time) => {
      const key = Math.floor(time / every) * every
      return { key, until: key + every }
    }
  }
  demandZone(zone)
  return remembered((time) => {
    const start = startOf(Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone), every)
    const next = start.add({ [`${every}s`]: 1 }).startOfDay()
    return { key: start.epochMilliseconds, until: next.epochMilliseconds }
  })
}

type Offsets = (time: number) => { offset: number; until: number }

const hoursOf = (offsets: Offsets): ((time: number) => Slot) =>
  remembered((time) => {
    const { offset, until } = offsets(time)
    const local = Math.floor((time + offset) / HOUR)
    const key = ((local % 24) + 24) % 24
    return { key, until: Math.min((local + 1) * HOUR - offset, until) }
  })

const weekdaysOf = (offsets: Offsets): ((time: number) => Slot) =>
  remembered((time) => {
    const { offset, until } = offsets(time)
    const day = Math.floor((time + offset) / DAY)
    // 1970-01-01 was a Thursday.
    const key = ((((day + 3) % 7) + 7) % 7) + 1
    return { key, until: Math.min((day + 1) * DAY - offset, until) }
  })

function startOf(time: Temporal.ZonedDateTime, unit: CalendarUnit): Temporal.ZonedDateTime {
  switch (unit) {
    case 'day':
      return time.startOfDay()
    case 'week':
      return time.subtract({ days: time.dayOfWeek - 1 }).startOfDay()
    case 'month':
      return time.with({ day: 1 }).startOfDay()
    case 'year':
      return time.with({ month: 1, day: 1 }).startOfDay()
  }
}

/** Neighbouring events mostly lie in one slot. */
function remembered(slotAt: (time: number) => Slot): (time: number) => Slot {
  let start = Number.POSITIVE_INFINITY
  let last: Slot = { key: 0, until: Number.NEGATIVE_INFINITY }
  return (time) => {
    if (time < start || time >= last.until) {
      last = slotAt(time)
      start = time
    }
    return last
  }
}

/** The offset of local time from UTC, ms, and the end of its validity. A zone's changes are few, and looked up again and again. */
function offsetsOf(zone: string): Offsets {
  demandZone(zone)
  const spans: { from: number; offset: number; until: number }[] = []
  return (time) => {
    for (const span of spans) if (time >= span.from && time < span.until) return span
    const at = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
    const span = {
      from: time,
      offset: at.offsetNanoseconds / 1e6,
      until: at.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    }
    spans.push(span)
    if (spans.length > 64) spans.shift()
    return span
  }
}

function demandZone(zone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  } catch {
    throw new OperatorError(
      'WB-TIME-INVALID',
      `"${zone}" is not a time zone; write one such as Europe/Berlin or UTC`,
    )
  }
}

/** The keys of all buckets between the first and the last non-empty one; for the hours of a day and the days of a week, all keys. */
export function keysBetween(split: TimeSplit, first: number, last: number, most: number): number[] {
  if (split.kind === 'hour-of-day') return Array.from({ length: 24 }, (_, hour) => hour)
  if (split.kind === 'day-of-week') return [1, 2, 3, 4, 5, 6, 7]
  const axis = axisOf(split)
  const keys: number[] = []
  for (let key = first; key <= last; key = axis(key).until) {
    if (keys.length === most)
      throw new OperatorError(
        'WB-ANSWER-TOO-LARGE',
        `that is more than ${most} intervals from ${new Date(first).toISOString()} to ${new Date(last).toISOString()}; ask for longer intervals or a shorter time`,
      )
    keys.push(key)
  }
  return keys
}
