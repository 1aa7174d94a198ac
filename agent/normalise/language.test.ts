import { describe, expect, it } from 'vitest'
import { type AuditEvent, type FieldName, valueAt } from '../../schema/index.ts'
import type { Extraction, FieldMapping, Integration } from './integration/integration.ts'
import { loadIntegration } from './integration/load.ts'
import { eventsIn, recordsOf } from './testing/samples.ts'

const generic = await loadIntegration('generic-json')
const plain = await loadIntegration('plain')
const first = (integration: Integration, text: string): AuditEvent => {
  const [event] = eventsIn(recordsOf(integration, text))
  if (event === undefined) throw new Error('no event')
  return event
}
const of = (more: Partial<Integration>): Integration => ({ ...generic, ...more })
const taking = (from: string, pattern: string): Extraction => ({
  from: [from],
  patterns: [{ name: null, pattern }],
  into: null,
  keep: false,
  when: null,
})
const field = (from: readonly string[], to: FieldName): FieldMapping => ({
  ...generic.fields[0]!,
  ...{ from, to, format: ['auto'] },
})
const at = (event: AuditEvent, ...paths: string[]): unknown[] => paths.map((path) => valueAt(event, path))

describe('conditions', () => {
  it('compare two members: the one is there, and is not what the other is', () => {
    const integration = of({
      fields: [
        { ...generic.fields[0]!, to: 'user.name', from: ['by'], format: ['auto'] },
        {
          ...generic.fields[0]!,
          to: 'user.effective.name',
          from: ['account'],
          format: ['auto'],
          when: { name: 'account', differsFrom: 'by' },
        },
      ],
    })
    const effective = (record: string): unknown =>
      valueAt(first(integration, `${record}\n`), 'user.effective.name')
    expect(effective('{"by":"jane","account":"root"}')).toBe('root')
    expect(effective('{"account":"root"}')).toBe('root')
    expect(effective('{"by":"jane","account":"jane"}')).toBe(undefined)
    expect(effective('{"by":"jane"}')).toBe(undefined)
  })
})

describe('formats', () => {
  it('kv: quotes, escapes, other signs, words beside pairs', () => {
    const event = first(
      of({ formats: ['kv'] }),
      `user=jane action="log in" note='it\\'s "so"', ip=10.0.0.1; odd words\n`,
    )
    expect(at(event, 'user.name', 'event.action', 'source.ip')).toEqual(['jane', 'log in', '10.0.0.1'])
    expect(valueAt(event, 'audit.payload')).toEqual({ note: 'it\'s "so"' })
    expect(valueAt(event, 'message')).toBe('odd words')
    const bars = of({ formats: ['kv'], kv: { between: '|', assign: ':' } })
    expect(at(first(bars, 'user:jane doe|action:log in\n'), 'user.name', 'event.action')).toEqual([
      'jane doe',
      'log in',
    ])
    expect(at(first(of({ formats: ['kv'] }), 'no pairs\n'), 'event.kind')).toEqual(['pipeline_error'])
  })

  it('cef: header with escaped bars, values with blanks and escapes, custom labels, a syslog header before it', () => {
    const cef = of({ formats: ['cef'] })
    const event = first(
      cef,
      'Jan 22 10:45:32 fw CEF:0|Acme|Fire\\|wall|1.0|100|Login \\\\ out|7|suser=Jane Doe src=10.0.0.1 cs1=strict one cs1Label=Policy msg=a\\=b\\nc \n',
    )
    expect(valueAt(event, 'audit.payload')).toEqual({
      Policy: 'strict one',
      device_product: 'Fire|wall',
      device_vendor: 'Acme',
      device_version: '1.0',
      name: 'Login \\ out',
      prefix: 'Jan 22 10:45:32 fw',
      signature_id: '100',
      src: '10.0.0.1',
      suser: 'Jane Doe',
      version: '0',
    })
    expect(at(event, 'message', 'event.severity')).toEqual(['a=b\nc', 7])
    expect(valueAt(first(cef, 'CEF:0|too|short\n'), 'event.reason')).toContain('seven parts')
  })

  it('regex: the first pattern that fits; what none fits is said, and kept', () => {
    const integration = of({
      formats: ['regex'],
      patterns: ['(?<user>\\w+) in from (?<ip>[\\d.]+)', '(?<time>\\w+ \\d+ [\\d:]+) (?<user>\\w+) out'],
      fields: [
        { ...generic.fields[0]!, to: '@timestamp', from: ['time'], format: ['MMM DD HH:mm:ss'] },
        ...generic.fields.filter(({ to }) => to !== '@timestamp'),
      ],
    })
    expect(at(first(integration, 'jane in from 10.0.0.1\n'), 'user.name', 'source.ip')).toEqual([
      'jane',
      '10.0.0.1',
    ])
    expect(at(first(integration, 'Dec 31 23:59:59 bob out\n'), 'user.name', '@timestamp')).toEqual([
      'bob',
      '2025-12-31T23:59:59.000Z',
    ])
    const odd = first(integration, 'something else\n')
    expect(at(odd, 'event.kind', 'event.reason', 'message')).toEqual([
      'pipeline_error',
      "None of the integration's 2 patterns fits the record.",
      'something else',
    ])
  })

  it('several forms in one file: each record by what it looks like', () => {
    const integration = of({ formats: ['json', 'csv'], records: ['data'] })
    const text =
      'User,Action\njane,view\n{"user":"bob","action":"view"}\n"ann","a ""b"""\n{"data":[{"user":"kim"},\n{"user":"lee"}],"total":2}\n'
    expect(eventsIn(recordsOf(integration, text)).map((event) => valueAt(event, 'user.name'))).toEqual([
      'jane',
      'bob',
      'ann',
      'kim',
      'lee',
    ])
  })

  it('join: consecutive lines of one serial are one record', () => {
    const integration: Integration = { ...plain, join: 'msg=audit\\(([^)]+)\\)' }
    const text =
      'type=A msg=audit(1:7): x\ntype=B msg=audit(1:7): y\ntype=A msg=audit(1:8): z\nno serial\ntype=C msg=audit(1:8): w\n'
    expect(eventsIn(recordsOf(integration, text)).map((event) => valueAt(event, 'event.original'))).toEqual([
      'type=A msg=audit(1:7): x\ntype=B msg=audit(1:7): y',
      'type=A msg=audit(1:8): z',
      'no serial',
      'type=C msg=audit(1:8): w',
    ])
  })
})

describe('what fields are made of', () => {
  it('extract takes a member apart; what the record says by itself stands', () => {
    const integration = of({
      extract: [
        taking('event', '(?<event>Failed Login) \\((?<attempt>\\d+)/(?<max_attempts>\\d+)\\)'),
        taking('actor.label', '(?<username>.+) <(?<email>[^>]+)>'),
      ],
    })
    const event = first(
      integration,
      '{"event":"Failed Login (3/5)","actor":{"label":"Jane Doe <jane@x>"},"email":"own@x"}\n',
    )
    expect(
      at(event, 'event.action', 'audit.attempt.count', 'audit.attempt.max', 'user.name', 'user.email'),
    ).toEqual(['Failed Login', 3, 5, 'Jane Doe', 'own@x'])
    expect(valueAt(event, 'audit.payload')).toEqual({ actor: {} })
    expect(valueAt(first(integration, '{"event":"Login"}\n'), 'event.action')).toBe('Login')
  })

  it('extract says which pattern fits, keeps the member, and asks for fields that the header or a member will give', () => {
    const integration = of({
      formats: ['plain'],
      envelope: 'syslog',
      extract: [
        {
          from: ['note', 'line'],
          patterns: [
            { name: 'came', pattern: '(?<user>\\w+) in' },
            { name: 'went', pattern: '(?<user>\\w+) out' },
          ],
          into: 'action',
          keep: true,
          when: { name: 'process.name', oneOf: ['door'] },
        },
      ],
      fields: [...generic.fields, { ...generic.fields[1]!, from: ['line'], to: 'message', format: ['auto'] }],
    })
    const told = (line: string): unknown[] =>
      at(first(integration, line), 'event.action', 'user.name', 'message')
    expect(told('Jan 22 10:00:00 web door[7]: jane out\n')).toEqual(['went', 'jane', 'jane out'])
    expect(told('Jan 22 10:00:00 web gate[7]: jane out\n')).toEqual([undefined, undefined, 'jane out'])
    const named: Integration = {
      ...integration,
      formats: ['json'],
      envelope: null,
      fields: [{ ...generic.fields[1]!, from: ['program'], to: 'process.name' }, ...integration.fields],
    }
    expect(valueAt(first(named, '{"program":"door","note":"jane in"}\n'), 'event.action')).toBe('came')
    expect(valueAt(first(named, '{"program":"gate","note":"jane in"}\n'), 'event.action')).toBeUndefined()
  })

  it('brackets go into lists: the items that say something, or every item', () => {
    const integration = of({
      fields: [
        field(['targets[kind=User].ref'], 'user.name'),
        field(['targets[kind=Role].ref'], 'user.roles'),
        field(['targets[].kind'], 'audit.entity.type'),
        field(['event[].params[name=new value].value'], 'audit.entity.name'),
      ],
      changes: { ...generic.changes, list: ['targets[].changed'] },
      events: [
        {
          ...{ id: 'x.granted', title: 'Granted', group: 'Roles', mandatory: false, recorded: true },
          when: { name: 'event[].name', oneOf: ['grant'] },
          set: [{ field: 'audit.category', value: 'security' }],
        },
      ],
    })
    const record = {
      targets: [
        { kind: 'Role', ref: 'admin', changed: [{ field: 'a', old: '1', new: '2' }] },
        { kind: 'user', ref: '' },
        { kind: 'USER', ref: 'jane', changed: [{ field: 'b', new: '3' }] },
        { kind: 'Role', ref: 'owner' },
        { kind: 'User', ref: 'second' },
      ],
      event: [{ name: 'GRANT', params: [{ name: 'NEW_VALUE', value: 'ops' }] }],
    }
    const event = first(integration, `${JSON.stringify(record)}\n`)
    expect(
      at(event, 'user.name', 'user.roles', 'audit.entity.type', 'audit.entity.name', 'event.code'),
    ).toEqual(['jane', ['admin', 'owner'], 'Role', 'ops', 'x.granted'])
    expect(valueAt(event, 'audit.changes')).toEqual([
      { field: 'a', new: '2', old: '1' },
      { field: 'b', new: '3' },
    ])
    // A list stays in the payload completely.
    expect(valueAt(event, 'audit.payload')).toEqual(record)
  })

  it('keep leaves a member to the fields behind, and in the payload where none of them takes it', () => {
    const integration = of({
      fields: [
        { ...field(['who'], 'user.email'), keep: true },
        field(['who'], 'user.name'),
        { ...field(['level'], 'audit.entity.type'), keep: true },
      ],
    })
    const event = first(integration, '{"who":"jane@example.org","level":"high"}\n')
    expect(at(event, 'user.email', 'user.name', 'audit.entity.type', 'audit.payload')).toEqual([
      'jane@example.org',
      'jane@example.org',
      'high',
      { level: 'high' },
    ])
  })

  it('pairs of members are changes where the previous value is there', () => {
    const pairs = [
      { field: 'visibility', old: 'previous_visibility', new: 'visibility' },
      { field: 'name', old: 'data.old_name', new: 'data.name' },
    ]
    const integration = of({
      fields: [field(['data.id'], 'audit.entity.id')],
      changes: { ...generic.changes, pairs },
    })
    const renamed = first(
      integration,
      '{"data":{"id":7,"old_name":"a","name":"b"},"previous_visibility":"private","visibility":"public"}\n',
    )
    expect(at(renamed, 'audit.changes', 'audit.payload')).toEqual([
      [
        { field: 'visibility', new: 'public', old: 'private' },
        { field: 'name', new: 'b', old: 'a' },
      ],
      undefined,
    ])
    const made = first(integration, '{"data":{"old_name":"","name":"b"},"visibility":"public"}\n')
    expect(at(made, 'audit.changes', 'audit.payload')).toEqual([
      undefined,
      { data: { name: 'b' }, visibility: 'public' },
    ])
  })

  it('unpack reaches into JSON in a text, and leaves other text as it is', () => {
    const integration = of({
      unpack: ['data'],
      changes: { ...generic.changes, before: ['data.before'], after: ['data.after'] },
    })
    const event = first(integration, `{"data":${JSON.stringify('{"before":{"a":1},"after":{"a":2}}')}}\n`)
    expect(valueAt(event, 'audit.changes')).toEqual([{ field: 'a', new: '2', old: '1' }])
    expect(valueAt(first(integration, '{"data":"{not json"}\n'), 'audit.payload.data')).toBe('{not json')
  })

  it.each([
    ['145ms', 145e6],
    ['4.5 hours', 16_200e9],
    ['1h 30m', 5400e9],
    ['12 min 4 s', 724e9],
    ['PT1H30M', 5400e9],
    ['P1DT0.5S', 86_400.5e9],
    ['01:30:00', 5400e9],
    ['00:00:00.250', 250e6],
    ['2 minutes', 120e9],
    ['fast', undefined],
    ['5', undefined],
    ['5 apples', undefined],
  ])('the duration %s', (text, nanoseconds) => {
    const integration = of({
      fields: [{ ...generic.fields[0]!, to: 'event.duration', from: ['took'], format: ['text'] }],
    })
    expect(valueAt(first(integration, `{"took":"${text}"}\n`), 'event.duration')).toBe(nanoseconds)
  })

  it.each([
    ['1,000', 1000],
    ['5,000 records', 5000],
    ['1.204.567', 1_204_567],
    ['12', 12],
    ['1,00', undefined],
    ['about 5', undefined],
  ])('the count %s', (text, count) => {
    const integration = of({
      fields: [{ ...generic.fields[0]!, to: 'audit.record_count', from: ['n'], format: ['grouped'] }],
    })
    expect(valueAt(first(integration, `{"n":"${text}"}\n`), 'audit.record_count')).toBe(count)
  })

  it.each([
    [
      'Limit: 10 -> 15; Terms: Net 30 → Net 45',
      [
        ['Limit', '10', '15'],
        ['Terms', 'Net 30', 'Net 45'],
      ],
    ],
    ['Terms changed from "a b" to "c"', [['Terms', 'a b', 'c']]],
    [
      'Name: a -> b\nRate: 1 => 2',
      [
        ['Name', 'a', 'b'],
        ['Rate', '1', '2'],
      ],
    ],
    ['Limit: 10 -> 15; and more', null],
    ['just text', null],
  ])('changes told in a text: %s', (text, expected) => {
    const integration = of({ changes: { ...generic.changes, text: ['details'] } })
    const changes = expected?.map(([field, old, now]) => ({ field, new: now, old }))
    expect(valueAt(first(integration, `${JSON.stringify({ details: text })}\n`), 'audit.changes')).toEqual(
      changes,
    )
  })

  it('zones that RFC 822 names', () => {
    const integration = of({
      fields: [{ ...generic.fields[0]!, format: ['MMM DD, YYYY hh:mm:ss A Z'] }],
    })
    const time = (zone: string): unknown =>
      valueAt(first(integration, `{"time":"January 22, 2026 10:45:32 AM ${zone}"}\n`), '@timestamp')
    expect([time('EST'), time('EDT'), time('PST')]).toEqual([
      '2026-01-22T15:45:32.000Z',
      '2026-01-22T14:45:32.000Z',
      '2026-01-22T18:45:32.000Z',
    ])
  })
})
