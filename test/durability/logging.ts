import { pino } from 'pino'
import { RunningLog } from '../../indexer/log/index.ts'
import { logSchema } from '../../indexer/log/settings.ts'
import { openEmbeddedStore } from '../../indexer/store/index.ts'
import { batchOf, eventAt } from '../../indexer/store/testing/batches.ts'

/** A process that keeps the transparency log of a store through two openings, and reports the size of each published head at once. */
const [store, folder] = process.argv.slice(2)
if (store === undefined || folder === undefined) throw new Error('logging.ts STORE FOLDER')
let sequence = 0

for (const counts of [
  [3, 1, 200],
  [60, 2, 1],
]) {
  const opened = await openEmbeddedStore({ path: store, minimumFree: 0 })
  const log = new RunningLog({
    store: opened,
    trail: { record: async () => {}, note: () => {}, waiting: 0, close: async () => {} },
    folder,
    settings: logSchema.parse({ origin: 'audit.example/waybill' }),
    log: pino({ level: 'silent' }),
    clock: Date.now,
    random: (bytes) => Buffer.alloc(bytes),
  })
  for (const count of counts) {
    await Promise.all(
      Array.from({ length: count }, () => opened.write(batchOf(++sequence, [eventAt(sequence)]))),
    )
    await log.round()
    const { head, problem } = log.status()
    if (problem !== null) throw new Error(problem)
    process.stdout.write(`head ${head?.size}\n`)
  }
  await log.close()
  await opened.close()
}
