import type { Answer } from '../api/ask.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { between } from '../time/ranges.ts'

export type Preview = Answer<'postReportsPreview'>
export type Section = Preview['findings'][number]
export type Table = NonNullable<Section['table']>
export type Cell = Table['rows'][number][number]

/** The name of the row of events without a value. */
const NONE = '(none)'

/** Where the figures of a section lead: to the events that they count, where a search finds them. */
export interface Leads {
  /** All events of the section. */
  readonly whole: string | null
  /** Those of a row, by the name of the row and its place. */
  row(name: Cell, index: number): string | null
  /** Those of a time. */
  span(from: number, to: number): string | null
  /** One event. */
  event(id: Cell): string | null
}

export function leadsOf(events: Section['events'], period: Preview['period']): Leads {
  const range = between(period.from, period.to)
  return {
    whole: events === undefined ? null : eventsWith(events.query, range),
    row(name, index) {
      if (events === undefined) return null
      const condition = events.rows[index]
      if (condition !== undefined) return eventsWith(all(events.query, condition), range)
      if (events.by === null || typeof name !== 'string') return null
      const value = name === NONE ? `not ${events.by}: *` : is(events.by, name)
      return eventsWith(all(events.query, value), range)
    },
    span(from, to) {
      if (events === undefined) return null
      // The first and the last bar may be wider than the period.
      const within = between(Math.max(from, period.from), Math.min(to, period.to))
      return eventsWith(events.query, within)
    },
    event: (id) =>
      events !== undefined && typeof id === 'string' && id !== ''
        ? `/events/${encodeURIComponent(id)}`
        : null,
  }
}
