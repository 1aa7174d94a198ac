import { holdsCardNumber } from './card.ts'

/**
 * Words of which one is in every secret's name or form. Written with `^` before the first of three letters by which they are
 * looked for: those that are rare in other words.
 */
const WORDS: readonly string[] = [
  ...[
    'pa^ssw',
    'pa^ssp',
    'pa^ssc',
    '^pwd',
    's^ecret',
    't^oken',
    'co^okie',
    'cre^dential',
    'aut^hori',
    '^bearer',
  ],
  ...['ap^ikey', 'ap^i_key', 'ap^i-key', 'ap^i key', 'pr^ivate', '^cvv', '^cvc', '^eyj'],
  // A name in escapes may be any.
  '^\\u00',
]
const REACH = 3

/** Letters without their case, what else stands in words, and one for everything else: five bits each. */
const FOLD = new Uint8Array(256)
for (let letter = 1; letter <= 26; letter++) {
  FOLD[0x40 + letter] = letter
  FOLD[0x60 + letter] = letter
}
for (const [i, sign] of ['_', '-', ' ', '\\', '0'].entries()) FOLD[sign.charCodeAt(0)] = 27 + i

interface Word {
  readonly bytes: Uint8Array
  /** Where in it the pair stands by which it is found. */
  readonly at: number
}

/**
 * Whether bytes may hold a secret, at a fraction of what looking for one costs: nearly all records hold none of the words that a
 * secret's name or form has, and no card number. Of three letters of a word one pair begins at an even place, so every
 * second place is looked at. The steps don't depend on each other: skipping as far as a table allows took three times as long (measured).
 */
export class Suspicion {
  /** By pair of folded letters: 1 where words may be there. */
  readonly #pairs = new Uint8Array(1024)
  readonly #words: Word[][] = Array.from({ length: 1024 }, () => [])
  readonly #always: boolean

  /** Beginnings of whatever else is to be masked; with one that is too short, everything is suspicious. */
  constructor(more: readonly string[]) {
    const words = [...WORDS, ...more.map((word) => `^${word.toLowerCase()}`)]
    this.#always = more.some((word) => Buffer.byteLength(word) < REACH)
    if (this.#always) return
    for (const word of words) {
      const bytes = Buffer.from(word.replace('^', ''))
      for (const at of [word.indexOf('^'), word.indexOf('^') + 1]) {
        const pair = pairOf(bytes[at]!, bytes[at + 1]!)
        this.#pairs[pair] = 1
        this.#words[pair]!.push({ bytes, at })
      }
    }
  }

  mayHold(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#always) return true
    const pairs = this.#pairs
    const last = to - 1
    for (let at = from; at < last; at += 2) {
      const pair = (FOLD[bytes[at]!]! << 5) | FOLD[bytes[at + 1]!]!
      if (pairs[pair] === 1 && this.#isWord(pair, bytes, at, from, to)) return true
    }
    return mayHoldCard(bytes, from, to)
  }

  #isWord(pair: number, bytes: Uint8Array, place: number, from: number, to: number): boolean {
    for (const { bytes: word, at } of this.#words[pair]!) {
      const start = place - at
      if (start < from || start + word.length > to) continue
      let i = 0
      while (i < word.length && lower(bytes[start + i]!) === word[i]) i++
      if (i === word.length) return true
    }
    return false
  }
}

const pairOf = (a: number, b: number): number => (FOLD[a]! << 5) | FOLD[b]!
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

const CARD_LEAST = 13
const STEP = CARD_LEAST - 2

/** A run of thirteen digits, single blanks and dashes among them, passes one of these places or the one before it. */
function mayHoldCard(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + STEP; at < to; at += STEP) {
    if (!isDigit(bytes[at]) && !isDigit(bytes[at - 1])) continue
    let start = at
    while (start > from && isInRun(bytes, start - 1)) start--
    let end = at
    while (end < to && isInRun(bytes, end)) end++
    if (end - start < CARD_LEAST) continue
    // With its neighbours: a number within a word is none of a card.
    if (holdsCardNumber(textOf(bytes, Math.max(from, start - 1), Math.min(to, end + 2)))) return true
  }
  return false
}

const isInRun = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) ||
  ((bytes[at] === 0x20 || bytes[at] === 0x2d) && (isDigit(bytes[at - 1]) || isDigit(bytes[at + 1])))

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
