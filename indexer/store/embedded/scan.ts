import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, LIMITS } from '../../../schema/index.ts'
import { Collector } from './collect.ts'
import type { Facet, FacetBook } from './facets.ts'
import { HeldValues } from './held.ts'
import {
  BACKSLASH,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  DEEPEST,
  JsonBytes,
  OPEN,
  OPEN_LIST,
  QUOTE,
  UNSURE,
} from './json-bytes.ts'
import { FACETS, PRESENCE, type Way } from './layout.ts'
import { CAPTURE, type Capture, MEMBERS, type Member, type Members } from './members.ts'
import { type Places, SeenFacets } from './seen-facets.ts'
import { FOLDED, LETTER, LONGEST_WORD, POWERS, PRIME, seedBelow, Terms, WORD_SEED } from './terms.ts'

type IndexedWay = Extract<Way, { readonly seed: number }>

/** A source's facet does not say which fields an event has. */
const NOT_REMEMBERED: readonly number[] = []

/**
 * Reads a line's bytes in one pass, without making an object of it. Of lines of 1.5 KB, `JSON.parse` and `Collector` take 14 µs
 * and leave 4 µs of garbage to collect; this takes 8 µs. It is for lines as our agents write them: canonical, mostly
 * ASCII. `scan` says false wherever it is not sure, and then the plain way decides: it never refuses a line itself. A test
 * holds the two against each other, on random and on damaged lines.
 */
export class Scanner extends JsonBytes {
  timestamp = 0
  id = ''
  sequence = 0
  user = ''
  sourceFacet!: Facet
  deedFacet!: Facet
  #terms: Terms
  #collector: Collector
  #held: HeldValues
  readonly #seen: SeenFacets
  /** Where the values of the facets' fields stand in the line. */
  readonly #places: readonly Places[] = FACETS.map(({ length }) => ({
    starts: new Int32Array(length),
    ends: new Int32Array(length),
  }))
  readonly #present = new Array<number>(Math.ceil(PRESENCE.length / 30)).fill(0)
  readonly #day = Buffer.alloc(10)
  #dayTime = Number.NaN

  constructor(book: FacetBook) {
    super()
    this.#seen = new SeenFacets(book)
    this.#terms = new Terms(1)
    this.#held = new HeldValues()
    this.#collector = new Collector(this.#terms, this.#held)
  }

  /** What follows is of this batch. */
  begin(collector: Collector, agent: string, incarnation: string): void {
    this.#collector = collector
    this.#terms = collector.terms
    this.#held = collector.held
    this.#seen.begin(agent, incarnation)
  }

  /** Takes the line apart; false, and nothing added, where the plain way must. */
  scan(bytes: Buffer, start: number, end: number): boolean {
    const before = this.#terms.count
    const heldBefore = this.#held.count
    this.bytes = bytes
    this.at = start
    this.end = end
    this.timestamp = Number.NaN
    this.id = ''
    this.sequence = 0
    this.user = ''
    for (const { starts } of this.#places) starts.fill(-1)
    this.#present.fill(0)
    this.#collector.begin()
    try {
      this.#members(MEMBERS, 0)
      if (this.at !== end || Number.isNaN(this.timestamp) || this.id === '') throw UNSURE
      this.#collector.finish()
      this.sourceFacet = this.#seen.find(bytes, 0, this.#places[0]!, NOT_REMEMBERED)
      this.deedFacet = this.#seen.find(bytes, 1, this.#places[1]!, this.#present)
      if (this.deedFacet.category === null) throw UNSURE
      return true
    } catch (thrown) {
      if (thrown !== UNSURE) throw thrown
      this.#terms.count = before
      this.#held.count = heldBefore
      return false
    }
  }

  /** An object of the schema; `at` stands on its brace, and behind it afterwards. */
  #members(known: Members, depth: number): void {
    const bytes = this.bytes
    if (bytes[this.at++] !== OPEN) throw UNSURE
    if (bytes[this.at] === CLOSE) {
      this.at++
      return
    }
    let previous = 0
    let previousEnd = 0
    let before: Member | null = null
    for (;;) {
      const start = this.at + 1
      const guess: Member | null = before === null ? (previous === 0 ? known.first : null) : before.follower
      if (guess !== null && this.isNext(guess.name)) {
        // The one before it was found to stand before it when this was learnt.
        before = guess
        previous = start
        previousEnd = this.at - 2
        this.#member(guess, depth)
      } else {
        const hash = this.name()
        const end = this.at - 2
        if (previous !== 0) this.demandAscending(previous, previousEnd, start, end)
        const member = known.byHash.get(hash)
        if (member === undefined || !this.isNamed(member.name, start, end)) {
          before = null
          this.skip(depth + 1)
        } else {
          if (before !== null) before.follower = member
          else if (previous === 0) known.first = member
          before = member
          this.#member(member, depth)
        }
        previous = start
        previousEnd = end
      }
      const next = bytes[this.at++]
      if (next === CLOSE) break
      if (next !== COMMA) throw UNSURE
    }
  }

  #member(member: Member, depth: number): void {
    const { way, capture } = member
    const start = this.at
    if (capture !== CAPTURE.none) this.#capture(capture)
    if (this.bytes[start] === 0x6e) {
      this.skip(depth)
      return
    }
    if (way === null) {
      if (member.members !== null && this.bytes[start] === OPEN) this.#members(member.members, depth + 1)
      else this.skip(depth + 1)
    } else if (way.kind === 'facet') {
      this.skip(depth + 1)
      const { starts, ends } = this.#places[way.facet]!
      starts[way.slot] = start
      ends[way.slot] = this.at
    } else if (way.kind === 'skip') this.skip(depth + 1)
    else {
      const word = (way.presence / 30) | 0
      this.#present[word] = this.#present[word]! | (1 << (way.presence % 30))
      if (way.kind === 'flattened') this.#leaves(way, way.seed, true, depth + 1)
      else if (way.kind === 'changes') this.#changes(depth + 1)
      else this.#values(way, depth + 1)
      if (way.held !== -1) this.#held.add(way.held, this.bytes, start, this.at)
    }
  }

  #capture(capture: Capture): void {
    const bytes = this.bytes
    const start = this.at
    switch (capture) {
      case CAPTURE.derived:
        throw UNSURE
      case CAPTURE.time:
        this.timestamp = this.#time(start + 1)
        return
      case CAPTURE.id:
        if (bytes[start] !== QUOTE || bytes[start + 41] !== QUOTE) throw UNSURE
        for (let i = start + 1; i <= start + 40; i++) {
          const c = bytes[i]!
          if (!((c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66))) throw UNSURE
        }
        this.id = bytes.toString('latin1', start + 1, start + 41)
        return
      case CAPTURE.sequence: {
        const c = bytes[start]!
        if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
          this.skip(0)
          this.sequence = this.number(start)
          this.at = start
        }
        return
      }
      case CAPTURE.user: {
        if (bytes[start] !== QUOTE) return
        let at = start + 1
        while (CLASS[bytes[at]!]! < SPECIAL) at++
        if (bytes[at] === QUOTE) {
          this.user = bytes.toString('latin1', start + 1, at)
          return
        }
        this.skip(0)
        this.user = this.text(start)
        this.at = start
      }
    }
  }

  /** `YYYY-MM-DDTHH:MM:SS.sssZ`, and nothing else. */
  #time(start: number): number {
    const bytes = this.bytes
    if (
      bytes[start - 1] !== QUOTE ||
      bytes[start + 24] !== QUOTE ||
      bytes[start + 10] !== 0x54 ||
      bytes[start + 13] !== COLON ||
      bytes[start + 16] !== COLON ||
      bytes[start + 19] !== 0x2e ||
      bytes[start + 23] !== 0x5a
    )
      throw UNSURE
    const two = (at: number): number => {
      const tens = bytes[at]! - 0x30
      const ones = bytes[at + 1]! - 0x30
      if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw UNSURE
      return tens * 10 + ones
    }
    const day = this.#day
    let same = true
    for (let i = 0; i < 10; i++) if (bytes[start + i] !== day[i]) same = false
    if (!same) {
      bytes.copy(day, 0, start, start + 10)
      this.#dayTime = Date.parse(`${day.toString('latin1')}T00:00:00.000Z`)
    }
    const hours = two(start + 11)
    const minutes = two(start + 14)
    const seconds = two(start + 17)
    const hundreds = bytes[start + 20]! - 0x30
    if (hours > 23 || minutes > 59 || seconds > 59 || hundreds < 0 || hundreds > 9) throw UNSURE
    const time =
      this.#dayTime + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + hundreds * 100 + two(start + 21)
    if (!(time >= EARLIEST_TIMESTAMP && time < LATEST_TIMESTAMP)) throw UNSURE
    return time
  }

  /** A value or a list of values. */
  #values(way: IndexedWay, depth: number): void {
    const bytes = this.bytes
    if (bytes[this.at] !== OPEN_LIST) {
      this.#value(way, way.seed, way.words, depth)
      return
    }
    this.at++
    if (bytes[this.at] === CLOSE_LIST) {
      this.at++
      return
    }
    for (;;) {
      if (bytes[this.at] === OPEN_LIST) this.skip(depth + 1)
      else this.#value(way, way.seed, way.words, depth)
      const next = bytes[this.at++]
      if (next === CLOSE_LIST) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #value(way: IndexedWay, seed: number, words: boolean, depth: number): void {
    const c = this.bytes[this.at]!
    const start = this.at
    if (c === QUOTE) {
      const plain = way.kind === 'keyword' || way.kind === 'flattened' || way.kind === 'text'
      if (plain || (way.kind === 'ip' && (words || this.#isDotted()))) {
        if (
          this.#string(
            seed,
            way.kind !== 'text',
            words || way.kind === 'text' || way.kind === 'ip',
            way.kind === 'ip',
          )
        )
          return
      }
      this.at = start
      this.skip(depth)
      this.#collector.value(this.text(start), way, seed)
      return
    }
    this.skip(depth)
    // An object counts as no value; nor does null.
    if (c === OPEN || c === OPEN_LIST || c === 0x6e) return
    this.#collector.value(c === 0x74 ? 'true' : c === 0x66 ? 'false' : String(this.number(start)), way, seed)
  }

  /** Digits and dots alone, as IPv4 is: what is no address gives no words of its own. */
  #isDotted(): boolean {
    const bytes = this.bytes
    let at = this.at + 1
    for (let c = bytes[at]!; (c >= 0x30 && c <= 0x39) || c === 0x2e; c = bytes[++at]!);
    return bytes[at] === QUOTE
  }

  /** A string's terms, hashed as its characters pass. False where the plain way must take it: escapes, or beyond ASCII. */
  #string(seed: number, asValue: boolean, asWords: boolean, address: boolean): boolean {
    const bytes = this.bytes
    const terms = this.#terms
    const before = terms.count
    const wordsLeft = asWords && this.#collector.takesWords
    const start = ++this.at
    let at = start
    let value = seed
    for (;;) {
      const c = bytes[at]!
      let folded = CLASS[c]!
      if (folded === 0) {
        if (c === COLON && address) {
          terms.count = before
          return false
        }
        value = (Math.imul(value, PRIME) + c) | 0
        at++
        continue
      }
      // Beyond the last byte there is no class: that, too, is not below.
      if (!(folded < SPECIAL)) {
        if (c === QUOTE) break
        terms.count = before
        return false
      }
      const word = at
      const valueBefore = value
      do {
        value = (Math.imul(value, PRIME) + folded) | 0
        folded = CLASS[bytes[++at]!]!
      } while (folded !== 0 && folded < SPECIAL)
      if (wordsLeft) this.#word(word, at - word, valueBefore, value)
    }
    at++
    this.at = at
    this.#collector.tookWords(terms.count - before)
    if (asValue && (address || at - 1 - start <= LIMITS.indexedLength)) terms.addValueOf(value)
    return true
  }

  /** A word of ASCII in a value; the value's hash before and behind it says the word's. */
  #word(start: number, length: number, before: number, behind: number): void {
    const bytes = this.bytes
    let hash = behind
    if (length <= LONGEST_WORD) hash = (behind + Math.imul(WORD_SEED - before, POWERS[length]!)) | 0
    else {
      hash = WORD_SEED
      for (let i = 0; i < LONGEST_WORD; i++) hash = (Math.imul(hash, PRIME) + CLASS[bytes[start + i]!]!) | 0
    }
    let beginning = LETTER[CLASS[bytes[start]!]!]!
    if (length > 1) beginning = beginning * 40 + LETTER[CLASS[bytes[start + 1]!]!]!
    if (length > 2) beginning = beginning * 40 + LETTER[CLASS[bytes[start + 2]!]!]!
    this.#terms.addWordOf(beginning, length, hash)
  }

  #leaves(way: IndexedWay, seed: number, atRoot: boolean, depth: number): void {
    const bytes = this.bytes
    if (depth > DEEPEST) throw UNSURE
    const c = bytes[this.at]
    if (c === OPEN_LIST) {
      this.at++
      if (bytes[this.at] === CLOSE_LIST) {
        this.at++
        return
      }
      for (;;) {
        this.#leaves(way, seed, atRoot, depth + 1)
        const next = bytes[this.at++]
        if (next === CLOSE_LIST) return
        if (next !== COMMA) throw UNSURE
      }
    }
    if (c !== OPEN) {
      this.#value(way, seed, way.words, depth)
      return
    }
    this.at++
    if (bytes[this.at] === CLOSE) {
      this.at++
      return
    }
    let previous = 0
    let previousEnd = 0
    for (;;) {
      const start = this.at + 1
      this.name()
      const end = this.at - 2
      if (previous !== 0) this.demandAscending(previous, previousEnd, start, end)
      previous = start
      previousEnd = end
      let below = atRoot ? seed : seedBelow(seed, '.')
      for (let i = start; i < end; i++) below = (Math.imul(below, PRIME) + bytes[i]!) | 0
      this.#leaves(way, below, atRoot && end === start, depth + 1)
      const next = bytes[this.at++]
      if (next === CLOSE) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #changes(depth: number): void {
    const bytes = this.bytes
    if (bytes[this.at] !== OPEN_LIST) {
      this.skip(depth)
      return
    }
    this.at++
    if (bytes[this.at] === CLOSE_LIST) {
      this.at++
      return
    }
    for (;;) {
      if (bytes[this.at] === OPEN) this.#change(depth + 1)
      else this.skip(depth + 1)
      const next = bytes[this.at++]
      if (next === CLOSE_LIST) return
      if (next !== COMMA) throw UNSURE
    }
  }

  /** In canonical order the field comes first of the three; without one it is no change. */
  #change(depth: number): void {
    const bytes = this.bytes
    this.at++
    if (bytes[this.at] === CLOSE) {
      this.at++
      return
    }
    let isChange = false
    let previous = 0
    let previousEnd = 0
    for (;;) {
      const start = this.at + 1
      this.name()
      const end = this.at - 2
      if (previous !== 0) this.demandAscending(previous, previousEnd, start, end)
      previous = start
      previousEnd = end
      const isText = bytes[this.at] === QUOTE
      const isField = isText && this.isNamed(FIELD, start, end)
      if (isField) isChange = true
      if (
        isField ||
        (isText && isChange && (this.isNamed(OLD, start, end) || this.isNamed(NEW, start, end)))
      ) {
        const value = this.at
        if (!this.#string(0, false, true, false)) {
          this.at = value
          this.skip(depth)
          this.#collector.words(this.text(value))
        }
      } else this.skip(depth + 1)
      const next = bytes[this.at++]
      if (next === CLOSE) return
      if (next !== COMMA) throw UNSURE
    }
  }
}

/** What ends the plain run of a string: its quote, escapes, control characters, what is beyond ASCII. */
const SPECIAL = 255
/** A character of a string: `SPECIAL`, or as `FOLDED`. */
const CLASS = new Uint8Array(256).fill(SPECIAL)
for (let c = 0x20; c < 0x80; c++) if (c !== QUOTE && c !== BACKSLASH) CLASS[c] = FOLDED[c]!
const FIELD = Buffer.from('field')
const OLD = Buffer.from('old')
const NEW = Buffer.from('new')
