/** Time as the shipper sees it, so that tests can set it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds that only ever go on: waits are measured by them, since the other clock is set now and then. */
  ticks(): number
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(ms: number, call: () => void): () => void
}

export const clockOf = (now: () => number): Clock => ({
  now,
  ticks: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
})

/** Resolves after so many milliseconds, or at once when the signal fires. */
export function waitFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
