import { describe, expect, test } from 'vitest'
import { canonical, sealedPart } from '../../../schema/index.ts'
import { parseQuery } from '../../query/index.ts'
import { type Page, type Store, StoreUnavailableError } from '../port.ts'
import { AGENT, batchOf, batchOfLines, eventAt, INCARNATION, INGESTED, idAt, SOURCE } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { everything } from './reference.ts'

const ALL = { kind: 'all' } as const
const ids = ({ events }: Pick<Page, 'events'>): unknown[] =>
  events.map((event) => (event.event as { id: string }).id)

/** The promises of every store. */
export function holdsStorePromises(ground: TestPlaces): void {
  const open = opener(ground)

  /** Everything there is, over as many pages as it takes. */
  async function search(store: Store): Promise<Pick<Page, 'events'>> {
    await ground.settled()
    return { events: await everything(store, { query: ALL, order: 'oldest', limit: 1000 }) }
  }

  describe('a store', () => {
    test('a batch is stored once, and answered alike when it comes again', async () => {
      const store = await open()
      const batch = batchOf(1, [eventAt(0), eventAt(10)])
      const first = await store.write(batch)
      expect(first).toMatchObject({
        kind: 'stored',
        again: false,
        result: { stored: 2, duplicate: 0, dead: 0 },
      })
      const again = await store.write(batch)
      expect(again).toEqual({ ...first, again: true, newValues: 0 })
      expect(ids(await search(store))).toEqual([idAt(0), idAt(10)])
    })

    test('a question that nobody waits for is not answered, and holds up no other', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0)]))
      await ground.settled()
      const gone = AbortSignal.abort()
      const asked = { query: ALL, order: 'oldest', limit: 10 } as const
      for (const answer of [store.search(asked, gone), store.aggregate({ query: ALL, by: [] }, gone)])
        await expect(answer).rejects.toMatchObject({ name: 'CancelledError' })
      expect(ids(await store.search(asked, new AbortController().signal))).toEqual([idAt(0)])
    })

    test('the same batch sent twice at once is stored once', async () => {
      const store = await open()
      const batch = batchOf(1, [eventAt(0), eventAt(10)])
      const outcomes = await Promise.all([store.write(batch), store.write(batch), store.write(batch)])
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['stored', 'stored', 'stored'])
      await ground.settled()
      expect((await store.status()).events).toBe(2)
    })

    test('another waybill of the same number is a fork, and writes nothing', async () => {
      const store = await open()
      const batch = batchOf(1, [eventAt(0)])
      await store.write(batch)
      expect(await store.write(batchOf(1, [eventAt(99)]))).toEqual({ kind: 'fork', hash: batch.hash })
      expect(ids(await search(store))).toEqual([idAt(0)])
    })

    test('an event is read as it was sealed, with what the indexer adds', async () => {
      const store = await open()
      const event = eventAt(5, { message: 'Überweisung an CUST-12345' })
      await store.write(batchOf(7, [eventAt(0), event]))
      const found = await store.get(idAt(5))
      expect(found).toMatchObject({
        event: { ingested: new Date(INGESTED).toISOString() },
        audit: {
          seal: { agent: AGENT, incarnation: INCARNATION, sequence: 7, position: 1 },
          words: 'überweisung an cust 12345 record update user2 customer',
        },
      })
      expect(canonical(sealedPart(found!))).toBe(canonical(event))
      expect(await store.get(idAt(6))).toBeNull()
      expect(await store.get('no id')).toBeNull()
    })

    test('what follows from an event is found, counted and shown with it, and is no part of its seal', async () => {
      const store = await open()
      const changes = [
        { field: 'status', new: 'closed', old: 'open' },
        { field: 'Straße', new: 'Am "Markt" 5', old: null },
        { field: 'status', new: 'paid' },
        { field: 'same', new: 'x', old: 'x' },
      ]
      const event = eventAt(1, {
        audit: { category: 'change', changes, entity: { id: 'CUST-1' }, parent: { id: 'P-2' } },
        host: { name: 'web-9' },
        source: { ip: '10.0.0.7' },
        user: { name: 'jane', target: { id: 'u-7' } },
      })
      const none = { related: null }
      await store.write(batchOf(1, [event, eventAt(2), eventAt(3)], { additions: [null, null, none] }))
      await ground.settled()
      const found = async (q: string): Promise<unknown[]> => {
        const query = parseQuery(q, { now: INGESTED })
        return ids(await store.search({ query, order: 'oldest', limit: 10 }))
      }
      for (const q of [
        'audit.change.fields: status',
        'field: "Straße"',
        'audit.change.before: "status=open"',
        'audit.change.after: "STATUS=closed" and audit.change.after: "status=paid"',
        'audit.change.after: "Straße=Am \\"Markt\\" 5"',
        'audit.change.after: status=c*',
        'audit.change.before: *',
        'related.user: u-7 and related.user: jane',
        'related.entity: P-2',
        'related.hosts: web-9',
        'related.ip: 10.0.0.0/24 and related.*: CUST-1',
        'audit.derived: audit.change.before',
      ])
        expect([q, await found(q)]).toEqual([q, [idAt(1)]])
      for (const q of [
        'field: same',
        'audit.change.before: "status=paid"',
        'related.user: P-2',
        'related.ip: 10.0.1.0/24',
      ])
        expect([q, await found(q)]).toEqual([q, []])
      // With related switched off no event has it.
      expect(await found('related.user: user2')).toEqual([idAt(2)])
      const by = [{ kind: 'values', field: 'audit.change.fields', top: 5 }] as const
      expect((await store.aggregate({ query: ALL, by })).split?.buckets).toMatchObject([
        { key: 'Straße', count: 1 },
        { key: 'status', count: 1 },
      ])
      const read = await store.get(idAt(1))
      expect(read).toMatchObject({
        audit: {
          change: {
            fields: ['status', 'Straße'],
            before: ['status=open'],
            after: ['status=closed', 'Straße=Am "Markt" 5', 'status=paid'],
          },
        },
        related: { entity: ['CUST-1', 'P-2'], hosts: ['web-9'], ip: ['10.0.0.7'], user: ['jane', 'u-7'] },
      })
      expect(canonical(sealedPart(read!))).toBe(canonical(event))
    })

    test('the mark of a received event is found and shown, and is part of its seal', async () => {
      const store = await open()
      const received = eventAt(1, { audit: { category: 'change', seal: { received: true } } })
      await store.write(batchOf(1, [received, eventAt(2)]))
      await ground.settled()
      const query = parseQuery('audit.seal.received: true', { now: INGESTED })
      expect(ids(await store.search({ query, order: 'oldest', limit: 10 }))).toEqual([idAt(1)])
      const read = await store.get(idAt(1))
      expect(read).toMatchObject({ audit: { seal: { received: true, sequence: 1, position: 0 } } })
      expect(canonical(sealedPart(read!))).toBe(canonical(received))
    })

    test('what is stored is there after the store was closed and opened', async () => {
      const path = await ground.make()
      const store = await open(path)
      await store.write(batchOf(1, [eventAt(0), eventAt(10)]))
      await store.close()
      const opened = await open(path)
      expect(ids(await search(opened))).toEqual([idAt(0), idAt(10)])
      expect(await opened.write(batchOf(1, [eventAt(0), eventAt(10)]))).toMatchObject({ again: true })
    })

    test('an event that comes in another batch is a duplicate; with other content it is a collision', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0), eventAt(10), eventAt(20)]))
      const outcome = await store.write(
        batchOf(2, [eventAt(10), eventAt(20, { message: 'changed' }), eventAt(15), eventAt(30)]),
      )
      expect(outcome).toMatchObject({ result: { stored: 2, duplicate: 1, dead: 1 } })
      const { letters, total } = await store.deadLetters.list({ limit: 10 })
      expect(total).toBe(1)
      expect(letters[0]).toMatchObject({ kind: 'collision', eventId: idAt(20), position: 1, source: SOURCE })
      expect(letters[0]!.line.toString()).toBe(canonical(eventAt(20, { message: 'changed' })))
      expect(letters[0]!.reason).toContain('waybill 1 of agent-1')
      expect(ids(await search(store))).toEqual([0, 10, 15, 20, 30].map(idAt))
      // The event between two that were there is found by its id, and known when it comes again.
      expect(await store.get(idAt(15))).not.toBeNull()
      expect(await store.write(batchOf(3, [eventAt(15), eventAt(30)]))).toMatchObject({
        result: { stored: 0, duplicate: 2 },
      })
    })

    test('two events of one id in a batch: the second is a duplicate or a collision', async () => {
      const store = await open()
      const outcome = await store.write(
        batchOf(1, [eventAt(0), eventAt(1), eventAt(0), eventAt(1, { message: 'other' })]),
      )
      expect(outcome).toMatchObject({ result: { stored: 2, duplicate: 1, dead: 1 } })
      const { letters } = await store.deadLetters.list({ limit: 1 })
      expect(letters[0]!.reason).toContain('the same waybill, position 1')
    })

    test('a bad line goes to the dead letters with its bytes, and its neighbours are stored', async () => {
      const store = await open()
      const bad: (string | Buffer)[] = [
        '{"half":',
        '[1]',
        Buffer.from([0x7b, 0xff, 0x7d]),
        canonical({ ...eventAt(3), '@timestamp': 7 }),
        canonical({ ...eventAt(3), event: { id: 'short' } }),
        canonical({ ...eventAt(3), audit: { category: 'gossip' } }),
        canonical({ ...eventAt(3), audit: { category: 'change', seal: {} } }),
      ]
      const outcome = await store.write(
        batchOfLines(1, [canonical(eventAt(0)), ...bad, canonical(eventAt(9))]),
      )
      expect(outcome).toMatchObject({
        result: { stored: 2, dead: 7, sources: [{ stored: 2, duplicate: 0, dead: 7 }] },
      })
      const { letters } = await store.deadLetters.list({ limit: 100 })
      expect(letters.map(({ line }) => line).reverse()).toEqual(bad.map((line) => Buffer.from(line)))
      expect(letters.map(({ reason }) => reason).reverse()).toEqual([
        'the line is not JSON',
        'the line is not a JSON object',
        'the line is not UTF-8',
        '@timestamp is missing',
        'event.id is not 40 hex digits',
        'audit.category is unknown: gossip',
        'audit.seal may be added only by the indexer, except for received: true',
      ])
      expect(ids(await search(store))).toEqual([idAt(0), idAt(9)])
    })

    test('dead letters are listed in pages, replayed and discarded', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0)]))
      await store.write(batchOfLines(2, ['one', 'two', canonical(eventAt(0, { message: 'other' }))]))
      const first = await store.deadLetters.list({ limit: 2 })
      expect(first).toMatchObject({ total: 3 })
      const second = await store.deadLetters.list({ limit: 2, after: first.next! })
      expect(second.next).toBeNull()
      expect([...first.letters, ...second.letters].map(({ position }) => position)).toEqual([2, 1, 0])
      const [collision, two] = first.letters
      expect(await store.deadLetters.replay(two!.id)).toEqual({
        stored: false,
        reason: 'the line is not JSON',
      })
      expect(await store.deadLetters.replay(collision!.id)).toMatchObject({ stored: false })
      expect(await store.deadLetters.discard(two!.id)).toBe(true)
      expect(await store.deadLetters.discard(two!.id)).toBe(false)
      expect(await store.deadLetters.get(two!.id)).toBeNull()
      expect(await store.deadLetters.replay('12345')).toBeNull()
    })

    test('gaps in a chain are told, and close when what is missing comes', async () => {
      const store = await open()
      for (const sequence of [1, 2, 6, 4]) await store.write(batchOf(sequence, [eventAt(sequence)]))
      expect(await store.chains(AGENT)).toMatchObject([
        {
          first: 1,
          last: 6,
          waybills: 4,
          events: 4,
          gaps: [
            { from: 3, to: 3 },
            { from: 5, to: 5 },
          ],
        },
      ])
      await store.write(batchOf(3, [eventAt(3)]))
      await store.write(batchOf(5, [eventAt(5)]))
      const [chain] = await store.chains(AGENT)
      expect(chain).toMatchObject({ gaps: [], lastHash: batchOf(6, [eventAt(6)]).hash })
      expect(await store.chains('nobody')).toEqual([])
    })

    test('hourly counts are kept for what is stored, not for what is sent twice', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0), eventAt(1), eventAt(3_600_000)]))
      await store.write(batchOf(2, [eventAt(0), eventAt(2)]))
      await ground.settled()
      const hour = Date.UTC(2026, 10, 1)
      expect(await store.counts({ by: 'user', from: hour, to: hour + 7_200_000 })).toEqual([
        { hour, value: 'user0', count: 1 },
        { hour, value: 'user1', count: 1 },
        { hour, value: 'user2', count: 1 },
        { hour: hour + 3_600_000, value: 'user0', count: 1 },
      ])
      expect(await store.counts({ by: 'category', from: hour, to: hour + 3_600_000 })).toEqual([
        { hour, value: 'change', count: 3 },
      ])
    })

    test('events are followed in the order in which they came, each once', async () => {
      const store = await open()
      const before = await store.arrivalsEnd()
      await store.write(batchOf(1, [eventAt(50), eventAt(60, { audit: { category: 'security' } })]))
      await store.write(batchOf(2, [eventAt(10), eventAt(20)]))
      const first = await store.arrivals({ query: ALL, after: before, limit: 3 })
      expect(ids(first)).toEqual([50, 60, 10].map(idAt))
      const second = await store.arrivals({ query: ALL, after: first.next, limit: 3 })
      expect(ids(second)).toEqual([idAt(20)])
      const end = await store.arrivalsEnd()
      expect(ids(await store.arrivals({ query: ALL, after: end, limit: 3 }))).toEqual([])
      await store.write(batchOf(3, [eventAt(5)]))
      expect(ids(await store.arrivals({ query: ALL, after: second.next, limit: 3 }))).toEqual([idAt(5)])
      expect(ids(await store.arrivals({ query: ALL, after: end, limit: 3 }))).toEqual([idAt(5)])
    })

    test('records are guarded by their version', async () => {
      const store = await open()
      const { records } = store
      expect(await records.put('agent', 'a', { name: 'web' }, null)).toBe(true)
      expect(await records.put('agent', 'a', { name: 'other' }, null)).toBe(false)
      expect(await records.get('agent', 'a')).toEqual({ value: { name: 'web' }, version: 1 })
      expect(await records.put('agent', 'a', { name: 'db' }, 1)).toBe(true)
      expect(await records.put('agent', 'a', { name: 'late' }, 1)).toBe(false)
      expect(await records.list('agent')).toEqual([{ key: 'a', value: { name: 'db' }, version: 2 }])
      await records.remove('agent', 'a')
      expect(await records.get('agent', 'a')).toBeNull()
    })

    test('closing answers what was begun, and refuses what comes after', async () => {
      const path = await ground.make()
      const store = await open(path)
      const writes = Array.from({ length: 20 }, (_, i) => store.write(batchOf(i + 1, [eventAt(i)])))
      await store.close()
      await Promise.all(writes)
      await expect(store.write(batchOf(21, [eventAt(21)]))).rejects.toThrow(StoreUnavailableError)
      await ground.settled()
      expect((await (await open(path)).status()).events).toBe(20)
    })
  })
}
