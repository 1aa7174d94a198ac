import type { Mapping } from '../integration/mapping.ts'
import type { RecordRows } from './record-rows.ts'

/** The rules that have a value in records with the same members, in their order, with the best source of each. */
export interface Plan {
  /** The sources of these members, -1 for those that were empty. */
  readonly sources: Int32Array
  readonly rules: Int32Array
  readonly best: Int32Array
}

/** There are few kinds of records, so a fixed number of places is sufficient. */
const PLACES = 256
const NO_RANK = 1 << 30
const EMPTY = -1

/** Plans the mapping of a record, by its members. */
export class Plans {
  readonly #found: RecordRows
  readonly #mapping: Mapping
  /** By source: each rule that takes from it, and the source's position among the rule's sources. */
  readonly #rulesOf: readonly Int32Array[]
  readonly #known: (Plan | undefined)[] = new Array(PLACES).fill(undefined)
  readonly #sources: Int32Array

  constructor(found: RecordRows, mapping: Mapping) {
    const { names, rules } = mapping
    this.#found = found
    this.#mapping = mapping
    this.#sources = new Int32Array(names.size)
    this.#rulesOf = Array.from({ length: names.size }, (_, source) =>
      Int32Array.from(
        rules.flatMap((rule, i) => {
          const rank = rule.sources.indexOf(source)
          return rank === -1 ? [] : [i, rank]
        }),
      ),
    )
  }

  /** The plan for the current record. */
  plan(): Plan {
    const { consumed, sources, sourceCount } = this.#found
    const own = this.#sources
    let hash = sourceCount
    for (let i = 0; i < sourceCount; i++) {
      const source = consumed[sources[i]!] === 1 ? EMPTY : sources[i]!
      own[i] = source
      hash = (Math.imul(hash, 31) + source) | 0
    }
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1)
    const known = this.#known[place]
    if (known !== undefined && this.#isFor(known, sourceCount)) return known
    // Two frequent kinds of records may share a place: computing their plans repeatedly would cost more than everything else.
    const other = this.#known[place ^ 1]
    if (other !== undefined && this.#isFor(other, sourceCount)) return other
    this.#known[place ^ 1] = known
    const made = this.#make(own.slice(0, sourceCount))
    this.#known[place] = made
    return made
  }

  #isFor({ sources }: Plan, count: number): boolean {
    if (sources.length !== count) return false
    for (let i = 0; i < count; i++) if (sources[i] !== this.#sources[i]) return false
    return true
  }

  #make(sources: Int32Array): Plan {
    const { rules } = this.#mapping
    const ranks = new Int32Array(rules.length).fill(NO_RANK)
    const bestOf = new Int32Array(rules.length)
    for (const source of sources) {
      if (source === EMPTY) continue
      const rulesOf = this.#rulesOf[source]!
      for (let k = 0; k < rulesOf.length; k += 2) {
        const rule = rulesOf[k]!
        if (rulesOf[k + 1]! >= ranks[rule]!) continue
        ranks[rule] = rulesOf[k + 1]!
        bestOf[rule] = source
      }
    }
    const due = [...rules.keys()].filter((rule) => rules[rule]!.constant !== null || ranks[rule]! < NO_RANK)
    return {
      sources,
      rules: Int32Array.from(due),
      best: Int32Array.from(due, (rule) => bestOf[rule]!),
    }
  }
}
