import { describe, expect, test } from 'vitest'
import { canonical, declaredEventId, leafHash, merkleRoot, sha256, textAt } from '../../../schema/index.ts'
import type { Consignment, HeaderPage, Store, WaybillHeader } from '../port.ts'
import { AGENT, batchOf, batchOfLines, eventAt, INGESTED } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { everything } from './reference.ts'

const ALL = { kind: 'all' } as const
const OTHER = 'agent-2'
const DAY = 86_400_000
const declared = (key: string): string => declaredEventId('default', 'erp', [key])

const export1 = (key: string, more: { [member: string]: unknown } = {}) =>
  eventAt(0, {
    event: { id: declared(key), action: 'record.update', kind: 'event', module: 'erp', sequence: 0 },
    ...more,
  })

/**
 * Fills a store with everything that a waybill may have: several categories and windows, additions, revisions, ids of another agent,
 * duplicates, dead letters and one that was replayed, an impossible time, values that do not fit, no events, numbers that are missing.
 */
export async function fill(store: Store): Promise<void> {
  const place = { source: { geo: { country_iso_code: 'AT' } } }
  const view = eventAt(2, { audit: { category: 'view' }, source: { ip: '192.0.2.7' } })
  await store.write(
    batchOf(1, [eventAt(0), eventAt(1, { audit: { category: 'security' } }), view], {
      additions: [{ related: null }, null, place],
    }),
  )
  await store.write(batchOf(2, [eventAt(0), eventAt(10), eventAt(11, { '@timestamp': 'yesterday' })]))
  await store.write(
    batchOf(3, [export1('a'), export1('b'), eventAt(20, { source: { ip: 'no address' } })], {
      ingested: INGESTED + 1,
    }),
  )
  await store.write(
    batchOf(4, [export1('a', { message: 'Another text', user: { name: 'joe' } })], {
      ingested: INGESTED + DAY,
    }),
  )
  const host = { agent: { id: OTHER }, host: { name: 'db-1' } }
  await store.write(batchOf(1, [eventAt(0, host), eventAt(500, host)], { agent: OTHER }))
  await store.write(
    batchOf(2, [eventAt(501, host)], { agent: OTHER, author: { hosts: ['web-*'] }, ingested: INGESTED + 5 }),
  )
  await store.write(
    batchOfLines(7, ['no event', canonical(eventAt(30)), canonical(eventAt(31, { message: 'Ünïcode ✓' }))], {
      ingested: INGESTED + 40 * DAY,
    }),
  )
  await store.write(
    batchOf(6, [eventAt(40, { message: 'x'.repeat(40_000) })], { ingested: INGESTED + 40 * DAY }),
  )
  await store.write(batchOf(8, [], { ingested: INGESTED + 40 * DAY }))
  await store.write(batchOf(9, [eventAt(0)], { ingested: INGESTED + 40 * DAY }))
  const { letters } = await store.deadLetters.list({ limit: 10 })
  const foreign = letters.find(({ kind }) => kind === 'foreign')!
  expect(await store.deadLetters.replay(foreign.id)).toEqual({ stored: true })
}

export async function consignmentsOf(store: Store, limit = 3): Promise<Consignment[]> {
  const all: Consignment[] = []
  for (let after: string | null = null; ; ) {
    const page = await store.consignments.list({ after, limit })
    expect(page.damaged).toEqual([])
    all.push(...page.consignments)
    if (page.isEnd) return all
    after = page.next
  }
}

/** Everything about an event, in the order of the stores. */
export async function eventsOf(store: Store, ground: Pick<TestPlaces, 'settled'>): Promise<string[]> {
  await ground.settled()
  return (await everything(store, { query: ALL, order: 'oldest', limit: 1000 })).map(canonical)
}

const keyOf = ({ agent, sequence }: Consignment): string => `${agent} ${sequence}`

export function holdsConsignments(ground: TestPlaces): void {
  const open = opener(ground)

  describe('consignments', () => {
    test('all waybills are listed with their lines, in the order in which they were stored, on pages of any size', async () => {
      const store = await open()
      await fill(store)
      const all = await consignmentsOf(store, 1000)
      expect(await consignmentsOf(store, 1)).toEqual(all)
      const whole = all.filter(({ waybill }) => waybill !== null)
      expect(whole.map(keyOf)).toEqual([
        ...[1, 2, 3, 4].map((n) => `${AGENT} ${n}`),
        ...[1, 2].map((n) => `${OTHER} ${n}`),
        ...[7, 6, 8, 9].map((n) => `${AGENT} ${n}`),
      ])
      // The lines that are here, and the hashes of the others, give the root that was signed.
      for (const { waybill, lines } of whole) {
        const leaves = new Map(waybill!.leaves)
        for (const { position, line } of lines) {
          expect(leaves.has(position)).toBe(false)
          leaves.set(position, leafHash(line))
        }
        const sorted = [...leaves].sort(([a], [b]) => a - b).map(([, leaf]) => leaf)
        const { root } = JSON.parse(waybill!.manifest.toString()) as { root: string }
        expect(merkleRoot(Buffer.concat(sorted)).toString('hex')).toBe(root)
      }
      const [replayed] = all.filter(({ waybill }) => waybill === null)
      expect(replayed).toMatchObject({ agent: OTHER, sequence: 2, lines: [{ position: 0, renamed: null }] })
      const lines = all.flatMap((one) => one.lines)
      expect(lines.filter(({ renamed }) => renamed !== null).map(({ renamed }) => renamed)).toEqual([
        'revision',
        'own',
      ])
    })

    test('one partition is listed with its lines, and the hashes of all others of its waybills', async () => {
      const store = await open()
      await fill(store)
      await ground.settled()
      const listed: Consignment[] = []
      for (const { name, category, events } of (await store.storage()).partitions) {
        const own: Consignment[] = []
        for (let after: string | null = null; ; ) {
          const page = await store.consignments.inPartition(name, { after, limit: 1 })
          expect(page.damaged).toEqual([])
          own.push(...page.consignments)
          if (page.isEnd) break
          after = page.next
        }
        expect(own.flatMap(({ lines }) => lines).length).toBe(events)
        for (const { waybill, lines } of own) {
          const leaves = new Map(waybill!.leaves)
          for (const { position, line } of lines) {
            const { audit } = JSON.parse(line.toString()) as { audit: { category: string } }
            expect(audit.category).toBe(category)
            leaves.set(position, leafHash(line))
          }
          const sorted = [...leaves].sort(([a], [b]) => a - b).map(([, leaf]) => leaf)
          const { root } = JSON.parse(waybill!.manifest.toString()) as { root: string }
          expect(merkleRoot(Buffer.concat(sorted)).toString('hex')).toBe(root)
        }
        listed.push(...own)
      }
      const keys = (all: readonly Consignment[]): string[] =>
        all.flatMap((one) => one.lines.map(({ position }) => `${keyOf(one)} ${position}`)).sort()
      expect(keys(listed)).toEqual(keys(await consignmentsOf(store)))
      await expect(store.consignments.inPartition('no-such', { after: null, limit: 1 })).rejects.toThrow(
        'has expired',
      )
    })

    test('a list goes on where it ended, with what came meanwhile', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0)]))
      const first = await store.consignments.list({ after: null, limit: 10 })
      expect(first).toMatchObject({ isEnd: true, consignments: [{ sequence: 1 }] })
      const none = await store.consignments.list({ after: first.next, limit: 10 })
      expect(none).toMatchObject({ isEnd: true, consignments: [] })
      await store.write(batchOf(2, [eventAt(1)]))
      const second = await store.consignments.list({ after: none.next, limit: 10 })
      expect(second).toMatchObject({ isEnd: true, consignments: [{ sequence: 2, lines: [{ position: 0 }] }] })
    })

    test('headers name the same waybills in the same order, on pages of any size, and go on where they ended', async () => {
      const store = await open()
      await fill(store)
      const listed = (await consignmentsOf(store)).flatMap(({ agent, incarnation, sequence, waybill }) => {
        if (waybill === null) return []
        const { key } = JSON.parse(waybill.manifest.toString()) as { key: string }
        return [{ agent, incarnation, sequence, hash: sha256(waybill.manifest), key, at: waybill.at }]
      })
      for (const limit of [1, 3, 1000]) {
        const all: WaybillHeader[] = []
        let after: string | null = null
        for (;;) {
          const page: HeaderPage = await store.consignments.headers({ after, limit })
          expect(page.headers.length).toBeLessThanOrEqual(limit)
          all.push(...page.headers)
          after = page.next
          if (page.isEnd) break
        }
        expect(all.map(({ cursor: _, ...header }) => header)).toEqual(listed)
        // A list goes on after any of them.
        const { headers } = await store.consignments.headers({ after: all[4]!.cursor, limit: 1000 })
        expect(headers).toEqual(all.slice(5))
        expect(await store.consignments.headers({ after, limit })).toEqual({
          headers: [],
          next: after,
          isEnd: true,
        })
      }
      const end = (await store.consignments.headers({ after: null, limit: 1000 })).next
      await store.write(batchOf(11, [eventAt(1100)]))
      const page = await store.consignments.headers({ after: end, limit: 1000 })
      expect(page).toMatchObject({ isEnd: true, headers: [{ agent: AGENT, sequence: 11 }] })
    })

    test('each event is given with its sealed line and the leaf hashes of its waybill', async () => {
      const store = await open()
      await fill(store)
      await ground.settled()
      const events = await everything(store, { query: ALL, order: 'oldest', limit: 1000 })
      expect(events.length).toBeGreaterThan(10)
      for (const event of events) {
        const id = textAt(event, 'event.id')!
        const sealed = (await store.consignments.ofEvent(id))!
        const {
          root,
          agent,
          events: count,
        } = JSON.parse(sealed.manifest.toString()) as Record<string, unknown>
        expect([sealed.agent, sealed.leaves.size]).toEqual([agent, count])
        expect(sealed.leaves.get(sealed.position)).toEqual(leafHash(sealed.line))
        const leaves = [...sealed.leaves].sort(([a], [b]) => a - b).map(([, leaf]) => leaf)
        expect(merkleRoot(Buffer.concat(leaves)).toString('hex')).toBe(root)
      }
      expect(await store.consignments.ofEvent('0'.repeat(40))).toBeNull()
      expect(await store.consignments.ofEvent('none')).toBeNull()
    })

    test('a store that is given them shows, finds, counts and proves the same', async () => {
      const store = await open()
      await fill(store)
      const other = await open()
      const all = await consignmentsOf(store)
      for (let i = 0; i < all.length; i += 2) await other.consignments.put(all.slice(i, i + 2))
      await other.consignments.complete()
      expect(await eventsOf(other, ground)).toEqual(await eventsOf(store, ground))
      for (const agent of [AGENT, OTHER]) expect(await other.chains(agent)).toEqual(await store.chains(agent))
      expect(byKey(await consignmentsOf(other))).toEqual(byKey(all))
      const asked = { by: 'user', from: 0, to: INGESTED + 365 * DAY } as const
      expect(await other.counts(asked)).toEqual(await store.counts(asked))
      const query = { kind: 'equals', field: 'user.name', value: 'joe' } as const
      expect((await other.aggregate({ query, by: [] })).count).toBe(1)
    })

    test('what is given twice is stored once, and an agent that sends again is answered as before', async () => {
      const store = await open()
      await fill(store)
      const other = await open()
      const all = await consignmentsOf(store)
      await other.consignments.put(all.slice(0, 4))
      await other.consignments.put(all)
      await other.consignments.put(all)
      expect(byKey(await consignmentsOf(other))).toEqual(byKey(all))
      expect((await eventsOf(other, ground)).length).toBe(all.flatMap(({ lines }) => lines).length)
      const batch = batchOf(2, [eventAt(0), eventAt(10), eventAt(11, { '@timestamp': 'yesterday' })])
      const [before, after] = [await store.write(batch), await other.write(batch)]
      expect(after).toEqual(before)
      expect(after).toMatchObject({ again: true, result: { stored: 2, duplicate: 1 } })
      // A known event in a new waybill is a duplicate, as ever.
      expect(await other.write(batchOf(10, [eventAt(10), eventAt(900)]))).toMatchObject({
        result: { stored: 1, duplicate: 1 },
      })
    })

    test('another waybill of the same number is refused', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0)]))
      const other = await open()
      await other.write(batchOf(1, [eventAt(77)]))
      await expect(other.consignments.put(await consignmentsOf(store))).rejects.toThrow('another waybill 1')
    })

    test('each window of receipt expires by itself, as it would have before', async () => {
      const store = await open()
      await fill(store)
      const other = await open()
      await other.consignments.put(await consignmentsOf(store))
      await other.consignments.complete()
      await ground.settled()
      const { partitions } = await other.storage()
      const [first] = partitions.filter(({ events, category }) => events > 0 && category === 'view')
      expect(first).toMatchObject({ first: INGESTED, last: INGESTED, events: 1, open: false })
      expect(await other.expire(first!.name, INGESTED)).toBe(false)
      expect(await other.expire(first!.name, INGESTED + 1)).toBe(true)
      const left = (await eventsOf(store, ground)).filter((event) => !event.includes('"category":"view"'))
      expect(await eventsOf(other, ground)).toEqual(left)
    })

    test('dead letters of another store are kept with their lines, and can be replayed', async () => {
      const store = await open()
      await fill(store)
      const other = await open()
      const { letters } = await store.deadLetters.list({ limit: 10 })
      await other.deadLetters.put(letters)
      const there = await other.deadLetters.list({ limit: 10 })
      const plain = ({ id: _, whole: _whole, ...letter }: (typeof letters)[number]) => letter
      expect(there.letters.map(plain)).toEqual(letters.map(plain))
      expect(await other.deadLetters.replay(there.letters[0]!.id)).toMatchObject({ stored: false })
    })

    test('the kinds of records are listed', async () => {
      const { records } = await open()
      await records.put('user', 'a', { name: 'a' }, null)
      await records.put('agent', 'a', { name: 'a' }, null)
      await records.put('agent', 'b', { name: 'b' }, null)
      expect(await records.kinds()).toEqual(['agent', 'user'])
    })
  })
}

/** Whole consignments and single lines may come apart otherwise in another store: by waybill, all lines. */
function byKey(all: readonly Consignment[]): unknown[] {
  const found = new Map<string, { waybill: unknown; lines: unknown[] }>()
  for (const one of all) {
    const known = found.get(keyOf(one)) ?? { waybill: null, lines: [] }
    known.lines.push(...one.lines)
    if (one.waybill !== null) {
      const { manifest, signature, at, result } = one.waybill
      known.waybill = { manifest: manifest.toString(), signature: signature.toString('hex'), at, result }
    }
    found.set(keyOf(one), known)
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1))
}
