import { cutAt, LIMITS } from '../../../../schema/index.ts'
import { FLAG } from '../../integration/flags.ts'

export type StructuredData = { [id: string]: { [name: string]: string | string[] } }

export interface DataRead {
  readonly data: StructuredData | null
  readonly flags: number
  /** The place after it in the text. */
  readonly end: number
}

/** An SD-NAME; names longer than the 32 characters of RFC 5424 occur. */
const NAME = /[^\s="\]\x00-\x1f\x7f]{1,256}/y
const BACKSLASH = '\\'

/** STRUCTURED-DATA of RFC 5424 at this place; null if it is malformed. */
export function structuredData(text: string, from: number): DataRead | null {
  if (text[from] === '-') return { data: null, flags: 0, end: from + 1 }
  const data: StructuredData = Object.create(null)
  let at = from
  let left: number = LIMITS.payloadKeys
  let flags = 0
  while (text[at] === '[') {
    const id = nameAt(text, at + 1)
    if (id === null) return null
    at += 1 + id.length
    data[id] ??= Object.create(null) as StructuredData[string]
    const params = data[id]
    while (text[at] === ' ') {
      // The grammar does not allow blanks before the bracket, but they occur.
      while (text[at] === ' ') at++
      if (text[at] === ']') break
      const name = nameAt(text, at)
      if (name === null || !text.startsWith('="', at + name.length)) return null
      const value = valueAt(text, at + name.length + 2)
      if (value === null) return null
      at = value.end
      if (left-- <= 0) {
        flags |= FLAG.payload_cut
        continue
      }
      if (value.text.length > LIMITS.keywordLength) flags |= FLAG.value_cut
      const kept = cutAt(value.text, LIMITS.keywordLength)
      const before = params[name]
      if (before === undefined) params[name] = kept
      else if (typeof before === 'string') params[name] = [before, kept]
      else before.push(kept)
    }
    if (text[at] !== ']') return null
    at++
  }
  return at === from ? null : { data, flags, end: at }
}

function nameAt(text: string, at: number): string | null {
  NAME.lastIndex = at
  return NAME.exec(text)?.[0] ?? null
}

/** The text up to the closing quote. A backslash escapes only `"`, `\` and `]`; before any other character it is part of the value (RFC 5424, 6.3.3). */
function valueAt(text: string, from: number): { text: string; end: number } | null {
  let value = ''
  let kept = from
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (sign === '"') return { text: value + text.slice(kept, at), end: at + 1 }
    if (sign !== BACKSLASH) continue
    const escaped = text[at + 1]
    if (escaped === '"' || escaped === BACKSLASH || escaped === ']') {
      value += text.slice(kept, at)
      kept = at + 1
      at++
    }
  }
  return null
}
