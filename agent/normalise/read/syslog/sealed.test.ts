import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { messageLine, originText, RECORD_OVERHEAD, writeRecord } from '../../../inputs/journal/record.ts'
import { JournalKey, NONCE_BYTES } from '../../../inputs/journal/seal.ts'
import type { BatchMaker } from '../../batch/batch.ts'
import { loadIntegration } from '../../integration/load.ts'
import { batchOf, makerOf } from '../../testing/batches.ts'

const RECEIVED = Date.UTC(2026, 0, 5, 12)
const KEY = randomBytes(32)
const plain = await loadIntegration('plain')

const makerWith = (journalKey: Uint8Array): BatchMaker =>
  makerOf(plain, {
    framing: { kind: 'journal' },
    syslog: { inputs: [{ listens: [], timeZone: 'UTC', pipeline: 0, programs: [] }] },
    journalKey,
  })
const usual = makerWith(KEY)

const make = (bytes: Buffer, { maker = usual, opaque = false } = {}) =>
  batchOf(maker, bytes, { now: RECEIVED, opaque })

/** Messages of one group, encrypted. */
function sealed(texts: readonly string[], key = KEY): Buffer {
  const bytes = texts.map((text) => Buffer.from(text))
  const into = Buffer.alloc(bytes.reduce((sum, { length }) => sum + length + RECORD_OVERHEAD, 0))
  const origin = originText({
    ...{ transport: 'tcp', listen: 'tcp 0.0.0.0:514', address: '192.0.2.9', port: 4711, subject: null },
  })
  const about = { received: RECEIVED, incomplete: false, truncated: null }
  let at = 0
  for (const one of bytes) at = writeRecord(into, at, messageLine(origin, about), one)
  new JournalKey(key).seal(into, at, randomBytes(NONCE_BYTES))
  return into.subarray(0, at)
}

const messagesOf = (events: readonly Record<string, unknown>[]): unknown[] =>
  events.map(({ message }) => message)

it('messages of several groups and of several keys stay in their order, each as it came or with the reason', () => {
  const bytes = Buffer.concat([
    sealed(['<13>app: one', '<13>app: two\nin two lines', '<13>app: ']),
    sealed(['<13>app: of a lost key'], randomBytes(32)),
    readFileSync(join(import.meta.dirname, '../../../inputs/journal/testing/plain.journal')),
    sealed(['<13>app: last ü']),
  ])
  const { events, result } = make(bytes)
  expect(result.slices[0]).toMatchObject({ read: 7, events: 7, errors: 1, dropped: 3 })
  expect(messagesOf(events).filter((_, i) => i !== 2 && i !== 3)).toEqual([
    'one',
    'two\nin two lines',
    'first of an older journal\nin two lines',
    'second of an ol',
    'last ü',
  ])
  expect(JSON.stringify(events[3])).toContain('encrypted with a key that this agent no longer has')
  expect(JSON.stringify(events)).not.toContain('of a lost key')
})

it('without the right key every message is an event that says why', () => {
  const { events, result } = make(sealed(['<13>app: one', '<13>app: two']), {
    maker: makerWith(randomBytes(32)),
  })
  expect(result.slices[0]).toMatchObject({ read: 2, events: 2, errors: 2 })
  expect(events).toHaveLength(2)
  for (const event of events) expect(event).toMatchObject({ event: { kind: 'pipeline_error' } })
})

it('a message that stopped a worker is shipped as it came', () => {
  const { events } = make(sealed(['<13>app: one']), { opaque: true })
  expect(events).toHaveLength(1)
  expect(JSON.stringify(events[0])).toContain('<13>app: one')
})

it('whatever byte of a seal a disk damages, the messages behind it are read', () => {
  const whole = sealed(['<13>app: one', '<13>app: two'])
  const head = whole.indexOf(' E ') + 1
  for (let at = head; at < head + 36; at++) {
    for (const byte of [0x00, 0x20, 0x2b, 0x41, 0xff]) {
      const bytes = Buffer.from(whole)
      bytes[at] = byte
      const { events, result } = make(bytes)
      expect(result.slices[0]).toMatchObject({ read: 2, events: 2 })
      expect(messagesOf(events)[1]).toBe('two')
    }
  }
})
