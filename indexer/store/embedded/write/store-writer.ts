import { existsSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Category, OperatorError } from '../../../../schema/index.ts'
import type { Searchable } from '../../../lifecycle/table.ts'
import { Authorship } from '../../authorship.ts'
import {
  type Author,
  type BatchAdditions,
  type Consignment,
  type DeadLetter,
  type KeptLine,
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
import { HourlyCounts } from './hourly-counts.ts'
import { type Places, sift } from './known.ts'
import {
  additionsOf,
  linesOf,
  type MovedBatch,
  movedBatch,
  refusedMove,
  setPositions,
  siftMoved,
} from './moved.ts'
import { type Outcome, Partition, type PlacedDocs } from './partition.ts'
import { Preparer, revise } from './prepare.ts'
import { newDocs, type PreparedEvents } from './prepared-events.ts'
import { outcomeOf, resultOf, type Settled } from './results.ts'

/** Batches between two notes of what is settled. */
const SETTLED_NOTED = 64

export interface StoreWriterOptions {
  readonly path: string
  readonly searchable: Searchable
  /** The bytes of the disk that stay free: below this, batches are refused rather than written halfway. */
  readonly minimumFree: number
}

/** A batch on its way through a group. */
interface Job extends Settled {
  readonly n: number
  readonly outcomes: Outcome[]
  /** The positions of its events that have no line in the store; null if an interrupted batch continues, since they are then unknown. */
  unstored: number[] | null
  /** What is known of it, if it comes from another store. */
  readonly moved?: MovedBatch
}

/** Batches that are stored together, each exactly once. */
export interface Group {
  /** Takes a batch apart; nothing is written yet. */
  add(batch: StoreBatch): void
  /** Writes the batches: all are durable when this returns, or none is acknowledged. */
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
  /** The partitions that interrupted batches were already written to, by key, then category: a second attempt uses the same ones. */
  readonly #pinned = new Map<string, { n: number; partitions: Map<Category, string> }>()
  /** The generation of each partition's valid database; 0 if none is named. */
  readonly #generations = new Map<string, number>()
  /** Partitions that were set aside, until the hashes of their lines are kept. */
  readonly #expired = new Set<string>()
  #next: number
  /** The last floor that was saved. */
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
      // If the list does not name the generation, the lowest one is valid: it is removed only after the next one is in the list.
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

  /** Puts a partition's next generation in its place; returns false if events arrived in the partition meanwhile. */
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

  /** Removes databases of a partition that never became valid, or no longer are. */
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

  /** Closes a partition, so that it is reopened when it is next needed: its state in memory may differ from the disk. */
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
    if (!this.#continues(batch, key)) return () => ({ kind: 'fork', hash: null })
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

  /** Whether what an interrupted attempt has stored under this key is of this batch. A partition does not know the waybill itself. */
  #continues({ lines, manifest }: StoreBatch, key: string): boolean {
    const { agent, incarnation, sequence } = manifest
    for (const name of this.#pinned.get(key)?.partitions.values() ?? []) {
      const isOther = this.#guard(`partitions/${name}.db`, () =>
        this.partition(name).holdsOther(agent, incarnation, sequence, lines),
      )
      if (isOther) return false
    }
    return true
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
        // A failed commit is included: the disk may have the batches nevertheless.
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
        // The lookup covers all batches, so it is made only after an interrupted attempt.
        const isPinned = this.#pinned.has(`${agent}/${incarnation}/${sequence}`)
        const before = isPinned ? partition.batch(agent, incarnation, sequence) : null
        if (before !== null) {
          job.outcomes.push(before.outcome)
          job.unstored = null
          continue
        }
        const sifted =
          job.moved === undefined
            ? sift(parcel, job.prepared, partition, places)
            : siftMoved(parcel, setPositions(parcel, job.moved.lines), partition)
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
        control.addWaybill(
          job.n,
          job.batch,
          job.moved === undefined ? { ...resultOf(job), kept: leavesToKeep(job) } : fateOf(job.moved),
        )
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
   * Records the number after which a start begins its checks. It may be too low, never too high, so it is written only now and then. That
   * saves a page of the log in most transactions.
   */
  #note(settled: number): void {
    this.control.setMeta('settled', String(settled))
    this.#noted = settled
  }

  /** Stores consignments of another store, those that are not here yet. */
  take(consignments: readonly Consignment[]): void {
    this.#demandSpace()
    let jobs = new Map<string, Job>()
    const write = (): void => {
      if (jobs.size > 0) this.#write(jobs)
      jobs = new Map()
      this.#preparer.begin()
    }
    write()
    for (const consignment of consignments) {
      const { waybill, lines, ...key } = consignment
      const known = this.#guard('control.db', () =>
        this.control.waybills.find(key.agent, key.incarnation, key.sequence),
      )
      if (waybill !== null) {
        const own = lines.filter(({ ingested }) => ingested === waybill.at)
        const moved = movedBatch(waybill, own, additionsOf(own))
        if (known === null) jobs.set(keyOf(key), this.#jobOf(moved))
        else if (known.hash !== moved.batch.hash)
          throw new OperatorError(
            'WB-MOVE-REFUSED',
            `another waybill ${key.sequence} of ${key.agent}, incarnation ${key.incarnation}, is stored already: this store received events itself`,
          )
      }
      const apart = lines.filter(({ ingested }) => ingested !== waybill?.at)
      if (apart.length === 0) continue
      write()
      for (const line of apart) {
        const { lines: bytes, leaves } = linesOf([line])
        const reason = this.storeLine({
          ...key,
          position: line.position,
          line: bytes.subarray(0, -1),
          leaf: leaves,
          ingested: line.ingested,
          additions: additionsOf([line]),
          author: null,
          moved: line,
        })
        if (reason !== null) throw refusedMove(key, line.position, reason)
      }
    }
    write()
  }

  #jobOf(moved: MovedBatch): Job {
    const { batch } = moved
    const { agent, incarnation } = batch.manifest
    const { lines, leaves, ingested, additions } = batch
    const prepared = this.#preparer.prepare({ lines, leaves, agent, incarnation, ingested, additions })
    const [fault] = prepared.rejected
    if (fault !== undefined)
      throw refusedMove(batch.manifest, moved.lines[fault.position]!.position, fault.reason)
    // An interrupted attempt has written some of it under this number.
    const n = this.#pinned.get(keyOf(batch.manifest))?.n ?? this.#next++
    return { batch, n, prepared, outcomes: [], unstored: null, moved }
  }

  putLetters(letters: readonly DeadLetter[]): void {
    this.#guard('control.db', () =>
      inTransaction(this.control.database, () => {
        for (const letter of letters) this.control.addLetter(letter)
      }),
    )
  }

  /** Stores one line of a waybill that is settled already. Returns null if it is stored; otherwise the reason. */
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
    /** The line as it was in another store, if it comes from there. */
    moved?: KeptLine
  }): string | null {
    this.#demandSpace()
    const { agent, incarnation, sequence, position, line, leaf, ingested, additions, author, moved } = letter
    // This preparer is a separate one, since a group may be under way.
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
          const sifted =
            moved === undefined
              ? sift(parcel, prepared, partition, this.#placesOf(category))
              : siftMoved(parcel, [moved], partition)
          const collision = sifted.collisions[0]
          if (collision !== undefined) return collision.reason
          if (sifted.kept.length === 0) return null
          revise(prepared, parcel, sifted.revisions, this.#facets)
          // Use the event's position in its own waybill from here on, not in this list of one.
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
   * Packs what has come in small pieces, once there are many: one event at a time takes as little room as many together. Whether there may
   * be more waybills to pack; `all` looks for them also where few came since.
   */
  gather(all: boolean): boolean {
    for (const partition of this.#partitions.values()) partition.gather()
    const { waybills } = this.control
    return (all || waybills.hasMany) && waybills.pack()
  }

  /** Empties the write-ahead logs, whose content takes room twice. */
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

  /** Removes a partition; returns false if it does not exist or holds events ingested at `before` or later. */
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
      // Remove it from the list first, so that nobody begins to read it; a crash before the next step leaves it whole.
      this.control.dropPartition(name)
      setAside(this.#folder, name, this.#generationOf(name))
      this.#generations.delete(name)
      clearBeside(this.#folder, name)
    })
    this.#expired.add(name)
    return true
  }

  #finishExpiry(name: string): void {
    // If the name is in use, a new partition of the same name has appeared since.
    if (!this.#databases().has(name)) {
      this.control.dropPartition(name)
      clearBeside(this.#folder, name)
    }
    this.#expired.add(name)
  }

  /** An expired partition whose lines must be hashed, and the databases of the others; null if there is none. */
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

  /** Removes the rest of an expired partition: nothing of it is needed any more. */
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

const keyOf = ({ agent, incarnation, sequence }: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>) =>
  `${agent}/${incarnation}/${sequence}`

const fateOf = ({ result, kept }: MovedBatch) => ({ result, letters: [], kept })

/** All hashes of a waybill, and what became of its lines. */
function leavesToKeep({ batch, prepared, unstored }: Job): KeptLeaves {
  const kept = { positions: null, hashes: batch.leaves }
  if (unstored === null) return { ...kept, fates: null }
  const fates = new Array<Category | null>(batch.manifest.events).fill(null)
  for (const [category, { positions, count }] of prepared.parcels)
    for (let event = 0; event < count; event++) fates[positions[event]!] = category
  for (const position of unstored) fates[position] = null
  return { ...kept, fates }
}
