const OPENING = /(?:\\*["'`])?/y
/** A value up to white space, quotes and control characters; a backslash that begins an escape ends it, too. */
const BARE = /(?:[^\s\x00-\x1f"'`<>\\]|\\(?![nrt"'\\]))*/y
/** The beginning of the next pair, or the end of a list, within such a value. */
const NEXT = /[,;&|](?=$|[,;&|]|[\w.[\]%-]{1,64}[=:])|[,;](?=\s|$)/
/** A value that continues to the end of its line: a header contains blanks and semicolons. */
const LINE = /[^\r\n"'\\]*/y
const ESCAPED = /\\+[nrt]/y

/** The place of the value that begins here: in quotes, with or without escapes, or up to a usual end. */
export function valueAt(text: string, at: number, kind: string): { readonly from: number; to: number } {
  let begin = at
  // A line end in a text that is written with escapes.
  for (ESCAPED.lastIndex = begin; ESCAPED.test(text); ESCAPED.lastIndex = begin) begin = ESCAPED.lastIndex
  OPENING.lastIndex = begin
  const quote = OPENING.exec(text)?.[0] ?? ''
  const from = begin + quote.length
  if (quote !== '') {
    for (let to = from; ; ) {
      const end = text.indexOf(quote, to)
      if (end === -1) return { from, to: text.length }
      // A quote after a backslash belongs to the value, unless all quotes here follow one.
      if (quote.length > 1 || text[end - 1] !== '\\') return { from, to: end }
      to = end + 1
    }
  }
  if (text.startsWith('[masked:', from)) return { from, to: text.indexOf(']', from) + 1 || text.length }
  if (kind === 'authorization' || kind === 'cookie') return { from, to: endOf(LINE, text, from) }
  return { from, to: from + bareLength(text.slice(from, endOf(BARE, text, from))) }
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return from + (pattern.exec(text)?.[0].length ?? 0)
}

const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** The length of a word up to a blank, without brackets that close something opened earlier, and without the end of a sentence. */
function bareLength(word: string): number {
  let length = NEXT.exec(word)?.index ?? word.length
  for (;;) {
    const last = word[length - 1] ?? ''
    const opening = CLOSING[last]
    const isClosing = opening !== undefined && !word.slice(0, length - 1).includes(opening)
    if (!isClosing && !((last === '.' || last === ',' || last === ';') && length === word.length))
      return length
    length--
  }
}
