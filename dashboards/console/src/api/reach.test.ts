import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { whenBack } from './reach.ts'

/** How long the console may take to find an indexer that answers again, in ms of its own clock. */
const WITHIN = { refused: 1000, silent: 4000 }

let indexer: 'refuses' | 'is silent' | 'answers'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', new EventTarget())
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const deadline = new AbortController()
    setTimeout(() => deadline.abort(), ms)
    return deadline.signal
  })
  vi.stubGlobal('fetch', (_: string, { signal }: { signal: AbortSignal }): Promise<Response> => {
    if (indexer === 'answers') return Promise.resolve(new Response())
    if (indexer === 'refuses') return Promise.reject(new TypeError('refused'))
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Resolves when the console has found it, or after that long on the console's clock. */
async function found(back: Promise<void>, within: number): Promise<boolean> {
  let isBack = false
  void back.then(() => {
    isBack = true
  })
  await vi.advanceTimersByTimeAsync(within)
  return isBack
}

describe('an indexer that was away', () => {
  for (const away of [1, 499, 501, 7300, 600_123]) {
    it(`for ${away} ms is found within a second where it had refused connections`, async () => {
      indexer = 'refuses'
      const back = whenBack()
      expect(await found(back, away)).toBe(false)
      indexer = 'answers'
      expect(await found(back, WITHIN.refused)).toBe(true)
    })

    it(`for ${away} ms is found within 4 seconds where it had held them and said nothing`, async () => {
      indexer = 'is silent'
      const back = whenBack()
      expect(await found(back, away)).toBe(false)
      indexer = 'answers'
      expect(await found(back, WITHIN.silent)).toBe(true)
    })
  }

  it('is found at once when a user comes back to the page', async () => {
    indexer = 'refuses'
    const back = whenBack()
    await vi.advanceTimersByTimeAsync(5100)
    indexer = 'answers'
    document.dispatchEvent(new Event('visibilitychange'))
    expect(await found(back, 0)).toBe(true)
  })
})
