/** The shipper's clock, which tests can set. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Monotonic milliseconds, for waits: the other clock may be adjusted. */
  ticks(): number
  /** Calls back once after this many milliseconds; the returned function cancels it. */
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

/** Resolves after this many milliseconds, or immediately when the signal fires. */
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
