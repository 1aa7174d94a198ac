import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Answer, ask, type Name, type Question } from '../api/ask.ts'

export interface Act {
  readonly busy: boolean
  readonly problem: string | null
  /** Makes the change, and asks again for the answers that it may have changed. Null if it failed. */
  run<Of extends Name>(name: Of, asked: Question<Of>): Promise<{ readonly answer: Answer<Of> } | null>
}

/**
 * A change by the user: whether it is pending, and why it failed. It may change everything on the screen, unless `touches` names the
 * answers.
 */
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
