import { useEffect, useState } from 'react'
import { ask, type Problem } from '../api/ask.ts'
import type { Event } from './event.ts'

const EVERY = 1500
/** What a reader can have in view; older ones are found by searching. */
const KEPT = 2000

export interface Tail {
  /** Newest first. */
  readonly events: readonly Event[]
  readonly problem: Problem | null
}

const NOTHING: Tail = { events: [], problem: null }

/** Follows what is stored from now on; what matches comes in as it arrives. */
export function useTail(q: string, on: boolean): Tail {
  const [tail, setTail] = useState<Tail>(NOTHING)
  useEffect(() => {
    setTail(NOTHING)
    if (!on) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let after: string | undefined
    const step = async (): Promise<void> => {
      try {
        const { events, next } = await ask('getArrivals', { query: { q, after, limit: '500' } }, stop.signal)
        after = next
        setTail((before) => ({
          events:
            events.length === 0 ? before.events : [...events.toReversed(), ...before.events].slice(0, KEPT),
          problem: null,
        }))
      } catch (error) {
        if (stop.signal.aborted) return
        setTail((before) => ({ ...before, problem: error as Problem }))
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void step(), EVERY)
    }
    void step()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [q, on])
  return tail
}
