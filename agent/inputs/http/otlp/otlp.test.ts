import { once } from 'node:events'
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../../../config/index.ts'
import { HttpStage } from '../testing/stage.ts'
import { groupsOfJson } from './from-json.ts'
import { groupsOfProtobuf } from './from-protobuf.ts'
import { OtlpDoor } from './otlp.ts'
import { field, MalformedMessage, Reader } from './protobuf.ts'
import { takenFrom } from './record.ts'

const open = (tokens: string[] = [], options = {}): Promise<HttpStage> =>
  HttpStage.open(new OtlpDoor(tokens.map((token) => new Secret(token))), {
    transports: ['otlp', 'otlp-grpc'],
    ...options,
  })

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF = { 'content-type': 'application/x-protobuf' }

/** A request in both encodings. */
const IN_JSON = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeLogs: [
        {
          scope: { name: 'auth', version: '2' },
          logRecords: [
            {
              timeUnixNano: '1544712660300000001',
              observedTimeUnixNano: 1544712661000000000,
              severityNumber: 10,
              severityText: 'Information',
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              eventName: 'user.login',
              body: { stringValue: 'jane ü' },
              attributes: [
                { key: 'user.id', value: { stringValue: 'u-7' } },
                { key: 'n', value: { intValue: '-9007199254740993' } },
                { key: 'small', value: { intValue: -5 } },
                { key: 'd', value: { doubleValue: 637.704 } },
                { key: 'yes', value: { boolValue: true } },
                { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } } },
                {
                  key: 'map',
                  value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } },
                },
                { key: 'bytes', value: { bytesValue: 'AQID' } },
              ],
            },
          ],
        },
      ],
    },
  ],
}

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = (number << 3) | 1
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}

function varint(number: number, value: bigint): Buffer {
  const bytes = [number << 3]
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

function double(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = (number << 3) | 1
  bytes.writeDoubleLE(value, 1)
  return bytes
}

const message = (number: number, ...parts: Buffer[]): Buffer => field(number, Buffer.concat(parts))
const text = (value: string): Buffer => field(1, value)
const keyValue = (number: number, key: string, value: Buffer): Buffer =>
  message(number, field(1, key), field(2, value))

const RECORD = message(
  2,
  fixed64(1, 1544712660300000001n),
  fixed64(11, 1544712661000000000n),
  varint(2, 10n),
  field(3, 'Information'),
  field(9, Buffer.from('5b8efff798038103d269b633813fc60c', 'hex')),
  field(10, Buffer.from('eee19b7ec3c1b174', 'hex')),
  field(12, 'user.login'),
  field(5, text('jane ü')),
  keyValue(6, 'user.id', text('u-7')),
  keyValue(6, 'n', varint(3, -9007199254740993n)),
  keyValue(6, 'small', varint(3, -5n)),
  keyValue(6, 'd', double(4, 637.704)),
  keyValue(6, 'yes', varint(2, 1n)),
  keyValue(6, 'list', message(5, field(1, text('a')), field(1, varint(3, 1n)))),
  keyValue(6, 'map', message(6, keyValue(1, 'k', text('v')))),
  keyValue(6, 'bytes', field(7, Buffer.from([1, 2, 3]))),
  // What a later version may add.
  varint(99, 5n),
)
const requestOf = (...records: Buffer[]): Buffer =>
  message(
    1,
    message(1, keyValue(1, 'service.name', text('shop'))),
    message(2, message(1, field(1, 'auth'), field(2, '2')), ...records),
  )
const IN_PROTOBUF = requestOf(RECORD)

const WRITTEN = {
  time: '2018-12-13T14:51:00.300000001Z',
  observed_time: '2018-12-13T14:51:01.000Z',
  severity_text: 'Information',
  severity_number: 10,
  event_name: 'user.login',
  body: 'jane ü',
  attributes: {
    user: { id: 'u-7' },
    n: '-9007199254740993',
    small: -5,
    d: 637.704,
    yes: true,
    list: ['a', 1],
    map: { k: 'v' },
    bytes: 'AQID',
  },
  resource: { service: { name: 'shop' } },
  scope: { name: 'auth', version: '2' },
  trace_id: '5b8efff798038103d269b633813fc60c',
  span_id: 'eee19b7ec3c1b174',
}

/** A value within values. */
const deep = (levels: number): Buffer => (levels === 0 ? text('x') : message(5, field(1, deep(levels - 1))))

describe('logs by OTLP over HTTP', () => {
  it.each([
    ['JSON', JSON_TYPE, JSON.stringify(IN_JSON), '{}'],
    ['protobuf', PROTOBUF, IN_PROTOBUF, ''],
    ['packed protobuf', { ...PROTOBUF, 'content-encoding': 'gzip' }, gzipSync(IN_PROTOBUF), ''],
  ])('as %s are on the disk when they are acknowledged', async (_, headers, body, result) => {
    const stage = await open()
    const answer = await stage.send('/v1/logs', { headers, body })
    expect([answer.status, answer.text]).toEqual([200, result])
    expect(answer.headers['content-type']).toBe(headers['content-type'])
    expect(stage.stored().map((one): unknown => JSON.parse(one.text))).toEqual([WRITTEN])
  })

  it('that are nested too deeply are named, and their neighbours are stored', async () => {
    const stage = await open()
    const record = message(2, field(5, deep(40)))
    const answer = await stage.send('/v1/logs', {
      headers: PROTOBUF,
      body: requestOf(RECORD, record, RECORD),
    })
    expect(answer.status).toBe(200)
    const partial = new Reader(Buffer.from(answer.text, 'latin1'))
    expect(partial.next()).toBe(true)
    const inner = new Reader(partial.bytes())
    expect([inner.next(), inner.varint()]).toEqual([true, 1n])
    expect(stage.stored().length).toBe(2)
    let value: object = { stringValue: 'x' }
    for (let level = 0; level < 40; level++) value = { arrayValue: { values: [value] } }
    const json = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value }] }] }] }
    const again = await stage.send('/v1/logs', { headers: JSON_TYPE, body: JSON.stringify(json) })
    expect(again.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } })
  })

  it.each([
    ['cut off', PROTOBUF, IN_PROTOBUF.subarray(0, -3), 400],
    ['text', PROTOBUF, 'hello', 400],
    ['no JSON', JSON_TYPE, '{"resourceLogs":', 400],
    ['another JSON', JSON_TYPE, '{"resourceLogs":{}}', 400],
    [
      'a number that is none',
      JSON_TYPE,
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"}]}]}]}',
      400,
    ],
    ['of another type', { 'content-type': 'text/plain' }, 'x', 415],
  ])('that are %s are refused', async (_, headers, body, status) => {
    const stage = await open()
    expect((await stage.send('/v1/logs', { headers, body })).status).toBe(status)
    expect(stage.stored()).toEqual([])
  })

  it('are logs only, and need a token if there is one', async () => {
    const stage = await open(['the-token'])
    const send = (path: string, authorization: string) =>
      stage.send(path, { headers: { ...PROTOBUF, authorization }, body: IN_PROTOBUF })
    expect((await send('/v1/logs', 'Bearer wrong')).status).toBe(401)
    expect((await send('/v1/traces', 'Bearer the-token')).status).toBe(404)
    expect((await send('/v1/logs', 'Bearer the-token')).status).toBe(200)
    expect(stage.stored().length).toBe(1)
  })
})

interface Called {
  readonly status: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A unary call by gRPC. */
async function call(
  stage: HttpStage,
  bytes: Uint8Array,
  headers: OutgoingHttpHeaders = {},
  prefix = Buffer.alloc(5),
): Promise<Called> {
  const client = connect(`http://127.0.0.1:${stage.ports[1]}`)
  onTestFinished(() => client.close())
  prefix.writeUInt32BE(bytes.length, 1)
  const stream = client.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  let received: IncomingHttpHeaders = {}
  const take = (more: IncomingHttpHeaders): void => {
    received = { ...received, ...more }
  }
  stream.on('response', take)
  stream.on('trailers', take)
  stream.end(Buffer.concat([prefix, bytes]))
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  await once(stream, 'close')
  const status = received['grpc-status']
  return {
    status: status === undefined ? undefined : String(status),
    headers: received,
    body: Buffer.concat(pieces),
  }
}

const PACKED = Buffer.from([1, 0, 0, 0, 0])

describe('logs by OTLP over gRPC', () => {
  it('are on the disk when they are acknowledged, packed or plain', async () => {
    const stage = await open()
    const plain = await call(stage, IN_PROTOBUF)
    expect([plain.status, plain.body]).toEqual(['0', Buffer.alloc(5)])
    const packed = await call(stage, gzipSync(IN_PROTOBUF), { 'grpc-encoding': 'gzip' }, PACKED)
    expect(packed.status).toBe('0')
    const stored = stage.stored()
    expect(stored.map((one): unknown => JSON.parse(one.text))).toEqual([WRITTEN, WRITTEN])
    expect(stored[0]?.door).toBe('otlp-grpc 127.0.0.1:0')
  })

  it('say how many were not taken', async () => {
    const stage = await open()
    const { status, body } = await call(stage, requestOf(RECORD, message(2, field(5, deep(40)))))
    expect(status).toBe('0')
    const result = new Reader(body.subarray(5))
    expect(result.next()).toBe(true)
    const partial = new Reader(result.bytes())
    expect([partial.next(), partial.varint()]).toEqual([true, 1n])
  })

  it.each([
    ['a wrong token', IN_PROTOBUF, { authorization: 'Bearer wrong' }, '16'],
    ['another method', IN_PROTOBUF, { ':path': '/grpc.health.v1.Health/Check' }, '12'],
    ['a message that is none', Buffer.from('hello'), {}, '3'],
    ['an encoding that nobody knows', IN_PROTOBUF, { 'grpc-encoding': 'snappy' }, '3', PACKED],
    ['a message that is not gzip', IN_PROTOBUF, { 'grpc-encoding': 'gzip' }, '3', PACKED],
    [
      'a small archive of a huge text',
      gzipSync(Buffer.alloc(100_000_000)),
      { 'grpc-encoding': 'gzip' },
      '3',
      PACKED,
    ],
  ])('with %s are refused', async (_, bytes, headers, status, prefix = Buffer.alloc(5)) => {
    const stage = await open(['the-token'])
    const called = await call(
      stage,
      bytes,
      { authorization: 'Bearer the-token', ...headers },
      Buffer.from(prefix),
    )
    expect(called.status).toBe(status)
    expect(decodeURIComponent(String(called.headers['grpc-message']))).toMatch(/\.$/)
    expect(stage.stored()).toEqual([])
  })

  it('without room are told when to come again, and are taken then', async () => {
    const stage = await open([], { limit: 16 * 1024 * 1024 })
    const big = requestOf(message(2, field(5, text('x'.repeat(1_000_000)))))
    const many = Buffer.concat(Array.from({ length: 6 }, () => big))
    expect((await call(stage, many)).status).toBe('0')
    const refused = await call(stage, many)
    expect(refused.status).toBe('8')
    const details = Buffer.from(String(refused.headers['grpc-status-details-bin']), 'base64')
    expect(details.includes('type.googleapis.com/google.rpc.RetryInfo')).toBe(true)
    // The duration is five seconds.
    expect(details.subarray(-4)).toEqual(Buffer.from([0x0a, 0x02, 0x08, 0x05]))
    stage.acknowledgeAll()
    const end = performance.now() + 20_000
    while ((await call(stage, many)).status === '8' && performance.now() < end) await pause(50)
    expect(stage.stored().length).toBe(6)
  })

  it('that break off leave nothing behind', async () => {
    const stage = await open()
    const client = connect(`http://127.0.0.1:${stage.ports[1]}`)
    client.on('error', () => {})
    const stream = client.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    })
    stream.on('error', () => {})
    stream.write(Buffer.alloc(1000))
    await pause(20)
    client.destroy()
    const status = () => stage.reception.status().listeners[1]!
    const end = performance.now() + 10_000
    while (status().waiting > 0 && performance.now() < end) await pause(5)
    expect(status().waiting).toBe(0)
    expect((await call(stage, IN_PROTOBUF)).status).toBe('0')
    expect(stage.stored().length).toBe(1)
  })
})

describe('the reader of protobuf', () => {
  it('takes any bytes without a fault of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          groupsOfProtobuf(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
      { numRuns: 5000 },
    )
  })

  it('takes damaged requests without a fault of its own', () => {
    fc.assert(
      fc.property(fc.nat(IN_PROTOBUF.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(IN_PROTOBUF)
        bytes[at] = byte
        try {
          for (const group of groupsOfProtobuf(bytes)) takenFrom(group)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
      { numRuns: 5000 },
    )
  })

  it('of JSON takes any JSON without a fault of its own', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          groupsOfJson(
            Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [value] }] }] })),
          )
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
    )
  })
})

it('names that have no place of their own keep their whole form, and the declared id of a record is its key', () => {
  const attributes = { 'a.b': 1, a: 2, 'a.c': 3, __proto__x: 4, '.': 5, 'log.record.uid': 'r-1' }
  const record = {
    ...{ time: 0n, observed: 0n, severityNumber: 0, severityText: '', eventName: '', body: null },
    ...{ traceId: '', spanId: '', attributes },
  }
  const scope = { name: '', version: '', attributes: {} }
  const [taken] = takenFrom({ resource: {}, scope, records: [record], rejected: 0 })
  expect(taken?.key).toEqual(['log.record.uid', 'r-1'])
  expect(JSON.parse(String(taken?.bytes))).toMatchObject({
    attributes: { a: 2, 'a.b': 1, 'a.c': 3, __proto__x: 4, '.': 5, log: { record: { uid: 'r-1' } } },
  })
})
