import { setFlagsFromString } from 'node:v8'

/** Records of fewer bytes in all are a trickle. */
const TRICKLE = 1024 * 1024

/**
 * V8's optimising compiler. The launcher starts the agent without it (`--no-opt`): its pages take 7 MB, which an agent beside quiet files never needs.
 * Here it is switched on for work, and stays.
 */
export class Engine {
  #bytes = 0

  /** Records of so many bytes are being normalised. */
  work(bytes: number): void {
    if (this.#bytes >= TRICKLE) return
    this.#bytes += bytes
    if (this.#bytes >= TRICKLE) optimise()
  }
}

export function optimise(): void {
  setFlagsFromString('--opt')
}
