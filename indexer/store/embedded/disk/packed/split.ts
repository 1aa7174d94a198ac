/**
 * How a text is taken apart into a skeleton and the pieces that fill its holes. Texts are strings of bytes (latin1), so that any byte comes
 * back as it was. A wrong guess about what a text is costs room, never a byte: skeleton and pieces always give the text again.
 */
export const HOLE = 'Ā'

export interface Taken {
  /** The text with a HOLE in place of each piece. */
  readonly skeleton: string
  readonly pieces: readonly string[]
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** Bytes that end a number or a literal in JSON. */
const ENDS = bytesOf(',]}{[:" \t\r\n\\')
/** Bytes that a number or a literal begins with. */
const BEGINS = bytesOf('-0123456789tfn')
/** Bytes of words; those over 127 are letters of other alphabets in UTF-8. */
const WORD = bytesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_')
WORD.fill(1, 128)
const DIGIT = bytesOf('0123456789')

function bytesOf(text: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const letter of text) table[letter.charCodeAt(0)] = 1
  return table
}

/**
 * A JSON text taken apart at its strings (without their quotes), numbers and literals; keys belong to the skeleton. JSON inside a JSON
 * string has its quotes behind backslashes: `depth` says how many strings the text lies within.
 */
export function takeJson(text: string, depth: number): Taken {
  const before = (1 << depth) - 1
  const cycle = 1 << (depth + 1)
  const pieces: string[] = []
  let skeleton = ''
  let from = 0
  let at = 0
  const { length } = text
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE || code === BACKSLASH) {
      let open = at
      while (text.charCodeAt(open) === BACKSLASH) open++
      if (open - at !== before || text.charCodeAt(open) !== QUOTE) {
        at = open + 1
        continue
      }
      const start = open + 1
      let end = text.indexOf('"', start)
      while (end !== -1) {
        let run = 0
        while (end - run > start && text.charCodeAt(end - run - 1) === BACKSLASH) run++
        if (run % cycle === before) break
        end = text.indexOf('"', end + 1)
      }
      if (end === -1) break
      const stop = end - before
      let next = end + 1
      while (text.charCodeAt(next) === 0x20) next++
      if (text.charCodeAt(next) !== COLON) {
        skeleton += text.slice(from, start) + HOLE
        pieces.push(text.slice(start, stop))
        from = stop
      }
      at = end + 1
    } else if (BEGINS[code] === 1) {
      let end = at + 1
      while (end < length && ENDS[text.charCodeAt(end)] === 0) end++
      skeleton += text.slice(from, at) + HOLE
      pieces.push(text.slice(at, end))
      from = end
      at = end
    } else at++
  }
  return { skeleton: skeleton + text.slice(from), pieces }
}

/** Ids of events are 24 hex digits of their source and 16 of their place in it. */
const ID_DIGITS = 40
const SOURCE_DIGITS = 24
const HEX = /^[0-9a-f]+$/

/** A text taken apart at its words. */
export function takeWords(text: string): Taken {
  const pieces: string[] = []
  let skeleton = ''
  let from = 0
  let at = 0
  const { length } = text
  while (at < length) {
    if (WORD[text.charCodeAt(at)] === 0) {
      at++
      continue
    }
    skeleton += text.slice(from, at)
    let end = at + 1
    let isNumber = DIGIT[text.charCodeAt(at)] === 1
    while (end < length) {
      const code = text.charCodeAt(end)
      if (WORD[code] === 0) break
      if (DIGIT[code] === 0) {
        // The T and the Z of `2026-10-01T07:00:00Z` end a number.
        if (isNumber && (code === 0x54 || code === 0x5a)) break
        isNumber = false
      }
      end++
    }
    if (end - at === ID_DIGITS && HEX.test(text.slice(at, end))) {
      pieces.push(text.slice(at, at + SOURCE_DIGITS), text.slice(at + SOURCE_DIGITS, end))
      skeleton += HOLE + HOLE
    } else {
      pieces.push(text.slice(at, end))
      skeleton += HOLE
    }
    const code = text.charCodeAt(end)
    from = end
    at = isNumber && (code === 0x54 || code === 0x5a) ? end + 1 : end
  }
  return { skeleton: skeleton + text.slice(from), pieces }
}
