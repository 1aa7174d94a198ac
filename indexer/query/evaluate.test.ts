import { describe, expect, test } from 'vitest'
import { type AuditEvent, LIMITS } from '../../schema/index.ts'
import { matches, parseQuery, type Query } from './index.ts'

const now = Date.UTC(2026, 0, 22, 12)
const long = 'x'.repeat(LIMITS.indexedLength + 1)

const event: AuditEvent = {
  '@timestamp': '2026-01-22T10:45:32.000Z',
  message: 'John Smith raised the credit limit of CUST-12345',
  tags: ['reviewed', 'Late'],
  labels: { site: 'Berlin' },
  event: {
    id: 'ab',
    action: 'Record_Updated',
    severity: 3,
    risk_score: 0.5,
    original: 'raw',
    reason: long,
    ingested: '2026-01-22T10:45:40.000Z',
  },
  user: { name: 'Jane Doe', email: '' },
  source: { ip: '192.168.1.105', geo: { country: 'DE' } },
  related: { ip: ['10.0.0.1', '2001:db8::1', 'not-an-address'] },
  audit: {
    category: 'change',
    old_unknown: false,
    record_count: 999,
    changes: [
      { field: 'credit_limit', old: '10000', new: '15000' },
      { field: 'terms', old: null, new: 'Net 45' },
      { field: 'note', new: long },
    ],
    change: { fields: ['credit_limit', 'terms', 'note'] },
    payload: { amount: 5, deep: { list: [{ a: 'X' }, { a: 'y' }], none: null }, flag: true },
    seal: { agent: 'a1', sequence: 4 },
  },
}

const finds = (text: string): boolean => matches(parseQuery(text, { now }), event)

describe('finds', () => {
  test.each([
    '*',
    'user: "jane DOE"',
    'user: jane*',
    'user: *e d*e',
    'user: (nobody or "jane doe")',
    'email: *',
    'user.email: ""',
    'tags: late and tags: reviewed',
    'action: record_updated',
    'message: "credit limit"',
    'message: smith nobody',
    'message: cred*',
    'message: "cust-12345"',
    'message: cust-12*',
    'message: *aised',
    'labels.site: berlin',
    'labels: BER*',
    'audit.payload.amount: 5',
    'audit.payload.flag: true',
    'audit.payload.deep.list.a: x and audit.payload.deep.list.a: Y',
    'audit.payload: y',
    'audit.payload.amount >= 4',
    'event.severity: 3',
    'event.severity > 2.5 and event.severity <= 3',
    'event.risk_score: .5',
    'audit.old_unknown: false',
    'ip: 192.168.1.105',
    'ip: ::ffff:192.168.1.105',
    'ip: 192.168.0.0/16',
    'ip > 192.168.1.9 and ip < 192.168.2.0',
    'related.ip: 2001:db8::/32',
    'related.ip < 10.0.0.2',
    '@timestamp: 2026-01-22',
    '@timestamp: "2026-01-22T10:45:32.000Z"',
    '@timestamp >= now-2h',
    'event.ingested > 2026-01-22T10:45:32Z',
    'user > jane and user < "jane e"',
    'audit.seal.agent: a1 and audit.seal.sequence: 4',
    'jane',
    '"jane doe"',
    'nobody jane',
    'cust-12345',
    '15000',
    'berl*',
    'audit.words: "net 45"',
    'audit.changes: *',
    'audit.changes: { field: CREDIT_LIMIT and old: 10000 and new: 15* }',
    'audit.changes: { field: terms and not old: * }',
    'field: terms',
    'event.*: record_updated',
    xs(64),
  ])('%s', (text) => expect(finds(text)).toBe(true))
})

describe('does not find', () => {
  test.each([
    'not *',
    'user: jane',
    'user: doe*',
    'user: *jane d',
    'user: jane*jane doe',
    'user.id: *',
    'message: "limit credit"',
    'message: "smith rais"',
    'message: *rais',
    'message: red*',
    'audit.payload.deep: *',
    'audit.payload.deep.none: *',
    'audit.payload.amount: 5.0',
    'audit.payload.amount >= 10 and audit.payload.amount < 4',
    'event.severity: 4',
    'event.severity > 3',
    'audit.old_unknown: true',
    'ip: 192.168.0.0/24',
    'ip > 192.168.1.105',
    'related.ip: 10.0.0.2',
    '@timestamp: 2026-01-21',
    '@timestamp > 2026-01-22',
    '@timestamp < 2026-01-22',
    'audit.changes: { field: terms and new: 15* }',
    'audit.changes: { old: 15000 }',
    'jan',
    '"doe jane"',
    // A value that is too long to be indexed: not by text, not by wildcard, not by being there.
    'event.reason: *',
    'event.reason: x*',
    `event.reason: ${long}`,
    'audit.changes: { new: x* }',
    'audit.changes: { field: note and new: * }',
  ])('%s', (text) => expect(finds(text)).toBe(false))
})

test('one value must lie in both ends of a range', () => {
  const range: Query = { kind: 'range', field: 'related.ip', gt: '10.0.0.1', lt: '2001:db8::1' }
  expect(matches(range, event)).toBe(false)
  expect(finds('related.ip > 10.0.0.1 and related.ip < 2001:db8::1')).toBe(true)
})

test('keywords have the order of their UTF-8 bytes, A to Z as a to z', () => {
  const named = (name: string): AuditEvent => ({ user: { name } })
  const after = (value: string): Query => ({ kind: 'range', field: 'user.name', gt: value })
  expect(matches(after('\uffee'), named('😀'))).toBe(true)
  expect(matches(after('B'), named('a'))).toBe(false)
  expect(matches(after('a'), named('B'))).toBe(true)
})

test('only A to Z fold in keywords, all letters in words', () => {
  const named: AuditEvent = { user: { name: 'ÉMILE' }, message: 'Émile ﬁrst' }
  const found = (text: string) => matches(parseQuery(text, { now }), named)
  expect(found('user: Émile')).toBe(true)
  expect(found('user: émile')).toBe(false)
  expect(found('émile')).toBe(true)
  expect(found('message: "ÉMILE first"')).toBe(true)
})

test('what is kept and not indexed matches nothing', () => {
  const kinds: Query[] = [
    { kind: 'exists', field: 'event.original' },
    { kind: 'equals', field: 'event.original', value: 'raw' },
    { kind: 'exists', field: 'source.geo.location' },
    { kind: 'exists', field: 'no.such.field' },
  ]
  for (const query of kinds) expect(matches(query, event)).toBe(false)
})

test('what is not of its field’s type is not there', () => {
  const odd: AuditEvent = {
    '@timestamp': 'a 1',
    source: { ip: '-' },
    event: { severity: 'high', duration: {} },
  }
  for (const field of ['@timestamp', 'source.ip', 'event.severity', 'event.duration'])
    expect(matches({ kind: 'exists', field }, odd)).toBe(false)
})

function xs(length: number): string {
  return 'x'.repeat(length)
}
