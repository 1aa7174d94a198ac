import * as z from 'zod'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'
import { RecordCache } from './record-cache.ts'

const savedSearchSchema = z.object({
  name: z.string(),
  /** The part of an address of the console after `/events`: query, time, filters, order, columns. */
  search: z.string(),
  saved: z.number(),
  /** Other users see it. Searches that were saved before there was this choice stay private. */
  shared: z.boolean().default(false),
})
export type SavedSearch = z.infer<typeof savedSearchSchema>

const shelfSchema = z.object({
  searches: z.array(savedSearchSchema),
  /** The name of the owner, for the others who see what they share; the key is an id. */
  owner: z.string().default(''),
})
type Shelf = z.infer<typeof shelfSchema>

interface SharedSearch extends SavedSearch {
  readonly owner: string
}

export const MOST_SEARCHES = 100

/** Searches that people keep: wherever they sign in, they find them again. Others see the shared ones. */
export class SavedSearches {
  readonly #shelves: RecordCache<Shelf>
  readonly #clock: () => number

  private constructor(shelves: RecordCache<Shelf>, clock: () => number) {
    this.#shelves = shelves
    this.#clock = clock
  }

  static async open(parts: { records: Records; clock: () => number }): Promise<SavedSearches> {
    return new SavedSearches(
      await RecordCache.open(parts.records, 'saved-searches', shelfSchema),
      parts.clock,
    )
  }

  /** Returns the searches of an owner, by name. */
  of(owner: string): readonly SavedSearch[] {
    return this.#shelves.get(owner)?.searches ?? []
  }

  /** Returns the searches that others than this owner share, by name. */
  sharedBesides(owner: string): readonly SharedSearch[] {
    return this.#shelves
      .entries()
      .filter(([key]) => key !== owner)
      .flatMap(([, shelf]) =>
        shelf.searches.filter(({ shared }) => shared).map((one) => ({ ...one, owner: shelf.owner })),
      )
      .sort((a, b) => a.name.localeCompare(b.name))
  }

  /** Saves a search, in place of one of the same name. It stays shared, or private, unless `shared` says which. */
  async save(
    owner: { readonly key: string; readonly name: string },
    { name, search, shared }: { name: string; search: string; shared: boolean | undefined },
  ): Promise<SavedSearch> {
    const before = this.of(owner.key).find((one) => one.name === name)
    const made = { name, search, saved: this.#clock(), shared: shared ?? before?.shared ?? false }
    const beside = (searches: readonly SavedSearch[]): SavedSearch[] => {
      const others = searches.filter((one) => one.name !== name)
      if (others.length >= MOST_SEARCHES)
        throw new Refusal(
          'WB-LIMIT-REACHED',
          `There are ${MOST_SEARCHES} saved searches already: delete some.`,
        )
      return [...others, made].sort((a, b) => a.name.localeCompare(b.name))
    }
    // Another request may make the shelf at the same moment; then the loop changes that one.
    for (;;) {
      const changed = await this.#shelves.change(owner.key, ({ searches }) => ({
        searches: beside(searches),
        owner: owner.name,
      }))
      const first = { searches: [made], owner: owner.name }
      if (changed !== undefined || (await this.#shelves.add(owner.key, first))) return made
    }
  }

  async forget(owner: string, name: string): Promise<void> {
    await this.#shelves.change(owner, (shelf) => ({
      ...shelf,
      searches: shelf.searches.filter((one) => one.name !== name),
    }))
  }

  /** Removes the saved searches of a removed user. */
  async forgetAll(owner: string): Promise<void> {
    await this.#shelves.remove(owner)
  }
}
