import { useSyncExternalStore } from 'react'

/** Why the indexer does not answer, and since when. */
export interface Outage {
  readonly since: number
  readonly sentence: string
}

const AGAIN = 500
const PATIENCE = 3000
/** The interval of checks while nothing is asked, ms. */
const LOOK = 4000
/** The time without any answer, ms, after which none will come: each answer has a budget of time. */
const SILENT = 10_000
const UNREACHABLE = 'The indexer does not answer.'

const listeners = new Set<() => void>()
let outage: Outage | null = null
let returning: Promise<void> | null = null
let inFlight = 0
let lastAnswer = performance.now()
let line = new AbortController()

function say(next: Outage | null): void {
  if (next?.sentence === outage?.sentence) return
  outage = next
  for (const listener of listeners) listener()
}

function onReach(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useOutage = (): Outage | null => useSyncExternalStore(onReach, () => outage)

/** Notes that an answer came. */
export function answered(): void {
  lastAnswer = performance.now()
  say(null)
}

/** Notes that no answer came. Resolves when it is worth asking again: one question checks for the indexer, and all others wait for it. */
export function whenBack(sentence = UNREACHABLE): Promise<void> {
  say({ since: outage?.since ?? Date.now(), sentence })
  returning ??= untilBack().finally(() => {
    returning = null
  })
  return returning
}

async function untilBack(): Promise<void> {
  do await pause(AGAIN)
  while (!(await lives()))
}

/** A page that becomes visible again checks at once: browsers slow the timers of hidden ones. */
function pause(length: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', end)
      resolve()
    }
    const timer = setTimeout(end, length)
    document.addEventListener('visibilitychange', end)
  })
}

async function lives(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) })).ok
  } catch {
    // A network error or no answer in time: both mean no.
    return false
  }
}

/** Asks a question, and gives it up when the indexer is found to be away. */
export async function onItsWay<Answer>(question: (away: AbortSignal) => Promise<Answer>): Promise<Answer> {
  if (inFlight === 0) lastAnswer = performance.now()
  inFlight++
  try {
    return await question(line.signal)
  } finally {
    inFlight--
  }
}

/** Checks for the indexer while nothing is asked, or nothing answered: a host that is switched off refuses no connection. */
export function watchReach(): () => void {
  const look = async (): Promise<void> => {
    const isAnswering = inFlight > 0 && performance.now() - lastAnswer < SILENT
    if (isAnswering || returning !== null || document.hidden) return
    if (!(await lives())) {
      line.abort()
      line = new AbortController()
      await whenBack()
    }
    if (inFlight === 0) answered()
  }
  const timer = setInterval(() => void look(), LOOK)
  return () => clearInterval(timer)
}
