import { createHash } from 'node:crypto'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  declaredEventId,
  LIMITS,
  leafHash,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  type SourceId,
  textAt,
  valueAt,
} from '../../../schema/index.ts'
import type { Framing } from '../../inputs/framing.ts'
import type { Integration } from '../integration/integration.ts'
import { loadIntegration } from '../integration/load.ts'
import { type TaskResult, type TaskSlice, wholeFile } from '../task.ts'
import { setupOf, specOf } from '../testing/setup.ts'
import { BatchMaker } from './batch.ts'

const SOURCE = '0123456789abcdef0123456789abcdef' as SourceId
const OTHER = 'f'.repeat(32) as SourceId
const NOW = Date.UTC(2026, 0, 23, 12)

let json: Integration
let csv: Integration
let plain: Integration
beforeAll(async () => {
  json = await loadIntegration('generic-json')
  csv = await loadIntegration('generic-csv')
  plain = await loadIntegration('plain')
})

interface Part {
  readonly bytes: Buffer | string
  readonly pipeline?: number
  readonly change?: Partial<TaskSlice>
}

const LINES: Framing = { kind: 'lines' }

function makerOf(
  integrations: readonly Integration[],
  framings: readonly Framing[] = [],
  encoding: 'zstd' | 'gzip' = 'zstd',
): BatchMaker {
  const given = { tags: ['prod'], labels: { team: 'ops' }, timeZone: 'Europe/Berlin' }
  const specs = integrations.map((one, i) => specOf(one, { ...given, framing: framings[i] ?? LINES }))
  const setup = setupOf(specs, { namespace: 'acme', compression: { encoding, level: 1 } })
  return new BatchMaker(setup, integrations)
}

function make(maker: BatchMaker, parts: readonly Part[], opaque = false): TaskResult {
  const pieces = parts.map(({ bytes }) => Buffer.from(bytes))
  const buffer = new ArrayBuffer(pieces.reduce((sum, piece) => sum + piece.length, 0) + 100)
  // The rest of an earlier task must not be read.
  const whole = Buffer.from(buffer).fill('"}\n{"user":"left over"}\n')
  let at = 0
  const slices = parts.map(({ pipeline = 0, change = {} }, i): TaskSlice => {
    const start = at
    at += pieces[i]!.copy(whole, at)
    const offset = change.offset ?? 0
    const slice = wholeFile('/var/log/app.log', at - start)
    return { ...slice, source: SOURCE, pipeline, start, end: at, offset, to: offset + at - start, ...change }
  })
  return maker.make({ buffer, slices, now: NOW, ...(opaque ? { opaque } : {}) })
}

type Event = Record<string, unknown>
function eventsOf(result: TaskResult): Event[] {
  const text = zstdDecompressSync(result.payload).toString()
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}
const only = (result: TaskResult): Event => {
  const events = eventsOf(result)
  expect(events).toHaveLength(1)
  return events[0]!
}
const original = (event: Event): unknown => valueAt(event, 'event.original')

describe('records of a slice', () => {
  it('CRLF, blank lines and a last line without newline: each record once, with its own offset', () => {
    const text = '{"user":"a"}\r\n\r\n   \n{"user":"ü"}\n{"user":"c"}'
    const result = make(makerOf([json]), [{ bytes: text, change: { offset: 1000 } }])
    const events = eventsOf(result)
    expect(events.map(original)).toEqual(['{"user":"a"}', '{"user":"ü"}', '{"user":"c"}'])
    expect(events.map((event) => valueAt(event, 'log.offset'))).toEqual([1000, 1020, 1034])
    expect(events.map((event) => valueAt(event, 'event.sequence'))).toEqual([1000, 1020, 1034])
    expect(result.slices).toEqual([
      { read: 3, events: 3, filtered: 0, skipped: 2, truncated: 0, errors: 0, dropped: 0 },
    ])
    const prefix = mintedIdPrefix(SOURCE, 0)
    expect(events.map((event) => textAt(event, 'event.id'))).toEqual(
      [1000, 1020, 1034].map((offset) => mintedEventId(prefix, offset)),
    )
  })

  it('a byte order mark at the start of a file is no part of the first record', () => {
    const bytes = '\ufeff{"user":"a"}\n'
    expect(original(only(make(makerOf([json]), [{ bytes }])))).toBe('{"user":"a"}')
    // At another place it is an ordinary character.
    const elsewhere = only(make(makerOf([json]), [{ bytes, change: { offset: 5 } }]))
    expect(valueAt(elsewhere, 'event.kind')).toBe('pipeline_error')
  })

  it('bytes that are not UTF-8, and NULs, are replaced and flagged; neighbours are not touched', () => {
    const bytes = Buffer.from('{"user":"caf\xe9"}\n{"user":"x\0y"}\n{"user":"sound"}\n', 'latin1')
    const events = eventsOf(make(makerOf([json]), [{ bytes }]))
    expect(events.map((event) => textAt(event, 'user.name'))).toEqual(['caf\ufffd', 'x\ufffdy', 'sound'])
    expect(events.map((event) => (valueAt(event, 'tags') as string[]).includes('encoding_repaired'))).toEqual(
      [true, true, false],
    )
  })

  it('several sources in one task keep their own identity and counts, in the order of the slices', () => {
    const result = make(makerOf([json, plain]), [
      { bytes: '{"user":"a"}\nbroken\n' },
      { bytes: 'a line\n', pipeline: 1, change: { source: OTHER, generation: 2, path: '/b.log', offset: 7 } },
    ])
    expect(result.slices.map(({ events, errors }) => [events, errors])).toEqual([
      [2, 1],
      [1, 0],
    ])
    const events = eventsOf(result)
    expect(events.map((event) => valueAt(event, 'event.module'))).toEqual([
      'generic-json',
      'generic-json',
      'plain',
    ])
    expect(textAt(events[2]!, 'event.id')).toBe(mintedEventId(mintedIdPrefix(OTHER, 2), 7))
    expect(textAt(events[2]!, 'log.file.path')).toBe('/b.log')
  })

  it('the same records give the same events wherever the slices are cut', () => {
    const lines = Array.from(
      { length: 50 },
      (_, i) => `{"time":"2026-01-22T10:45:32Z","user":"u${i}","action":"update"}\n`,
    )
    const whole = eventsOf(make(makerOf([json]), [{ bytes: lines.join('') }]))
    let offset = 0
    const apart = lines.flatMap((line) => {
      const events = eventsOf(make(makerOf([json]), [{ bytes: line, change: { offset } }]))
      offset += line.length
      return events
    })
    expect(apart).toEqual(whole)
  })

  it('a task without a record is an empty batch with the root of the empty tree', () => {
    const result = make(makerOf([json]), [{ bytes: '\n\n' }])
    expect(result.events).toBe(0)
    expect(result.payload).toHaveLength(0)
    expect(result.root).toBe(merkleRoot(Buffer.alloc(0)).toString('hex'))
    expect(result.slices[0]!.skipped).toBe(2)
  })

  it('JSON over several lines', () => {
    const bytes = '{\n  "user": "a"\n}\n\n{"user":\n"b"}\n'
    const events = eventsOf(make(makerOf([json], [{ kind: 'json' }]), [{ bytes }]))
    expect(events.map((event) => textAt(event, 'user.name'))).toEqual(['a', 'b'])
    expect(original(events[0]!)).toBe('{\n  "user": "a"\n}')
  })

  it('the root is that of the shipped lines, in zstd and in gzip', () => {
    const bytes = '{"user":"a"}\n{"user":"b"}\nc\n'
    for (const encoding of ['zstd', 'gzip'] as const) {
      const result = make(makerOf([json], [], encoding), [{ bytes }])
      const unpack = encoding === 'zstd' ? zstdDecompressSync : gunzipSync
      const lines = unpack(result.payload).toString().split('\n').slice(0, -1)
      const leaves = Buffer.concat(lines.map((line) => leafHash(Buffer.from(line))))
      expect(result.root).toBe(merkleRoot(leaves).toString('hex'))
      expect(result.bytes).toBe(Buffer.byteLength(lines.join('\n')) + 1)
      expect(result.encoding).toBe(encoding)
    }
  })
})

describe('records that are cut, or not to be read', () => {
  const long = `{"user":"${'ä'.repeat(1000)}`
  const sha256 = createHash('sha256').update('whatever').digest('hex')

  it('a JSON record that was too long is shipped with its first part and says so', () => {
    // The record is cut within a character.
    const bytes = Buffer.from(long).subarray(0, -1)
    const result = make(makerOf([json]), [
      { bytes, change: { truncated: { bytes: 5_000_000, sha256 }, offset: 9 } },
    ])
    const event = only(result)
    expect(valueAt(event, 'event.kind')).toBe('pipeline_error')
    expect(textAt(event, 'event.reason')).toContain('longer than 1048576 bytes')
    expect(valueAt(event, 'audit.truncated')).toEqual({ bytes: 5_000_000, sha256 })
    expect(original(event)).toBe(long.slice(0, -1))
    expect(valueAt(event, 'tags')).not.toContain('encoding_repaired')
    expect(result.slices).toEqual([
      { read: 1, events: 1, filtered: 0, skipped: 0, truncated: 1, errors: 1, dropped: 0 },
    ])
  })

  it('a long text is an event like any other', () => {
    const result = make(makerOf([plain]), [
      { bytes: '2026-01-22T10:45:32Z long', change: { truncated: { bytes: 2_000_000, sha256 } } },
    ])
    expect(valueAt(only(result), 'event.kind')).toBe('event')
    expect(result.slices[0]).toMatchObject({ truncated: 1, errors: 0 })
  })

  it('a record that stopped a worker is shipped without being read', () => {
    const event = only(make(makerOf([json]), [{ bytes: '{"user":"a"}\n' }], true))
    expect(valueAt(event, 'event.kind')).toBe('pipeline_error')
    expect(original(event)).toBe('{"user":"a"}')
    expect(textAt(event, 'user.name')).toBeUndefined()
  })

  it('what is nested without end is an error of that record alone', () => {
    const bytes = `${'['.repeat(400_000)}\n{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}\n{"user":"next"}\n`
    const events = eventsOf(make(makerOf([json]), [{ bytes }]))
    expect(events.map((event) => valueAt(event, 'event.kind'))).toEqual([
      'pipeline_error',
      'pipeline_error',
      'event',
    ])
    expect(textAt(events[0]!, 'event.reason')).toContain('levels deep')
  })
})

describe('limits', () => {
  const payloadOf = (members: unknown): unknown =>
    valueAt(only(make(makerOf([json]), [{ bytes: JSON.stringify(members) }])), 'audit.payload')

  it('more members than the payload may have are left to event.original', () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`k${i}`, i]))
    const event = only(make(makerOf([json]), [{ bytes: JSON.stringify(many) }]))
    expect(Object.keys(valueAt(event, 'audit.payload') as object)).toHaveLength(LIMITS.payloadKeys)
    expect(valueAt(event, 'tags')).toContain('payload_cut')
  })

  it('deeper values are kept as JSON text', () => {
    let value: unknown = { b: 1, a: [2] }
    for (let i = 0; i < 20; i++) value = { n: value }
    expect(JSON.stringify(payloadOf({ value }))).toContain('\\"n\\"')
    expect(JSON.stringify(payloadOf({ value }))).toContain('{\\"a\\":[2],\\"b\\":1}')
  })

  it('long values and names are cut, never within a surrogate pair, and flagged', () => {
    const text = `${'x'.repeat(LIMITS.keywordLength - 1)}😀`
    const event = only(
      make(makerOf([json]), [{ bytes: JSON.stringify({ user: text, ['k'.repeat(300)]: text }) }]),
    )
    expect(textAt(event, 'user.name')).toBe('x'.repeat(LIMITS.keywordLength - 1))
    expect(valueAt(event, 'audit.payload')).toEqual({
      ['k'.repeat(256)]: 'x'.repeat(LIMITS.keywordLength - 1),
    })
    expect(valueAt(event, 'tags')).toEqual(['prod', 'value_cut', 'timestamp_missing'].sort(byFlag))
  })
  const byFlag = (a: string, b: string): number => ORDER.indexOf(a) - ORDER.indexOf(b)
  const ORDER = ['prod', 'timestamp_missing', 'value_cut']

  it('more changes than may be are cut and flagged', () => {
    const changes = Array.from({ length: 1200 }, (_, i) => ({ field: `f${i}`, old: 1, new: 2 }))
    const event = only(make(makerOf([json]), [{ bytes: JSON.stringify({ action: 'update', changes }) }]))
    expect(valueAt(event, 'audit.changes')).toHaveLength(LIMITS.changes)
    expect(valueAt(event, 'tags')).toContain('changes_cut')
  })

  it('the worst that a full task can hold stays below what a batch may be', () => {
    const half = LIMITS.taskBytes - 1
    const parts: Part[] = [
      { bytes: `${'\x01'.repeat(half)}\n`, pipeline: 1 },
      {
        bytes: `${'\x01'.repeat(LIMITS.recordBytes - 1)}\n`,
        pipeline: 1,
        change: { offset: LIMITS.taskBytes },
      },
    ]
    const huge = make(makerOf([json, plain]), parts)
    expect(huge.events).toBe(2)
    expect(huge.bytes).toBeLessThan(LIMITS.batchBytes)
    const small = make(makerOf([json, plain]), [
      { bytes: '\x01'.repeat(127).concat('\n').repeat(LIMITS.batchRecords), pipeline: 1 },
    ])
    expect(small.events).toBe(LIMITS.batchRecords)
    expect(small.bytes).toBeLessThan(LIMITS.batchBytes)
    const changes = JSON.stringify({
      action: 'update',
      changes: [{ field: '"'.repeat(30), old: '\\'.repeat(30), new: '"' }],
    })
    const many = make(makerOf([json]), [{ bytes: `${changes}\n`.repeat(7000) }])
    expect(many.bytes).toBeLessThan(LIMITS.batchBytes)
  })
})

describe('identity', () => {
  it('a declared key names the record wherever it stands', () => {
    const declared: Integration = { ...json, identity: [['log_id'], ['user']] }
    const bytes = '{"log_id":7,"user":"a"}\n{"user":"a","log_id":7,"extra":1}\n{"log_id":8}\n'
    const events = eventsOf(make(makerOf([declared]), [{ bytes }]))
    const id = declaredEventId('acme', 'generic-json', ['7', 'a'])
    expect(events.slice(0, 2).map((event) => textAt(event, 'event.id'))).toEqual([id, id])
    // A record without its key is identified by its place, and has a tag for it.
    expect(textAt(events[2]!, 'event.id')).toBe(mintedEventId(mintedIdPrefix(SOURCE, 0), 58))
    expect(valueAt(events[2]!, 'tags')).toContain('identity_missing')
  })
})

describe('CSV', () => {
  const framing: Framing = { kind: 'csv', quote: '"' }
  const header = 'time,user,action'

  it('the header is skipped, or handed in where the slice begins behind it', () => {
    const maker = makerOf([csv], [framing])
    const first = make(maker, [{ bytes: `\ufeff${header}\r\n2026-01-22 10:00:00,a,login\r\n` }])
    expect(first.slices[0]).toMatchObject({ events: 1, skipped: 1 })
    const second = make(maker, [{ bytes: '2025-07-22 10:00:00,b,logout\n', change: { header, offset: 50 } }])
    expect(second.slices[0]).toMatchObject({ events: 1, skipped: 0 })
    // The zone of the input applies, in winter and summer.
    expect(textAt(only(first), '@timestamp')).toBe('2026-01-22T09:00:00.000Z')
    expect(textAt(only(second), '@timestamp')).toBe('2025-07-22T08:00:00.000Z')
    expect(textAt(only(second), 'user.name')).toBe('b')
  })

  it('a header again in the middle is no record', () => {
    const bytes = `${header}\n,a,login\n${header}\n,b,login\n`
    expect(make(makerOf([csv], [framing]), [{ bytes }]).slices[0]).toMatchObject({ events: 2, skipped: 2 })
  })

  it('a quote that is not closed is an error of that record, with its column', () => {
    const result = make(makerOf([csv], [framing]), [{ bytes: `${header}\nx,"open,login` }])
    expect(textAt(only(result), 'event.reason')).toContain('in column 2, is not closed')
    expect(result.slices[0]!.errors).toBe(1)
  })

  it('an empty previous value is known to have been empty', () => {
    const bytes = 'user,action,field,old_value,new_value\na,update,phone,,123\n'
    const event = only(make(makerOf([csv], [framing]), [{ bytes }]))
    expect(valueAt(event, 'audit.changes')).toEqual([{ field: 'phone', new: '123', old: '' }])
    expect(valueAt(event, 'audit.old_unknown')).toBeUndefined()
  })

  it('columns may be declared for a file without a header', () => {
    const declared: Integration = { ...csv, csv: { delimiter: '|', columns: ['user', 'action'] } }
    const event = only(make(makerOf([declared], [framing]), [{ bytes: 'a|login\n' }]))
    expect(textAt(event, 'message')).toBe('a login')
  })
})
