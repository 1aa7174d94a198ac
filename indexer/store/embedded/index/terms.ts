import { wordsOf } from '../../../../schema/index.ts'

/**
 * A term represents a word or a field's value in the search index: 48 bits, of which the upper 32 and the lower 16
 * are kept separately so that typed arrays hold them. Terms only ever choose candidates: each candidate is checked against the
 * event itself, so two texts with the same term cost a check, never a wrong answer.
 *
 * - A word's upper 16 bits spell its first three characters, so that words with the same beginning are neighbours in
 *   a dictionary (`update*` is a range); 32 bits of hash follow.
 * - A field's value lies above all words: 64,000 and more in the upper 16 bits.
 *
 * Hashes are sums of characters times powers of a prime, so the hash of a word within a value follows from the value's before and
 * behind it, and both take one step a character.
 *
 * Hashing as the characters pass costs no substring and no encoding to UTF-8. `bench/fts5.ts` measures what SQLite's FTS5 takes for as many
 * terms.
 */
export const FIELD_REGION = 64_000

/** The place of a unit in the alphabet of beginnings: 0 for none, 1-10 digits, 11-36 letters, 37 anything else. */
export const LETTER = new Uint8Array(128)
/** The folded character for letters and digits of ASCII, 0 for what separates words. */
export const FOLDED = new Uint8Array(128)
for (let c = 0x30; c <= 0x39; c++) {
  LETTER[c] = c - 0x30 + 1
  FOLDED[c] = c
}
for (let c = 0x61; c <= 0x7a; c++) {
  LETTER[c] = c - 0x61 + 11
  FOLDED[c] = c
  FOLDED[c - 0x20] = c
}
const letterOf = (unit: number): number => (unit < 128 ? LETTER[unit]! : 37)

export const WORD_SEED = 0x811c9dc5 | 0
export const PRIME = 0x01000193
export const LONGEST_WORD = 64
/** The factor, by a word's length, for the hash of the text before the word. */
export const POWERS = new Int32Array(LONGEST_WORD + 1)
for (let i = 0, power = 1; i <= LONGEST_WORD; i++, power = Math.imul(power, PRIME)) POWERS[i] = power

function mixed(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A growing list of terms. */
export class Terms {
  high: Uint32Array
  low: Uint16Array
  count = 0

  constructor(room = 4096) {
    this.high = new Uint32Array(room)
    this.low = new Uint16Array(room)
  }

  clear(): void {
    this.count = 0
  }

  add(high: number, low: number): void {
    if (this.count === this.high.length) this.#grow()
    this.high[this.count] = high
    this.low[this.count++] = low
  }

  /** Adds the first `count` of these terms. */
  addAll(high: Uint32Array, low: Uint16Array, count: number): void {
    while (this.count + count > this.high.length) this.#grow()
    const to = this.count
    for (let i = 0; i < count; i++) {
      this.high[to + i] = high[i]!
      this.low[to + i] = low[i]!
    }
    this.count = to + count
  }

  #grow(): void {
    const high = new Uint32Array(this.high.length * 2)
    const low = new Uint16Array(high.length)
    high.set(this.high)
    low.set(this.low)
    this.high = high
    this.low = low
  }

  /** Adds the words of a text, as `wordsOf` finds them. ASCII is read in one pass; other text is passed to `wordsOf`. */
  addWords(text: string): void {
    const before = this.count
    let hash = WORD_SEED
    let length = 0
    let beginning = 0
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 128) {
        this.count = before
        for (const word of wordsOf(text)) this.addWord(word)
        return
      }
      const c = FOLDED[unit]!
      if (c !== 0) {
        if (length < LONGEST_WORD) {
          hash = (Math.imul(hash, PRIME) + c) | 0
          if (length < 3) beginning = beginning * 40 + LETTER[c]!
        }
        length++
      } else if (length > 0) {
        this.addWordOf(beginning, length, hash)
        hash = WORD_SEED
        length = 0
        beginning = 0
      }
    }
    if (length > 0) this.addWordOf(beginning, length, hash)
  }

  /** Adds a word of ASCII, given by its beginning, its length and its hash. */
  addWordOf(beginning: number, length: number, hash: number): void {
    const spelled = length >= 3 ? beginning : length === 2 ? beginning * 40 : beginning * 1600
    const bits = mixed(hash)
    this.add(((spelled << 16) | (bits >>> 16)) >>> 0, bits & 0xffff)
  }

  /** One word as `wordsOf` gives it. */
  addWord(word: string): void {
    let hash = WORD_SEED
    for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, PRIME) + word.charCodeAt(i)) | 0
    const bits = mixed(hash)
    this.add(((spelling(word) << 16) | (bits >>> 16)) >>> 0, bits & 0xffff)
  }

  /** A field's value, A to Z as a to z. */
  addValue(seed: number, text: string): void {
    let hash = seed
    for (let i = 0; i < text.length; i++) {
      let unit = text.charCodeAt(i)
      if (unit >= 0x41 && unit <= 0x5a) unit += 0x20
      hash = (Math.imul(hash, PRIME) + unit) | 0
    }
    this.addValueOf(hash)
  }

  /** A value whose hash is known. */
  addValueOf(hash: number): void {
    const bits = mixed(hash)
    const more = mixed(hash ^ 0x5bd1e995)
    this.add((((FIELD_REGION + ((more >>> 16) % 1536)) << 16) | (bits >>> 16)) >>> 0, bits & 0xffff)
  }

  keyAt(index: number): number {
    return this.high[index]! * 65536 + this.low[index]!
  }
}

function spelling(word: string): number {
  const first = word.length > 0 ? letterOf(word.charCodeAt(0)) : 0
  const second = word.length > 1 ? letterOf(word.charCodeAt(1)) : 0
  const third = word.length > 2 ? letterOf(word.charCodeAt(2)) : 0
  return (first * 40 + second) * 40 + third
}

/** Returns the seed that separates the values of different fields. */
export function seedOf(name: string): number {
  let hash = 0x2f0b4a27
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), PRIME)
  return mixed(hash)
}

/** The seed of a path below a flattened field, piece by piece. */
export function seedBelow(seed: number, piece: string): number {
  let hash = seed
  for (let i = 0; i < piece.length; i++) hash = (Math.imul(hash, PRIME) + piece.charCodeAt(i)) | 0
  return hash
}

export function wordKey(word: string): number {
  const terms = new Terms(1)
  terms.addWord(word)
  return terms.keyAt(0)
}

export function valueKey(seed: number, text: string): number {
  const terms = new Terms(1)
  terms.addValue(seed, text)
  return terms.keyAt(0)
}

/** The range of keys of all words that begin so; undefined if the beginning is too short to be worth a range. */
export function beginningRange(beginning: string): { first: number; last: number } | undefined {
  if (beginning.length < 2) return undefined
  const low = spelling(beginning)
  const high = beginning.length === 2 ? low + 39 : low
  return { first: low * 2 ** 32, last: (high + 1) * 2 ** 32 - 1 }
}
