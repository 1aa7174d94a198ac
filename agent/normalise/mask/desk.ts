import { startKernel } from '../wasm/index.ts'
import { type Suspicion, TABLE_BYTES } from './suspicion.ts'

const PAGE = 64 * 1024
/** Reading 16 bytes at a time goes beyond the end. */
const SLACK = 64
/** The place after the table. */
const TEXT = TABLE_BYTES + SLACK

/** A separate memory in which texts are examined; it is as large as the longest of them. */
export class Desk {
  readonly #suspicion: Suspicion
  readonly #isJson: boolean
  #bytes: Buffer = Buffer.alloc(0)
  #mayHold: (from: number, to: number) => boolean = () => true

  /** With `isJson`, all texts are JSON. */
  constructor(suspicion: Suspicion, { isJson = false } = {}) {
    this.#suspicion = suspicion
    this.#isJson = isJson
    this.#lay(1)
  }

  mayHold(text: string): boolean {
    const room = TEXT + text.length * 3 + SLACK
    if (room > this.#bytes.length) this.#lay(Math.ceil(room / PAGE))
    return this.#mayHold(TEXT, TEXT + this.#bytes.write(text, TEXT))
  }

  #lay(pages: number): void {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const bytes = Buffer.from(memory.buffer)
    this.#bytes = bytes
    // There is room for one table, at the beginning.
    const keep = (content: Uint8Array): number => {
      bytes.set(content)
      return 0
    }
    this.#mayHold = this.#suspicion.over(
      { bytes, kernel: startKernel(memory), keep },
      { isJson: this.#isJson },
    )
  }
}
