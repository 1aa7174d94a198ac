import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { indexerConfigSchema } from '../indexer/config.ts'
import { type RunningIndexer, startIndexer } from '../indexer/server.ts'
import { openEmbeddedStore } from '../indexer/store/index.ts'
import { Chromium } from '../test/browser/chromium.ts'
import { batchOf } from './batches.ts'
import { Month } from './month.ts'

const BATCH = 2400
const IN_FLIGHT = 6
const LENGTH = 28 * 86_400_000

/** An embedded store of a month of events, whose end is given; a folder that has one already is used as it is. */
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

/** Starts an indexer on such a store, with the clock at the end of the month. */
export function served(folder: string, end: number): Promise<RunningIndexer> {
  const started = Date.now()
  const config = indexerConfigSchema.parse({
    listen: 'http://127.0.0.1:0',
    read: 'open-on-loopback',
    manage: 'open-on-loopback',
    store: { embedded: { path: join(folder, 'store') } },
    // Ten million rows as NDJSON are 18 GB.
    reports: { room: '64GiB' },
  })
  return startIndexer(config, {
    log: pino({ level: 'silent' }),
    clock: () => end + Date.now() - started,
  })
}

/** Measures the console over a month of events in a browser. The store is in `dir`, and stays there; without it in a folder that goes. */
export async function inBrowser(
  { dir, total }: { readonly dir: string | undefined; readonly total: number },
  measure: (url: string, browser: Chromium, end: number) => Promise<void>,
): Promise<void> {
  const folder = dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-month-')))
  try {
    await mkdir(folder, { recursive: true })
    const { end, taken } = await filled(folder, total)
    console.log(`${total} events, stored in ${taken} s`)
    const indexer = await served(folder, end)
    const browser = await Chromium.start()
    try {
      await measure(indexer.url, browser, end)
    } finally {
      await browser.end()
      await indexer.close()
    }
  } finally {
    if (dir === undefined) await rm(folder, { recursive: true, force: true })
  }
}
