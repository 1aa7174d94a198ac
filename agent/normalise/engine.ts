import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Records of fewer bytes in all are a trickle. */
const TRICKLE = 1024 * 1024
const REST_MS = 15_000
/** Collecting takes some 20 ms: for less it isn't worth that. */
const WORTHWHILE = 2 * 1024 * 1024

/**
 * V8, at work and at rest. The launcher starts the agent without V8's optimising compiler (`--no-opt`), whose pages take 7 MB that an agent beside
 * quiet files never needs: here it is switched on for work, and stays. And V8 lets garbage lie as long as its heap may grow, so that an agent that falls
 * quiet would keep what its last burst left (8 MB beside 1,000 files), and what looking after its files leaves: here it is collected.
 */
export class Engine {
  readonly #restMs: number
  #bytes = 0
  #timer: NodeJS.Timeout | null = null
  /** Bytes of the heap after it was collected. */
  #collected = 0

  constructor(restMs = REST_MS) {
    this.#restMs = restMs
  }

  /** Records of so many bytes are being normalised. */
  work(bytes: number): void {
    if (this.#bytes < TRICKLE) {
      this.#bytes += bytes
      if (this.#bytes >= TRICKLE) optimise()
    }
    this.#timer ??= setInterval(() => this.#rest(), this.#restMs).unref()
    this.#timer.refresh()
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #rest(): void {
    // Only where the launcher has exposed it.
    const { gc } = globalThis
    if (gc === undefined || heapBytes() < this.#collected + WORTHWHILE) return
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    this.#collected = heapBytes()
  }
}

/** Switches V8's optimising compiler on. */
export function optimise(): void {
  setFlagsFromString('--opt')
}

const heapBytes = (): number => getHeapStatistics().total_heap_size
