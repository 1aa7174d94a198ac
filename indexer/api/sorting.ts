import * as z from 'zod'
import { reasonOf } from '../../schema/index.ts'
import type { Events } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'
import { type Page, type SearchRequest, sortedPage, type ValueOrder } from '../store/index.ts'
import { fieldNameOf } from './routes/asked.ts'

/** By time, or by the values of a field. */
export type Sorting = 'newest' | 'oldest' | { readonly field: string; readonly order: ValueOrder }

export const sortText = z
  .string()
  .max(256)
  .regex(
    /^-?[\w@.-]+$/,
    'expected newest, oldest, or a field, with - before it from the last value to the first',
  )
  .default('newest')
  .describe(
    'newest, oldest, or a field whose values can be counted (user.name, or -user.name from the last to the first): its events in that order, ' +
      'those of one value newest first, those without a value last.',
  )

export function sortingOf(text: string): Sorting {
  if (text === 'newest' || text === 'oldest') return text
  const descending = text.startsWith('-')
  try {
    const field = fieldNameOf(descending ? text.slice(1) : text)
    return { field, order: descending ? 'descending' : 'ascending' }
  } catch (error) {
    throw new Refusal(400, 'bad-request', `sort: ${reasonOf(error)}.`, { cause: error })
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
