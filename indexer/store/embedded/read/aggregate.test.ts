import { afterAll, describe } from 'vitest'
import { openEmbeddedStore } from '../../index.ts'
import { countsWhatIsAsked } from '../../testing/aggregates.ts'
import { temporaryFolders } from '../../testing/batches.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
afterAll(() => folders.remove())

describe('in the embedded store', () => {
  countsWhatIsAsked(
    {
      make: async () => folders.make(),
      open: (path) => openEmbeddedStore({ path }),
      settled: async () => {},
    },
    FULL ? { events: 500, questions: 3000 } : { events: 250, questions: 250 },
  )
})
