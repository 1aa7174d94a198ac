import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type Answer, ask, type Name, type Problem, type Question } from './ask.ts'

interface Options {
  /** Ask again so often, in ms. */
  readonly every?: number
  readonly enabled?: boolean
}

/** The answer to a question, kept while the screen needs it; the former one stays while the next is on its way. */
export function useAsk<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  { every, enabled = true }: Options = {},
): UseQueryResult<Answer<Of>, Problem> {
  return useQuery<Answer<Of>, Problem>({
    queryKey: [name, asked],
    queryFn: ({ signal }) => ask(name, asked, signal),
    placeholderData: keepPreviousData,
    enabled,
    ...(every === undefined ? {} : { refetchInterval: every }),
  })
}
