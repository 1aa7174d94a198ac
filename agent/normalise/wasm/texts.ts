/**
 * Caches results for short texts that repeat (actions, kinds of records, names of members). It has a fixed number of places, and each
 * holds the bytes of one text with its result.
 */
const PLACES = 1024
const LONGEST = 64

export class Texts<Made> {
  readonly #make: (text: string) => Made
  /** The bytes by place, and their number. */
  readonly #bytes = new Uint8Array(PLACES * LONGEST)
  readonly #lengths = new Uint8Array(PLACES)
  readonly #made: Made[]

  constructor(make: (text: string) => Made) {
    this.#make = make
    this.#made = new Array(PLACES).fill(make(''))
  }

  of(bytes: Buffer, from: number, to: number): Made {
    const length = to - from
    if (length > LONGEST) return this.#make(bytes.toString('utf8', from, to))
    let hash = length
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1)
    const start = place * LONGEST
    const known = this.#bytes
    if (this.#lengths[place] === length) {
      let i = 0
      while (i < length && known[start + i] === bytes[from + i]) i++
      if (i === length) return this.#made[place]!
    }
    const made = this.#make(bytes.toString('utf8', from, to))
    for (let i = 0; i < length; i++) known[start + i] = bytes[from + i]!
    this.#lengths[place] = length
    this.#made[place] = made
    return made
  }
}

export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === 0x5c) return true
  return false
}

/** The text between the quotes of a JSON string. */
export function unescaped(bytes: Buffer, from: number, to: number): string {
  return JSON.parse(`"${bytes.toString('utf8', from, to)}"`)
}
