import type { AlertShape, DeadLetterShape } from '../../schema/api/index.ts'
import type { Additions, AuditEvent, Category, Tier } from '../../schema/index.ts'
import type { Ledger, Manifest, SliceAnswer } from '../../schema/wire/index.ts'
import type { Query } from '../query/tree.ts'
import type { Aggregate, AggregateRequest } from './aggregate.ts'

export * from './aggregate.ts'

/**
 * The store is a port with adapters that answer alike. It holds events, the waybills they came with, dead letters, and the indexer's own
 * records (agents, tokens). What a promise here resolves to is durable. When `gone` fires, nobody waits for the answer: the work stops, and
 * the promise rejects with a `CancelledError` once it has stopped.
 */
export interface Store {
  /** Writes a verified batch exactly once, whatever was tried before and from wherever. */
  write(batch: StoreBatch): Promise<WriteOutcome>
  /** Rejects with `StoreUnavailableError` while the store is known to be out of reach: ask before the content of a batch is read. */
  reach(): Promise<void>
  search(request: SearchRequest, gone?: AbortSignal): Promise<Page>
  /** Events in the order in which they were stored, for followers: oldest first, after `after`. */
  arrivals(request: ArrivalsRequest, gone?: AbortSignal): Promise<Page>
  /** Returns an arrival cursor after everything stored so far. */
  arrivalsEnd(): Promise<string>
  get(id: string): Promise<AuditEvent | null>
  /** Counts what a query finds, and splits the counts by time and by values. */
  aggregate(request: AggregateRequest, gone?: AbortSignal): Promise<Aggregate>
  /** The events as they are now, for long readings. */
  moment(): Promise<Moment>
  /** Hourly counts, kept when events are written. */
  counts(request: CountRequest): Promise<CountRow[]>
  /** Waybills of an agent: its incarnations, what was stored, and which numbers are missing between. */
  chains(agent: string): Promise<Chain[]>
  /** Keeps the state of agents where other programs can read it, such as Kibana; absent if only the indexer reads this store. */
  showAgents?(agents: readonly ShownAgent[]): Promise<void>
  /** Keeps alerts as they are now where other programs can read them; absent as above. */
  showAlerts?(alerts: readonly AlertShape[]): Promise<void>
  readonly deadLetters: DeadLetters
  readonly records: Records
  /** All waybills with their lines, for moving them to another store. */
  readonly consignments: Consignments
  /** The number of searches and counts that it answers at once without letting one user delay others. */
  readonly shares: { readonly searches: Share; readonly counts: Share }
  status(): Promise<StoreStatus>
  /** What is stored where, and how much more would fit. */
  storage(): Promise<StoredBytes>
  /** The bytes of each part, the largest first; null if unknown. It may take a while. */
  parts(gone?: AbortSignal): Promise<readonly StoredPart[] | null>
  /**
   * Makes partitions for these searchable times, ms, from now on: each takes at most a tenth of its category's. Returns a sentence for each
   * thing outside of Waybill that will delete events earlier.
   */
  keepFor(searchable: Readonly<Record<Category, number>>): Promise<readonly string[]>
  /**
   * Removes a partition with all its events; their waybills stay, with the hashes that prove them. Returns false, and removes nothing, if
   * it holds an event ingested at `before` or later, if new events go there, or if there is none of this name.
   */
  expire(name: string, before: number): Promise<boolean>
  close(): Promise<void>
}

/** The part of a store that a move reads. An embedded store can be opened for this while an indexer writes to it. */
export interface StoreSource extends Pick<Store, 'status' | 'storage' | 'chains' | 'search' | 'close'> {
  readonly consignments: Pick<Consignments, 'list' | 'headers' | 'ofEvent' | 'inPartition'>
  readonly deadLetters: Pick<DeadLetters, 'list'>
  readonly records: Pick<Records, 'get' | 'list' | 'kinds'>
  /** All waybills after a place, proved by several threads, in their order; absent if the store has only `consignments`. */
  proofs?(after: string | null): AsyncIterable<ProofPage>
  /** The place, for `proofs`, before the first waybill that was received at this time or later; null if it is the beginning. */
  placeAt?(time: number): Promise<string | null>
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
   * The caller needs `lines` and `leaves` no more before the batch is stored or refused: the store may move them to a thread instead of
   * copying them, or let a thread read them where they are if they are shared memory.
   */
  readonly handedOver?: true
  /** The agent that shipped it, with what it may report about. Absent: the indexer itself. */
  readonly author?: Author
  /** The time of receipt, ms: `event.ingested`. */
  readonly ingested: number
  readonly additions?: BatchAdditions
}

/** The identity that an agent may report in. */
export interface Author {
  readonly agent: string
  /** The hosts that its events may name; `*` matches any characters. Null: any. */
  readonly hosts: readonly string[] | null
  /** Integrations whose exports several agents read: this agent knows the events that another one has shipped of them. */
  readonly shared: readonly string[]
}

/**
 * The enrichment's additions to a batch's events; most batches have none. An event is stored, found and read as `withAdditions` combines it
 * with them. A duplicate keeps its first additions.
 */
export interface BatchAdditions {
  /** The positions in the batch, ascending, of the events with additions. */
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
  /** The same key came before with another waybill; its hash is null if only a part of that one is stored. */
  | { readonly kind: 'fork'; readonly hash: string | null }

/** The waybills that a waybill's chain binds it to, as far as they are here. */
export interface Links {
  /** The hash of the previous waybill in its incarnation; null if that waybill is not here. */
  readonly before: string | null
  /** The hash that the next waybill names as the previous one; absent if that waybill is not here. */
  readonly after?: string | null
  /** The hash of the waybill that it cites; null if that is not here, or it cites none. */
  readonly cited: string | null
}

export interface WriteResult {
  readonly stored: number
  readonly duplicate: number
  readonly dead: number
  /** The number of stored events that got an id of their own, since theirs was known with other content or from another agent. */
  readonly revisions?: number
  /** The number of dead events that have the minted id of a stored one and other content. Each is an alarm. */
  readonly collisions?: number
  /** The number of dead events in the name of another agent, of a host that is not the agent's, or of Waybill. */
  readonly foreign?: number
  /** The answers by source, in the manifest's order. */
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
  /** For one user. */
  readonly each: number
  /** For all users. */
  readonly all: number
}

export interface Page {
  /** As stored: the sealed content, and what the indexer added. */
  readonly events: readonly AuditEvent[]
  /** The start of the next page; null if there is none. */
  readonly next: string | null
}

/**
 * The events at one moment: writes and moves during the reading do not change the results. In any case, pages miss no event that was there
 * when the reading began, unless its retention ended in the meantime, and bring none twice.
 */
export interface Moment extends Pick<Store, 'search' | 'aggregate'> {
  /** Why newer events may be among the results, in a sentence; null while none are. */
  readonly loose: string | null
  /** Tells the store that it need not keep the moment any longer. */
  close(): Promise<void>
}

/** A moment whose questions are asked in another way. */
export const askedThrough = (moment: Moment, asking: Pick<Moment, 'search' | 'aggregate'>): Moment => ({
  ...asking,
  // It may become so while the moment is read.
  get loose() {
    return moment.loose
  },
  close: () => moment.close(),
})

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

/** The state of an agent, for dashboards of other programs. Times are in ms. */
export interface ShownAgent {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly version: string
  readonly enrolled: number
  readonly revoked: boolean
  /** The last contact; null if there was none. */
  readonly seen: number | null
  /** The time without contact after which the agent counts as silent. */
  readonly silentAfter: number
  /** The unread bytes of its sources, and the age of its oldest batch without acknowledgement. */
  readonly lagBytes: number | null
  readonly oldestPending: number | null
  readonly clockOffset: number | null
  readonly ledger: Ledger | null
  /** Sentences about inputs that need somebody's attention. */
  readonly notices: readonly string[]
  /** Contradictions in its chain of waybills. */
  readonly breaks: number
}

/** An event that could not be stored, as the API shows it, but with its line as bytes. */
export type DeadLetter = Readonly<Omit<DeadLetterShape, 'line' | 'bytes'>> & {
  /** The shipped line, byte for byte; its beginning, where the store has room for no more of it. */
  readonly line: Buffer
}
/** A dead letter before it is kept: its place in a waybill, and why it could not be stored. */
export type NewDeadLetter = Pick<DeadLetter, 'position' | 'kind' | 'reason' | 'eventId' | 'source' | 'line'>
export type DeadReason = DeadLetter['kind']
/** The size, the hash and the place of a line that is not kept in full. */
export type WholeLine = Readonly<NonNullable<DeadLetter['whole']>>

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
  /** Keeps dead letters of another store, which are not here yet. They get ids of this store. */
  put(letters: readonly DeadLetter[]): Promise<void>
}

export interface Consignments {
  /** In the order in which they were stored, after `after`. A page may be empty before the end is reached. */
  list(request: { after: string | null; limit: number }): Promise<ConsignmentPage>
  /** All waybills without their lines, in the order in which they were stored, after `after`. The cursors are not those of `list`. */
  headers(request: { after: string | null; limit: number }): Promise<HeaderPage>
  /** An event as it was sealed, with what proves it; null if it is not here. */
  ofEvent(id: string): Promise<SealedEvent | null>
  /**
   * The consignments with lines in this partition, with these lines alone. Each has its waybill, unless none is settled for its lines. A
   * waybill of which a dead letter was stored later comes once for each time. In a cluster the order is that of `event.ingested`, in the
   * embedded store that of storing. Rejects with `StoreUnavailableError` if there is no such partition.
   */
  inPartition(name: string, request: { after: string | null; limit: number }): Promise<ConsignmentPage>
  /**
   * Stores consignments of another store: each event under the same id and time of receipt, with the same seal and additions; nothing is
   * decided again. What is here already stays. Rejects if a waybill of the same number and another hash is here.
   */
  put(consignments: readonly Consignment[]): Promise<void>
  /** Resolves when the leaf hashes of all expired lines are kept that `list` gives: an expiry leaves that to the background. */
  settle(): Promise<void>
  /** Prepares the store for its work after the last one. Until then no retention may touch what was put. */
  complete(): Promise<void>
  /** From now on, or no longer, the store accepts no waybill, from whatever indexer. A store that only one process can open needs nothing. */
  refuse(isRefused: boolean): Promise<void>
}

export interface ConsignmentPage {
  readonly consignments: readonly Consignment[]
  /** Lines that can't be read. */
  readonly damaged: readonly DamagedLines[]
  readonly next: string
  /** Nothing more was stored when this page was made. */
  readonly isEnd: boolean
}

/** What a waybill is known by. */
export interface WaybillHeader {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  /** SHA-256 of the manifest, in hex. */
  readonly hash: string
  /** The id of the agent's key that signed it. */
  readonly key: string
  /** The time of receipt, ms. */
  readonly at: number
  /** Where a list goes on after it. */
  readonly cursor: string
}

export interface SealedEvent {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  /** As it is stored now: if it was changed, its hash is no leaf of the waybill. */
  readonly line: Buffer
  readonly manifest: Buffer
  readonly signature: Buffer
  /** The leaf hashes of the waybill's lines, by position: of the lines that are here, and of others as far as they were kept. */
  readonly leaves: ReadonlyMap<number, Buffer>
}

export interface HeaderPage {
  readonly headers: readonly WaybillHeader[]
  readonly next: string
  /** Nothing more was stored when this page was made. */
  readonly isEnd: boolean
}

/** A waybill with the lines that are stored under it. */
export interface Consignment {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  /**
   * Null: these are further lines of a waybill, apart from the others. A dead letter was stored at last, or an indexer was stopped while
   * it stored the waybill.
   */
  readonly waybill: KeptWaybill | null
  /** By position, ascending. */
  readonly lines: readonly KeptLine[]
}

export interface KeptWaybill {
  /** The bytes of the manifest as they were signed. */
  readonly manifest: Buffer
  readonly signature: Buffer
  /** The time of receipt, ms. */
  readonly at: number
  readonly result: WriteResult
  /** The leaf hashes of lines that are not in this consignment, as far as the store has them, by position. */
  readonly leaves: ReadonlyMap<number, Buffer>
  /**
   * The leaf hashes of lines that are in this consignment, as the store kept them when it stored the lines, by position. Older stores have
   * none, and can only compute them.
   */
  readonly sealed: ReadonlyMap<number, Buffer>
  readonly fates: Fates | null
}

/** A waybill whose signed root was computed again from its lines, and the kept hashes of the lines that are not here. */
export interface Proof extends Omit<KeptWaybill, 'leaves' | 'sealed' | 'fates'> {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  /** The number of its lines that are here. */
  readonly lines: number
  readonly absent: readonly AbsentLine[]
  /** Whether the store tells what became of each line. */
  readonly hasFates: boolean
}

/** A sealed line that is not here. */
export interface AbsentLine {
  readonly position: number
  /** The sealed leaf hash; null if it is not known. */
  readonly leaf: Buffer | null
  /** The category in which it was stored; null if it never was; undefined if nobody knows. */
  readonly fate: Category | null | undefined
}

export interface ProofPage {
  /** Proved waybills; and as consignments those that could not be proved, those of the indexers' trail, and lines apart. */
  readonly proofs: readonly (Proof | Consignment)[]
  readonly damaged: readonly DamagedLines[]
  /** The place after them, for `proofs` and for `consignments`. */
  readonly next: string
}

/** What became of each line of a waybill, by position: it was stored in a category, or null: it was a duplicate or a dead letter. */
export type Fates = readonly (Category | null)[]

export interface KeptLine {
  readonly position: number
  /** As it was sealed, without a newline. */
  readonly line: Buffer
  /** `event.ingested`, ms: another time than that of its waybill if it was a dead letter. */
  readonly ingested: number
  /** Why its id is another than the sealed one; null if it is that. */
  readonly renamed: Renaming | null
  /** The enrichment's additions as JSON; empty if there are none. */
  readonly additions: string
}

/**
 * Why a store gives an event another id than the sealed one. `revision`: a known id came with other content. `own`: the id belongs to
 * another agent. `own-revision`: the same, and the agent already has an event under its own id.
 */
export type Renaming = 'revision' | 'own' | 'own-revision'

/** Lines of a waybill that a store has and can't read. */
export interface DamagedLines {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  /** Where they are, and why they can't be read. */
  readonly where: string
  /** The line as it is now, if there is one: it does not have its sealed hash. */
  readonly line?: KeptLine
}

/** Small durable documents of the indexer's own, by kind and key; `version` guards against lost updates. */
export interface Records {
  get(kind: string, key: string): Promise<{ value: unknown; version: number } | null>
  /** `version` null creates; false when someone was faster. */
  put(kind: string, key: string, value: unknown, version: number | null): Promise<boolean>
  list(kind: string): Promise<{ key: string; value: unknown; version: number }[]>
  /** The kinds of which there are records, sorted. */
  kinds(): Promise<string[]>
  remove(kind: string, key: string): Promise<void>
  /** The version of all records: it changes whenever any record changes; null if nobody else can change them. */
  version(): Promise<string | null>
}

export interface StoreStatus {
  readonly ready: boolean
  /** The problem, in a sentence; null if there is none. */
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
  /** Bytes of other data: waybills, dead letters, records, write-ahead logs. */
  readonly otherBytes: number
  /** The size of the disks that hold everything, and the room that they have left for the store; null if unknown. */
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

  constructor(sentence = 'The client disconnected before the answer.') {
    super(sentence)
  }
}
