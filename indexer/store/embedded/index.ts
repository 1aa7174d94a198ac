import { accessSync, constants, existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type AuditEvent, CATEGORIES, OperatorError, reasonOf } from '../../../schema/index.ts'
import type { Searchable } from '../../lifecycle/table.ts'
import {
  type Aggregate,
  type AggregateRequest,
  type ArrivalsRequest,
  type Chain,
  type Consignment,
  type ConsignmentPage,
  type Consignments,
  type CountRequest,
  type CountRow,
  type DeadLetter,
  type DeadLetters,
  type Moment,
  type Page,
  type ProofPage,
  type Records,
  type SealedEvent,
  type SearchRequest,
  type Store,
  type StoreBatch,
  type StoredBytes,
  type StoredPart,
  StoreFullError,
  type StoreSource,
  type StoreStatus,
  StoreUnavailableError,
  type WriteOutcome,
} from '../port.ts'
import { type GoneLeaves, lockFolder, makeFolder, partitionFor, withDefaults } from './disk/index.ts'
import type { Span } from './read/index.ts'
import {
  bufferOf,
  type FoundPage,
  type LeaveOrder,
  type MergeOrder,
  type MergerCalls,
  type ReaderCalls,
  type ReaderData,
  type RestOrder,
  type StoredRecord,
  Thread,
  type WriterCalls,
  type WriterData,
  type WriterEvent,
} from './threads/index.ts'

export interface EmbeddedStoreOptions {
  readonly path: string
  /** How long events of a category are searchable, ms; it determines the time span of one partition. */
  readonly searchable?: Partial<Searchable>
  /** Bytes to keep free on the disk: the store refuses batches before the disk is completely full. */
  readonly minimumFree?: number
  /** The time that one page may search, ms, before it ends early with a cursor. */
  readonly pageTime?: number
  /** The time without new events, ms, after which partitions at rest are packed and write-ahead logs are emptied. */
  readonly idle?: number
  /** Whether time passes while pages and counts are made. By default none does, so that an answer depends on no clock. */
  readonly isTimed?: boolean
  readonly now?: () => number
  readonly log?: (sentence: string) => void
}

const MINIMUM_FREE = 64 * 1024 * 1024
const PAGE_TIME = 250
const IDLE = 5000
const MOST_PER_PAGE = 1000
/** The number of threads that count: a long count of one user leaves one for others. */
const MOST_COUNTERS = 2
/** The bytes of batches that may wait for the writer; more would only wait longer. */
const MOST_WAITING = 192 * 1024 * 1024

const thread = (name: string): URL =>
  new URL(`./threads/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const path = resolve(options.path)
  try {
    makeFolder(join(path, 'partitions'))
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw new OperatorError(
      'WB-STORE-UNUSABLE',
      `the store's folder ${path} can't be used (${reasonOf(thrown)}); check the path and its rights`,
      {
        cause: thrown,
      },
    )
  }
  const lock = lockFolder(path, join(path, 'lock.db'))
  const store = new EmbeddedStore(path, options, lock)
  try {
    await store.open()
    return store
  } catch (thrown) {
    await store.close()
    throw thrown instanceof StoreUnavailableError
      ? new OperatorError('WB-STORE-UNUSABLE', thrown.message, { cause: thrown })
      : thrown
  }
}

/**
 * Opens a store for a move or a verification, while an indexer writes to it in another process. It has connections of its own that only
 * read, and holds no lock: the indexer may be stopped and started. `isEvidence` reads what is there although partitions are missing.
 */
export async function openEmbeddedSource(
  folder: string,
  { isEvidence = false, threads = 1 }: { readonly isEvidence?: boolean; readonly threads?: number } = {},
): Promise<StoreSource> {
  const path = resolve(folder)
  if (!existsSync(join(path, 'control.db')))
    throw new OperatorError(
      'WB-STORE-UNUSABLE',
      `there is no store in ${path}: give the folder that store.embedded.path names`,
    )
  const opened = (name: string): Thread<ReaderCalls> =>
    new Thread<ReaderCalls>(thread('reader'), {
      name,
      data: { path, slice: PAGE_TIME, isTimed: false, isEvidence } satisfies ReaderData,
      youngMb: 16,
      oldMb: 384,
    })
  const reader = opened('reader')
  const provers: Thread<ReaderCalls>[] = []
  const close = async (): Promise<void> => {
    for (const one of [reader, ...provers]) {
      await one.ask('close', null).catch(() => {})
      await one.exit()
    }
  }
  try {
    await reader.ask('open', { asGuest: true })
  } catch (thrown) {
    await close()
    throw thrown
  }
  return {
    consignments: {
      list: async (request) => withBuffers(await reader.ask('consignments', request)),
      headers: (request) => reader.ask('headers', request),
      ofEvent: async (id) => sealedWithBuffers(await reader.ask('sealed', id)),
      inPartition: async (name, request) =>
        withBuffers(await reader.ask('partitionConsignments', { name, ...request })),
    },
    proofs: (after) => {
      while (provers.length < threads) provers.push(opened('prover'))
      return proofsOf(reader, provers, after)
    },
    placeAt: (time) => reader.ask('placeAt', time),
    search: async (request) => pageOf(await reader.ask('search', request)),
    deadLetters: {
      list: async (request) => {
        const { letters, next, total } = await reader.ask('letters', request)
        return { letters: letters.map(withBuffer), next, total }
      },
    },
    records: {
      get: async (kind, key) => {
        const record = await reader.ask('record', { kind, key })
        return record === null ? null : { value: readValue(record), version: record.version }
      },
      list: async (kind) =>
        (await reader.ask('records', kind)).map((record) => ({
          key: record.key,
          value: readValue(record),
          version: record.version,
        })),
      kinds: () => reader.ask('kinds', null),
    },
    chains: (agent) => reader.ask('chains', agent),
    status: () => reader.ask('status', null),
    storage: () => reader.ask('storage', { open: [] }),
    close,
  }
}

/** One thread finds the next waybills, and the others prove them; a few spans are on their way. */
async function* proofsOf(
  reader: Thread<ReaderCalls>,
  provers: readonly Thread<ReaderCalls>[],
  after: string | null,
): AsyncGenerator<ProofPage> {
  const underWay: Promise<ProofPage>[] = []
  let turn = 0
  let isEnd = false
  for (let place = after; ; ) {
    while (!isEnd && underWay.length < 2 * provers.length) {
      const span = await reader.ask('span', place)
      isEnd = span.isEnd
      if (isEnd) break
      place = span.next
      const proving = proved(provers[turn++ % provers.length]!, span)
      // It is awaited in its turn.
      proving.catch(() => {})
      underWay.push(proving)
    }
    const next = underWay.shift()
    if (next === undefined) return
    yield await next
  }
}

async function proved(prover: Thread<ReaderCalls>, span: Span): Promise<ProofPage> {
  const { proofs, damaged } = await prover.ask('prove', span)
  return {
    damaged,
    next: span.next,
    proofs: proofs.map((one) =>
      'waybill' in one
        ? withConsignmentBuffers(one)
        : {
            ...one,
            manifest: bufferOf(one.manifest),
            signature: bufferOf(one.signature),
            absent: one.absent.map((line) => ({ ...line, leaf: line.leaf && bufferOf(line.leaf) })),
          },
    ),
  }
}

class EmbeddedStore implements Store {
  readonly #lock: { release(): void }
  readonly #writer: Thread<WriterCalls>
  readonly #reader: Thread<ReaderCalls>
  readonly #readerData: ReaderData
  /** The threads that count: the first begins with the first count, another when all others are busy. */
  readonly #counters: Thread<ReaderCalls>[] = []
  /** A second search waits in the thread while the first is answered; a second count has a thread of its own. */
  readonly shares = { searches: { each: 1, all: 2 }, counts: { each: 1, all: MOST_COUNTERS } }
  /** Begins with the first merge, which a small store never needs. */
  #merger: Thread<MergerCalls> | null = null
  readonly #now: () => number
  readonly #log: (sentence: string) => void
  #waiting = 0
  #closing: Promise<void> | null = null
  #problem: Error | null = null
  readonly #path: string
  readonly #minimumFree: number
  readonly #enough: number
  #searchable: Searchable
  #merging: Promise<void> = Promise.resolve()

  constructor(path: string, options: EmbeddedStoreOptions, lock: { release(): void }) {
    this.#lock = lock
    this.#path = path
    this.#minimumFree = options.minimumFree ?? MINIMUM_FREE
    this.#enough = Math.max(this.#minimumFree, MINIMUM_FREE / 2)
    this.#now = options.now ?? Date.now
    this.#log = options.log ?? (() => {})
    this.#searchable = withDefaults(options.searchable ?? {})
    const data: WriterData = {
      path,
      searchable: this.#searchable,
      minimumFree: this.#minimumFree,
      idle: options.idle ?? IDLE,
    }
    this.#writer = new Thread<WriterCalls>(thread('writer'), {
      name: 'writer',
      data,
      youngMb: 32,
      oldMb: 512,
      onEvent: (event) => this.#onWriterEvent(event as WriterEvent),
    })
    this.#readerData = { path, slice: options.pageTime ?? PAGE_TIME, isTimed: options.isTimed ?? false }
    this.#reader = new Thread<ReaderCalls>(thread('reader'), {
      name: 'reader',
      data: this.#readerData,
      youngMb: 16,
      oldMb: 384,
    })
  }

  async open(): Promise<void> {
    await this.#writer.ask('open', null)
    await this.#reader.ask('open', { asGuest: false })
  }

  #onWriterEvent(event: WriterEvent): void {
    if ('leave' in event) void this.#leave(event.leave)
    else this.#merging = 'merge' in event ? this.#merge(event.merge) : this.#rest(event.rest)
  }

  async #rest(order: RestOrder): Promise<void> {
    let made: boolean | null = null
    try {
      made = await this.#mergerThread().ask('rest', order)
    } catch (thrown) {
      if (this.#closing === null)
        this.#log(`packing ${order.partition}, to which nothing comes any more, failed: ${reasonOf(thrown)}`)
    }
    await this.#writer.ask('rested', { order, made }).catch(() => {})
  }

  async #leave(order: LeaveOrder): Promise<void> {
    const { partition } = order
    let made: GoneLeaves | 'end' | null = null
    try {
      made = await this.#mergerThread().ask('leave', order)
      if (made !== 'end' && made.damaged > 0)
        this.#log(
          `${made.damaged} chunks of ${partition}, which has expired, are damaged: lines of the same waybills in other partitions can't be proved without them`,
        )
    } catch (thrown) {
      if (this.#closing === null)
        this.#log(
          `keeping the leaf hashes of ${partition}, which has expired, failed: ${reasonOf(thrown)}; it is tried again, at the latest after the next start`,
        )
    }
    await this.#writer.ask('left', { order, made }).catch(() => {})
  }

  #mergerThread(): Thread<MergerCalls> {
    this.#demandOpen()
    this.#merger ??= new Thread<MergerCalls>(thread('merger'), {
      name: 'merger',
      data: { path: this.#path },
      youngMb: 16,
      oldMb: 256,
    })
    return this.#merger
  }

  async #merge(order: MergeOrder): Promise<void> {
    let made = null
    try {
      made = await this.#mergerThread().ask('merge', order)
    } catch (thrown) {
      if (this.#closing === null)
        this.#log(`merging the search index of ${order.partition} failed: ${reasonOf(thrown)}`)
    }
    await this.#writer.ask('merged', { order, made }).catch(() => {})
  }

  #demandOpen(): void {
    if (this.#closing !== null) throw new StoreUnavailableError('the store is closed')
  }

  /** Its files are never out of reach: a write tells what is wrong with them. */
  async reach(): Promise<void> {
    this.#demandOpen()
  }

  async write(batch: StoreBatch): Promise<WriteOutcome> {
    this.#demandOpen()
    const size = batch.lines.length
    if (this.#waiting > 0 && this.#waiting + size > MOST_WAITING) {
      throw new StoreUnavailableError('the store has as much to write as it can hold; try again in a moment')
    }
    this.#waiting += size
    try {
      const lines = movable(batch.lines, batch.handedOver)
      const leaves = movable(batch.leaves, batch.handedOver)
      const manifestBytes = new Uint8Array(batch.manifestBytes)
      const signature = new Uint8Array(batch.signature)
      const additions = batch.additions && {
        positions: new Uint32Array(batch.additions.positions),
        lines: new Uint8Array(batch.additions.lines),
      }
      const { manifest, hash, ingested, author } = batch
      const sent = {
        manifest,
        hash,
        ingested,
        ...(author !== undefined && { author }),
        lines,
        leaves,
        manifestBytes,
        signature,
      }
      const outcome = await this.#writer.ask(
        'write',
        additions === undefined ? sent : { ...sent, additions },
        {
          transfer: [lines.buffer, leaves.buffer].filter((buffer) => buffer instanceof ArrayBuffer),
        },
      )
      this.#problem = null
      return outcome
    } catch (thrown) {
      this.#problem = thrown instanceof Error ? thrown : new Error(reasonOf(thrown))
      throw thrown
    } finally {
      this.#waiting -= size
    }
  }

  async search(request: SearchRequest, gone?: AbortSignal): Promise<Page> {
    this.#demandOpen()
    const limit = Math.min(request.limit, MOST_PER_PAGE)
    return pageOf(await this.#reader.ask('search', { ...request, limit }, { gone }))
  }

  async moment(): Promise<Moment> {
    return {
      search: (request, gone) => this.search(request, gone),
      aggregate: (request, gone) => this.aggregate(request, gone),
      loose: 'the embedded store keeps no moment: what is stored while it is read may be among what is found',
      close: async () => {},
    }
  }

  async aggregate(request: AggregateRequest, gone?: AbortSignal): Promise<Aggregate> {
    this.#demandOpen()
    return this.#counter().ask('aggregate', request, { gone })
  }

  /** The thread with the least to do. */
  #counter(): Thread<ReaderCalls> {
    const [least] = this.#counters.toSorted((a, b) => a.load - b.load)
    if (least !== undefined && (least.load === 0 || this.#counters.length >= MOST_COUNTERS)) return least
    const counter = new Thread<ReaderCalls>(thread('reader'), {
      name: 'counter',
      data: this.#readerData,
      youngMb: 32,
      oldMb: 1024,
    })
    this.#counters.push(counter)
    return counter
  }

  async arrivals(request: ArrivalsRequest, gone?: AbortSignal): Promise<Page> {
    this.#demandOpen()
    const limit = Math.min(request.limit, MOST_PER_PAGE)
    return pageOf(await this.#reader.ask('arrivals', { ...request, limit }, { gone }))
  }

  async arrivalsEnd(): Promise<string> {
    this.#demandOpen()
    return this.#reader.ask('arrivalsEnd', null)
  }

  async get(id: string): Promise<AuditEvent | null> {
    this.#demandOpen()
    const text = await this.#reader.ask('get', id)
    return text === null ? null : (JSON.parse(text) as AuditEvent)
  }

  async counts(request: CountRequest): Promise<CountRow[]> {
    this.#demandOpen()
    return this.#reader.ask('counts', request)
  }

  async chains(agent: string): Promise<Chain[]> {
    this.#demandOpen()
    return this.#reader.ask('chains', agent)
  }

  readonly deadLetters: DeadLetters = {
    list: async (request) => {
      this.#demandOpen()
      const { letters, next, total } = await this.#reader.ask('letters', request)
      return { letters: letters.map(withBuffer), next, total }
    },
    get: async (id) => {
      this.#demandOpen()
      const letter = await this.#reader.ask('letter', id)
      return letter === null ? null : withBuffer(letter)
    },
    replay: async (id, additions, author) => {
      this.#demandOpen()
      const text = additions === undefined ? null : JSON.stringify(additions)
      return this.#writer.ask('replay', { id, now: this.#now(), additions: text, author: author ?? null })
    },
    discard: async (id) => {
      this.#demandOpen()
      return this.#writer.ask('discard', id)
    },
    put: async (letters) => {
      this.#demandOpen()
      await this.#writer.ask('letters', letters.map(asKept))
    },
  }

  readonly consignments: Consignments = {
    list: async (request) => {
      this.#demandOpen()
      return withBuffers(await this.#reader.ask('consignments', request))
    },
    headers: async (request) => {
      this.#demandOpen()
      return this.#reader.ask('headers', request)
    },
    ofEvent: async (id) => {
      this.#demandOpen()
      return sealedWithBuffers(await this.#reader.ask('sealed', id))
    },
    inPartition: async (name, request) => {
      this.#demandOpen()
      return withBuffers(await this.#reader.ask('partitionConsignments', { name, ...request }))
    },
    put: async (consignments) => {
      this.#demandOpen()
      await this.#writer.ask('consignments', consignments)
    },
    settle: async () => {
      this.#demandOpen()
      await this.#writer.ask('settle', null)
    },
    // A partition expires by the times of its batches, which were put with them.
    complete: async () => {},
    // The folder is locked: nobody else writes there.
    refuse: async () => {},
  }

  readonly records: Records = {
    get: async (kind, key) => {
      this.#demandOpen()
      const record = await this.#reader.ask('record', { kind, key })
      return record === null ? null : { value: readValue(record), version: record.version }
    },
    put: async (kind, key, value, version) => {
      this.#demandOpen()
      return this.#writer.ask('putRecord', { kind, key, value: JSON.stringify(value), version })
    },
    list: async (kind) => {
      this.#demandOpen()
      const records = await this.#reader.ask('records', kind)
      return records.map((record) => ({ key: record.key, value: readValue(record), version: record.version }))
    },
    kinds: async () => {
      this.#demandOpen()
      return this.#reader.ask('kinds', null)
    },
    remove: async (kind, key) => {
      this.#demandOpen()
      await this.#writer.ask('removeRecord', { kind, key })
    },
    // The folder is locked: nobody else writes there.
    version: async () => null,
  }

  async status(): Promise<StoreStatus> {
    this.#demandOpen()
    const status = await this.#reader.ask('status', null)
    // Agents may send nothing to a full store, so the store itself checks whether there is room again.
    if (this.#problem instanceof StoreFullError) {
      const { bavail, bsize } = await statfs(this.#path)
      if (bavail * bsize >= this.#enough) this.#problem = null
    }
    const problem = this.#writer.ended ?? this.#problem?.message ?? null
    return { ...status, ready: problem === null, problem }
  }

  async storage(): Promise<StoredBytes> {
    this.#demandOpen()
    const now = this.#now()
    const open = CATEGORIES.map((category) => partitionFor(category, now, this.#searchable))
    const stored = await this.#reader.ask('storage', { open })
    const { bavail, blocks, bsize } = await statfs(this.#path)
    const free = Math.max(0, bavail * bsize - this.#minimumFree)
    return { ...stored, disk: { total: blocks * bsize, free } }
  }

  async parts(gone?: AbortSignal): Promise<readonly StoredPart[]> {
    this.#demandOpen()
    // It runs in a thread that counts, so that searches do not wait behind it.
    return this.#counter().ask('parts', null, { gone })
  }

  async keepFor(searchable: Searchable): Promise<readonly string[]> {
    this.#demandOpen()
    this.#searchable = searchable
    await this.#writer.ask('keepFor', searchable)
    // Nothing else deletes in these files.
    return []
  }

  async expire(name: string, before: number): Promise<boolean> {
    this.#demandOpen()
    return this.#writer.ask('expire', { name, before, now: this.#now() })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Finishes what was begun: stores and acknowledges the waiting batches, and completes a running merge. */
  async #close(): Promise<void> {
    await this.#merger?.ask('close', null).catch(() => {})
    await this.#merging
    // Write-ahead logs can only be emptied and removed when nobody reads them any more.
    for (const reader of [this.#reader, ...this.#counters]) await reader.ask('close', null).catch(() => {})
    await this.#writer.ask('close', null).catch(() => {})
    await Promise.all([
      this.#merger?.exit(),
      this.#writer.exit(),
      this.#reader.exit(),
      ...this.#counters.map((counter) => counter.exit()),
    ])
    this.#lock.release()
  }
}

const pageOf = ({ events, next }: FoundPage): Page => ({ events: JSON.parse(events) as AuditEvent[], next })
const readValue = (record: StoredRecord): unknown => JSON.parse(record.value)
/** This store has no place for what is known of a line that it does not have as a whole, but for the reason. */
const asKept = ({ whole, ...letter }: DeadLetter): DeadLetter =>
  whole === undefined || whole.bytes === letter.line.length
    ? letter
    : { ...letter, reason: `${letter.reason} (only the beginning of its ${whole.bytes} bytes is stored)` }

const withBuffers = (page: ConsignmentPage): ConsignmentPage => ({
  ...page,
  consignments: page.consignments.map(withConsignmentBuffers),
})

const withConsignmentBuffers = ({ waybill, lines, ...key }: Consignment): Consignment => ({
  ...key,
  lines: lines.map((line) => ({ ...line, line: bufferOf(line.line) })),
  waybill: waybill && {
    ...waybill,
    manifest: bufferOf(waybill.manifest),
    signature: bufferOf(waybill.signature),
    leaves: new Map([...waybill.leaves].map(([position, leaf]) => [position, bufferOf(leaf)])),
    sealed: new Map([...waybill.sealed].map(([position, leaf]) => [position, bufferOf(leaf)])),
  },
})

const sealedWithBuffers = (sealed: SealedEvent | null): SealedEvent | null =>
  sealed && {
    ...sealed,
    line: bufferOf(sealed.line),
    manifest: bufferOf(sealed.manifest),
    signature: bufferOf(sealed.signature),
    leaves: new Map([...sealed.leaves].map(([position, leaf]) => [position, bufferOf(leaf)])),
  }

const withBuffer = (letter: DeadLetter): DeadLetter => ({ ...letter, line: bufferOf(letter.line) })

/** Returns bytes that can move to a thread: the caller's own if it hands them over, else a copy. */
function movable(bytes: Buffer, handedOver: true | undefined): Uint8Array {
  return handedOver === true
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}
