/**
 * Short values that come again and again (actions, kinds of records, outcomes) as strings, without making each anew: a
 * fixed number of places, each with the bytes that it stands for.
 */
const PLACES = 1024
const LONGEST = 64

export class Texts {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(PLACES)
  readonly #texts: string[] = new Array(PLACES).fill('')

  of(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from
    if (length > LONGEST) return decoded(bytes, from, to)
    let hash = length
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1)
    const known = this.#bytes[place]
    if (known !== undefined && known.length === length) {
      let i = 0
      while (i < length && known[i] === bytes[from + i]) i++
      if (i === length) return this.#texts[place]!
    }
    const text = decoded(bytes, from, to)
    this.#bytes[place] = new Uint8Array(bytes.subarray(from, to))
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

const decoded = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
