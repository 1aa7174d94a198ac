import type { Memory } from '../wasm/memory.ts'

/** A value that is put together from several places: a list of addresses and lengths, for the kernel to copy. */
export class Program {
  readonly #numbers: Int32Array
  readonly #start: number
  readonly #end: number
  #at: number

  constructor(memory: Memory) {
    this.#numbers = memory.numbers
    this.#start = memory.program >> 2
    this.#end = memory.programEnd >> 2
    this.#at = this.#start
  }

  begin(): void {
    this.#at = this.#start
  }

  /** Addresses of the list. */
  get from(): number {
    return this.#start << 2
  }

  get to(): number {
    return this.#at << 2
  }

  /** More was added than there is room for. */
  get isOver(): boolean {
    return this.#at > this.#end
  }

  add(from: number, length: number): void {
    const at = this.#at
    this.#at = at + 2
    if (at >= this.#end) return
    this.#numbers[at] = from
    this.#numbers[at + 1] = length
  }

  span(from: number, to: number): void {
    this.add(from, to - from)
  }
}
