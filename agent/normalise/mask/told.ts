import type { Marks } from './marks.ts'
import { type Edit, edited } from './marks.ts'
import type { SecretNames } from './names.ts'
import { valueAt } from './value-at.ts'
import { isSecret, isToldSecret, looksRandom, phraseAt } from './values.ts'

/** A word that every mention of a secret in a sentence contains. */
const MENTION =
  /(?:(?:mot|code|mots)[ _-]de[ _-]passe|palavra[ _-]passe|kata[ _-]sandi|m[aậ]t[ _-]kh[aẩ]u|pass[ _-]?(?:word|wd|phrase|code|wort|ord)|(?<=[\p{L}\p{N}_.-])pass(?![a-z])|kennwort|wachtwoord|l[oö]senord|adgangskode|salasana|contrase[nñ]a|senha|has[lł]o|heslo|jelsz[oó]|geslo|lozinka|[sş]ifre|parola|парол[ья]|парола|密码|密碼|パスワード|비밀번호|pwd|seed[ _-]?phrase|recovery[ _-]?phrase|mnemonic|secret|token|(?:api|access|private|secret|account|shared|signing|encryption|master|recovery)[ _-]?key|(?<![a-z])(?:pin|otp|puk|psk|psw|pw|mdp|tok|tkn)(?![a-z]))/giu
const NAME_SIGN = /[\p{L}\p{N}_.-]/u

/** A secret's name in a sentence. */
interface Mention {
  readonly kind: string
  readonly from: number
  readonly to: number
}

/** A text that names the field of the values after it; the kind is null if the field is not a secret. */
export interface NamedField extends Place {
  readonly kind: string | null
  /** Whether only a sentence names it; the sentence ends with its text. */
  readonly isTold: boolean
  /** Whether it states that a secret was changed, and names no field: `action="Password changed"`. */
  readonly isOfAct: boolean
}

export function* mentionsIn(text: string, names: SecretNames): Generator<Mention> {
  let done = 0
  for (const found of text.matchAll(MENTION)) {
    let from = found.index
    if (from < done) continue
    let to = from + found[0].length
    while (from > done && NAME_SIGN.test(text[from - 1]!)) from--
    while (to < text.length && NAME_SIGN.test(text[to]!)) to++
    while (text[to - 1] === '.' || text[to - 1] === '-') to--
    done = to
    if (isSignIn(text, from, to)) continue
    const kind = names.kindOf(text.slice(from, to))
    if (kind !== null) yield { kind, from, to }
  }
}

/**
 * Whether a text is like `Failed password for jane`: sign-ins contain this often, it contains no secret and is not examined (see
 * `spoken.ts`).
 */
const isSignIn = (text: string, from: number, to: number): boolean =>
  text.startsWith(' for ', to) && /(?:failed|accepted) $/i.test(text.slice(Math.max(0, from - 9), from))

const VERB =
  'changed|set|updated|reset|modified|replaced|rotated|altered|switched|edited|geändert|zurückgesetzt|gesetzt|aktualisiert|cambiad[oa]|modificad[oa]|actualizad[oa]|alterad[oa]|redefinid[oa]|atualizad[oa]|modifiée?|changée?|réinitialisée?|cambiat[oa]|modificat[oa]|gewijzigd|zmienion[oe]|изменен|изменён|сброшен'
/** Words that may be between a name and its value and have no other meaning. */
const AUXILIARY =
  '(?:[ \\t]+(?:was|is|are|has|had|have|been|be|being|wurde|ist|fue|foi|ha|sido|a|été|è|stata|is|werd|został[oa]|был|successfully|automatically|manually|now|value))*'
const FOR =
  /[ \t]+(?:for|of|für|von|des|de|du|del|di|da|pour|para|van|voor|dla|для)[ \t]+(?:the[ \t]+)?(?:(?:user|account|host|login|role|usuario|usuário|benutzer|utilisateur|konto)[ \t]+)?(?:\\*["'])?[^\s"':=,;\\]+(?:\\*["'])?/iuy
const FROM = new RegExp(
  `${AUXILIARY}(?:[ \\t]+(?:${VERB}))?(?:[ \\t]+(?:by|von|por|par|da|door|przez)[ \\t]+(?:user[ \\t]+)?\\S+)?[ \\t]+(?:from|von|de|van|da|z|с)[ \\t]+(?=\\S)`,
  'iuy',
)
const TO = new RegExp(
  `${AUXILIARY}[ \\t]+(?:${VERB})(?:[ \\t]+(?:by|von|por|par|da|door|przez)[ \\t]+(?:user[ \\t]+)?\\S+)?[ \\t]+(?:to|auf|zu|in|a|à|en|para|naar|na|на|as)[ \\t]+(?=\\S)`,
  'iuy',
)
const THEN = /[ \t]+(?:to|auf|zu|in|a|à|en|para|naar|na|на|into)[ \t]+(?=\S)/iuy
const IS =
  /[ \t]*(?:[ \t](?:is|was|are|equals|ist|lautet|war|es|era|est|était|é|è|jest|to|auf|as)(?:[ \t]+(?:now|set to|jetzt|ahora))?(?:[ \t]*[:=])?|[ \t]?(?:=>?|:))[ \t]+(?=\S)/iuy
const QUOTED = /(?:[ \t]+\(?|\()(?=\\*["'`])/y
const ARROW = /[ \t]*(?:->|=>|\u2192)[ \t]*(?=\S)/y
const BARE = /[ \t]+(?=\S)/y
const CLOSING_QUOTE = /\\*["']/y
const LEAST_PASSWORD = 6
const LEAST_TOKEN = 16

/** Masks sentences that contain a secret: `password is X`, `--password X`, `changed password for bob from X to Y`. */
export function maskTold(text: string, names: SecretNames, marks: Marks): string {
  const edits: Edit[] = []
  let done = 0
  for (const mention of mentionsIn(text, names)) {
    if (mention.from < done) continue
    for (const { from, to } of toldBehind(text, mention)) {
      if (from < done) continue
      edits.push({ from, to, by: marks.of(mention.kind, text.slice(from, to)) })
      done = to
    }
  }
  return edited(text, edits)
}

interface Place {
  readonly from: number
  readonly to: number
}

function toldBehind(text: string, { kind, from, to }: Mention): Place[] {
  if (isFlag(text, from)) {
    const at = end(BARE, text, to)
    if (at === null || /^-/.test(text.slice(at, at + 1))) return []
    const place = valueAt(text, at, kind)
    return isSecret(text.slice(place.from, place.to), kind) && !/^[|&<>]/.test(text.slice(at)) ? [place] : []
  }
  const name = end(CLOSING_QUOTE, text, to) ?? to
  const places = saidAt(text, name, kind)
  if (places.length > 0) return places
  const behind = end(FOR, text, name)
  return behind === null ? places : saidAt(text, behind, kind, true)
}

/** The places of the secret in the words after its name, or after the name of its owner. */
function saidAt(text: string, at: number, kind: string, isOfSomebody = false): Place[] {
  const told = (place: Place): Place[] => {
    const said = text.slice(place.from, place.to)
    // `password is required,Security,User`: a cell of a row ends with a word of the sentence.
    const listed = said.search(/[,;|]/)
    const word = listed > 0 ? said.slice(0, listed) : said
    if (listed > 0 && !isToldSecret(word, kind, '')) return []
    return isToldSecret(said, kind, text.slice(place.to, place.to + 40)) ? [place] : []
  }
  const value = (place: number): Place => trimmed(text, valueAt(text, place, kind))
  /** If no word announces a value, only the first item of a list is taken. */
  const first = (place: number): Place => {
    const { from, to } = value(place)
    const listed = text.slice(from, to).search(/[,;|]/)
    return listed === -1 ? { from, to } : { from, to: from + listed }
  }
  const old = end(FROM, text, at)
  if (old !== null) {
    const before = value(old)
    const then = end(THEN, text, behindQuote(text, before.to))
    if (then !== null) return [...told(before), ...told(value(then))]
  }
  const now = end(TO, text, at) ?? end(IS, text, at)
  if (now !== null) {
    const phrase = PHRASE_NAME.test(text.slice(Math.max(0, at - 12), at)) ? phraseAt(text, now) : null
    if (phrase !== null) return [{ from: now, to: phrase }]
    const place = value(now)
    const next = end(ARROW, text, behindQuote(text, place.to))
    return next === null ? told(place) : [...told(place), ...told(value(next))]
  }
  if (isOfSomebody) return []
  const quoted = end(QUOTED, text, at)
  if (quoted !== null) {
    const place = value(quoted)
    const next = end(ARROW, text, behindQuote(text, place.to))
    return next === null ? told(place) : [...told(place), ...told(value(next))]
  }
  const bare = end(BARE, text, at)
  if (bare === null) return []
  const place = first(bare)
  // `"new password" old_value="x"`: this is the name of the next pair.
  if (text[place.to - 1] === '=' && /^\\*["']/.test(text.slice(place.to, place.to + 4))) return []
  const next = end(ARROW, text, place.to)
  if (next !== null) return [...told(place), ...told(value(next))]
  const least = kind === 'password' || kind === 'pass' ? LEAST_PASSWORD : LEAST_TOKEN
  return looksRandom(text.slice(place.from, place.to), least) ? [place] : []
}

const PHRASE_NAME = /(?:phrase|mnemonic)\\*["']?$/i

const isFlag = (text: string, from: number): boolean =>
  text[from] === '-' &&
  !/^--?no-/i.test(text.slice(from, from + 5)) &&
  !/[\p{L}\p{N}]/u.test(text[from - 1] ?? '')

const behindQuote = (text: string, at: number): number => end(CLOSING_QUOTE, text, at) ?? at

/** A place without the end of its sentence. */
function trimmed(text: string, { from, to }: Place): Place {
  let last = to
  while (last > from + 1 && '.,;:!?)'.includes(text[last - 1]!) && /[\p{L}\p{N}]/u.test(text[last - 2]!))
    last--
  return { from, to: last }
}

function end(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

const HAPPENED = new RegExp(
  `^\\\\*["']?(?:[ \\t]+(?!(?:to|from)\\b)[^\\s:=]+){0,4}?${AUXILIARY}[ \\t]+(?:${VERB}|previous|old|new|before|after)\\b|^\\\\*["']?[ \\t]*[([]`,
  'iu',
)
const NAMED = /(?:^|[^\p{L}])([\p{L}_]{3,24}) ?[:=] ?\\*["']?$/u

/** The value of a pair, in quotes or as one word. */
const SAYS =
  /(?<![\p{L}\p{N}_.-])([\p{L}_]{2,24}) ?[:=] ?(?:\\*["']([^"'\\=]{2,200})(?=\\*["'])|([^\s"'\\=:,;]{2,64}))/gu

/** The places of names whose values may follow under other names: `SmtpPassword changed. Previous value: X`, `field=SmtpPassword old=X`. */
export function namedFields(text: string, names: SecretNames): readonly NamedField[] {
  const fields: NamedField[] = []
  for (const mention of mentionsIn(text, names)) {
    const namer = NAMED.exec(text.slice(Math.max(0, mention.from - 32), mention.from))?.[1]
    const isField = namer !== undefined && names.isNamer(namer)
    if (isField || HAPPENED.test(text.slice(mention.to, mention.to + 120)))
      fields.push({ ...mention, isTold: !isField, isOfAct: false })
  }
  for (const { index, 0: whole, 1: name = '', 2: quoted, 3: bare = '' } of text.matchAll(SAYS)) {
    const value = quoted ?? bare
    const kind = names.kindOfChange(name, value)
    const isOther = kind === null && names.isFieldName(name, false) && names.kindOf(value) === null
    if (kind === null && !isOther) continue
    const to = index + whole.length
    const from = to - value.length
    const isKnown = fields.some((field) => !field.isTold && field.from >= from && field.to <= to)
    if (!isKnown) fields.push({ kind, from, to, isTold: false, isOfAct: true })
  }
  return fields.sort((a, b) => a.to - b.to)
}
