import { type AuditEvent, textAt, valuesOf } from '../../schema/index.ts'
import { matches } from '../query/index.ts'
import { kilometres, placeOf } from './distance.ts'
import { worded } from './message.ts'
import type { Alert, Condition, Rule } from './rule.ts'
import { inHours } from './time-of-day.ts'

interface Seen {
  readonly at: number
  readonly event: AuditEvent
}

/** What a rule remembers of a group. */
interface GroupMemory {
  /** Events within the window, the oldest first. */
  readonly recent: Seen[]
  /** When each value was had last. */
  readonly values: Map<string, number>
  last: Seen | undefined
  quietUntil: number
}

/** Judges events by one rule. They come in the order of `@timestamp`, so each group's window moves with them. */
export class RuleJudge {
  readonly #rule: Rule
  readonly #zone: string
  readonly #groups = new Map<string, GroupMemory>()

  constructor(rule: Rule, { zone }: { zone: string }) {
    this.#rule = rule
    this.#zone = zone
  }

  /** The alert that this event completes; null where there is none. */
  judge(event: AuditEvent): Alert | null {
    const rule = this.#rule
    const at = Date.parse(textAt(event, '@timestamp') ?? '')
    if (Number.isNaN(at) || !matches(rule.query, event)) return null
    const group = groupOf(rule, event)
    if (group === null) return null
    const key = JSON.stringify(Object.values(group))
    let memory = this.#groups.get(key)
    if (memory === undefined) {
      memory = { recent: [], values: new Map(), last: undefined, quietUntil: Number.NEGATIVE_INFINITY }
      this.#groups.set(key, memory)
    }
    const met = metBy(rule.condition, memory, { at, event }, this.#zone)
    memory.last = { at, event }
    if (met === null || at < memory.quietUntil) return null
    memory.quietUntil = at + rule.throttle
    const count = met.length
    return {
      rule: rule.id,
      at,
      group,
      count,
      message: worded(rule.message, event, count),
      events: met.flatMap((one) => textAt(one.event, 'event.id') ?? []),
    }
  }
}

function groupOf(rule: Rule, event: AuditEvent): Record<string, string> | null {
  const group: Record<string, string> = {}
  for (const field of rule.groupBy) {
    const value = valuesOf(event, field)[0]
    if (value === undefined) return null
    group[field] = value
  }
  return group
}

/** The events with which the condition is met, this one the last. */
function metBy(condition: Condition, memory: GroupMemory, seen: Seen, zone: string): readonly Seen[] | null {
  switch (condition.kind) {
    case 'event':
      return [seen]
    case 'schedule':
      return inHours(condition, seen.at, zone) ? [seen] : null
    case 'count': {
      const recent = within(memory.recent, seen, condition.within)
      return recent.length >= condition.atLeast ? [...recent] : null
    }
    case 'distinct': {
      const recent = within(memory.recent, seen, condition.within)
      const values = new Set(recent.flatMap(({ event }) => valuesOf(event, condition.field)))
      return values.size >= condition.atLeast ? [...recent] : null
    }
    case 'new-value': {
      const isFirst = memory.values.size === 0
      let isNew = false
      for (const value of valuesOf(seen.event, condition.field)) {
        const last = memory.values.get(value)
        if (last === undefined || seen.at - last > condition.within) isNew = true
        memory.values.set(value, seen.at)
      }
      return isNew && !isFirst ? [seen] : null
    }
    case 'travel':
      return memory.last !== undefined && isTooFar(condition, memory.last, seen) ? [memory.last, seen] : null
    default:
      return null
  }
}

/** Takes up an event, and lets go of those before its window. */
function within(recent: Seen[], seen: Seen, window: number): readonly Seen[] {
  recent.push(seen)
  const kept = recent.findIndex(({ at }) => seen.at - at <= window)
  recent.splice(0, kept)
  return recent
}

function isTooFar(
  { kilometresAnHour, atLeast }: Extract<Condition, { readonly kind: 'travel' }>,
  before: Seen,
  after: Seen,
): boolean {
  const from = placeOf(before.event)
  const to = placeOf(after.event)
  if (from === undefined || to === undefined) return false
  const distance = kilometres(from, to)
  return distance >= atLeast && distance > (kilometresAnHour * (after.at - before.at)) / 3_600_000
}
