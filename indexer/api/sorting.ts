import * as z from 'zod'
import { reasonOf } from '../../schema/index.ts'
import type { Events } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'
import { type Page, type SearchRequest, sortedPage, type ValueOrder } from '../store/index.ts'
import { fieldNameOf } from './routes/asked.ts'

/** The order: by time, or by the values of a field. */
export type Sorting = 'newest' | 'oldest' | { readonly field: string; readonly order: ValueOrder }

export const sortText = z
  .string()
  .max(256)
  .regex(/^-?[\w@.-]+$/, 'expected newest, oldest, or a field, with - before it for descending order')
  .default('newest')
  .describe(
    'newest, oldest, or a field whose values can be counted (user.name, or -user.name for descending order): ' +
      'events with the same value come newest first, those without a value last.',
  )

export function sortingOf(text: string): Sorting {
  if (text === 'newest' || text === 'oldest') return text
  const descending = text.startsWith('-')
  try {
    const field = fieldNameOf(descending ? text.slice(1) : text)
    return { field, order: descending ? 'descending' : 'ascending' }
  } catch (error) {
    throw new Refusal('WB-REQUEST-INVALID', `sort: ${reasonOf(error)}.`, { cause: error })
  }
}

/** A page in the order that was asked for. */
export function pageIn(
  sorting: Sorting,
  events: Pick<Events, 'search' | 'aggregate'>,
  request: Omit<SearchRequest, 'order'>,
): Promise<Page> {
  return typeof sorting === 'string'
    ? events.search({ ...request, order: sorting })
    : sortedPage(events, { ...request, ...sorting })
}
