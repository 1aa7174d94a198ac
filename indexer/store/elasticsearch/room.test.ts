import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../port.ts'
import { Room } from './store.ts'

/** Work that continues until it is let go. */
class Works {
  readonly #ends: PromiseWithResolvers<void>[] = []
  running = 0

  work = async (): Promise<void> => {
    const end = Promise.withResolvers<void>()
    this.#ends.push(end)
    this.running++
    await end.promise
    this.running--
  }

  endFirst(): void {
    this.#ends.shift()?.resolve()
  }
}

/** Until all that can continue has. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('an outage holds only so many bytes: so many are written, so many wait, and whoever comes then is sent away', async () => {
  const room = new Room({ most: 10, mostWaiting: 20 })
  const works = new Works()
  const entered = Array.from({ length: 6 }, () => room.within(5, works.work))
  await settled()
  expect(works.running).toBe(2)
  await expect(room.within(5, works.work)).rejects.toBeInstanceOf(StoreUnavailableError)
  for (let i = 0; i < 6; i++) {
    works.endFirst()
    await settled()
    expect(works.running).toBeLessThanOrEqual(2)
  }
  await Promise.all(entered)
  expect(works.running).toBe(0)
})

test('a batch larger than all the room there is gets in alone, and those behind it wait their turn', async () => {
  const room = new Room({ most: 10, mostWaiting: 100 })
  const works = new Works()
  const entered = [room.within(3, works.work), room.within(50, works.work), room.within(3, works.work)]
  await settled()
  expect(works.running).toBe(1)
  works.endFirst()
  await settled()
  expect(works.running).toBe(1)
  works.endFirst()
  await settled()
  works.endFirst()
  await Promise.all(entered)
})

test('work that fails leaves its room to others', async () => {
  const room = new Room({ most: 1, mostWaiting: 1 })
  const fail = async (): Promise<never> => {
    throw new Error('no')
  }
  await expect(room.within(1, fail)).rejects.toThrow('no')
  expect(await room.within(1, async () => 'in')).toBe('in')
})
