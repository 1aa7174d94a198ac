import { existsSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Category } from '../../../../schema/index.ts'
import type { Searchable } from '../../../lifecycle/table.ts'
import { Authorship } from '../../authorship.ts'
import {
  type Author,
  type BatchAdditions,
  type StoreBatch,
  StoreFullError,
  type WriteOutcome,
  type WriteResult,
} from '../../port.ts'
import {
  Control,
  categoryOf,
  clearBeside,
  clearExpired,
  EXPIRED,
  emptyLog,
  type GoneLeaves,
  inTransaction,
  type KeptLeaves,
  openDatabase,
  partitionFile,
  partitionFor,
  partitionOfFile,
  partitionsOf,
  prepareControl,
  preparePartition,
  setAside,
  storeError,
} from '../disk/index.ts'
import { FacetBook, SegmentBuilder } from '../index/index.ts'
import { newDocs } from './documents.ts'
import { HourlyCounts } from './hourly-counts.ts'
import { type Places, sift } from './known.ts'
import { type Outcome, Partition, type PlacedDocs } from './partition.ts'
import { leafOf, Preparer, revise } from './prepare.ts'
import type { PreparedEvents } from './prepared-events.ts'
import { outcomeOf, resultOf, type Settled } from './results.ts'

/** Batches between two notes of what is settled. */
const SETTLED_NOTED = 64

export interface StoreWriterOptions {
  readonly path: string
  readonly searchable: Searchable
  /** Bytes of the disk that stay free: below, batches are refused rather than written halfway. */
  readonly minimumFree: number
}

/** A batch on its way through a group. */
interface Job extends Settled {
  readonly n: number
  readonly outcomes: Outcome[]
  /** Positions of its events that are no lines of its own in the store: null where a batch is taken up again, since nobody knows them any more. */
  unstored: number[] | null
}

/** Batches that are stored together, each exactly once. */
export interface Group {
  /** Takes a batch apart; nothing is written yet. */
  add(batch: StoreBatch): void
  /** Writes them: all are durable when this returns, or none is acknowledged. */
  store(): WriteOutcome[]
}

interface Delivery {
  readonly job: Job
  readonly parcel: PreparedEvents
}

/** Everything that is written to the store's folder; used by one thread. */
export class StoreWriter {
  readonly control: Control
  readonly #options: StoreWriterOptions
  #searchable: Searchable
  readonly #partitions = new Map<string, Partition>()
  readonly #names = new Map<Category, Set<string>>()
  readonly #facets = new FacetBook()
  readonly #segments = new SegmentBuilder()
  readonly #preparer = new Preparer(this.#facets)
  /** Where interrupted batches have been written already: whoever tries them again goes there. By key, then category. */
  readonly #pinned = new Map<string, { n: number; partitions: Map<Category, string> }>()
  /** Which database of a partition holds; 0 where none is named. */
  readonly #generations = new Map<string, number>()
  /** Partitions that were set aside, until the hashes of their lines are kept. */
  readonly #expired = new Set<string>()
  #next: number
  /** The last floor that was written down. */
  #noted = 0

  constructor(options: StoreWriterOptions) {
    this.#options = options
    this.#searchable = options.searchable
    const database = this.#guard('control.db', () =>
      openDatabase(join(options.path, 'control.db'), { cache: 8192 }),
    )
    this.control = this.#guard('control.db', () => {
      prepareControl(database, options.path)
      return new Control(database)
    })
    this.#next = this.#recover()
  }

  /** Finds the partitions, what they hold, and batches that a crash left halfway. Returns the next batch's number. */
  #recover(): number {
    const { control } = this
    const floor = Number(control.meta('settled') ?? 0)
    this.#noted = floor
    let greatest = control.waybills.greatest
    const known = new Map(partitionsOf(control.database).map((row) => [row.name, row]))
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith(EXPIRED)) this.#finishExpiry(file.slice(0, -EXPIRED.length))
    }
    for (const [name, generations] of this.#databases()) {
      // Where the list does not say, the lowest holds: it goes only when the next one is in the list.
      const listed = known.get(name)?.generation
      const holds = listed !== undefined && generations.includes(listed) ? listed : Math.min(...generations)
      this.#generations.set(name, holds)
      this.#dropOtherGenerations(name)
      const category = categoryOf(name)
      this.#namesOf(category).add(name)
      const partition = this.partition(name)
      const row = known.get(name)
      if (
        partition.events > 0 &&
        (row === undefined || row.events !== partition.events || row.generation !== partition.generation)
      )
        control.putPartition(partition.row)
      const batches = partition.database
        .prepare('SELECT n, agent, incarnation, sequence FROM batches WHERE n > ?')
        .all(floor)
      for (const batch of batches) {
        const n = Number(batch.n)
        greatest = Math.max(greatest, n)
        const [agent, incarnation, sequence] = [
          String(batch.agent),
          String(batch.incarnation),
          Number(batch.sequence),
        ]
        if (control.waybills.find(agent, incarnation, sequence) === null)
          this.#pin(agent, incarnation, sequence, n, name)
      }
      this.#dropOrphans(partition)
    }
    return greatest + 1
  }

  /** Files of merged segments that never came into their partition, or have left it. */
  #dropOrphans(partition: Partition): void {
    const live = new Set(partition.segments.filter(({ inFile }) => inFile).map(({ id }) => String(id)))
    for (const file of readdirSync(this.#folder)) {
      const match = /^(.+)\.(\d+)\.segment(\.new)?$/.exec(file)
      if (match === null || match[1] !== partition.name) continue
      if (match[3] !== undefined || !live.has(match[2]!)) rmSync(join(this.#folder, file))
    }
  }

  #pin(agent: string, incarnation: string, sequence: number, n: number, partition: string): void {
    const key = `${agent}/${incarnation}/${sequence}`
    const pin = this.#pinned.get(key) ?? { n, partitions: new Map<Category, string>() }
    pin.n = Math.min(pin.n, n)
    pin.partitions.set(categoryOf(partition), partition)
    this.#pinned.set(key, pin)
  }

  #namesOf(category: Category): Set<string> {
    let names = this.#names.get(category)
    if (names === undefined) {
      names = new Set()
      this.#names.set(category, names)
    }
    return names
  }

  #placesOf(category: Category): Places {
    const own: Partition[] = []
    const others: Partition[] = []
    for (const [its, names] of this.#names)
      for (const name of names) (its === category ? own : others).push(this.partition(name))
    return { own, others }
  }

  get #folder(): string {
    return join(this.#options.path, 'partitions')
  }

  fileOf(partition: string): string {
    return join(this.#folder, partitionFile(partition, this.#generationOf(partition)))
  }

  #generationOf(partition: string): number {
    return this.#generations.get(partition) ?? 0
  }

  /** Puts a partition's next generation in its place; false where something came to it meanwhile. */
  putAtRest(name: string, generation: number): boolean {
    const partition = this.#partitions.get(name)
    const file = join(this.#folder, partitionFile(name, generation + 1))
    if (partition === undefined || partition.generation !== generation) return false
    if (!this.#holdsTheSame(partition, file)) {
      rmSync(file, { force: true })
      return false
    }
    partition.close()
    this.#partitions.delete(name)
    this.control.putPartition({ ...partition.row, generation: generation + 1 })
    this.#generations.set(name, generation + 1)
    this.#dropOtherGenerations(name)
    this.partition(name)
    return true
  }

  #holdsTheSame({ database, segments }: Partition, file: string): boolean {
    const counts = 'SELECT (SELECT count(*) FROM batches) AS batches, (SELECT max(id) FROM chunks) AS chunk'
    const other = openDatabase(file, { cache: 512, readOnly: true })
    try {
      const now = database.prepare(counts).get()
      const then = other.prepare(counts).get()
      const ids = new Set(
        other
          .prepare('SELECT id FROM segments')
          .all()
          .map(({ id }) => Number(id)),
      )
      return (
        now?.batches === then?.batches &&
        now?.chunk === then?.chunk &&
        ids.size === segments.length &&
        segments.every(({ id }) => ids.has(id))
      )
    } finally {
      other.close()
    }
  }

  /** The generations of each partition that are in the folder. */
  #databases(): Map<string, number[]> {
    const found = new Map<string, number[]>()
    for (const file of readdirSync(this.#folder)) {
      const its = partitionOfFile(file)
      if (its !== undefined) found.set(its.name, [...(found.get(its.name) ?? []), its.generation])
    }
    return found
  }

  /** Databases of a partition that never came to hold, or hold no longer. */
  #dropOtherGenerations(name: string): void {
    const holds = this.#generationOf(name)
    for (const file of readdirSync(this.#folder)) {
      const its = partitionOfFile(file.replace(/-(wal|shm|journal)$/, ''))
      if (its?.name === name && its.generation !== holds) rmSync(join(this.#folder, file), { force: true })
    }
  }

  partition(name: string): Partition {
    let partition = this.#partitions.get(name)
    if (partition === undefined) {
      const category = categoryOf(name)
      partition = this.#guard(`partitions/${name}.db`, () => {
        const database: DatabaseSync = openDatabase(this.fileOf(name), { cache: 4096 })
        preparePartition(database, this.fileOf(name))
        return new Partition(name, category, database, this.#generationOf(name))
      })
      this.#partitions.set(name, partition)
      this.#namesOf(category).add(name)
    }
    return partition
  }

  /** The partition is opened anew when it is next needed: what is known of it may not be what is on the disk. */
  #reopenLater(name: string): void {
    this.#partitions.get(name)?.close()
    this.#partitions.delete(name)
  }

  #guard<Result>(file: string, work: () => Result): Result {
    try {
      return work()
    } catch (thrown) {
      throw storeError(thrown, join(this.#options.path, file), () => this.#free() < 16 * 1024 * 1024)
    }
  }

  #free(): number {
    const { bavail, bsize } = statfsSync(this.#options.path)
    return bavail * bsize
  }

  #demandSpace(): void {
    const { minimumFree, path } = this.#options
    const free = this.#free()
    if (free >= minimumFree) return
    throw new StoreFullError(
      `the disk that holds ${path} has ${free} bytes free, and ${minimumFree} must stay free; free space or move the store`,
    )
  }

  /** Begins a group of batches that are stored together; there is one at a time. */
  group(): Group {
    const jobs = new Map<string, Job>()
    const answers: (() => WriteOutcome)[] = []
    this.#preparer.begin()
    return {
      add: (batch) => {
        answers.push(this.#take(batch, jobs))
      },
      store: () => {
        if (jobs.size > 0) {
          this.#demandSpace()
          this.#write(jobs)
        }
        return answers.map((answer) => answer())
      },
    }
  }

  #take(batch: StoreBatch, jobs: Map<string, Job>): () => WriteOutcome {
    const { agent, incarnation, sequence } = batch.manifest
    const known = this.#guard('control.db', () => this.control.waybills.find(agent, incarnation, sequence))
    if (known !== null) {
      if (known.hash !== batch.hash) return () => ({ kind: 'fork', hash: known.hash })
      return () => this.#stored(batch, { again: true, result: known.result, newValues: 0 })
    }
    const key = `${agent}/${incarnation}/${sequence}`
    const twin = jobs.get(key)
    if (twin !== undefined) {
      if (twin.batch.hash !== batch.hash) return () => ({ kind: 'fork', hash: twin.batch.hash })
      return () => this.#stored(batch, { again: true, result: resultOf(twin).result, newValues: 0 })
    }
    const { lines, leaves, additions, ingested, author } = batch
    const authorship = author === undefined ? null : new Authorship(author)
    const metBefore = this.#facets.made
    const prepared = this.#preparer.prepare({
      lines,
      leaves,
      agent,
      incarnation,
      ingested,
      additions,
      authorship,
    })
    const newValues = this.#facets.made - metBefore
    const job: Job = {
      batch,
      n: this.#next++,
      prepared,
      outcomes: [],
      unstored: prepared.rejected.map(({ position }) => position),
    }
    jobs.set(key, job)
    return () => this.#stored(batch, { again: false, result: resultOf(job).result, newValues })
  }

  /** Asked when all of the group is stored: neighbours may be in it. */
  #stored(
    { manifest }: StoreBatch,
    outcome: { again: boolean; result: WriteResult; newValues: number },
  ): WriteOutcome {
    return { kind: 'stored', ...outcome, links: this.control.linksOf(manifest) }
  }

  #write(jobs: ReadonlyMap<string, Job>): void {
    const deliveries = new Map<string, Delivery[]>()
    for (const [key, job] of jobs) {
      const pinned = this.#pinned.get(key)?.partitions
      for (const [category, parcel] of job.prepared.parcels) {
        const name = pinned?.get(category) ?? partitionFor(category, job.batch.ingested, this.#searchable)
        const list = deliveries.get(name) ?? []
        list.push({ job, parcel })
        deliveries.set(name, list)
      }
    }
    for (const [name, list] of deliveries) {
      try {
        this.#guard(`partitions/${name}.db`, () => this.#fill(this.partition(name), list))
      } catch (thrown) {
        this.#reopenLater(name)
        throw thrown
      } finally {
        // Also where it failed: the disk may have the batches nevertheless.
        for (const { job } of list) {
          const { agent, incarnation, sequence } = job.batch.manifest
          this.#pin(agent, incarnation, sequence, job.n, name)
        }
      }
    }
    this.#guard('control.db', () => this.#settle(jobs, [...deliveries.keys()]))
  }

  /** One transaction of one partition. */
  #fill(partition: Partition, deliveries: readonly Delivery[]): void {
    const places = this.#placesOf(partition.category)
    let { least, greatest, events } = partition
    inTransaction(partition.database, () => {
      const placed: PlacedDocs[] = []
      const counting = new HourlyCounts(this.#preparer.users)
      for (const { job, parcel } of deliveries) {
        const { agent, incarnation, sequence } = job.batch.manifest
        // All batches are looked at, so only where an attempt was interrupted.
        const isPinned = this.#pinned.has(`${agent}/${incarnation}/${sequence}`)
        const before = isPinned ? partition.batch(agent, incarnation, sequence) : null
        if (before !== null) {
          job.outcomes.push(before.outcome)
          job.unstored = null
          continue
        }
        const sifted = sift(parcel, job.prepared, partition, places)
        const outcome = outcomeOf(job.batch, parcel, sifted)
        partition.addBatch(job.n, job.batch, outcome)
        job.outcomes.push(outcome)
        for (const event of [...sifted.duplicates, ...sifted.collisions.map((one) => one.event)])
          job.unstored?.push(parcel.positions[event]!)
        if (sifted.kept.length === 0) continue
        revise(job.prepared, parcel, sifted.revisions, this.#facets)
        placed.push(partition.place(job.n, job.prepared, parcel, sifted.kept, sifted))
        for (const event of sifted.kept) {
          const time = parcel.timestamps[event]!
          counting.add(time, parcel.deedFacets[event]!, parcel.users[event]!)
          if (time < least) least = time
          if (time > greatest) greatest = time
        }
        events += sifted.kept.length
      }
      if (placed.length === 0) return
      for (const segment of this.#segments.build(newDocs(placed))) partition.addSegment(segment)
      partition.addCounts(counting)
    })
    partition.least = least
    partition.greatest = greatest
    partition.events = events
  }

  /** The last transaction: from here on the batches are stored. */
  #settle(jobs: ReadonlyMap<string, Job>, filled: readonly string[]): void {
    const { control } = this
    inTransaction(control.database, () => {
      for (const job of jobs.values()) {
        control.addWaybill(job.n, job.batch, { ...resultOf(job), kept: leavesToKeep(job) })
      }
      for (const name of filled) {
        const partition = this.partition(name)
        if (partition.events > 0) control.putPartition(partition.row)
      }
      const open = [...this.#pinned].filter(([key]) => !jobs.has(key)).map(([, pin]) => pin.n)
      const settled = Math.min(this.#next, ...open) - 1
      if (open.length > 0 || settled - this.#noted >= SETTLED_NOTED) this.#note(settled)
    })
    for (const key of jobs.keys()) this.#pinned.delete(key)
  }

  /**
   * What a start has to look at begins behind this number. It may be too low, never too high: so it is written now and then, which spares a page of
   * the log in most transactions.
   */
  #note(settled: number): void {
    this.control.setMeta('settled', String(settled))
    this.#noted = settled
  }

  /** Stores one line of a waybill that is settled already. Null: it is stored; else why not. */
  storeLine(letter: {
    agent: string
    incarnation: string
    sequence: number
    position: number
    line: Buffer
    leaf: Buffer
    ingested: number
    additions: BatchAdditions | undefined
    author: Author | null
  }): string | null {
    this.#demandSpace()
    const { agent, incarnation, sequence, position, line, leaf, ingested, additions, author } = letter
    // A preparer of its own: a group may be under way.
    const prepared = new Preparer(this.#facets).prepare({
      lines: line,
      leaves: leaf,
      agent,
      incarnation,
      ingested,
      additions,
      authorship: author === null ? null : new Authorship(author),
    })
    const fault = prepared.rejected[0]
    if (fault !== undefined) return fault.reason
    for (const [category, parcel] of prepared.parcels) {
      const name = partitionFor(category, ingested, this.#searchable)
      try {
        return this.#guard(`partitions/${name}.db`, () => {
          const partition = this.partition(name)
          const sifted = sift(parcel, prepared, partition, this.#placesOf(category))
          const collision = sifted.collisions[0]
          if (collision !== undefined) return collision.reason
          if (sifted.kept.length === 0) return null
          revise(prepared, parcel, sifted.revisions, this.#facets)
          // From here on the event's place is the one in its own waybill, not in this list of one.
          parcel.positions[0] = position
          let { least, greatest, events } = partition
          least = Math.min(least, parcel.timestamps[0]!)
          greatest = Math.max(greatest, parcel.timestamps[0]!)
          events++
          inTransaction(partition.database, () => {
            const before = partition.batch(agent, incarnation, sequence)
            const n = before?.n ?? this.#next++
            if (before === null) partition.addReplayed(n, { agent, incarnation, sequence, ingested })
            const placed = partition.place(n, prepared, parcel, sifted.kept, sifted)
            for (const segment of this.#segments.build(newDocs([placed]))) partition.addSegment(segment)
            const counting = new HourlyCounts(prepared.users)
            counting.add(parcel.timestamps[0]!, parcel.deedFacets[0]!, parcel.users[0]!)
            partition.addCounts(counting)
          })
          Object.assign(partition, { least, greatest, events })
          inTransaction(this.control.database, () => this.control.putPartition(partition.row))
          return null
        })
      } catch (thrown) {
        this.#reopenLater(name)
        throw thrown
      }
    }
    throw new Error('a line was neither taken apart nor refused')
  }

  /**
   * Packs what has come in small pieces, once there are many: one event at a time takes as little room as many together. Whether there may be more
   * waybills to pack; `all` looks for them also where few came since.
   */
  gather(all: boolean): boolean {
    for (const partition of this.#partitions.values()) partition.gather()
    const { waybills } = this.control
    return (all || waybills.hasMany) && waybills.pack()
  }

  /** What is in write-ahead logs only takes room twice. */
  emptyLogs(): void {
    for (const partition of this.#partitions.values()) partition.emptyLog()
    emptyLog(this.control.database)
  }

  keepFor(searchable: Searchable): void {
    this.#searchable = searchable
  }

  /** Whether all that a partition has is in its database, so that this can be set aside; false while somebody reads its log. */
  hasEmptyLog(name: string): boolean {
    return !existsSync(this.fileOf(name)) || this.partition(name).emptyLog()
  }

  /** Removes a partition; false where it holds what was taken in at `before` or later, and where there is none. */
  expire(name: string, before: number, now: number): boolean {
    if (!existsSync(this.fileOf(name))) return false
    const partition = this.partition(name)
    if (name === partitionFor(partition.category, now, this.#searchable)) return false
    if (partition.holdsSince(before) || this.#expired.has(name)) return false
    partition.close()
    this.#partitions.delete(name)
    this.#namesOf(partition.category).delete(name)
    for (const pin of this.#pinned.values())
      if (pin.partitions.get(partition.category) === name) pin.partitions.delete(partition.category)
    this.#guard(`partitions/${name}.db`, () => {
      // First out of the list, so that nobody begins to read it; a crash before the next step leaves it whole.
      this.control.dropPartition(name)
      setAside(this.#folder, name, this.#generationOf(name))
      this.#generations.delete(name)
      clearBeside(this.#folder, name)
    })
    this.#expired.add(name)
    return true
  }

  #finishExpiry(name: string): void {
    // Else one of the same name has come since.
    if (!this.#databases().has(name)) {
      this.control.dropPartition(name)
      clearBeside(this.#folder, name)
    }
    this.#expired.add(name)
  }

  /** An expired partition whose lines are to be hashed, and the databases of the others; null where there is none. */
  get leaving(): { readonly partition: string; readonly others: readonly string[] } | null {
    const [partition] = this.#expired
    if (partition === undefined) return null
    return { partition, others: [...this.#partitions.keys()].map((name) => this.fileOf(name)) }
  }

  keepLeaves({ waybills }: GoneLeaves): void {
    this.#guard('control.db', () =>
      inTransaction(this.control.database, () => {
        for (const { n, ...leaves } of waybills) this.control.waybills.keepLeaves(n, leaves)
      }),
    )
  }

  /** Nothing of an expired partition is needed any more. */
  clearExpired(name: string): void {
    this.#expired.delete(name)
    clearExpired(this.#folder, name)
  }

  get partitions(): IterableIterator<Partition> {
    return this.#partitions.values()
  }

  close(): void {
    for (const partition of this.#partitions.values()) partition.close()
    this.control.database.close()
  }
}

/** The hashes of lines that a proof of another line of the waybill needs, and that can't be made again. */
function leavesToKeep({ batch, unstored }: Job): KeptLeaves | null {
  if (unstored === null) return { positions: null, hashes: batch.leaves }
  if (unstored.length === 0) return null
  const positions = unstored.toSorted((a, b) => a - b)
  return { positions, hashes: Buffer.concat(positions.map((position) => leafOf(batch.leaves, position))) }
}
