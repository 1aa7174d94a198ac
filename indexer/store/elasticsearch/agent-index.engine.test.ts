import { afterAll, expect, test } from 'vitest'
import type { ShownAgent } from '../port.ts'
import { AGENT, batchOf, eventAt, INCARNATION } from '../testing/batches.ts'
import { namesFor } from './names.ts'
import { TestCluster } from './testing/engine.ts'

const cluster = new TestCluster()
afterAll(() => cluster.remove())

const NOW = 1_800_000_000_000
const LEDGER = {
  read: 10,
  stored: 6,
  duplicate: 1,
  filtered: 1,
  dead: 1,
  quarantined: 0,
  discarded: 0,
  pending: 1,
  skipped: 2,
  truncated: 0,
  errors: 0,
  dropped: 0,
}
const shown = (more: Partial<ShownAgent> = {}): ShownAgent => ({
  id: AGENT,
  name: 'web-1',
  host: 'web-1.example',
  version: '1.0.0',
  enrolled: 1000,
  revoked: false,
  seen: NOW,
  silentAfter: 300_000,
  lagBytes: 512,
  oldestPending: null,
  clockOffset: -3,
  ledger: LEDGER,
  notices: ['Its input has no events.'],
  breaks: 0,
  ...more,
})

test('an agent’s document has its state, its ledger and the gaps in its waybills, and the mapping names all of it', async () => {
  const namespace = await cluster.make()
  let now = NOW
  const store = await cluster.open(namespace, { now: () => now })
  const index = namesFor(namespace).agents
  const document = async () => {
    await cluster.settled()
    return (await cluster.client.get<Record<string, unknown>>({ index, id: AGENT }))._source
  }
  for (const sequence of [1, 2, 5, 7])
    await store.write(batchOf(sequence, [eventAt(sequence)], { previous: 'a'.repeat(64) }))
  await cluster.settled()
  await store.showAgents?.([shown()])
  expect(await document()).toEqual({
    format: 1,
    at: NOW,
    ...Object.fromEntries(Object.entries(shown()).filter(([name]) => name !== 'oldestPending')),
    waybills: 4,
    missing: 3,
    gaps: [`3-4 of ${INCARNATION.slice(0, 8)}`, `6 of ${INCARNATION.slice(0, 8)}`],
  })

  // Another indexer heard from it later: an older state does not replace a newer one.
  await store.showAgents?.([shown({ seen: NOW + 5000, name: 'web-1b' })])
  await store.showAgents?.([shown()])
  expect(await document()).toMatchObject({ name: 'web-1b', seen: NOW + 5000 })

  now += 60_000
  for (const sequence of [3, 4, 6])
    await store.write(batchOf(sequence, [eventAt(sequence)], { previous: 'a'.repeat(64) }))
  await cluster.settled()
  await store.showAgents?.([shown({ seen: now })])
  expect(await document()).toMatchObject({ waybills: 7, missing: 0, gaps: [] })
  await store.close()
})

test('agents of a namespace whose index is missing are an error, not a new index', async () => {
  const namespace = await cluster.make()
  const store = await cluster.open(namespace)
  await cluster.client.indices.delete({ index: namesFor(namespace).agents })
  await expect(store.showAgents?.([shown()])).rejects.toThrow(/no such index|auto/)
  await store.close()
})
