import type { Additions, AuditEvent, Category, Tier } from '../../schema/index.ts'
import type { Manifest, SliceAnswer } from '../../schema/wire/index.ts'
import type { Query } from '../query/tree.ts'
import type { Aggregate, AggregateRequest } from './aggregate.ts'

export * from './aggregate.ts'

/**
 * The store is a port with adapters that answer alike. It holds events, the waybills they came with, dead letters, and the
 * indexer's own records (agents, tokens). What a promise here resolves to is durable. When `gone` fires, nobody waits for the answer: the work
 * stops, and the promise rejects with a `CancelledError` once it has stopped.
 */
export interface Store {
  /** Writes a verified batch exactly once, whatever was tried before and from wherever. */
  write(batch: StoreBatch): Promise<WriteOutcome>
  search(request: SearchRequest, gone?: AbortSignal): Promise<Page>
  /** Events in the order in which they were stored, for following: oldest first, from behind `after`. */
  arrivals(request: ArrivalsRequest, gone?: AbortSignal): Promise<Page>
  /** An arrival cursor that stands behind everything stored so far. */
  arrivalsEnd(): Promise<string>
  get(id: string): Promise<AuditEvent | null>
  /** Counts what a query finds, and splits the counts by time and by values. */
  aggregate(request: AggregateRequest, gone?: AbortSignal): Promise<Aggregate>
  /** Events as they are now, for who reads long. */
  moment(): Promise<Moment>
  /** Hourly counts, kept when events are written. */
  counts(request: CountRequest): Promise<CountRow[]>
  /** Waybills of an agent: its incarnations, what was stored, and which numbers are missing between. */
  chains(agent: string): Promise<Chain[]>
  readonly deadLetters: DeadLetters
  readonly records: Records
  /** How many searches and counts it answers at once without one user's holding up another's. */
  readonly shares: { readonly searches: Share; readonly counts: Share }
  status(): Promise<StoreStatus>
  /** What is stored where, and how much more would fit. */
  storage(): Promise<StoredBytes>
  /** Where the bytes are, the largest part first; null where that can't be told. It may take a while. */
  parts(gone?: AbortSignal): Promise<readonly StoredPart[] | null>
  /** From now on partitions are made for these searchable times, ms: each takes at most a tenth of its category's. */
  keepFor(searchable: Readonly<Record<Category, number>>): Promise<void>
  /**
   * Removes a partition with all its events; their waybills stay, with the hashes that prove them. False, and nothing is removed, where
   * it holds an event that was taken in at `before` or later, where new events go there, or where there is none of this name.
   */
  expire(name: string, before: number): Promise<boolean>
  close(): Promise<void>
}

export interface StoreBatch {
  readonly manifest: Manifest
  /** Hash of the manifest: the waybill's name. */
  readonly hash: string
  readonly manifestBytes: Buffer
  readonly signature: Buffer
  /** The NDJSON as it was shipped. */
  readonly lines: Buffer
  /** Leaf hashes, 32 bytes each. */
  readonly leaves: Buffer
  /**
   * The caller needs `lines` and `leaves` no more before the batch is stored or refused: the store may move them to a thread instead of copying
   * them, or let a thread read them where they are if they are shared memory.
   */
  readonly handedOver?: true
  /** For whom the agent may speak. Absent: it is the indexer itself. */
  readonly author?: Author
  /** When the indexer took it, ms: `event.ingested`. */
  readonly ingested: number
  readonly additions?: BatchAdditions
}

/** For whom an agent may speak. */
export interface Author {
  readonly agent: string
  /** The hosts that its events may name; `*` stands for any signs. Null: any. */
  readonly hosts: readonly string[] | null
  /** Integrations whose exports several agents read: what another agent has shipped of them is known. */
  readonly shared: readonly string[]
}

/**
 * What enrichment adds to a batch's events; most batches have none. An event is stored, found and read as `withAdditions` puts it together
 * with them. A duplicate keeps what was added first.
 */
export interface BatchAdditions {
  /** Places in the batch, ascending: of these events something is added to. */
  readonly positions: Uint32Array
  /** `Additions` of each of them as a line of JSON; no newline behind the last. */
  readonly lines: Buffer
}

export type WriteOutcome =
  | {
      readonly kind: 'stored'
      readonly again: boolean
      readonly result: WriteResult
      readonly links: Links
      /** Combinations of values in fields of few values (kind, action, host...) that the store had not met lately. */
      readonly newValues: number
    }
  /** The same key came before with another waybill. */
  | { readonly kind: 'fork'; readonly hash: string }

/** The waybills that a waybill's chain binds it to, as far as they are here. */
export interface Links {
  /** Hash of the one before it in its incarnation; null where that is not here. */
  readonly before: string | null
  /** What the one behind it names as the hash before it; absent where that is not here. */
  readonly after?: string | null
  /** Hash of the one that it cites; null where that is not here, or it cites none. */
  readonly cited: string | null
}

export interface WriteResult {
  readonly stored: number
  readonly duplicate: number
  readonly dead: number
  /** Of the stored: kept under an id of their own, since theirs was known with another content or from another agent. */
  readonly revisions?: number
  /** Of the dead: events with the minted id of a stored one and other content. Each is an alarm. */
  readonly collisions?: number
  /** Of the dead: events in the name of another agent, of a host that is not the agent's, or of Waybill. */
  readonly foreign?: number
  /** By source, in the manifest's order. */
  readonly sources: readonly SliceAnswer[]
  /** The first 20. */
  readonly reasons: readonly { position: number; id: string; reason: string }[]
}

export interface SearchRequest {
  readonly query: Query
  /** `@timestamp` in ms, at or after. */
  readonly from?: number
  /** `@timestamp` in ms, before. */
  readonly to?: number
  readonly order: 'newest' | 'oldest'
  /** At most 1,000. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface ArrivalsRequest {
  readonly query: Query
  readonly after: string | null
  readonly limit: number
}

export interface Share {
  /** Of one user. */
  readonly each: number
  /** Of all users. */
  readonly all: number
}

export interface Page {
  /** As stored: what was sealed, and what the indexer added. */
  readonly events: readonly AuditEvent[]
  /** Where the next page begins; null when there is no more. */
  readonly next: string | null
}

/**
 * Events at one moment: what is written or moved to other places while it is read changes nothing of what is found. Whatever happens, pages miss no
 * event that was there when it began, unless its retention ended meanwhile, and bring none twice.
 */
export interface Moment extends Pick<Store, 'search' | 'aggregate'> {
  /** Why events that were stored since may be among those found, in a sentence; null while none are. */
  readonly loose: string | null
  /** The store need not keep it any longer. */
  close(): Promise<void>
}

export type CountDimension = 'category' | 'action' | 'user' | 'entity' | 'outcome'

export interface CountRequest {
  readonly by: CountDimension
  readonly from: number
  readonly to: number
}

export interface CountRow {
  /** Start of the hour of `@timestamp`, ms. */
  readonly hour: number
  readonly value: string
  readonly count: number
}

export interface Chain {
  readonly incarnation: string
  readonly first: number
  readonly last: number
  readonly lastHash: string
  readonly lastAt: number
  readonly waybills: number
  readonly events: number
  /** Runs of numbers that have not arrived, at most 100. */
  readonly gaps: readonly { from: number; to: number }[]
}

export type DeadReason = 'invalid' | 'collision' | 'refused' | 'foreign'

export interface DeadLetter {
  readonly id: string
  readonly at: number
  readonly kind: DeadReason
  readonly reason: string
  readonly eventId: string
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  readonly source: string
  /** The shipped line, byte for byte; its beginning, where the store has room for no more of it. */
  readonly line: Buffer
  /** There where only the line's beginning is kept. */
  readonly whole?: WholeLine
}

/** What a line was that is not kept in full, and where it stands. */
export interface WholeLine {
  readonly bytes: number
  /** Its leaf hash, in hex: the waybill proves by it which line it was. */
  readonly leaf: string
  /** The file that the agent read it from, and between which bytes; null where the waybill does not say. */
  readonly at: { readonly path: string; readonly from: number; readonly to: number } | null
}

export interface DeadLetters {
  list(request: {
    limit: number
    after?: string
  }): Promise<{ letters: DeadLetter[]; next: string | null; total: number }>
  get(id: string): Promise<DeadLetter | null>
  /** Tries to store the letter's event again; on success the letter is gone. */
  replay(
    id: string,
    additions?: Additions,
    author?: Author,
  ): Promise<{ stored: true } | { stored: false; reason: string } | null>
  discard(id: string): Promise<boolean>
}

/** Small durable documents of the indexer's own, by kind and key; `version` guards against lost updates. */
export interface Records {
  get(kind: string, key: string): Promise<{ value: unknown; version: number } | null>
  /** `version` null creates; false when someone was faster. */
  put(kind: string, key: string, value: unknown, version: number | null): Promise<boolean>
  list(kind: string): Promise<{ key: string; value: unknown; version: number }[]>
  remove(kind: string, key: string): Promise<void>
  /** Another one whenever any record was changed, by whomever; null where nobody else can. */
  version(): Promise<string | null>
}

export interface StoreStatus {
  readonly ready: boolean
  /** What is wrong, in a sentence; null when nothing is. */
  readonly problem: string | null
  readonly events: number
  readonly bytes: number
  readonly deadLetters: number
  readonly partitions: readonly { category: Category; name: string; events: number; bytes: number }[]
}

/** A category's events of one window of `event.ingested`, which expire together. */
export interface StoredPartition {
  readonly category: Category
  readonly name: string
  readonly tier: Tier
  readonly events: number
  readonly bytes: number
  /** `event.ingested` of its first and last events, ms, as far as known without looking at each. */
  readonly first: number
  readonly last: number
  /** New events go here. */
  readonly open: boolean
}

/** A part of all that a store holds. */
export interface StoredPart {
  readonly part: string
  readonly bytes: number
}

export interface StoredBytes {
  readonly partitions: readonly StoredPartition[]
  /** What is no event: waybills, dead letters, records, write-ahead logs. */
  readonly otherBytes: number
  /** Of the disks that it is all on, and what is left of them for the store; null where that can't be told. */
  readonly disk: { readonly total: number; readonly free: number } | null
}

/** The store can't take more now: the disk is full. Answered as 507; nothing was acknowledged. */
export class StoreFullError extends Error {
  override name = 'StoreFullError'
}

/** The store is closed or too busy; answered as 503. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

/** The client went away, and the work for its question was stopped. */
export class CancelledError extends Error {
  override name = 'CancelledError'

  constructor(sentence = 'The client went away before the answer.') {
    super(sentence)
  }
}
