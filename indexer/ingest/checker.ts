import { fileURLToPath } from 'node:url'
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina'
import type { EnrichPlan } from '../enrich/index.ts'
import type { ContentResult, ContentTask } from './content.ts'
import type { Room } from './shared-buffers.ts'

/** The task of a worker: to check a payload, and to enrich its events if it matches its manifest. */
export interface CheckTask {
  readonly content: ContentTask
  readonly plan: EnrichPlan | null
  /** The room for the lines; null: a new buffer. */
  readonly room: Room | null
}

export type CheckResult =
  | (Omit<Extract<ContentResult, { ok: true }>, 'lines'> & {
      readonly lines: ArrayBuffer | Room
      /** As in a batch for the store, with the lines as a byte array. */
      readonly additions: { readonly positions: Uint32Array; readonly lines: Uint8Array } | null
      /** Why places could not be looked up. */
      readonly fault: string | null
    })
  | Extract<ContentResult, { ok: false }>

/** Checks payloads in worker threads. */
export interface Checker {
  /** The payload's buffer is transferred: the caller has it no more. */
  check(task: CheckTask): Promise<CheckResult>
  close(): Promise<void>
}

export function openChecker(workers: number): Checker {
  const pool = new Piscina<unknown, CheckResult>({
    filename: fileURLToPath(
      new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    ),
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: 30_000,
    recordTiming: false,
    // Events are bytes here, not objects: a thread needs next to no heap, and V8 takes what it may have.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
  })
  return {
    check: (task) => pool.run(move({ [transferableSymbol]: [task.content.payload], [valueSymbol]: task })),
    close: () => pool.destroy(),
  }
}
