import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreFullError, StoreUnavailableError } from '../port.ts'
import { batchOf, eventAt } from '../testing/batches.ts'
import type { BulkItem, BulkSink } from './bulk.ts'
import { Placing } from './placing.ts'
import { originOf, type PreparedBatch, prepared } from './prepare.ts'
import { type Answering, answering, sinkOf } from './testing/answering.ts'

/** A cluster that answers each item from a table: a server on a real socket. */
interface Item {
  readonly status: number
  readonly type?: string
  readonly reason?: string
  readonly store?: 'used' | 'failed'
}
interface BulkAnswer {
  [action: string]: object
}

let cluster: Answering
/** The answers for an id, in turn; the last one repeats. */
const answers = new Map<string, Item[]>()
/** Ids of each bulk request. */
const asked: string[][] = []
let change: (items: BulkAnswer[]) => BulkAnswer[]
/** The documents that `_mget` returns, by id. */
const stored = new Map<string, object>()

beforeEach(async () => {
  answers.clear()
  asked.length = 0
  stored.clear()
  change = (items) => items
  cluster = await answering((bytes, response, request) => {
    const body = bytes.toString()
    if (request.url?.includes('/_mget')) {
      const { ids } = JSON.parse(body) as { ids: string[] }
      const docs = ids.map((_id) => {
        const seal = stored.get(_id)
        return seal === undefined
          ? { _index: 'pin', _id, found: false }
          : { _index: 'pin', _id, found: true, _source: { audit: { seal } } }
      })
      response.end(JSON.stringify({ docs }))
      return
    }
    const ids = [...body.matchAll(/^\{"create":\{"_index":"\w+","_id":"(\w+)"\}\}$/gm)].map(([, id]) => id!)
    asked.push(ids)
    const items = ids.map((_id) => {
      const left = answers.get(_id) ?? [{ status: 201 }]
      const item = left.length > 1 ? left.shift()! : left[0]!
      const { status, type, reason = 'because', store } = item
      const error = type === undefined ? {} : { error: { type, reason } }
      return {
        create: {
          _index: 'pin',
          _id,
          status,
          ...error,
          ...(store !== undefined && { failure_store: store }),
        },
      }
    })
    response.end(JSON.stringify({ took: 1, errors: true, items: change(items) }))
  })
})
afterEach(() => cluster.end())

const sink = (): BulkSink => sinkOf(cluster)

const item = (id: string): BulkItem => ({ index: 'pin', id, document: '{}' })

describe('what becomes of an item of a bulk answer', () => {
  const mapping = { type: 'document_parsing_exception', reason: 'no such date' }
  const rejected = { status: 429, type: 'es_rejected_execution_exception' }
  const blocked = (reason: string) => ({ status: 403, type: 'cluster_block_exception', reason })

  const fates: readonly [name: string, answered: Item[], kind: string][] = [
    ['201 is created', [{ status: 201 }], 'created'],
    ['200 is created', [{ status: 200 }], 'created'],
    ['409 is there already', [{ status: 409, type: 'version_conflict_engine_exception' }], 'exists'],
    ['400 is refused for good', [{ status: 400, ...mapping }], 'refused'],
    ['400 without a reason is refused for good', [{ status: 400 }], 'refused'],
    ['413 is refused for good', [{ status: 413 }], 'refused'],
    ['422 is refused for good', [{ status: 422 }], 'refused'],
    ['201 in the failure store is refused', [{ status: 201, store: 'used' }], 'refused'],
    ['201 that the failure store refused is refused', [{ status: 201, store: 'failed' }], 'refused'],
    [
      '404 of an index that is gone is closed',
      [{ status: 404, type: 'index_not_found_exception' }],
      'closed',
    ],
    ['a closed index is closed', [{ status: 400, type: 'index_closed_exception' }], 'closed'],
    [
      '403 of a write block is closed',
      [blocked('index [pin] blocked by: [FORBIDDEN/8/index write (api)];')],
      'closed',
    ],
    ['429 is asked again until it is taken', [rejected, rejected, { status: 201 }], 'created'],
    [
      '503 is asked again until it is taken',
      [{ status: 503, type: 'unavailable_shards_exception' }, { status: 201 }],
      'created',
    ],
    [
      '500 is asked again until it is taken',
      [{ status: 500, type: 'who_knows_exception' }, { status: 201 }],
      'created',
    ],
    ['429 and then 409 is there already', [rejected, { status: 409 }], 'exists'],
    ['429 and then 400 is refused for good', [rejected, { status: 400, ...mapping }], 'refused'],
  ]
  for (const [name, answered, kind] of fates) {
    it(`${name}, and its neighbours are asked once`, async () => {
      answers.set('b', [...answered])
      const written = await sink().write([item('a'), item('b'), item('c')])
      expect(written.map((fate) => fate.kind)).toEqual(['created', kind, 'created'])
      expect(asked).toEqual([['a', 'b', 'c'], ...answered.slice(1).map(() => ['b'])])
    })
  }

  const failures: readonly [
    name: string,
    answered: Item,
    error: new (...args: never[]) => Error,
    says: string,
  ][] = [
    ['429 without end', rejected, StoreUnavailableError, 'does not answer correctly'],
    ['429 without a reason', { status: 429 }, StoreUnavailableError, 'does not answer correctly'],
    ['503 without end', { status: 503 }, StoreUnavailableError, 'does not answer correctly'],
    ['401', { status: 401, type: 'security_exception' }, StoreUnavailableError, 'refuses the indexer'],
    ['403', { status: 403 }, StoreUnavailableError, 'refuses the indexer'],
    [
      'a disk at its flood stage',
      blocked('[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]'),
      StoreFullError,
      'has no room',
    ],
  ]
  for (const [name, answered, error, says] of failures) {
    it(`${name} gives the whole batch back`, async () => {
      answers.set('b', [answered])
      const written = sink().write([item('a'), item('b')])
      await expect(written).rejects.toThrow(error)
      await expect(written).rejects.toThrow(says)
    })
  }

  const shapes: readonly [name: string, change: typeof change][] = [
    ['lacks an item', (items) => items.slice(1)],
    ['has an item too many', (items) => [...items, ...items.slice(0, 1)]],
    ['has its items in another order', (items) => items.toReversed()],
    ['names an item twice and another not at all', ([first, , third]) => [first!, first!, third!]],
    ['is of another action', ([, ...others]) => [{ index: { _id: 'a', status: 201 } }, ...others]],
    ['is empty', () => []],
  ]
  for (const [name, changed] of shapes) {
    it(`an answer that ${name} settles nothing`, async () => {
      change = changed
      await expect(sink().write([item('a'), item('b'), item('c')])).rejects.toThrow()
    })
  }
})

describe('what becomes of an event whose id is there already', () => {
  const batch = batchOf(4, [eventAt(1)])
  const seal = { agent: 'agent-1', incarnation: batch.manifest.incarnation, sequence: 4, position: 0 }
  const outcomeOf = async (there: ((parcel: PreparedBatch) => object) | null) => {
    const origin = originOf(batch, batch.ingested)
    const { parcels } = await prepared(batch, origin)
    const [parcel] = parcels
    answers.set(parcel!.id, [{ status: 409 }])
    if (there !== null) stored.set(parcel!.id, there(parcel!))
    const placing = new Placing(cluster.client, sink(), origin)
    await placing.place(parcels, { pin: 'pin', others: [], former: [], elsewhere: [] })
    return placing.outcomes.get(0)
  }

  it('with the same hash, of this very waybill and place, is stored: an earlier attempt wrote it', async () => {
    expect(await outcomeOf(({ leaf }) => ({ ...seal, leaf }))).toMatchObject({
      kind: 'stored',
      revision: false,
    })
  })
  it('with the same hash of another waybill is a duplicate', async () => {
    expect(await outcomeOf(({ leaf }) => ({ ...seal, leaf, sequence: 3 }))).toEqual({ kind: 'duplicate' })
  })
  it('with the same hash at another place of this waybill is a duplicate', async () => {
    expect(await outcomeOf(({ leaf }) => ({ ...seal, leaf, position: 5 }))).toEqual({ kind: 'duplicate' })
  })
  it('with another hash is a collision, in the dead letters, and says with what', async () => {
    const leaf = '0'.repeat(64)
    const outcome = await outcomeOf(() => ({ ...seal, leaf, sequence: 3 }))
    expect(outcome).toMatchObject({ kind: 'dead', why: 'collision' })
    expect(outcome).toMatchObject({ reason: expect.stringContaining(`leaf ${leaf} of waybill 3 of agent-1`) })
  })
  it('and that is not there when it is looked for settles nothing', async () => {
    await expect(outcomeOf(null)).rejects.toThrow('is there and is not there')
  })
})
