/**
 * Measures how fast the embedded store counts: the questions of the console's screens, over a store that `bench/store.ts` has filled.
 *
 *   node bench/store.ts 5000000 --dir folder
 *   node bench/aggregates.ts --dir folder [--runs 11]
 *
 * Prints the median, the least and the greatest time of each question, the first one (nothing opened yet) apart, and the median of the
 * processor time, which others on the machine disturb less.
 */
import { parseArgs } from 'node:util'
import { parseQuery } from '../indexer/query/index.ts'
import { type AggregateRequest, openEmbeddedStore } from '../indexer/store/index.ts'

const { values } = parseArgs({
  options: { dir: { type: 'string' }, runs: { type: 'string', default: '11' }, only: { type: 'string' } },
})
if (values.dir === undefined) throw new Error('node bench/aggregates.ts --dir FOLDER')
const runs = Number(values.runs)
const zone = 'Europe/Berlin'
const NAMES = ['jane', 'john', 'amir', 'lucy', 'wei', 'olga']
const FAMILIES = ['smith', 'doe', 'miller', 'zhang', 'novak']
const user = (run: number): string => {
  const i = (run * 37) % 2000
  return `"${NAMES[i % 6]}.${FAMILIES[i % 5]}${i}"`
}
const top = (field: string, count = 10) => ({ kind: 'values', field, top: count }) as const
const query = (text: string) => parseQuery(text, { now: Date.UTC(2026, 9, 1) })

const QUESTIONS: readonly (readonly [name: string, ask: (run: number) => AggregateRequest])[] = [
  ['total by day', () => ({ query: query(''), by: [{ kind: 'time', every: 'day', zone }] })],
  ['top users', () => ({ query: query(''), by: [top('user.name')] })],
  ['distinct users', () => ({ query: query(''), by: [], distinct: ['user.name'] })],
  ['top actions of a user', (run) => ({ query: query(`user: ${user(run)}`), by: [top('event.action')] })],
  [
    'hour of day by user',
    () => ({ query: query(''), by: [top('user.name'), { kind: 'hour-of-day', zone }] }),
  ],
  ['free word by hour', () => ({ query: query('silver'), by: [{ kind: 'time', every: 3_600_000, zone }] })],
  ['security by source address', () => ({ query: query('category: security'), by: [top('source.ip')] })],
  [
    'last state by component',
    () => ({ query: query('category: system'), by: [top('audit.component', 50)], latest: true }),
  ],
  [
    'action by day, stacked',
    () => ({ query: query(''), by: [top('event.action'), { kind: 'time', every: 'day', zone }] }),
  ],
  [
    'weekday by hour of day',
    () => ({
      query: query(''),
      by: [
        { kind: 'day-of-week', zone },
        { kind: 'hour-of-day', zone },
      ],
    }),
  ],
  [
    'exported records by user',
    () => ({ query: query('action: export.run'), by: [top('user.name')], sums: ['audit.record_count'] }),
  ],
  ['durations', () => ({ query: query(''), by: [top('event.action')], sums: ['event.duration'] })],
  [
    'failures by hour',
    () => ({ query: query('outcome: failure'), by: [{ kind: 'time', every: 3_600_000, zone }] }),
  ],
  ['top records', () => ({ query: query(''), by: [top('audit.entity.id')] })],
  [
    'sessions of a user',
    (run) => ({ query: query(`user: ${user(run)}`), by: [], distinct: ['audit.session.id'] }),
  ],
  ['user names that begin so', () => ({ query: query(''), by: [{ ...top('user.name'), prefix: 'jane.d' }] })],
]

const store = await openEmbeddedStore({ path: values.dir, isTimed: true })
try {
  const { events, partitions } = await store.status()
  console.log(`${events} events in ${partitions.length} partitions`)
  for (const [name, ask] of QUESTIONS) {
    if (values.only !== undefined && !name.includes(values.only)) continue
    const times: number[] = []
    const spent: number[] = []
    let note = ''
    for (let run = 0; run <= runs; run++) {
      const start = performance.now()
      const cpu = process.cpuUsage()
      const { count, split, partial } = await store.aggregate(ask(run))
      times.push(performance.now() - start)
      const { user, system } = process.cpuUsage(cpu)
      spent.push((user + system) / 1000)
      note = `${count} events${split === undefined ? '' : `, ${split.distinct} buckets`}${partial === null ? '' : `, partial: ${partial.reason}`}`
    }
    const [first = 0, ...others] = times
    others.sort((a, b) => a - b)
    spent.sort((a, b) => a - b)
    const ms = (time: number | undefined): string => `${(time ?? 0).toFixed(0).padStart(5)} ms`
    console.log(
      `  ${name.padEnd(28)} median ${ms(others[others.length >> 1])}, ${ms(others[0])} to ${ms(others.at(-1))}, first ${ms(first)}, processor ${ms(spent[spent.length >> 1])}: ${note}`,
    )
  }
} finally {
  await store.close()
}
