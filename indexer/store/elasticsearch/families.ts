import type { Client } from '@elastic/elasticsearch'
import { CATEGORIES, type Category } from '../../../schema/index.ts'
import { StoreUnavailableError } from '../port.ts'
import { asking } from './failures.ts'
import type { Names } from './names.ts'

/** A category's indices. */
export interface Family {
  /** The index that its alias writes to. */
  readonly write: string
  /** All of its indices, oldest first. */
  readonly all: readonly string[]
}

/** How long a lookup is valid, ms: nobody reports rollovers. An index that was rolled over still takes writes. */
const SEEN_FOR = 5_000

/** The indices of each category. */
export class Families {
  readonly #client: Client
  readonly #names: Names
  readonly #now: () => number
  #seen: { readonly at: number; readonly families: Promise<ReadonlyMap<Category, Family>> } | null = null

  constructor(client: Client, names: Names, now: () => number) {
    this.#client = client
    this.#names = names
    this.#now = now
  }

  async of(category: Category): Promise<Family> {
    const family = (await this.#current()).get(category)
    if (family === undefined) {
      throw new StoreUnavailableError(
        `Elasticsearch has no alias ${this.#names.alias(category)} with an index to write to; start an indexer with store.elasticsearch.setup: automatic once, with a user that may create indices`,
      )
    }
    return family
  }

  /** Returns all indices of events. */
  async all(): Promise<string[]> {
    return [...(await this.#current()).values()].flatMap(({ all }) => [...all])
  }

  /** Returns the indices that new events go to now. */
  async writeIndices(): Promise<string[]> {
    return [...(await this.#current()).values()].map(({ write }) => write)
  }

  /** Forgets the lookup: something was found to differ, so the next question goes to the cluster. */
  forget(): void {
    this.#seen = null
  }

  #current(): Promise<ReadonlyMap<Category, Family>> {
    const now = this.#now()
    if (this.#seen === null || now - this.#seen.at >= SEEN_FOR || now < this.#seen.at) {
      const families = this.#look()
      const seen = { at: now, families }
      this.#seen = seen
      families.catch(() => {
        if (this.#seen === seen) this.#seen = null
      })
    }
    return this.#seen.families
  }

  async #look(): Promise<ReadonlyMap<Category, Family>> {
    const aliases = CATEGORIES.map((category) => this.#names.alias(category))
    const answer = await asking(() =>
      this.#client.indices.getAlias({ name: aliases, ignore_unavailable: true }, { ignore: [404] }),
    )
    const families = new Map<Category, Family>()
    for (const category of CATEGORIES) {
      const alias = this.#names.alias(category)
      const all: string[] = []
      let write: string | undefined
      for (const [index, { aliases: its }] of Object.entries(answer)) {
        const definition = its?.[alias]
        if (definition === undefined) continue
        all.push(index)
        if (definition.is_write_index === true) write = index
      }
      all.sort()
      write ??= all.length === 1 ? all[0] : undefined
      if (write !== undefined) families.set(category, { write, all })
    }
    return families
  }
}
