import { afterEach } from 'vitest'
import type { Store } from '../port.ts'

/** The places of a test's stores: folders, or namespaces of a cluster. */
export interface TestPlaces {
  /** A place of its own for one test. */
  make(): Promise<string>
  /** Opens the store of a place; a second time after it was closed. */
  open(place: string): Promise<Store>
  /** Until what was written is found by searches. */
  settled(): Promise<void>
}

/** Opens stores, and closes them when the test is over. */
export function opener(ground: TestPlaces): (place?: string) => Promise<Store> {
  const stores: Store[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
  })
  return async (place) => {
    const store = await ground.open(place ?? (await ground.make()))
    stores.push(store)
    return store
  }
}
