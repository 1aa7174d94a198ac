import { CATEGORIES, type Category, isCategory } from '../../../../schema/index.ts'
import { type Searchable, searchableOf, USUAL_TABLE, windowOf } from '../../../lifecycle/table.ts'

const DAY = 86_400_000

export const withDefaults = (searchable: Partial<Searchable>): Searchable => ({
  ...searchableOf(USUAL_TABLE),
  ...searchable,
})

/** The partition that takes what arrives now. */
export function partitionFor(category: Category, ingested: number, searchable: Searchable): string {
  const width = windowOf(searchable[category])
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
