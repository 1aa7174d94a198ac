import { CARD, digitsOf, isCardNumber } from './card.ts'
import { argumentsIn, PIPED, PROGRAM, secretsOfCommand } from './commands.ts'
import { maskFirst, maskTokens } from './forms.ts'
import type { Marks } from './marks.ts'
import { edited } from './marks.ts'
import type { SecretNames } from './names.ts'
import { maskTold, type NamedField, namedFields } from './told.ts'
import { valueAt } from './value-at.ts'
import { isChangedSecret, isSecret, isToldSecret, phraseAt } from './values.ts'

/** The names and patterns that a text is searched for. */
export interface Search {
  readonly names: SecretNames
  /** Whether a text may contain a secret at all: most don't, and this check is fast. */
  mayHold(text: string): boolean
  /** The integration's own patterns, by the kind that their mask shows. */
  readonly patterns: readonly (readonly [kind: string, pattern: RegExp])[]
}

const LEAST_CARD = 13
/** The signs that assign a value to the name before them. */
const ASSIGNS = /(?:=>|[:=])\s{0,4}/g
const ARROW = /\\*["']?\s{0,4}(?:->|=>|\u2192)\s{0,4}/y

/** Masks the secrets in a text. */
export function maskText(text: string, { names, patterns }: Search, marks: Marks): string {
  let masked = maskFirst(text, marks)
  if (masked.includes('=') || masked.includes(':')) masked = maskAssigned(masked, names, marks)
  if (masked.includes('</')) masked = maskElements(masked, names, marks)
  if (masked.includes(' ') || masked.includes('\t') || masked.includes('('))
    masked = maskTold(masked, names, marks)
  if (PROGRAM.test(masked) || masked.includes('echo ')) masked = maskCommands(masked, marks)
  masked = maskTokens(masked, marks)
  if (masked.length >= LEAST_CARD) {
    masked = masked.replace(CARD, (number) => {
      const digits = digitsOf(number)
      return isCardNumber(digits) ? marks.of('card', digits) : number
    })
  }
  for (const [kind, pattern] of patterns) {
    masked = masked.replace(pattern, (found) =>
      isSecret(found) && !found.includes('[masked:') ? marks.of(kind, found) : found,
    )
  }
  return masked
}

/** The largest distance between a field's name and its values. */
const NAMED_REACH = 320

function maskAssigned(text: string, names: SecretNames, marks: Marks): string {
  let masked = ''
  let done = 0
  const fields = namedFields(text, names)
  for (const { index, 0: sign } of text.matchAll(ASSIGNS)) {
    if (index < done) continue
    const name = nameBefore(text, index)
    if (name === '') continue
    const own = names.kindOf(name)
    const field = own === null ? fieldOf(text, fields, name, index, names) : null
    const named = own ?? field?.kind ?? null
    const isHeld = field?.isOfAct === true ? isChangedSecret : isSecret
    if (named === null || isModule(text, index - name.length, sign)) continue
    for (let at = index + sign.length; ; ) {
      const place = valueAt(text, at, named)
      const value = text.slice(place.from, place.to)
      if (isNoValue(text, at, named, value)) break
      const isPhrase = /phrase|mnemonic/i.test(name) && place.from === at
      const phrase = isPhrase ? phraseAt(text, at) : null
      // `Password: must be changed` is a sentence, not a value.
      const isSaid = sign === ': ' && /^\p{L}+$/u.test(value) && place.from === at
      const isFound = isSaid
        ? isToldSecret(value, named, text.slice(place.to, place.to + 40)) || isRandomWord(value)
        : isHeld(value, named)
      if (phrase !== null || isFound) {
        const to = phrase ?? (isPhrase ? behindPhrase(text, place.to) : place.to)
        masked += text.slice(done, place.from) + marks.of(named, text.slice(place.from, to))
        done = to
        place.to = to
      }
      // `Password: old -> new`
      ARROW.lastIndex = place.to
      if (!ARROW.test(text)) break
      at = ARROW.lastIndex
    }
  }
  return done === 0 ? text : masked + text.slice(done)
}

/** `pam_unix(passwd:chauthtok):` */
const isModule = (text: string, name: number, sign: string): boolean => sign === ':' && text[name - 1] === '('

/** Whether no value follows a name that ends its text: `note="Enter password:" n=1`, `msg=Enter password: act=x`, `cookies: 3 accepted`. */
function isNoValue(text: string, at: number, kind: string, value: string): boolean {
  if (/^["'](?:[,;|)\]}]|$|\s+[\w.]+=)/.test(text.slice(at, at + 24))) return true
  if (kind === 'cookie') return value.includes(' ') && !/^\S+=/.test(value)
  return /^\s$/.test(text[at - 1] ?? '') && /^[A-Za-z_]\w{0,24}=[^=]/.test(value) && kind !== 'authorization'
}

/** Whether a text consists of letters in an order of large and small ones that no word has. */
const isRandomWord = (word: string): boolean => word.length >= 8 && /\p{Ll}\p{Lu}/u.test(word)

const WORDS = /(?:[ -]\p{Ll}+)+(?=$|[\s,.;)"'])/uy
/** Returns the end of a passphrase, which consists of several words. */
function behindPhrase(text: string, at: number): number {
  WORDS.lastIndex = at
  return WORDS.test(text) ? WORDS.lastIndex : at
}

/** The field that was named before, if this is the name of one of its values. */
function fieldOf(
  text: string,
  fields: readonly NamedField[],
  name: string,
  at: number,
  names: SecretNames,
): NamedField | null {
  const field =
    fields.findLast(({ to }) => to < at && at - to < NAMED_REACH) ??
    fields.find(({ from, isOfAct }) => isOfAct && from - at < NAMED_REACH)
  if (field === undefined || (field.isTold && text.slice(field.to + 2, at - name.length - 1).includes('"')))
    return null
  const words = name.split(' ')
  const isOne = (value: string): boolean =>
    field.isOfAct ? isLone(value, text, names) : names.isValue(value)
  return words.some((_, i) => isOne(words.slice(i).join(' '))) ? field : null
}

const FROM_AND_TO = /(?<![\p{L}\p{N}_])from ?[:=][\s\S]*[^\p{L}\p{N}_]to ?[:=]/iu

function isLone(name: string, text: string, names: SecretNames): boolean {
  const loneness = names.loneness(name)
  return loneness === 'value' || (loneness === 'direction' && FROM_AND_TO.test(text))
}

const MOST_WORDS = 3
const LONGEST_NAME = 96
const CLOSING = ' \t"\'\\`'

/** Up to three words before a place; blanks, quotes and brackets between them and the place are skipped. */
function nameBefore(text: string, place: number): string {
  let to = place
  const floor = Math.max(0, place - LONGEST_NAME)
  while (to > floor && CLOSING.includes(text[to - 1]!)) to--
  // `user[password]=`
  if (text[to - 1] === ']' && /\[[\w.-]+\]$/.test(text.slice(floor, to))) to--
  if (/%5d$/i.test(text.slice(Math.max(floor, to - 3), to))) to -= 3
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
  code === 46 ||
  (code > 127 && /[\p{L}\p{M}]/u.test(String.fromCharCode(code)))

const ELEMENT = /<([\w:.-]{1,64})(?:\s[^<>]*)?>([^<>]+)<\/\1>/g

/** `<password>x</password>` */
const maskElements = (text: string, names: SecretNames, marks: Marks): string =>
  text.replace(ELEMENT, (whole: string, name: string, value: string) => {
    const kind = names.kindOf(name)
    if (kind === null || !isSecret(value.trim(), kind)) return whole
    const at = whole.lastIndexOf(value)
    return whole.slice(0, at) + marks.of(kind, value.trim()) + whole.slice(at + value.length)
  })

function maskCommands(text: string, marks: Marks): string {
  const said = text.replace(PIPED, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1)
    const secret =
      typeof groups === 'object' && groups !== null && 'secret' in groups ? String(groups.secret) : ''
    if (secret === '' || secret.startsWith('[masked:') || secret.startsWith('$')) return whole
    const at = whole.indexOf(secret, 'echo '.length)
    return whole.slice(0, at) + marks.of('password', secret) + whole.slice(at + secret.length)
  })
  const found = secretsOfCommand(argumentsIn(said))
  return edited(
    said,
    found.map(({ from, to }) => ({ from, to, by: marks.of('password', said.slice(from, to)) })),
  )
}
