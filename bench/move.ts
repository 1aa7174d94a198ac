import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copyAll, finishMove, type Side } from '../indexer/move/index.ts'
import { openElasticsearchStore, openEmbeddedStore, type Store } from '../indexer/store/index.ts'
import { batchOf, eventAt, INGESTED } from '../indexer/store/testing/batches.ts'
import { type Engine, startEngine } from '../test/engines/elasticsearch.ts'

/**
 * Measures a move: from the embedded store to a cluster and back, or, with `--embedded`, between two embedded stores.
 *
 *   node bench/move.ts [events] [--embedded]
 *
 * Prints for each direction the events/s of copying and of verifying, and the CPU seconds of this process for a million events. A cluster
 * takes its own.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { embedded: { type: 'boolean', default: false } },
})
const total = Number(positionals[0] ?? 200_000)
const BATCH = 1000
const NAMES = ['jane.smith', 'john.doe', 'amir.novak', 'lucy.miller', 'wei.zhang']

/** About 1.5 KB. */
const eventOf = (i: number) =>
  eventAt(i * 430, {
    audit: {
      category: i % 3 === 0 ? 'change' : 'activity',
      entity: { type: 'customer', id: `CUST-${(i * 7919) % 1_000_000}` },
      payload: { region: 'eu-west-1', request: ((i * 2_654_435_761) % 2 ** 40).toString(16), tier: i % 5 },
    },
    message: `${NAMES[i % 5]} changed the terms of customer ${(i * 7919) % 1_000_000} in step ${i % 17}`,
    source: { ip: `10.${i % 256}.${(i * 3) % 256}.${(i * 7) % 256}` },
    user: { name: `${NAMES[i % 5]}${i % 400}` },
  })

async function filled(store: Store): Promise<void> {
  for (let first = 0, sequence = 1; first < total; first += BATCH, sequence++) {
    const events = Array.from({ length: Math.min(BATCH, total - first) }, (_, i) => {
      const event = eventOf(first + i)
      const original = JSON.stringify(event)
      return { ...event, event: { ...(event.event as object), original: original.repeat(2) } }
    })
    await store.write(batchOf(sequence, events, { ingested: INGESTED + sequence }))
  }
}

async function moved(name: string, from: Side, to: Side): Promise<void> {
  const now = Date.now
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await copyAll({ source: from.store, target: to.store, from: from.place, to: to.place, now })
  const copied = performance.now()
  const { events } = await finishMove({ from, to, acceptsDamage: false, now, say: () => {} })
  const ended = performance.now()
  const { user, system } = process.cpuUsage(cpu)
  const rate = (ms: number): string => Math.round((events / ms) * 1000).toLocaleString('en')
  const seconds = ((user + system) / events).toFixed(0)
  console.log(
    `${name}: ${events} events; copied at ${rate(copied - begun)} events/s, finished and verified at ${rate(ended - copied)} events/s; ${seconds} CPU s/M events`,
  )
}

const folder = await mkdtemp(join(tmpdir(), 'waybill-bench-move-'))
let engine: Engine | null = null
const sides: Side[] = []
async function embedded(name: string): Promise<Side> {
  const path = join(folder, name)
  const side = {
    store: await openEmbeddedStore({ path }),
    place: name,
    indexer: { folder: path, secretsKey: null },
  }
  sides.push(side)
  return side
}
async function cluster(): Promise<Side> {
  engine = await startEngine()
  const { url, username, password } = engine.address
  const namespace = `bench${Date.now()}`
  const path = join(folder, 'beside')
  const store = await openElasticsearchStore({ nodes: [url], username, password, namespace })
  const side = { store, place: 'cluster', indexer: { folder: path, secretsKey: null } }
  sides.push(side)
  return side
}
try {
  const first = await embedded('first')
  await writeFile(join(folder, 'first', 'indexer-key.pem'), 'a key')
  await filled(first.store)
  const second = values.embedded ? await embedded('second') : await cluster()
  await moved(`embedded to ${second.place}`, first, second)
  await moved(`${second.place} to embedded`, second, await embedded('third'))
} finally {
  for (const { store } of sides) await store.close()
  await (engine as Engine | null)?.stop()
  await rm(folder, { recursive: true, force: true })
}
