import { describe, expect, test } from 'vitest'
import { alternativesTo } from './alternatives.ts'
import { withoutOwnReads } from './own-reads.ts'
import { parseQuery } from './parse.ts'
import { printQuery } from './print.ts'

const now = Date.UTC(2026, 0, 22, 12)
const parse = (text: string) => parseQuery(text, { now })
const near = (text: string, span: { from?: number; to?: number } = {}): string[] =>
  alternativesTo(parse(text), { ...span, now }).map(({ difference }) => difference)

describe('alternatives to a query that found nothing', () => {
  test('a value becomes the beginning of one, and a part of one', () => {
    expect(near('user: bob')).toEqual(['user.name: bob*', 'user.name: *bob*'])
    expect(near('invoic')).toEqual(['invoic*'])
    expect(near('user: (bob or jo)')).toEqual([
      'user.name: bob* or user.name: jo*',
      'user.name: *bob* or user.name: *jo*',
    ])
  })

  test('an address becomes its network', () => {
    expect(near('ip: 203.0.113.45')).toEqual(['source.ip: 203.0.113.0/24'])
    expect(near('ip: 2001:db8::1')).toEqual(['source.ip: "2001:db8::/64"'])
  })

  test('each condition is left out once, and the rest stays', () => {
    const found = alternativesTo(parse('user: bob and outcome: failure and not ip: 10.0.0.0/8'), { now })
    const without = found.filter(({ difference }) => difference.startsWith('without '))
    expect(without.map(({ query, difference }) => [difference, printQuery(query)])).toEqual([
      ['without user.name: bob', 'event.outcome: failure and not source.ip: 10.0.0.0/8'],
      ['without event.outcome: failure', 'user.name: bob and not source.ip: 10.0.0.0/8'],
      ['without not source.ip: 10.0.0.0/8', 'user.name: bob and event.outcome: failure'],
    ])
  })

  test('a time becomes longer, up to any', () => {
    expect(near('', { from: now - 3_600_000 })).toEqual([
      'in the last 24 hours',
      'in the last 7 days',
      'in the last 30 days',
      'in the last year',
      'at any time',
    ])
    expect(near('', { from: now - 30 * 86_400_000 })).toEqual(['in the last year', 'at any time'])
    expect(near('', { to: now })).toEqual(['at any time'])
    expect(near('')).toEqual([])
  })

  test('every query is printed so that it can be read again', () => {
    for (const text of [
      'user: "a*b"',
      '"cust 12"',
      'audit.payload.x: "q r"',
      'message: "a b" and tags: (x or y)',
    ])
      for (const { query } of alternativesTo(parse(text), { now }))
        expect(parse(printQuery(query)).kind).not.toBe('none')
  })
})

describe("Waybill's own searches and views", () => {
  const reads = 'audit.seal.agent: indexer-* and audit.category: view'

  test('are left out of a query that does not name them', () => {
    expect(printQuery(withoutOwnReads(parse('')))).toBe(`not (${reads})`)
    for (const text of ['user: jane', 'category: view', 'not source: waybill', 'source: erp'])
      expect(printQuery(withoutOwnReads(parse(text)))).toContain(`not (${reads})`)
  })

  test.each([
    'source: waybill',
    'event.module: WAYBILL and user: jane',
    'source: way*',
    'source: (erp or waybill)',
    'id: abc',
  ])('are found by %s', (text) => expect(withoutOwnReads(parse(text))).toEqual(parse(text)))
})
