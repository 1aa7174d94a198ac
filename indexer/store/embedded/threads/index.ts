/**
 * The store's threads, and what the main thread asks of them: one writes (`writer.ts`), one answers searches and others count (`reader.ts`), one
 * merges segments, packs what is at rest and reads what has expired (`merger.ts`). Nothing is shared but what is handed over.
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
