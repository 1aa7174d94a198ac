import { CARD, digitsOf, isCardNumber } from './card.ts'
import { isSecret, type Marks } from './marks.ts'
import type { SecretNames } from './names.ts'

/** What a text is searched for. */
export interface Search {
  readonly names: SecretNames
  /** Whether a text may hold a secret at all: most don't, and this is soon said. */
  mayHold(text: string): boolean
  /** The integration's own, by the kind that their mask shows. */
  readonly patterns: readonly (readonly [kind: string, pattern: RegExp])[]
}

const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z0-9 ]{0,32}-----)?/g
const JWT = /\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g
const BEARER = /\b(bearer\s+)((?=[^\s,;]*\d)[A-Za-z0-9._~+/=-]{8,})/gi
const LEAST_BEARER = 'bearer '.length + 8
const LEAST_CARD = 13
/** What gives a value to the name before it. */
const ASSIGNS = /(?:=>|[:=])\s{0,4}/g
const SET_TO =
  /((?:[\w.-]{1,64} )?[\w.-]{1,64}) (?:was |has been )?(?:changed|set|updated|reset) (?:from (\S+) )?to (?=\S)/gi
const ARROW = /\s{0,4}(?:->|=>|\u2192)\s{0,4}/y

/** A text without its secrets. */
export function maskText(text: string, { names, patterns }: Search, marks: Marks): string {
  let masked = text
  if (masked.includes('PRIVATE KEY'))
    masked = masked.replace(PRIVATE_KEY, (key) => marks.of('private_key', key))
  if (masked.includes('eyJ')) masked = masked.replace(JWT, (token) => marks.of('jwt', token))
  // Most values are short, and say what they are by the first look.
  if (masked.length >= LEAST_BEARER) {
    masked = masked.replace(
      BEARER,
      (_, scheme: string, token: string) => scheme + marks.of('authorization', token),
    )
  }
  if (masked.includes('=') || masked.includes(':')) masked = maskAssigned(masked, names, marks)
  if (/ to /i.test(masked)) masked = maskSetTo(masked, names, marks)
  if (masked.length >= LEAST_CARD) {
    masked = masked.replace(CARD, (number) => {
      const digits = digitsOf(number)
      return isCardNumber(digits) ? marks.of('card', digits) : number
    })
  }
  for (const [kind, pattern] of patterns) {
    masked = masked.replace(pattern, (found) => (isSecret(found) ? marks.of(kind, found) : found))
  }
  return masked
}

function maskAssigned(text: string, names: SecretNames, marks: Marks): string {
  let masked = ''
  let done = 0
  for (const { index, 0: sign } of text.matchAll(ASSIGNS)) {
    if (index < done) continue
    const kind = names.kindOf(nameBefore(text, index))
    if (kind === null) continue
    for (let at = index + sign.length; ; ) {
      const place = valueAt(text, at, kind)
      const value = text.slice(place.from, place.to)
      if (isSecret(value)) {
        masked += text.slice(done, place.from) + marks.of(kind, value)
        done = place.to
      }
      // `Password: old -> new`
      ARROW.lastIndex = place.to
      if (!ARROW.test(text)) break
      at = ARROW.lastIndex
    }
  }
  return done === 0 ? text : masked + text.slice(done)
}

const MOST_WORDS = 3
const LONGEST_NAME = 96

/** Up to three words that stand before a place, behind blanks and quotes. */
function nameBefore(text: string, place: number): string {
  let to = place
  const floor = Math.max(0, place - LONGEST_NAME)
  while (to > floor && ' \t"\'\\'.includes(text[to - 1]!)) to--
  let from = to
  for (let words = 0; words < MOST_WORDS; words++) {
    let start = from
    if (words > 0 && text[start - 1] === ' ') start--
    const end = start
    while (start > floor && isNameSign(text.charCodeAt(start - 1))) start--
    if (start === end) break
    from = start
  }
  return text.slice(from, to)
}

const isNameSign = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 45 ||
  code === 46

const OPENING = /(?:\\*["'])?/y
const BARE = /[^\s,;&()[\]{}"'<>|\\]*/y
/** What goes on to the end of its line: a header has blanks and semicolons. */
const LINE = /[^\r\n"'\\]*/y

/** Where the value stands that begins here: in quotes, with or without escapes, or up to what usually ends one. */
function valueAt(text: string, at: number, kind: string): { from: number; to: number } {
  OPENING.lastIndex = at
  const quote = OPENING.exec(text)?.[0] ?? ''
  const from = at + quote.length
  if (quote !== '') {
    for (let to = from; ; to++) {
      const end = text.indexOf(quote, to)
      if (end === -1) return { from, to: text.length }
      // A quote behind a backslash belongs to the value, unless all quotes here stand behind one.
      if (quote.length > 1 || text[end - 1] !== '\\') return { from, to: end }
      to = end
    }
  }
  if (text.startsWith('[masked:', from)) return { from, to: text.indexOf(']', from) + 1 || text.length }
  const pattern = kind === 'authorization' || kind === 'cookie' ? LINE : BARE
  pattern.lastIndex = from
  return { from, to: from + (pattern.exec(text)?.[0].length ?? 0) }
}

/** `Password changed from x to y`. */
function maskSetTo(text: string, names: SecretNames, marks: Marks): string {
  let masked = ''
  let done = 0
  SET_TO.lastIndex = 0
  for (let found = SET_TO.exec(text); found !== null; found = SET_TO.exec(text)) {
    const [whole, name, old] = found
    const kind = names.kindOf(name!)
    if (kind === null) continue
    if (old !== undefined && isSecret(old)) {
      const from = found.index + whole.lastIndexOf(` ${old} `) + 1
      masked += text.slice(done, from) + marks.of(kind, old)
      done = from + old.length
    }
    const place = valueAt(text, SET_TO.lastIndex, kind)
    const value = text.slice(place.from, place.to)
    if (!isSecret(value)) continue
    masked += text.slice(done, place.from) + marks.of(kind, value)
    done = place.to
  }
  return done === 0 ? text : masked + text.slice(done)
}
