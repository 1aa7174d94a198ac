/**
 * Whether bytes may hold a secret, at a fraction of what looking for one costs: nearly all records hold none of the words that a
 * secret's name or form has, and no long run of digits. Every second byte is looked at (Wu and Manber's search, by the last two of
 * each word's first three letters, folded to five bits each).
 */
const WORDS: readonly string[] = [
  ...['passw', 'passp', 'passc', 'pwd', 'secret', 'token', 'cookie', 'credential', 'authori', 'bearer'],
  ...['apikey', 'api_key', 'api-key', 'api key', 'private', 'cvv', 'cvc', 'eyj'],
  // A name in escapes may be any.
  '\\u00',
]
const PREFIX = 3
const STEP = 2
const CARD_LEAST = 13

export class Suspicion {
  readonly #shift = new Uint8Array(1024).fill(STEP)
  readonly #words: Uint8Array[][] = Array.from({ length: 1024 }, () => [])
  readonly #always: boolean

  /** Names and the beginnings of whatever else is to be masked; with one that is too short, everything is suspicious. */
  constructor(more: readonly string[]) {
    const words = [...WORDS, ...more.map((word) => word.toLowerCase())]
    this.#always = words.some((word) => Buffer.byteLength(word) < PREFIX)
    for (const word of words) {
      const bytes = Buffer.from(word)
      if (bytes.length < PREFIX) continue
      const first = blockOf(bytes[0]!, bytes[1]!)
      const second = blockOf(bytes[1]!, bytes[2]!)
      this.#shift[first] = Math.min(this.#shift[first]!, 1)
      this.#shift[second] = 0
      this.#words[second]!.push(bytes)
    }
  }

  mayHold(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#always) return true
    const shift = this.#shift
    let at = from + PREFIX - 1
    while (at < to) {
      const block = ((bytes[at - 1]! & 31) << 5) | (bytes[at]! & 31)
      const step = shift[block]!
      if (step === 0) {
        if (this.#isWord(block, bytes, at - PREFIX + 1, to)) return true
        at++
      } else at += step
    }
    return mayHoldCard(bytes, from, to)
  }

  #isWord(block: number, bytes: Uint8Array, from: number, to: number): boolean {
    for (const word of this.#words[block]!) {
      if (from + word.length > to) continue
      let i = 0
      while (i < word.length && lower(bytes[from + i]!) === word[i]) i++
      if (i === word.length) return true
    }
    return false
  }
}

const blockOf = (a: number, b: number): number => ((a & 31) << 5) | (b & 31)
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** A run of thirteen digits, single blanks and dashes among them, passes one of these places or the one before it. */
function mayHoldCard(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + CARD_LEAST - 2; at < to; at += CARD_LEAST - 2) {
    if (!isDigit(bytes[at]) && !isDigit(bytes[at - 1])) continue
    let start = at
    while (start > from && isInRun(bytes, start - 1)) start--
    let end = at
    while (end < to && isInRun(bytes, end)) end++
    let digits = 0
    for (let i = start; i < end; i++) if (isDigit(bytes[i])) digits++
    if (digits >= CARD_LEAST) return true
  }
  return false
}

const isInRun = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) ||
  ((bytes[at] === 0x20 || bytes[at] === 0x2d) && (isDigit(bytes[at - 1]) || isDigit(bytes[at + 1])))
