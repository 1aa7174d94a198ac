import { afterEach, expect, it } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { openEmbeddedStore } from '../store/index.ts'
import { batchOf, eventAt, idAt, temporaryFolders } from '../store/testing/batches.ts'
import { isRecorded } from './recorded.ts'

const folders = temporaryFolders()
afterEach(() => folders.remove())

it('what the trail tells is what an indexer sealed, and nothing that says of itself that it is', async () => {
  const store = await openEmbeddedStore({ path: folders.make(), minimumFree: 0 })
  const told = (n: number, entity: string): AuditEvent =>
    eventAt(n, {
      audit: { category: 'security', entity: { id: entity, type: 'alert' } },
      event: { action: 'alert', id: idAt(n), kind: 'alert', module: 'waybill', sequence: n },
    })
  // Earlier versions accepted this from any agent.
  await store.write(batchOf(1, [told(0, 'forged')]))
  await store.write(batchOf(1, [told(100, 'genuine')], { agent: 'indexer-0123456789abcdef' }))
  expect(await isRecorded(store, { action: 'alert', entity: 'forged' })).toBe(false)
  expect(await isRecorded(store, { action: 'alert', entity: 'genuine' })).toBe(true)
  await store.close()
})
