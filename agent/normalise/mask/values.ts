import { statedByResult } from '../../../schema/index.ts'

/** Texts that secret names have in place of a secret. */
const NO_VALUE =
  /^(?:null|nil|none|undefined|true|false|yes|no|n\/a|unset|empty|blank|not set|required|optional|enabled|disabled|changed|unchanged|updated|modified|created|deleted|added|removed|reset|expired|valid|invalid|wrong|incorrect|missing|success|successful|failed|failure|ok|accepted|rejected|revoked|sent|redacted|hidden|masked|encrypted|\*+|•+|\.{3,}|[xX]{4,}|-+|[<([{]*(?:redacted|hidden|masked|filtered|removed|secret|none|null|empty|not set|protected|sensitive)[>)\]}]*|\?|\$\d|%s|\$\{[\w.:-]+\}|\{\{[^{}]*\}\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%)$/i
const LEAST_DIGITS = /\d{4}|^[a-z]{16,}$/
const COUNT = /^\d{1,3}$/

/** Whether the value of a secret's name is a secret. A mask does not count. */
export function isSecret(text: string, kind = ''): boolean {
  if (text === '' || text.startsWith('[masked:') || /^(?:\$\{|\{\{)/.test(text) || NO_VALUE.test(text))
    return false
  if (kind === 'pin' || kind === 'otp') return LEAST_DIGITS.test(text)
  return kind !== 'pass' || !COUNT.test(text)
}

/** Words that continue a sentence about a password where the password itself could be: `password is required`. */
const PROSE = new Set(
  (
    'a an the this that these those it its his her their your my our same one another any all each no not never now then too very so ' +
    'only also already still just always again here there more less than least most longer shorter about ' +
    'is are was were be been being has have had will would can cannot could should shall must may might do does did ' +
    'to of for from by with without within in on at as if when while because since until after before and or but via per under over ' +
    'required mandatory optional needed necessary invalid valid wrong incorrect correct bad good weak strong short long empty blank null ' +
    'missing present absent unknown known new old current previous default random temporary permanent safe unsafe insecure secure different ' +
    'identical equal similar unique common simple complex easy hard obsolete stale active inactive ready due okay ok fine sensitive secret ' +
    'private public confidential case-sensitive plaintext plain-text plain cleartext unencrypted readable visible ' +
    'set unset sent reset lost found kept shown given taken hashed salted stored blocked locked unlocked expired expiring broken ' +
    'stolen leaked compromised hidden forgotten written rewritten overwritten bound held met read seen sent put cut hit ' +
    'comply meet match allow prevent force enforce use enable disable login log sign access continue proceed avoid protect ensure admin ' +
    'email mail support everyone users user others owner nobody somebody someone him them us me you ' +
    'server client database vault file disk cache memory strengthen fulfil fulfill satisfy follow ' +
    'none never yes no true false enabled disabled changed today tomorrow yesterday soon ' +
    'erforderlich ungültig abgelaufen falsch richtig gültig leer nicht zu kein sehr neu alt geändert gesetzt verschlüsselt ' +
    'obligatorio obligatoria incorrecto incorrecta inválida válida correcta requerida caducada débil segura necesaria muy la el una un no ' +
    'obligatoire incorrect expiré invalide requis vide trop le un une pas obrigatória incorreta fraca vazia não ' +
    'verplicht ongeldig verlopen onjuist niet vereist te een nieprawidłowe wymagane błędne nie обязателен неверный неверен не'
  ).split(' '),
)
const PROSE_ENDING =
  /^[a-z]+(?:ed|ing|ly|able|ible|tion|ment|ous|ful|less|ical|ity|ness|ive|ory|iert|endet|ada|ado|ido|ida|ée|é)$/u
const GOES_ON = /^[ \t]+(?!(?:for|and|on|by|at|in|with|from|to|für|von|para|por|pour|und|y|et)\b)\p{Ll}/u
const UNIT =
  /^[ \t-]*(?:characters?|chars?|days?|hours?|minutes?|mins?|seconds?|secs?|bits?|bytes?|times|users?|ms|symbols?|attempts?|digits?|letters?|weeks?|months?|years?|zeichen|tage|of|%|\/)/i
const PHRASE = /(?:\p{Lu}?\p{Ll}+[ -]){1,23}\p{Lu}?\p{Ll}+(?=$|[\s,.;)"'<\\])/uy

/** Returns the end of several words that may be a passphrase; null if a sentence continues (`must be changed`). */
export function phraseAt(text: string, at: number): number | null {
  PHRASE.lastIndex = at
  const words = PHRASE.exec(text)?.[0].toLowerCase().split(/[ -]/)
  if (words === undefined || (words.length === 2 && PROSE.has(words[0]!))) return null
  const prose = words.filter((word) => PROSE.has(word) || PROSE_ENDING.test(word))
  return prose.length * 3 > words.length ? null : PHRASE.lastIndex
}

/** Addresses, times, paths, versions, names of standards: `90-day`, `SHA-256`, `2.4.1`. */
const NO_SECRET =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\d{4}-\d\d-\d\d\S*|\d\d?:\d\d(?::\d\d)?\S*|v?\d+(?:\.\d+)+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[a-z]+:\/\/\S*|\/[\w./-]*|\d+[-.]?(?:st|nd|rd|th|d|h|m|s|ms|day|days|char|chars|character|bit|way|factor|step|time|min|hour|fold)|[A-Z]{2,}[-/]?\d{1,4}(?:[-/]\w+)?|\(?\d+\)?%?|#\d+|\d+\/\d+)$/

/** Whether the text after a secret's name in a sentence is the secret; `next` is the text after it. */
export function isToldSecret(value: string, kind: string, next: string): boolean {
  // `PASSWORD('x')` is a call; `act=x` is the next pair.
  if (/^\w+\($|^[A-Za-z_][\w.]{0,24}\\?=[^=]/.test(value)) return false
  const bare = value.replace(/[.,;:!?)\]}]+$/, '')
  if (!isSecret(bare, kind) || PROSE.has(bare.toLowerCase())) return false
  if (kind !== 'password' && kind !== 'pass' && kind !== 'pin' && kind !== 'otp') return looksRandom(bare, 8)
  if (/^\d+$/.test(bare)) return bare.length >= 4 && !UNIT.test(next)
  if (NO_SECRET.test(bare)) return false
  if (/^\p{Lu}?[\p{Ll}'’-]+$/u.test(bare)) {
    if (PROSE_ENDING.test(bare.toLowerCase())) return false
    return value !== bare || !GOES_ON.test(next)
  }
  return !/^\p{Lu}[\p{Ll}]+(?:\p{Lu}[\p{Ll}]+)+$/u.test(bare) || value !== bare || !GOES_ON.test(next)
}

/** Values that are no secrets beside a change of a secret or of its rules: figures, durations, times, addresses. */
const NO_CHANGED: readonly RegExp[] = [
  /^[-+]?\d{1,3}(?:[.,]\d{1,3})?(?: ?(?:%|\/ ?\d{1,3}|(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|weeks?|months?|years?|chars?|characters?|bits?|bytes?|times|attempts?|sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?|zeichen|jours?|heures?|mois|ans?|d[ií]as?|horas?|meses|a[nñ]os?|dias?|giorni|ore|mesi|anni|dagen|uur|uren|maanden|jaar|dni|dzień|godzin\p{L}?|дн\p{L}{1,2}|день|час\p{L}{0,2}|месяц\p{L}{0,2}|лет|год\p{L}?|місяц\p{L}{0,2}|годин\p{L}?|рок\p{L}{0,2})\.?))?$/iu,
  /^-?P(?=[T\d])[\dYMWDTHS.]+$/,
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d[\d:.]*(?: ?(?:Z|UTC|[-+]\d\d:?\d\d))?)?$/,
  /^\d{1,2}[./]\d{1,2}[./]\d{4}(?:,? \d\d?:\d\d(?::\d\d)?(?: ?[ap]m)?)?$/i,
  /^\d\d?:\d\d(?::\d\d)?$/,
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}|https?:\/\/\S*|\/[a-z/-]*)$/,
]
const STATES =
  /^(?:(?:in)?active|pending|(?:un)?locked|open|closed|visible|(?:in)?aktiv|(?:in)?acti[fv][oa]?|on|off|ein|an|aus|never|ja|nein|oui|non|s[iíì]|nee|tak|nie|da|нет|так|ні)$/iu

/** Whether a value in a change of a secret may be the secret itself: not a number of up to three digits, a duration, a time or a state. */
export const isChangedSecret = (text: string, kind: string): boolean =>
  isSecret(text, kind) &&
  !STATES.test(text) &&
  !NO_CHANGED.some((pattern) => pattern.test(text)) &&
  !(/^[\p{L} ]+$/u.test(text) && statedByResult(text) !== undefined)

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Whether a word directly after a secret's name can only be the secret: it mixes letters and digits, or contains signs. */
export function looksRandom(word: string, least: number): boolean {
  if (word.length < least || NO_SECRET.test(word) || UUID.test(word) || /^[\w.-]+\\?=[^=]/.test(word))
    return false
  if (/^[\w-]+$/.test(word))
    return /[A-Za-z]/.test(word) && /\d/.test(word) && !/^[A-Za-z]+[-_]\d+$/.test(word)
  return /[!@#$%^&*+=~?]/.test(word) || (/\d/.test(word) && /\p{L}/u.test(word) && !/[/\\:()]/.test(word))
}
