import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import type { AlertShape } from '../../../schema/api/index.ts'
import { type AuditEvent, isEventId } from '../../../schema/index.ts'
import {
  byCategory,
  type RetentionTable,
  type Searchable,
  searchableOf,
  USUAL_TABLE,
  windowOf,
} from '../../lifecycle/table.ts'
import {
  type Aggregate,
  type AggregateRequest,
  type ArrivalsRequest,
  type Chain,
  type Consignments,
  type CountRequest,
  type CountRow,
  type DeadLetters,
  type Moment,
  type Page,
  type Records,
  type SearchRequest,
  type ShownAgent,
  type Store,
  type StoreBatch,
  type StoredBytes,
  type StoreStatus,
  StoreUnavailableError,
  type WriteOutcome,
} from '../port.ts'
import { expired, rollOverDue, shorterPolicies, storageOf } from './ageing.ts'
import { AgentIndex } from './agent-index.ts'
import { aggregated } from './aggregate/index.ts'
import { showAlerts } from './alert-index.ts'
import { arrivalsPage, endOfArrivals } from './arrivals.ts'
import { BulkSink } from './bulk.ts'
import { chainsOf } from './chains.ts'
import { type ConnectionOptions, connect, REQUEST_TIME } from './client.ts'
import { Commits } from './commits.ts'
import { ConsignmentIndex } from './consignments.ts'
import { countsOf } from './counts.ts'
import { DeadLetterIndex, letterOf } from './dead-letter-index.ts'
import { eventOf } from './document.ts'
import { asking, atStart } from './failures.ts'
import { Families } from './families.ts'
import { momentOf } from './moment.ts'
import { type Names, namesFor } from './names.ts'
import { openRecords } from './records.ts'
import { replayed } from './replaying.ts'
import { type SearchParts, searchPage } from './search.ts'
import { setUp } from './setup/index.ts'
import { Watch } from './status.ts'
import { Writer } from './writer.ts'

export interface ElasticsearchStoreOptions extends ConnectionOptions {
  readonly namespace: string
  /** Whether templates and indices are put in place at the start. */
  readonly setup?: 'automatic' | 'none'
  /** The retention times from which lifecycle policies are made. */
  readonly table?: RetentionTable
  /** Documents with members that the mapping does not name are refused, rather than kept as they are. */
  readonly strict?: boolean
  /** The time that one page may search, ms, before it ends early with a cursor. */
  readonly pageTime?: number
  /** Whether time passes while pages and counts are made. By default none does, so that an answer depends on no clock. */
  readonly isTimed?: boolean
  /** The time, ms, for which events are tried again that the cluster has no time for; then their batch is given back to its agent. */
  readonly patience?: number
  /** The time, ms, for which a request that was sent before its index was closed may still write there. */
  readonly waitOut?: number
  readonly now?: () => number
  /** Receives sentences that an operator should know. */
  readonly log?: (sentence: string) => void
}

const PAGE_TIME = 250
const PATIENCE = 20_000
/** Twice the time after which we give up a request. */
const WAIT_OUT = 60_000
const MOST_PER_PAGE = 1000
/** Bytes of batches that are being written, and of those that wait for it. */
const MOST_WRITING = 24 * 1024 * 1024
const MOST_WAITING = 192 * 1024 * 1024

/** The store in an Elasticsearch cluster; several indexers may share it. */
export async function openElasticsearchStore(options: ElasticsearchStoreOptions): Promise<Store> {
  const client = connect(options)
  const names = namesFor(options.namespace)
  try {
    if (options.setup !== 'none')
      await setUp(client, {
        names,
        table: options.table ?? USUAL_TABLE,
        strict: options.strict ?? false,
        log: options.log ?? (() => {}),
      })
    const store = new ElasticsearchStore(client, names, options)
    await store.check()
    return store
  } catch (thrown) {
    await client.close()
    throw atStart(thrown)
  }
}

class ElasticsearchStore implements Store {
  readonly #client: Client
  readonly #names: Names
  readonly #families: Families
  readonly #letters: DeadLetterIndex
  readonly #agents: AgentIndex
  readonly #sink: BulkSink
  readonly #writer: Writer
  readonly #watch: Watch
  readonly #searching: SearchParts
  readonly #room = new Room({ most: MOST_WRITING, mostWaiting: MOST_WAITING })
  readonly #now: () => number
  /** The limit of concurrent questions: a cluster answers several at once, but others use it, too. */
  readonly shares = { searches: { each: 4, all: 16 }, counts: { each: 4, all: 16 } }
  readonly #writing = new Set<Promise<unknown>>()
  #closing: Promise<void> | null = null
  #searchable: Searchable
  readonly records: Records
  readonly consignments: Consignments

  constructor(client: Client, names: Names, options: ElasticsearchStoreOptions) {
    const clock = options.now ?? Date.now
    this.#now = clock
    this.#client = client
    this.#names = names
    this.#families = new Families(client, names, clock)
    this.#letters = new DeadLetterIndex(client, names)
    this.#agents = new AgentIndex(client, names, clock)
    this.#sink = new BulkSink(client, {
      patience: options.patience ?? PATIENCE,
      requestTime: options.requestTime ?? REQUEST_TIME,
      clock,
      pause,
    })
    const commits = new Commits(client, names)
    this.#writer = new Writer({
      client,
      commits,
      families: this.#families,
      letters: this.#letters,
      sink: this.#sink,
      clock,
      waitOut: options.waitOut ?? WAIT_OUT,
    })
    this.#watch = new Watch({ client, names, families: this.#families, letters: this.#letters, clock })
    const now = options.isTimed === true ? () => performance.now() : () => 0
    this.#searching = { client, names, pageTime: options.pageTime ?? PAGE_TIME, now }
    this.records = openRecords(client, names)
    const moving = new ConsignmentIndex({
      client,
      names,
      families: this.#families,
      commits,
      sink: this.#sink,
      searchable: () => this.#searchable,
    })
    this.#searchable = searchableOf(options.table ?? USUAL_TABLE)
    this.consignments = {
      list: (request) => this.#ask(() => moving.list(request)),
      headers: (request) => this.#ask(() => moving.headers(request)),
      ofEvent: (id) => this.#ask(() => moving.ofEvent(id)),
      inPartition: (name, request) => this.#ask(() => moving.inPartition(name, request)),
      put: (consignments) => this.#ask(() => moving.put(consignments)),
      // The cluster keeps all leaf hashes with the waybill.
      settle: async () => {},
      complete: () => this.#ask(() => moving.complete()),
      refuse: (isRefused) => this.#ask(() => moving.refuse(isRefused)),
    }
  }

  /** Whether the parts that the store needs exist. */
  async check(): Promise<void> {
    await this.#families.of('system')
    await this.#client.indices.stats({ index: this.#names.waybills })
  }

  #ask<Result>(ask: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== null) throw new StoreUnavailableError('the store is closed')
    return asking(ask)
  }

  async write(batch: StoreBatch): Promise<WriteOutcome> {
    const writing = this.#ask(() => this.#room.within(batch.lines.length, () => this.#writer.write(batch)))
    this.#writing.add(writing)
    try {
      const outcome = await writing
      this.#watch.wrote()
      return outcome
    } catch (thrown) {
      // The cached families are older than this failure.
      this.#families.forget()
      this.#watch.failed(thrown)
      throw thrown
    } finally {
      this.#writing.delete(writing)
    }
  }

  async reach(): Promise<void> {
    return this.#ask(() => this.#watch.reach())
  }

  async search(request: SearchRequest, gone?: AbortSignal): Promise<Page> {
    const limit = Math.min(request.limit, MOST_PER_PAGE)
    return this.#ask(() => searchPage({ ...request, limit }, { ...this.#searching, gone }))
  }

  async arrivals(request: ArrivalsRequest, gone?: AbortSignal): Promise<Page> {
    const limit = Math.min(request.limit, MOST_PER_PAGE)
    return this.#ask(() => arrivalsPage({ ...request, limit }, { ...this.#searching, gone }))
  }

  async arrivalsEnd(): Promise<string> {
    return this.#ask(() => endOfArrivals(this.#client, this.#names))
  }

  /** Gets the event in real time, so it asks each index by its name: aliases are for searches. */
  async get(id: string): Promise<AuditEvent | null> {
    return this.#ask(async () => {
      if (!isEventId(id)) return null
      const docs = (await this.#families.all()).map((index) => ({ _index: index, _id: id }))
      const answer = await this.#client.mget<unknown>({ docs })
      for (const doc of answer.docs) if ('found' in doc && doc.found) return eventOf(doc._source)
      return null
    })
  }

  async aggregate(request: AggregateRequest, gone?: AbortSignal): Promise<Aggregate> {
    return this.#ask(() => aggregated(request, { ...this.#searching, gone }))
  }

  async moment(): Promise<Moment> {
    return this.#ask(() => momentOf(this.#searching))
  }

  async counts(request: CountRequest): Promise<CountRow[]> {
    return this.#ask(() => countsOf(this.#client, this.#names, request))
  }

  async chains(agent: string): Promise<Chain[]> {
    return this.#ask(() => chainsOf(this.#client, this.#names, agent))
  }

  async showAgents(agents: readonly ShownAgent[]): Promise<void> {
    return this.#ask(() => this.#agents.show(agents))
  }

  async showAlerts(alerts: readonly AlertShape[]): Promise<void> {
    return this.#ask(() => showAlerts(this.#client, this.#names, alerts))
  }

  readonly deadLetters: DeadLetters = {
    list: (request) => this.#ask(() => this.#letters.list(request)),
    get: (id) =>
      this.#ask(async () => {
        const read = await this.#letters.read(id)
        return read === null ? null : letterOf(read.letter)
      }),
    replay: (id, additions, author) =>
      this.#ask(() =>
        replayed(
          id,
          { additions: additions ?? null, author: author ?? null },
          {
            client: this.#client,
            names: this.#names,
            families: this.#families,
            letters: this.#letters,
            sink: this.#sink,
            now: this.#now(),
          },
        ),
      ),
    discard: (id) => this.#ask(() => this.#letters.discard(id)),
    put: (letters) => this.#ask(() => this.#letters.put(letters)),
  }

  async status(): Promise<StoreStatus> {
    if (this.#closing !== null) throw new StoreUnavailableError('the store is closed')
    return this.#watch.status()
  }

  get #ageing() {
    return { client: this.#client, names: this.#names, families: this.#families }
  }

  /** The parts are unknown: a cluster compresses fields of all kinds together. */
  async parts(): Promise<null> {
    return null
  }

  async storage(): Promise<StoredBytes> {
    return this.#ask(() => storageOf(this.#ageing))
  }

  async keepFor(searchable: Searchable): Promise<readonly string[]> {
    this.#searchable = searchable
    const windows = byCategory((category) => windowOf(searchable[category]))
    return this.#ask(async () => {
      await rollOverDue(this.#ageing, windows)
      return shorterPolicies(this.#ageing, searchable)
    })
  }

  async expire(name: string, before: number): Promise<boolean> {
    return this.#ask(() => expired(this.#ageing, name, before))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Finishes running writes first. */
  async #close(): Promise<void> {
    await Promise.allSettled([...this.#writing])
    await this.#client.close()
  }
}

/** Batches as documents take several times their size, so only this many are written at once, and only this many wait. */
export class Room {
  readonly #most: number
  readonly #mostWaiting: number
  #used = 0
  #waitingBytes = 0
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = []

  constructor({ most, mostWaiting }: { most: number; mostWaiting: number }) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  /** Runs the work when there is room; a single one of any size always has room. */
  async within<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    await this.#enter(bytes)
    try {
      return await work()
    } finally {
      this.#used -= bytes
      this.#admit()
    }
  }

  async #enter(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    if (this.#waitingBytes + bytes > this.#mostWaiting)
      throw new StoreUnavailableError('too many writes are waiting; try again in a moment')
    this.#waitingBytes += bytes
    await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }))
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#most
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || !this.#fits(next.bytes)) return
      this.#waiting.shift()
      this.#waitingBytes -= next.bytes
      this.#used += next.bytes
      next.enter()
    }
  }
}
