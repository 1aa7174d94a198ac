import * as z from 'zod'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'
import { RecordCache } from './record-cache.ts'

const savedSearchSchema = z.object({
  name: z.string(),
  /** The part of an address of the console after `/events`: query, time, filters, order, columns. */
  search: z.string(),
  saved: z.number(),
})
export type SavedSearch = z.infer<typeof savedSearchSchema>

const shelfSchema = z.object({ searches: z.array(savedSearchSchema) })

export const MOST_SEARCHES = 100

/** Searches that people keep, each for themselves: wherever they sign in, they find them again. */
export class SavedSearches {
  readonly #shelves: RecordCache<z.infer<typeof shelfSchema>>
  readonly #clock: () => number

  private constructor(shelves: RecordCache<z.infer<typeof shelfSchema>>, clock: () => number) {
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

  /** Saves a search, in place of one of the same name. */
  async save(owner: string, { name, search }: { name: string; search: string }): Promise<SavedSearch> {
    const made = { name, search, saved: this.#clock() }
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
      const changed = await this.#shelves.change(owner, ({ searches }) => ({ searches: beside(searches) }))
      if (changed !== undefined || (await this.#shelves.add(owner, { searches: [made] }))) return made
    }
  }

  async forget(owner: string, name: string): Promise<void> {
    await this.#shelves.change(owner, ({ searches }) => ({
      searches: searches.filter((one) => one.name !== name),
    }))
  }

  /** Removes the saved searches of a removed user. */
  async forgetAll(owner: string): Promise<void> {
    await this.#shelves.remove(owner)
  }
}
