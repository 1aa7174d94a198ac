import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query'
import { type Answer, ask, type Problem } from '../api/ask.ts'
import { asked, type Question } from './question.ts'

const PAGE = '200'

/** What was found, page by page as the reader scrolls. */
export function useResults(question: Question) {
  const what = { ...asked(question), sort: question.sort }
  return useInfiniteQuery<
    Answer<'getSearch'>,
    Problem,
    InfiniteData<Answer<'getSearch'>>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: ['getSearch', 'pages', what],
    queryFn: ({ pageParam, signal }) =>
      ask('getSearch', { query: { ...what, limit: PAGE, after: pageParam } }, signal),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
}
