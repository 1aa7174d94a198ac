import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Range, reachOf, withRange } from '../../ranges.ts'
import { lockFolder, openState } from '../../state/index.ts'
import { createShipper, loadIdentity } from '../index.ts'
import { batchOfRecords, QUICK, SOURCE_A } from './records.ts'

/**
 * A process that tests kill: seals batches of numbered records of one source up to this many, ships them, and ends when all are
 * acknowledged. `reseal-slowly` delays the creation of files, so that a kill interrupts it.
 */
const [dir, url, records] = process.argv.slice(2)
if (dir === undefined || url === undefined || records === undefined)
  throw new Error('name folder, indexer and count')
const log = pino({ level: process.env.WAYBILL_TRIAL_LOG ?? 'error' }, pino.destination(2))
await lockFolder(dir)
const state = await openState(join(dir, 'state'), { log, compactAt: 4096 })
const identity = await loadIdentity(dir)
if (identity === null) throw new Error('not enrolled')
interface Settled {
  readonly position: number
  readonly beyond: readonly Range[]
}
let { position, beyond } = state.get<Settled>(`source/${SOURCE_A}`) ?? { position: 0, beyond: [] }
const shipper = createShipper({
  state,
  dir,
  indexers: [url],
  identity,
  delays: QUICK,
  random: randomBytes,
  log,
  hooks: {
    settled: (slices) =>
      slices.map(({ source, from, to }) => {
        beyond = withRange(beyond, [from, to])
        position = reachOf(position, beyond)
        return { key: `source/${source}`, value: { position, beyond } satisfies Settled }
      }),
    lost: () => {
      throw new Error('a batch was lost')
    },
  },
})
await shipper.start()
let at = reachOf(position, [...beyond, ...(shipper.sealed().get(`${SOURCE_A}/1`) ?? [])])
process.stdout.write(`from ${at}\n`)
while (at < Number(records)) {
  const size = Math.min(1 + (at % 7), Number(records) - at)
  const { result, slices } = batchOfRecords(SOURCE_A, at, size)
  await shipper.seal(result, slices)
  at += size
  process.stdout.write(`sealed ${at}\n`)
}
await shipper.drained(AbortSignal.timeout(60_000))
process.stdout.write('drained\n')
await shipper.close()
await state.close()
process.exit(0)
