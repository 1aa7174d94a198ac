import { LIMITS } from './limits.ts'

/**
 * The words that a free-text search finds. The schema alone defines words, for both stores and for queries: a sequence of letters, marks
 * and digits, in NFKC, folded to lower case. `CUST-12345` is two consecutive words, so `cust`, `12345` and the whole text find it.
 */
const WORD = /[\p{L}\p{M}\p{N}]+/gu
const ASCII_ONLY = /^[\x00-\x7f]*$/

export function wordsOf(text: string): string[] {
  const folded = ASCII_ONLY.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase()
  const words = folded.match(WORD)
  if (words === null) return []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word.length > LIMITS.wordLength) words[i] = cutAt(word, LIMITS.wordLength)
  }
  return words
}

/** The first `length` UTF-16 units of a text, without half of a surrogate pair. */
export function cutAt(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

/**
 * How keywords compare: A to Z equal a to z, everything else is compared as it is. Both engines can do this with an index (Elasticsearch's
 * `case_insensitive` folds ASCII only).
 */
export function foldKeyword(value: string): string {
  return value.replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
}

/**
 * Names and looked-up values compare without regard to case, `_`, `-` and spaces, so that `userName`, `user_name` and
 * `User Name` are one.
 */
export function folded(name: string): string {
  if (name.length > LONGEST_KNOWN) return fold(name)
  let known = KNOWN.get(name)
  if (known === undefined) {
    known = fold(name)
    if (KNOWN.size >= MOST_KNOWN) KNOWN.clear()
    KNOWN.set(name, known)
  }
  return known
}

const fold = (name: string): string =>
  name.replace(/[_\- ]/g, '').replace(/[A-Z]+/g, (upper) => upper.toLowerCase())

/** Whether folding leaves more than this many characters of a text, without folding it, which is expensive for whole sentences. */
export function foldsLonger(text: string, than: number): boolean {
  let left = 0
  for (let i = 0; i < text.length && left <= than; i++) {
    const code = text.charCodeAt(i)
    if (code !== SPACE && code !== DASH && code !== LINE) left++
  }
  return left > than
}

const SPACE = 0x20
const DASH = 0x2d
const LINE = 0x5f

/** Names and kinds are few and repeat: folding one costs ten times as much as looking it up. */
const KNOWN = new Map<string, string>()
const MOST_KNOWN = 8192
const LONGEST_KNOWN = 64
