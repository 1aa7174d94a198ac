import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { Secret } from '../../../config/index.ts'
import { canonical, textAt } from '../../../schema/index.ts'
import { verify } from '../../log/verify/index.ts'
import { parseQuery } from '../../query/index.ts'
import { openEmbeddedStore } from '../../store/index.ts'
import type { Consignment } from '../../store/port.ts'
import { INGESTED, temporaryFolders } from '../../store/testing/batches.ts'
import { fill } from '../../store/testing/consignments.ts'
import { everything } from '../../store/testing/reference.ts'
import { archiveEvidence } from './evidence.ts'
import { KeyRing } from './keys.ts'
import { readArchive } from './open.ts'
import { ArchiveObject } from './read.ts'
import { oncePer, Restores, restoresIn } from './restore.ts'
import { searchObject } from './search.ts'
import { actsOnly, DAY, filesIn, fillDays, type Ground, ground, KEY, ring } from './testing/ground.ts'

const ALL = { kind: 'all' } as const
const folders = temporaryFolders()
const open: Ground[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  folders.remove()
})

async function grounded(...given: Parameters<typeof ground>): Promise<Ground> {
  const made = await ground(...given)
  open.push(made)
  return made
}

async function everythingIn({ archive, destination, keys }: Ground): Promise<Consignment[]> {
  const all: Consignment[] = []
  for (const { name } of await archive.catalogue.objects()) {
    const object = await ArchiveObject.open(name, { destination, keys })
    for await (const consignment of object.consignments()) all.push(consignment)
  }
  return all
}

test('closed partitions of categories with an archive time are archived by day, read back, and then held', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fillDays(here.store, 3)
  here.now = INGESTED + 5 * DAY
  expect(await here.archive.round()).toEqual([
    'security-2026-11-01',
    'security-2026-11-03',
    'change-2026-11-01',
    'change-2026-11-03',
  ])
  const objects = await here.archive.catalogue.objects()
  expect(objects.map(({ name, events }) => [name, events])).toEqual([
    ['change/2026/11/02/change-2026-11-01.1.wba', 15],
    ['change/2026/11/03/change-2026-11-03.1.wba', 15],
    ['change/2026/11/04/change-2026-11-03.2.wba', 15],
    ['security/2026/11/02/security-2026-11-01.1.wba', 5],
    ['security/2026/11/03/security-2026-11-03.1.wba', 5],
    ['security/2026/11/04/security-2026-11-03.2.wba', 5],
  ])
  expect(filesIn(join(folder, 'archive'))).toEqual(['README.md', ...objects.map(({ name }) => name)])
  for (const partition of (await here.store.storage()).partitions) {
    expect(await here.archive.holds(partition)).toBe(!partition.open)
    if (!partition.open) await here.archive.confirm(partition)
  }
  expect(here.acts.map(({ action, count }) => [action, count])).toEqual([
    ['archive-write', 5],
    ['archive-write', 10],
    ['archive-write', 15],
    ['archive-write', 30],
  ])
  expect(await here.archive.round()).toEqual([])
})

test('what comes out of the archive, put into an empty store, shows and proves the same', async () => {
  const here = await grounded(folders.make())
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const other = await openEmbeddedStore({ path: folders.make() })
  try {
    const seen = new Set<string>()
    await other.consignments.put((await everythingIn(here)).map((one) => oncePer(one, seen)))
    const archived = (await everything(here.store, { query: ALL, order: 'oldest', limit: 1000 })).filter(
      (event) => textAt(event, 'audit.category') !== 'view',
    )
    const found = await everything(other, { query: ALL, order: 'oldest', limit: 1000 })
    expect(found.map(canonical)).toEqual(archived.map(canonical))
  } finally {
    await other.close()
  }
})

test('one event is read alone by its id, as searches show it', async () => {
  const here = await grounded(folders.make())
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const objects = await Promise.all(
    (await here.archive.catalogue.objects()).map(({ name }) => ArchiveObject.open(name, here)),
  )
  for (const event of await everything(here.store, { query: ALL, order: 'oldest', limit: 1000 })) {
    const id = textAt(event, 'event.id') ?? ''
    const found = (await Promise.all(objects.map((object) => object.find(id)))).filter((one) => one !== null)
    if (textAt(event, 'audit.category') === 'view') expect(found).toEqual([])
    else {
      const { words, ...audit } = event.audit as { words: string }
      expect(words).toBeTypeOf('string')
      expect(found.map((one) => canonical(one.event))).toEqual([canonical({ ...event, audit })])
    }
  }
  expect(await objects[0]!.find('0'.repeat(40))).toBeNull()
})

test('an archive is searched through its index, and finds what the store finds', async () => {
  const here = await grounded(folders.make())
  await fillDays(here.store, 4, 4000)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const objects = await Promise.all(
    (await here.archive.catalogue.objects()).map(({ name }) => ArchiveObject.open(name, here)),
  )
  const asked = [
    'message: "number 77770"',
    'user: joe',
    'nothing.of.the.kind or "Ünïcode"',
    'entity: customer and not user: user1',
    'number 3*',
    'event.action: RECORD.update and message: 10',
  ]
  for (const text of asked) {
    const query = parseQuery(text, { now: here.now })
    const ids: string[] = []
    let [read, blocks] = [0, 0]
    for (const object of objects) {
      let last = { blocks: 0, read: 0 }
      for await (const event of searchObject(object, { query }, (some) => {
        last = some
      }))
        ids.push(textAt(event, 'event.id') ?? '')
      read += last.read
      blocks += last.blocks
    }
    const found = (await everything(here.store, { query, order: 'oldest', limit: 1000 })).filter(
      (event) => textAt(event, 'audit.category') !== 'view',
    )
    expect(ids.sort(), text).toEqual(found.map((event) => textAt(event, 'event.id')).sort())
    if (text === asked[0]) expect(read).toBeLessThan(blocks / 4)
  }
})

test('keys are rotated without rewriting, and the old key is needed no more', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fillDays(here.store, 2)
  here.now = INGESTED + 5 * DAY
  await here.archive.round()
  const objects = await here.archive.catalogue.objects()
  const before = objects.map(({ name }) => readFileSync(join(folder, 'archive', name)).toString('hex'))
  await here.close()
  open.length = 0

  const other = 'cd'.repeat(32)
  const both = new KeyRing(
    [
      { id: 'second', key: new Secret(other) },
      { id: 'first', key: new Secret(KEY) },
    ],
    randomBytes,
  )
  const rotated = await grounded(folder, { keys: both, now: here.now })
  expect(await rotated.archive.rotateKeys({ name: 'anna' })).toBe(objects.length)
  expect(await rotated.archive.rotateKeys({ name: 'anna' })).toBe(0)
  expect(objects.map(({ name }) => readFileSync(join(folder, 'archive', name)).toString('hex'))).toEqual(
    before,
  )
  for (const { name } of objects) {
    const parts = { destination: rotated.destination, keys: ring(other, 'second') }
    await (await ArchiveObject.open(name, parts)).verify()
    const old = { destination: rotated.destination, keys: ring() }
    await expect(ArchiveObject.open(name, old)).rejects.toThrow(
      /key "second", which archive.keys does not have/,
    )
  }
  expect((await rotated.archive.catalogue.objects()).map(({ key }) => key)).toEqual(
    objects.map(() => 'second'),
  )
  expect(rotated.acts.map(({ action }) => action)).toEqual(['archive-rotate-key'])
})

test('a query is exported as an archive of its own, and each of its lines is proved', async () => {
  const here = await grounded(folders.make())
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  const [object] = await here.archive.export(
    { name: 'case-7', query: 'user: joe', until: null },
    { name: 'anna' },
  )
  expect(object).toMatchObject({ name: 'query/case-7.1.wba', events: 1, until: null, problem: null })
  const opened = await ArchiveObject.open(object!.name, here)
  await opened.verify()
  expect(opened.contents.of).toEqual({ kind: 'query', query: 'user: joe', part: 1 })
  await expect(
    here.archive.export({ name: 'none', query: 'user: nobody', until: null }, { name: 'anna' }),
  ).rejects.toThrow('finds no event')
  await expect(
    here.archive.export({ name: 'case-7', query: 'user: joe', until: null }, { name: 'anna' }),
  ).rejects.toThrow('another name')
  expect(here.acts[0]).toMatchObject({ action: 'archive-export', by: { name: 'anna' } })
})

test('objects leave the archive at the end of their time, once, with an event of the trail', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fillDays(here.store, 1)
  here.now = INGESTED + 5 * DAY
  await here.archive.round()
  const before = (await here.archive.catalogue.objects()).length
  here.now = INGESTED + 100 * DAY
  await here.archive.round()
  expect((await here.archive.catalogue.objects()).length).toBe(before)
  here.now = INGESTED + 100 * DAY + 2000
  await here.archive.round()
  await here.archive.round()
  expect(await here.archive.catalogue.objects()).toEqual([])
  expect(filesIn(join(folder, 'archive'))).toEqual(['README.md'])
  expect(here.acts.filter(({ action }) => action === 'archive-expire')).toHaveLength(before)
})

test('a legal hold keeps each object that has an event of it, until it ends', async () => {
  const here = await grounded(folders.make())
  await fillDays(here.store, 1)
  here.now = INGESTED + 5 * DAY
  await here.archive.round()
  const asked = { query: 'event.sequence: 10', case: 'Doe v. Roe', until: null }
  const hold = await here.holds.add(asked, { name: 'anna' })
  here.now = INGESTED + 120 * DAY
  await here.archive.round()
  expect((await here.archive.catalogue.objects()).map(({ name }) => name)).toEqual([
    'change/2026/11/02/change-2026-11-01.1.wba',
  ])
  await here.holds.end(hold.id, { name: 'anna' })
  await here.archive.round()
  expect(await here.archive.catalogue.objects()).toEqual([])
  expect(here.acts.map(({ action }) => action).filter((action) => action.startsWith('hold'))).toEqual([
    'hold-add',
    'hold-end',
  ])
})

test('archived events are restored into a store of their own, searchable until the end date', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const { trail, acts } = actsOnly()
  const make = (): Restores =>
    new Restores({
      records: here.store.records,
      archive: here.archive,
      place: restoresIn(folder, () => here.now),
      trail,
      clock: () => here.now,
      random: randomBytes,
      log: pino({ level: 'silent' }),
    })
  const restores = make()
  const wanted = { from: 0, to: here.now, categories: null, until: here.now + DAY }
  const { id, of } = await restores.begin(wanted, { name: 'anna' })
  await restores.settled()
  expect(await restores.get(id)).toMatchObject({ state: 'ready', events: of, problem: null })
  const restored = await everything(await restores.store(id), { query: ALL, order: 'oldest', limit: 1000 })
  const stored = await everything(here.store, { query: ALL, order: 'oldest', limit: 1000 })
  expect(restored.map(canonical)).toEqual(
    stored.filter((event) => textAt(event, 'audit.category') !== 'view').map(canonical),
  )
  await restores.close()
  // Interrupted in the middle, it begins anew and ends with the same.
  const record = (await here.store.records.get('restore', id))!
  await here.store.records.put(
    'restore',
    id,
    { ...(record.value as object), state: 'copying' },
    record.version,
  )
  const again = make()
  await again.round()
  await again.settled()
  expect(await again.get(id)).toMatchObject({ state: 'ready', events: of })
  const same = await everything(await again.store(id), { query: ALL, order: 'oldest', limit: 1000 })
  expect(same.map(canonical)).toEqual(restored.map(canonical))
  here.now += DAY
  await again.round()
  expect(await again.list()).toEqual([])
  expect(filesIn(folder).filter((name) => name.startsWith('restored'))).toEqual([])
  expect(acts.map(({ action, by }) => [action, by.name])).toEqual([
    ['archive-restore', 'anna'],
    ['archive-restore-end', 'archive'],
  ])
  await expect(
    again.begin({ ...wanted, from: here.now, until: here.now + DAY }, { name: 'anna' }),
  ).rejects.toThrow('no object of this time')
  await again.close()
})

test('an archive is verified like a store: each of its waybills has its signed root', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const source = archiveEvidence(
    await readArchive({
      folder: join(folder, 'archive'),
      keys: [{ id: 'first', key: new Secret(KEY) }],
      'delete-after': true,
      exports: [],
    }),
  )
  const report = await verify({ source, policy: null, now: () => here.now })
  // The batches of this test have no real signatures and do not name each other, and no log is beside them.
  const kinds = new Set(report.findings.map(({ kind }) => kind))
  for (const kind of ['key-unknown', 'signature-invalid', 'chain-broken', 'log-missing'] as const)
    kinds.delete(kind)
  expect([...kinds]).toEqual([])
  expect(report.events).toBe(14)
  expect(report.proved).toBe(report.waybills)
})

test('a damaged object is named by a verification, and the others are verified all the same', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const place = join(folder, 'archive')
  const objects = filesIn(place).filter((name) => name.endsWith('.wba'))
  const [first = ''] = objects
  const bytes = readFileSync(join(place, first))
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(join(place, first), bytes)
  const keys = [{ id: 'first', key: new Secret(KEY) }]
  const source = archiveEvidence(
    await readArchive({ folder: place, keys, 'delete-after': true, exports: [] }),
  )
  const report = await verify({ source, policy: null, now: () => here.now })
  expect(report.verdict).toBe('findings')
  expect(report.findings.filter(({ kind }) => kind === 'archive-damaged')).toEqual([
    expect.objectContaining({ object: first, weight: 'wrong' }),
  ])
  expect(report.events).toBeGreaterThan(0)
  expect(report.events).toBeLessThan(14)
})

test('an object that somebody removed is found within a day, and a place that is not mounted is not taken for that', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const place = join(folder, 'archive')
  const [first = ''] = filesIn(place).filter((name) => name.endsWith('.wba'))
  here.now += DAY
  renameSync(place, `${place}-elsewhere`)
  mkdirSync(place)
  await expect(here.archive.round()).rejects.toThrow('check that it is mounted')
  rmSync(place, { recursive: true })
  renameSync(`${place}-elsewhere`, place)
  rmSync(join(place, first))
  await here.archive.round()
  expect((await here.archive.catalogue.object(first))?.problem).toContain('somebody removed it')
  expect(here.acts.filter(({ action }) => action === 'archive-damage').length).toBe(1)
})

test('the tiles of the transparency log are beside the objects, and none is written twice', async () => {
  const folder = folders.make()
  const log = join(folder, 'log')
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(log, path)), { recursive: true })
    writeFileSync(join(log, path), text)
  }
  put('tile/0/000.p/3', 'part')
  put('checkpoint', 'first')
  put('state.json', 'private')
  const here = await grounded(folder, { logFolder: log })
  await fillDays(here.store, 3)
  here.now = INGESTED + 2 * DAY
  await here.archive.round()
  const copied = (): string[] => filesIn(join(folder, 'archive', 'log'))
  expect(copied()).toEqual(['checkpoint', 'tile/0/000.p/3'])
  put('tile/0/000', 'full')
  put('tile/0/001.p/1', 'part')
  put('checkpoint', 'second')
  here.now = INGESTED + 9 * DAY
  await here.archive.round()
  expect(copied()).toEqual(['checkpoint', 'tile/0/000', 'tile/0/001.p/1'])
  expect(readFileSync(join(folder, 'archive', 'log', 'checkpoint'), 'utf8')).toBe('second')
})

test('scheduled exports write each period that has ended once, also when nothing happened in it', async () => {
  const exports = [
    { name: 'monthly', query: 'user: user1', every: 'month', keep: 400 * DAY } as const,
    { name: 'daily', query: '', every: 'day' } as const,
  ]
  const here = await grounded(folders.make(), { exports })
  // From the 2nd to the 5th of November.
  await fillDays(here.store, 4)
  const names = async (): Promise<[string, number, number | null][]> =>
    (await here.archive.catalogue.objects()).flatMap(({ name, of, events, until }) =>
      of.kind === 'query' ? [[name, events, until]] : [],
    )
  here.now = Date.UTC(2026, 10, 5, 0, 59)
  await here.archive.round()
  expect(await names()).toEqual([['query/daily-2026-11-03.1.wba', 20, null]])
  here.now = Date.UTC(2026, 10, 5, 1)
  await here.archive.round()
  await here.archive.round()
  expect((await names()).map(([name]) => name)).toEqual([
    'query/daily-2026-11-03.1.wba',
    'query/daily-2026-11-04.1.wba',
  ])
  here.now = Date.UTC(2026, 11, 1, 2)
  await here.archive.round()
  await here.archive.round()
  // A third of the events is of this user.
  expect((await names()).at(-1)).toEqual([
    'query/monthly-2026-11.1.wba',
    27,
    Date.UTC(2026, 11, 1) + 400 * DAY,
  ])
  expect(here.acts.filter(({ action }) => action === 'archive-export')).toHaveLength(5)
})

const PYTHON = process.env.WAYBILL_PYTHON ?? 'python3'
const hasPackages = spawnSync(PYTHON, ['-c', 'import cryptography, zstandard']).status === 0
const SCRIPT = fileURLToPath(new URL('../../../docs/vectors/read_archive.py', import.meta.url))

test.skipIf(!hasPackages)('the published script reads and verifies an object without Waybill', async () => {
  const folder = folders.make()
  const here = await grounded(folder)
  await fill(here.store)
  here.now = INGESTED + 90 * DAY
  await here.archive.round()
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, `${KEY}\n`)
  let events = 0
  for (const { name } of await here.archive.catalogue.objects()) {
    const file = join(folder, 'archive', name)
    const ran = spawnSync(PYTHON, [SCRIPT, keyFile, file], { encoding: 'utf8' })
    expect(ran.stderr).toContain('are sound')
    const object = await ArchiveObject.open(name, here)
    const lines: string[] = []
    for await (const one of object.consignments()) lines.push(...one.lines.map(({ line }) => line.toString()))
    expect(ran.stdout.split('\n').slice(0, -1)).toEqual(lines)
    events += lines.length
    const bytes = readFileSync(file)
    bytes[bytes.length - 40]! ^= 1
    writeFileSync(file, bytes)
    expect(spawnSync(PYTHON, [SCRIPT, keyFile, file], { encoding: 'utf8' }).stderr).toContain('was changed')
  }
  expect(events).toBeGreaterThan(8)
})
