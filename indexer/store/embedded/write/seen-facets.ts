import { FACETS, type Facet, type FacetBook, SEAL_AGENT, SEAL_INCARNATION } from '../index/index.ts'
import type { LineMemory } from './line-memory.ts'
import { FIRST_PLACES } from './members.ts'

const MOST_SEEN = 20_000
const MOST_CONTEXTS = 65_536
const SOURCE = 0
const DEED = 1

/** Facets that were met, found by the bytes of their values as they stand in a line: no value is parsed twice. */
export class SeenFacets {
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

  /** What follows came with a waybill of these. */
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
    this.#memory.kernel.forgetFacets()
    this.#seen.length = 0
    this.#contexts.clear()
  }

  /** The facet of the source of the line that was read. */
  source(): Facet {
    if (this.#seen.length >= MOST_SEEN || !this.#memory.hasRoomForFacets) {
      this.#forget()
      this.#enter()
    }
    const number = this.#memory.kernel.facet(FIRST_PLACES[SOURCE]!, FACETS[SOURCE]!.length, this.#context, 0)
    return number >= 0 ? this.#seen[number]! : this.#made(SOURCE, -1 - number)
  }

  /** The facet of its action; to be asked for behind that of the source. */
  action(): Facet {
    const { kernel, present } = this.#memory
    const number = kernel.facet(FIRST_PLACES[DEED]!, FACETS[DEED]!.length, 0, present.length)
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
