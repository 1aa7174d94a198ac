import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { canonical } from '../../../schema/index.ts'
import type { FieldMapping, Integration } from '../integration/integration.ts'
import { loadIntegration } from '../integration/load.ts'
import { textOf } from '../read/text.ts'
import { type TaskSlice, wholeFile } from '../task.ts'
import { PlainPipeline } from '../testing/plain/index.ts'
import { setupOf, specOf } from '../testing/setup.ts'
import { Mapper, Memory } from './index.ts'
import { Output } from './output.ts'
import { Pipeline } from './pipeline.ts'

/** The mapper answers like the reference, byte for byte. */

const RUNS = process.env.WAYBILL_FULL === undefined ? 4000 : 60_000
/** The timeout of the long run, which takes minutes. */
const TIMEOUT = 600_000
const NOW = Date.UTC(2026, 0, 23)

const slice: TaskSlice = { ...wholeFile('/var/log/ä "quoted".jsonl', 0), generation: 3 }

let generic: Integration
let mappers: { pipeline: Pipeline; plain: PlainPipeline; mapper: Mapper }[]
beforeAll(async () => {
  generic = await loadIntegration('generic-json')
  const given = specOf(generic, { tags: ['prod'], labels: { b: '2', a: '1' } })
  const berlin = specOf(generic, { timeZone: 'Europe/Berlin' })
  const setup = setupOf([given])
  mappers = [
    new Pipeline(setup, given, generic),
    new Pipeline(setup, berlin, generic),
    new Pipeline(setup, berlin, {
      ...generic,
      identity: [['event_id'], ['user']],
      dataset: 'audit',
      set: [
        { field: 'audit.channel', value: 'panel' },
        { field: 'host.name', value: 'db-1' },
      ],
    }),
    new Pipeline(setup, berlin, {
      ...generic,
      identity: [['targets[kind=id].ref', 'event_id']],
      keep: ['extra'],
      fields: [
        { ...plainField, from: ['targets[kind=User].ref', 'x[].name'], to: 'user.name' },
        { ...plainField, from: ['x[].name', 'targets[].a[].name'], to: 'user.target.name', keep: true },
        { ...plainField, from: ['x[].name', 'user'], to: 'user.roles' },
        { ...plainField, from: ['targets[].ref', 'roles[]'], to: 'user.target.id', keep: true },
        { ...plainField, from: ['targets[].ref'], to: 'audit.entity.id', first: true },
        { ...plainField, from: ['extra.list[kind=User].ref', 'action'], to: 'event.action', keep: true },
        ...generic.fields,
      ],
      changes: {
        ...generic.changes,
        list: ['targets[].changes', 'changes'],
        before: ['x[kind=old].ref', 'old'],
        after: ['x[kind=new].ref', 'new'],
        pairs: [
          { field: 'count "now"', old: 'a', new: 'count' },
          { field: 'name', old: 'extra.old', new: 'name' },
          { field: 'ref', old: 'targets[kind=old].ref', new: 'targets[kind=new].ref' },
        ],
      },
      events: [
        {
          ...{ id: 'generic.user', title: 'A user', group: 'Users', mandatory: false, recorded: true },
          when: {
            any: [
              { name: 'targets[].kind', oneOf: ['user'] },
              { name: 'x[kind=5].ref', exists: true },
            ],
          },
          set: [{ field: 'audit.entity.type', value: 'user' }],
        },
        ...generic.events,
      ],
    }),
  ].map((pipeline) => ({
    pipeline,
    plain: new PlainPipeline(pipeline),
    mapper: new Mapper(pipeline, memory, output),
  }))
})

const plainField: FieldMapping = {
  ...{ from: [], to: 'message', format: ['auto'], values: null, value: null, when: null },
  ...{ keepOthers: false, first: false, keep: false },
}
const memory = new Memory()
const output = new Output(memory)
/** The number of records that were read in place. */
let taken = 0

function holds(record: Buffer, offset = 123_456_789_012, of = mappers): void {
  for (const { pipeline, plain, mapper } of of) {
    const place = pipeline.placeOf(slice, NOW)
    const { text, flags } = textOf(record)
    if (flags !== 0) return
    output.begin()
    // Other records precede and follow it in the buffer.
    const buffer = Buffer.concat([
      Buffer.from('{"user":"before"}\n'),
      record,
      Buffer.from('\n{"user":"behind"}'),
    ])
    memory.bytes.set(buffer, memory.input)
    const from = memory.input + 18
    mapper.begin(place)
    const asBytes = mapper.takeBytes(place, from, from + record.length, offset)
    if (asBytes === 'declined') expect(output.at).toBe(output.first)
    else taken++
    const known = asBytes === 'declined' ? pipeline.understand(place, text) : null
    const written = known === null ? asBytes : mapper.take(place, known, { flags, offset })
    const line = output.bytes.toString('utf8', output.first, output.at)
    const expected = plain.lineOf(place, text, 0, offset)
    if (expected === null || expected === 'filtered') {
      expect([written, output.at]).toEqual([expected ?? 'declined', output.first])
      continue
    }
    expect(line).toBe(`${expected.text}\n`)
    expect([written, mapper.lacks]).toEqual([expected.failed ? 'failed' : 'event', expected.lacks])
    expect(canonical(JSON.parse(line))).toBe(line.slice(0, -1))
  }
}

const HOSTILE: readonly string[] = [
  '{}',
  // A reason with half of a character could not be sealed.
  '{"x":"-\\😀"}',
  '{"x":😀}',
  ' { } ',
  '{"user":"a","user":"b"}',
  '{"user_id":1,"userId":2}',
  '{"client":{"ip":"10.0.0.1"},"client":{"x":2}}',
  '{"x":{"a":1,"a":2}}',
  '{"x":[{"a":1,"a":2}]}',
  '{"x":1,"x":1}',
  '{"":1}',
  '{"__proto__":{"user":"x"},"constructor":1,"toString":2}',
  '{"x":{"__proto__":1}}',
  '{"a.b":1,"a":{"b":2}}',
  '{"user.name":"x"}',
  '{"user.name":"x","user":{"name":"y"}}',
  '{"user":{"name":"jane","id":7,"email":"j@x.org","team":"ops"}}',
  '{"user":{}}',
  '{"user":[]}',
  '{"user":["a"]}',
  '{"user":null,"username":"b"}',
  '{"user":"","username":"b"}',
  '{"user":true,"action":false,"entity_id":12.5}',
  '{"n":1.0}',
  '{"n":1.50}',
  '{"n":-0}',
  '{"n":-0.5,"m":0.000001,"o":0.0000001}',
  '{"n":1e5}',
  '{"n":1E400}',
  '{"n":123456789012345}',
  '{"n":1234567890123456}',
  '{"n":12345678901234567890}',
  '{"n":01}',
  '{"n":+1}',
  '{"n":.5}',
  '{"n":1.}',
  '{"n":NaN}',
  '{"n":-}',
  '{"x":"\\u0041"}',
  '{"x":"\\/"}',
  '{"x":"\\ud800"}',
  '{"x":"\\u0000"}',
  '{"x":"\\x"}',
  '{"x":"a\\nb\\t\\"\\\\ \\b\\f\\r"}',
  '{"action":"log\\nin"}',
  '{"status":"o\\nk"}',
  '{"x":"\u2028\u2029\u007f"}',
  '{"ключ":"значение","日本":"語","😀":1,"\uffee":2}',
  '{"x":"tab\there"}',
  '{"x":1}trailing',
  '{"x":1}{"y":2}',
  '{"x":1,}',
  '{,"x":1}',
  '{"x" 1}',
  '{"x":}',
  '{"x":tru}',
  '{"x":nul',
  '{"x":"unclosed',
  '{"x":"unclosed\\',
  '[1,2]',
  '"text"',
  'null',
  '',
  '{"x":[1,[2,[3,[4,[5,[6,[7,[8,[9]]]]]]]]]}',
  `{"x":${'['.repeat(40)}${']'.repeat(40)}}`,
  `{"x":${'{"a":'.repeat(20)}1${'}'.repeat(20)}}`,
  `{${Array.from({ length: 600 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
  `{"user":"${'x'.repeat(9000)}"}`,
  `{"x":"${'ä'.repeat(5000)}"}`,
  `{"${'k'.repeat(300)}":1}`,
  '{"time":"2026-01-22T10:45:32Z"}',
  '{"time":"2026-01-22T10:45:32.1Z"}',
  '{"time":"2026-01-22T10:45:32.123456789Z"}',
  '{"time":"2026-01-22 10:45:32"}',
  '{"time":"2026-01-22T10:45:32,5"}',
  '{"time":"2026-01-22T10:45:32+02:00"}',
  '{"time":"2026-02-29T10:45:32Z"}',
  '{"time":"2024-02-29T10:45:32Z"}',
  '{"time":"2026-01-22T10:45:60Z"}',
  '{"time":"2026-01-22T24:00:00Z"}',
  '{"time":"1989-12-31T23:59:59.999Z"}',
  '{"time":"1990-01-01T00:00:00Z"}',
  '{"time":"2026-01-24T00:00:00.000Z"}',
  '{"time":"2026-01-24T00:00:00.001Z"}',
  '{"time":"2099-01-22T10:45:32Z","ts":1769078732}',
  '{"time":"garbage","ts":"2026-01-22T10:45:32Z"}',
  '{"time":1769078732}',
  '{"time":1769078732123,"created_at":1769078732.5}',
  '{"time":0}',
  '{"time":true}',
  '{"time":{}}',
  '{"time":"2026-01-22"}',
  '{"ip":"10.0.0.1"}',
  '{"ip":"10.0.0.01"}',
  '{"ip":"10.0.0.256"}',
  '{"ip":["10.0.0.4","203.0.113.7"]}',
  '{"ip":["10.0.0.4"]}',
  '{"ip":["203.0.113.7:443"]}',
  '{"ip":["203.0.113.7",""]}',
  '{"ip":["203.0.113.7",null]}',
  '{"ip":["203.0.113.7","\\u0031"]}',
  '{"ip":[["10.0.0.4"]]}',
  '{"ip":["10.0.0.4",["203.0.113.7"]]}',
  '{"ip":["x"]}',
  '{"ip":[7]}',
  '{"ip":[]}',
  '{"ip":"10.0.0.1:80"}',
  '{"ip":"::1"}',
  '{"ip":"fe80::1%eth0"}',
  '{"ip":"::ffff:1.2.3.4","client_ip":"1.2.3.4"}',
  '{"ip":1}',
  '{"roles":["a","b"],"role":"c"}',
  '{"roles":[]}',
  '{"roles":["a",1,true]}',
  '{"roles":["a",null]}',
  '{"roles":"admin"}',
  '{"level":3}',
  '{"level":"3"}',
  '{"level":"warn"}',
  '{"level":3.5}',
  '{"duration_ms":12.5,"count":"1000","port":"443"}',
  '{"count":99999999999999999999}',
  '{"count":-5}',
  '{"status":200}',
  '{"status":"active"}',
  '{"success":true,"status":"whatever"}',
  '{"action":"update","changes":[{"field":"a","old":"1","new":"2"}]}',
  '{"action":"update","changes":[{"field":"a","old":"1","new":"1"}]}',
  '{"action":"update","changes":[{"field":"a","old":null,"new":"1"},{"field":"a","old":"","new":5}]}',
  '{"action":"update","changes":[{"name":"a","from":1,"to":true},{"field":"b","new":{"x":[1]}}]}',
  '{"action":"update","changes":[{"field":"a","old":"1","new":"2","why":"x"}]}',
  '{"action":"update","changes":[]}',
  '{"action":"update","changes":[1]}',
  '{"action":"update","changes":{"a":{"old":1,"new":2}}}',
  '{"action":"update","changes":{"a":[1,2]}}',
  '{"action":"update","changes":"[{\\"field\\":\\"a\\",\\"new\\":1}]"}',
  '{"action":"update","changes":"renamed"}',
  '{"action":"update","before":{"a":1,"b":2},"after":{"a":1,"b":3,"c":null}}',
  '{"action":"update","before":{"a":1,"b":2},"after":{"b":2}}',
  '{"action":"update","before":{"2":1,"1":2},"after":{"1":3}}',
  '{"action":"create","before":null,"after":{"a":1}}',
  '{"action":"delete","before":{"a":1},"after":null}',
  '{"action":"update","before":{"a":1,"a":2},"after":{}}',
  '{"action":"update","old":"1","new":"2","field":"x"}',
  '{"action":"update","old_value":"","new_value":"2"}',
  '{"action":"update","old":"","new":""}',
  '{"action":"update","new":5}',
  '{"action":"update","old":"{\\"a\\":1}","new":"{\\"a\\":2}"}',
  '{"action":"update","old":{"a":1},"new":"x"}',
  '{"action":"update","before":{"a":{"b":1}},"after":{"a":{"b":2}}}',
  '{"action":"update"}',
  '{"action":"UPDATE_SETTINGS"}',
  '{"action":"customer.viewed","user_email":"a@b","entity":{"type":"x","id":1,"name":"n"}}',
  '{"event":{"action":"login","id":5},"user":"x","event_id":"5"}',
  '{"action":"login","user":"x","user_id":"x","target_user":"y"}',
  '{"session":{"id":"s","age":5},"host":"db"}',
  '{"action":"update","field":"Password","old":"a","new":"b"}',
  '{"action":"login","user_password":"geheim"}',
  '{"action":"login","card":4111111111111111}',
  '{"message":"token=abc"}',
  '{"targets":[{"kind":"Role","ref":"admin"},{"kind":"User","ref":"jane"}]}',
  '{"targets":[{"Kind":"user","REF":"jane"},{"kind":"User","ref":"bob"}]}',
  '{"targets":[{"kind":"User","ref":""},{"kind":"User","ref":null},{"kind":"User","ref":"bob"}]}',
  '{"targets":[{"kind":"User","kind":"Role","ref":"a","ref":"b"}]}',
  '{"targets":[{"ki_nd":"User","kind":"Role","ref":["a","b"],"re f":"c"}]}',
  '{"targets":[[{"kind":"User","ref":"jane"}],1,null,"x",{"ref":{"a":1}},{"kind":5,"ref":5.5}]}',
  '{"targets":{"kind":"User","ref":"jane"},"x":"text","roles":["",null,"a"]}',
  '{"targets":[],"x":[{}],"roles":[]}',
  '{"targets":null,"x":[{"name":[]},{"name":["a"]}]}',
  '{"x":[{"name":"a"},{"name":["b","c"]}]}',
  '{"x":[{"name":"a"},{"name":{"b":1}}]}',
  '{"x":[{"kind":5,"ref":"five"},{"kind":"old","ref":""},{"kind":"new","ref":"n"}],"action":"update"}',
  '{"targets":[{"changes":[]},{"changes":[{"field":"a","old":1,"new":2}]}],"action":"update"}',
  '{"targets":[{"changes":[{"field":"a","old":1}]},{"changes":[{"field":"b","new":2}]}],"action":"update"}',
  '{"targets":[{"changes":"a"},{"changes":{"a":[1,2]}}],"action":"update"}',
  '{"targets":[{"a":[{"name":"deep"}]}],"extra":{"list":[{"kind":"User","ref":"login"}],"y":1}}',
  '{"a":1,"count":2,"action":"update","extra":{"old":"x","y":1}}',
  '{"a":"","count":2,"action":"update","extra":{"old":null},"name":"y"}',
  '{"a":"1","count":null,"extra":{"old":{"x":1}},"name":"y"}',
  '{"a":"1","count":[2],"name":"y","old":"7","new":"8"}',
  '{"targets":[{"kind":"old","ref":1},{"kind":"new","ref":2}],"name":"y"}',
  '{"extra.list":[{"kind":"User","ref":"login"}],"targets":[{"kind":"id","ref":"e\\\\1"}]}',
]

describe('the mapper', () => {
  it('answers hostile records as the reference does', () => {
    for (const record of HOSTILE) holds(Buffer.from(record))
    for (const record of HOSTILE) holds(Buffer.from(`${record}\r`))
  })

  const MOST = 1024 * 1024 - 1024
  const many = (count: number, one: (i: number) => unknown): unknown[] =>
    Array.from({ length: count }, (_, i) => one(i))
  it.each<[string, object]>([
    ['a list of numbers', { action: 'update', user: 'jane', x: many(MOST / 2, () => 1) }],
    ['a list that a field takes', { action: 'login', roles: many(MOST / 4, () => 1) }],
    ['signs that JSON writes with six', { action: 'update', message: '\u0001'.repeat(MOST / 6) }],
    ['a text of another script', { action: 'update', message: '\u4e2d'.repeat(MOST / 3) }],
    ['members', Object.fromEntries(many(50_000, (i) => [`member ${i}`, i]) as [string, number][])],
    [
      'changes',
      { action: 'update', changes: many(12_000, (i) => ({ field: `f${i}`, old: 'x'.repeat(40), new: i })) },
    ],
    ['two states', { before: { a: 'x'.repeat(MOST / 2) }, after: { a: 'y'.repeat(MOST / 2 - 100) } }],
    ['lists within lists', { x: many(2000, () => many(100, () => [])) }],
  ])('takes a record of the greatest length: %s', (_, record) => {
    const bytes = Buffer.from(JSON.stringify(record))
    expect(bytes.length).toBeLessThan(1024 * 1024)
    holds(bytes, 0, mappers.slice(-1))
  })

  it('takes a record that holds a secret, without it', () => {
    taken = 0
    holds(Buffer.from('{"action":"login","user":"jane","user_password":"geheim"}'))
    expect(taken).toBe(mappers.length)
    expect(output.bytes.toString('utf8', output.first, output.at)).toContain('[masked:password]')
    expect(output.bytes.toString('utf8', output.first, output.at)).not.toContain('geheim')
  })

  it('has room for whatever an integration says', () => {
    const long = 'x'.repeat(100_000)
    const wordy = new Pipeline(setupOf([]), specOf(generic, { tags: [long], labels: { b: '2', a: '1' } }), {
      ...generic,
      set: [{ field: 'user.name', value: long }],
      message: [['user.name'], ['user.name'], ['event.action']],
    })
    const own = new Memory()
    const lines = new Output(own)
    const mapper = new Mapper(wordy, own, lines)
    const record = Buffer.from(`{"action":"update","x":"y"}${' '.repeat(20)}`)
    own.bytes.set(record, own.input)
    const plain = new PlainPipeline(wordy)
    for (let i = 0; i < 40; i++) {
      const place = wordy.placeOf(slice, NOW)
      mapper.begin(place)
      const from = lines.at
      expect(mapper.takeBytes(place, own.input, own.input + 27, 0)).toBe('event')
      const expected = plain.lineOf(place, record.toString('utf8', 0, 27), 0, 0)
      expect(`${lines.bytes.toString('utf8', from, lines.at)}`).toBe(
        `${(expected as { text: string }).text}\n`,
      )
    }
  })

  it('is cut anywhere without reading on behind the record', () => {
    const whole = Buffer.from(
      '{"user":{"id":7},"action":"login","ok":true,"n":-12.5,"l":[1,null],"m":"x\\n","changes":[{"field":"a","new":false}]}',
    )
    for (let length = 0; length <= whole.length; length++) holds(whole.subarray(0, length))
  })

  const name = fc.constantFrom(
    ...['time', 'ts', 'user', 'username', 'User-Name', 'user_id', 'email', 'action', 'event', 'type', 'ip'],
    ...[
      'entity',
      'entity_id',
      'object',
      'resource',
      'target',
      'before',
      'after',
      'old',
      'new',
      'changes',
      'field',
    ],
    ...[
      'message',
      'status',
      'result',
      'success',
      'session',
      'request_id',
      'level',
      'severity',
      'roles',
      'count',
    ],
    ...[
      'duration_ms',
      'id',
      'name',
      'extra',
      'x',
      'y',
      'a',
      'b',
      'host',
      'user.name',
      'event_id',
      'created_at',
      'targets',
    ],
  )
  const text = fc.oneof(
    fc.constantFrom(
      'update',
      'create',
      'login failed',
      'CUST-1',
      'ok',
      'failure',
      'jane',
      '',
      '10.0.0.1',
      '::1',
    ),
    fc.constantFrom(
      '2026-01-22T10:45:32.123Z',
      '2026-01-22 10:45:32',
      '1769078732',
      'warn',
      'true',
      '42',
      'settings',
    ),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '/', '\0', '\u2028', '\u{1f600}', 'e', '{', '[', ' '),
      maxLength: 6,
    }),
  )
  const scalar = fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 2, arbitrary: fc.integer() },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100) },
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  const change = fc.record({ field: fc.oneof(text, scalar), old: scalar, new: scalar }, { requiredKeys: [] })
  const item = fc.record(
    {
      kind: fc.constantFrom<unknown>('User', 'user', 'id', 'old', 'new', 5, null),
      ref: scalar,
      name: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })),
      changes: fc.array(change, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 8, arbitrary: scalar },
      { weight: 2, arbitrary: fc.dictionary(name, tie('value'), { maxKeys: 5 }) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(change, { maxLength: 3 }) },
      { weight: 2, arbitrary: fc.array(item, { maxLength: 3 }) },
    ),
  }))
  const record = fc.dictionary(name, value, { maxKeys: 10 })
  const layout = fc.constantFrom(undefined, 1, '\t')

  it(
    'answers random records as the reference does',
    () => {
      taken = 0
      fc.assert(
        fc.property(record, layout, (members, indent) => {
          holds(
            Buffer.from(
              JSON.stringify(members, null, indent).replaceAll('\n', indent === undefined ? '\n' : ' '),
            ),
          )
        }),
        { numRuns: RUNS },
      )
      // The test would prove nothing if the mapper were never sure.
      expect(taken).toBeGreaterThan(RUNS / 4)
    },
    TIMEOUT,
  )

  it(
    'answers damaged records as the reference does',
    () => {
      fc.assert(
        fc.property(
          record,
          fc.array(fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('"\\{}[]:,0e-. \nu\x01\x7f\xc3\xa4'))), {
            maxLength: 3,
          }),
          (members, damage) => {
            const bytes = Buffer.from(JSON.stringify(members))
            for (const [at, byte] of damage) bytes[at % bytes.length] = byte
            holds(bytes)
          },
        ),
        { numRuns: RUNS },
      )
    },
    TIMEOUT,
  )
})
