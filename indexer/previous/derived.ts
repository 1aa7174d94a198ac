import { type AuditEvent, comparePlaces, placeOf, textAt, valueAt } from '../../schema/index.ts'
import { BY_INDEXER, type Query } from '../query/index.ts'
import type { Store } from '../store/port.ts'
import { Backwards, fieldsWithoutOld, isSameRecord, type KnownValue, queryForRecordOf } from './record.ts'
import { concernsRecord, offBetween, SWITCHED, SWITCHED_ENTITY, type Switch, switchOf } from './recording.ts'

export interface PreviousValue {
  readonly field: string
  /** Null: it was known to be empty. */
  readonly old: string | null
  /** The event that shows it, and its time. */
  readonly from: string
  readonly at: string
}

/** Values that are derived when an event is read; they are never stored, and are no part of what was sealed. */
export interface Derived {
  readonly previous: readonly PreviousValue[]
  /** Why something is missing or uncertain, in sentences. */
  readonly note?: string
}

export interface Bounds {
  /** Events of the record that are looked at, at most. */
  readonly events: number
  /** ms after which no further page is asked for. */
  readonly time: number
}

const BOUNDS: Bounds = { events: 1000, time: 1000 }
const PAGE = 200
const MOST_SWITCHES = 1000

/**
 * Derives the previous values that an event does not give from the record's earlier events; null if it gives them all. It uses only
 * `search` and `chains` of the store, so the result is the same on each.
 */
export async function derivedOf(
  store: Pick<Store, 'search' | 'chains'>,
  event: AuditEvent,
  clock: () => number,
  bounds: Bounds = BOUNDS,
): Promise<Derived | null> {
  const fields = fieldsWithoutOld(event)
  const query = queryForRecordOf(event)
  if (fields.length === 0 || query === null) return null

  const backwards = new Backwards(fields)
  const notes: string[] = []
  const end = clock() + bounds.time
  let looked = 0
  for await (const earlier of before(store, query, event)) {
    if (earlier !== null && isSameRecord(earlier, event)) {
      backwards.look(earlier)
      looked++
    }
    if (backwards.done) break
    if (looked >= bounds.events || clock() >= end) {
      notes.push(`Only the last ${looked} events of the record were looked at.`)
      break
    }
  }
  notes.push(...backwards.notes)

  const switches = backwards.known.length === 0 ? [] : await switchesBefore(store, event)
  const concerns = concernsRecord(event)
  const to = placeOf(event).timestamp
  const previous: PreviousValue[] = []
  for (const known of backwards.known) {
    const off = offBetween(switches, { from: placeOf(known.from).timestamp, to }, concerns)
    if (off === null) previous.push(asShown(known))
    else notes.push(`Recording of ${off} has been off since the last known value of ${known.field}.`)
  }
  if (previous.length > 0) notes.push(...(await gapsSince(store, backwards.known, event)))
  const note = [...new Set(notes)].join(' ')
  return { previous, ...(note !== '' && { note }) }
}

const asShown = ({ field, value, from }: KnownValue): PreviousValue => ({
  field,
  old: value,
  from: textAt(from, 'event.id') ?? '',
  at: textAt(from, '@timestamp') ?? '',
})

/** The sealed id: a revision has another one, but is the same event. */
const sealedId = (event: AuditEvent): string | undefined =>
  textAt(event, 'audit.revision_of') ?? textAt(event, 'event.id')

/** Events strictly before one in the total order, nearest first; null at each page's end, which may come without any. */
async function* before(
  store: Pick<Store, 'search'>,
  query: Query,
  event: AuditEvent,
): AsyncGenerator<AuditEvent | null> {
  const place = placeOf(event)
  let after: string | null | undefined
  while (after !== null) {
    const page = await store.search({
      query,
      order: 'newest',
      to: place.timestamp + 1,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    })
    for (const earlier of page.events) {
      if (comparePlaces(placeOf(earlier), place) < 0 && sealedId(earlier) !== sealedId(event)) yield earlier
    }
    yield null
    after = page.next
  }
}

const SWITCHES: Query = {
  kind: 'and',
  of: [
    BY_INDEXER,
    { kind: 'equals', field: 'audit.entity.type', value: SWITCHED_ENTITY },
    {
      kind: 'or',
      of: Object.values(SWITCHED).map((value) => ({ kind: 'equals', field: 'event.action', value })),
    },
  ],
}

async function switchesBefore(store: Pick<Store, 'search'>, event: AuditEvent): Promise<Switch[]> {
  const switches: Switch[] = []
  for await (const one of before(store, SWITCHES, event)) {
    const found = one === null ? null : switchOf(one)
    if (found !== null) switches.push(found)
    if (switches.length >= MOST_SWITCHES) break
  }
  return switches
}

/** Waybills that have not arrived between the known values and the event, of the agent that brought them. */
async function gapsSince(
  store: Pick<Store, 'chains'>,
  known: readonly KnownValue[],
  event: AuditEvent,
): Promise<string[]> {
  const seal = sealOf(event)
  const sequences = known
    .map(({ from }) => sealOf(from))
    .filter((one) => one !== null && one.agent === seal?.agent && one.incarnation === seal.incarnation)
    .map((one) => one?.sequence ?? 0)
  if (seal === null || sequences.length === 0) return []
  const first = Math.min(...sequences)
  const chain = (await store.chains(seal.agent)).find(({ incarnation }) => incarnation === seal.incarnation)
  const gap = chain?.gaps.find(({ from, to }) => from < seal.sequence && to > first)
  return gap === undefined
    ? []
    : [
        `Waybills ${gap.from} to ${gap.to} of agent ${seal.agent} have not arrived; a change may be among them.`,
      ]
}

function sealOf(event: AuditEvent): { agent: string; incarnation: string; sequence: number } | null {
  const agent = textAt(event, 'audit.seal.agent')
  const incarnation = textAt(event, 'audit.seal.incarnation')
  const sequence = valueAt(event, 'audit.seal.sequence')
  if (agent === undefined || incarnation === undefined || typeof sequence !== 'number') return null
  return { agent, incarnation, sequence }
}
