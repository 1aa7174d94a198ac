import type { EventRule, SourceId } from '../../schema/index.ts'
import type { Framing } from '../inputs/framing.ts'
import type { Shape } from './integration/lacks.ts'

/**
 * One worker task is one batch. The main thread moves bytes: it fills a buffer with slices of whole records of
 * several sources and hands it over; the worker answers with the compressed batch.
 */
export interface TaskSlice {
  readonly source: SourceId
  readonly generation: number
  /** Shown as `log.file.path`: the path at first sight. */
  readonly path: string
  /** Which pipeline reads it: an index into `WorkerSetup.pipelines`. */
  readonly pipeline: number
  /** Where the bytes stand in the task's buffer. */
  readonly start: number
  readonly end: number
  /** Offset in the source of the first byte. */
  readonly offset: number
  /** Offset in the source where the next slice begins: behind the last record, its line end included. */
  readonly to: number
  /** The header record of a CSV file, where the slice doesn't begin with it. */
  readonly header: string | null
  /** The slice is one record that was too long: its first part, with what is known of the whole. */
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** A whole file, which the task's buffer begins with. */
export const wholeFile = (path: string, length: number): TaskSlice => ({
  source: '0'.repeat(32) as SourceId,
  generation: 0,
  path,
  pipeline: 0,
  start: 0,
  end: length,
  offset: 0,
  to: length,
  header: null,
  truncated: null,
})

export interface Task {
  /** Transferred to the worker, and back with the result, to be used again. */
  readonly buffer: ArrayBuffer
  readonly slices: readonly TaskSlice[]
  /** Milliseconds since 1970: the `@timestamp` of records that carry no time. */
  readonly now: number
  /** The record stopped a worker before: ship it unparsed, as a pipeline_error that says so. */
  readonly opaque?: true
}

/** What a slice became; counts as in the waybill's manifest. */
export interface SliceResult {
  readonly read: number
  readonly events: number
  readonly filtered: number
  readonly skipped: number
  readonly truncated: number
  readonly errors: number
  /** Messages that were lost before they could be written to the journal. */
  readonly dropped: number
}

export interface TaskResult {
  /** The task's buffer, given back. */
  readonly buffer: ArrayBuffer
  /** The compressed NDJSON; empty where the task had no event. */
  readonly payload: Uint8Array
  readonly encoding: 'zstd' | 'gzip'
  readonly events: number
  /** Bytes of NDJSON before compression. */
  readonly bytes: number
  /** Merkle root, hex. */
  readonly root: string
  readonly slices: readonly SliceResult[]
  /** What the events lack, of each pipeline that had any. */
  readonly shapes: readonly PipelineShape[]
}

export interface PipelineShape {
  readonly pipeline: number
  readonly shape: Shape
}

/** What an operator calls a field, or a name of the integration, in the records of an input. */
export interface Column {
  readonly names: readonly string[]
  /** How its times are written, tried in order; empty where they are as the integration reads them. */
  readonly format: readonly string[]
}

/** One input's way to read a record. */
export interface PipelineSpec {
  /** Name of a folder below `integrations/`, or the path of an integration.yml of the operator's own. */
  readonly integration: string
  /** By field of the schema, or by name of the integration. */
  readonly columns?: Readonly<Record<string, Column>>
  readonly framing: Framing
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** IANA zone for times without one. */
  readonly timeZone: string
  /** Which events are recorded, as this host's own settings say; they are stronger than the indexer's. */
  readonly events?: readonly EventRule[]
}

/** What a worker is started with; a reload starts new workers. */
export interface WorkerSetup {
  readonly agent: { readonly id: string; readonly name: string; readonly version: string }
  readonly host: string
  readonly namespace: string
  readonly pipelines: readonly PipelineSpec[]
  /** How messages of the journal find their pipeline. */
  readonly syslog?: SyslogSpec
  /** The messages of the journal are encrypted with it. */
  readonly journalKey?: Uint8Array
  /** Which events are recorded, as the indexer says for all agents. */
  readonly events?: readonly EventRule[]
  readonly compression: { readonly encoding: 'zstd' | 'gzip'; readonly level: number }
}

export interface SyslogSpec {
  /** A message that came by none of these addresses (the settings have changed since) goes the first one's way. */
  readonly inputs: readonly SyslogInputSpec[]
}

export interface SyslogInputSpec {
  /** The addresses that it listens on. */
  readonly listens: readonly string[]
  readonly timeZone: string
  /** Index into the pipelines: for messages of programs that are not named below. */
  readonly pipeline: number
  /** Tried in this order. */
  readonly programs: readonly ProgramSpec[]
  /** For records of the Linux audit system, whose programs are not named above: absent where nothing reads them. */
  readonly audit?: number
}

export interface ProgramSpec {
  /** The program's name; `*` stands for any characters. */
  readonly program: string
  readonly pipeline: number
  /** Hosts by name (`*` as above), senders by address or network; empty for all. */
  readonly hosts: readonly string[]
}
