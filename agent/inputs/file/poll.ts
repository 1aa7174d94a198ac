import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { endsAtNext } from '../framing.ts'
import { FileReader, isAt } from './descriptors.ts'
import type { Policy } from './options.ts'
import type { Tail } from './source.ts'
import type { Sweeper } from './sweep.ts'

export interface PollerParts {
  readonly policy: Policy
  readonly clock: () => number
  readonly sweeper: Sweeper
  ready(tail: Tail): void
  /** Called when a file is no longer at its path. */
  moved(): void
}

/** The time after its last growth in which a file is polled often. */
const POLLED_FOR = 10_000
/** The time after a growth in which more data is expected immediately. */
const BUSY_FOR = 1000

/** Looks often at the few files that grew lately; the sweep looks at all files. */
export class Poller {
  readonly #parts: PollerParts
  readonly #tails = new Set<Tail>()

  constructor(parts: PollerParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return this.#tails.size === 0
  }

  watch(tail: Tail): void {
    this.#tails.add(tail)
  }

  /** Folders with files that are growing now. */
  busyFolders(): Set<string> {
    const now = this.#parts.clock()
    const folders = new Set<string>()
    for (const tail of this.#tails) if (now - tail.changedAt < BUSY_FOR) folders.add(dirname(tail.at))
    return folders
  }

  poll(): void {
    const now = this.#parts.clock()
    for (const tail of this.#tails) {
      if (tail.held || tail.inode === null || tail.gone !== null) {
        this.#tails.delete(tail)
        continue
      }
      if (!this.look(tail)) this.#parts.moved()
      if (this.#isFlushDue(tail, now)) {
        tail.flushedAt = tail.size
        tail.waitingAt = -1
        this.#parts.ready(tail)
      }
      if (now - tail.changedAt > POLLED_FOR && !this.#waitsForFlush(tail)) this.#tails.delete(tail)
    }
  }

  /** Takes note of a file's present size; false if it is no longer at its path. */
  look(tail: Tail): boolean {
    if (tail.lostSince !== null && tail.reader instanceof FileReader) {
      this.#parts.sweeper.inspect(tail, tail.reader.stat())
      return true
    }
    try {
      const stat = statSync(tail.at, { bigint: true, throwIfNoEntry: false })
      if (stat === undefined || !isAt(stat, tail)) return false
      return this.#parts.sweeper.inspect(tail, stat)
    } catch {
      // The sweep reports the problem.
      return false
    }
  }

  /** Whether some record without an end will soon be taken as it is. */
  hasFlushesDue(): boolean {
    for (const tail of this.#tails) if (this.#waitsForFlush(tail)) return true
    return false
  }

  #waitsForFlush(tail: Tail): boolean {
    const flushes = endsAtNext(tail.framing) || tail.source.config?.finalLine === 'take'
    return flushes && tail.read < tail.size && tail.flushedAt !== tail.size
  }

  #isFlushDue(tail: Tail, now: number): boolean {
    if (!this.#waitsForFlush(tail) || tail.waitingAt !== tail.size) return false
    return now - tail.changedAt >= this.#parts.policy.flushAfter
  }
}
