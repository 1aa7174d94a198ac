import { afterEach } from 'vitest'
import { openEmbeddedStore } from '../store/index.ts'
import { temporaryFolders } from '../store/testing/batches.ts'
import { keepsMasks, MASKABLE } from './testing/masked.ts'

const folders = temporaryFolders()
afterEach(() => folders.remove())

keepsMasks(
  {
    make: async () => folders.make(),
    open: (path) => openEmbeddedStore({ path }),
    settled: async () => {},
  },
  [...MASKABLE, 'audit.payload.card'],
)
