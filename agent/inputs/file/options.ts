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
  /** Whether to read gzip files too, each once; otherwise they are skipped. */
  readonly gzip?: boolean
  /** False on network file systems, which report no changes: the sweep alone finds them. */
  readonly watch?: boolean
  /** How to treat a last line without a newline: wait for its end, or take it when the file has been quiet. */
  readonly finalLine?: 'wait' | 'take'
  /** The agent itself makes these files, and removes each when it is settled: then its source is forgotten without a warning. */
  readonly passing?: boolean
}

export interface FileInputOptions {
  readonly files: readonly FileConfig[]
  readonly policy?: Partial<Policy>
}

/** The timing and limits of the tailer; times are in ms of the injected clock. */
export interface Policy {
  /** The interval of the sweep over all files. */
  readonly sweepEvery: number
  /** The interval of polling a file that grew lately. */
  readonly pollEvery: number
  /** The time after its last growth in which a file counts as growing and its descriptor stays open. */
  readonly activeFor: number
  /** The time that a record without an end (the last one of a start pattern) waits for more lines. */
  readonly flushAfter: number
  /** The time that an unreachable file may stay unread before its rest is copied to hold/. */
  readonly holdAfter: number
  /** The limit of compressed bytes in hold/. */
  readonly holdBytes: number
  /** The limit of open descriptors. */
  readonly openFiles: number
  /** The time that a source is remembered after its file was last seen. */
  readonly forgetAfter: number
  /** The limit of watched folders. */
  readonly watchedFolders: number
  /** The minimum of bytes of one source in one round. */
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

/** A logger of sentences; pino's logger conforms. */
export interface Log {
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
}

export interface FileInputContext {
  readonly state: State
  /** The ranges of each source that batches in the spool hold, by `source/generation`. */
  readonly sealed: ReadonlyMap<string, readonly Range[]>
  readonly holdDir: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Returns this number of random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly log: Log
}
