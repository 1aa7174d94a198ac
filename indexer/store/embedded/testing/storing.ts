import { openEmbeddedStore } from '../../index.ts'
import { batchOf, eventAt } from '../../testing/batches.ts'

/** A process that stores numbered batches and reports the acknowledged ones; the test kills it. */
const [path, first, count] = process.argv.slice(2)
if (path === undefined) throw new Error('storing.ts PATH FIRST COUNT')
const store = await openEmbeddedStore({ path })
const CATEGORIES = ['change', 'security', 'activity']
const IN_FLIGHT = 4
let next = Number(first)

async function send(): Promise<void> {
  for (;;) {
    const sequence = next++
    const events = Array.from({ length: Number(count) }, (_, i) =>
      eventAt(sequence * 1000 + i, { audit: { category: CATEGORIES[i % CATEGORIES.length] } }),
    )
    const outcome = await store.write(batchOf(sequence, events))
    if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome))
    process.stdout.write(`${sequence}\n`)
  }
}
process.stdout.write('ready\n')
await Promise.all(Array.from({ length: IN_FLIGHT }, send))
