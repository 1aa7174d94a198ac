import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { CATEGORIES, isEventId } from '../../../../schema/index.ts'
import type { StoredBytes, StoredPart, StoredPartition, StoreStatus } from '../../port.ts'
import {
  chainsOf,
  DIMENSIONS,
  demandCurrent,
  freeIn,
  heldIn,
  letterOf,
  openDatabase,
  type PartitionRow,
  partitionFile,
  partitionOfSegment,
  partitionsOf,
  RUN_END,
  storeError,
  WaybillList,
} from '../disk/index.ts'
import {
  aggregate,
  arrivalsPage,
  asStored,
  consignmentsPage,
  endOfArrivals,
  headersPage,
  newShared,
  nextSpan,
  PartitionGoneError,
  PartitionView,
  partitionPage,
  placeAt,
  provedSpan,
  SegmentGoneError,
  sealedEvent,
  searchPage,
} from '../read/index.ts'
import type { FoundPage, ReaderCalls, ReaderData } from './calls.ts'
import { bufferOf, serve } from './channel.ts'

/**
 * The thread that reads. It has connections of its own, so that no search holds up the writing. Others like it count, so that no
 * count holds up the searches.
 */
const port = parentPort
if (port === null) throw new Error('the reader runs as a thread of the store')
const { path, slice, isTimed, isEvidence } = workerData as ReaderData
const now = isTimed ? () => performance.now() : () => 0
const folder = join(path, 'partitions')
const shared = newShared()
const views = new Map<string, PartitionView>()
let control: DatabaseSync | null = null

/** Enough for all partitions of the usual retention: opening one takes longer than asking it. */
const VIEWS_OPEN = 80
/** KiB of a partition's page cache: most of what is read is read once. */
const VIEW_CACHE = 512
/**
 * Bytes of the segments that lie in databases, which are kept from one question to the next. Counts go through all of them: with less
 * room each would be read again by each question, and the garbage of that takes as much memory.
 */
const MEMORY_KEPT = 160 * 1024 * 1024

function database(): DatabaseSync {
  control ??= openDatabase(join(path, 'control.db'), { cache: 2048, readOnly: true })
  return control
}

/** Made when they are asked for. Each remembers the place of one reading. */
let waybills: WaybillList | null = null
let headed: WaybillList | null = null
let generations: ReadonlyMap<string, number> = new Map()
const generationOf = (name: string): number => generations.get(name) ?? 0

function view(name: string): PartitionView {
  let found = views.get(name)
  if (found !== undefined) views.delete(name)
  else
    found = new PartitionView({ name, generation: generationOf(name) }, folder, openPartition(name), shared)
  views.set(name, found)
  return found
}

function openPartition(name: string): DatabaseSync {
  const file = join(folder, partitionFile(name, generationOf(name)))
  try {
    return openDatabase(file, { cache: VIEW_CACHE, readOnly: true })
  } catch (thrown) {
    // It has expired, or was packed into its next generation, since it was listed.
    const before = generationOf(name)
    if (partitions().some((row) => row.name === name && row.generation === before)) throw thrown
    throw new PartitionGoneError()
  }
}

function closeOldViews(): void {
  // The views come in the order of their last use, the oldest first.
  let memory = 0
  for (const one of views.values()) memory += one.memory
  for (const one of views.values()) {
    if (memory <= MEMORY_KEPT) break
    memory -= one.memory
    one.relax()
  }
  for (const [name, old] of views) {
    if (views.size <= VIEWS_OPEN) return
    old.close()
    views.delete(name)
  }
}

/** Returns a function that tells whether a time slice is over, and that throws if nobody waits for the answer any more. */
function lateness(demandWanted: () => void): () => boolean {
  const end = now() + slice
  return () => {
    demandWanted()
    return now() >= end
  }
}

function reading<Result>(work: () => Result): Result {
  for (let attempt = 1; ; attempt++) {
    try {
      return work()
    } catch (thrown) {
      if ((thrown instanceof SegmentGoneError || thrown instanceof PartitionGoneError) && attempt < 20)
        continue
      throw storeError(thrown, path, () => false)
    } finally {
      closeOldViews()
    }
  }
}

/** Closes views of expired partitions: their files take room on the disk until then. */
function partitions(): PartitionRow[] {
  const rows = partitionsOf(database())
  generations = new Map(rows.map(({ name, generation }) => [name, generation]))
  for (const [name, old] of views) {
    if (generations.get(name) === old.generation) continue
    old.close()
    views.delete(name)
  }
  return rows
}

/** The newest partitions first: what is asked for by id is mostly recent. */
function find(id: string): { view: PartitionView; chunk: number; line: number } | null {
  if (!isEventId(id)) return null
  const key = Buffer.from(id, 'hex')
  const rows = partitions().sort((a, b) => b.greatest - a.greatest)
  for (const { name } of rows) {
    const one = view(name)
    const chunks = one.database
      .prepare(
        `SELECT chunk, last FROM (SELECT chunk, ${RUN_END} AS last FROM runs WHERE first <= ?1 ORDER BY first DESC LIMIT 1) UNION ALL SELECT chunk, id FROM strays WHERE id = ?1`,
      )
      .all(key)
    for (const row of chunks) {
      if (Buffer.compare(row.last as Uint8Array, key) < 0) continue
      const line = one.chunk(Number(row.chunk)).find(id)
      if (line !== -1) return { view: one, chunk: Number(row.chunk), line }
    }
  }
  return null
}

/** The event as JSON. */
function eventText(id: string): string | null {
  const found = find(id)
  return found === null ? null : JSON.stringify(asStored(found.view.event(found.chunk, found.line)))
}

const page = ({ events, next }: { events: readonly unknown[]; next: string | null }): FoundPage => ({
  events: JSON.stringify(events),
  next,
})

/** Waybills with their lines. */
function evidence() {
  waybills ??= new WaybillList(database())
  return {
    waybills,
    partitions: () => partitions().filter(({ name }) => isEvidence !== true || isReadable(name)),
    view,
  }
}

/** Whether a partition can be opened at all. A verification reads the others, and says what is missing. */
function isReadable(name: string): boolean {
  try {
    return view(name).database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() !== undefined
  } catch (thrown) {
    if (thrown instanceof PartitionGoneError) throw thrown
    return false
  }
}

const inOrder = (): PartitionRow[] =>
  partitions().sort(
    (a, b) => CATEGORIES.indexOf(a.category) - CATEGORIES.indexOf(b.category) || (a.name < b.name ? -1 : 1),
  )

/**
 * Returns what each partition holds, and the bytes of everything else on the disk: `control.db`, write-ahead logs, files that are about to
 * go. It opens only partitions with something in their log: for all others the sizes of the files suffice, and health is asked for all the
 * time.
 */
function used(): { shown: (PartitionRow & { readonly bytes: number })[]; other: number } {
  const sizes = new Map<string, number>()
  const segments = new Map<string, number>()
  for (const file of readdirSync(folder)) {
    const size = sizeOf(join(folder, file))
    sizes.set(file, size)
    const its = partitionOfSegment(file)
    if (its !== undefined) segments.set(its, (segments.get(its) ?? 0) + size)
  }
  const shown = inOrder().map((row) => {
    const file = partitionFile(row.name, row.generation)
    const isInLog = (sizes.get(`${file}-wal`) ?? 0) > 0
    if (isEvidence === true && !isReadable(row.name)) return { ...row, bytes: 0 }
    const held = isInLog ? heldIn(view(row.name).database) : (sizes.get(file) ?? 0)
    return { ...row, bytes: held + (segments.get(row.name) ?? 0) }
  })
  let onDisk = sizeOf(join(path, 'control.db')) + sizeOf(join(path, 'control.db-wal'))
  // The index of a log is memory that has a name.
  for (const [file, size] of sizes) if (!file.endsWith('-shm')) onDisk += size
  const other = onDisk - shown.reduce((sum, { bytes }) => sum + bytes, 0)
  return { shown, other: Math.max(heldIn(database()), other) }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

function storage(open: readonly string[]): StoredBytes {
  const { shown, other } = used()
  const listed = shown.map(({ category, name, events, bytes }): StoredPartition => {
    // Batches are numbered as they come, so these two are the ends of a table that may have millions of rows.
    const { database: one } = view(name)
    const first = Number(one.prepare('SELECT ingested FROM batches ORDER BY n LIMIT 1').get()?.ingested)
    const last = Number(one.prepare('SELECT ingested FROM batches ORDER BY n DESC LIMIT 1').get()?.ingested)
    return { category, name, tier: 'hot', events, bytes, first, last, open: open.includes(name) }
  })
  return { partitions: listed, otherBytes: other, disk: null }
}

/** The part of the store that each table belongs to. */
const PART_OF: Readonly<Record<string, string>> = {
  chunks: 'lines',
  blocks: 'lines',
  additions: 'additions',
  runs: 'ids',
  strays: 'ids',
  revisions: 'ids',
  counts: 'hourly counts',
  batches: 'batches',
  batches_by_key: 'batches',
  waybills: 'waybills',
  waybills_by_key: 'waybills',
  packed_waybills: 'waybills',
  packed_waybills_by_key: 'waybills',
  leaf_hashes: 'leaf hashes',
  chains: 'waybills',
  chain_runs: 'waybills',
  dead_letters: 'dead letters',
  records: 'records',
}

/** Returns the bytes of each part of the store. It reads every page of the store, so it takes a while for a large one. */
function parts(demandWanted: () => void): StoredPart[] {
  const sums = new Map<string, number>()
  const add = (part: string, bytes: number): void => {
    sums.set(part, (sums.get(part) ?? 0) + bytes)
  }
  const addTables = (one: DatabaseSync): void => {
    for (const { name, size } of one
      .prepare('SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name')
      .all()) {
      demandWanted()
      // Segments are looked into.
      if (name !== 'segments') add(PART_OF[String(name)] ?? 'tables', Number(size))
    }
    add('free pages', freeIn(one))
  }
  for (const { name } of inOrder()) {
    const one = view(name)
    addTables(one.database)
    for (const { id, bytes } of one.segments()) {
      demandWanted()
      const terms = one.segment(id).termBytes
      add('terms', terms)
      add('columns', bytes - terms)
    }
  }
  addTables(database())
  const leaves = Number(
    database().prepare('SELECT sum(length(leaves)) AS bytes FROM waybills').get()?.bytes ?? 0,
  )
  // These leaf hashes lie in the rows of waybills, where an earlier version kept them.
  add('waybills', -leaves)
  add('leaf hashes', leaves)
  add('write-ahead logs', used().other - heldIn(database()))
  return [...sums].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes)
}

function status(): StoreStatus {
  const { shown, other } = used()
  return {
    ready: true,
    problem: null,
    events: shown.reduce((sum, { events }) => sum + events, 0),
    bytes: shown.reduce((sum, { bytes }) => sum + bytes, other),
    deadLetters: Number(database().prepare('SELECT count(*) AS n FROM dead_letters').get()?.n ?? 0),
    partitions: shown.map(({ category, name, events, bytes }) => ({ category, name, events, bytes })),
  }
}

serve<ReaderCalls>(port, {
  open: ({ asGuest }) =>
    reading(() => {
      if (asGuest) demandCurrent(database(), path)
      else database()
      return null
    }),
  search: (request, demandWanted) =>
    reading(() =>
      page(searchPage(request, { partitions: partitions(), view, late: lateness(demandWanted) })),
    ),
  arrivals: (request, demandWanted) =>
    reading(() =>
      page(arrivalsPage(request, { partitions: partitions(), view, late: lateness(demandWanted) })),
    ),
  arrivalsEnd: () => reading(() => endOfArrivals(partitions(), view)),
  aggregate: (request, demandWanted) =>
    reading(() => aggregate(request, { partitions: partitions(), view, now, demandWanted })),
  get: (id) => reading(() => eventText(id)),
  counts: ({ by, from, to }) =>
    reading(() => {
      const counts = new Map<string, { hour: number; value: string; count: number }>()
      for (const { name, least, greatest } of partitions()) {
        if (greatest < from - 3_600_000 || least >= to) continue
        const rows = view(name)
          .database.prepare(
            'SELECT hour, value, count FROM counts WHERE dimension = ? AND hour * 3600000 >= ? AND hour * 3600000 < ?',
          )
          .all(DIMENSIONS.indexOf(by), from, to)
        for (const row of rows) {
          const hour = Number(row.hour) * 3_600_000
          const value = String(row.value)
          const key = `${hour}/${value}`
          const before = counts.get(key)?.count ?? 0
          counts.set(key, { hour, value, count: before + Number(row.count) })
        }
      }
      return [...counts.values()].sort((a, b) => a.hour - b.hour || (a.value < b.value ? -1 : 1))
    }),
  chains: (agent) => reading(() => chainsOf(database(), agent)),
  letters: ({ limit, after }) =>
    reading(() => {
      const rows = database()
        .prepare('SELECT * FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?')
        .all(after === undefined ? Number.MAX_SAFE_INTEGER : Number(after), limit + 1)
      const letters = rows.slice(0, limit).map(letterOf)
      const total = Number(database().prepare('SELECT count(*) AS n FROM dead_letters').get()?.n ?? 0)
      return { letters, next: rows.length > limit ? (letters[letters.length - 1]?.id ?? null) : null, total }
    }),
  letter: (id) =>
    reading(() => {
      const row = database().prepare('SELECT * FROM dead_letters WHERE id = ?').get(id)
      return row === undefined ? null : letterOf(row)
    }),
  record: ({ kind, key }) =>
    reading(() => {
      const row = database()
        .prepare('SELECT key, value, version FROM records WHERE kind = ? AND key = ?')
        .get(kind, key)
      return row === undefined
        ? null
        : { key: String(row.key), value: String(row.value), version: Number(row.version) }
    }),
  records: (kind) =>
    reading(() =>
      database()
        .prepare('SELECT key, value, version FROM records WHERE kind = ? ORDER BY key')
        .all(kind)
        .map((row) => ({ key: String(row.key), value: String(row.value), version: Number(row.version) })),
    ),
  kinds: () =>
    reading(() =>
      database()
        .prepare('SELECT DISTINCT kind FROM records ORDER BY kind')
        .all()
        .map(({ kind }) => String(kind)),
    ),
  span: (after) => reading(() => nextSpan(after, evidence())),
  placeAt: (time) => reading(() => placeAt(time, evidence())),
  prove: (span) =>
    reading(() =>
      provedSpan(
        {
          ...span,
          waybills: span.waybills.map((one) => ({
            ...one,
            manifest: bufferOf(one.manifest),
            signature: bufferOf(one.signature),
          })),
        },
        evidence(),
      ),
    ),
  consignments: (request) => reading(() => consignmentsPage(request, evidence())),
  sealed: (id) =>
    reading(() => {
      waybills ??= new WaybillList(database())
      const found = find(id)
      return found === null ? null : sealedEvent(found, { waybills, partitions, view })
    }),
  headers: (request) =>
    reading(() => {
      headed ??= new WaybillList(database())
      return headersPage(request, headed)
    }),
  partitionConsignments: (request) =>
    reading(() => {
      waybills ??= new WaybillList(database())
      return partitionPage(request, { waybills, partitions, view })
    }),
  status: () => reading(status),
  storage: ({ open }) => reading(() => storage(open)),
  parts: (_, demandWanted) => reading(() => parts(demandWanted)),
  close: () => {
    for (const one of views.values()) one.close()
    control?.close()
    // The answer to this goes out first.
    setImmediate(() => port.close())
    return null
  },
})
