import * as z from 'zod'
import { age, readConfig } from '../../config/index.ts'
import type { CATEGORIES } from '../../schema/index.ts'
import { ageText, type RetentionTable, type Rule, USUAL_TABLE } from './table.ts'

const MINUTE = 60_000
/** A tenth of less would be a partition every minute. */
const LEAST = 10 * MINUTE

const ageOrNone = z.union([z.literal('none').transform(() => null), age({ min: LEAST })])

const rule = (usual: Rule) =>
  z
    .strictObject({
      searchable: age({ min: LEAST }).default(usual.searchable),
      archive: ageOrNone.default(usual.archive),
      warm: ageOrNone.optional(),
      cold: ageOrNone.optional(),
    })
    // Tiers that are defaults give way to a shorter searchable time.
    .transform(({ warm, cold, ...rest }): Rule => {
      const within = (tier: number | null): number | null =>
        tier !== null && tier < rest.searchable ? tier : null
      return {
        ...rest,
        warm: warm === undefined ? within(usual.warm) : warm,
        cold: cold === undefined ? within(usual.cold) : cold,
      }
    })
    .superRefine(({ searchable, archive, warm, cold }, context) => {
      const wrong = (key: string, message: string): void => {
        context.addIssue({ code: 'custom', path: [key], message })
      }
      if (archive !== null && archive < searchable)
        wrong(
          'archive',
          `expected at least the searchable time (${ageText(searchable)}), since the archive must keep events that can still be searched; or none`,
        )
      if (warm !== null && warm >= searchable)
        wrong('warm', `expected less than the searchable time (${ageText(searchable)}), or none`)
      if (cold !== null && cold >= searchable)
        wrong('cold', `expected less than the searchable time (${ageText(searchable)}), or none`)
      if (warm !== null && cold !== null && cold <= warm)
        wrong('cold', `expected more than warm (${ageText(warm)}), or none`)
    })
    .prefault({})

/** retention.yml: a line for each category; omitted parts have their defaults. */
export const retentionSchema: z.ZodType<RetentionTable> = z.strictObject({
  security: rule(USUAL_TABLE.security),
  activity: rule(USUAL_TABLE.activity),
  change: rule(USUAL_TABLE.change),
  system: rule(USUAL_TABLE.system),
  api: rule(USUAL_TABLE.api),
  view: rule(USUAL_TABLE.view),
} satisfies Record<(typeof CATEGORIES)[number], z.ZodType<Rule>>)

/** Reads the table of a file, or returns the default one if none is named. */
export async function readRetention(file: string | undefined): Promise<RetentionTable> {
  return file === undefined ? USUAL_TABLE : (await readConfig(file, retentionSchema)).value
}
