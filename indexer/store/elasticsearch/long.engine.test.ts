import { afterEach, expect, test } from 'vitest'
import type { AuditEvent } from '../../../schema/index.ts'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'

const cluster = new TestCluster()
afterEach(() => cluster.remove())

/** Lucene takes no term of more than 32,766 bytes; what is only kept must not become one, on any version. */
test.each([30, 33, 100, 300, 900])(
  'a record of %i KB is stored, found and given back as it was sealed',
  async (kilobytes) => {
    const namespace = await cluster.make()
    const store = await cluster.open(namespace)
    try {
      for (const [sequence, sign] of ['x', 'ä', '😀', '" \\'].entries()) {
        const text = sign.repeat(Math.floor((kilobytes * 1024) / Buffer.byteLength(sign)))
        const event = eventAt(sequence)
        const long: AuditEvent = { ...event, event: { ...(event.event as object), original: text } }
        const batch = batchOf(sequence + 1, [long])
        expect(await store.write(batch), sign).toMatchObject({
          kind: 'stored',
          result: { stored: 1, dead: 0 },
        })
        expect(await store.get(idAt(sequence)), sign).toMatchObject({ event: { original: text } })
      }
      await cluster.settled()
      const { events } = await store.search({ query: { kind: 'all' }, order: 'newest', limit: 10 })
      expect(events).toHaveLength(4)
      expect((await store.deadLetters.list({ limit: 10 })).letters).toEqual([])
    } finally {
      await store.close()
    }
  },
)
