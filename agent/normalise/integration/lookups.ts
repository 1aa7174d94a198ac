import { Piece } from '../wasm/piece.ts'
import type { Assignment, Lookup } from './integration.ts'
import { leafOf } from './layout.ts'

/** A lookup's value for a leaf, and the JSON of the value. */
export interface Given {
  readonly leaf: number
  readonly value: string | number | boolean | readonly string[]
  readonly json: Piece
}

export const given = (leaf: number, value: Given['value']): Given => ({
  leaf,
  value,
  json: new Piece(JSON.stringify(value)),
})

export const givenBy = ({ field, value }: Assignment): Given => given(leafOf(field), value)

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\x00-\x7f]+/g

/** Splits a name into words: `customerUpdated`, `CUSTOMER_UPDATED` and `customer.updated` are the same two words. */
export function wordsOfName(text: string): string[] {
  return (text.match(WORD) ?? []).map((word) => word.toLowerCase())
}

interface Row {
  /** Sequences of words. */
  readonly runs: readonly (readonly string[])[]
  readonly set: readonly Given[]
}

type Memory = Map<string, Memory | readonly Given[]>

/**
 * All lookups of an integration. There are few actions and kinds of entities, so the result of their texts is computed once and
 * remembered.
 */
export class Lookups {
  /** The leaves whose texts decide. */
  readonly leaves: readonly number[]
  readonly #lookups: readonly { readonly at: readonly number[]; readonly rows: readonly Row[] }[]
  #memory: Memory = new Map()
  #remembered = 0

  constructor(lookups: readonly Lookup[]) {
    this.leaves = [...new Set(lookups.flatMap((lookup) => lookup.from.map(leafOf)))]
    this.#lookups = lookups.map((lookup) => ({
      at: lookup.from.map((name) => this.leaves.indexOf(leafOf(name))),
      rows: lookup.rows.map((row) => ({ runs: row.words.map(wordsOfName), set: row.set.map(givenBy) })),
    }))
  }

  /** Returns every value that a lookup can set. */
  all(): readonly Given[] {
    return this.#lookups.flatMap(({ rows }) => rows.flatMap(({ set }) => set))
  }

  /** Returns the results of the texts, the strongest first; `texts` belong to `leaves`, empty if there is none. */
  of(texts: readonly string[]): readonly Given[] {
    let memory = this.#memory
    const last = texts.length - 1
    for (let i = 0; i < last; i++) {
      const text = texts[i]!
      let next = memory.get(text)
      if (!(next instanceof Map)) {
        next = new Map()
        memory.set(text, next)
      }
      memory = next
    }
    if (last < 0) return []
    const known = memory.get(texts[last]!)
    if (known !== undefined && !(known instanceof Map)) return known
    const given = this.#work(texts)
    if (++this.#remembered > 4096) {
      // If a source always has new actions, this costs time but never memory.
      this.#memory = new Map()
      this.#remembered = 0
    } else {
      memory.set(texts[last]!, given)
    }
    return given
  }

  #work(texts: readonly string[]): readonly Given[] {
    const words = texts.map((text) => wordsOfName(text.slice(0, 256)))
    const given: Given[] = []
    for (const { at, rows } of this.#lookups) {
      for (const row of rows) {
        if (row.runs.some((run) => at.some((i) => holds(words[i]!, run)))) given.push(...row.set)
      }
    }
    const leaves = new Set<number>()
    return given.filter(({ leaf }) => !leaves.has(leaf) && leaves.add(leaf))
  }
}

function holds(words: readonly string[], run: readonly string[]): boolean {
  if (run.length === 0) return false
  for (let i = 0; i + run.length <= words.length; i++) {
    if (run.every((word, k) => words[i + k] === word)) return true
  }
  return false
}
