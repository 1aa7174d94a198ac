import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { sha256 } from '../../schema/index.ts'
import { openSecretBox } from '../ingest/index.ts'
import { openEmbeddedSource, openEmbeddedStore, type Store, StoreFullError } from '../store/index.ts'
import { batchOf, eventAt, INGESTED, temporaryFolders } from '../store/testing/batches.ts'
import { eventsOf, fill } from '../store/testing/consignments.ts'
import { copyAll, demandAtHome, finishMove, type Side } from './index.ts'

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

const ground = { settled: async () => {} }
const now = (): number => INGESTED

interface Pair {
  readonly from: Side
  readonly to: Side
}

/** A filled store and an empty one, as the command opens them. */
async function pair(fills: (store: Store) => Promise<void> = fill): Promise<Pair> {
  const [old, young] = [folders.make(), folders.make()]
  const from = await open(old)
  await fills(from)
  await writeFile(join(old, 'indexer-key.pem'), 'a key')
  return {
    from: { store: from, place: 'the old store', indexer: { folder: old, secretsKey: null } },
    to: { store: await open(young), place: 'the new store', indexer: { folder: young, secretsKey: null } },
  }
}

const copy = ({ from, to }: Pair) =>
  copyAll({ source: from.store, target: to.store, from: from.place, to: to.place, now })
const finish = (sides: Pair, acceptsDamage = false) =>
  finishMove({ ...sides, acceptsDamage, now, say: () => {} })

test('everything goes: events, dead letters, records with their secrets, the identity of the indexer', async () => {
  const sides = await pair(async (store) => {
    await fill(store)
    await store.records.put('saved-searches', 'jane', [{ name: 'mine' }], null)
    await store.records.put('expiry', 'change-2026-01-01', { run: 'x' }, null)
  })
  const { from, to } = sides
  const secret = Buffer.from('a secret')
  const box = await openSecretBox({ folder: from.indexer.folder, setting: null, random: randomBytes })
  const sealed = box.seal(secret, 'second-factor/jane')
  await from.store.records.put('user', 'jane', { name: 'jane', secondFactor: { secret: sealed } }, null)
  await copy(sides)
  // In the meantime a letter is discarded, a record changes, and another goes.
  const { letters } = await from.store.deadLetters.list({ limit: 1 })
  await from.store.deadLetters.discard(letters[0]!.id)
  await from.store.records.put('settings', 'events', { off: ['a'] }, null)
  const shared = { ...to, indexer: { ...to.indexer, secretsKey: 'another key of at least 32 characters' } }
  const statement = await finish({ from, to: shared })
  expect(await eventsOf(to.store, ground)).toEqual(await eventsOf(from.store, ground))
  expect(statement).toMatchObject({ waybills: 10, chains: 2, damage: [], records: 3, gaps: 1 })
  const there = await to.store.records.get('user', 'jane')
  const { secondFactor } = there!.value as { secondFactor: { secret: string } }
  expect(secondFactor.secret).not.toBe(sealed)
  const other = await openSecretBox({
    folder: to.indexer.folder,
    setting: shared.indexer.secretsKey,
    random: randomBytes,
  })
  expect(other.open(secondFactor.secret, 'second-factor/jane')).toEqual(secret)
  expect(await to.store.records.kinds()).toEqual(['move', 'saved-searches', 'settings', 'user'])
  expect(await readFile(join(to.indexer.folder, 'indexer-key.pem'), 'utf8')).toBe('a key')
  expect((await to.store.deadLetters.list({ limit: 10 })).total).toBe(
    (await from.store.deadLetters.list({ limit: 10 })).total,
  )
  await expect(demandAtHome(from.store.records)).rejects.toThrow('was moved to the new store')
  await demandAtHome(to.store.records)
  await expect(finish(sides)).rejects.toThrow('already has what was moved')
})

test('a copy continues where it was, and takes what has come meanwhile', async () => {
  const sides = await pair()
  const first = await copy(sides)
  await sides.from.store.write(batchOf(10, [eventAt(1000)]))
  expect(await copy(sides)).toMatchObject({ waybills: first.waybills + 1, events: first.events + 1 })
  await expect(demandAtHome(sides.to.store.records)).rejects.toThrow('is not finished')
  await finish(sides)
})

test('a target that has anything of its own, or of another move, is refused', async () => {
  const sides = await pair()
  const used = await open()
  await used.write(batchOf(1, [eventAt(5)]))
  await expect(copy({ ...sides, to: { ...sides.to, store: used } })).rejects.toThrow('not empty')
  const started = await open()
  await started.records.put('user', 'admin', { name: 'admin' }, null)
  await expect(copy({ ...sides, to: { ...sides.to, store: started } })).rejects.toThrow('not empty')
  await copy(sides)
  const other = { ...sides.from, place: 'a third store' }
  await expect(copy({ ...sides, from: other })).rejects.toThrow('is the target of a move from the old store')
})

test('a folder of another indexer is refused, and the source serves again', async () => {
  const sides = await pair()
  await writeFile(join(sides.to.indexer.folder, 'indexer-key.pem'), 'another key')
  await expect(finish(sides)).rejects.toThrow('is of another indexer')
  await demandAtHome(sides.from.store.records)
  expect(await sides.from.store.write(batchOf(10, [eventAt(1000)]))).toMatchObject({ kind: 'stored' })
})

test('a full target is reported, and the copy continues once there is room', async () => {
  const sides = await pair()
  const folder = folders.make()
  const full = await open(folder, { minimumFree: 2 ** 60 })
  await expect(copy({ ...sides, to: { ...sides.to, store: full } })).rejects.toThrow(StoreFullError)
  await full.close()
  const store = await open(folder)
  expect(await copy({ ...sides, to: { ...sides.to, store } })).toMatchObject({ waybills: 10 })
})

/** Opens the store again after a change to one of its files. */
async function changed({ from, ...rest }: Pair, sql: string): Promise<Pair> {
  const { folder } = from.indexer
  await from.store.close()
  const { partitions } = await (async () => {
    const store = await openEmbeddedStore({ path: folder })
    const status = await store.status()
    await store.close()
    return status
  })()
  const { name } = partitions.find(({ category }) => category === 'security')!
  const database = new DatabaseSync(join(folder, 'partitions', `${name}.db`))
  database.exec(sql)
  database.close()
  return { from: { ...from, store: await open(folder) }, ...rest }
}

test('a damaged event of the source is named; it stays behind only if an operator accepts that', async () => {
  const sides = await changed(await pair(), "UPDATE chunks SET bytes = x'28b52ffd00'")
  expect((await copy(sides)).damaged).toMatchObject([{ agent: 'agent-1', sequence: 1 }])
  await expect(finish(sides)).rejects.toThrow(/waybill 1 of agent-1, .*chunk 1 of security-.* is damaged/s)
  await demandAtHome(sides.from.store.records)
  const { damage, events } = await finish(sides, true)
  expect(damage).toMatchObject([expect.stringContaining('waybill 1 of agent-1')])
  expect(events).toBe((await sides.to.store.status()).events)
})

test('an event of the source that was changed afterwards is named by the root of its waybill', async () => {
  const { zstdCompressSync } = await import('node:zlib')
  const forged = zstdCompressSync(
    JSON.stringify(eventAt(1, { audit: { category: 'security' }, message: 'forged' })),
  )
  const sides = await changed(await pair(), `UPDATE chunks SET bytes = x'${forged.toString('hex')}'`)
  await expect(finish(sides)).rejects.toThrow('another root than the one that its agent signed')
})

test('an event of the target that differs is found', async () => {
  const sides = await pair()
  await copy(sides)
  const { to, from } = sides
  const { folder } = to.indexer
  await to.store.close()
  const { partitions } = await from.store.status()
  const { name } = partitions.find(({ category }) => category === 'view')!
  const database = new DatabaseSync(join(folder, 'partitions', `${name}.db`))
  database.exec('DELETE FROM additions')
  database.close()
  const store = await open(folder)
  await expect(finish({ from, to: { ...to, store } })).rejects.toThrow('waybills 1 to 64 of agent-1')
})

test('what the retention of the source removed meanwhile goes from the target, too', async () => {
  const sides = await pair()
  await copy(sides)
  const { store } = sides.from
  const { partitions } = await store.storage()
  const { name } = partitions.find(({ category, open: isOpen }) => category === 'view' && !isOpen)!
  expect(await store.expire(name, INGESTED + 1)).toBe(true)
  expect(await finish(sides)).toMatchObject({ waybills: 10 })
  expect(await eventsOf(sides.to.store, ground)).toEqual(await eventsOf(store, ground))
})

test('the alert rules continue after the last event that they judged', async () => {
  const sides = await pair(async (store) => {
    await store.write(batchOf(1, [eventAt(0), eventAt(10)]))
    const after = await store.arrivalsEnd()
    await store.records.put('alert-engine', 'place', { after, at: 5 }, null)
    await store.write(batchOf(2, [eventAt(20), eventAt(30), eventAt(40)]))
  })
  await finish(sides)
  const { store } = sides.to
  const { value } = (await store.records.get('alert-engine', 'place'))!
  expect(value).toMatchObject({ at: 5 })
  const { after } = value as { after: string }
  const { events } = await store.arrivals({ query: { kind: 'all' }, after, limit: 10 })
  expect(events.map(({ message }) => message)).toEqual(['number 20', 'number 30', 'number 40'])
})

test('a store that another process writes to is read without its lock, waybills that are packed meanwhile too', async () => {
  const { from } = await pair()
  const source = await openEmbeddedSource(from.indexer.folder)
  try {
    const seen: string[] = []
    let after: string | null = null
    const read = async (): Promise<void> => {
      for (;;) {
        const page = await source.consignments.list({ after, limit: 50 })
        seen.push(...page.consignments.map(({ agent, sequence }) => `${agent}/${sequence}`))
        after = page.next
        if (page.isEnd) return
      }
    }
    await read()
    for (let n = 20; n < 700; n++) {
      await from.store.write(batchOf(n, [eventAt(n * 10)]))
      if (n % 100 === 0) await read()
    }
    await read()
    expect(new Set(seen).size).toBe(690)
    const all = await source.consignments.list({ after: null, limit: 1000 })
    expect(all.consignments.filter(({ waybill }) => waybill !== null).length).toBe(690)
    expect(sha256(all.consignments.at(-1)!.waybill!.manifest)).toBe(batchOf(699, [eventAt(6990)]).hash)
  } finally {
    await source.close()
  }
})

test('a store of an older format is read only after an indexer of this version has converted it', async () => {
  const folder = folders.make()
  await (await openEmbeddedStore({ path: folder })).close()
  const database = new DatabaseSync(join(folder, 'control.db'))
  database.exec("UPDATE meta SET value = '5' WHERE key = 'layout'")
  database.close()
  await expect(openEmbeddedSource(folder)).rejects.toThrow('start an indexer of this version')
  await expect(openEmbeddedSource(folders.make())).rejects.toThrow('there is no store')
})
