import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { waybill } from './testing/command.ts'
import { json, type TestIndexer, testIndexer } from './testing/indexer.ts'

let indexer: TestIndexer
beforeEach(async () => {
  indexer = await testIndexer()
})
afterEach(() => indexer.stop())
const ask = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })

const store = (count: number): void => {
  for (let i = 0; i < count; i++) {
    const event: AuditEvent = {
      '@timestamp': new Date(Date.UTC(2026, 0, 22, 20) + i * 3_600_000).toISOString(),
      event: { id: `e${i}`, action: i % 4 === 0 ? 'delete' : 'update' },
      user: { name: ['jane', 'john', '=cmd'][i % 3] },
      ...(i === 1 && { source: { ip: '10.0.0.1' } }),
    }
    indexer.events.push(event)
  }
}

describe('count', () => {
  test('without a split is one number', async () => {
    store(9)
    const { code, out } = await ask('count', 'user:', 'jane')
    expect([code, out]).toEqual([0, '3\n'])
  })

  test('by a field shows the most frequent values, and says what is left out', async () => {
    store(10)
    const { out } = await ask('count', '--by', 'user', '--top', '2')
    expect(out.split('\n')).toEqual([
      'USER  COUNT',
      'jane      4',
      '=cmd      3',
      '10 events in all; 1 more values with 3.',
      '',
    ])
    expect((await ask('count', '--by', 'ip')).out).toContain(
      '10.0.0.1      1\n10 events in all; 9 without a value.',
    )
  })

  test('by a day counts the days of the zone', async () => {
    store(9)
    const days = await ask('count', '--by', 'day', '--zone', 'Asia/Tokyo', '-f', 'csv')
    expect(days.out).toBe('day,count\n2026-01-23,9\n')
    const hours = await ask(
      'count',
      '--by',
      'hour',
      '--from',
      '2026-01-23',
      '--to',
      '2026-01-23T02:00',
      '-f',
      'csv',
    )
    expect(hours.out).toBe('hour,count\n2026-01-23T00:00+00:00,1\n2026-01-23T01:00+00:00,1\n')
  })

  test('two splits are a row for each pair, and csv is safe for spreadsheets', async () => {
    store(4)
    const { out } = await ask('count', '--by', 'user,hour-of-day', 'user: *cmd', '-f', 'csv')
    expect(out.split('\n')).toHaveLength(26)
    expect(out).toContain('"\'=cmd",22:00,1\n')
  })

  test('json is the answer, and what is partial says so and is 1', async () => {
    store(3)
    const whole = await ask('count', '--by', 'action', '-f', 'json')
    expect(JSON.parse(whole.out)).toMatchObject({ count: 3, split: { distinct: 2 }, partial: null })
    indexer.intercept = (_, response) => {
      json(response, 200, { count: 2, partial: { reason: 'time', sentence: 'The time was over.' } })
      return true
    }
    const { code, out, err } = await ask('count')
    expect([code, out, err]).toEqual([1, '2\n', 'waybill: The time was over.\n'])
  })

  test('what is wrong is 2, with the place', async () => {
    const query = await ask('count', 'jane and usr.name: x')
    expect(query.code).toBe(2)
    expect(query.err).toContain('^^^')
    const top = await ask('count', '--by', 'user', '--top', '0')
    expect([top.code, top.err]).toEqual([2, 'waybill: --top takes a whole number from 1 to 1000\n'])
    expect((await ask('count', '--by', 'user,day,ip')).code).toBe(2)
  })
})
