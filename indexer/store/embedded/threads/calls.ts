import type { Manifest } from '../../../../schema/wire/index.ts'
import type { Searchable } from '../../../lifecycle/table.ts'
import type {
  Aggregate,
  AggregateRequest,
  ArrivalsRequest,
  Author,
  Chain,
  Consignment,
  ConsignmentPage,
  CountRequest,
  CountRow,
  DeadLetter,
  HeaderPage,
  SealedEvent,
  SearchRequest,
  StoredBytes,
  StoredPart,
  StoreStatus,
  WriteOutcome,
} from '../../port.ts'
import type { GoneLeaves } from '../disk/index.ts'
import type { ProvedSpan, Span } from '../read/index.ts'

/** The data that the main thread passes to the writer's thread at its start. */
export interface WriterData {
  readonly path: string
  readonly searchable: Searchable
  readonly minimumFree: number
  /** The time without new events, ms, after which partitions at rest are rewritten. */
  readonly idle: number
}

export interface ReaderData {
  readonly path: string
  /** How long a page may search, ms. */
  readonly slice: number
  /** Whether time passes for pages and counts. */
  readonly isTimed: boolean
  /** Whether to read what is there although partitions are missing. A verification names these itself. */
  readonly isEvidence?: boolean
}

/** A batch on its way between threads: its buffers arrive as byte arrays. So do those of consignments and dead letters. */
export interface SentBatch {
  readonly manifest: Manifest
  readonly hash: string
  readonly manifestBytes: Uint8Array
  readonly signature: Uint8Array
  readonly lines: Uint8Array
  readonly leaves: Uint8Array
  readonly ingested: number
  readonly additions?: { readonly positions: Uint32Array; readonly lines: Uint8Array }
  readonly author?: Author
}

export type Replay = { stored: true } | { stored: false; reason: string } | null

export type WriterCalls = {
  open: { ask: null; answer: null }
  write: { ask: SentBatch; answer: WriteOutcome }
  /** `additions` as JSON. */
  replay: {
    ask: { id: string; now: number; additions: string | null; author: Author | null }
    answer: Replay
  }
  discard: { ask: string; answer: boolean }
  letters: { ask: readonly DeadLetter[]; answer: null }
  consignments: { ask: readonly Consignment[]; answer: null }
  settle: { ask: null; answer: null }
  putRecord: {
    ask: { kind: string; key: string; value: string; version: number | null }
    answer: boolean
  }
  removeRecord: { ask: { kind: string; key: string }; answer: null }
  keepFor: { ask: Searchable; answer: null }
  expire: { ask: { name: string; before: number; now: number }; answer: boolean }
  /** The answer of the merging thread; null if it failed. */
  merged: { ask: { order: MergeOrder; made: Merged | null }; answer: null }
  /** Whether the new generation is there; null if making it failed. */
  rested: { ask: { order: RestOrder; made: boolean | null }; answer: null }
  /** Some of the leaf hashes of an expired partition; `end` when these were all, null if reading them failed. */
  left: { ask: { order: LeaveOrder; made: GoneLeaves | 'end' | null }; answer: null }
  close: { ask: null; answer: null }
}

/** The requests that the writer makes by itself. */
export type WriterEvent = { merge: MergeOrder } | { rest: RestOrder } | { leave: LeaveOrder }

export interface MergeOrder {
  readonly partition: string
  readonly generation: number
  readonly segments: readonly number[]
  /** The new segment's number. */
  readonly id: number
}

export interface Merged {
  readonly docs: number
  readonly least: number
  readonly greatest: number
  readonly bytes: number
  readonly content: Uint8Array | null
}

/** The order to rewrite a partition that receives no more events, as its next generation. */
export interface RestOrder {
  readonly partition: string
  readonly generation: number
}

/** The order to read an expired partition a last time: the leaf hashes of its lines are kept if waybills have lines in other databases. */
export interface LeaveOrder {
  readonly partition: string
  readonly others: readonly string[]
}

export type MergerCalls = {
  merge: { ask: MergeOrder; answer: Merged }
  /** False if there was nothing to pack. */
  rest: { ask: RestOrder; answer: boolean }
  /** The next of its leaf hashes. */
  leave: { ask: LeaveOrder; answer: GoneLeaves | 'end' }
  close: { ask: null; answer: null }
}

export interface FoundPage {
  /** A JSON array: one text crosses threads at a third of the cost of the objects. */
  readonly events: string
  readonly next: string | null
}

export interface StoredRecord {
  readonly key: string
  readonly value: string
  readonly version: number
}

export type ReaderCalls = {
  /** `asGuest`: while another process writes to the store. */
  open: { ask: { asGuest: boolean }; answer: null }
  search: { ask: SearchRequest; answer: FoundPage }
  arrivals: { ask: ArrivalsRequest; answer: FoundPage }
  arrivalsEnd: { ask: null; answer: string }
  aggregate: { ask: AggregateRequest; answer: Aggregate }
  get: { ask: string; answer: string | null }
  counts: { ask: CountRequest; answer: CountRow[] }
  chains: { ask: string; answer: Chain[] }
  letters: {
    ask: { limit: number; after?: string }
    answer: { letters: DeadLetter[]; next: string | null; total: number }
  }
  letter: { ask: string; answer: DeadLetter | null }
  record: { ask: { kind: string; key: string }; answer: StoredRecord | null }
  records: { ask: string; answer: StoredRecord[] }
  kinds: { ask: null; answer: string[] }
  consignments: { ask: { after: string | null; limit: number }; answer: ConsignmentPage }
  sealed: { ask: string; answer: SealedEvent | null }
  /** The next waybills with the chunks of their lines; and these proved. */
  span: { ask: string | null; answer: Span }
  placeAt: { ask: number; answer: string | null }
  prove: { ask: Span; answer: ProvedSpan }
  headers: { ask: { after: string | null; limit: number }; answer: HeaderPage }
  partitionConsignments: {
    ask: { name: string; after: string | null; limit: number }
    answer: ConsignmentPage
  }
  status: { ask: null; answer: StoreStatus }
  storage: { ask: { open: readonly string[] }; answer: StoredBytes }
  parts: { ask: null; answer: StoredPart[] }
  close: { ask: null; answer: null }
}
