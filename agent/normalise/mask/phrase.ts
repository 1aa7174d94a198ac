const QUOTE = 0x22
const BACKSLASH = 0x5c
const BLANK = 0x20
const COLON = 0x3a
const COMMA = 0x2c
const CLOSE_BRACE = 0x7d
const LONGEST = 64
/**
 * Words that link a name and a secret in `Password changed from x to y`, `password is x`: see `told.ts`. If the JSON is malformed, the
 * secret may follow the end of the text.
 */
const LINKS =
  /(?:^| )(?:to|from|is|was|are|equals|as|for|of|ist|lautet|war|auf|zu|von|es|era|est|e|a|en|in|de|da|di|para|jest|na|z|van|naar|basic|bearer|into)(?: |$)/i

/** The meaning of a member's name for the texts beside it. */
export interface Names {
  /** Whether members of this name hold the name of the field of the values beside them. */
  isNamer(name: string): boolean
  /** The kind of the secret that was changed according to a text of a member of this name; null if there is none. */
  kindOfChange(name: string, text: string): string | null
  /** Whether members of this name may be the values of a change that names no field. */
  loneness(name: string): 'value' | 'direction' | null
}

export const NO_NAMES: Names = { isNamer: () => false, kindOfChange: () => null, loneness: () => null }

/**
 * Classifies this place in JSON if it is within a member's text that consists only of words: `"EventType": "User authorization"`. Such a
 * text gives no value to a name in it, unless its member names the field of the values beside it. An `act` says that a secret was changed,
 * `"action": "Password changed"`: it matters if the record holds values.
 */
export function phraseAround(
  bytes: Buffer,
  place: number,
  from: number,
  to: number,
  names: Names,
): 'phrase' | 'act' | null {
  let start = place
  while (start > from && isOfWords(bytes[start - 1]!)) start--
  let end = place
  while (end < to && isOfWords(bytes[end]!)) end++
  if (end - start > LONGEST || bytes[start - 1] !== QUOTE || bytes[end] !== QUOTE || end + 1 >= to)
    return null
  if (bytes[end + 1] !== COMMA && bytes[end + 1] !== CLOSE_BRACE) return null
  const name = nameBefore(bytes, start - 1, from)
  if (name === null || names.isNamer(name)) return null
  const text = bytes.toString('latin1', start, end)
  if (LINKS.test(text)) return null
  return names.kindOfChange(name, text) === null ? 'phrase' : 'act'
}

/** Whether a record has a member, also in JSON within a text, that may be the value of a change. */
export function holdsValues(bytes: Buffer, from: number, to: number, names: Names): boolean {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== COLON) continue
    let end = beforeBlanks(bytes, at)
    if (bytes[end] !== QUOTE) continue
    while (bytes[end - 1] === BACKSLASH) end--
    const floor = Math.max(from, end - LONGEST)
    let start = end
    while (start > floor && bytes[start - 1] !== QUOTE) start--
    const name = bytes.toString('utf8', start, end)
    // A name with escapes may be any name.
    if (name.includes('\\') || names.loneness(name) !== null) return true
  }
  return false
}

/** The name of the member whose text's quote is at a place; null if no plain name precedes it. */
function nameBefore(bytes: Buffer, quote: number, from: number): string | null {
  const colon = beforeBlanks(bytes, quote)
  if (bytes[colon] !== COLON) return null
  const end = beforeBlanks(bytes, colon)
  if (bytes[end] !== QUOTE) return null
  const floor = Math.max(from + 1, end - LONGEST)
  let start = end
  while (start > floor && bytes[start - 1] !== QUOTE) {
    start--
    if (bytes[start] === BACKSLASH) return null
  }
  const isWhole = start > floor && bytes[start - 2] !== BACKSLASH
  return isWhole ? bytes.toString('utf8', start, end) : null
}

function beforeBlanks(bytes: Uint8Array, place: number): number {
  let at = place - 1
  while (bytes[at] === BLANK) at--
  return at
}

const isOfWords = (byte: number): boolean =>
  byte === BLANK || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
