import { setImmediate } from 'node:timers/promises'
import { reasonOf } from '../../../schema/index.ts'
import type { SourceSlice } from '../../../schema/wire/index.ts'
import type { TaskSlice } from '../../normalise/task.ts'
import type { Change } from '../../state/index.ts'
import type { Filled, Input, SourceStatus } from '../input.ts'
import { Catalog } from './catalog.ts'
import { Descriptors } from './descriptors.ts'
import { type Discoverer, discoverer } from './discover.ts'
import { Gunzip } from './gzip.ts'
import { Hold } from './hold.ts'
import { Keeper } from './keeper.ts'
import { type FileInputContext, type FileInputOptions, POLICY, type Policy } from './options.ts'
import { Poller } from './poll.ts'
import { Queue } from './queue.ts'
import type { Tail } from './source.ts'
import { Sweeper } from './sweep.ts'
import { type FolderToWatch, Hints } from './watch.ts'

/** A sweep takes at most one part in this number of a core, if the system also gives hints. */
const SWEEP_SHARE = 600
/** The same without hints: then sweeps must be more frequent. */
const SWEEP_SHARE_ALONE = 25
/** The same for a sweep that a change requested. */
const SWEEP_SHARE_ASKED = 10
const SWEEP_AT_LEAST_EVERY = 30_000
/** The minimum interval of requested sweeps. */
const SOON = 50
/** Polling the growing files takes at most one part in this number of a core. */
const POLL_SHARE = 20
/** The interval of the search for folders that became quiet. */
const WATCH_EVERY = 1000

/** Tails files: finds them, identifies them again, and hands out their records, a fair share of each. */
export class FileTailer implements Input {
  readonly #context: FileInputContext
  readonly #policy: Policy
  readonly #discoverer: Discoverer
  readonly #catalog: Catalog
  readonly #descriptors: Descriptors
  readonly #hold: Hold
  readonly #keeper: Keeper
  readonly #gunzip: Gunzip
  readonly #sweeper: Sweeper
  readonly #queue: Queue
  readonly #poller: Poller
  readonly #hints: Hints
  readonly #watches: boolean
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null
  #sweeping: Promise<void> | null = null
  #sweepAsked = false
  #lastSweep = 0
  #sweepCost = 0
  #pollCost = 0
  /** Folders that may be watched, according to the last sweep. */
  #folders: FolderToWatch[] = []
  #watchedAt = 0
  #closed = false
  #saveFailed: string | null = null

  constructor(options: FileInputOptions, context: FileInputContext) {
    this.#context = context
    this.#policy = { ...POLICY, ...options.policy }
    const policy = this.#policy
    const ready = (tail: Tail): void => this.#ready(tail)
    this.#discoverer = discoverer(options.files)
    this.#catalog = new Catalog(context, this.#discoverer.configFor)
    this.#descriptors = new Descriptors(policy.openFiles)
    this.#hold = new Hold(context.holdDir, policy.holdBytes)
    this.#keeper = new Keeper(this.#hold, policy, context.log, (tail) => {
      this.#catalog.touched(tail)
      void this.#save()
    })
    const shared = {
      catalog: this.#catalog,
      descriptors: this.#descriptors,
      hold: this.#hold,
      policy,
      context,
      ready,
    }
    this.#gunzip = new Gunzip(shared)
    this.#sweeper = new Sweeper({
      ...shared,
      keeper: this.#keeper,
      gunzip: this.#gunzip,
      isExcluded: this.#discoverer.isExcluded,
      soon: () => this.#askSweep(),
    })
    this.#queue = new Queue({
      descriptors: this.#descriptors,
      policy,
      context,
      changed: (tail) => {
        tail.verified = false
        this.#askSweep()
      },
      blocked: (tail, error) => this.#sweeper.blocked(tail, error),
    })
    this.#poller = new Poller({
      policy,
      clock: context.clock,
      sweeper: this.#sweeper,
      ready,
      moved: () => this.#askSweep(),
    })
    this.#watches = options.files.some((file) => file.watch !== false)
    this.#hints = new Hints(policy.watchedFolders, context.clock, context.log, (path) => this.#hinted(path))
  }

  async start(): Promise<void> {
    const held = new Set(await this.#hold.start())
    this.#catalog.load()
    this.#takeUpHeld(held)
    await this.sweep()
    this.#schedule()
  }

  async fill(buffer: Buffer, limits: { bytes: number; records: number }): Promise<Filled | null> {
    if (this.#closed) return null
    let filled = this.#queue.fill(buffer, limits)
    while (filled === null && this.#queue.isFollowing) {
      await setImmediate()
      if (this.#closed) return null
      filled = this.#queue.fill(buffer, limits)
    }
    for (const tail of this.#queue.takeIdle()) this.#poller.watch(tail)
    return filled
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#queue.hasWork || signal.aborted || this.#closed) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }

  giveBack(slices: readonly TaskSlice[]): void {
    const given = slices.flatMap((slice) => {
      const tail = this.#catalog.tailOf(slice.source, slice.generation)
      const index = tail?.handed.findIndex((one) => one.offset === slice.offset && one.to === slice.to) ?? -1
      if (tail === undefined || index === -1) return []
      const [handed] = tail.handed.splice(index, 1)
      return handed === undefined ? [] : [{ tail, handed }]
    })
    this.#queue.giveBack(given)
    if (given.length > 0) this.#wake()
  }

  readAgain(slices: readonly SourceSlice[]): void {
    for (const { source, generation, path, from, to } of slices) {
      const tail = this.#catalog.tailOf(source, generation)
      if (tail === undefined) {
        this.#context.log.error(
          `The bytes ${from} to ${to} of ${path} had to be read a second time, but the agent no longer knows the file.`,
        )
        continue
      }
      tail.lose(from)
      if (tail.reader !== null) this.#ready(tail)
    }
    this.#askSweep()
  }

  settled(slices: readonly SourceSlice[]): Change[] {
    const sources = new Set<Tail['source']>()
    for (const { source, generation, from, to } of slices) {
      const tail = this.#catalog.tailOf(source, generation)
      if (tail === undefined) continue
      tail.settle(from, to)
      sources.add(tail.source)
    }
    return [...sources].flatMap((source) => this.#catalog.changesOf(source))
  }

  exhausted(): boolean {
    return (
      !this.#queue.hasWork &&
      this.#sweeping === null &&
      !this.#sweepAsked &&
      !this.#gunzip.isBusy &&
      !this.#catalog.hasUnsynced() &&
      !this.#poller.hasFlushesDue()
    )
  }

  async sweep(): Promise<void> {
    // A running sweep may have looked before the caller's change: a new one follows it.
    while (this.#sweeping !== null) await this.#sweeping
    if (this.#closed) return
    this.#sweeping = this.#sweepOnce().finally(() => {
      this.#sweeping = null
    })
    await this.#sweeping
  }

  hint(path: string): void {
    this.#hinted(path)
  }

  status(): SourceStatus[] {
    return statusOf(this.#catalog, this.#sweeper.problems)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#wake()
    await this.#hints.close()
    await this.#sweeping
    await this.#keeper.idle()
    await this.#gunzip.idle()
    await this.#save()
    for (const tail of this.#catalog.tails()) if (tail.held) tail.reader?.close()
    this.#descriptors.closeAll()
  }

  async #sweepOnce(): Promise<void> {
    this.#sweepAsked = false
    const before = process.cpuUsage()
    const began = this.#context.clock()
    try {
      const { folders } = await this.#sweeper.sweep(this.#discoverer)
      this.#folders = [...folders].flatMap(([path, { entries, modified, watch }]) =>
        watch ? [{ path, entries, modified }] : [],
      )
      this.#watchQuietFolders()
    } catch (error) {
      this.#context.log.error(`The search for files failed: ${reasonOf(error)}. The agent tries again.`)
    }
    await this.#save()
    if (this.#queue.hasWork) this.#wake()
    this.#lastSweep = began
    const used = process.cpuUsage(before)
    this.#sweepCost = (used.user + used.system) / 1000
  }

  #watchQuietFolders(): void {
    this.#watchedAt = this.#context.clock()
    if (this.#folders.length === 0) return
    const busy = this.#poller.busyFolders()
    this.#hints.keep(this.#folders, (folder) => !busy.has(folder))
  }

  /** Saves the new sources; a saved source may be read. If the disk is full, it tries again later. */
  async #save(): Promise<void> {
    try {
      const fresh = await this.#catalog.save()
      this.#saveFailed = null
      for (const tail of fresh) if (tail.size > tail.read) this.#ready(tail)
    } catch (error) {
      const reason = reasonOf(error)
      if (this.#saveFailed !== reason)
        this.#context.log.error(
          `The state of the files can't be written: ${reason}. The agent does not read new files until it can.`,
        )
      this.#saveFailed = reason
    }
  }

  #ready(tail: Tail): void {
    if (!tail.synced || tail.source.config === null || this.#closed) return
    this.#poller.watch(tail)
    if (this.#queue.add(tail)) this.#wake()
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }

  #takeUpHeld(held: Set<string>): void {
    for (const tail of this.#catalog.tails()) {
      const { id } = tail.source
      // This includes bytes that were held just before a crash and not recorded yet.
      if (tail.heldTo === null && !held.has(`${id}-${tail.generation}`)) continue
      const reader = this.#hold.read(id, tail.generation)
      if (reader === null) {
        tail.heldTo = null
        if (tail.packed === null)
          this.#context.log.error(
            `The rest of ${tail.at} should be in ${this.#hold.pathOf(id, tail.generation)}, but that file is missing: its bytes from ${tail.position} on are lost.`,
          )
        continue
      }
      held.delete(`${id}-${tail.generation}`)
      tail.reader = reader
      tail.held = true
      tail.heldTo = reader.end
      tail.size = Math.max(reader.end, tail.read)
      tail.ended = true
      tail.verified = true
      if (tail.size > tail.read) this.#ready(tail)
    }
    for (const name of held)
      this.#context.log.warn(
        `hold/ has ${name}.hold, which belongs to no known file. The agent leaves it there. Delete it if you don't need it.`,
      )
  }

  #hinted(path: string | null): void {
    if (this.#closed) return
    const tail = path === null ? undefined : this.#catalog.byPath(path)
    if (tail !== undefined && this.#poller.look(tail)) this.#schedule()
    else this.#askSweep()
  }

  #askSweep(): void {
    if (this.#sweepAsked || this.#closed) return
    this.#sweepAsked = true
    this.#schedule()
  }

  /** One timer for all: growing files often, all files at longer intervals. */
  #schedule(): void {
    if (this.#closed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    const now = this.#context.clock()
    const share = this.#watches ? SWEEP_SHARE : SWEEP_SHARE_ALONE
    const every = Math.max(this.#policy.sweepEvery, Math.min(this.#sweepCost * share, SWEEP_AT_LEAST_EVERY))
    const sweepDue = this.#sweepAsked
      ? this.#lastSweep + Math.max(SOON, this.#sweepCost * SWEEP_SHARE_ASKED)
      : this.#lastSweep + every
    const pollDue = this.#poller.isIdle
      ? Number.POSITIVE_INFINITY
      : now + Math.max(this.#policy.pollEvery, this.#pollCost * POLL_SHARE)
    const wait = Math.max(0, Math.min(sweepDue, pollDue) - now)
    this.#timer = setTimeout(() => void this.#tick(), Math.min(wait, SWEEP_AT_LEAST_EVERY))
    this.#sweepDue = sweepDue
  }

  #sweepDue = 0

  async #tick(): Promise<void> {
    const before = process.hrtime.bigint()
    this.#poller.poll()
    this.#pollCost = Number(process.hrtime.bigint() - before) / 1e6
    if (this.#context.clock() - this.#watchedAt >= WATCH_EVERY) this.#watchQuietFolders()
    if (this.#sweeping === null && this.#context.clock() >= this.#sweepDue) await this.sweep()
    this.#schedule()
  }
}

/** The state of each source, and of the unreadable paths. */
function statusOf(catalog: Catalog, problems: ReadonlyMap<string, string>): SourceStatus[] {
  const all: SourceStatus[] = []
  for (const source of catalog.sources.values()) for (const tail of source.tails) all.push(statusOfTail(tail))
  for (const [path, problem] of problems)
    all.push({
      source: '',
      path,
      generation: 0,
      position: 0,
      read: 0,
      size: 0,
      state: 'blocked',
      problem,
      unfinished: 0,
      lastRead: null,
    })
  return all
}

function statusOfTail(tail: Tail): SourceStatus {
  return {
    source: tail.source.id,
    path: tail.source.path,
    generation: tail.generation,
    position: tail.position,
    read: tail.read,
    size: Math.max(tail.size, tail.read),
    state: stateOf(tail),
    problem: tail.problem,
    unfinished: tail.waitingAt === tail.size ? tail.size - tail.read : 0,
    lastRead: tail.lastRead,
  }
}

function stateOf(tail: Tail): SourceStatus['state'] {
  if (tail.problem !== null) return 'blocked'
  if (tail.held) return 'held'
  if (tail.gone !== null || (tail.inode === null && tail.reader === null)) return 'gone'
  return tail.read < tail.size && tail.waitingAt !== tail.size ? 'reading' : 'idle'
}
