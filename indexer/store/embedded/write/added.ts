import type { Additions } from '../../../../schema/index.ts'
import { Latest } from '../../../latest.ts'
import type { BatchAdditions } from '../../port.ts'
import { Collector, type Facet, type FacetBook, type FacetPart, HeldValues, Terms } from '../index/index.ts'

/** Additions as text: JSON, or '' for none. */
export type AddedText = string
export const NOTHING_ADDED: AddedText = ''

/** A batch's additions, asked for in the order of its events. */
export class AddedLines {
  readonly #positions: Uint32Array
  readonly #lines: Buffer
  #next = 0
  #start = 0

  constructor({ positions, lines }: BatchAdditions) {
    this.#positions = positions
    this.#lines = lines
  }

  /** Returns the addition to the event at this position, which must come after that of the call before. */
  at(position: number): AddedText {
    if (this.#positions[this.#next] !== position) return NOTHING_ADDED
    const newline = this.#lines.indexOf(10, this.#start)
    const end = newline === -1 ? this.#lines.length : newline
    const text = this.#lines.toString('utf8', this.#start, end)
    this.#start = end + 1
    this.#next++
    return text
  }
}

/** The parts of additions that go into the search index. */
interface Taken {
  readonly terms: Terms
  readonly held: HeldValues
  readonly part: FacetPart
}

/** Many events come from one place and one client: 4,096 take about 4 MB. */
const REMEMBERED = 4096

/** Takes additions apart for the search index, each text once. */
export class AddedTerms {
  readonly #facets: FacetBook
  readonly #taken = new Latest<AddedText, Taken>(REMEMBERED)

  constructor(facets: FacetBook) {
    this.#facets = facets
  }

  /** Adds their terms and values to those of the event; its action facet as it is with them. */
  add(text: AddedText, terms: Terms, held: HeldValues, action: Facet): Facet {
    const taken = this.#taken.get(text, () => this.#take(text))
    for (let i = 0; i < taken.terms.count; i++) terms.add(taken.terms.high[i]!, taken.terms.low[i]!)
    for (let i = 0; i < taken.held.count; i++)
      held.add(taken.held.columns[i]!, taken.held.bytes, taken.held.startOf(i), taken.held.ends[i]!)
    return this.#facets.with(action, taken.part)
  }

  #take(text: AddedText): Taken {
    const terms = new Terms(32)
    const held = new HeldValues(16)
    const collector = new Collector(terms, held)
    collector.collect(JSON.parse(text) as Additions)
    return { terms, held, part: this.#facets.part(collector.slots[1]!, collector.present) }
  }
}
