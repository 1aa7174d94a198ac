import type { Client } from '@elastic/elasticsearch'
import { type AuditEvent, isDeclaredId, sealedPart } from '../../../schema/index.ts'
import type { Dsl } from './asked.ts'
import { eventOf } from './document.ts'
import { refreshed } from './refresh.ts'

/** The stored event under an id. */
export interface Known {
  readonly index: string
  readonly leaf: string
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
}

const AT_A_TIME = 1000
/** The number of ranges beyond which the ids themselves are looked up. */
const MOST_RANGES = 256
const SOURCE = { _source_includes: 'audit.seal', _source_excludes: 'audit.seal.line' }

/** Looks up these ids in an index, in real time: it also finds documents that no refresh has made searchable yet. */
export async function knownIn(
  client: Client,
  index: string,
  ids: readonly string[],
): Promise<Map<string, Known>> {
  const found = new Map<string, Known>()
  for (let i = 0; i < ids.length; i += AT_A_TIME) {
    const { docs } = await client.mget<unknown>({ index, ids: ids.slice(i, i + AT_A_TIME), ...SOURCE })
    for (const doc of docs) {
      if ('error' in doc) throw new Error(`${index} can't be read: ${doc.error.reason ?? ''}`)
      if (doc.found) found.set(doc._id, knownOf(doc._index, doc._source))
    }
  }
  return found
}

/**
 * Looks up these ids in these indices. Mostly there is none, and one query shows that: the ids of a source ascend, so those of a batch are
 * a few ranges without any stored id.
 */
export async function knownAmong(
  client: Client,
  indices: readonly string[],
  ids: readonly string[],
): Promise<Map<string, Known>> {
  const found = new Map<string, Known>()
  if (indices.length === 0 || ids.length === 0) return found
  const index = [...indices]
  await refreshed(client, index)
  const options = { index, ignore_unavailable: true, allow_partial_search_results: false }
  const { hits } = await client.search({
    ...options,
    size: 1,
    _source: false,
    track_total_hits: false,
    query: anyOfThese(ids),
  })
  if (hits.hits.length === 0) return found
  for (let i = 0; i < ids.length; i += AT_A_TIME) {
    const some = ids.slice(i, i + AT_A_TIME)
    const answer = await client.search<unknown>({
      ...options,
      ...SOURCE,
      size: 2 * AT_A_TIME,
      track_total_hits: false,
      query: { terms: { 'event.id': some } },
    })
    for (const hit of answer.hits.hits)
      if (hit._id !== undefined) found.set(hit._id, knownOf(hit._index, hit._source))
  }
  return found
}

/** Finds an event of these ids if there is one, and maybe others near them. */
function anyOfThese(ids: readonly string[]): Dsl {
  const ranges = new Map<string, { gte: string; lte: string }>()
  const declared: string[] = []
  for (const id of ids) {
    if (isDeclaredId(id)) {
      declared.push(id)
      continue
    }
    const source = id.slice(0, 24)
    const range = ranges.get(source)
    if (range === undefined) ranges.set(source, { gte: id, lte: id })
    else if (id < range.gte) range.gte = id
    else if (id > range.lte) range.lte = id
  }
  if (ranges.size > MOST_RANGES) return { terms: { 'event.id': [...ids] } }
  return {
    bool: {
      should: [
        ...[...ranges.values()].map((range) => ({ range: { 'event.id': range } })),
        ...(declared.length === 0 ? [] : [{ terms: { 'event.id': declared } }]),
      ],
      minimum_should_match: 1,
    },
  }
}

function knownOf(index: string, source: unknown): Known {
  const { seal } = (source as { audit: { seal: Omit<Known, 'index'> } }).audit
  const { leaf, agent, incarnation, sequence, position } = seal
  return { index, leaf, agent, incarnation, sequence, position }
}

/** Events are up to some MiB. */
const EVENTS_AT_A_TIME = 64

/** The events that are stored there, as they were sealed. */
export async function sealedIn(
  client: Client,
  places: readonly { readonly index: string; readonly id: string }[],
): Promise<Map<string, AuditEvent>> {
  const found = new Map<string, AuditEvent>()
  for (let i = 0; i < places.length; i += EVENTS_AT_A_TIME) {
    const docs = places.slice(i, i + EVENTS_AT_A_TIME).map(({ index, id }) => ({ _index: index, _id: id }))
    const answer = await client.mget<unknown>({ docs })
    for (const doc of answer.docs)
      if ('found' in doc && doc.found) found.set(doc._id, sealedPart(eventOf(doc._source)))
  }
  return found
}
