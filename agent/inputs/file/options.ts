import type { Range } from '../../ranges.ts'
import type { State } from '../../state/index.ts'
import type { Framing } from '../framing.ts'

/** One `file:` entry of the configuration. */
export interface FileConfig {
  /** Absolute globs. */
  readonly paths: readonly string[]
  /** Globs of files and folders to leave out. */
  readonly exclude: readonly string[]
  /** Index into the workers' pipelines. */
  readonly pipeline: number
  readonly framing: Framing
  /** Read gzip files too, each once; otherwise they are passed over. */
  readonly gzip?: boolean
  /** False on network file systems, which report no changes: the sweep alone finds them. */
  readonly watch?: boolean
  /** What becomes of a last line without newline: it waits for its end, or is taken when the file has been quiet. */
  readonly finalLine?: 'wait' | 'take'
  /** The agent itself makes its files, and removes each once it is settled: then it is forgotten, and nobody wonders where it went. */
  readonly passing?: boolean
}

export interface FileInputOptions {
  readonly files: readonly FileConfig[]
  readonly policy?: Partial<Policy>
}

/** What the tailer does when; times in ms by the injected clock. */
export interface Policy {
  /** How often every file is looked at. */
  readonly sweepEvery: number
  /** How often a file that grew lately is looked at. */
  readonly pollEvery: number
  /** How long after its last growth a file counts as growing, and its descriptor stays open. */
  readonly activeFor: number
  /** How long a record without an end (a start pattern's last one) waits for more lines. */
  readonly flushAfter: number
  /** How long a file that went out of reach may stay unread before the rest is copied to hold/. */
  readonly holdAfter: number
  /** Compressed bytes that hold/ may take. */
  readonly holdBytes: number
  /** Descriptors that may be open at once. */
  readonly openFiles: number
  /** How long a source is remembered after its file was last seen. */
  readonly forgetAfter: number
  /** Folders that may be watched at once. */
  readonly watchedFolders: number
  /** Bytes of one source in one round, at least. */
  readonly quantum: number
}

export const POLICY: Policy = {
  sweepEvery: 5_000,
  pollEvery: 200,
  activeFor: 30_000,
  flushAfter: 1_000,
  holdAfter: 1_000,
  holdBytes: 1024 * 1024 * 1024,
  openFiles: 512,
  forgetAfter: 30 * 24 * 3600 * 1000,
  watchedFolders: 128,
  quantum: 64 * 1024,
}

/** A logger of sentences; pino's fits. */
export interface Log {
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
}

export interface FileInputContext {
  readonly state: State
  /** What batches in the spool hold of each source, by `source/generation`. */
  readonly sealed: ReadonlyMap<string, readonly Range[]>
  readonly holdDir: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** That many random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly log: Log
}
