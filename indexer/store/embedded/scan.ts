import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, LIMITS } from '../../../schema/index.ts'
import { Collector } from './collect.ts'
import type { Facet, FacetBook } from './facets.ts'
import { FACETS, type FieldNode, PRESENCE, ROOT, SEAL_AGENT, SEAL_INCARNATION, type Way } from './layout.ts'
import { FOLDED, LETTER, LONGEST_WORD, PRIME, seedBelow, Terms, WORD_SEED } from './terms.ts'

/**
 * Reads a line's bytes in one pass, without making an object of it: what `JSON.parse` and `Collector` do in 13 µs (and 4 µs more for
 * collecting the garbage) takes 5 µs so. It is for lines as our agents write them: canonical, mostly ASCII. `scan` says false wherever it is
 * not sure, and then the plain way decides: it never refuses a line itself. A test holds the two against each other.
 */
type IndexedWay = Extract<Way, { readonly seed: number }>

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const DEEPEST = 32

/** Thrown where the plain way must decide; one object, since it may be thrown for every line of a batch. */
const UNSURE = new Error('not sure')

const CAPTURE = { none: 0, time: 1, id: 2, sequence: 3, user: 4, derived: 5 } as const
type Capture = (typeof CAPTURE)[keyof typeof CAPTURE]

const CAPTURES: Readonly<Record<string, Capture>> = {
  '@timestamp': CAPTURE.time,
  'event.id': CAPTURE.id,
  'event.sequence': CAPTURE.sequence,
  'user.name': CAPTURE.user,
  'event.ingested': CAPTURE.derived,
  'audit.seal': CAPTURE.derived,
  'audit.words': CAPTURE.derived,
  'source.geo': CAPTURE.derived,
}

/** A member of the schema, found by its name's bytes. */
interface Member {
  readonly name: Uint8Array
  readonly way: Way | null
  readonly capture: Capture
  readonly members: Members | null
  /** What came behind it last time: lines of one source have the same members. */
  follower: Member | null
}

interface Members {
  readonly byHash: ReadonlyMap<number, Member>
  /** What came first last time. */
  first: Member | null
}

function nameHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return hash
}

function membersOf(node: FieldNode, path: string): Members | null {
  if (node.members.size === 0) return null
  const members = new Map<number, Member>()
  for (const [name, next] of node.members) {
    const own = path === '' ? name : `${path}.${name}`
    const bytes = Buffer.from(name)
    const hash = nameHash(bytes, 0, bytes.length)
    if (members.has(hash)) throw new Error(`two members of ${path} have one hash`)
    members.set(hash, {
      name: bytes,
      way: next.way,
      capture: CAPTURES[own] ?? CAPTURE.none,
      members: membersOf(next, own),
      follower: null,
    })
  }
  return { byHash: members, first: null }
}
const MEMBERS = membersOf(ROOT, '')!

/** A facet by the bytes of its values as they stand in a line. */
interface Seen {
  readonly raw: Uint8Array
  /** The waybill's agent and incarnation are part of a source's facet. */
  readonly agent: string
  readonly incarnation: string
  readonly facet: Facet
}
const MOST_SEEN = 20_000
const NOTHING_SEEN: readonly Seen[] = []

export class Scanner {
  timestamp = 0
  id = ''
  sequence = 0
  user = ''
  sourceFacet!: Facet
  deedFacet!: Facet
  #terms: Terms
  #collector: Collector
  readonly #book: FacetBook
  #agent = ''
  #incarnation = ''
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Where the values of the facets' fields stand, by facet and slot; 0 is nowhere. */
  readonly #starts = FACETS.map((paths) => new Int32Array(paths.length))
  readonly #ends = FACETS.map((paths) => new Int32Array(paths.length))
  readonly #seen = FACETS.map(() => new Map<number, Seen[]>())
  #seenCount = 0
  readonly #last: (Seen | undefined)[] = []
  readonly #present = new Array<number>(Math.ceil(PRESENCE.length / 30)).fill(0)
  readonly #none: readonly number[] = []
  readonly #day = Buffer.alloc(10)
  #dayTime = Number.NaN

  constructor(book: FacetBook) {
    this.#book = book
    this.#terms = new Terms(1)
    this.#collector = new Collector(this.#terms)
  }

  /** What follows is of this batch. */
  begin(collector: Collector, agent: string, incarnation: string): void {
    this.#collector = collector
    this.#terms = collector.terms
    this.#agent = agent
    this.#incarnation = incarnation
  }

  /** Takes the line apart; false, and nothing added, where the plain way must. */
  scan(bytes: Buffer, start: number, end: number): boolean {
    const before = this.#terms.count
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.timestamp = Number.NaN
    this.id = ''
    this.sequence = 0
    this.user = ''
    for (const starts of this.#starts) starts.fill(-1)
    this.#present.fill(0)
    this.#collector.begin()
    try {
      this.#members(MEMBERS, 0)
      if (this.#at !== end || Number.isNaN(this.timestamp) || this.id === '') throw UNSURE
      this.#collector.finish()
      this.sourceFacet = this.#facet(0, this.#none)
      this.deedFacet = this.#facet(1, this.#present)
      if (this.deedFacet.category === null) throw UNSURE
      return true
    } catch (thrown) {
      if (thrown !== UNSURE) throw thrown
      this.#terms.count = before
      return false
    }
  }

  /** An object of the schema; `at` stands on its brace, and behind it afterwards. */
  #members(known: Members, depth: number): void {
    const bytes = this.#bytes
    if (bytes[this.#at++] !== OPEN) throw UNSURE
    if (bytes[this.#at] === CLOSE) {
      this.#at++
      return
    }
    let previous = 0
    let previousEnd = 0
    let before: Member | null = null
    for (;;) {
      const start = this.#at + 1
      const guess: Member | null = before === null ? (previous === 0 ? known.first : null) : before.follower
      if (guess !== null && this.#isNext(guess.name)) {
        // The one before it was found to stand before it when this was learnt.
        before = guess
        previous = start
        previousEnd = this.#at - 2
        this.#member(guess, depth)
      } else {
        const hash = this.#name()
        const end = this.#at - 2
        if (previous !== 0) this.#demandAscending(previous, previousEnd, start, end)
        const member = known.byHash.get(hash)
        if (member === undefined || !this.#isNamed(member.name, start, end)) {
          before = null
          this.#skip(depth + 1)
        } else {
          if (before !== null) before.follower = member
          else if (previous === 0) known.first = member
          before = member
          this.#member(member, depth)
        }
        previous = start
        previousEnd = end
      }
      const next = bytes[this.#at++]
      if (next === CLOSE) break
      if (next !== COMMA) throw UNSURE
    }
  }

  /** Whether this name and its colon come next; `at` is then behind them. */
  #isNext(name: Uint8Array): boolean {
    const bytes = this.#bytes
    let at = this.#at
    if (bytes[at++] !== QUOTE) return false
    for (let i = 0; i < name.length; i++) if (bytes[at++] !== name[i]) return false
    if (bytes[at] !== QUOTE || bytes[at + 1] !== COLON) return false
    this.#at = at + 2
    return true
  }

  #member(member: Member, depth: number): void {
    const { way, capture } = member
    const start = this.#at
    if (capture !== CAPTURE.none) this.#capture(capture)
    if (this.#bytes[start] === 0x6e) {
      this.#skip(depth)
      return
    }
    if (way === null) {
      if (member.members !== null && this.#bytes[start] === OPEN) this.#members(member.members, depth + 1)
      else this.#skip(depth + 1)
    } else if (way.kind === 'facet') {
      this.#skip(depth + 1)
      this.#starts[way.facet]![way.slot] = start
      this.#ends[way.facet]![way.slot] = this.#at
    } else if (way.kind === 'skip') this.#skip(depth + 1)
    else {
      const word = (way.presence / 30) | 0
      this.#present[word] = this.#present[word]! | (1 << (way.presence % 30))
      if (way.kind === 'flattened') this.#leaves(way, way.seed, true, depth + 1)
      else if (way.kind === 'changes') this.#changes(depth + 1)
      else this.#values(way, depth + 1)
    }
  }

  /** A name and its colon; `at` stands on its quote. */
  #name(): number {
    const bytes = this.#bytes
    if (bytes[this.#at++] !== QUOTE) throw UNSURE
    let hash = 0
    for (;;) {
      const c = bytes[this.#at++]!
      if (c === QUOTE) break
      if (c === BACKSLASH || c < 0x20 || c > 0x7e || this.#at >= this.#end) throw UNSURE
      hash = (Math.imul(hash, 31) + c) | 0
    }
    if (bytes[this.#at++] !== COLON) throw UNSURE
    return hash
  }

  #isNamed(name: Uint8Array, start: number, end: number): boolean {
    if (end - start !== name.length) return false
    for (let i = 0; i < name.length; i++) if (this.#bytes[start + i] !== name[i]) return false
    return true
  }

  /** Names in canonical order stand once each. */
  #demandAscending(start: number, end: number, next: number, nextEnd: number): void {
    const bytes = this.#bytes
    while (start < end && next < nextEnd) {
      const difference = bytes[next++]! - bytes[start++]!
      if (difference > 0) return
      if (difference < 0) throw UNSURE
    }
    if (next >= nextEnd) throw UNSURE
  }

  #capture(capture: Capture): void {
    const bytes = this.#bytes
    const start = this.#at
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
          this.#skip(0)
          this.sequence = this.#number(start)
          this.#at = start
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
        this.#skip(0)
        this.user = this.#text(start)
        this.#at = start
      }
    }
  }

  /** The number from `start` to `at`, which is one. */
  #number(start: number): number {
    const bytes = this.#bytes
    const end = this.#at
    if (end - start > 15) return Number(bytes.toString('latin1', start, end))
    let number = 0
    for (let i = start; i < end; i++) {
      const digit = bytes[i]! - 0x30
      if (digit < 0 || digit > 9) return Number(bytes.toString('latin1', start, end))
      number = number * 10 + digit
    }
    return number
  }

  /** `YYYY-MM-DDTHH:MM:SS.sssZ`, and nothing else. */
  #time(start: number): number {
    const bytes = this.#bytes
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
    const bytes = this.#bytes
    if (bytes[this.#at] !== OPEN_LIST) {
      this.#value(way, way.seed, way.words, depth)
      return
    }
    this.#at++
    if (bytes[this.#at] === CLOSE_LIST) {
      this.#at++
      return
    }
    for (;;) {
      if (bytes[this.#at] === OPEN_LIST) this.#skip(depth + 1)
      else this.#value(way, way.seed, way.words, depth)
      const next = bytes[this.#at++]
      if (next === CLOSE_LIST) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #value(way: IndexedWay, seed: number, words: boolean, depth: number): void {
    const c = this.#bytes[this.#at]!
    const start = this.#at
    if (c === QUOTE) {
      const plain = way.kind === 'keyword' || way.kind === 'flattened' || way.kind === 'text'
      if (plain || way.kind === 'ip') {
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
      this.#at = start
      this.#skip(depth)
      this.#collector.value(this.#text(start), way, seed)
      return
    }
    this.#skip(depth)
    // An object counts as no value; nor does null.
    if (c === OPEN || c === OPEN_LIST || c === 0x6e) return
    this.#collector.value(c === 0x74 ? 'true' : c === 0x66 ? 'false' : String(this.#number(start)), way, seed)
  }

  /** A string's terms, hashed as its characters pass. False where the plain way must take it: escapes, or beyond ASCII. */
  #string(seed: number, asValue: boolean, asWords: boolean, address: boolean): boolean {
    const bytes = this.#bytes
    const terms = this.#terms
    const before = terms.count
    const wordsLeft = asWords && this.#collector.takesWords
    const start = ++this.#at
    let at = start
    let value = seed
    let hash = WORD_SEED
    let length = 0
    let beginning = 0
    for (;;) {
      const c = bytes[at++]!
      const folded = CLASS[c]!
      if (folded === SPECIAL) {
        if (c === QUOTE) break
        terms.count = before
        return false
      }
      if (c === COLON && address) {
        terms.count = before
        return false
      }
      const unit = folded !== 0 ? folded : c
      value = Math.imul(value ^ unit, PRIME)
      if (folded !== 0) {
        if (length < LONGEST_WORD) {
          hash = Math.imul(hash ^ folded, PRIME)
          if (length < 3) beginning = beginning * 40 + LETTER[folded]!
        }
        length++
      } else if (length > 0) {
        if (wordsLeft) terms.addWordOf(beginning, length, hash)
        hash = WORD_SEED
        length = 0
        beginning = 0
      }
    }
    if (length > 0 && wordsLeft) terms.addWordOf(beginning, length, hash)
    this.#at = at
    this.#collector.tookWords(terms.count - before)
    if (asValue && (address || at - 1 - start <= LIMITS.indexedLength)) terms.addValueOf(value)
    return true
  }

  #leaves(way: IndexedWay, seed: number, atRoot: boolean, depth: number): void {
    const bytes = this.#bytes
    if (depth > DEEPEST) throw UNSURE
    const c = bytes[this.#at]
    if (c === OPEN_LIST) {
      this.#at++
      if (bytes[this.#at] === CLOSE_LIST) {
        this.#at++
        return
      }
      for (;;) {
        this.#leaves(way, seed, atRoot, depth + 1)
        const next = bytes[this.#at++]
        if (next === CLOSE_LIST) return
        if (next !== COMMA) throw UNSURE
      }
    }
    if (c !== OPEN) {
      this.#value(way, seed, way.words, depth)
      return
    }
    this.#at++
    if (bytes[this.#at] === CLOSE) {
      this.#at++
      return
    }
    let previous = 0
    let previousEnd = 0
    for (;;) {
      const start = this.#at + 1
      this.#name()
      const end = this.#at - 2
      if (previous !== 0) this.#demandAscending(previous, previousEnd, start, end)
      previous = start
      previousEnd = end
      let below = atRoot ? seed : seedBelow(seed, '.')
      for (let i = start; i < end; i++) below = Math.imul(below ^ bytes[i]!, PRIME)
      this.#leaves(way, below, atRoot && end === start, depth + 1)
      const next = bytes[this.#at++]
      if (next === CLOSE) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #changes(depth: number): void {
    const bytes = this.#bytes
    if (bytes[this.#at] !== OPEN_LIST) {
      this.#skip(depth)
      return
    }
    this.#at++
    if (bytes[this.#at] === CLOSE_LIST) {
      this.#at++
      return
    }
    for (;;) {
      if (bytes[this.#at] === OPEN) this.#change(depth + 1)
      else this.#skip(depth + 1)
      const next = bytes[this.#at++]
      if (next === CLOSE_LIST) return
      if (next !== COMMA) throw UNSURE
    }
  }

  /** In canonical order the field comes first of the three; without one it is no change. */
  #change(depth: number): void {
    const bytes = this.#bytes
    this.#at++
    if (bytes[this.#at] === CLOSE) {
      this.#at++
      return
    }
    let isChange = false
    let previous = 0
    let previousEnd = 0
    for (;;) {
      const start = this.#at + 1
      this.#name()
      const end = this.#at - 2
      if (previous !== 0) this.#demandAscending(previous, previousEnd, start, end)
      previous = start
      previousEnd = end
      const isText = bytes[this.#at] === QUOTE
      const isField = isText && this.#isNamed(FIELD, start, end)
      if (isField) isChange = true
      if (
        isField ||
        (isText && isChange && (this.#isNamed(OLD, start, end) || this.#isNamed(NEW, start, end)))
      ) {
        const value = this.#at
        if (!this.#string(0, false, true, false)) {
          this.#at = value
          this.#skip(depth)
          this.#collector.words(this.#text(value))
        }
      } else this.#skip(depth + 1)
      const next = bytes[this.#at++]
      if (next === CLOSE) return
      if (next !== COMMA) throw UNSURE
    }
  }

  /** The string that begins at `start` and ends before `at`. */
  #text(start: number): string {
    return JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string
  }

  /** Passes a value of any kind, and makes sure that it is one. */
  #skip(depth: number): void {
    const bytes = this.#bytes
    const c = bytes[this.#at]!
    if (c === QUOTE) this.#skipString()
    else if (c === OPEN || c === OPEN_LIST) this.#skipNested(c, depth)
    else if (c === 0x74) this.#skipLiteral(TRUE)
    else if (c === 0x66) this.#skipLiteral(FALSE)
    else if (c === 0x6e) this.#skipLiteral(NULL)
    else this.#skipNumber()
    if (this.#at > this.#end) throw UNSURE
  }

  #skipString(): void {
    const bytes = this.#bytes
    let at = this.#at + 1
    for (;;) {
      const c = bytes[at++]
      if (c === QUOTE) break
      if (c === BACKSLASH) {
        const escaped = bytes[at++]!
        if (escaped === 0x75) {
          for (const stop = at + 4; at < stop; at++) if (HEX[bytes[at]!] !== 1) throw UNSURE
        } else if (ESCAPED[escaped] !== 1) throw UNSURE
      } else if (c === undefined || c < 0x20) throw UNSURE
    }
    this.#at = at
  }

  #skipNested(open: number, depth: number): void {
    if (depth > DEEPEST) throw UNSURE
    const bytes = this.#bytes
    const close = open + 2
    this.#at++
    if (bytes[this.#at] === close) {
      this.#at++
      return
    }
    for (;;) {
      if (open === OPEN) {
        if (bytes[this.#at] !== QUOTE) throw UNSURE
        this.#skipString()
        if (bytes[this.#at++] !== COLON) throw UNSURE
      }
      this.#skip(depth + 1)
      const next = bytes[this.#at++]
      if (next === close) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #skipLiteral(literal: Uint8Array): void {
    for (const c of literal) if (this.#bytes[this.#at++] !== c) throw UNSURE
  }

  #skipNumber(): void {
    const bytes = this.#bytes
    const digits = (): void => {
      const start = this.#at
      while (bytes[this.#at]! >= 0x30 && bytes[this.#at]! <= 0x39) this.#at++
      if (this.#at === start) throw UNSURE
    }
    if (bytes[this.#at] === 0x2d) this.#at++
    if (bytes[this.#at] === 0x30) this.#at++
    else digits()
    if (bytes[this.#at] === 0x2e) {
      this.#at++
      digits()
    }
    if (bytes[this.#at] === 0x65 || bytes[this.#at] === 0x45) {
      this.#at++
      if (bytes[this.#at] === 0x2b || bytes[this.#at] === 0x2d) this.#at++
      digits()
    }
  }

  /** The facet of the values that were met: found by their bytes, made the plain way when they are new. */
  #facet(facet: number, present: readonly number[]): Facet {
    const bytes = this.#bytes
    const starts = this.#starts[facet]!
    const ends = this.#ends[facet]!
    const agent = facet === 0 ? this.#agent : ''
    const incarnation = facet === 0 ? this.#incarnation : ''
    const fits = (one: Seen): boolean =>
      one.agent === agent && one.incarnation === incarnation && this.#isRaw(one.raw, starts, ends, present)
    const last = this.#last[facet]
    if (last !== undefined && fits(last)) return last.facet
    let hash = 0
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot]!
      hash = Math.imul(hash ^ slot, PRIME)
      if (start === -1) continue
      for (let i = start, end = ends[slot]!; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME)
    }
    for (const bits of present) hash = Math.imul(hash ^ bits, PRIME)
    const seen = this.#seen[facet]!
    const same = seen.get(hash)
    for (const one of same ?? NOTHING_SEEN) {
      if (!fits(one)) continue
      this.#last[facet] = one
      return one.facet
    }

    const values: unknown[] = []
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot]!
      values.push(start === -1 ? undefined : JSON.parse(bytes.toString('utf8', start, ends[slot]!)))
    }
    if (facet === 0) {
      values[SEAL_AGENT] = this.#agent
      values[SEAL_INCARNATION] = this.#incarnation
    }
    const made = {
      raw: this.#raw(starts, ends, present),
      agent,
      incarnation,
      facet: this.#book.of(facet, values, present),
    }
    if (this.#seenCount++ > MOST_SEEN) {
      for (const one of this.#seen) one.clear()
      this.#seenCount = 0
    }
    const others = seen.get(hash)
    if (others === undefined) seen.set(hash, [made])
    else others.push(made)
    return made.facet
  }

  /** Presence, then each slot's length and bytes. */
  #raw(starts: Int32Array, ends: Int32Array, present: readonly number[]): Uint8Array {
    const parts: Uint8Array[] = [new Uint8Array(Int32Array.from(present).buffer)]
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot]!
      const length = start === -1 ? 0 : ends[slot]! - start
      parts.push(Uint8Array.of(length & 255, (length >>> 8) & 255, (length >>> 16) & 255, length >>> 24))
      if (start !== -1) parts.push(this.#bytes.subarray(start, start + length))
    }
    return Buffer.concat(parts)
  }

  #isRaw(raw: Uint8Array, starts: Int32Array, ends: Int32Array, present: readonly number[]): boolean {
    const bytes = this.#bytes
    let at = 0
    for (const bits of present) {
      if (raw[at] !== (bits & 255) || raw[at + 1] !== ((bits >>> 8) & 255)) return false
      if (raw[at + 2] !== ((bits >>> 16) & 255) || raw[at + 3] !== bits >>> 24) return false
      at += 4
    }
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot]!
      const length = start === -1 ? 0 : ends[slot]! - start
      if (raw[at] !== (length & 255) || raw[at + 1] !== ((length >>> 8) & 255)) return false
      if (raw[at + 2] !== ((length >>> 16) & 255) || raw[at + 3] !== length >>> 24) return false
      at += 4
      for (let i = 0; i < length; i++) if (raw[at++] !== bytes[start + i]) return false
    }
    return true
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
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const ESCAPED = new Uint8Array(256)
for (const c of Buffer.from('"\\/bfnrt')) ESCAPED[c] = 1
const HEX = new Uint8Array(256)
for (const c of Buffer.from('0123456789abcdefABCDEF')) HEX[c] = 1
