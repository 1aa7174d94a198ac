import type { ScheduledExport } from './settings.ts'

/** A batch that was on its way at the end of a period has arrived an hour later. */
const SETTLED_AFTER = 3_600_000

/** An export that is due: of the last period that has ended. Periods are days and months in UTC. */
export interface DueExport {
  /** With the period: `monthly-2026-11`. */
  readonly name: string
  /** `event.ingested`, ms: at or after, and before. */
  readonly from: number
  readonly to: number
  readonly query: string
  readonly until: number | null
}

export function dueExport({ name, query, every, keep }: ScheduledExport, now: number): DueExport {
  const at = new Date(now - SETTLED_AFTER)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  const to = every === 'month' ? Date.UTC(year, month) : Date.UTC(year, month, day)
  const from = every === 'month' ? Date.UTC(year, month - 1) : Date.UTC(year, month, day - 1)
  const period = new Date(from).toISOString().slice(0, every === 'month' ? 7 : 10)
  const received = `event.ingested >= "${new Date(from).toISOString()}" and event.ingested < "${new Date(to).toISOString()}"`
  return {
    name: `${name}-${period}`,
    from,
    to,
    query: query.trim() === '' ? received : `(${query}) and ${received}`,
    until: keep === undefined ? null : to + keep,
  }
}
