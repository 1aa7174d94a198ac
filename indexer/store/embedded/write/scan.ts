import { EARLIEST_TIMESTAMP, isGivenId, LATEST_TIMESTAMP, LIMITS } from '../../../../schema/index.ts'
import {
  type Collector,
  FACETS,
  type Facet,
  type FacetBook,
  PRESENCE,
  SEAL_AGENT,
  SEAL_INCARNATION,
} from '../index/index.ts'
import { LineMemory } from './line-memory.ts'
import { FIRST_PLACES, type IndexedWay, placeOfFacet, writeMembers } from './members.ts'
import { ID_BYTES } from './prepared-events.ts'
import type { Users } from './users.ts'

const QUOTE = 0x22
/** Numbers of a rest: its member's address, its seed, where it starts and ends. */
const REST_NUMBERS = 4
const HELD_NUMBERS = 3
/** The byte at which the mark of a given id begins. */
const GIVEN_AT = 12

/**
 * Reads a line's bytes in one pass, without making an object of it: the module does what bytes alone allow, and names the few values
 * (escapes, what is beyond ASCII, fractions, IPv6) that are for this side. It is for lines as our agents write them: canonical, mostly
 * ASCII. `scan` returns false if it is not sure, and then the plain parser decides: it never refuses a line itself. A test compares the two
 * on random and on damaged lines.
 */
export class Scanner {
  timestamp = 0
  sequence = 0
  user = 0
  sourceFacet!: Facet
  actionFacet!: Facet
  readonly #memory: LineMemory
  readonly #ways: ReadonlyMap<number, IndexedWay>
  readonly #seen: SeenFacets
  readonly #users: Users

  constructor(book: FacetBook, users: Users) {
    this.#users = users
    const slots = FACETS.reduce((sum, { length }) => sum + length, 0)
    const memory = new LineMemory(Math.ceil(PRESENCE.length / 30), slots)
    const { root, ways, addresses } = writeMembers(memory)
    memory.wasm.prepare(root, slots, LIMITS.indexedLength, EARLIEST_TIMESTAMP, LATEST_TIMESTAMP)
    memory.wasm.prepareChanges(
      placeOfFacet('audit.change.fields'),
      addresses.get('audit.change.before')!,
      addresses.get('audit.change.after')!,
    )
    this.#memory = memory
    this.#ways = ways
    this.#seen = new SeenFacets(book, memory)
  }

  /** Begins a batch of this agent and incarnation. */
  begin(agent: string, incarnation: string): void {
    this.#memory.begin()
    this.#seen.begin(agent, incarnation)
  }

  /** Takes the line apart into the collector's lists. Returns false, and adds nothing, if the plain parser must read it. */
  scan(lines: Buffer, start: number, end: number, collector: Collector): boolean {
    const memory = this.#memory
    if (!memory.scan(lines, start, end)) return false
    const { bytes } = memory
    const { terms, held } = collector
    const termsBefore = terms.count
    this.sourceFacet = this.#seen.source()
    this.actionFacet = this.#seen.action()
    if (this.actionFacet.category === null) return false

    collector.begin()
    terms.addAll(memory.high, memory.low, memory.termCount)
    collector.tookWords(memory.wordCount)
    if (memory.restCount > 0) this.#addRest(collector)
    if (!collector.takesWords) {
      // The plain parser decides which of too many words are indexed.
      terms.count = termsBefore
      return false
    }
    collector.finish()
    const { heldPlaces } = memory
    for (let i = 0, n = memory.heldCount * HELD_NUMBERS; i < n; i += HELD_NUMBERS)
      held.add(heldPlaces[i]!, bytes, heldPlaces[i + 1]!, heldPlaces[i + 2]!)
    this.timestamp = memory.time
    this.sequence = memory.sequence
    this.user = this.#user()
    return true
  }

  /** The id of the line that was read. */
  get id(): string {
    const { bytes, id } = this.#memory
    return bytes.toString('hex', id, id + ID_BYTES)
  }

  /** Whether its id is one that only the indexer gives: the plain parser refuses it. */
  get hasGivenId(): boolean {
    const { bytes, id } = this.#memory
    return bytes[id + GIVEN_AT] === 0xff && isGivenId(this.id)
  }

  /** Writes the id of the line that was read into a list of them. */
  copyId(ids: Buffer, event: number): void {
    const { bytes, id } = this.#memory
    bytes.copy(ids, event * ID_BYTES, id, id + ID_BYTES)
  }

  #addRest(collector: Collector): void {
    const { bytes, rest, restCount } = this.#memory
    for (let i = 0, n = restCount * REST_NUMBERS; i < n; i += REST_NUMBERS) {
      const text = String(JSON.parse(bytes.toString('utf8', rest[i + 2]!, rest[i + 3]!)))
      const way = this.#ways.get(rest[i]!)
      if (way === undefined) collector.words(text)
      else collector.value(text, way, rest[i + 1]!)
    }
  }

  #user(): number {
    const { bytes, user, userEnd } = this.#memory
    return bytes[user] === QUOTE && user !== userEnd
      ? this.#users.ofName(JSON.parse(bytes.toString('utf8', user, userEnd)) as string)
      : this.#users.of(bytes, user, userEnd)
  }
}

const MOST_SEEN = 20_000
const MOST_CONTEXTS = 65_536
const SOURCE = 0
const DEED = 1

/** The facets met so far, found by the bytes of their values in a line, so that no value is parsed twice. */
class SeenFacets {
  readonly #book: FacetBook
  readonly #memory: LineMemory
  readonly #seen: Facet[] = []
  /** The waybill's agent and incarnation are part of a source's facet. */
  readonly #contexts = new Map<string, number>()
  #context = 0
  #agent = ''
  #incarnation = ''

  constructor(book: FacetBook, memory: LineMemory) {
    this.#book = book
    this.#memory = memory
  }

  /** Begins the events of a waybill of this agent and incarnation. */
  begin(agent: string, incarnation: string): void {
    this.#agent = agent
    this.#incarnation = incarnation
    if (this.#contexts.size >= MOST_CONTEXTS) this.#forget()
    this.#enter()
  }

  #enter(): void {
    const key = JSON.stringify([this.#agent, this.#incarnation])
    this.#context = this.#contexts.get(key) ?? this.#contexts.size
    this.#contexts.set(key, this.#context)
  }

  #forget(): void {
    this.#memory.wasm.forgetFacets()
    this.#seen.length = 0
    this.#contexts.clear()
  }

  /** The facet of the source of the line that was read. */
  source(): Facet {
    if (this.#seen.length >= MOST_SEEN || !this.#memory.hasRoomForFacets) {
      this.#forget()
      this.#enter()
    }
    const number = this.#memory.wasm.facet(FIRST_PLACES[SOURCE]!, FACETS[SOURCE]!.length, this.#context, 0)
    return number >= 0 ? this.#seen[number]! : this.#made(SOURCE, -1 - number)
  }

  /** The facet of its action; to be asked for behind that of the source. */
  action(): Facet {
    const { wasm, present } = this.#memory
    const number = wasm.facet(FIRST_PLACES[DEED]!, FACETS[DEED]!.length, 0, present.length)
    return number >= 0 ? this.#seen[number]! : this.#made(DEED, -1 - number)
  }

  #made(facet: number, number: number): Facet {
    const { bytes, places, present } = this.#memory
    const first = FIRST_PLACES[facet]! * 2
    const values: unknown[] = []
    for (let place = first; place < first + FACETS[facet]!.length * 2; place += 2) {
      const start = places[place]!
      values.push(start === -1 ? undefined : JSON.parse(bytes.toString('utf8', start, places[place + 1]!)))
    }
    if (facet === SOURCE) {
      values[SEAL_AGENT] = this.#agent
      values[SEAL_INCARNATION] = this.#incarnation
    }
    const made = this.#book.of(facet, values, facet === SOURCE ? [] : [...present])
    this.#seen[number] = made
    return made
  }
}
