import { setFlagsFromString } from 'node:v8'

/** Below this total of bytes, the work is too small to matter. */
const TRICKLE = 1024 * 1024

/**
 * V8's optimising compiler. The launcher starts the agent without it (`--no-opt`): its pages take 7 MB, which an agent with quiet files
 * never needs. This class switches it on when there is work, and it stays on.
 */
export class Engine {
  #bytes = 0

  /** Counts this number of bytes of records as work. */
  work(bytes: number): void {
    if (this.#bytes >= TRICKLE) return
    this.#bytes += bytes
    if (this.#bytes >= TRICKLE) optimise()
  }
}

export function optimise(): void {
  setFlagsFromString('--opt')
}
