import { EARLIEST_TIMESTAMP, isGivenId, LATEST_TIMESTAMP, LIMITS } from '../../../../schema/index.ts'
import { type Collector, FACETS, type Facet, type FacetBook, PRESENCE } from '../index/index.ts'
import { LineMemory } from './line-memory.ts'
import { type IndexedWay, placeOfFacet, writeMembers } from './members.ts'
import { ID_BYTES } from './prepared-events.ts'
import { SeenFacets } from './seen-facets.ts'
import type { Users } from './users.ts'

const QUOTE = 0x22
/** Numbers of a rest: its member's address, its seed, where it starts and ends. */
const REST_NUMBERS = 4
const HELD_NUMBERS = 3
/** Where the mark of a given id begins, in bytes. */
const GIVEN_AT = 12

/**
 * Reads a line's bytes in one pass, without making an object of it: the kernel does what can be done with bytes alone, and names the few values
 * (escapes, what is beyond ASCII, fractions, IPv6) that are for this side. It is for lines as our agents write them: canonical, mostly ASCII. `scan`
 * says false wherever it is not sure, and then the plain way decides: it never refuses a line itself. A test holds the two against each other, on
 * random and on damaged lines.
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
    memory.kernel.prepare(root, slots, LIMITS.indexedLength, EARLIEST_TIMESTAMP, LATEST_TIMESTAMP)
    memory.kernel.prepareChanges(
      placeOfFacet('audit.change.fields'),
      addresses.get('audit.change.before')!,
      addresses.get('audit.change.after')!,
    )
    this.#memory = memory
    this.#ways = ways
    this.#seen = new SeenFacets(book, memory)
  }

  /** What follows is of this batch. */
  begin(agent: string, incarnation: string): void {
    this.#memory.begin()
    this.#seen.begin(agent, incarnation)
  }

  /** Takes the line apart into the collector's lists; false, and nothing added, where the plain way must. */
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
      // Which of too many words are indexed, the plain way says.
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

  /** Whether its id is one that only the indexer gives: the plain way refuses it. */
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
