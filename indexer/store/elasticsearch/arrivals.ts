import type { Client } from '@elastic/elasticsearch'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { matches } from '../../query/index.ts'
import { decodeCursor, encodeCursor, noCursor } from '../cursor.ts'
import type { ArrivalsRequest } from '../port.ts'
import { type Asked, allOf, anyOf, type Dsl, exactly } from './asked.ts'
import { checkpointOf } from './checkpoint.ts'
import { until } from './client.ts'
import type { Commit } from './commits.ts'
import { eventOf } from './document.ts'
import type { Names } from './names.ts'
import { type SearchParts, WHOLE } from './search.ts'
import { isUnfit, translated } from './translate.ts'

/** An event that was stored on its own, when its dead letter was replayed. */
export interface Replay {
  readonly kind: 'replay'
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly state: 'stored'
  readonly at: number
  readonly body: { readonly eventId: string }
}

export interface Arrival {
  /** The number of the operation that settled it. */
  readonly operation: number
  readonly of: Commit | Replay
}

/** A cursor: after this operation on the waybills' index; with a position, within that waybill. */
export interface ArrivalCursor {
  readonly operation: number
  readonly position: number | null
}

export const START: ArrivalCursor = { operation: -1, position: null }
export const ARRIVALS_AT_A_TIME = 64
const EVENTS_AT_A_TIME = 200

/**
 * Returns events in the order in which their waybills were settled. The waybills' index has one shard, which numbers all its operations, so
 * the order is the cluster's own. Up to the checkpoint all numbers are there, and nothing more comes below it. There is always a next page:
 * it may be empty for now.
 */
export async function arrivalsPage(
  { query, after, limit }: ArrivalsRequest,
  parts: SearchParts,
): Promise<{ events: AuditEvent[]; next: string }> {
  const { client, names, pageTime, now, gone } = parts
  const cursor = after === null ? START : readCursor(after)
  const checkpoint = await checkpointOf(client, names.waybills)
  const arrivals = await arrivalsBetween(client, names, cursor, checkpoint)
  const translation = translated(query)
  const began = now()
  const late = (): boolean => now() - began >= pageTime
  const events: AuditEvent[] = []
  const page = (operation: number, position: number | null = null) => ({
    events,
    next: encodeCursor([operation, position]),
  })
  const end =
    arrivals.length < ARRIVALS_AT_A_TIME ? Math.max(checkpoint, cursor.operation) : arrivals.at(-1)!.operation
  if (!(await hasAny(arrivals, translation.query, parts))) return page(end)
  for (const { operation, of } of arrivals) {
    let position = operation === cursor.operation ? (cursor.position ?? -1) : -1
    for (;;) {
      const { hits } = await client.search<unknown>(
        {
          index: names.events,
          ...WHOLE,
          size: EVENTS_AT_A_TIME,
          sort: [{ 'audit.seal.position': 'asc' }],
          query: {
            bool: {
              filter: [
                eventsOf(of),
                { range: { 'audit.seal.position': { gt: position } } },
                translation.query,
              ],
            },
          },
        },
        until(gone),
      )
      for (const { _source: source } of hits.hits) {
        const event = eventOf(source)
        position = Number(valueAt(event, 'audit.seal.position'))
        if ((translation.exact && !isUnfit(source)) || matches(query, event)) events.push(event)
        if (events.length === limit) return page(operation, position)
      }
      if (hits.hits.length < EVENTS_AT_A_TIME) break
      if (late()) return page(operation, position)
    }
    if (late()) return page(operation)
  }
  return page(end)
}

/** Returns a cursor after everything that is settled. */
export async function endOfArrivals(client: Client, names: Names): Promise<string> {
  return encodeCursor([await checkpointOf(client, names.waybills), null])
}

export async function arrivalsBetween(
  client: Client,
  names: Names,
  { operation, position }: ArrivalCursor,
  checkpoint: number,
): Promise<Arrival[]> {
  if (checkpoint < operation || (checkpoint === operation && position === null)) return []
  await client.indices.refresh({ index: names.waybills })
  const { hits } = await client.search<Commit | Replay>({
    index: names.waybills,
    ...WHOLE,
    size: ARRIVALS_AT_A_TIME,
    seq_no_primary_term: true,
    sort: [{ _seq_no: 'asc' }],
    _source: { excludes: ['body.leaves', 'body.manifest', 'body.signature'] },
    query: {
      bool: {
        filter: [
          { term: { state: 'stored' } },
          { range: { _seq_no: { [position === null ? 'gt' : 'gte']: operation, lte: checkpoint } } },
        ],
      },
    },
  })
  return hits.hits.flatMap(({ _seq_no, _source: of }) =>
    _seq_no === undefined || of === undefined ? [] : [{ operation: _seq_no, of }],
  )
}

/** Whether any of these waybills has a matching event: a follower of rare events then asks once, not once a waybill. */
async function hasAny(
  arrivals: readonly Arrival[],
  query: Dsl,
  { client, names }: SearchParts,
): Promise<boolean> {
  if (arrivals.length === 0) return false
  await client.indices.refresh({ index: names.events, ignore_unavailable: true })
  const ofThese: Asked = anyOf(arrivals.map(({ of }) => exactly(eventsOf(of))))
  const { hits } = await client.search({
    index: names.events,
    ...WHOLE,
    size: 1,
    _source: false,
    query: allOf([ofThese, exactly(query)]).may,
  })
  return hits.hits.length > 0
}

/** Finds the events that arrived with this waybill or replay. Replayed events have the waybill's seal, and another time. */
export function eventsOf(of: Commit | Replay): Dsl {
  const { agent, incarnation, sequence, at } = of
  return {
    bool: {
      filter: [
        { term: { 'audit.seal.agent': agent } },
        { term: { 'audit.seal.incarnation': incarnation } },
        { term: { 'audit.seal.sequence': sequence } },
        of.kind === 'replay'
          ? { term: { 'event.id': of.body.eventId } }
          : { range: { 'event.ingested': { gte: at, lte: at, format: 'epoch_millis' } } },
      ],
    },
  }
}

export function readCursor(text: string): ArrivalCursor {
  const parts = decodeCursor(text)
  const [operation, position] = Array.isArray(parts) && parts.length === 2 ? (parts as unknown[]) : []
  if (typeof operation !== 'number' || !(position === null || typeof position === 'number')) throw noCursor()
  return { operation, position }
}
