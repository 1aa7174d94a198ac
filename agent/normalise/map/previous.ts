import { plainWords } from '../../../schema/index.ts'
import { remembered } from '../integration/remembered.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from '../wasm/rows.ts'
import { Texts } from '../wasm/texts.ts'
import type { RecordRows } from './record-rows.ts'

/** The depth limit for members and items. */
export const DEEPEST = 16
const LONGEST = 4096

/** Words without accents. A star matches any ending. */
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
/** Names that count only as a whole: `valid_from` is no previous value. */
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
/** For each language, the word before the old value and the words before the new one. */
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

/** The ASCII words that introduce a previous value in a text (at its start, or after one of ` (;,`), except those with an arrow. */
export const TELLING_WORDS: readonly string[] = [
  ...FROM_TO.flatMap(([from]) => from.split('|').map((word) => `${word} `)),
  ...NAMES.replace('(?:ly)?', '').split('|'),
].filter((word) => /^[\x20-\x7e]+$/.test(word))

/** Whether a text states a previous value. Texts of a record repeat: messages of one kind, clients. */
export function tellsPrevious(text: string): boolean {
  if (text.length < 5 || !(text.includes(' ') || text.includes('>') || text.includes('→'))) return false
  return tells(text.length > LONGEST ? text.slice(0, LONGEST) : text)
}

const tells = remembered(
  (text) => ARROW.test(text) || NAMED.test(text) || TOLD_FROM_TO.some((pattern) => pattern.test(text)),
  { longest: 256 },
)

/**
 * Whether a record contains a possible previous value anywhere: only if there is none may an event state that the value is unknown. It
 * looks at members by the words of their names, and at texts such as `from 10 to 15`, in the languages of audited products.
 */
export class PreviousValues {
  readonly #found: RecordRows
  /** A cache of names as they are between their quotes. */
  readonly #names = new Texts((name) => isPreviousName(JSON.parse(`"${name}"`)))

  constructor(found: RecordRows) {
    this.#found = found
  }

  mayBe(): boolean {
    const found = this.#found
    return this.#isWithin(found.root, 0) || found.added.some((source) => this.#isIn(found.hit(source), 0))
  }

  #isWithin(row: number, depth: number): boolean {
    const found = this.#found
    const kind = found.kind(row)
    if (kind === KIND.string)
      return mayTell(found.bytes, found.from(row), found.to(row)) && tellsPrevious(found.text(row))
    if ((kind !== KIND.object && kind !== KIND.array) || depth === DEEPEST) return false
    const end = found.next(row)
    for (let member = row + ROW; member < end; member = found.next(member)) {
      if (found.isRemoved(member)) continue
      if (kind === KIND.object ? this.#isIn(member, depth) : this.#isWithin(member, depth + 1)) return true
    }
    return false
  }

  /** Checks one member. */
  #isIn(row: number, depth: number): boolean {
    const found = this.#found
    if (found.isEmpty(row)) return false
    const kind = found.kind(row)
    if ((kind === KIND.object || kind === KIND.array) && row + ROW === found.next(row)) return false
    const { bytes, rows } = found
    return this.#names.of(bytes, rows[row + KEY_FROM]!, rows[row + KEY_TO]!) || this.#isWithin(row, depth + 1)
  }
}

const SPACE = 0x20
const DASH = 0x2d
const EQUALS = 0x3d
const GREATER = 0x3e
const BACKSLASH = 0x5c
const NOT_ASCII = 0x80
const SHORTEST = 5
const BEFORE_WORDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(' (;,'.includes(String.fromCharCode(byte))),
)
/** The words by their first letter, in lower case. */
const WORDS_BY_LETTER: readonly (readonly Uint8Array[])[] = Array.from({ length: 256 }, (_, first) =>
  TELLING_WORDS.map((word) => Buffer.from(word)).filter((word) => word[0] === first),
)

/** Whether a text may state a previous value. Most texts contain neither an arrow, nor such a word, nor an escape. */
function mayTell(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < SHORTEST) return false
  let before = SPACE
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte === BACKSLASH || byte >= NOT_ASCII) return true
    if (byte === GREATER && (before === DASH || before === EQUALS)) return true
    if (BEFORE_WORDS[before] === 1) {
      const words = WORDS_BY_LETTER[byte | 0x20]!
      for (let i = 0; i < words.length; i++) if (beginsWith(words[i]!, bytes, at, to)) return true
    }
    before = byte
  }
  return false
}

function beginsWith(word: Uint8Array, bytes: Uint8Array, at: number, to: number): boolean {
  if (at + word.length > to) return false
  for (let i = 1; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word[i]) return false
  return true
}
