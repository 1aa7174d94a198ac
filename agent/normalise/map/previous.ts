import { plainWords } from '../../../schema/index.ts'
import { isMembers } from '../integration/members.ts'
import { remembered } from '../integration/remembered.ts'

/**
 * Whether a record holds what may be a previous value, wherever it stands: only where it holds none may an event say that the value is
 * unknown. Found are members by the words of their names, and texts such as `from 10 to 15`, in the languages that audited products ship.
 */
export function mayHoldPrevious(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return tellsPrevious(value)
  if (depth === DEEPEST) return false
  if (Array.isArray(value)) return value.some((one) => mayHoldPrevious(one, depth + 1))
  if (!isMembers(value)) return false
  for (const name of Object.keys(value)) {
    const member = value[name]
    if (isEmpty(member)) continue
    if (isPreviousName(name) || mayHoldPrevious(member, depth + 1)) return true
  }
  return false
}

/** Members and items deeper than this are not looked at. */
export const DEEPEST = 16
const LONGEST = 4096

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isMembers(value) && Object.keys(value).length === 0)

/** Without accents. A word that begins so where a star follows. */
const WORDS = `
  previous previously prev before old prior former lhs
  vorher vorherig* bisher bisherig* alte alter altes altwert fruher*
  avant ancien ancienne precedent precedente
  anterior antes antiguo antigua previo previa antigo antiga
  prima vecchio vecchia
  vorige vorig oud oude
  poprzedni* stary stara
  predchozi* predosl* puvodni*
  предыдущ* прежн* стар* попередн* колишн*
  onceki eski elozo regi vechi vechea tidigare foregaende gammal gammalt tidligere forrige gammel gammelt edellinen vanha
`
  .trim()
  .split(/\s+/)
const EXACT = new Set(WORDS.filter((word) => !word.endsWith('*')))
const STEMS = WORDS.filter((word) => word.endsWith('*')).map((word) => word.slice(0, -1))
/** Names that say so only as a whole: `valid_from` is no previous value. */
const WHOLE = new Set(['from', 'from value', 'was', 'was value', 'original value', 'von', 'de', 'da', 'van'])
const WITHIN = /旧|之前|以前|変更前|이전|السابق|قبل|קודם|ישן/

export const isPreviousName: (name: string) => boolean = remembered((name) => {
  const words = plainWords(name.slice(0, 256))
  return (
    words.some((word) => EXACT.has(word) || STEMS.some((stem) => word.startsWith(stem))) ||
    WHOLE.has(words.join(' ')) ||
    WITHIN.test(name)
  )
})

const ARROW = /\S ?(?:->|=>|→|⇒|➔) ?\S/
/** In each language the word before the old value and the words before the new one. */
const FROM_TO = [
  ['from', 'to'],
  ['von', 'auf|zu|nach|in'],
  ['de', 'à|a|para|en'],
  ['da', 'a|in'],
  ['van', 'naar'],
  ['z|ze', 'na|do'],
  ['с|со|из|з|із', 'на|в'],
  ['från', 'till'],
  ['fra', 'til'],
] as const
const TOLD_FROM_TO: readonly RegExp[] = FROM_TO.map(
  ([from, to]) => new RegExp(`(?:^|\\s)(?:${from})\\s\\S[\\s\\S]{0,400}?\\s(?:${to})\\s\\S`, 'iu'),
)
const NAMES = 'previous(?:ly)?|prev|old|was|before|prior|formerly'
const NAMED = new RegExp(`(?:^|[\\s(;,])(?:${NAMES})(?: values?)?(?: ?[:=]| (?=["'\\d]))`, 'i')

/** With which words of ASCII a text tells a previous value, but for those that an arrow tells: at its start, or behind one of ` (;,`. */
export const TELLING_WORDS: readonly string[] = [
  ...FROM_TO.flatMap(([from]) => from.split('|').map((word) => `${word} `)),
  ...NAMES.replace('(?:ly)?', '').split('|'),
].filter((word) => /^[\x20-\x7e]+$/.test(word))

/** Texts of a record come again and again: messages of one kind, clients. */
export function tellsPrevious(text: string): boolean {
  if (text.length < 5 || !(text.includes(' ') || text.includes('>') || text.includes('→'))) return false
  return tells(text.length > LONGEST ? text.slice(0, LONGEST) : text)
}

const tells = remembered(
  (text) => ARROW.test(text) || NAMED.test(text) || TOLD_FROM_TO.some((pattern) => pattern.test(text)),
  { longest: 256 },
)
