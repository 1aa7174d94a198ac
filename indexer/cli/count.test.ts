import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestIndexer } from '../ingest/testing.ts'
import { waybill } from './testing/command.ts'
import { answering, startWithAgent } from './testing/indexer.ts'

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 22, 20)

let indexer: TestIndexer
/** An event an hour, of three users in turn. */
beforeAll(async () => {
  const started = await startWithAgent()
  indexer = started.indexer
  const events = Array.from({ length: 10 }, (_, i) => ({
    '@timestamp': timeOf(i),
    event: { action: i % 4 === 0 ? 'delete' : 'update' },
    user: { name: ['jane', 'john', '=cmd'][i % 3] },
    ...(i === 1 && { source: { ip: '10.0.0.1' } }),
  }))
  await started.store(...events)
})
afterAll(() => indexer.end())

const timeOf = (hour: number): string => new Date(START + hour * HOUR).toISOString()
/** Counts the events of the first hours. */
const count = (hours: number, ...args: string[]) =>
  waybill(['count', '--to', timeOf(hours), ...args], { WAYBILL_URL: indexer.url })

describe('count', () => {
  test('without a split is one number', async () => {
    const { code, out } = await count(9, 'user:', 'jane')
    expect([code, out]).toEqual([0, '3\n'])
  })

  test('by a field shows the most frequent values, and says what is left out', async () => {
    const { out } = await count(10, '--by', 'user', '--top', '2')
    expect(out.split('\n')).toEqual([
      'USER  COUNT',
      'jane      4',
      '=cmd      3',
      '10 events in all; 1 more values with 3.',
      '',
    ])
    expect((await count(10, '--by', 'ip')).out).toContain(
      '10.0.0.1      1\n10 events in all; 9 without a value.',
    )
  })

  test('by a day counts the days of the zone', async () => {
    const days = await count(9, '--by', 'day', '--zone', 'Asia/Tokyo', '-f', 'csv')
    expect(days.out).toBe('day,count\n2026-01-23,9\n')
    const hours = await count(6, '--by', 'hour', '--from', '2026-01-23', '-f', 'csv')
    expect(hours.out).toBe('hour,count\n2026-01-23T00:00+00:00,1\n2026-01-23T01:00+00:00,1\n')
  })

  test('two splits are a row for each pair, and csv is safe for spreadsheets', async () => {
    const { out } = await count(4, '--by', 'user,hour-of-day', 'user: *cmd', '-f', 'csv')
    expect(out.split('\n')).toHaveLength(26)
    expect(out).toContain('"\'=cmd",22:00,1\n')
  })

  test('json is the answer, and what is partial says so and is 1', async () => {
    const whole = await count(3, '--by', 'action', '-f', 'json')
    expect(JSON.parse(whole.out)).toMatchObject({ count: 3, split: { distinct: 2 }, partial: null })
    const partial = { reason: 'time', sentence: 'The time was over.' }
    const slow = await answering((_, response) => response.end(JSON.stringify({ count: 2, partial })))
    const { code, out, err } = await waybill(['count'], { WAYBILL_URL: slow })
    expect([code, out, err]).toEqual([1, '2\n', 'waybill: The time was over.\n'])
  })

  test('what is wrong is 2, with the place', async () => {
    const query = await count(1, 'jane and usr.name: x')
    expect(query.code).toBe(2)
    expect(query.err).toContain('^^^')
    const top = await count(1, '--by', 'user', '--top', '0')
    expect([top.code, top.err]).toEqual([
      2,
      'waybill: --top takes a whole number from 1 to 1000 (WB-USAGE)\n',
    ])
    expect((await count(1, '--by', 'user,day,ip')).code).toBe(2)
  })
})
