/**
 * The store's threads: one writes (`writer.ts`), one answers searches and others count (`reader.ts`), one merges, packs and reads what has
 * expired (`merger.ts`).
 * In: calls of the main thread (`calls.ts`), and bytes that are handed over. They share nothing else.
 * Out: answers, and orders of the writer for the merger.
 */
export type {
  FoundPage,
  LeaveOrder,
  MergeOrder,
  MergerCalls,
  ReaderCalls,
  ReaderData,
  RestOrder,
  StoredRecord,
  WriterCalls,
  WriterData,
  WriterEvent,
} from './calls.ts'
export { bufferOf, Thread } from './channel.ts'
