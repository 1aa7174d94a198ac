import { useCallback, useEffect, useMemo, useReducer, useState } from 'react'
import { type Answer, ask } from '../api/ask.ts'
import { locate } from '../rows/locate.ts'
import { type Asking, Results } from '../rows/results.ts'
import { type Interval, intervalOf } from '../time/ranges.ts'
import { type Event, idOf } from './event.ts'
import { asked, type Question } from './question.ts'

interface Found {
  readonly results: Results<Event>
  /** The rows that the last renewal brought. */
  readonly fresh: ReadonlySet<string>
  /**
   * Asks again. The shown rows stay until the new ones arrive, and longer if `isWanted` then returns false; the result is false if they
   * stayed.
   */
  readonly renew: (isWanted?: () => boolean) => Promise<boolean>
}

const NONE: ReadonlySet<string> = new Set()

/** The results of a question. */
export function useResults(question: Question, count: number | null): Found {
  const [, changed] = useReducer((version: number) => version + 1, 0)
  const what = JSON.stringify({ ...asked(question), range: question.range, sort: question.sort })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `what` is all of the question that its answer depends on.
  const first = useMemo(() => new Results(askingFor(question), changed), [what])
  const [renewed, setRenewed] = useState({ of: first, results: first, fresh: NONE })
  const { results, fresh } = renewed.of === first ? renewed : { results: first, fresh: NONE }
  useEffect(() => {
    void results.want(...results.wanted)
    return () => results.close()
  }, [results])
  useEffect(() => {
    if (count !== null) results.counted(count)
  }, [results, count])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question is that of `first`.
  const renew = useCallback(
    async (isWanted: () => boolean = () => true): Promise<boolean> => {
      const next = new Results(askingFor(question), changed)
      await next.want(...results.wanted)
      if (next.problem !== null) results.failed(next.problem)
      if (next.problem !== null || !isWanted()) return false
      const before = new Set(results.newest.map(idOf))
      const came = next.newest.map(idOf).filter((id) => !before.has(id))
      setRenewed({ of: first, results: next, fresh: new Set(came) })
      return true
    },
    [first, results],
  )
  return { results, fresh, renew }
}

function askingFor(question: Question): Asking<Event> {
  const what = { ...asked(question), sort: question.sort }
  const newestFirst = question.sort !== 'oldest'
  const isByTime = question.sort === 'newest' || question.sort === 'oldest'
  return {
    async page(start, most, signal) {
      const at = 'after' in start ? start : { [newestFirst ? 'to' : 'from']: String(start.moment) }
      const { events, next } = await ask(
        'getSearch',
        { query: { ...what, ...at, limit: String(most) } },
        signal,
      )
      return { rows: events, next }
    },
    locate: isByTime ? locatingFor(question, newestFirst) : null,
  }
}

const DAY = 86_400_000

/** Places by counts of the question's events over time; the same counts are asked for once. */
function locatingFor(question: Question, newestFirst: boolean): NonNullable<Asking<Event>['locate']> {
  const { q, to } = asked(question)
  const now = Date.now()
  // Clocks that are wrong have events that are yet to come: these are before or behind the rest, not within it.
  const within = { ...(intervalOf(question.range, now) ?? { from: 0 }), to: Number(to ?? now + DAY) }
  const known = new Map<string, Promise<Answer<'postAggregate'>>>()
  const counted = (asked: { from: string; to?: string }, every: number | null, signal: AbortSignal) => {
    const body = {
      q,
      own: question.own,
      ...asked,
      by: every === null ? [] : [{ kind: 'time' as const, every }],
    }
    const key = JSON.stringify(body)
    const answer = known.get(key) ?? ask('postAggregate', { body }, signal)
    known.set(key, answer)
    answer.catch(() => known.delete(key))
    return answer
  }
  const later = async (signal: AbortSignal): Promise<number> =>
    newestFirst && to === undefined ? (await counted({ from: String(within.to) }, null, signal)).count : 0
  return async (row, near, signal) =>
    locate(row, near, {
      within,
      before: await later(signal),
      newestFirst,
      async count({ from, to: end }: Interval, width) {
        const { split } = await counted({ from: moment(from), to: moment(end) }, width, signal)
        return (split?.buckets ?? []).map(({ key, count }) => ({ at: Number(key), count }))
      },
    })
}

/** Milliseconds; what has fewer digits than five would be read as a year. */
const moment = (at: number): string => String(Math.max(at, 10_000))
