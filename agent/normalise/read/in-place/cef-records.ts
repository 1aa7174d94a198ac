import type { Memory } from '../../wasm/memory.ts'
import { CEF_HEADER, CEF_PREFIX } from '../formats/cef.ts'
import type { Form } from './form.ts'
import { pieces } from './name-lists.ts'

/** CEF, as `formats/cef.ts` reads it. */
export class CefRecords implements Form {
  readonly #memory: Memory
  readonly #names: number

  constructor(memory: Memory) {
    this.#memory = memory
    this.#names = pieces(memory, [CEF_PREFIX, ...CEF_HEADER])
  }

  read(from: number, to: number, out: number): number {
    return this.#memory.kernel.readCef(this.#names, this.#memory.room, from, to, out)
  }
}
