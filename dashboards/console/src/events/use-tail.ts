import { useEffect, useRef, useState } from 'react'
import { ask, Problem } from '../api/ask.ts'
import { intervalOf, rangeOf } from '../time/ranges.ts'
import { type Event, idOf, timeOf } from './event.ts'

const EVERY = 1500
const MOST = 1000
/** If more arrives than this many pages hold, the waiting events are shown before the rest is counted. */
const PAGES = 4

export interface Tail {
  /** The number of new events that the list doesn't show yet. */
  readonly waiting: number
  /** There are more than were counted so far. */
  readonly more: boolean
  readonly problem: Problem | null
  /** Brings them in, whatever the reader is doing. */
  readonly show: () => void
}

interface Following {
  readonly q: string
  readonly range: string
  /** Includes Waybill's own events of searches and views. */
  readonly own: boolean
  readonly on: boolean
  /** The ids of what the list shows already. */
  readonly shown: () => ReadonlySet<string>
  /** Brings what arrived into the list; false if the reader is busy with it, and `asked` is not set. */
  readonly bringIn: (asked: boolean) => Promise<boolean>
}

const NOTHING = { waiting: 0, more: false, problem: null }

/** Counts what is stored from now on, and brings it in when the reader does not use the list. */
export function useTail({ q, range, own, on, shown, bringIn }: Following): Tail {
  const [tail, setTail] = useState<Omit<Tail, 'show'>>(NOTHING)
  const given = useRef({ shown, bringIn })
  given.current = { shown, bringIn }
  const show = useRef<() => void>(() => {})
  useEffect(() => {
    setTail(NOTHING)
    if (!on) return
    const stop = new AbortController()
    const { signal } = stop
    let timer: ReturnType<typeof setTimeout> | undefined
    let after: string | undefined
    let waiting = 0
    let more = false
    let problem: Problem | null = null
    const newIn = (events: readonly Event[]): number => {
      const from = intervalOf(range, Date.now())?.from ?? Number.NEGATIVE_INFINITY
      const to = Number(rangeOf(range).to ?? Number.POSITIVE_INFINITY)
      const shown = given.current.shown()
      return events.filter((event) => {
        const at = timeOf(event)
        return !(at < from) && !(at >= to) && !shown.has(idOf(event))
      }).length
    }
    const count = async (): Promise<void> => {
      more = false
      for (let page = 0; page < PAGES; page++) {
        const query = { q, after, limit: String(MOST), ...(own ? { own: 'true' as const } : {}) }
        const { events, next } = await ask('getArrivals', { query }, signal)
        after = next
        waiting += newIn(events)
        more = events.length === MOST
        if (!more) return
      }
    }
    let bringing = Promise.resolve()
    const bring = (asked: boolean): Promise<void> => {
      // Calls run one after the other: each subtracts the events that it brought.
      bringing = bringing
        .catch(() => {})
        .then(async () => {
          const brought = waiting
          if (await given.current.bringIn(asked)) waiting -= brought
        })
      return bringing
    }
    const fail = (error: unknown): void => {
      problem = error instanceof Problem ? error : new Problem(0, 'unknown', String(error), null)
    }
    const say = (): void => {
      if (!signal.aborted) setTail({ waiting, more, problem })
    }
    const step = async (): Promise<void> => {
      const began = performance.now()
      try {
        await count()
        problem = null
        if (waiting > 0) await bring(false)
      } catch (error) {
        if (signal.aborted) return
        fail(error)
        // The place that was reached may be gone: it continues from the end.
        if (error instanceof Problem && error.status === 400) after = undefined
      }
      say()
      // A store that takes long to answer is not asked all the time.
      if (!signal.aborted) timer = setTimeout(() => void step(), Math.max(EVERY, performance.now() - began))
    }
    show.current = () => void bring(true).catch(fail).then(say)
    void step()
    return () => {
      stop.abort()
      clearTimeout(timer)
      show.current = () => {}
    }
  }, [q, range, own, on])
  return { ...tail, show: () => show.current() }
}
