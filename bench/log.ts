import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { RunningLog } from '../indexer/log/index.ts'
import { logSchema } from '../indexer/log/settings.ts'
import { openEmbeddedStore } from '../indexer/store/index.ts'
import { batchOf, eventAt } from '../indexer/store/testing/batches.ts'

/**
 * How fast the transparency log of an indexer catches up with a store, and the memory that it takes: `npm run bench:log -- 300000`. The
 * waybills have one event each, and come from 20 agents in turn.
 */
const waybills = Number(process.argv[2] ?? 300_000)
const AGENTS = 20
const AT_ONCE = 400

const folder = await mkdtemp(join(tmpdir(), 'waybill-bench-log-'))
try {
  const store = await openEmbeddedStore({ path: join(folder, 'store') })
  const began = performance.now()
  for (let done = 0; done < waybills; done += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => {
        const n = done + i
        return store.write(
          batchOf(1 + Math.floor(n / AGENTS), [eventAt(n)], { agent: `agent-${n % AGENTS}` }),
        )
      }),
    )
  process.stdout.write(
    `stored ${waybills} waybills in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
  )
  const log = new RunningLog({
    store,
    trail: { record: async () => {}, note: () => {}, waiting: 0, close: async () => {} },
    folder,
    settings: logSchema.parse({ origin: 'bench.example/waybill' }),
    log: pino({ level: 'error' }),
    clock: Date.now,
    random: (bytes) => Buffer.alloc(bytes),
  })
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  const start = performance.now()
  await log.round()
  const seconds = (performance.now() - start) / 1000
  clearInterval(watch)
  const { head, problem } = log.status()
  if (problem !== null) throw new Error(problem)
  const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`
  process.stdout.write(
    `the log has ${head?.size} entries after ${seconds.toFixed(1)} s: ${Math.round((head?.size ?? 0) / seconds)} waybills/s; memory ${mib(before)} before, at most ${mib(most)}\n`,
  )
  const lookups = performance.now()
  await log.place({ agent: 'agent-3', incarnation: '0123456789abcdef0123456789abcdef', sequence: 77 })
  const first = performance.now() - lookups
  const again = performance.now()
  for (let i = 1; i <= 100; i++)
    await log.place({ agent: 'agent-3', incarnation: '0123456789abcdef0123456789abcdef', sequence: i * 100 })
  process.stdout.write(
    `a place is found in ${((performance.now() - again) / 100).toFixed(2)} ms, the first in ${Math.round(first)} ms\n`,
  )
  await log.close()
  await store.close()
} finally {
  await rm(folder, { recursive: true, force: true })
}
