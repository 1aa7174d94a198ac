import fc from 'fast-check'
import {
  type Additions,
  type AuditEvent,
  CATEGORIES,
  declaredEventId,
  FIELDS,
  type Field,
  isFree,
} from '../../../schema/index.ts'
import type { ChangeQuery, Query } from '../../query/index.ts'
import { idAt } from './batches.ts'

/** Random events and queries that often meet: both are made of the same few words, numbers and addresses. */
const TEXTS = [
  'jane',
  'Jane Doe',
  'jane.doe@example.org',
  'CUST-12345',
  'update',
  'record.update',
  'Update_All',
  'ÉTÉ à Genève',
  'été',
  'ﬁne',
  'x',
  '10',
  '---',
  '',
  'K9',
  'jane\u0301e doe',
  'a very long value '.repeat(70),
  'w'.repeat(70),
  '日本語 テスト',
  'a "quoted" one\\ and a\nline',
]
const text = fc.constantFrom(...TEXTS)
const number = fc.constantFrom(0, 1, 5, 7, 1000, 1500, 2 ** 40, -3, 0.5, 2.75)
const address = fc.constantFrom(
  '10.0.0.1',
  '10.0.1.200',
  '192.168.1.1',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:0DB8:0:0::2',
  '2001:db8:1::1',
  'no address',
)
const date = fc.constantFrom(
  '2026-11-01T00:00:00.000Z',
  '2026-11-01T23:59:59.999Z',
  '2026-12-24T10:00:00Z',
  'soon',
)
const oddity = fc.constantFrom<unknown>(null, 5, true, { deep: 'x' }, ['jane', null, { a: 1 }, 'x'], [])

const aValue = (type: string): fc.Arbitrary<unknown> => {
  switch (type) {
    case 'ip':
      return fc.oneof(address, fc.array(address, { maxLength: 3 }))
    case 'date':
      return date
    case 'long':
    case 'float':
      return fc.oneof(number, number.map(String))
    case 'boolean':
      return fc.boolean()
    case 'flattened':
      return fc.dictionary(
        fc.constantFrom('a', 'b', 'a.b', '', 'tier'),
        fc.oneof(
          text,
          number,
          fc.array(text, { maxLength: 2 }),
          fc.dictionary(fc.constantFrom('b', 'c', ''), text, { maxKeys: 2 }),
        ),
        { maxKeys: 3 },
      )
    case 'changes':
      return fc.array(
        fc.record({ field: text, old: fc.option(text), new: fc.option(text) }, { requiredKeys: ['field'] }),
        { maxLength: 3 },
      )
    default:
      return fc.oneof(
        { weight: 5, arbitrary: text },
        { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
      )
  }
}

const FREE = Object.entries<Field>(FIELDS).filter(
  ([path, field]) =>
    field.derived !== true &&
    !['@timestamp', 'event.id', 'event.sequence', 'agent.id', 'audit.category'].includes(path),
)

const freeField = fc.constantFrom(...FREE).chain(([path, field]) =>
  fc
    .oneof(
      ...(path === 'audit.seal.received'
        ? [fc.constant(true)]
        : [
            { weight: 8, arbitrary: aValue(field.type) },
            { weight: 1, arbitrary: oddity },
          ]),
    )
    .map((value) => [path, value] as const),
)

function put(event: Record<string, unknown>, path: string, value: unknown): void {
  const members = path.split('.')
  const last = members.pop()!
  let at = event
  for (const member of members) {
    at[member] ??= {}
    if (typeof at[member] !== 'object' || at[member] === null) return
    at = at[member] as Record<string, unknown>
  }
  at[last] = value
}

/** An event; few times and sequences, so that many agree in them. */
export const anEvent = (number: number): fc.Arbitrary<AuditEvent> =>
  fc
    .record({
      time: fc.constantFrom(0, 0, 0, 1, 5, 86_400_000),
      category: fc.constantFrom(...CATEGORIES),
      agent: fc.constantFrom('agent-1', 'agent-2', 'agent-é'),
      sequence: fc.constantFrom<unknown>(0, 1, 2, 10, 'none'),
      declared: fc.boolean(),
      fields: fc.array(freeField, { minLength: 3, maxLength: 12 }),
    })
    .map(({ time, category, agent, sequence, declared, fields }) => {
      const event: Record<string, unknown> = {}
      for (const [path, value] of fields) put(event, path, value)
      put(event, '@timestamp', new Date(Date.UTC(2026, 10, 1) + time).toISOString())
      put(event, 'event.id', declared ? declaredEventId('t', 's', [String(number)]) : idAt(number * 10))
      put(event, 'event.sequence', sequence)
      put(event, 'agent.id', agent)
      put(event, 'audit.category', category)
      return event
    })

/** `audit.change` follows from an event: enrichment never adds it. */
const ADDABLE = Object.entries<Field>(FIELDS).filter(
  ([path, field]) =>
    (field.derived === 'if-absent' && !path.startsWith('audit.change.')) ||
    path.startsWith('source.geo.') ||
    path.startsWith('source.as.'),
)

/** Additions that an event has room for; null means none. */
export const someAdditions: fc.Arbitrary<(event: AuditEvent) => Additions | null> = fc
  .array(
    fc
      .constantFrom(...ADDABLE)
      .chain(([path, field]) => aValue(field.type).map((value) => [path, value] as const)),
    { maxLength: 5 },
  )
  .map((values) => (event) => {
    const additions: Record<string, unknown> = {}
    for (const [path, value] of values) if (isFree(event, path)) put(additions, path, value)
    return Object.keys(additions).length === 0 ? null : additions
  })

const FIELD_NAMES = [
  ...Object.keys(FIELDS),
  'audit.payload.a',
  'audit.payload.a.b',
  'audit.payload.b',
  'audit.payload.tier',
  'labels.a',
  'labels.tier',
  'no.such.field',
]
const fieldName = fc.oneof(
  fc.constantFrom(...FIELD_NAMES),
  fc.constantFrom(
    'user.name',
    'event.action',
    'audit.entity.id',
    'source.ip',
    'message',
    'audit.category',
    'audit.record_count',
    'source.geo.country_iso_code',
    'user_agent.name',
    'related.user',
  ),
)
const asked = fc.oneof(
  text,
  number.map(String),
  address,
  date,
  fc.constantFrom('true', 'false', ...CATEGORIES),
)
const bound = fc.oneof(
  number,
  text,
  fc.constantFrom(Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)),
  date,
  address,
)
const pieces = fc.array(
  fc.constantFrom('', 'jane', 'ja', 'CUST-', '123', 'doe', 'up', 'update', '.', 'é', 'x', '_'),
  {
    minLength: 1,
    maxLength: 3,
  },
)
const words = fc.array(
  fc.constantFrom(
    'jane',
    'doe',
    'cust',
    '12345',
    'update',
    'record',
    'été',
    'x',
    'fine',
    '10',
    'up',
    'j',
    'テスト',
    'w'.repeat(64),
  ),
  { maxLength: 3 },
)
const block = fc.constantFrom(
  ['00000000000000000000ffff0a000000', '00000000000000000000ffff0affffff'],
  ['00000000000000000000ffff0a000000', '00000000000000000000ffff0a00ffff'],
  ['00000000000000000000ffff0a000000', '00000000000000000000ffff0a0000ff'],
  ['00000000000000000000ffff00000000', '00000000000000000000ffffffffffff'],
  ['20010db8000000000000000000000000', '20010db8ffffffffffffffffffffffff'],
  ['20010db8000100000000000000000000', '20010db80001ffffffffffffffffffff'],
  ['00000000000000000000000000000000', 'ffffffffffffffffffffffffffffffff'],
)

const { changeQuery, query } = fc.letrec<{ changeQuery: ChangeQuery; query: Query }>((tie) => ({
  changeQuery: fc.oneof(
    { depthSize: 'small' },
    fc.record({ kind: fc.constant('exists' as const), member: fc.constantFrom('field', 'old', 'new') }),
    fc.record({
      kind: fc.constant('equals' as const),
      member: fc.constantFrom('field', 'old', 'new'),
      value: text,
    }),
    fc.record({
      kind: fc.constant('wildcard' as const),
      member: fc.constantFrom('field', 'old', 'new'),
      parts: pieces,
    }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('changeQuery'), { maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('changeQuery') }),
  ) as fc.Arbitrary<ChangeQuery>,
  query: fc.oneof(
    { depthSize: 'small' },
    fc.record({ kind: fc.constantFrom('all' as const, 'none' as const) }),
    fc.record({ kind: fc.constant('exists' as const), field: fieldName }),
    fc.record({ kind: fc.constant('equals' as const), field: fieldName, value: asked }),
    fc.record({ kind: fc.constant('equals' as const), field: fieldName, value: asked }),
    fc.record({ kind: fc.constant('wildcard' as const), field: fieldName, parts: pieces }),
    fc.record(
      { kind: fc.constant('range' as const), field: fieldName, gt: bound, gte: bound, lt: bound, lte: bound },
      { requiredKeys: ['kind', 'field'] },
    ),
    fc
      .record({
        kind: fc.constant('cidr' as const),
        field: fc.constantFrom('source.ip', 'related.ip', 'user.name'),
        block,
      })
      .map(({ kind, field, block: [first, last] }) => ({ kind, field, first: first!, last: last! })),
    fc.record({ kind: fc.constant('words' as const), words, prefix: fc.boolean() }),
    fc.record({ kind: fc.constant('change' as const), of: tie('changeQuery') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('query'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('query') }),
  ) as fc.Arbitrary<Query>,
}))

export const aQuery = query
export const aChangeQuery = changeQuery
