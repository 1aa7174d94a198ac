import { folded, type Integration } from '../integration/integration.ts'
import type { Mapping } from '../integration/mapping.ts'

/** The parts of an integration that no record used: a name that the source never writes, a type that never happens. */
export interface NeverMatched {
  readonly paths: Unmatched
  readonly types: Unmatched
}

export interface Unmatched {
  /** The total number. */
  readonly of: number
  readonly never: readonly string[]
}

/** Records which parts of an integration the records of files have used. */
export class Coverage {
  readonly #integration: Integration
  readonly #paths: readonly string[]
  readonly #found = new Set<string>()
  readonly #types = new Set<string>()

  /** `inherited` excludes the names that come from another integration. */
  constructor(integration: Integration, inherited: Integration | null) {
    const others = new Set((inherited?.fields ?? []).flatMap(({ from }) => from).map(folded))
    this.#integration = integration
    this.#paths = [...new Set(integration.fields.flatMap(({ from }) => from))].filter(
      (name) => !others.has(folded(name)),
    )
  }

  /** Returns a function for the records of one file: it takes the sources that a record has a value for, and its type. */
  taker({ names }: Mapping): (found: readonly number[], type: string | null) => void {
    const nameOf = new Map(this.#paths.map((name) => [names.add(name), name]))
    return (found, type) => {
      if (type !== null) this.#types.add(type)
      for (const source of found) {
        const name = nameOf.get(source)
        if (name !== undefined) this.#found.add(folded(name))
      }
    }
  }

  neverMatched(): NeverMatched {
    const types = this.#integration.events.map(({ id }) => id)
    return {
      paths: {
        of: this.#paths.length,
        never: this.#paths.filter((name) => !this.#found.has(folded(name))),
      },
      types: { of: types.length, never: types.filter((id) => !this.#types.has(id)) },
    }
  }
}
