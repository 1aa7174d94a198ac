import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Answer, ask, type Name, type Question } from '../api/ask.ts'

export interface Act {
  readonly busy: boolean
  readonly problem: string | null
  /** Does it; what it may have changed is asked for again. Null where it was not done. */
  run<Of extends Name>(name: Of, asked: Question<Of>): Promise<{ readonly answer: Answer<Of> } | null>
}

/** A change that somebody makes: whether it is on its way, and why it was not done. It may change all that is on the screen, unless told what. */
export function useAct(touches?: Name): Act {
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  return {
    busy,
    problem,
    async run(name, asked) {
      setBusy(true)
      setProblem(null)
      try {
        const answer = await ask(name, asked)
        await queries.invalidateQueries(touches === undefined ? {} : { queryKey: [touches] })
        return { answer }
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
        return null
      } finally {
        setBusy(false)
      }
    },
  }
}
