import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsOf } from '../../schema/index.ts'
import {
  addressKey,
  addressText,
  blockOf,
  type ChangeQuery,
  meaningOf,
  parseQuery,
  printQuery,
  type Query,
  QueryError,
} from './index.ts'
import { timeText } from './time.ts'

const now = Date.UTC(2026, 0, 22)
const runs = process.env.WAYBILL_FULL ? 20_000 : 2_000

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.stringMatching(/^[\\"*:(){}<> andorut0-9\n\t.]{0,12}$/),
  fc.constantFrom('and', 'OR', 'not', 'jane doe', '*', '\\', '"', ' a ', 'now', '10.0.0.0/8', '\\u0041'),
)
const parts = fc
  .tuple(
    text,
    fc.array(
      text.filter((part) => part !== ''),
      { maxLength: 2 },
    ),
    text,
  )
  .map(([first, middle, last]) => [first, ...middle, last])
  .filter((all) => all.length > 2 || all[0] !== '' || all[1] !== '')
const keyword = fc.oneof(
  fc.constantFrom('user.name', 'event.action', 'tags', 'audit.payload', 'audit.payload.a.b', 'labels.and'),
  text.filter((path) => path !== '').map((path) => `audit.payload.${path}`),
)
const letters = fc.stringMatching(/^[a-z0-9éß日]{1,8}$/)
const wordList = text
  .map(wordsOf)
  .filter((words) => words.length > 0 && wordsOf(words.join(' ')).join(' ') === words.join(' '))
const ipv4 = fc.ipV4()
const address = fc.oneof(ipv4, fc.ipV6()).map((ip) => addressText(addressKey(ip)!))
const block = fc
  .oneof(
    fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
  )
  .map(([ip, bits]) => blockOf(`${ip}/${bits}`)!)
const date = fc.constantFrom('@timestamp', 'event.ingested')
const number = fc.constantFrom('event.severity', 'event.risk_score', 'audit.record_count')
const ms = fc.oneof(
  fc.integer({ min: 0, max: Date.UTC(9999, 0) }),
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
)
const amount = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
const end = fc.constantFrom('gt', 'gte', 'lt', 'lte')

const leaf: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ kind: 'all' }),
  fc.constant<Query>({ kind: 'none' }),
  fc
    .oneof(keyword, date, number, fc.constantFrom('message', 'source.ip'))
    .map((field): Query => ({ kind: 'exists', field })),
  fc.record({ kind: fc.constant('equals'), field: keyword, value: text }),
  fc.record({ kind: fc.constant('wildcard'), field: keyword, parts }),
  fc.record({
    kind: fc.constant('equals'),
    field: fc.constant('message'),
    value: text.filter((value) => wordsOf(value).length > 0),
  }),
  letters.map((word): Query => ({ kind: 'wildcard', field: 'message', parts: [word, ''] })),
  letters.map((word): Query => ({ kind: 'wildcard', field: 'message', parts: ['', word] })),
  fc.record({ kind: fc.constant('equals'), field: fc.constant('source.ip'), value: address }),
  block.map((ends): Query => ({ kind: 'cidr', field: 'related.ip', ...ends })),
  fc.record({ kind: fc.constant('equals'), field: date, value: ms.map(timeText) }),
  fc.record({ kind: fc.constant('equals'), field: number, value: amount.map(String) }),
  fc.tuple(date, end, ms).map(([field, key, bound]): Query => ({ kind: 'range', field, [key]: bound })),
  fc.tuple(number, end, amount).map(([field, key, bound]): Query => ({ kind: 'range', field, [key]: bound })),
  fc.tuple(keyword, end, text).map(([field, key, bound]): Query => ({ kind: 'range', field, [key]: bound })),
  fc.tuple(end, address).map(([key, bound]): Query => ({ kind: 'range', field: 'source.ip', [key]: bound })),
  fc.record({ kind: fc.constant('words'), words: wordList, prefix: fc.boolean() }),
  fc
    .tuple(
      fc.constantFrom('person' as const, 'object' as const),
      fc.oneof(
        text.map((one) => [one]),
        parts,
      ),
    )
    .map(([field, of]) => meaningOf(field, of)),
  fc.constantFrom('create', 'sign-in', 'export').map((verb) => meaningOf('verb', [verb])),
)

const member = fc.constantFrom('field', 'old', 'new')
const change: fc.Arbitrary<ChangeQuery> = fc.letrec<{ tree: ChangeQuery }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.record({ kind: fc.constant('equals'), member, value: text }),
    fc.record({ kind: fc.constant('wildcard'), member, parts }),
    fc.record({ kind: fc.constant('exists'), member }),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      of: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    tie('tree').map((of): ChangeQuery => ({ kind: 'not', of })),
  ),
})).tree

const query: fc.Arbitrary<Query> = fc.letrec<{ tree: Query }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    change.map((of): Query => ({ kind: 'change', of })),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      of: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    tie('tree')
      .filter((of) => of.kind !== 'all')
      .map((of): Query => ({ kind: 'not', of })),
  ),
})).tree

test('a tree that is printed and read again is the same tree', () => {
  fc.assert(
    fc.property(query, (tree) => {
      expect(parseQuery(printQuery(tree), { now })).toEqual(tree)
    }),
    { numRuns: runs },
  )
})

const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'user',
        'user.name',
        'person',
        'verb',
        'object',
        'ip',
        '@timestamp',
        'audit.changes',
        'message',
        'severity',
        'field',
      ),
      fc.constantFrom(
        ':',
        '(',
        ')',
        '{',
        '}',
        '"',
        '*',
        '\\',
        '<',
        '>=',
        ' ',
        ' ',
        '\n',
        ' and ',
        ' or ',
        ' not ',
      ),
      fc.constantFrom('now-1d', '10.0.0.0/8', '::1', '2026-01-15', '5', '\\u00', '\ud800', '/'),
      text,
    ),
    { maxLength: 14 },
  )
  .map((tokens) => tokens.join(''))

test('any text is a query or gets a sentence with a place in it', () => {
  fc.assert(
    fc.property(fc.oneof(soup, text, fc.string({ unit: 'binary', maxLength: 200 })), (wild) => {
      let tree: Query
      try {
        tree = parseQuery(wild, { now })
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        expect(error.column).toBeGreaterThanOrEqual(1)
        expect(error.column).toBeLessThanOrEqual(wild.length + 1)
        expect(error.rendered).toContain('^')
        return
      }
      expect(parseQuery(printQuery(tree), { now })).toEqual(tree)
    }),
    { numRuns: runs * 3 },
  )
})

test('what no text says is printed with the same meaning', () => {
  const range: Query = { kind: 'range', field: 'event.severity', gte: 1, lt: 5 }
  expect(printQuery({ kind: 'not', of: range })).toBe('not (event.severity >= 1 and event.severity < 5)')
  expect(printQuery({ kind: 'and', of: [] })).toBe('*')
  expect(printQuery({ kind: 'or', of: [] })).toBe('not *')
  const odd: Query = {
    kind: 'cidr',
    field: 'source.ip',
    first: addressKey('1.0.0.1')!,
    last: addressKey('1.0.0.9')!,
  }
  expect(printQuery(odd)).toBe('(source.ip >= 1.0.0.1 and source.ip <= 1.0.0.9)')
})
