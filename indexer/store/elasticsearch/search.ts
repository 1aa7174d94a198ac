import type { Client, estypes } from '@elastic/elasticsearch'
import { type AuditEvent, type Place, placeOf } from '../../../schema/index.ts'
import { matches } from '../../query/index.ts'
import { cursorOf, noCursor, placeOfCursor } from '../cursor.ts'
import type { Page, SearchRequest } from '../port.ts'
import { ALL, type Dsl } from './asked.ts'
import { until } from './client.ts'
import { eventOf } from './document.ts'
import type { Names } from './names.ts'
import type { PointInTime } from './point-in-time.ts'
import { isUnfit, translated } from './translate.ts'

/** Hits that are asked for at once: events of the greatest size must find room in an answer. */
const AT_A_TIME = 200

/** Makes an answer that is not complete an error, never a shorter answer. */
export const WHOLE = { allow_partial_search_results: false, track_total_hits: false } as const

export interface SearchParts {
  readonly client: Client
  readonly names: Names
  /** The time that one page may read candidates, ms, before it ends early with a cursor. */
  readonly pageTime: number
  /** Elapsed time, ms. */
  readonly now: () => number
  /** Null, or left out: events as they are at each request. */
  readonly point?: PointInTime | null
  /** Fires when nobody waits for the answer any more. */
  readonly gone?: AbortSignal | undefined
}

/** The total order of events: what is missing counts as empty, or as 0. */
export function sortBy(order: SearchRequest['order']): estypes.SortCombinations[] {
  const way = order === 'newest' ? 'desc' : 'asc'
  return [
    { '@timestamp': { order: way } },
    { 'agent.id': { order: way, missing: '' } },
    { 'event.sequence': { order: way, missing: 0 } },
    { 'event.id': { order: way } },
  ]
}

const sortValuesOf = ({ timestamp, agent, sequence, id }: Place): estypes.SortResults => [
  timestamp,
  agent,
  sequence,
  id,
]

/** Events of a query in the total order. Pages continue by place, so that the cluster needs to keep nothing between them. */
export async function searchPage(
  { query, from, to, order, limit, after }: SearchRequest,
  { client, names, pageTime, now, point = null, gone }: SearchParts,
): Promise<Page> {
  const translation = translated(query)
  const filter = withinTime(translation.query, from, to)
  let behind = after === undefined ? undefined : placeAfter(after)
  const events: AuditEvent[] = []
  const began = now()
  for (;;) {
    // One event more than the page has room for shows whether there is more.
    const size = Math.min(AT_A_TIME, translation.exact ? limit + 1 - events.length : AT_A_TIME)
    const search: estypes.SearchRequest = {
      ...WHOLE,
      size,
      query: filter,
      sort: sortBy(order),
      ...(behind !== undefined && { search_after: sortValuesOf(behind) }),
    }
    const { hits } = await (point === null
      ? client.search<unknown>({ index: names.events, ...search }, until(gone))
      : point.search<unknown>(search, until(gone)))
    for (const { _source: source } of hits.hits) {
      const event = eventOf(source)
      if ((translation.exact && !isUnfit(source)) || matches(query, event)) {
        // This one is for the next page.
        if (events.length === limit) return { events, next: nextOf(behind) }
        events.push(event)
      }
      behind = placeOf(event)
    }
    if (hits.hits.length < size) return { events, next: null }
    if (now() - began >= pageTime && behind !== undefined) return { events, next: nextOf(behind) }
  }
}

const nextOf = (place: Place | undefined): string | null =>
  place === undefined ? null : cursorOf({ place, inclusive: false })

function placeAfter(cursor: string): Place {
  const { place, inclusive } = placeOfCursor(cursor)
  if (inclusive) throw noCursor()
  return place
}

export function withinTime(query: Dsl, from: number | undefined, to: number | undefined): Dsl {
  if (from === undefined && to === undefined) return query
  const time: Dsl = {
    range: {
      '@timestamp': {
        ...(from !== undefined && { gte: from }),
        ...(to !== undefined && { lt: to }),
        format: 'epoch_millis',
      },
    },
  }
  return query === ALL ? time : { bool: { filter: [time, query] } }
}
