import type { EventRule, SourceId } from '../../schema/index.ts'
import type { Framing } from '../inputs/framing.ts'
import type { Shape } from './integration/lacks.ts'

/**
 * One worker task yields one batch. The main thread moves bytes: it fills a buffer with slices of whole records from several sources and
 * passes it on; the worker answers with the compressed batch.
 */
export interface TaskSlice {
  readonly source: SourceId
  readonly generation: number
  /** The path where the file was first seen, shown as `log.file.path`. */
  readonly path: string
  /** The pipeline of the slice: an index into `WorkerSetup.pipelines`. */
  readonly pipeline: number
  /** The position of the bytes in the task's buffer. */
  readonly start: number
  readonly end: number
  /** Offset in the source of the first byte. */
  readonly offset: number
  /** Offset in the source where the next slice begins: after the last record and its line end. */
  readonly to: number
  /** The header record of a CSV file, if the slice doesn't begin with it. */
  readonly header: string | null
  /** Set if the slice is one record that was too long: it has its first part, and this describes the whole. */
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** A slice with a whole file, at the beginning of the task's buffer. */
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
  /** The buffer is transferred to the worker, and back with the result, to be reused. */
  readonly buffer: ArrayBuffer
  readonly slices: readonly TaskSlice[]
  /** Milliseconds since 1970: the `@timestamp` of records without a time. */
  readonly now: number
  /** Whether the record stopped a worker before: it is shipped unparsed, as a pipeline_error with this reason. */
  readonly opaque?: true
}

/** The result of a slice; counts as in the waybill's manifest. */
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
  /** The task's buffer, returned. */
  readonly buffer: ArrayBuffer
  /** The compressed NDJSON; empty if the task had no event. */
  readonly payload: Uint8Array
  readonly encoding: 'zstd' | 'gzip'
  readonly events: number
  /** Bytes of NDJSON before compression. */
  readonly bytes: number
  /** Merkle root, hex. */
  readonly root: string
  readonly slices: readonly SliceResult[]
  /** What the events of each pipeline lack; pipelines without events are omitted. */
  readonly shapes: readonly PipelineShape[]
}

export interface PipelineShape {
  readonly pipeline: number
  readonly shape: Shape
}

/** The column names of an input's records for a field, or for a name of the integration. */
export interface Column {
  readonly names: readonly string[]
  /** The formats of its times, tried in order; empty if the integration's formats apply. */
  readonly format: readonly string[]
}

/** How one input's records are read. */
export interface PipelineSpec {
  /** Name of a folder below `integrations/`, or the path of an operator's own integration.yml. */
  readonly integration: string
  /** The columns, by field of the schema or by name of the integration. */
  readonly columns?: Readonly<Record<string, Column>>
  readonly framing: Framing
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** IANA zone for times without one. */
  readonly timeZone: string
  /** The host's own rules about events; they take precedence over the indexer's. */
  readonly events?: readonly EventRule[]
}

/** The start data of a worker; a reload starts new workers. */
export interface WorkerSetup {
  readonly agent: { readonly id: string; readonly name: string; readonly version: string }
  readonly host: string
  readonly namespace: string
  readonly pipelines: readonly PipelineSpec[]
  /** The data that assigns messages of the journal to pipelines. */
  readonly syslog?: SyslogSpec
  /** The data that assigns records of other doors to pipelines. */
  readonly doors?: readonly DoorSpec[]
  /** The key of the journal's messages. */
  readonly journalKey?: Uint8Array
  /** The indexer's rules about events, for all agents. */
  readonly events?: readonly EventRule[]
  readonly compression: { readonly encoding: 'zstd' | 'gzip'; readonly level: number }
}

export interface SyslogSpec {
  /** A message that came by none of these addresses (the settings have changed since) belongs to the first input. */
  readonly inputs: readonly SyslogInputSpec[]
}

export interface SyslogInputSpec {
  /** The addresses that it listens on. */
  readonly listens: readonly string[]
  readonly timeZone: string
  /** The index of the pipeline for programs that are not listed below. */
  readonly pipeline: number
  /** The programs, tried in this order. */
  readonly programs: readonly ProgramSpec[]
  /** The pipeline for Linux audit records of unlisted programs: absent if none reads them. */
  readonly audit?: number
}

/** A door of the journal other than syslog. */
export interface DoorSpec {
  /** Its name in the journal. */
  readonly door: string
  /** The pipeline of records with this route (`*` for any characters), tried in this order. */
  readonly routes: readonly { readonly route: string; readonly pipeline: number }[]
  /** The pipeline of all others. */
  readonly pipeline: number
}

export interface ProgramSpec {
  /** The program's name; `*` matches any characters. */
  readonly program: string
  readonly pipeline: number
  /** Hosts by name (`*` as above), senders by address or network; empty for all. */
  readonly hosts: readonly string[]
}
