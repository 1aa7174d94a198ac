import type { EnvelopeReader } from '../read/syslog/envelope.ts'
import type { Memory } from '../wasm/memory.ts'
import type { Output } from './output.ts'
import type { Pipeline, Place, Understanding } from './pipeline.ts'

/** What of a record its text doesn't say. */
export interface MadeOf {
  /** What was remarked of it already. */
  readonly flags: number
  readonly offset: number
  /** What it is known by for good, where its place says nothing. */
  readonly key?: readonly string[]
}

/** Makes events of records, and writes them into the batch. */
export interface RecordMapper {
  /** Whether records may be given as bytes. */
  readonly readsBytes: boolean
  /** What the event that was written last lacks, as bits of `LACK`. */
  readonly lacks: number
  /** The next records are of this slice. */
  begin(place: Place): void
  /** A record that stands in the memory and is valid UTF-8; declined is one that has to be read before. */
  takeBytes(place: Place, from: number, to: number, offset: number): 'event' | 'filtered' | 'declined'
  /** The same of a record in an envelope, whose text is known. */
  takeMessage(
    place: Place,
    message: { readonly text: string; readonly from: number; readonly to: number },
    offset: number,
    envelopeOf: EnvelopeReader,
  ): 'event' | 'filtered' | 'declined'
  /** A record that was read. */
  take(place: Place, known: Understanding, about: MadeOf): 'event' | 'failed' | 'filtered'
}

export type MapperClass = new (pipeline: Pipeline, memory: Memory, output: Output) => RecordMapper
