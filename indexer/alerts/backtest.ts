import { windowOf } from '../../schema/rule.ts'
import type { Store } from '../store/index.ts'
import { timeOf } from './engine/facts.ts'
import type { Calendar } from './engine/time-of-day.ts'
import { type Alert, RuleJudge } from './evaluate.ts'
import type { ParsedRule } from './rules.ts'

export interface Backtest {
  /** The first alerts, at most as many as were asked for. */
  readonly alerts: readonly Alert[]
  readonly total: number
  /** Alerts by day, as `2026-01-22` in the time zone: each day from the first to the last, also those without alerts. */
  readonly perDay: ReadonlyMap<string, number>
  /** Events before this were judged: earlier than asked if time was up. */
  readonly until: number
}

export interface BacktestLimits {
  readonly alerts: number
  readonly events: number
  /** The time that it may take, ms. */
  readonly time: number
}

const PAGE = 1000

/**
 * Judges the stored events of a time by a rule. It reads the window and the throttle before that time as well, so that what began there
 * counts. The memory that it takes is bounded by the limits.
 */
export async function backtest(
  rule: ParsedRule,
  store: Pick<Store, 'search'>,
  asked: {
    readonly from: number
    readonly to: number
    readonly calendar: Calendar
    readonly limits: BacktestLimits
    /** Elapsed time in ms, from any start. */
    readonly elapsed: () => number
    readonly gone?: AbortSignal | undefined
  },
): Promise<Backtest> {
  const { from, to, calendar, limits, elapsed, gone } = asked
  const { zone } = calendar
  const { condition, throttle } = rule
  const judge = new RuleJudge(rule, calendar)
  const alerts: Alert[] = []
  const perDay = new Map<string, number>()
  const end = elapsed() + limits.time
  let total = 0
  let read = 0
  let until = to
  let after: string | undefined
  const count = (alert: Alert): void => {
    if (alert.at < from) return
    total++
    if (alerts.length < limits.alerts) alerts.push(alert)
    const day = dayOf(alert.at, zone)
    perDay.set(day, (perDay.get(day) ?? 0) + 1)
  }
  for (;;) {
    gone?.throwIfAborted()
    const page = await store.search({
      query: rule.query,
      from: from - Math.max(windowOf(condition), condition.kind === 'absence' ? condition.for : 0) - throttle,
      to,
      order: 'oldest',
      limit: PAGE,
      ...(after !== undefined && { after }),
    })
    for (const event of page.events) {
      const alert = judge.judge(event)
      if (alert !== null) count(alert)
    }
    read += page.events.length
    if (page.next === null) {
      for (const alert of judge.finish(to)) count(alert)
      break
    }
    after = page.next
    if (read >= limits.events || elapsed() >= end) {
      const last = page.events.at(-1)
      until = Math.max(from, last === undefined ? from : timeOf(last))
      break
    }
  }
  const days = daysBetween(from, until, zone)
  return { alerts, total, perDay: new Map(days.map((day) => [day, perDay.get(day) ?? 0])), until }
}

const dayAt = (at: number, zone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate()

const dayOf = (at: number, zone: string): string => dayAt(at, zone).toString()

function daysBetween(from: number, until: number, zone: string): string[] {
  const days: string[] = []
  const last = dayAt(Math.max(from, until - 1), zone)
  for (let day = dayAt(from, zone); Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 }))
    days.push(day.toString())
  return days
}
