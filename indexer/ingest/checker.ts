import { fileURLToPath } from 'node:url'
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina'
import type { ContentResult, ContentTask } from './content.ts'

/** Checks payloads in worker threads. */
export interface Checker {
  /** The payload's buffer is transferred: the caller has it no more. */
  check(task: ContentTask): Promise<ContentResult>
  close(): Promise<void>
}

export function openChecker(workers: number): Checker {
  const pool = new Piscina<unknown, ContentResult>({
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
    check: (task) => pool.run(move({ [transferableSymbol]: [task.payload], [valueSymbol]: task })),
    close: () => pool.destroy(),
  }
}
