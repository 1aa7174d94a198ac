const SLOTS = 1024

/** Texts that come again and again, found by their bytes: none is made twice as long as it stays in its slot. ASCII. */
export class MetTexts {
  readonly #bytes: (Buffer | undefined)[] = new Array<undefined>(SLOTS).fill(undefined)
  readonly #texts: string[] = new Array<string>(SLOTS).fill('')

  text(source: Buffer, start: number, end: number): string {
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + source[at]!) | 0
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const known = this.#bytes[slot]
    if (known !== undefined && isThere(known, source, start, end)) return this.#texts[slot]!
    const text = source.toString('latin1', start, end)
    this.#bytes[slot] = Buffer.from(text, 'latin1')
    this.#texts[slot] = text
    return text
  }
}

function isThere(known: Buffer, source: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== source[start + i]) return false
  return true
}
