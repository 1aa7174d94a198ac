import { pino } from 'pino'
import { INGESTED } from '../../../store/testing/batches.ts'
import { openLifecycle } from '../../lifecycle.ts'
import { DAY, ground, TABLE } from './ground.ts'

/** A process that archives and expires all that is due, for tests that kill it: folder, number of the attempt. */
const [folder = '', attempt = '0'] = process.argv.slice(2)
// The lease of one that was killed has ended by then.
const here = await ground(folder, { now: INGESTED + 60 * DAY + Number(attempt) * 20 * 60_000 })
const parts = { store: here.store, trail: here.trail, clock: () => here.now }
process.stdout.write('ready\n')
await here.archive.round()
const lifecycle = await openLifecycle({
  ...parts,
  table: TABLE,
  archive: here.archive,
  holds: here.holds,
  log: pino({ level: 'silent' }),
})
await lifecycle.round()
process.stdout.write('done\n')
await lifecycle.close()
await here.close()
