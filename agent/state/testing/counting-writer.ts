import { pino } from 'pino'
import { openState } from '../index.ts'

/** A process that tests kill: writes n = 1, 2, 3... to two keys that belong together, and prints each confirmed number. */
const dir = process.argv[2]
if (dir === undefined) throw new Error('name a folder')
const state = await openState(dir, { log: pino({ level: 'silent' }), compactAt: 600 })
let n = state.get<number>('left') ?? 0
for (;;) {
  n++
  await state.write([
    { key: 'left', value: n },
    { key: 'right', value: n },
    { key: `one/${n}`, value: 'x'.repeat(n % 40) },
    { key: `one/${n - 20}`, value: undefined },
  ])
  process.stdout.write(`${n}\n`)
}
