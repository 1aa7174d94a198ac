/**
 * How a text is taken apart into a skeleton and the pieces that fill its holes. Texts are strings of bytes (latin1), so that any byte comes
 * back as it was. A wrong guess about what a text is costs room, never a byte: skeleton and pieces always give the text again.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const LETTER_T = 0x54
const LETTER_Z = 0x5a

/** Bytes that end a number or a literal in JSON. */
const ENDS = tableOf(',]}{[:" \t\r\n\\')
/** Bytes that a number or a literal begins with. */
const BEGINS = tableOf('-0123456789tfn')
/** Bytes of words; those over 127 are letters of other alphabets in UTF-8. */
const WORD = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_').fill(1, 128)
const DIGIT = tableOf('0123456789')
const HEX_DIGIT = tableOf('0123456789abcdef')

function tableOf(letters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const letter of letters) table[letter.charCodeAt(0)] = 1
  return table
}

/** The positions where the pieces of the last text begin and end, alternately. All texts share one list, so it costs nothing to make. */
export type Cuts = number[]

/** A method of taking texts apart. */
export interface Way {
  /** Finds the pieces. */
  cut(text: string, cuts: Cuts): void
  /**
   * Finds the pieces of a text with the same skeleton; returns false if the skeleton differs. It is faster than `cut`, since it need not
   * search for the pieces.
   */
  cutAlike(text: string, parts: readonly string[], cuts: Cuts): boolean
}

/** Returns the text between the pieces, before the first and after the last. */
export function partsOf(text: string, cuts: Cuts): string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < cuts.length; i += 2) {
    parts.push(flat(text.slice(from, cuts[i])))
    from = cuts[i + 1]!
  }
  parts.push(flat(text.slice(from)))
  return parts
}

/** V8 keeps a piece of a text as a view on it, which is slower to compare with. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

/**
 * Cuts at the strings (without their quotes), numbers and literals of JSON; keys belong to the skeleton. JSON inside a JSON string has
 * backslashes before its quotes: `depth` is the number of strings around the text.
 */
export function jsonWay(depth: number): Way {
  const before = (1 << depth) - 1
  const cycle = 1 << (depth + 1)

  /** Returns the position of the quote that ends the string whose first byte is at `start`, or -1. */
  const closing = (text: string, start: number): number => {
    let end = text.indexOf('"', start)
    while (end !== -1) {
      let run = 0
      while (end - run > start && text.charCodeAt(end - run - 1) === BACKSLASH) run++
      if (run % cycle === before) return end
      end = text.indexOf('"', end + 1)
    }
    return -1
  }

  return {
    cut(text, cuts) {
      cuts.length = 0
      const { length } = text
      let at = 0
      while (at < length) {
        const code = text.charCodeAt(at)
        if (code === QUOTE || code === BACKSLASH) {
          let open = at
          while (text.charCodeAt(open) === BACKSLASH) open++
          if (open - at !== before || text.charCodeAt(open) !== QUOTE) {
            at = open + 1
            continue
          }
          const end = closing(text, open + 1)
          if (end === -1) return
          let next = end + 1
          while (text.charCodeAt(next) === 0x20) next++
          if (text.charCodeAt(next) !== COLON) cuts.push(open + 1, end - before)
          at = end + 1
        } else if (BEGINS[code] === 1) {
          const from = at++
          while (at < length && ENDS[text.charCodeAt(at)] === 0) at++
          cuts.push(from, at)
        } else at++
      }
    },

    cutAlike(text, parts, cuts) {
      cuts.length = 0
      const { length } = text
      const last = parts.length - 1
      let at = 0
      for (let i = 0; i < last; i++) {
        const part = parts[i]!
        if (!text.startsWith(part, at)) return false
        at += part.length
        const from = at
        if (part.charCodeAt(part.length - 1) === QUOTE) {
          const end = closing(text, at)
          if (end === -1) return false
          at = end - before
        } else while (at < length && ENDS[text.charCodeAt(at)] === 0) at++
        cuts.push(from, at)
      }
      return isRest(text, parts[last]!, at)
    },
  }
}

const isRest = (text: string, part: string, at: number): boolean =>
  text.length - at === part.length && text.endsWith(part)

/** Ids of events are 24 hex digits of their source and 16 of their place in it. */
const ID_DIGITS = 40
const SOURCE_DIGITS = 24

/** The end of the word that begins there. The T and the Z of `2026-10-01T07:00:00Z` end a number and are no words. */
function wordEnd(text: string, from: number): number {
  const { length } = text
  let at = from
  let isNumber = true
  for (; at < length; at++) {
    const code = text.charCodeAt(at)
    if (WORD[code] === 0) break
    if (isNumber && DIGIT[code] === 0) {
      if (at > from && (code === LETTER_T || code === LETTER_Z)) break
      isNumber = false
    }
  }
  return at
}

function isId(text: string, from: number, to: number): boolean {
  if (to - from !== ID_DIGITS) return false
  for (let at = from; at < to; at++) if (HEX_DIGIT[text.charCodeAt(at)] === 0) return false
  return true
}

/** Cuts at words. */
export const WORDS_WAY: Way = {
  cut(text, cuts) {
    cuts.length = 0
    const { length } = text
    let at = 0
    while (at < length) {
      if (WORD[text.charCodeAt(at)] === 0) {
        at++
        continue
      }
      const end = wordEnd(text, at)
      if (isId(text, at, end)) cuts.push(at, at + SOURCE_DIGITS, at + SOURCE_DIGITS, end)
      else cuts.push(at, end)
      // Behind a T or a Z, if there is one.
      at = end + 1
    }
  },

  cutAlike(text, parts, cuts) {
    cuts.length = 0
    const last = parts.length - 1
    let at = 0
    for (let i = 0; i < last; i++) {
      const part = parts[i]!
      if (!text.startsWith(part, at)) return false
      at += part.length
      const end = wordEnd(text, at)
      if (end === at) return false
      if (isId(text, at, end)) {
        if (i + 1 === last || parts[++i] !== '') return false
        cuts.push(at, at + SOURCE_DIGITS, at + SOURCE_DIGITS, end)
      } else cuts.push(at, end)
      at = end
    }
    return isRest(text, parts[last]!, at)
  },
}
