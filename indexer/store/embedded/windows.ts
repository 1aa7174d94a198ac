import { CATEGORIES, type Category, isCategory } from '../../../schema/index.ts'

const DAY = 86_400_000

/** How long events of a category stay searchable, ms. */
export type Retention = Readonly<Record<Category, number>>

export const RETENTION: Retention = {
  security: 730 * DAY,
  activity: 365 * DAY,
  change: 365 * DAY,
  system: 90 * DAY,
  api: 30 * DAY,
  view: 30 * DAY,
}

export const withDefaults = (retention: Partial<Retention>): Retention => ({ ...RETENTION, ...retention })

/**
 * The partition that takes what arrives now: a tenth of the searchable time, in whole days where that is at least one, so that
 * what is kept at least T is kept at most 1.1 T.
 */
export function partitionFor(category: Category, ingested: number, retention: Retention): string {
  const tenth = retention[category] / 10
  const width =
    tenth >= DAY ? Math.floor(tenth / DAY) * DAY : Math.max(60_000, Math.floor(tenth / 60_000) * 60_000)
  const start = new Date(Math.floor(ingested / width) * width).toISOString()
  const day = start.slice(0, 10)
  return width >= DAY
    ? `${category}-${day}`
    : `${category}-${day}T${start.slice(11, 13)}${start.slice(14, 16)}`
}

export function categoryOf(partition: string): Category {
  const category = partition.slice(0, partition.indexOf('-'))
  if (!isCategory(category)) throw new Error(`${partition} begins with none of ${CATEGORIES.join(', ')}`)
  return category
}
