/**
 * The search index: terms of words and values, facets of repeating values, columns of the values that are counted by, and segments, which
 * hold these for many events.
 *
 * In: events or lines (`collect.ts`, `wasm/`), and segments to merge.
 *
 * Out: segments, and for a term the documents that have it. It does not depend on partitions.
 */

export { Collector, V6_BEGINNINGS } from './collect.ts'
export { type Facet, FacetBook, type FacetPart } from './facets.ts'
export { CURRENT_FIELDS, CURRENT_WAYS, FIRST_FIELDS, type Ways, waysOf } from './field-list.ts'
export { HeldValues, hashOf } from './held.ts'
export {
  DAY,
  dayText,
  FACETS,
  type FieldNode,
  GREATEST_MAGNITUDE,
  isHeld,
  magnitudeOf,
  magnitudeText,
  OVERFLOW_SEED,
  PRESENCE,
  ROOT,
  SEAL_AGENT,
  SEAL_INCARNATION,
  type Way,
  WORDY_SEED,
  wayTo,
} from './layout.ts'
export { type BuiltSegment, type NewDocs, SegmentBuilder } from './segment/build.ts'
export { TextNumbers } from './segment/held-column.ts'
export { mergeSegments } from './segment/merge.ts'
export type { Postings } from './segment/postings.ts'
export { Segment } from './segment/read.ts'
export { fileSource, MemorySource, type Source } from './segment/source.ts'
export { type TextBook, TextBooks } from './segment/text-book.ts'
export { FileSink, MemorySink, type Sink, WINDOW, WINDOW_BITS } from './segment/write.ts'
export { beginningRange, FOLDED, LETTER, POWERS, seedBelow, Terms, valueKey, wordKey } from './terms.ts'
export { startWasm, type Wasm } from './wasm/start.ts'
