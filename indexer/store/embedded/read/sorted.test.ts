import { afterAll, describe } from 'vitest'
import { openEmbeddedStore } from '../../index.ts'
import { temporaryFolders } from '../../testing/batches.ts'
import { sortsByValues } from '../../testing/sorted.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
afterAll(() => folders.remove())

describe('in the embedded store', () => {
  sortsByValues(
    {
      make: async () => folders.make(),
      open: (path) => openEmbeddedStore({ path }),
      settled: async () => {},
    },
    FULL ? { events: 500, questions: 400 } : { events: 250, questions: 40 },
  )
})
