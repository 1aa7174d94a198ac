import { describe, expect, it } from 'vitest'
import { type Delivery, deliveryLine, RECORD_OVERHEAD, writeRecord } from '../../inputs/journal/record.ts'
import { BatchMaker } from '../batch/batch.ts'
import { loadIntegration } from '../integration/load.ts'
import { batchOf } from '../testing/batches.ts'
import { setupOf, specOf } from '../testing/setup.ts'

const RECEIVED = Date.UTC(2026, 0, 5, 12)
const DOOR = 'bulk 127.0.0.1:9200'
const names = ['generic-json', 'github', 'plain']
const integrations = await Promise.all(names.map((name) => loadIntegration(name)))

type Record = Partial<Delivery> & { readonly text: string }

function made(...records: readonly Record[]) {
  const framing = { kind: 'journal' } as const
  const setup = setupOf(
    integrations.map((integration) => specOf(integration, { framing })),
    {
      syslog: { inputs: [{ listens: [], timeZone: 'UTC', pipeline: 2, programs: [] }] },
      doors: [{ door: DOOR, routes: [{ route: 'github-*', pipeline: 1 }], pipeline: 0 }],
    },
  )
  const bytes = Buffer.concat(
    records.map(({ text, ...given }) => {
      const record = Buffer.from(text)
      const into = Buffer.alloc(record.length + RECORD_OVERHEAD)
      const line = deliveryLine({
        ...{ received: RECEIVED, door: DOOR, route: '', from: '192.0.2.9:4711', subject: null, key: [] },
        truncated: null,
        ...given,
      })
      return into.subarray(0, writeRecord(into, 0, line, record))
    }),
  )
  return batchOf(new BatchMaker(setup, integrations), bytes, { now: RECEIVED + 1000 })
}

const idsOf = (...records: readonly Record[]): unknown[] =>
  made(...records).events.map((event) => (event.event as { id: string }).id)

describe('a record that came by a door', () => {
  it('is read by the integration of its route, says who sent it, and that it was received', () => {
    const github = '{"action":"repo.create","@timestamp":1767614398000,"actor":"jane","_document_id":"d1"}'
    const { events, result } = made(
      { text: github, route: 'github-audit', subject: 'CN=shipper' },
      { text: '{"action":"login","user":"bob","time":"2026-01-05T11:00:00Z"}', route: 'app' },
    )
    expect(events).toMatchObject([
      {
        '@timestamp': '2026-01-05T11:59:58.000Z',
        audit: { seal: { received: true } },
        event: { module: 'github', original: github },
        log: { source: { address: '192.0.2.9:4711' } },
        tls: { client: { subject: 'CN=shipper' } },
        user: { name: 'jane' },
      },
      { event: { module: 'generic-json', action: 'login' }, user: { name: 'bob' } },
    ])
    // The sender passes on what others did elsewhere.
    for (const event of events) {
      expect(event).not.toHaveProperty('source')
      expect(event).not.toHaveProperty('host')
    }
    expect(result.slices[0]).toMatchObject({ read: 2, events: 2, errors: 0 })
  })

  it('without a time has that of its receipt', () => {
    const [event] = made({ text: '{"action":"login"}' }).events
    expect(event).toMatchObject({ '@timestamp': '2026-01-05T12:00:00.000Z', tags: ['timestamp_missing'] })
  })

  it('that nothing reads is kept with the reason', () => {
    const { events, result } = made({ text: 'no JSON', key: ['k', '1'] })
    expect(events).toMatchObject([
      { event: { kind: 'pipeline_error', original: 'no JSON' }, message: 'no JSON' },
    ])
    expect(result.slices[0]).toMatchObject({ read: 1, errors: 1 })
  })

  it('of which only the first part was kept says how long it was', () => {
    const truncated = { bytes: 2_000_000, sha256: 'ab'.repeat(32) }
    const { events, result } = made({ text: '{"action":"lo', truncated })
    expect(events).toMatchObject([{ audit: { truncated }, event: { kind: 'pipeline_error' } }])
    expect(result.slices[0]).toMatchObject({ read: 1, truncated: 1 })
  })
})

describe('the id of a record', () => {
  const record = { text: '{"action":"login"}' }
  const keyed = { ...record, key: ['_bulk', 'app', 'a1'] }

  it('is the same wherever it is in the journal, if its sender gives it one', () => {
    const [first, second, other, unread, unreadAgain] = idsOf(
      keyed,
      { ...keyed, from: '192.0.2.10:99', received: RECEIVED + 5000 },
      { ...keyed, key: ['_bulk', 'app', 'a2'] },
      { text: 'x', key: ['k', '1'] },
      { text: 'x', key: ['k', '1'] },
    )
    expect(first).toBe(second)
    expect(other).not.toBe(first)
    expect(unread).toBe(unreadAgain)
  })

  it("is the source's own, if the integration knows one, whatever door it came by", () => {
    const text = '{"action":"repo.create","_document_id":"d1","@timestamp":1767614398000}'
    const [one, other] = idsOf(
      { text, route: 'github-a', key: ['_bulk', 'github-a', '1'] },
      { text, route: 'github-b' },
    )
    expect(one).toBe(other)
  })

  it('is that of its place otherwise', () => {
    expect(new Set(idsOf(record, record)).size).toBe(2)
  })
})

it('a record of a door that the settings no longer have is read all the same', () => {
  expect(made({ text: '{"action":"login"}', door: 'bulk 10.0.0.1:9' }).events).toMatchObject([
    { event: { module: 'generic-json' } },
  ])
})
