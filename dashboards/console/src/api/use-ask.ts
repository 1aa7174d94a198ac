import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type Answer, ask, type Name, type Problem, type Question } from './ask.ts'

interface Options<Of extends Name> {
  /** The interval of repeated requests, ms; it may depend on the last answer. */
  readonly every?: number | ((answer: Answer<Of> | undefined) => number)
  /** Also while another tab is in front. */
  readonly always?: boolean
  readonly enabled?: boolean
}

/** The answer to a question, kept while the screen needs it; the previous answer stays until the next one arrives. */
export function useAsk<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  { every, always = false, enabled = true }: Options<Of> = {},
): UseQueryResult<Answer<Of>, Problem> {
  return useQuery<Answer<Of>, Problem>({
    queryKey: [name, asked],
    queryFn: ({ signal }) => ask(name, asked, signal),
    placeholderData: keepPreviousData,
    enabled,
    ...(every === undefined
      ? {}
      : {
          refetchInterval: typeof every === 'number' ? every : ({ state }) => every(state.data),
          refetchIntervalInBackground: always,
        }),
  })
}
