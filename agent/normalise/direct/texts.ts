/**
 * Short values that come again and again (actions, kinds of records, outcomes) as strings, without making each anew: a
 * fixed number of places, each with the bytes that it stands for.
 */
const PLACES = 1024
const LONGEST = 64

export class Texts {
  /** By place: the bytes, and how many. */
  readonly #bytes = new Uint8Array(PLACES * LONGEST)
  readonly #lengths = new Uint8Array(PLACES)
  readonly #texts: string[] = new Array(PLACES).fill('')

  of(bytes: Buffer, from: number, to: number): string {
    const length = to - from
    if (length > LONGEST) return bytes.toString('utf8', from, to)
    let hash = length
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1)
    const start = place * LONGEST
    const known = this.#bytes
    if (this.#lengths[place] === length) {
      let i = 0
      while (i < length && known[start + i] === bytes[from + i]) i++
      if (i === length) return this.#texts[place]!
    }
    const text = bytes.toString('utf8', from, to)
    for (let i = 0; i < length; i++) known[start + i] = bytes[from + i]!
    this.#lengths[place] = length
    this.#texts[place] = text
    return text
  }
}

export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === 0x5c) return true
  return false
}

/** The text that stands between the quotes of a JSON string. */
export function unescaped(bytes: Buffer, from: number, to: number): string {
  return JSON.parse(`"${bytes.toString('utf8', from, to)}"`)
}
