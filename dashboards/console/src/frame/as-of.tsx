import { type QueryCache, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { dayOf, minuteTime } from '../time/format.ts'
import { useZone } from './preferences.ts'

/** The interval of refreshes of a visible screen, ms. */
const EVERY = 60_000
const LOOK = 2000
/** The time after a movement of the pointer, ms, in which nothing on the screen moves. */
const RESTING = 3000

/** Answers that do not become outdated with new events. */
const LASTING: ReadonlySet<unknown> = new Set([
  'getFields',
  'getFieldsNameValues',
  'getSavedSearches',
  'getEventsId',
  // Each reading of one is in the audit trail.
  'getDeadLettersId',
  // The bell asks by itself, on every screen.
  'getAlertsUnseen',
])

/** The time of the oldest answer on the screen; null if there is none. */
function oldestOf(cache: QueryCache): number | null {
  let oldest: number | null = null
  for (const { queryKey, state } of cache.findAll({ type: 'active' })) {
    const { dataUpdatedAt: at } = state
    if (at > 0 && !LASTING.has(queryKey[0]) && (oldest === null || at < oldest)) oldest = at
  }
  return oldest
}

const listeners = new Set<() => void>()
let asked = Date.now()

/** The moment for which a screen asks: a refresh moves it. */
export const useMoment = (): number =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => asked,
  )

function useOldest(): number | null {
  const cache = useQueryClient().getQueryCache()
  return useSyncExternalStore(
    useCallback((listener) => cache.subscribe(listener), [cache]),
    () => oldestOf(cache),
  )
}

/** Shows the time of the answers on the screen. */
export function AsOf() {
  const zone = useZone()
  const oldest = useOldest()
  if (oldest === null) return null
  const [day, today] = [dayOf(oldest, zone), dayOf(Date.now(), zone)]
  return (
    <span className="as-of quiet">
      as of{' '}
      <time dateTime={new Date(oldest).toISOString()}>
        {day === today ? '' : `${day}, `}
        {minuteTime(oldest, zone)}
      </time>
      <span className="zone">{zone}</span>
    </span>
  )
}

/** Shows the same for a dashboard, which asks again each minute, and when somebody requests it. */
export function Refreshed() {
  const queries = useQueryClient()
  const refresh = useCallback(() => {
    asked = Date.now()
    for (const listener of listeners) listener()
    // The screen is drawn for the new moment first, so that questions it no longer asks are not repeated.
    setTimeout(
      () => void queries.invalidateQueries({ predicate: ({ queryKey }) => !LASTING.has(queryKey[0]) }),
    )
  }, [queries])
  useEffect(() => {
    let moved = Number.NEGATIVE_INFINITY
    const note = (): void => {
      moved = performance.now()
    }
    const look = (): void => {
      const oldest = oldestOf(queries.getQueryCache())
      const isDue = oldest !== null && Date.now() - Math.max(oldest, asked) >= EVERY
      if (isDue && !document.hidden && queries.isFetching() === 0 && performance.now() - moved > RESTING)
        refresh()
    }
    const timer = setInterval(look, LOOK)
    document.addEventListener('visibilitychange', look)
    document.addEventListener('pointermove', note, { passive: true })
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      document.removeEventListener('pointermove', note)
    }
  }, [queries, refresh])
  return (
    <span className="refreshed">
      <AsOf />
      <button type="button" onClick={refresh}>
        Refresh
      </button>
    </span>
  )
}
