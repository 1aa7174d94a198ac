/**
 * The one table of limits. The agent enforces it when it writes an event, both stores rely on it, and the wire's maxima are protocol
 * constants: a batch from an agent of any version never needs splitting.
 */
export const LIMITS = {
  /** A longer record keeps its first part and is described in `audit.truncated`. */
  recordBytes: 1024 * 1024,
  /** The largest number of raw bytes for one batch (one more record may start within). */
  taskBytes: 1024 * 1024,
  /** The largest number of records in one batch. */
  batchRecords: 8192,
  /** The largest number of files in one batch: its manifest names each of them. */
  batchSources: 800,
  /** The largest size of a batch's NDJSON before compression, in bytes. */
  batchBytes: 64 * 1024 * 1024,
  /**
   * The largest size of one event's line, in bytes: six times a record as its original text and again in its fields, and room for the
   * rest.
   */
  eventBytes: 16 * 1024 * 1024,
  /**
   * The largest size of a waybill's manifest, in bytes: usually it has some hundred. A manifest of 800 files only reaches this if all
   * paths have the greatest length.
   */
  manifestBytes: 4 * 1024 * 1024,
  /** The largest size of a request with a waybill, in bytes. */
  bodyBytes: 72 * 1024 * 1024,
  /** The number of members kept of an event's payload, on all levels together; the others are only in `event.original`. */
  payloadKeys: 512,
  /** The number of nesting levels kept of a payload; deeper values are kept as JSON text. */
  payloadDepth: 16,
  /** The UTF-16 units kept of one value in a keyword field. */
  keywordLength: 8192,
  /** The UTF-16 units up to which a keyword is indexed; a longer value is stored, but not found by its exact text. */
  indexedLength: 1024,
  /** The UTF-16 units of one word that are indexed; of a longer word only the beginning. */
  wordLength: 64,
  /** The number of words of one event that are indexed. */
  wordsPerEvent: 1024,
  /** The number of changes of one event that are kept as field, old, new. */
  changes: 1000,
} as const

/** The range of valid times: an event outside of it gets a tag and its time of receipt. */
export const EARLIEST_TIMESTAMP = Date.UTC(1990, 0, 1)
export const LATEST_TIMESTAMP = Date.UTC(2059, 0, 1)

/** The limits of a count: its request, and its cost. */
export const AGGREGATE_LIMITS = {
  splits: 2,
  top: 1000,
  /** The limit of one split, and of all splits together. */
  buckets: 10_000,
  allBuckets: 50_000,
  /** The number of fields in `sums`, and in `distinct`. */
  fields: 8,
  /** The number of different texts, or of different numbers and addresses, that are held for one split. */
  texts: 500_000,
  numbers: 4_000_000,
  /** The usual and the longest time, in ms. */
  budget: 2000,
  longestBudget: 30_000,
} as const
