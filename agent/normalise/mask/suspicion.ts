import type { Kernel } from '../kernel/index.ts'
import { holdsCardNumber } from './card.ts'
import { isPhrase } from './phrase.ts'
import { isFolder, isSpoken } from './spoken.ts'

/**
 * Words of which one is in every secret's name or form. Written with `^` before the three letters by which they are looked for:
 * those that are rare in other words.
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
/** Those of names, of which some only seem to be. */
const IN_NAMES = new Set(['pa^ssw', 'pa^ssp', 'pa^ssc', '^pwd', 's^ecret', 't^oken'])
const REACH = 3
const GROUPS = 8
const HALF = 16

interface Word {
  readonly bytes: Uint8Array
  /** Where in it the three letters stand by which it is found. */
  readonly at: number
  readonly isOfNames: boolean
}

/** A memory with the kernel over it, in which texts stand that are looked through. */
export interface Ground {
  readonly bytes: Buffer
  readonly kernel: Kernel
  /** Room that stays; its address. */
  keep(content: Uint8Array): number
}

/**
 * Whether bytes may hold a secret, at a fraction of what looking for one costs: nearly all records hold none of the words that a
 * secret's name or form has, and no card number. The kernel finds three letters of such a word, 16 places at a time; only there the
 * word is compared. (Measured, on records of 420 bytes: 0.4 µs; by a table of pairs, without the kernel, 1.9.)
 */
export class Suspicion {
  /** By the first of its three letters. */
  readonly #words = new Map<number, Word[]>()
  /** By half byte, of the three letters in turn, low half and high half: the groups of words that it fits, a bit each. */
  readonly #groups = new Uint8Array(REACH * 2 * HALF)
  readonly #always: boolean
  readonly #keepsFolders: boolean

  /**
   * Beginnings of whatever else is to be masked; with one that is too short, everything is suspicious. `keepsFolders`: `PWD` is no secret's
   * name here.
   */
  constructor(more: readonly string[], { keepsFolders = false } = {}) {
    this.#keepsFolders = keepsFolders
    this.#always = more.some((word) => Buffer.byteLength(word) < REACH)
    if (this.#always) return
    for (const word of [...WORDS, ...more.map((word) => `^${word.toLowerCase()}`)]) {
      const bytes = Buffer.from(word.replace('^', ''))
      this.#add({ bytes, at: word.indexOf('^'), isOfNames: IN_NAMES.has(word) })
    }
  }

  #add(word: Word): void {
    const first = word.bytes[word.at]!
    const words = this.#words.get(first) ?? []
    this.#words.set(first, words)
    words.push(word)
    // Words of one first letter make a group, as long as there are groups.
    const group = 1 << ([...this.#words.keys()].indexOf(first) % GROUPS)
    for (let i = 0; i < REACH; i++) {
      const table = i * 2 * HALF
      for (const byte of bothCases(word.bytes[word.at + i]!)) {
        this.#groups[table + (byte & 0x0f)]! |= group
        this.#groups[table + HALF + (byte >>> 4)]! |= group
      }
    }
  }

  /**
   * For texts of this memory: whether what stands from one address to another may hold a secret. Of a text that is masked as JSON, and
   * begins like it, more is known.
   */
  over(ground: Ground, { isJson = false } = {}): (from: number, to: number) => boolean {
    if (this.#always) return () => true
    const { bytes, kernel } = ground
    const table = ground.keep(this.#groups)
    return (from, to) => {
      for (let at = from; ; at++) {
        at = kernel.suspiciousWord(table, at, to)
        if (at >= to) break
        if (this.#isWord(bytes, at, from, to) && !(isJson && isPhrase(bytes, at, from, to))) return true
      }
      return mayHoldCard(kernel, bytes, from, to)
    }
  }

  #isWord(bytes: Uint8Array, place: number, from: number, to: number): boolean {
    const words = this.#words.get(lower(bytes[place]!))
    if (words === undefined) return false
    for (const { bytes: word, at, isOfNames } of words) {
      const start = place - at
      if (start < from || start + word.length > to) continue
      let i = 0
      while (i < word.length && lower(bytes[start + i]!) === word[i]) i++
      if (i < word.length || (isOfNames && isSpoken(bytes, start, from, to))) continue
      if (!(this.#keepsFolders && isFolder(bytes, start, from, to))) return true
    }
    return false
  }
}

const isLetter = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a
const bothCases = (byte: number): number[] => (isLetter(byte) ? [byte, byte & 0xdf] : [byte])
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

const CARD_LEAST = 13
/** As `card.ts` has it: from 2 to 6. */
const beginsCard = (digit: number): boolean => digit >= 0x32 && digit <= 0x36

function mayHoldCard(kernel: Kernel, bytes: Uint8Array, from: number, to: number): boolean {
  for (let start = kernel.longNumber(from, to); start < to; ) {
    let end = start
    while (end < to && isInRun(bytes, end)) end++
    if (hasForm(bytes, { start, end }, { from, to })) {
      // With its neighbours: a number within a word is none of a card. A letter may belong to an escape before it (`\\n`).
      const before = start - 1 < from || isEscape(bytes, start - 1, from) ? start : start - 1
      if (holdsCardNumber(textOf(bytes, before, Math.min(to, end + 2)))) return true
    }
    start = kernel.longNumber(end, to)
  }
  return false
}

/**
 * Digits enough, at a stretch that is no part of a word and begins as cards do, or in three groups at least: ids such as
 * `2026-161281130` and `64051234567890123dcc` are none, nor times in microseconds.
 */
function hasForm(
  bytes: Uint8Array,
  run: { readonly start: number; readonly end: number },
  text: { readonly from: number; readonly to: number },
): boolean {
  const isWord = (at: number): boolean =>
    at >= text.from && at < text.to && isLetterOrLine(bytes[at]!) && !isEscape(bytes, at, text.from)
  let digits = 0
  let groups = 0
  for (let at = run.start; at < run.end; ) {
    if (!isDigit(bytes[at])) {
      at++
      continue
    }
    const first = at
    while (at < run.end && isDigit(bytes[at])) at++
    digits += at - first
    groups++
    if (at - first >= CARD_LEAST && beginsCard(bytes[first]!) && !isWord(first - 1) && !isWord(at))
      return true
  }
  return digits >= CARD_LEAST && groups > 2
}

const isEscape = (bytes: Uint8Array, at: number, from: number): boolean => at > from && bytes[at - 1] === 0x5c

const isLetterOrLine = (byte: number): boolean => isLetter(byte | 0x20) || byte === 0x5f

const isInRun = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) ||
  ((bytes[at] === 0x20 || bytes[at] === 0x2d) && (isDigit(bytes[at - 1]) || isDigit(bytes[at + 1])))

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
