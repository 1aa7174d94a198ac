import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { BulkDoor } from '../agent/inputs/http/index.ts'
import { HttpStage } from '../agent/inputs/http/testing/stage.ts'
import { KEY, Stage } from '../agent/inputs/syslog/testing/stage.ts'
import { loadIdentity } from '../agent/ship/index.ts'
import { SOURCE_A, spooledFiles, trial } from '../agent/ship/testing/trial.ts'
import { openState } from '../agent/state/index.ts'
import { packLines } from '../indexer/store/embedded/disk/packed/pack.ts'
import { FacetBook } from '../indexer/store/embedded/index/facets.ts'
import { mergeSegments } from '../indexer/store/embedded/index/segment/merge.ts'
import { Segment } from '../indexer/store/embedded/index/segment/read.ts'
import { MemorySource } from '../indexer/store/embedded/index/segment/source.ts'
import { FIXTURE_DOCS, plainSegment } from '../indexer/store/embedded/index/segment/testing/make.ts'
import { TextBooks } from '../indexer/store/embedded/index/segment/text-book.ts'
import { MemorySink } from '../indexer/store/embedded/index/segment/write.ts'
import { unpackFolder } from '../indexer/store/embedded/testing/packed-folder.ts'
import { openEmbeddedStore, type Store, type StoreBatch } from '../indexer/store/index.ts'
import {
  batchOf,
  batchOfLines,
  eventAt,
  INGESTED,
  temporaryFolders,
} from '../indexer/store/testing/batches.ts'
import { everything, filled, idOf, randomEvents } from '../indexer/store/testing/reference.ts'
import { type AuditEvent, canonical, sealedPart, sha256, valueAt } from '../schema/index.ts'
import { encodeWaybill } from '../schema/wire/index.ts'
import { readJournal } from './second-reader/journal.ts'
import { packedLines } from './second-reader/packed-lines.ts'
import { readSegment } from './second-reader/segment.ts'
import { readState } from './second-reader/state.ts'
import { readLines, readSegments, readWaybills, type StoredLine } from './second-reader/store.ts'
import { merkleRoot, readWaybill } from './second-reader/waybill.ts'

/** What Waybill writes is read by a reader that was made after docs/formats.md alone, and compared with what the product says of it. */
const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

async function open(path: string, idle: number): Promise<Store> {
  const store = await openEmbeddedStore({ path, pageTime: 60_000, idle })
  stores.push(store)
  return store
}

const databases = (path: string): string[] =>
  readdirSync(join(path, 'partitions')).filter((file) => file.endsWith('.db'))

/** Opens a store until all partitions of which there is a later one of their category are packed. */
async function rest(path: string): Promise<void> {
  const names = [...new Set(databases(path).map((file) => file.slice(0, file.indexOf('.'))))].sort()
  const category = (name: string | undefined): string | undefined => name?.split('-', 1)[0]
  const quiet = names.filter((name, i) => category(name) === category(names[i + 1]))
  expect(quiet.length).toBeGreaterThan(0)
  const store = await open(path, 10)
  await vi.waitFor(
    () => expect(databases(path).filter((file) => quiet.includes(file.slice(0, -'.db'.length)))).toEqual([]),
    { timeout: 60_000, interval: 50 },
  )
  await store.close()
}

/** That the second reader finds these events in a store, each as it was sealed, with its seal, and the segments know just them. */
function expectRead(path: string, events: readonly AuditEvent[]): void {
  const lines = [...readLines(path)]
  const byId = new Map(events.map((event) => [idOf(event), event]))
  expect(lines.map(({ id }) => id).sort()).toEqual([...byId.keys()].sort())
  for (const found of lines) {
    const event = byId.get(found.id)!
    expect(found.line.toString('utf8')).toBe(canonical(sealedPart(event)))
    const { agent, incarnation, sequence, position } = found
    expect(valueAt(event, 'audit.seal')).toMatchObject({ agent, incarnation, sequence, position })
    expect(valueAt(event, 'event.ingested')).toBe(new Date(found.ingested).toISOString())
    expect(found.id === found.sealedId).toBe(valueAt(event, 'audit.revision_of') === undefined)
    if (found.additions !== null) expect(event).toMatchObject(withoutRelated(found.additions))
  }
  expectInOrder(lines)
  const places = new Set(lines.map(({ partition, chunk, number }) => `${partition} ${chunk} ${number}`))
  for (const { partition, documents } of readSegments(path)) {
    expect(
      documents.facets.every((pair) => pair.every((text) => text.startsWith('{'))),
      partition,
    ).toBe(true)
    expect(documents.times).toEqual(documents.times.toSorted((a, b) => a - b))
    for (let doc = 0; doc < documents.times.length; doc++) {
      const place = `${partition} ${documents.chunks[doc]} ${documents.lines[doc]}`
      expect(places.delete(place), place).toBe(true)
    }
  }
  expect(places).toEqual(new Set())
}

/** `related` may say that an event has none. */
function withoutRelated(additions: unknown): object {
  const { related: _, ...others } = additions as Record<string, unknown>
  return others
}

/** Lines of one waybill and partition stand in the order in which they were sealed. */
function expectInOrder(lines: readonly StoredLine[]): void {
  const last = new Map<string, number>()
  for (const { partition, agent, incarnation, sequence, position } of lines) {
    const key = `${partition} ${agent} ${incarnation} ${sequence}`
    expect(position).toBeGreaterThan(last.get(key) ?? -1)
    last.set(key, position)
  }
}

function rowsOf(path: string, table: string): number {
  const control = new DatabaseSync(join(path, 'control.db'), { readOnly: true })
  try {
    return Number(control.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n)
  } finally {
    control.close()
  }
}

describe('a store', () => {
  test('has all that a proof needs while a line of a waybill is left: what has expired, came twice or is dead leaves its hash', async () => {
    const path = folders.make()
    const DAY = 86_400_000
    const store = await open(path, 600_000)
    const at = (i: number, category: string): AuditEvent => eventAt(i, { audit: { category } })
    const lines = Array.from({ length: 700 }, (_, i) => at(i, ['security', 'api', 'change'][i % 3]!))
    await store.write(batchOf(1, lines))
    await store.write(batchOf(2, [at(0, 'security'), at(1000, 'view'), at(1001, 'security')]))
    await store.write(batchOfLines(3, [canonical(at(2000, 'view')), 'no event', canonical(at(2001, 'view'))]))
    await store.write(batchOf(4, [at(3000, 'view'), at(3001, 'view')]))
    for (const category of ['api', 'view'])
      await store.write(
        batchOf(category.length, [at(4000, category)], { agent: 'later', ingested: INGESTED + 40 * DAY }),
      )
    const before = [...readLines(path)]
    const old = (await store.storage()).partitions.filter(
      ({ category, last }) => /api|view/.test(category) && last === INGESTED,
    )
    for (const { name } of old) expect(await store.expire(name, INGESTED + DAY)).toBe(true)
    await vi.waitFor(
      () =>
        expect(readdirSync(join(path, 'partitions')).filter((file) => file.endsWith('.expired'))).toEqual([]),
      { timeout: 20_000 },
    )
    const left = before.filter(({ partition }) => !old.some(({ name }) => name === partition))
    expect(left.length).toBeLessThan(before.length)
    expect([...readLines(path)]).toEqual(left)
    const waybills = readWaybills(path)
    const kept = [1, 2, 3, 4].map(
      (sequence) => waybills.get(`agent-1/0123456789abcdef0123456789abcdef/${sequence}`)!,
    )
    for (const { leaves, manifest } of kept)
      expect(merkleRoot(leaves.map((leaf) => leaf!)).toString('hex')).toBe(manifest.root)
    expect(kept.map(({ fates }) => fates)).toEqual([
      lines.map((_, i) => ['security', 'api', 'change'][i % 3]),
      [null, 'view', 'security'],
      ['view', null, 'view'],
      ['view', 'view'],
    ])
    await store.close()
  }, 120_000)

  test('keeps the hashes of what has expired also where the power went before', async () => {
    const path = folders.make()
    const store = await open(path, 600_000)
    const event = (i: number): AuditEvent => eventAt(i, { audit: { category: ['security', 'api'][i % 2] } })
    await store.write(
      batchOf(
        1,
        Array.from({ length: 300 }, (_, i) => event(i)),
      ),
    )
    const api = (await store.storage()).partitions.find(({ category }) => category === 'api')!
    await store.close()
    const left = [...readLines(path)].filter(({ partition }) => partition !== api.name)
    const file = join(path, 'partitions', api.name)
    renameSync(`${file}.db`, `${file}.expired`)
    const again = await open(path, 600_000)
    await vi.waitFor(() => expect(existsSync(`${file}.expired`)).toBe(false), { timeout: 20_000 })
    expect((await again.status()).events).toBe(150)
    await again.close()
    expect([...readLines(path)]).toEqual(left)
  }, 60_000)

  test('keeps waybills packed once there are many, and knows them as before', async () => {
    const path = folders.make()
    const store = await open(path, 10)
    const batches: StoreBatch[] = []
    // One names another before it than there is.
    for (let i = 0; i < 700; i++)
      batches.push(
        batchOf(i + 1, [eventAt(i)], {
          previous: i === 50 ? sha256('another') : (batches.at(-1)?.hash ?? null),
        }),
      )
    const late = batches.splice(100, 1)[0]!
    const first = await Promise.all(batches.map((batch) => store.write(batch)))
    await vi.waitFor(() => expect(rowsOf(path, 'packed_waybills')).toBe(2), { timeout: 20_000 })
    expect(rowsOf(path, 'waybills')).toBe(699 - 2 * 256)
    expect(await store.write(late)).toMatchObject({ again: false, links: { after: late.hash } })
    await store.close()
    const waybills = readWaybills(path)
    expect([...waybills.values()].map(({ manifestBytes }) => sha256(manifestBytes)).sort()).toEqual(
      [...batches, late].map(({ hash }) => hash).sort(),
    )
    for (const { signature, leaves, manifest } of waybills.values()) {
      expect(signature).toEqual(late.signature)
      expect(leaves.map((leaf) => leaf!.toString('hex'))).toEqual([manifest.root])
    }
    expect([...readLines(path)]).toHaveLength(700)
    const again = await open(path, 10)
    for (const [i, batch] of batches.entries()) {
      const { result } = first[i] as { result: unknown }
      expect(await again.write(batch)).toMatchObject({ kind: 'stored', again: true, result })
    }
    expect(await again.write(batchOf(7, [eventAt(9000)]))).toEqual({ kind: 'fork', hash: batches[6]!.hash })
    const next = await again.write(batchOf(701, [eventAt(9001)]))
    expect(next).toMatchObject({ again: false, links: { before: batches.at(-1)!.hash } })
    await again.close()
  }, 120_000)

  test('is read line by line, plain and at rest, with revisions, additions and events of other agents', async () => {
    const path = folders.make()
    const store = await open(path, 600_000)
    await filled(store, randomEvents(160, 3))
    // What another agent ships under a known id gets an id of its own, and other content again another one.
    const event = (text: string): AuditEvent => eventAt(700_001, { message: text })
    const author = { agent: 'agent-2', hosts: null, shared: [] }
    await store.write(batchOf(5000, [event('first')]))
    for (const [i, text] of ['second', 'third'].entries())
      await store.write(
        batchOf(5001 + i, [{ ...event(text), agent: { id: 'agent-2' } }], { agent: 'agent-2', author }),
      )
    // A dead letter among the lines, and two categories in one batch.
    const mixed = [eventAt(800_001), eventAt(800_002, { audit: { category: 'security' } }), eventAt(800_003)]
    await store.write(
      batchOfLines(5003, [canonical(mixed[0]), 'no event', canonical(mixed[1]), canonical(mixed[2])]),
    )
    const events = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
    await store.close()
    expectRead(path, events)
    const plain = [...readLines(path)]
    expect(plain.filter(({ id }) => id.slice(24, 36) === 'f'.repeat(12)).length).toBeGreaterThan(0)
    expect(plain.filter(({ id, sealedId }) => id !== sealedId).length).toBeGreaterThan(5)
    expect(plain.filter(({ additions }) => additions !== null).length).toBeGreaterThan(20)
    await rest(path)
    expectRead(path, events)
    expect([...readLines(path)]).toEqual(plain)
  }, 240_000)

  test.each(['layout-4', 'layout-5', 'layout-6', 'permuted'])(
    'of before (%s) is read as it was, and after it was written on',
    async (name) => {
      const path = folders.make()
      unpackFolder(join(import.meta.dirname, '../indexer/store/embedded/testing/stores', `${name}.zst`), path)
      const text = zstdDecompressSync(readFileSync(join(path, 'expected.zst'))).toString('utf8')
      const events = JSON.parse(text) as AuditEvent[]
      expectRead(path, events)
      const before = [...readLines(path)]
      const store = await open(path, 600_000)
      await store.write(batchOf(9000, [eventAt(900_001)], { ingested: INGESTED + 500 * 86_400_000 }))
      await store.close()
      await rest(path)
      expect([...readLines(path)].filter(({ sequence }) => sequence !== 9000)).toEqual(before)
    },
    240_000,
  )
})

test('packed lines are read, whatever they are', () => {
  const aLine = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .tuple(fc.nat(), fc.nat({ max: 3 }), fc.nat())
      .map(
        ([n, kind, hex]) =>
          `{"id":"${n.toString(16).padStart(40, '0')}","n":${n},"kind":"${kind}","hex":"${hex.toString(16).repeat(4)}","again":"n=${n}"}`,
      ),
  )
  fc.assert(
    fc.property(fc.array(aLine, { maxLength: 300, size: 'max' }), (lines) => {
      const bytes = lines.map((line) => Buffer.from(line))
      expect(packedLines(packLines(bytes))).toEqual(bytes)
    }),
    { seed: 17, numRuns: 20 },
  )
})

describe('segments of the search index', () => {
  test('of version 1 and 2 say the same of their documents', () => {
    const docs = Array.from({ length: 5000 }, (_, i) => ({
      terms: [i],
      held: {},
      time: INGESTED + i * 1000 + (i % 7),
      sequence: (i * 7919) % 100_003,
      chunk: 1 + Math.floor(i / 60),
      line: i % 60,
      action: `action-${i % 5}`,
    }))
    const plain = plainSegment(docs)
    const segment = new Segment(new MemorySource(plain, () => plain), new FacetBook(), new TextBooks())
    const sink = new MemorySink()
    mergeSegments([segment], sink, () => '')
    for (const [bytes, version] of [
      [plain, 1],
      [sink.view(), 2],
    ] as const) {
      const read = readSegment(bytes)
      expect(read.version).toBe(version)
      for (const [i, doc] of docs.entries()) {
        const said = [read.times[i], read.sequences[i], read.chunks[i], read.lines[i]]
        expect(said).toEqual([doc.time, doc.sequence, doc.chunk, doc.line])
        expect(JSON.parse(read.facets[i]![1])).toMatchObject({ f: 1, v: [[3, doc.action]] })
      }
    }
  })

  test('of before are read', () => {
    const folder = '../indexer/store/embedded/index/segment/testing'
    const read = readSegment(readFileSync(join(import.meta.dirname, folder, 'version-1.segment')))
    expect(read.version).toBe(1)
    expect(read.times).toEqual(FIXTURE_DOCS.map(({ time }) => time))
    expect(read.sequences).toEqual(FIXTURE_DOCS.map(({ sequence }) => sequence))
  })
})

describe('what an agent writes', () => {
  test('a file of the spool is a waybill that says all of itself', async () => {
    const agent = await trial({ shipper: { indexers: ['http://127.0.0.1:9'] } })
    for (const records of [5, 40, 1]) await agent.batch(SOURCE_A, records)
    const identity = await loadIdentity(agent.dir)
    const key = createPublicKey(identity!.privateKey).export({ type: 'spki', format: 'pem' }).toString()
    const files = (await spooledFiles(agent.dir)).sort()
    expect(files).toHaveLength(3)
    let previous: string | null = null
    let records = 0
    for (const [i, file] of files.entries()) {
      const { manifest, hash, lines } = readWaybill(readFileSync(join(agent.dir, 'spool', file)), key)
      expect(manifest).toMatchObject({ agent: identity!.agent, sequence: i + 1, previous })
      for (const line of lines) {
        while (records % 10 === 9) records++
        expect(JSON.parse(line.toString('utf8'))).toMatchObject({ message: `record ${records++}` })
      }
      previous = hash
    }
    const state = readState(join(agent.dir, 'state'))
    expect(state.get('chain')).toEqual(agent.state.get('chain'))
    const stranger = generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    expect(() => readWaybill(readFileSync(join(agent.dir, 'spool', files[0]!)), stranger)).toThrow(
      'signature',
    )
  })

  test.each(['gzip', 'zstd'] as const)('a waybill in %s is checked to the last byte', (encoding) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const key = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const events = Array.from({ length: 11 }, (_, i) => eventAt(i))
    const { manifest, lines } = batchOf(1, events)
    const payload = encoding === 'gzip' ? gzipSync(lines) : zstdCompressSync(lines)
    const { body, hash } = encodeWaybill({ ...manifest, encoding }, payload, privateKey)
    const read = readWaybill(body, key)
    expect(read.hash).toBe(hash)
    expect(read.lines.map(String)).toEqual(events.map(canonical))
    const other = encodeWaybill(
      { ...manifest, encoding, root: '0'.repeat(64) } as typeof manifest,
      payload,
      privateKey,
    )
    expect(() => readWaybill(other.body, key)).toThrow('the root is another')
  })

  test('a segment of the journal is read with its key, and without it tells nothing', async () => {
    const stage = await Stage.open()
    const socket = await stage.connect()
    const sent = Array.from({ length: 400 }, (_, n) => `<13>record ${n} ${'x'.repeat((n * 37) % 300)}`)
    for (let from = 0; from < sent.length; from += 100) {
      socket.write(
        sent
          .slice(from, from + 100)
          .map((line) => `${line}\n`)
          .join(''),
      )
      await stage.until('they are there', () => stage.messages().length === from + 100)
    }
    const bytes = Buffer.concat(
      readdirSync(stage.folder)
        .sort()
        .map((name) => readFileSync(join(stage.folder, name))),
    )
    const records = readJournal(bytes, Buffer.from(KEY))
    expect(records[0]?.kind).toBe('segment')
    const messages = records.flatMap((record) => (record.kind === 'message' ? [record] : []))
    expect(messages.map((message) => message.bytes.toString('latin1'))).toEqual(sent)
    for (const [i, { about }] of stage.messages().entries()) {
      expect(messages[i]!.received).toBe(about.received)
      const { listen, address, port, subject } = about.from
      expect(messages[i]!.origin).toBe(`${listen} ${address}:${port} ${subject ?? ''}`)
    }
    const others = readJournal(bytes, randomBytes(32))
    expect(others.filter(({ kind }) => kind === 'sealed')).toHaveLength(sent.length)
    const older = readFileSync(join(import.meta.dirname, '../agent/inputs/journal/testing/plain.journal'))
    expect(readJournal(older, Buffer.from(KEY)).map(({ kind }) => kind)).toEqual([
      'segment',
      'message',
      'dropped',
      'message',
    ])
  })

  test('records that came by HTTP are read from the journal, with what is known of them', async () => {
    const stage = await HttpStage.open(new BulkDoor([]))
    const body =
      '{"create":{"_index":"app \\"x\\"","_id":"é 1"}}\n{"n":1}\n{"index":{"_index":"b"}}\nnot JSON\n'
    expect((await stage.send('/_bulk', { body })).status).toBe(200)
    const [name = ''] = readdirSync(stage.folder)
    const records = readJournal(readFileSync(join(stage.folder, name)), Buffer.from(KEY))
    const stored = stage.stored()
    expect(records.slice(1)).toMatchObject([
      {
        kind: 'record',
        received: stored[0]!.received,
        about: {
          door: 'bulk 127.0.0.1:0',
          from: stored[0]!.from,
          route: 'app "x"',
          key: ['_bulk', 'app "x"', 'é 1'],
        },
        bytes: Buffer.from('{"n":1}'),
      },
      { kind: 'record', about: { route: 'b' }, bytes: Buffer.from('not JSON') },
    ])
  })

  test('the state table is read from snapshots and journals', async () => {
    const dir = folders.make()
    const state = await openState(dir, { log: pino({ level: 'silent' }), compactAt: 2000 })
    const expected = new Map<string, unknown>()
    for (let i = 0; i < 400; i++) {
      const changes = [
        { key: `source/${i % 50}`, value: { position: i, text: 'ä'.repeat(i % 7) } },
        { key: `old/${i}`, value: i },
        { key: `old/${i - 5}`, value: undefined },
      ]
      for (const { key, value } of changes)
        if (value === undefined) expected.delete(key)
        else expected.set(key, value)
      await state.write(changes)
    }
    expect(readState(dir)).toEqual(expected)
    await state.close()
    expect(readdirSync(dir).some((name) => name.endsWith('.snapshot'))).toBe(true)
    expect(readState(dir)).toEqual(expected)
  })
})

test('the second reader shares nothing with the product', () => {
  const folder = join(import.meta.dirname, 'second-reader')
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, from] of text.matchAll(/from '([^']+)'/g)) expect(from, file).toMatch(/^(node:|\.\/)/)
  }
})
