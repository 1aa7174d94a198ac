import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { indexerConfigSchema } from '../indexer/config.ts'
import { type RunningIndexer, startIndexer } from '../indexer/server.ts'
import { openEmbeddedStore } from '../indexer/store/index.ts'
import { batchOf } from './batches.ts'
import { Month } from './month.ts'

const BATCH = 2400
const IN_FLIGHT = 6
const LENGTH = 28 * 86_400_000

/** An embedded store of a month of events, whose end is said; a folder that has one already is used as it is. */
export async function filled(folder: string, total: number): Promise<{ end: number; taken: number }> {
  const note = join(folder, 'filled.json')
  const known = await readFile(note, 'utf8').catch(() => null)
  if (known !== null) return JSON.parse(known) as { end: number; taken: number }
  const end = Math.floor(Date.now() / 60_000) * 60_000
  const month = new Month(end - LENGTH, LENGTH / total)
  const store = await openEmbeddedStore({ path: join(folder, 'store') })
  const began = performance.now()
  try {
    let next = 0
    let sequence = 0
    const sender = async (): Promise<void> => {
      while (next < total) {
        const first = next
        next = Math.min(total, first + BATCH)
        const lines = Array.from({ length: next - first }, (_, i) => month.line(first + i))
        const batch = batchOf(lines, { sequence: ++sequence, first, ingested: month.timeOf(next) })
        const outcome = await store.write(batch)
        if (outcome.kind !== 'stored' || outcome.result.stored !== lines.length)
          throw new Error(JSON.stringify(outcome))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  } finally {
    await store.close()
  }
  const made = { end, taken: Math.round((performance.now() - began) / 1000) }
  await writeFile(note, JSON.stringify(made))
  return made
}

/** An indexer on such a store, for which it is the end of the month. */
export function served(folder: string, end: number): Promise<RunningIndexer> {
  const started = Date.now()
  const config = indexerConfigSchema.parse({
    listen: 'http://127.0.0.1:0',
    read: 'open-on-loopback',
    manage: 'open-on-loopback',
    store: { embedded: { path: join(folder, 'store') } },
  })
  return startIndexer(config, {
    log: pino({ level: 'silent' }),
    clock: () => end + Date.now() - started,
  })
}
