import { LIMITS } from './limits.ts'

/**
 * Words are what a free-text search finds. The schema alone decides what a word is, for both stores and for queries:
 * a run of letters, marks and digits, in NFKC, folded to lower case. `CUST-12345` is two words in a row, and so
 * is found by `cust`, by `12345` and by itself.
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

/** The first `length` UTF-16 units of a text, never half of a surrogate pair. */
export function cutAt(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

/**
 * How keywords compare: A to Z as a to z, all else as it is. That is what both engines can do with an index
 * (Elasticsearch's `case_insensitive` folds ASCII only).
 */
export function foldKeyword(value: string): string {
  return value.replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
}
