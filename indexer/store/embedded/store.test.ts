import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { canonical, OperatorError } from '../../../schema/index.ts'
import { openEmbeddedStore, type Page, type Store, StoreFullError } from '../index.ts'
import { keepsAuthorsApart } from '../testing/authors.ts'
import { keepsBadInput } from '../testing/bad-input.ts'
import {
  AGENT,
  batchOf,
  batchOfLines,
  eventAt,
  INGESTED,
  idAt,
  temporaryFolders,
} from '../testing/batches.ts'
import { holdsConsignments } from '../testing/consignments.ts'
import type { TestPlaces } from '../testing/places.ts'
import { holdsStorePromises } from '../testing/promises.ts'
import { everything } from '../testing/reference.ts'
import { keepsRevisions, revisionOf, row } from '../testing/revisions.ts'

const folders = temporaryFolders()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  folders.remove()
})

async function open(path = folders.make(), options: object = {}): Promise<Store> {
  const store = await openEmbeddedStore({ path, ...options })
  stores.push(store)
  return store
}

const ground: TestPlaces = {
  make: async () => folders.make(),
  open: (path) => openEmbeddedStore({ path }),
  settled: async () => {},
}
holdsStorePromises(ground)
keepsRevisions(ground)
keepsAuthorsApart(ground)
keepsBadInput(ground)
holdsConsignments(ground)

const ALL = { kind: 'all' } as const
const ids = ({ events }: Pick<Page, 'events'>): unknown[] =>
  events.map((event) => (event.event as { id: string }).id)
/** Everything there is, over as many pages as it takes. */
async function search(store: Store): Promise<Pick<Page, 'events'>> {
  return { events: await everything(store, { query: ALL, order: 'oldest', limit: 1000 }) }
}

test('a store of another format is refused with a sentence, and left as it is', async () => {
  const path = folders.make()
  const store = await open(path)
  await store.write(batchOf(1, [eventAt(0)]))
  await store.close()
  const set = (sql: string): void => {
    const database = new DatabaseSync(join(path, 'control.db'))
    database.exec(sql)
    database.close()
  }
  set("UPDATE meta SET value = '99' WHERE key = 'layout'")
  await expect(open(path)).rejects.toThrow(/has format 99, .* open it with the version that wrote it/)
  await expect(open(path)).rejects.toBeInstanceOf(OperatorError)
  set("DELETE FROM meta WHERE key = 'layout'")
  await expect(open(path)).rejects.toThrow('has format 1')
})

test('an event is known in every partition of its category, also after the window has passed', async () => {
  const store = await open()
  const year = 365 * 86_400_000
  await store.write(batchOf(1, [eventAt(0)]))
  const later = await store.write(batchOf(2, [eventAt(0), eventAt(1)], { ingested: INGESTED + year }))
  expect(later).toMatchObject({ result: { stored: 1, duplicate: 1 } })
  expect((await store.status()).partitions.map(({ events }) => events)).toEqual([1, 1])
  expect(ids(await search(store))).toEqual([idAt(0), idAt(1)])
})

test('a disk with too little room refuses batches and says so', async () => {
  const store = await open(folders.make(), { minimumFree: Number.MAX_SAFE_INTEGER })
  await expect(store.write(batchOf(1, [eventAt(0)]))).rejects.toThrow(StoreFullError)
  expect(await store.status()).toMatchObject({ ready: false, events: 0 })
})

test('a second process is refused the folder of a first', async () => {
  const path = folders.make()
  await open(path)
  await expect(openEmbeddedStore({ path })).rejects.toThrow(OperatorError)
  await expect(openEmbeddedStore({ path })).rejects.toThrow('is in use by another process')
})

test('a folder that can not be used is a sentence', async () => {
  const file = join(folders.make(), 'file')
  writeFileSync(file, '')
  await expect(openEmbeddedStore({ path: join(file, 'store') })).rejects.toThrow(OperatorError)
})

test('many small batches end in few segments, and are all found', async () => {
  const path = folders.make()
  const store = await open(path)
  for (let i = 0; i < 150; i++) await store.write(batchOf(i + 1, [eventAt(i * 2 + 1), eventAt(i * 2)]))
  expect(ids(await search(store))).toEqual(Array.from({ length: 300 }, (_, i) => idAt(i)))
})

test('searches during storing and merging see every acknowledged event, each once', async () => {
  const store = await open()
  let acknowledged = 0
  let writing = true
  const write = async (): Promise<void> => {
    for (let i = 0; i < 120; i++) {
      await store.write(batchOf(i + 1, [eventAt(i * 3), eventAt(i * 3 + 1), eventAt(i * 3 + 2)]))
      acknowledged += 3
    }
    writing = false
  }
  const read = async (): Promise<void> => {
    while (writing) {
      const least = acknowledged
      const found = ids(await search(store))
      expect(new Set(found).size).toBe(found.length)
      expect(found.length).toBeGreaterThanOrEqual(least)
    }
  }
  await Promise.all([write(), read(), read()])
  expect(ids(await search(store))).toHaveLength(360)
})

test('a dead letter that is an event after all is stored in its place when it is replayed', async () => {
  const path = folders.make()
  const store = await open(path)
  await store.write(batchOfLines(4, [canonical(eventAt(0)), 'no event', canonical(eventAt(2))]))
  await store.close()
  // The row is as if an older version had refused a line that this one accepts.
  const control = new DatabaseSync(join(path, 'control.db'))
  control.prepare('UPDATE dead_letters SET line = ?').run(Buffer.from(canonical(eventAt(1))))
  control.close()

  const opened = await open(path, { now: () => INGESTED + 1000 })
  const { letters } = await opened.deadLetters.list({ limit: 1 })
  const additions = { user_agent: { name: 'curl' } }
  expect(await opened.deadLetters.replay(letters[0]!.id, additions)).toEqual({ stored: true })
  expect(await opened.deadLetters.list({ limit: 1 })).toMatchObject({ total: 0 })
  expect(await opened.get(idAt(1))).toMatchObject({
    ...additions,
    audit: {
      derived: ['related.user', 'user_agent.name'],
      seal: { agent: AGENT, sequence: 4, position: 1 },
    },
  })
  expect(ids(await search(opened))).toEqual([idAt(0), idAt(1), idAt(2)])
  expect((await opened.status()).events).toBe(3)
})

test('a revision of what another partition of the category has is one, too', async () => {
  const store = await open()
  await store.write(batchOf(1, [row(1)]))
  const changed = row(1, 'changed')
  const ingested = INGESTED + 365 * 86_400_000
  for (const sequence of [2, 3]) await store.write(batchOf(sequence, [changed], { ingested }))
  const revisions = {
    query: { kind: 'exists', field: 'audit.revision_of' },
    order: 'oldest',
    limit: 9,
  } as const
  expect((await store.status()).partitions.map(({ events }) => events)).toEqual([1, 1])
  expect(ids(await store.search(revisions))).toEqual([revisionOf(changed)])
})

/** How often this process has a partition's database open. */
const openings = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd)).startsWith(join(path, 'partitions'))
    } catch {
      return false
    }
  }).length

test.runIf(process.platform === 'linux')(
  'the status opens no partition whose log is empty, and says how much it holds',
  async () => {
    const path = folders.make()
    const first = await open(path)
    await first.write(batchOf(1, [eventAt(0), eventAt(1)]))
    const inLog = await first.status()
    await first.close()
    const store = await open(path)
    const before = openings(path)
    const status = await store.status()
    expect(openings(path)).toBe(before)
    expect(status.partitions).toEqual(inLog.partitions)
    expect(status.partitions[0]?.bytes).toBeGreaterThan(0)
  },
)
