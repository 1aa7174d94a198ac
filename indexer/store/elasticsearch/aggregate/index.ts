import type { Client } from '@elastic/elasticsearch'
import type { AuditEvent } from '../../../../schema/index.ts'
import { matches } from '../../../query/index.ts'
import type { Aggregate, AggregateRequest } from '../../aggregate.ts'
import { BucketRoom, Budget } from '../../aggregate-bounds.ts'
import type { Dsl } from '../asked.ts'
import { eventOf } from '../document.ts'
import type { Names } from '../names.ts'
import { PointInTime } from '../point-in-time.ts'
import { withinTime } from '../search.ts'
import { divided } from '../translate.ts'
import { answerOf } from './answer.ts'
import { ClusterCount } from './counting.ts'
import { Snapshot } from './snapshot.ts'
import { type Address, questionOf } from './tally.ts'

/** The number of events in one request that are checked, or read for the answer. */
const EVENTS_AT_A_TIME = 200
/** Longer than the pause between two requests of one answer. */
const KEPT_ALIVE = '1m'

interface AggregateParts {
  readonly client: Client
  readonly names: Names
  readonly now: () => number
  /** The moment at which it is counted; by default a new one. */
  readonly point?: PointInTime | null
  /** Fires when nobody waits for the answer any more. */
  readonly gone?: AbortSignal | undefined
}

/**
 * Counts exactly: the cluster counts the sure matches, in composite aggregations, whose pages leave nothing out; possible
 * matches are checked, event by event.
 */
export async function aggregated(request: AggregateRequest, parts: AggregateParts): Promise<Aggregate> {
  const { client, names } = parts
  if (parts.point) return aggregatedAt(request, parts, parts.point)
  const point = await PointInTime.open(client, names, KEPT_ALIVE)
  try {
    return await aggregatedAt(request, parts, point)
  } finally {
    await point.close()
  }
}

async function aggregatedAt(
  request: AggregateRequest,
  { client, now, gone }: AggregateParts,
  point: PointInTime,
): Promise<Aggregate> {
  const question = questionOf(request)
  const budget = Budget.of(request, now)
  const { sure, doubtful } = divided(request.query)
  const within = (query: Dsl): Dsl => withinTime(query, request.from, request.to)
  const snapshot = new Snapshot(point, budget, gone)
  const counting = new ClusterCount(snapshot, question, budget, within(sure))
  const { tally } = counting
  await counting.whole()
  await counting.buckets()
  for await (const { source, at } of snapshot.events(within(doubtful), EVENTS_AT_A_TIME)) {
    const event = eventOf(source)
    if (matches(request.query, event)) tally.add(event, at)
  }
  const shown = await counting.withinBuckets()
  const cells = [tally.whole, ...(shown?.keys ?? []).flatMap((key) => tally.buckets.get(key) ?? [])]
  const eventAt = await eventsAt(
    client,
    cells.flatMap(({ latest }) => latest?.at ?? []),
  )
  const group = answerOf({ question, tally, shown, room: new BucketRoom(), eventAt })
  return { ...group, partial: budget.partiality }
}

async function eventsAt(
  client: Client,
  addresses: readonly Address[],
): Promise<(address: Address) => AuditEvent | null> {
  const events = new Map<string, AuditEvent>()
  const nameOf = ({ index, id }: Address): string => `${index}/${id}`
  for (let from = 0; from < addresses.length; from += EVENTS_AT_A_TIME) {
    const docs = addresses
      .slice(from, from + EVENTS_AT_A_TIME)
      .map(({ index, id }) => ({ _index: index, _id: id }))
    const answer = await client.mget<unknown>({ docs })
    for (const doc of answer.docs)
      if ('found' in doc && doc.found)
        events.set(nameOf({ index: doc._index, id: doc._id }), eventOf(doc._source))
  }
  return (address) => events.get(nameOf(address)) ?? null
}
