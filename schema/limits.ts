/**
 * The one table of limits. The agent enforces it when it writes an event, both stores rely on it, and the
 * wire's maxima are protocol constants: a batch that an agent of any version made never needs splitting.
 */
export const LIMITS = {
  /** A longer record keeps its first part and says so in `audit.truncated`. */
  recordBytes: 1024 * 1024,
  /** Raw bytes that one batch is made of, at most (one record more may start within). */
  taskBytes: 1024 * 1024,
  /** Records in one batch, at most. */
  batchRecords: 8192,
  /** Files that one batch has records of, at most: its manifest names each of them. */
  batchSources: 800,
  /** Bytes of a batch's NDJSON before compression, at most. */
  batchBytes: 64 * 1024 * 1024,
  /** Bytes of one event's line, at most: six times a record as its original text and again in its fields, and room for the rest. */
  eventBytes: 16 * 1024 * 1024,
  /** Bytes of a waybill's manifest, at most: a usual one has some hundred. One of 800 files has these where all of their paths are as long as can be. */
  manifestBytes: 4 * 1024 * 1024,
  /** Bytes of a request that carries a waybill, at most. */
  bodyBytes: 72 * 1024 * 1024,
  /** Members kept of an event's payload, all levels together; the others are only in `event.original`. */
  payloadKeys: 512,
  /** Levels of nesting kept of a payload; deeper values are kept as JSON text. */
  payloadDepth: 16,
  /** UTF-16 units of one value in a keyword field that are kept. */
  keywordLength: 8192,
  /** UTF-16 units of a keyword that are indexed; a longer value is stored, and not found by its exact text. */
  indexedLength: 1024,
  /** UTF-16 units of one word that are indexed; of a longer word its beginning is. */
  wordLength: 64,
  /** Words of one event that are indexed. */
  wordsPerEvent: 1024,
  /** Changes of one event that are kept as field, old, new. */
  changes: 1000,
} as const

/** No event is placed outside of these: one that says so is tagged, and placed at its receipt. */
export const EARLIEST_TIMESTAMP = Date.UTC(1990, 0, 1)
export const LATEST_TIMESTAMP = Date.UTC(2059, 0, 1)

/** Of a count: what it may ask for, and what it may cost. */
export const AGGREGATE_LIMITS = {
  splits: 2,
  top: 1000,
  /** Of one split, and of all together. */
  buckets: 10_000,
  allBuckets: 50_000,
  /** Fields in `sums`, and in `distinct`. */
  fields: 8,
  /** Different texts, or different numbers and addresses, that are held for one split. */
  texts: 500_000,
  numbers: 4_000_000,
  /** ms; the usual one, and the longest. */
  budget: 2000,
  longestBudget: 30_000,
} as const
