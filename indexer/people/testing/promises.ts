import { describe, expect, test } from 'vitest'
import { type AuditEvent, foldKeyword } from '../../../schema/index.ts'
import { matches, objectOf, parseQuery, VERB_QUERIES } from '../../query/index.ts'
import type { SharedRecords } from '../../store/index.ts'
import type { Store } from '../../store/port.ts'
import { batchOf, eventAt, INGESTED, idAt } from '../../store/testing/batches.ts'
import { opener, type TestPlaces } from '../../store/testing/places.ts'
import { People, withPeople } from '../index.ts'

const SYSTEMS = ['erp', 'creatio', 'strapi', 'connexcs', 'clockify', 'linux-auth', 'aws-cloudtrail']
const USERS: readonly Readonly<Record<string, string>>[] = [
  { name: 'John Smith', id: 'U-1', email: 'john.smith@x.example' },
  { name: 'John Smith', email: 'JOHN.SMITH@x.example' },
  { name: 'john.smith@x.example' },
  { name: 'John Smith' },
  { name: 'Jane', id: 'U-2', email: 'jane@x.example' },
  { name: 'jane', id: 'U-2' },
  { email: 'jane@x.example' },
  { id: 'U-2' },
  { name: 'Jane', id: 'U-9', email: 'other.jane@x.example' },
  { name: 'System' },
  {},
]
const ENTITIES = [
  'Customer',
  'customers',
  'Account',
  'time_entry',
  'Time entry',
  'key',
  'api::article.article',
  null,
]
const ACTS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['Update', [], ['change']],
  ['entry.update', [], ['change']],
  ['PUT', [], ['change']],
  ['Export', [], ['access']],
  ['Login', ['authentication'], ['start']],
  ['Logout', ['session'], ['end']],
  ['Create', [], ['creation', 'change']],
  ['Delete', [], ['deletion']],
  ['View', [], ['access']],
  ['Other', [], ['info']],
]

const did = (offset: number, event: object): { event: object } => ({
  event: { id: idAt(offset), kind: 'event', sequence: offset, ...event },
})

/** Each user in each system where they may have an account, with an action of each kind in turn. */
function events(): AuditEvent[] {
  const made: AuditEvent[] = []
  for (const [s, system] of SYSTEMS.entries())
    for (const [u, user] of USERS.entries()) {
      // Two accounts called Jane only in one system: there the name is nobody's alone.
      if (user.id === 'U-9' && system !== 'erp') continue
      const [action, category, type] = ACTS[(s * 3 + u) % ACTS.length]!
      const entity = ENTITIES[(s + u) % ENTITIES.length]
      made.push(
        eventAt(made.length, {
          audit: { category: 'activity', ...(entity === null ? {} : { entity: { id: 'x', type: entity } }) },
          ...did(made.length, { action, ...(category.length > 0 && { category }), module: system, type }),
          user,
        }),
      )
    }
  return made
}

const plainRecords = (): Pick<SharedRecords, 'list' | 'put' | 'remove' | 'follow'> => {
  const kept = new Map<string, unknown>()
  return {
    list: async () => [...kept].map(([key, value]) => ({ key, value, version: 1 })),
    put: async (_kind, key, value) => {
      kept.set(key, value)
      return true
    },
    remove: async (_kind, key) => {
      kept.delete(key)
    },
    follow: () => {},
  }
}

async function peopleOf(store: Store): Promise<People> {
  let made = 0
  const people = await People.open({
    store,
    records: plainRecords(),
    trail: { record: async () => {} },
    file: () => null,
    clock: () => INGESTED,
    random: (bytes) => Buffer.alloc(bytes, ++made),
    log: { warn: (sentence: unknown) => expect(sentence).toBeUndefined() },
  })
  await people.look()
  return people
}

/** Questions about people, verbs and objects, for every store. */
export function knowsPeople(ground: TestPlaces): void {
  const open = opener(ground)
  const by = async (store: Store, field: string, more: object = {}) => {
    const { split, count, partial } = await store.aggregate({
      query: { kind: 'all' },
      by: [{ kind: 'values', field, top: 1000, ...more }],
    })
    expect(partial).toBeNull()
    return {
      counts: Object.fromEntries(split?.buckets.map(({ key, count }) => [key, count]) ?? []),
      split,
      count,
    }
  }
  const found = async (store: Store, q: string): Promise<number> =>
    (await store.aggregate({ query: parseQuery(q, { now: INGESTED }), by: [] })).count

  async function filled(): Promise<{ store: Store; people: People; all: AuditEvent[] }> {
    const stored = await open()
    const all = events()
    expect(await stored.write(batchOf(1, all))).toMatchObject({ result: { stored: all.length } })
    await ground.settled()
    const people = await peopleOf(stored)
    return { store: withPeople(stored, people), people, all }
  }

  function plainCounts(all: readonly AuditEvent[], keyOf: (event: AuditEvent) => string | null) {
    const counts: Record<string, number> = {}
    let none = 0
    for (const event of all) {
      const key = keyOf(event)
      if (key === null) none++
      else counts[key] = (counts[key] ?? 0) + 1
    }
    return { counts, none }
  }
  const textOf = (event: AuditEvent, group: string, member: string): string =>
    String(((event[group] ?? {}) as Record<string, unknown>)[member] ?? '')

  describe('people in the store', () => {
    test('each event is one person’s: counts by person, and what a condition on one finds, say the same', async () => {
      const { store, people, all } = await filled()
      const expected = plainCounts(all, (event) => people.personOf(event)?.id ?? null)
      const { counts, split, count } = await by(store, 'person')
      expect(counts).toEqual(expected.counts)
      expect(split?.none).toBe(expected.none)
      expect(count).toBe(all.length)
      expect(counts['john.smith@x.example']).toBeGreaterThan(4 * (SYSTEMS.length - 1))
      for (const [id, wanted] of Object.entries(counts))
        expect([id, await found(store, `person: ${JSON.stringify(id)}`)]).toEqual([id, wanted])
    })

    test('a person is found by any name, address or account, and by a part of one', async () => {
      const { store } = await filled()
      const wanted = await found(store, 'person: john.smith@x.example')
      for (const q of [
        'person: "John Smith"',
        'person: erp/U-1',
        'person: U-1',
        'person: "JOHN SMITH"',
        'person: john.sm*',
      ])
        expect([q, await found(store, q)]).toEqual([q, wanted])
      expect(await found(store, 'person: nobody')).toBe(0)
      expect(await found(store, 'not person: *')).toBe(SYSTEMS.length)
      const page = await store.search({
        query: parseQuery('person: erp/U-1 and event.module: connexcs', { now: INGESTED }),
        order: 'newest',
        limit: 10,
      })
      expect(page.events.length).toBeGreaterThan(0)
      expect(new Set(page.events.map((event) => foldKeyword(textOf(event, 'user', 'name'))))).toContain(
        'john.smith@x.example',
      )
    })

    test('counts by person have a second split, the last event and the beginning of a name', async () => {
      const { store } = await filled()
      const answer = await store.aggregate({
        query: { kind: 'all' },
        by: [
          { kind: 'values', field: 'person', top: 1, prefix: 'smi' },
          { kind: 'values', field: 'event.module', top: 1000 },
        ],
        latest: true,
      })
      const [bucket, ...others] = answer.split?.buckets ?? []
      expect(others).toEqual([])
      expect(bucket?.key).toBe('john.smith@x.example')
      expect(bucket?.split?.buckets.map(({ key }) => key).sort()).toEqual([...SYSTEMS].sort())
      expect(bucket?.split?.buckets.reduce((sum, one) => sum + one.count, 0)).toBe(bucket?.count)
      expect(bucket?.latest).toBeTruthy()
      const swapped = store.aggregate({
        query: { kind: 'all' },
        by: [
          { kind: 'values', field: 'event.module', top: 5 },
          { kind: 'values', field: 'person', top: 5 },
        ],
      })
      await expect(swapped).rejects.toThrow('person can only be the first field to count by')
    })

    test('a decision joins or parts accounts at once, and undone it is as before', async () => {
      const { store, people } = await filled()
      const before = await by(store, 'person')
      const john = before.counts['john.smith@x.example']!
      const system = { kind: 'name', system: 'erp', value: 'System' } as const
      const same = await people.decide(
        { kind: 'same', one: { kind: 'email', value: 'john.smith@x.example' }, other: system },
        { name: 'anna' },
      )
      const joined = await by(store, 'person')
      expect(joined.counts['john.smith@x.example']).toBe(john + 1)
      expect(await found(store, 'person: "John Smith"')).toBe(john + 1)
      const part = { kind: 'name', system: 'clockify', value: 'John Smith' } as const
      const apart = await people.decide({ kind: 'apart', account: part }, { name: 'anna' })
      const parted = await by(store, 'person')
      expect(parted.counts['clockify/John Smith']).toBe(3)
      expect(parted.counts['john.smith@x.example']).toBe(john + 1 - 3)
      for (const [id, wanted] of Object.entries(parted.counts))
        expect([id, await found(store, `person: ${JSON.stringify(id)}`)]).toEqual([id, wanted])
      expect(people.acts().map(({ about }) => about)).toContain('clockify/John Smith is a person of its own')
      await people.undo(apart.id, { name: 'anna' })
      await people.undo(same.id, { name: 'anna' })
      expect((await by(store, 'person')).counts).toEqual(before.counts)
    })

    test('an account that nobody has looked at yet is a person of its own, and not nobody', async () => {
      const { store, all } = await filled()
      const before = await by(store, 'person')
      const event = eventAt(all.length, {
        ...did(all.length, { action: 'Login', module: 'github', type: ['start'] }),
        user: { name: 'octo-new' },
      })
      await store.write(batchOf(2, [event]))
      await ground.settled()
      // The clock stands still: there is no other look.
      const { counts, split } = await by(store, 'person')
      expect(counts['github/octo-new']).toBe(1)
      expect(split?.none).toBe(before.split?.none)
    })

    test('a later event of a new account is somebody’s after the next look', async () => {
      const { store, people, all } = await filled()
      const before = await found(store, 'person: "John Smith"')
      const event = eventAt(all.length, {
        ...did(all.length, { action: 'Login', module: 'github', type: ['start'] }),
        user: { name: 'octo-john', email: 'john.smith@x.example' },
      })
      const alone = eventAt(all.length + 1, {
        ...did(all.length + 1, { action: 'Login', module: 'github', type: ['start'] }),
        user: { name: 'octo-john' },
      })
      await store.write(batchOf(2, [event, alone]))
      await ground.settled()
      await people.look()
      expect(await found(store, 'person: "John Smith"')).toBe(before + 2)
    })

    test('each event has one verb or none, and each entity one object', async () => {
      const { store, all } = await filled()
      const verbs = plainCounts(all, (event) => {
        const [verb] = [...VERB_QUERIES].find(([, query]) => matches(query, event)) ?? []
        return verb ?? null
      })
      const counted = await by(store, 'verb')
      expect(counted.counts).toEqual(verbs.counts)
      expect(counted.split?.none).toBe(verbs.none)
      for (const [verb, wanted] of Object.entries(verbs.counts))
        expect([verb, await found(store, `verb: ${verb}`)]).toEqual([verb, wanted])
      expect(await found(store, 'verb: changed')).toBe(verbs.counts.update)
      const objects = plainCounts(all, (event) => {
        const type = textOf((event.audit as AuditEvent) ?? {}, 'entity', 'type')
        return type === '' ? null : objectOf(textOf(event, 'event', 'module'), type)
      })
      const byObject = await by(store, 'object')
      expect(byObject.counts).toEqual(objects.counts)
      expect(byObject.split?.none).toBe(objects.none)
      for (const [object, wanted] of Object.entries(objects.counts))
        expect([object, await found(store, `object: ${JSON.stringify(object)}`)]).toEqual([object, wanted])
      expect(await found(store, 'object: *')).toBe(all.length - objects.none)
    })
  })
}
