import { type UseQueryResult, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type Answer, ask, type Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'

const EVERY = 30_000

/** `always`: also while another tab is in front. */
export const useUnseen = (always: boolean): UseQueryResult<Answer<'getAlertsUnseen'>, Problem> =>
  useAsk('getAlertsUnseen', {}, { every: EVERY, always })

/** The reader looks at the list of alerts: those on it count as seen. */
export function useSeen(unseen: number): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (unseen === 0) return
    const see = (): void => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', see)
      ask('postAlertsSeen', {}).then(
        () => queries.invalidateQueries({ queryKey: ['getAlertsUnseen'] }),
        // They stay unseen, and the next answer of the list tries again.
        () => undefined,
      )
    }
    document.addEventListener('visibilitychange', see)
    see()
    return () => document.removeEventListener('visibilitychange', see)
  }, [unseen, queries])
}
