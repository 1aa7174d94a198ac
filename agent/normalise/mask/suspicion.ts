import type { Kernel } from '../wasm/index.ts'
import { holdsCardNumber } from './card.ts'
import { OPTION_SIGNS, PROGRAM, PROGRAM_SIGNS } from './commands.ts'
import { FORMS, standsAround } from './forms.ts'
import { holdsValues, type Names, NO_NAMES, phraseAround } from './phrase.ts'
import { isFolder, isSpoken } from './spoken.ts'

/** Whether the text from `start` to `end` really is the sign. */
type Confirm = (bytes: Buffer, start: number, end: number, from: number, to: number) => boolean

/** A text that secrets contain. A `^` precedes the three letters that are searched for: letters that are rare in other words. */
interface Sign {
  readonly text: string
  readonly confirm: Confirm | null
  /** Whether it is a part of a name, which may also occur in prose. */
  readonly isOfName: boolean
}

const name = (text: string, confirm: Confirm | null = null): Sign => ({ text, confirm, isOfName: true })

/** Whether a word ends here, which includes a change from small letters to capitals. */
/** `pass` is also an ordinary word: it counts within a name, and before an assigned value. */
const isPass: Confirm = (bytes, start, end, from, to) => {
  if (!endsWord(bytes, end, to)) return false
  if (start > from && isOfName(bytes[start - 1]!)) return true
  let at = end
  while (at < to && at < end + 4 && (bytes[at] === BLANK || bytes[at] === BACKSLASH)) at++
  return at < to && BEHIND_PASS.has(bytes[at]!)
}
const BLANK = 0x20
const BACKSLASH = 0x5c
/** The characters that end a name before its value, or join it to another word. */
const BEHIND_PASS: ReadonlySet<number> = new Set(Buffer.from('=:"\'_-]>`'))
const isOfName = (byte: number): boolean => isLetter(byte) || byte === 0x5f || byte === 0x2d || byte === 0x2e

const isEnding: Confirm = (bytes, _start, end, _from, to) => endsWord(bytes, end, to)
const endsWord = (bytes: Buffer, end: number, to: number): boolean =>
  end >= to || !isLetter(bytes[end]!) || (isCapital(bytes[end]!) && !isCapital(bytes[end - 1]!))

/** Accepts `sess_tok` and `sessTok`, but not `chauthtok`. */
const isWord: Confirm = (bytes, start, end, from, to) =>
  endsWord(bytes, end, to) &&
  (start === from ||
    !isLetter(bytes[start - 1]!) ||
    isEscape(bytes, start - 1, from) ||
    (isCapital(bytes[start]!) && !isCapital(bytes[start - 1]!)))

const KEY_OF =
  /(?:api|app|private|secret|access|account|shared|signing|encryption|decryption|master|subscription|storage|recovery|auth|application|role|functions|hmac)[^A-Za-z0-9]{0,3}$/i
const CODE_OF = /(?:otp|mfa|fa|pin|recovery|verification)[^A-Za-z0-9]{0,3}$/i
/** The last letters of the words before `key` and `code`. */
const LAST_LETTERS = new Set(Buffer.from('ipetsdgnryhcaIPETSDGNRYHCA'))
const behind =
  (words: RegExp): Confirm =>
  (bytes, start, end, from, to) => {
    let last = start - 1
    while (last > from && last > start - 4 && !isLetter(bytes[last]!)) last--
    return (
      LAST_LETTERS.has(bytes[last]!) &&
      endsWord(bytes, end, to) &&
      words.test(bytes.toString('latin1', Math.max(from, start - 20), start))
    )
  }

const NAMES: readonly Sign[] = [
  ...[
    'pa^ssw',
    'pa^ssph',
    'pa^sscode',
    'pa^ssord',
    '^pwd',
    '^pswd',
    's^ecret',
    't^oken',
    'creden^tial',
    'co^okie',
    'auth^ori',
  ].map((text) => name(text)),
  ...['^phrase', 'm^nemonic', '^cvv', '^cvc'].map((text) => name(text)),
  name('^pass', isPass),
  ...['^passe', '^puk', '^pin', '^pincode', '^mdp', '^psk'].map((text) => name(text, isEnding)),
  ...['^psw', '^tok', '^toks', '^tkn', 'cr^eds'].map((text) => name(text, isWord)),
  ...['^otp', 'o^tpcode'].map((text) => name(text, isEnding)),
  name('^key', behind(KEY_OF)),
  name('^code', behind(CODE_OF)),
  ...['^pw=', '^pw:', '^pw"', "^pw'", '^pw\\', '^pw ', '^pw_', '^pw-', '^pw>', '^pw]'].map((text) =>
    name(text),
  ),
  ...[
    'ke^nnwort',
    'wa^chtw',
    'ad^gangsk',
    'sal^asana',
    'cont^rase',
    's^enha',
    'h^aslo',
    'h^asla',
    'h^eslo',
    'je^lsz',
    'g^eslo',
  ].map((text) => name(text)),
  ...[
    'lo^zinka',
    's^ifre',
    'p^arola',
    'p^arool',
    '^slaptaz',
    '^kata sandi',
    '^kata_sandi',
    '^katasandi',
    'k^hau',
    's^enord',
  ].map((text) => name(text)),
  ...[
    'has^ło',
    'has^Ło',
    'has^ła',
    'has^Ła',
    'ş^ifre',
    'Ş^ifre',
    'kh^ẩu',
    'а^рол',
    'А^РОЛ',
    '密^码',
    '密^碼',
    '口^令',
    'パス^ワード',
    '비밀^번호',
    'סי^סמ',
    'الم^رور',
  ].map((text) => name(text)),
  ...['^jsess', 'ph^psess', 'connec^t.sid', 'ne^t_sess', 'am^z-sig', 'goo^g-sig', 'am^z_sig'].map((text) =>
    name(text),
  ),
]

const hasProgram: Confirm = (bytes, start, _end, from) =>
  bytes[start] === LINE_END || PROGRAM.test(bytes.toString('latin1', Math.max(from, start - 400), start + 1))

const SIGNS: readonly Sign[] = [
  ...NAMES,
  // A name with escapes may be any name.
  { text: '^\\u00', confirm: null, isOfName: false },
  ...FORMS.flatMap((form) =>
    form.signs.map((text): Sign => {
      const isWord = text.startsWith('^') && form.pattern.source.startsWith('(?<![')
      const confirm: Confirm = (bytes, start, _end, from, to) =>
        !(isWord && start > from && isLetter(bytes[start - 1]!) && !isEscape(bytes, start - 1, from)) &&
        standsAround(form, bytes, start, from, to)
      return { text, confirm, isOfName: false }
    }),
  ),
  ...OPTION_SIGNS.map((text): Sign => ({ text, confirm: hasProgram, isOfName: false })),
  ...PROGRAM_SIGNS.map((text): Sign => ({ text, confirm: null, isOfName: false })),
  { text: 'sud^o -', confirm: null, isOfName: false },
]

const REACH = 3
/** Each set of groups fills the bits of one byte. */
const SETS = 2
const SET_GROUPS = 8
const HALF = 16
const SET = REACH * 2 * HALF
/** A bit for each combination of three letters, six bits per letter: capitals count as small letters. */
const BITS = 2 ** (6 * REACH)
const TABLE = SETS * SET
/** The size of the tables for the kernel. */
export const TABLE_BYTES: number = TABLE + BITS / 8

interface Word {
  readonly bytes: Uint8Array
  /** The position of the three letters that are searched for. */
  readonly at: number
  readonly sign: Sign
}

function wordOf(sign: Sign): Word {
  const at = Buffer.byteLength(sign.text.slice(0, sign.text.indexOf('^')))
  const bytes = Buffer.from(sign.text.replace('^', ''))
  if (bytes.length < at + REACH) throw new Error(`${sign.text} has too little behind its ^ to be looked for`)
  return { bytes, at, sign }
}

const WORDS: readonly Word[] = SIGNS.map(wordOf)
const soughtOf = ({ bytes, at }: Word): Uint8Array => bytes.subarray(at, at + REACH)

/** A memory with its kernel; the texts to be examined are in it. */
export interface WasmMemory {
  readonly bytes: Buffer
  readonly kernel: Kernel
  /** Copies the content to a permanent place; returns its address. */
  keep(content: Uint8Array): number
}

const lettersAt = (bytes: Uint8Array, at: number): number =>
  letter(bytes[at]!) | (letter(bytes[at + 1]!) << 6) | (letter(bytes[at + 2]!) << 12)
const letter = (byte: number): number => (byte & 31) | ((byte & 64) >> 1)

/**
 * Whether bytes may contain a secret. This costs a fraction of searching for one: nearly all records contain no sign of a secret's name or
 * form, and no card number. The kernel finds three letters of such a sign, 16 places at a time; the sign is compared only there.
 */
export class Suspicion {
  /** The words by their three letters. */
  readonly #words = new Map<number, Word[]>()
  /**
   * By half byte, for each of the three letters, low half and high half: a bit for each group of signs that it matches. A bit for each
   * combination of three letters of a sign follows.
   */
  readonly #table = new Uint8Array(TABLE_BYTES)
  readonly #kept = new WeakMap<WasmMemory, number>()
  readonly #always: boolean
  readonly #keepsFolders: boolean
  readonly #names: Names
  /** Whether the current record holds values; null until this is asked. */
  #holdsValues: boolean | null = null

  /**
   * `more`: beginnings of further texts to mask; if one is too short, everything is suspicious. `keepsFolders`: `PWD` is not a secret's
   * name here. `names`: the members that name the field of the values beside them.
   */
  constructor(
    more: readonly string[],
    { keepsFolders = false, names = NO_NAMES }: { keepsFolders?: boolean; names?: Names } = {},
  ) {
    this.#keepsFolders = keepsFolders
    this.#names = names
    this.#always = more.some((word) => Buffer.byteLength(word) < REACH)
    if (this.#always) return
    const others = more.map((word) => wordOf(name(`^${word.toLowerCase()}`)))
    for (const word of [...WORDS, ...others]) {
      const letters = lettersAt(word.bytes, word.at)
      const known = this.#words.get(letters)
      if (known === undefined) this.#words.set(letters, [word])
      else known.push(word)
      this.#table[TABLE + (letters >> 3)]! |= 1 << (letters & 7)
    }
    ofSigns ??= grouped(EMPTY, WORDS.map(soughtOf))
    grouped(ofSigns, others.map(soughtOf)).forEach(({ halves }, g) => {
      const set = Math.floor(g / SET_GROUPS) * SET
      halves.forEach((half, i) => {
        for (let value = 0; value < HALF; value++)
          if ((half >> value) & 1) this.#table[set + i * HALF + value]! |= 1 << (g % SET_GROUPS)
      })
    })
  }

  /**
   * Returns a test for texts of this memory: whether the bytes between two addresses may hold a secret. It is more precise for a text that
   * is masked as JSON and begins like JSON.
   */
  over(memory: WasmMemory, { isJson = false } = {}): (from: number, to: number) => boolean {
    if (this.#always) return () => true
    const { bytes, kernel } = memory
    const table = this.#kept.get(memory) ?? memory.keep(this.#table)
    this.#kept.set(memory, table)
    return (from, to) => {
      this.#holdsValues = null
      for (let at = from; ; at++) {
        at = kernel.suspiciousWord(table, at, to)
        if (at >= to) break
        if (this.#isSign(bytes, at, from, to, isJson)) return true
      }
      return mayHoldCard(kernel, bytes, from, to)
    }
  }

  #isSign(bytes: Buffer, place: number, from: number, to: number, isJson: boolean): boolean {
    const words = this.#words.get(lettersAt(bytes, place))
    if (words === undefined) return false
    for (const { bytes: word, at, sign } of words) {
      const start = place - at
      const end = start + word.length
      if (start < from || end > to) continue
      let i = 0
      while (i < word.length && lower(bytes[start + i]!) === word[i]) i++
      if (i < word.length) continue
      if (sign.isOfName) {
        if (isSpoken(bytes, start, from, to)) continue
        if (this.#keepsFolders && isFolder(bytes, start, from, to)) continue
        const phrase = isJson ? phraseAround(bytes, place, from, to, this.#names) : null
        if (phrase === 'phrase') continue
        if (phrase === 'act') {
          this.#holdsValues ??= holdsValues(bytes, from, to, this.#names)
          if (!this.#holdsValues) continue
        }
      }
      if (sign.confirm === null || sign.confirm(bytes, start, end, from, to)) return true
    }
    return false
  }
}

/** For each letter, its low half and its high half: a bit for each of the 16 values in the group. */
type Halves = readonly number[]

/** Signs that the kernel searches for together. */
interface Group {
  readonly halves: Halves
  /** How often three bytes of ordinary text match the group. */
  readonly often: number
}

/** Adds letters to these groups: each goes into the group that then matches ordinary text the least. */
function grouped(groups: readonly Group[], letters: readonly Uint8Array[]): readonly Group[] {
  const widened = [...groups]
  for (const three of letters) {
    const wanted = [...three].flatMap((byte) => {
      const bytes = bothCases(byte)
      return [halvesOf(bytes, (one) => one & 0x0f), halvesOf(bytes, (one) => one >>> 4)]
    })
    let best = 0
    let least = Number.POSITIVE_INFINITY
    widened.forEach(({ halves, often }, g) => {
      const more = usual(together(halves, wanted)) - often
      if (more < least) [best, least] = [g, more]
    })
    const halves = together(widened[best]!.halves, wanted)
    widened[best] = { halves, often: usual(halves) }
  }
  return widened
}

const EMPTY: readonly Group[] = Array.from({ length: SETS * SET_GROUPS }, () => ({
  halves: Array.from({ length: REACH * 2 }, () => 0),
  often: 0,
}))
/** The groups of the signs that all integrations share, computed once: it takes some milliseconds. */
let ofSigns: readonly Group[] | null = null

const together = (some: Halves, others: Halves): Halves => some.map((half, i) => half | others[i]!)

const halvesOf = (bytes: readonly number[], half: (byte: number) => number): number =>
  bytes.reduce((all, byte) => all | (1 << half(byte)), 0)

function usual(halves: Halves): number {
  let product = 1
  for (let i = 0; i < REACH; i++) product *= oftenWith(halves[2 * i]!, halves[2 * i + 1]!)
  return product
}

const oftenKnown = new Map<number, number>()

function oftenWith(low: number, high: number): number {
  const halves = low * 0x10000 + high
  let sum = oftenKnown.get(halves)
  if (sum === undefined) {
    sum = 0
    for (const [byte, often] of USUAL) if ((low >> (byte & 0x0f)) & (high >> (byte >>> 4)) & 1) sum += often
    oftenKnown.set(halves, sum)
  }
  return sum
}

/** The frequencies of bytes in records, in thousandths, measured over the samples of all integrations. All other bytes count as one. */
const OFTEN: readonly (readonly [number, string])[] = [
  [89, '"'],
  [58, 'e '],
  [36, '0a,:ti'],
  [28, '12nors'],
  [20, 'dc'],
  [15, '.-lmpu63'],
  [9, '4589bfghy7\n'],
  [5, '/;=_{}ACDEIOSTvwxjk\\'],
]
const USUAL: readonly (readonly [byte: number, often: number])[] = Array.from({ length: 256 }, (_, byte) => [
  byte,
  OFTEN.find(([, characters]) => characters.includes(String.fromCharCode(byte)))?.[0] ?? 1,
])

const LINE_END = 0x0a
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a
const bothCases = (byte: number): number[] => (isLetter(byte) ? [byte | 0x20, byte & 0xdf] : [byte])
const lower = (byte: number): number => (isCapital(byte) ? byte | 0x20 : byte)
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

const CARD_LEAST = 13
/** The first digits of card numbers as in `card.ts`: 2 to 6. */
const beginsCard = (digit: number): boolean => digit >= 0x32 && digit <= 0x36

function mayHoldCard(kernel: Kernel, bytes: Uint8Array, from: number, to: number): boolean {
  for (let start = kernel.longNumber(from, to); start < to; ) {
    let end = start
    while (end < to && isInRun(bytes, end)) end++
    if (hasForm(bytes, { start, end }, { from, to })) {
      // The check includes the neighbours: a number within a word is not a card number. A letter may belong to an escape before it
      // (`\\n`).
      const before = start - 1 < from || isEscape(bytes, start - 1, from) ? start : start - 1
      if (holdsCardNumber(textOf(bytes, before, Math.min(to, end + 2)))) return true
    }
    start = kernel.longNumber(end, to)
  }
  return false
}

/**
 * Whether there are enough digits: either consecutive, not part of a word and with the first digit of a card, or in at least three groups.
 * Ids such as `2026-161281130` and `64051234567890123dcc` do not qualify, nor do times in microseconds.
 */
function hasForm(
  bytes: Uint8Array,
  run: { readonly start: number; readonly end: number },
  text: { readonly from: number; readonly to: number },
): boolean {
  const isWord = (at: number): boolean =>
    at >= text.from && at < text.to && isLetterOrLine(bytes[at]!) && !isEscape(bytes, at, text.from)
  let digits = 0
  let groups = 0
  for (let at = run.start; at < run.end; ) {
    if (!isDigit(bytes[at])) {
      at++
      continue
    }
    const first = at
    while (at < run.end && isDigit(bytes[at])) at++
    digits += at - first
    groups++
    if (at - first >= CARD_LEAST && beginsCard(bytes[first]!) && !isWord(first - 1) && !isWord(at))
      return true
  }
  return digits >= CARD_LEAST && groups > 2
}

const isEscape = (bytes: Uint8Array, at: number, from: number): boolean => at > from && bytes[at - 1] === 0x5c

const isLetterOrLine = (byte: number): boolean => isLetter(byte) || byte === 0x5f

const isInRun = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) ||
  ((bytes[at] === 0x20 || bytes[at] === 0x2d) && (isDigit(bytes[at - 1]) || isDigit(bytes[at + 1])))

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
