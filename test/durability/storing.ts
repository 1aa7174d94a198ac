import { openEmbeddedStore } from '../../indexer/store/index.ts'
import { batchesOf, isOld, LIVES } from './batches.ts'

/**
 * A process that stores numbered batches through several openings of the store, and reports acknowledgements at once: the recorder sees
 * these words among its calls.
 */
const [path, atOnce = '3'] = process.argv.slice(2)
if (path === undefined) throw new Error('storing.ts PATH [AT ONCE]')
const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

for (let life = 0; life < LIVES; life++) {
  const store = await openEmbeddedStore({ path, minimumFree: 0 })
  const batches = batchesOf(life)
  const work = [...batches.entries()]
  const send = async (): Promise<void> => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      const [, { batch }] = next
      const { sequence } = batch.manifest
      const outcome = await store.write(batch)
      if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome))
      say(`batch ${sequence}`)
      if (sequence % 4 !== 0) continue
      if (!(await store.records.put('kind', `key-${sequence}`, { sequence }, null)))
        throw new Error('no record')
      say(`record ${sequence}`)
    }
  }
  await Promise.all(Array.from({ length: Number(atOnce) }, send))
  if (life === 1) {
    for (const { name } of (await store.status()).partitions) {
      if (!isOld(name)) continue
      say(`expiring ${name}`)
      if (!(await store.expire(name, Date.UTC(2026, 9, 1)))) throw new Error(`${name} did not expire`)
    }
  }
  await store.close()
  say(`life ${life}`)
}
