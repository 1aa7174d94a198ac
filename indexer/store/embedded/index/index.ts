/**
 * What the search index knows of an event: terms of its words and values, the two facets of what repeats, columns of what is counted by; and
 * segments, the files that hold these of many events. In go events or lines, out come candidates and columns. It knows no partition.
 */

export { Collector, V6_BEGINNINGS } from './collect.ts'
export { type Facet, FacetBook, type FacetPart } from './facets.ts'
export { CURRENT_FIELDS, CURRENT_WAYS, FIRST_FIELDS, type Ways, waysOf } from './field-list.ts'
export { HeldValues, hashOf } from './held.ts'
export { type Kernel, startKernel } from './kernel/start.ts'
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
