import { type Kernel, kernelOver } from '../kernel/index.ts'
import type { Ground, Suspicion } from './suspicion.ts'

const PAGE = 64 * 1024
/** Reading by 16 bytes goes beyond what is meant. */
const SLACK = 64
/** Behind the table. */
const TEXT = 1024

/** A memory of its own where texts are laid to be looked through; it is as large as the longest of them. */
export class Desk {
  readonly #suspicion: Suspicion
  #bytes: Buffer = Buffer.alloc(0)
  #mayHold: (from: number, to: number) => boolean = () => true

  constructor(suspicion: Suspicion) {
    this.#suspicion = suspicion
    this.#lay(1)
  }

  mayHold(text: string): boolean {
    const room = TEXT + text.length * 3 + SLACK
    if (room > this.#bytes.length) this.#lay(Math.ceil(room / PAGE))
    return this.#mayHold(TEXT, TEXT + this.#bytes.write(text, TEXT))
  }

  #lay(pages: number): void {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.#bytes = Buffer.from(memory.buffer)
    this.#mayHold = this.#suspicion.over(new DeskGround(this.#bytes, kernelOver(memory)))
  }
}

class DeskGround implements Ground {
  readonly bytes: Buffer
  readonly kernel: Kernel

  constructor(bytes: Buffer, kernel: Kernel) {
    this.bytes = bytes
    this.kernel = kernel
  }

  /** There is room for one table. */
  keep(content: Uint8Array): number {
    this.bytes.set(content)
    return 0
  }
}
