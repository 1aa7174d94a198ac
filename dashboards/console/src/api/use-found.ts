import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type Answer, ask, type Problem } from './ask.ts'
import type { Operations } from './client.ts'

type Asked = Omit<Operations['getSearch']['query'], 'limit' | 'after'>
/** A page may be short and have a next; a query that finds little in much is given up after this many. */
const MOST_PAGES = 20

/** The first events that a query finds, whatever the pages they come in. */
export function useFound(
  asked: Asked,
  most: number,
  enabled = true,
): UseQueryResult<Answer<'getSearch'>, Problem> {
  return useQuery<Answer<'getSearch'>, Problem>({
    queryKey: ['found', asked, most],
    placeholderData: keepPreviousData,
    enabled,
    async queryFn({ signal }) {
      let events: Answer<'getSearch'>['events'] = []
      let next: string | null = null
      for (let page = 0; page < MOST_PAGES; page++) {
        const query = { ...asked, limit: String(most - events.length), after: next ?? undefined }
        const found: Answer<'getSearch'> = await ask('getSearch', { query }, signal)
        events = [...events, ...found.events]
        next = found.next
        if (next === null || events.length >= most) break
      }
      return { events, next }
    },
  })
}
