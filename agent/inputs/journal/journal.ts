import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../../schema/index.ts'
import { makeFolder, syncFolder } from '../../state/index.ts'
import { droppedRecord, RECORD_OVERHEAD, segmentRecord, writeRecord } from './record.ts'
import { recover, segmentName } from './recover.ts'
import { JournalKey, NONCE_BYTES } from './seal.ts'
import { type Account, Shares } from './shares.ts'

export interface JournalOptions {
  readonly folder: string
  /** The key that encrypts the messages. */
  readonly key: Uint8Array
  /** The limit of bytes that wait here for their acknowledgement. */
  readonly limit: number
  /** How long received messages are collected before they are synced, in ms. */
  readonly syncEvery: number
}

export interface JournalContext {
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
  readonly log: { info(sentence: string): void; warn(sentence: string): void; error(sentence: string): void }
  /** The acknowledged bytes of each segment, by path; a missing segment has not been read yet. */
  readonly acknowledged: () => ReadonlyMap<string, number>
  /** Called when a segment has grown. */
  readonly written: (path: string) => void
}

/** Writers that wait for a sync, or for room. */
export interface Writer {
  /** Called when this many of its bytes are synced. */
  synced(bytes: number): void
}

export interface JournalStatus {
  /** The bytes that wait here, and their limit. */
  readonly bytes: number
  readonly limit: number
  readonly segments: number
  /** The reason why the journal takes nothing at present, in a sentence. */
  readonly problem: string | null
}

interface Closed {
  readonly path: string
  readonly bytes: number
  readonly accounts: ReadonlyMap<Account, number>
}

interface Open {
  readonly path: string
  readonly handle: FileHandle
  bytes: number
  writtenAt: number
}

interface Group {
  readonly bytes: Buffer
  length: number
  isSealed: boolean
  readonly writers: Map<Writer, number>
  readonly accounts: Map<Account, number>
}

/** A group of this size is written before its time. */
const GROUP_BYTES = 1024 * 1024
const GROUP_ROOM = GROUP_BYTES + 1024 * 1024 + RECORD_OVERHEAD
/** The limit of full groups that wait for a slow disk. */
const WAITING_GROUPS = 4
const SEGMENT_MOST = 32 * 1024 * 1024
const SEGMENT_LEAST = 256 * 1024
const RETRY_MS = 1000
const TIDY_MS = 500
/** A segment without writes for this time is closed if it is acknowledged: messages don't stay longer than necessary. */
const QUIET_MS = 2000

/**
 * Stores received messages on the disk before they count as received. Groups of messages are written and synced together. The tailer reads
 * the segments like any other file. A segment is removed when all of it is acknowledged. The journal never exceeds its limit and reports
 * it in advance, so that TCP senders can be kept waiting and lost datagrams can be counted.
 */
export class Journal {
  #options: JournalOptions
  readonly #context: JournalContext
  readonly #key: JournalKey
  readonly #shares: Shares
  /** The bytes that came by each transport. */
  readonly #kinds: Record<Kind, number> = { stream: 0, datagram: 0, own: 0 }
  #closed: Closed[] = []
  #segment: Open | null = null
  #accounts = new Map<Account, number>()
  #next = 1
  #filling: Group
  #full: Group[] = []
  #spare: Group[] = []
  #flushTimer: NodeJS.Timeout | null = null
  #tidyTimer: NodeJS.Timeout | null = null
  #flushing: Promise<void> | null = null
  #stopping = false
  #problem: string | null = null
  #wakers = new Set<() => void>()

  private constructor(options: JournalOptions, context: JournalContext) {
    this.#options = options
    this.#context = context
    this.#key = new JournalKey(options.key)
    this.#shares = new Shares(options.limit)
    this.#filling = this.#emptyGroup()
  }

  static async open(options: JournalOptions, context: JournalContext): Promise<Journal> {
    const journal = new Journal(options, context)
    await makeFolder(options.folder)
    const { segments, next, torn } = await recover(options.folder)
    if (torn > 0) {
      context.log.warn(
        `A crash damaged the last ${torn} bytes of the journal in ${options.folder} before they were synced. The agent removed them.`,
      )
    }
    journal.#next = next
    for (const { path, bytes } of segments) {
      // Only the earlier process knew the senders of these bytes.
      journal.#closed.push({ path, bytes, accounts: new Map([[EARLIER, bytes]]) })
      journal.#take(EARLIER, bytes)
    }
    journal.#tidyTimer = setInterval(() => void journal.tidy(), TIDY_MS)
    journal.#tidyTimer.unref()
    return journal
  }

  /** Changes the limits from now on. */
  adjust(options: Pick<JournalOptions, 'limit' | 'syncEvery'>): void {
    this.#options = { ...this.#options, ...options }
    this.#shares.limit = options.limit
    this.#wake()
  }

  /** The name of a peer's account in the journal. */
  accountOf(kind: 'stream' | 'datagram', peer: string): Account {
    return this.#shares.accountOf(`${kind} ${peer}`)
  }

  /**
   * Whether a message may be written now: the disk accepts it, and neither the peer nor its transport has used up its share. Senders of
   * datagrams can forge addresses; senders of streams can wait.
   */
  hasRoom(account: Account, bytes: number): boolean {
    if (this.#stopping || this.#problem !== null || this.#full.length >= WAITING_GROUPS) return false
    const kind = kindOf(account)
    if (this.#kinds[kind] + bytes > this.#options.limit * LARGEST_PART) return false
    return this.#shares.mayTake(account, bytes)
  }

  /** Whether this many bytes of one sender would have room if nothing else waited. */
  couldHold(bytes: number): boolean {
    return 2 * bytes <= this.#options.limit
  }

  /** Writes a record, with the line about it; the caller has checked that there is room. Returns its size. */
  append(line: string, account: Account, bytes: Uint8Array, writer: Writer | null): number {
    const group = this.#filling
    const from = group.length
    group.length = writeRecord(group.bytes, from, line, bytes)
    const written = group.length - from
    this.#take(account, written)
    add(group.accounts, account, written)
    if (writer !== null) add(group.writers, writer, written)
    this.#gathered()
    return written
  }

  /** Notes that this many messages were lost. The note may exceed the limit: it is a few bytes per second. */
  appendDropped(count: number): void {
    const record = droppedRecord(count, this.#context.clock())
    record.copy(this.#filling.bytes, this.#filling.length)
    this.#filling.length += record.length
    this.#take(EARLIER, record.length)
    add(this.#filling.accounts, EARLIER, record.length)
    this.#gathered()
  }

  /** Calls once there may be room again. */
  whenRoom(wake: () => void): void {
    this.#wakers.add(wake)
  }

  forgetWaker(wake: () => void): void {
    this.#wakers.delete(wake)
  }

  status(): JournalStatus {
    const { limit } = this.#options
    const bytes = this.#shares.used
    const segments = this.#closed.length + (this.#segment === null ? 0 : 1)
    return { bytes, limit, segments, problem: this.#problem }
  }

  /** Resolves when all appended messages are synced. */
  async flush(): Promise<void> {
    this.#startFlush()
    while (this.#flushing !== null) await this.#flushing
  }

  /** Removes the segments that are completely acknowledged. */
  async tidy(): Promise<void> {
    if (this.#closed.length === 0 && this.#segment === null) return
    const acknowledged = this.#context.acknowledged()
    await this.#closeQuiet(acknowledged)
    const done = this.#closed.filter(({ path, bytes }) => (acknowledged.get(path) ?? 0) >= bytes)
    if (done.length === 0) return
    this.#closed = this.#closed.filter((segment) => !done.includes(segment))
    for (const { path, accounts } of done) {
      for (const [account, bytes] of accounts) this.#give(account, bytes)
      await rm(path, { force: true }).catch((error) => {
        this.#context.log.error(
          `${path} is acknowledged and can't be removed: ${reasonOf(error)}. Remove it.`,
        )
      })
    }
    this.#wake()
  }

  /** Closes the present segment if all of it is acknowledged and no more is written. */
  async #closeQuiet(acknowledged: ReadonlyMap<string, number>): Promise<void> {
    const present = this.#segment
    if (present === null || this.#flushing !== null || this.#filling.length > 0 || this.#stopping) return
    if (this.#context.clock() - present.writtenAt < QUIET_MS) return
    if ((acknowledged.get(present.path) ?? 0) < present.bytes) return
    this.#leave(present)
    await present.handle.close()
  }

  #leave({ path, bytes }: Open): void {
    this.#segment = null
    this.#closed.push({ path, bytes, accounts: this.#accounts })
    this.#accounts = new Map()
  }

  /** Syncs all appended messages before it resolves, unless the disk refuses. */
  async close(): Promise<void> {
    if (this.#tidyTimer !== null) clearInterval(this.#tidyTimer)
    this.#stopping = true
    await this.flush()
    await this.#segment?.handle.close()
    this.#segment = null
    this.#wakers.clear()
  }

  #gathered(): void {
    if (this.#filling.length >= GROUP_BYTES) {
      this.#full.push(this.#filling)
      this.#filling = this.#emptyGroup()
      this.#startFlush()
    } else if (this.#flushTimer === null && this.#flushing === null) {
      this.#flushTimer = setTimeout(() => this.#startFlush(), this.#options.syncEvery)
    }
  }

  #startFlush(): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    this.#flushTimer = null
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null
      if (this.#filling.length > 0 && !this.#stopping) this.#gathered()
    })
  }

  async #flushAll(): Promise<void> {
    for (;;) {
      let group = this.#full[0]
      if (group === undefined) {
        if (this.#filling.length === 0) return
        group = this.#filling
        this.#full.push(group)
        this.#filling = this.#emptyGroup()
      }
      if (!(await this.#written(group))) return
      this.#full.shift()
      for (const [writer, bytes] of group.writers) writer.synced(bytes)
      this.#release(group)
      this.#wake()
    }
  }

  /**
   * Writes a group. If the disk refuses, it retries; in the meantime the journal takes nothing more. Returns false when it is time to
   * stop.
   */
  async #written(group: Group): Promise<boolean> {
    for (;;) {
      try {
        await this.#write(group)
        if (this.#problem !== null) this.#context.log.info('The agent can write the journal again.')
        this.#problem = null
        return true
      } catch (error) {
        const problem = `The journal in ${this.#options.folder} can't be written: ${reasonOf(error)}. Until it can, senders wait or are told to try again, and datagrams are lost and counted. Free space, or move the data folder.`
        if (this.#problem === null) this.#context.log.error(problem)
        this.#problem = problem
        if (this.#stopping) return false
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #write(group: Group): Promise<void> {
    const segment = await this.#segmentFor(group.length)
    const { handle } = segment
    if (!group.isSealed) {
      this.#key.seal(group.bytes, group.length, this.#context.random(NONCE_BYTES))
      group.isSealed = true
    }
    // Every attempt writes the same bytes to the same place: it overwrites a partial write.
    for (let at = 0; at < group.length; ) {
      const { bytesWritten } = await handle.write(group.bytes, at, group.length - at, segment.bytes + at)
      at += bytesWritten
    }
    await handle.datasync()
    segment.bytes += group.length
    segment.writtenAt = this.#context.clock()
    for (const [account, bytes] of group.accounts) add(this.#accounts, account, bytes)
    this.#context.written(segment.path)
  }

  async #segmentFor(bytes: number): Promise<Open> {
    const present = this.#segment
    if (present !== null) {
      const most = Math.max(SEGMENT_LEAST, Math.min(SEGMENT_MOST, Math.floor(this.#options.limit / 16)))
      if (present.bytes + bytes <= most) return present
      this.#leave(present)
      await present.handle.close()
    }
    const { folder } = this.#options
    const path = join(folder, segmentName(this.#next))
    const handle = await open(path, 'w', 0o600)
    try {
      const head = segmentRecord(this.#context.random(16))
      await handle.write(head, 0, head.length, 0)
      await handle.datasync()
      await syncFolder(folder)
      this.#segment = { path, handle, bytes: head.length, writtenAt: this.#context.clock() }
      this.#next += 1
      return this.#segment
    } catch (error) {
      await handle.close()
      await rm(path, { force: true })
      throw error
    }
  }

  #take(account: Account, bytes: number): void {
    this.#shares.take(account, bytes)
    this.#kinds[kindOf(account)] += bytes
  }

  #give(account: Account, bytes: number): void {
    this.#shares.give(account, bytes)
    this.#kinds[kindOf(account)] -= bytes
  }

  #emptyGroup(): Group {
    return (
      this.#spare.pop() ?? {
        bytes: Buffer.allocUnsafeSlow(GROUP_ROOM),
        length: 0,
        isSealed: false,
        writers: new Map(),
        accounts: new Map(),
      }
    )
  }

  #release(group: Group): void {
    group.length = 0
    group.isSealed = false
    group.writers.clear()
    group.accounts.clear()
    if (this.#spare.length < 2) this.#spare.push(group)
  }

  #wake(): void {
    const wakers = [...this.#wakers]
    this.#wakers.clear()
    for (const wake of wakers) wake()
  }
}

type Kind = 'stream' | 'datagram' | 'own'

/** The largest part of the journal that all streams or all datagrams together may use. */
const LARGEST_PART = 0.75
/** The account of segments from before the last start, and of the journal's own notes. */
const EARLIER: Account = 'own'

const kindOf = (account: Account): Kind =>
  account.startsWith('stream') ? 'stream' : account === EARLIER ? 'own' : 'datagram'

function add<Key>(sums: Map<Key, number>, key: Key, bytes: number): void {
  sums.set(key, (sums.get(key) ?? 0) + bytes)
}
