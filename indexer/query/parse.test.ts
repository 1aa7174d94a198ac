import { describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { matches, parseQuery, QUERY_LIMITS, QueryError } from './index.ts'

const now = Date.UTC(2026, 0, 22, 12, 34, 56, 789)
const parse = (text: string) => parseQuery(text, { now })
const equals = (field: string, value: string) => ({ kind: 'equals', field, value })
const word = (...words: string[]) => ({ kind: 'words', words, prefix: false })

function refusal(text: string): QueryError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`${text} was understood`)
}

describe('conditions', () => {
  test.each([
    ['', { kind: 'all' }],
    ['  ', { kind: 'all' }],
    ['*', { kind: 'all' }],
    ['*:*', { kind: 'all' }],
    ['not *', { kind: 'none' }],
    ['user.name: "Jane Doe"', equals('user.name', 'Jane Doe')],
    ['user.name:jane', equals('user.name', 'jane')],
    ['"user.name" : jane', equals('user.name', 'jane')],
    ['user.name: jane doe', equals('user.name', 'jane doe')],
    ['user.name: ""', equals('user.name', '')],
    ['event.action: update*', { kind: 'wildcard', field: 'event.action', parts: ['update', ''] }],
    ['event.action: *up**te', { kind: 'wildcard', field: 'event.action', parts: ['', 'up', 'te'] }],
    ['event.action: "update*"', equals('event.action', 'update*')],
    ['user: *', { kind: 'exists', field: 'user.name' }],
    ['audit.payload.amount: 5', equals('audit.payload.amount', '5')],
    ['"audit.payload.my key": 5', equals('audit.payload.my key', '5')],
    ['labels.*: eu', equals('labels', 'eu')],
    ['event.severity: 3.0', equals('event.severity', '3')],
    ['audit.old_unknown: TRUE', equals('audit.old_unknown', 'true')],
    ['audit.record_count >= 1000', { kind: 'range', field: 'audit.record_count', gte: 1000 }],
    ['audit.record_count<-1.5e3', { kind: 'range', field: 'audit.record_count', lt: -1500 }],
    ['user > m', { kind: 'range', field: 'user.name', gt: 'm' }],
    ['source.ip >= ::FFFF:10.0.0.1', { kind: 'range', field: 'source.ip', gte: '10.0.0.1' }],
    ['ip: ::ffff:10.0.0.1', equals('source.ip', '10.0.0.1')],
    ['ip: 2001:DB8:0::1', equals('source.ip', '2001:db8::1')],
    ['ip: "::1"', equals('source.ip', '::1')],
    [
      'ip: 10.1.2.3/8',
      {
        kind: 'cidr',
        field: 'source.ip',
        first: '00000000000000000000ffff0a000000',
        last: '00000000000000000000ffff0affffff',
      },
    ],
    ['audit.words: "a b"', word('a', 'b')],
  ])('%s', (text, tree) => expect(parse(text)).toEqual(tree))

  test('a wildcard in a field’s name asks each field that can have the value', () => {
    expect(parse('audit.attempt.*: 2')).toEqual({
      kind: 'or',
      of: [equals('audit.attempt.count', '2'), equals('audit.attempt.max', '2')],
    })
    const query = parse('log.syslog.*: sshd')
    const fields = query.kind === 'or' ? query.of.map((part) => ('field' in part ? part.field : '')) : []
    expect(fields).toContain('log.syslog.appname')
    expect(fields).not.toContain('log.syslog.priority')
  })
})

describe('fields that no event has', () => {
  const found = (q: string, event: AuditEvent): boolean => matches(parseQuery(q, { now }), event)
  const event = {
    event: { action: 'entry.update', type: ['change'], module: 'strapi' },
    user: { name: 'Jane Doe', email: 'jane@x.example', id: '7' },
    audit: { entity: { type: 'api::customer.customer' } },
  }

  test('a person is one account, until it is known who has several', () => {
    for (const q of [
      'person: "jane doe"',
      'person: JANE@x.example',
      'person: 7',
      'person: strapi/7',
      'person: jane*',
      'person: (bob or 7)',
    ])
      expect([q, found(q, event)]).toEqual([q, true])
    for (const q of ['person: jane', 'person: erp/7', 'not person: *', 'person: bob'])
      expect([q, found(q, event)]).toEqual([q, false])
  })

  test('a verb is one of a few, by whatever word people write', () => {
    for (const q of ['verb: update', 'verb: CHANGED', 'verb: upd*', 'verb: (create or update)'])
      expect([q, found(q, event)]).toEqual([q, true])
    expect(found('verb: create', event)).toBe(false)
    expect(refusal('verb: updaet').message).toContain(
      'There is no verb "updaet"; the verbs are export, sign-in, sign-out, create, delete, update, view',
    )
  })

  test('an object is what several systems call by their own words', () => {
    const of = (module: string, type: string): AuditEvent => ({
      event: { module },
      audit: { entity: { type } },
    })
    for (const one of [of('erp', 'Customer'), of('clockify', 'client'), of('creatio', 'Account'), event])
      expect(found('object: customer', one)).toBe(true)
    expect(found('object: customer', of('erp', 'Account'))).toBe(false)
    expect(found('object: "time entry"', of('clockify', 'time_entry'))).toBe(true)
    expect(found('object: Widget', of('erp', 'widget'))).toBe(true)
    expect(found('object: *', of('erp', 'widget'))).toBe(true)
  })

  test('they have no order', () => {
    expect(refusal('person > a').message).toContain('person has no order')
  })
})

describe('free words, as in Kibana', () => {
  test.each([
    ['jane', word('jane')],
    ['"Jane Doe"', word('jane', 'doe')],
    ['jane doe', { kind: 'or', of: [word('jane'), word('doe')] }],
    ['jane - doe', { kind: 'or', of: [word('jane'), word('doe')] }],
    ['CUST-12345', word('cust', '12345')],
    ['cust-12*', { kind: 'words', words: ['cust', '12'], prefix: true }],
    ['*: jane', word('jane')],
    ['\\or', word('or')],
    ['"or"', word('or')],
    ['android', word('android')],
    ['knot tie', { kind: 'or', of: [word('knot'), word('tie')] }],
    ['message: jane doe', { kind: 'or', of: [equals('message', 'jane'), equals('message', 'doe')] }],
    ['message: "jane doe"', equals('message', 'jane doe')],
    ['message: *limit', { kind: 'wildcard', field: 'message', parts: ['', 'limit'] }],
  ])('%s', (text, tree) => expect(parse(text)).toEqual(tree))
})

describe('and, or, not', () => {
  const [a, b, c] = [word('a'), word('b'), word('c')]
  test.each([
    ['a or b and c', { kind: 'or', of: [a, { kind: 'and', of: [b, c] }] }],
    ['a AND b Or c', { kind: 'or', of: [{ kind: 'and', of: [a, b] }, c] }],
    ['(a or b)and(c)', { kind: 'and', of: [{ kind: 'or', of: [a, b] }, c] }],
    ['a and b and c', { kind: 'and', of: [a, b, c] }],
    ['(a and b) and c', { kind: 'and', of: [{ kind: 'and', of: [a, b] }, c] }],
    ['not a and b', { kind: 'and', of: [{ kind: 'not', of: a }, b] }],
    ['NOT(a or b)', { kind: 'not', of: { kind: 'or', of: [a, b] } }],
    ['not not a', { kind: 'not', of: { kind: 'not', of: a } }],
    [
      'user: (a or "b c" and not d*)',
      {
        kind: 'or',
        of: [
          equals('user.name', 'a'),
          {
            kind: 'and',
            of: [
              equals('user.name', 'b c'),
              { kind: 'not', of: { kind: 'wildcard', field: 'user.name', parts: ['d', ''] } },
            ],
          },
        ],
      },
    ],
  ])('%s', (text, tree) => expect(parse(text)).toEqual(tree))
})

describe('changes', () => {
  const field = { kind: 'equals', member: 'field', value: 'credit_limit' }
  test.each([
    ['audit.changes: { field: credit_limit }', field],
    [
      'audit.changes:{field:credit_limit and new: 15*}',
      { kind: 'and', of: [field, { kind: 'wildcard', member: 'new', parts: ['15', ''] }] },
    ],
    ['audit.changes: { not old: * }', { kind: 'not', of: { kind: 'exists', member: 'old' } }],
    [
      'audit.changes: { new: (a or b) }',
      {
        kind: 'or',
        of: [
          { kind: 'equals', member: 'new', value: 'a' },
          { kind: 'equals', member: 'new', value: 'b' },
        ],
      },
    ],
    ['audit.changes: *', { kind: 'exists', member: 'field' }],
  ])('%s', (text, of) => expect(parse(text)).toEqual({ kind: 'change', of }))
})

describe('escapes', () => {
  test.each([
    ['user: a\\:b', 'a:b'],
    ['user: a\\*b', 'a*b'],
    ['user: \\"a\\"', '"a"'],
    ['user: ACME\\\\jane', 'ACME\\jane'],
    ['user: \\u0041\\u00e9', 'Aé'],
    ['user: a\\tb', 'a\tb'],
    ['user: \\and', 'and'],
    ['user: black \\and white', 'black and white'],
    ['user: "a \\"b\\" c"', 'a "b" c'],
    ['user: "C:\\Windows"', 'C:\\Windows'],
    ['user: "a\\\\nb"', 'a\\nb'],
    ['user: "and"', 'and'],
    ['user: "\\u{1}"', '\\u{1}'],
  ])('%s', (text, value) => expect(parse(text)).toEqual(equals('user.name', value)))
})

describe('dates', () => {
  const day = Date.UTC(2026, 0, 15)
  const next = Date.UTC(2026, 0, 16)
  const time = (ends: object) => ({ kind: 'range', field: '@timestamp', ...ends })
  test.each([
    ['@timestamp > "2026-01-15"', time({ gt: next - 1 })],
    ['@timestamp >= 2026-01-15', time({ gte: day })],
    ['@timestamp < 2026-01-15', time({ lt: day })],
    ['@timestamp <= 2026-01-15', time({ lte: next - 1 })],
    ['@timestamp >= 2026-01-15T10:30:00+02:00', time({ gte: Date.UTC(2026, 0, 15, 8, 30) })],
    ['time > now-1d', time({ gt: now - 86_400_000 })],
    ['time >= now/d', time({ gte: Date.UTC(2026, 0, 22) })],
    ['time: 2026-01-15', { kind: 'and', of: [time({ gte: day }), time({ lte: next - 1 })] }],
    ['time: 2026-01-15T10:30:00.5Z', equals('@timestamp', '2026-01-15T10:30:00.500Z')],
  ])('%s', (text, tree) => expect(parse(text)).toEqual(tree))
})

describe('a refusal names the place and the remedy', () => {
  test.each([
    ['usr: x', 1, 3, 'did you mean user?'],
    ['User.Name: x', 1, 9, 'did you mean user.name?'],
    ['a and user.nmae: x', 7, 9, 'did you mean user.name?'],
    ['severity > 5', 1, 8, 'did you mean event.severity?'],
    ['user: jane action: x', 12, 6, '`and` or `or`'],
    ['ip: ::1 user: x', 9, 4, '`and` or `or`'],
    ['jane "doe"', 6, 5, 'between them'],
    ['jane (doe)', 6, 1, 'between them'],
    ['a not b', 3, 3, 'between them'],
    ['user:', 6, 1, 'a value is missing'],
    ['user: and', 7, 3, 'in quotes'],
    ['user: not jane', 7, 3, '(not jane)'],
    ['a and', 6, 1, 'a condition is missing'],
    ['or a', 1, 2, 'a condition is missing'],
    [': a', 1, 1, 'name is missing'],
    ['()', 2, 1, 'a condition is missing'],
    ['(a or b', 1, 1, 'never closed'],
    ['a)', 2, 1, 'closes nothing'],
    ['user: "jane', 7, 5, 'never closed'],
    ['user: a: b', 8, 1, 'in quotes'],
    ['user: a\\x', 8, 2, 'write two'],
    ['user: > 5', 7, 1, 'write user > 5'],
    ['event.severity: high', 17, 4, 'takes a number'],
    ['event.severity: 3 4', 17, 3, '(a or b)'],
    ['event.severity: 3*', 17, 2, 'use <'],
    ['ip: 10.0.*', 5, 6, '10.0.0.0/16'],
    ['ip: 10.0.0.0/40', 5, 11, 'IPv4 block'],
    ['ip: 10.0.0.256', 5, 10, 'is not an address'],
    ['ip > 10.0.0.0/8', 6, 10, 'source.ip: 10.0.0.0/8'],
    ['@timestamp > 2026-02-30', 14, 10, 'takes a time'],
    ['time: yesterday', 7, 9, 'now-1d'],
    ['message > a', 11, 1, 'no order'],
    ['message: a-*b', 10, 4, 'within one word'],
    ['user > a*', 8, 2, 'is not allowed after'],
    ['event.original: x', 17, 1, 'not indexed'],
    ['source.geo.location: x', 22, 1, 'not indexed'],
    ['*limit', 1, 6, 'end of a word'],
    ['--', 1, 2, 'no letter or digit'],
    ['zz.*: a', 1, 4, 'No field'],
    ['*: > 5', 4, 1, 'replaces the colon'],
    ['* > 5', 3, 1, 'Name a field'],
    ['audit.changes: x', 16, 1, '{ field:'],
    ['audit.changes.field: x', 1, 19, '{ field:'],
    ['audit.changes: { before: x }', 18, 6, 'did you mean old?'],
    ['audit.changes: { new > 5 }', 22, 1, 'no order'],
    ['audit.changes: { field: a', 16, 1, 'never closed'],
    ['user: { field: a }', 7, 1, 'one change'],
    ['user = bob', 6, 1, 'write user: bob in place of ='],
    ['user=bob', 1, 8, 'write user: bob in place of ='],
    ['user= bob', 1, 5, 'write user: bob in place of ='],
    ['action == login', 8, 2, 'write action: login in place of =='],
    ['usre = bob', 6, 1, 'write user: bob'],
    ['user = "Bob M"', 6, 1, 'write user: … in place of ='],
    ['category: security and outcome != success', 32, 2, 'write not outcome: success'],
    ['event.action !== login', 14, 3, 'write not event.action: login'],
    ['message =~ fail', 9, 2, 'write message: fail'],
    ['jane && john', 6, 2, 'write `and`'],
    ['jane || john', 6, 2, 'write `or`'],
    ['!user: bob', 1, 5, 'write not user'],
    ['-user: bob', 1, 5, 'write not user'],
    ['user: = bob', 7, 1, 'write user: bob without ='],
    ['user: == bob', 7, 2, 'write user: bob without =='],
    ['user: \\ud800', 7, 6, 'half a character'],
    ['user: \ud800', 7, 1, 'half a character'],
  ])('%s', (text, column, length, remedy) => {
    const error = refusal(text)
    expect([error.column, error.length]).toEqual([column, length])
    expect(error.message).toContain(remedy)
  })

  test.each([
    '"user = bob"',
    'message: "a == b"',
    'PWD=/root',
    'user: =cmd',
    'user: "= bob"',
    'x-y',
    'user: -bob',
  ])('is none for signs that are looked for: %s', (text) => expect(() => parse(text)).not.toThrow())

  test('says what was found and what was expected, as data', () => {
    const error = refusal('jane and usr.name: x')
    expect(error).toMatchObject({ found: 'usr.name', suggestion: 'user.name', exitCode: 2 })
    expect(refusal('user:').found).toBe('the end of the query')
    expect(error.expected).not.toBe('')
  })

  test('stands under the query with carets at the place', () => {
    expect(refusal('日本 and usr: x').rendered.split('\n')).toEqual([
      'There is no field usr; did you mean user? (column 8)',
      '  日本 and usr: x',
      '           ^^^',
    ])
  })

  test('shows the line and the part of a long query that matters', () => {
    const [, line = '', carets = ''] = refusal(`${'a or '.repeat(500)}\nusr: x\nor b`).rendered.split('\n')
    expect([line, carets]).toEqual(['  usr: x', '  ^^^'])
    const long = refusal(`${'a or '.repeat(500)}usr: x`).rendered.split('\n')
    expect(long[1]!.length).toBeLessThan(110)
    expect(long[1]!.slice(long[2]!.indexOf('^')).slice(0, 3)).toBe('usr')
  })
})

describe('bounds', () => {
  test.each([
    '('.repeat(9_999),
    'not '.repeat(2_400),
    `user: ${'('.repeat(5_000)}`,
    `${'('.repeat(70)}a${')'.repeat(70)}`,
    `audit.changes: {${'('.repeat(5_000)}`,
  ])('nesting beyond measure is refused (%#)', (text) => {
    expect(refusal(text).message).toContain(`${QUERY_LIMITS.depth} levels`)
  })

  test('nesting within measure is not', () => {
    expect(parse(`${'('.repeat(60)}a${')'.repeat(60)}`)).toEqual(word('a'))
    expect(parse(`${'(a) and '.repeat(500)} b`)).toMatchObject({ kind: 'and' })
  })

  test('a query of 10,000 parentheses, or any text too long, is refused', () => {
    expect(refusal('('.repeat(10_000)).message).toContain('levels')
    expect(refusal('a'.repeat(10_001)).message).toContain('10001 characters')
    expect(refusal(`${'*.*: a or '.repeat(500)}b`).message).toContain('more than 1024')
  })
})
