import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { type AuditEvent, canonical, sealedPart } from '../../../../schema/index.ts'
import { openEmbeddedStore, type Store } from '../../index.ts'
import { batchOf, eventAt, temporaryFolders } from '../../testing/batches.ts'
import { everything } from '../../testing/reference.ts'

const folders = temporaryFolders()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  folders.remove()
})

async function open(path: string): Promise<Store> {
  const store = await openEmbeddedStore({ path, idle: 600_000 })
  stores.push(store)
  return store
}

/** Audit lines of about 1.2 KB. */
const EVENTS: readonly AuditEvent[] = Array.from({ length: 1500 }, (_, i) =>
  eventAt(i * 430, {
    event: {
      ...(eventAt(i * 430).event as object),
      original:
        `${JSON.stringify({ who: `user${i % 40}`, order: (i * 7919) % 100_003, did: 'update' })} `.repeat(10),
    },
  }),
)

/** Stores the events in batches of this size. */
async function stored(path: string, each: number): Promise<void> {
  const store = await open(path)
  const batches = []
  for (let from = 0; from < EVENTS.length; from += each)
    batches.push(batchOf(batches.length + 1, EVENTS.slice(from, from + each)))
  for (let from = 0; from < batches.length; from += 16)
    await Promise.all(batches.slice(from, from + 16).map((batch) => store.write(batch)))
  await store.close()
  stores.length = 0
}

/** Bytes that tables of a database take. */
const taken = (file: string, ...tables: string[]): number =>
  rows(file, `SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN ('${tables.join("','")}')`)[0]!.bytes!

const partitions = (path: string): string[] =>
  readdirSync(join(path, 'partitions')).map((file) => join(path, 'partitions', file))

function rows(file: string, sql: string): Record<string, number>[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database.prepare(sql).all() as Record<string, number>[]
  } finally {
    database.close()
  }
}

it('lines of one event at a time take less than three times the room of many together, their waybills are packed, and all come back byte for byte', async () => {
  const [path, other] = [folders.make(), folders.make()]
  await stored(path, 1)
  await stored(other, EVENTS.length)
  const linesIn = (one: string): number => taken(partitions(one)[0]!, 'chunks', 'blocks')
  expect(linesIn(path) / linesIn(other)).toBeLessThan(3)
  const control = join(path, 'control.db')
  const packed = rows(control, 'SELECT sum(last - first + 1) AS waybills FROM packed_waybills')[0]!.waybills!
  expect(packed).toBeGreaterThanOrEqual(1024)
  // A row takes 1,060 bytes.
  expect(taken(control, 'packed_waybills', 'packed_waybills_by_key') / packed).toBeLessThan(200)

  const count = (): Record<string, number>[] =>
    rows(partitions(path)[0]!, 'SELECT count(*) AS chunks, sum(block IS NULL) AS loose FROM chunks')
  const before = count()[0]!
  expect(before.chunks).toBe(EVENTS.length)
  expect(before.loose).toBeLessThan(500)
  const store = await open(path)
  const found = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
  expect(found.map((event) => canonical(sealedPart(event)))).toEqual(EVENTS.map(canonical))
  // Events that were in small chunks when the store was closed are packed with the next ones, and all of them are known.
  for (const [i, event] of EVENTS.entries())
    if (i % 50 === 0)
      expect(await store.write(batchOf(2000 + i, [event]))).toMatchObject({ result: { duplicate: 1 } })
  for (let i = 0; i < 400; i += 16)
    await Promise.all(
      Array.from({ length: 16 }, (_, k) =>
        store.write(
          batchOf(5000 + i + k, [
            { ...EVENTS[i + k]!, ...eventAt(9_000_000 + i + k), message: 'x'.repeat(1300) },
          ]),
        ),
      ),
    )
  expect(count()[0]!.loose).toBeLessThan(500)
  const all = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
  expect(all).toHaveLength(EVENTS.length + 400)
}, 240_000)
