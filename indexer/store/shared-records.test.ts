import { expect, it } from 'vitest'
import type { Records } from './port.ts'
import { SharedRecords } from './shared-records.ts'

/** A clock that a test turns: what waits continues when its time has come. */
class TurnedTime {
  #now = 0
  #waiting: { at: number; go: () => void }[] = []
  now = (): number => this.#now
  pass = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push({ at: this.#now + ms, go: resolve })
      signal?.addEventListener('abort', () => resolve())
    })

  async turn(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#waiting.filter(({ at }) => at <= this.#now)
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now)
    for (const { go } of due) go()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

it('what another indexer changed is read again within a second, and before that by whoever asks', async () => {
  let version = '1'
  const records: Records = {
    version: async () => version,
    get: async () => null,
    put: async () => true,
    list: async () => [],
    kinds: async () => [],
    remove: async () => {},
  }
  const time = new TurnedTime()
  const shared = await SharedRecords.open(records, () => {}, time)
  let reads = 0
  shared.follow(async () => {
    reads++
  })
  await time.turn(1000)
  expect(reads).toBe(0)
  version = '2'
  await time.turn(999)
  expect(reads).toBe(0)
  await time.turn(1)
  expect(reads).toBe(1)
  version = '3'
  const looked = shared.look()
  // Not sooner than 200 ms after the look before.
  await time.turn(199)
  expect(reads).toBe(1)
  await time.turn(1)
  expect(await looked).toBe(true)
  expect(reads).toBe(2)
  shared.close()
})
