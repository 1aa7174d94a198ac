import { CATEGORIES, type Category } from '../../schema/index.ts'

const DAY = 86_400_000
const YEAR = 365 * DAY

/** How long events of one category are kept; all times in ms since they were taken in (`event.ingested`). */
export interface Rule {
  readonly searchable: number
  /** How long the archive keeps them; null if they are never archived. */
  readonly archive: number | null
  /** When they move to cheaper nodes of a cluster; null for never. The embedded store has one place for all. */
  readonly warm: number | null
  readonly cold: number | null
}

/** One table for both stores. */
export type RetentionTable = Readonly<Record<Category, Rule>>

const rule = (
  searchable: number,
  archive: number | null,
  warm: number | null,
  cold: number | null,
): Rule => ({
  searchable,
  archive,
  warm,
  cold,
})

/** The defaults, used if no file overrides them; config/retention.yml has the same. */
export const USUAL_TABLE: RetentionTable = {
  security: rule(2 * YEAR, 7 * YEAR, 30 * DAY, 180 * DAY),
  activity: rule(YEAR, 3 * YEAR, 30 * DAY, 180 * DAY),
  change: rule(YEAR, 5 * YEAR, 30 * DAY, 180 * DAY),
  system: rule(90 * DAY, YEAR, 14 * DAY, null),
  api: rule(30 * DAY, 90 * DAY, null, null),
  view: rule(30 * DAY, null, null, null),
}

/** How long events of a category stay searchable, ms. */
export type Searchable = Readonly<Record<Category, number>>

export const byCategory = <Value>(of: (category: Category) => Value): Readonly<Record<Category, Value>> =>
  Object.fromEntries(CATEGORIES.map((category) => [category, of(category)])) as Record<Category, Value>

export const searchableOf = (table: RetentionTable): Searchable =>
  byCategory((category) => table[category].searchable)

/**
 * The time span of one partition, or of one index, at most: a tenth of the searchable time, in whole days if that is at least one. A
 * partition expires as a whole, so events with a retention of T are kept at most 1.1 T.
 */
export function windowOf(searchable: number): number {
  const tenth = searchable / 10
  return tenth >= DAY ? Math.floor(tenth / DAY) * DAY : Math.max(60_000, Math.floor(tenth / 60_000) * 60_000)
}

/** A time as the table is written: in the largest unit that gives a whole number. */
export function ageText(ms: number): string {
  const units = [
    ['y', YEAR],
    ['d', DAY],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

export const ruleText = ({ searchable, archive, warm, cold }: Rule): string =>
  [
    `searchable ${ageText(searchable)}`,
    `archive ${archive === null ? 'none' : ageText(archive)}`,
    ...(warm === null ? [] : [`warm ${ageText(warm)}`]),
    ...(cold === null ? [] : [`cold ${ageText(cold)}`]),
  ].join(', ')
