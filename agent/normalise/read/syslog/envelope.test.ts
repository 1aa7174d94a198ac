import { describe, expect, it } from 'vitest'
import { messageLine, originText, RECORD_OVERHEAD, writeRecord } from '../../../inputs/journal/record.ts'
import type { Integration } from '../../integration/integration.ts'
import { loadIntegration } from '../../integration/load.ts'
import { batchOf, makerOf } from '../../testing/batches.ts'

const RECEIVED = Date.UTC(2026, 0, 5, 12)
const plain = await loadIntegration('plain')
const json = await loadIntegration('generic-json')

function make(bytes: Buffer, integration: Integration, isReceived: boolean) {
  const inputs = [{ listens: ['tcp 0.0.0.0:514'], timeZone: 'UTC', pipeline: 0, programs: [] }]
  const framing = { kind: isReceived ? 'journal' : 'lines' } as const
  return batchOf(makerOf(integration, { framing, syslog: { inputs } }), bytes, { now: RECEIVED })
}

function received(
  message: string | Buffer,
  truncated: { bytes: number; sha256: string } | null = null,
): Buffer {
  const bytes = Buffer.from(message)
  const origin = originText({
    transport: 'tcp',
    listen: 'tcp 0.0.0.0:514',
    address: '192.0.2.9',
    port: 4711,
    subject: null,
  })
  const into = Buffer.alloc(bytes.length + RECORD_OVERHEAD)
  const about = { received: RECEIVED, incomplete: false, truncated }
  return into.subarray(0, writeRecord(into, 0, messageLine(origin, about), bytes))
}

describe('an event of a message that was received', () => {
  it('has the header, the sender, and the message as it came', () => {
    const sent = '<38>Jan  5 11:59:58 web-1 sshd[812]: Accepted password\nfor jane'
    const { events, result } = make(received(sent), plain, true)
    expect(events).toEqual([
      expect.objectContaining({
        '@timestamp': '2026-01-05T11:59:58.000Z',
        event: expect.objectContaining({ original: sent, severity: 6, kind: 'event' }),
        log: expect.objectContaining({
          source: { address: '192.0.2.9:4711' },
          syslog: expect.objectContaining({ hostname: 'web-1' }),
        }),
        message: 'Accepted password\nfor jane',
        process: { name: 'sshd', pid: 812 },
        source: { ip: '192.0.2.9', port: 4711 },
      }),
    ])
    expect(events[0]).toHaveProperty('audit.seal', { received: true })
    // The sender's own name is a claim: the agent guarantees no host.
    expect(events[0]).not.toHaveProperty('host')
    expect(JSON.stringify(events)).not.toContain('"path"')
    expect(result.slices[0]).toMatchObject({ read: 1, events: 1, errors: 0, dropped: 0 })
  })

  it("keeps what its own record says: time, host and address; without a time it has the header's", () => {
    const own = '{"time":"2026-01-02T03:04:05Z","user":"jane","action":"login","ip":"198.51.100.7"}'
    const [event] = make(
      received(`<13>1 2026-01-05T11:00:00Z web-1 shop - - - @cee:${own}`),
      json,
      true,
    ).events
    expect(event).toMatchObject({
      '@timestamp': '2026-01-02T03:04:05.000Z',
      source: { ip: '198.51.100.7' },
      user: { name: 'jane' },
    })
    expect(event).not.toHaveProperty('source.port')
    const [timeless] = make(
      received('<13>1 2026-01-05T11:00:00Z h shop - - - {"user":"jane"}'),
      json,
      true,
    ).events
    expect(timeless).toMatchObject({ '@timestamp': '2026-01-05T11:00:00.000Z' })
    expect(timeless).not.toHaveProperty('tags')
  })

  it('that does not parse keeps its header', () => {
    const { events, result } = make(received('<13>1 2026-01-05T11:00:00Z h shop - - - {"user":'), json, true)
    expect(events[0]).toMatchObject({
      '@timestamp': '2026-01-05T11:00:00.000Z',
      event: { kind: 'pipeline_error' },
      log: { syslog: { hostname: 'h' } },
      process: { name: 'shop' },
      message: '{"user":',
    })
    expect(result.slices[0]?.errors).toBe(1)
  })

  it('without a time of its own is of when it came', () => {
    const [event] = make(received('no header here'), plain, true).events
    expect(event).toMatchObject({
      '@timestamp': new Date(RECEIVED).toISOString(),
      tags: ['timestamp_missing', 'syslog_unparsed'],
      log: { source: { address: '192.0.2.9:4711' } },
      message: 'no header here',
    })
    expect(event).not.toHaveProperty('host')
  })

  it.each([
    ['<13>1 0001-01-01T00:00:00Z h app - - - x', ['timestamp_invalid']],
    ['<13>1 1601-01-01T00:00:00Z h app - - - x', ['timestamp_invalid']],
    ['<13>1 1970-01-01T00:00:00Z h app - - - x', ['timestamp_invalid']],
    ['<13>1 0000-00-00T00:00:00Z h app - - - x', ['timestamp_invalid']],
    ['<13>1 9999-12-31T23:59:59Z h app - - - x', ['timestamp_invalid', 'timestamp_future']],
    ['<13>Feb 30 12:00:00 h app: x', ['timestamp_invalid']],
    ['<13>Jan  5 12:00:00 2059 h app: x', ['timestamp_invalid', 'timestamp_future']],
    [
      `<13>1 ${new Date(RECEIVED + 86_400_001).toISOString()} h app - - - x`,
      ['timestamp_invalid', 'timestamp_future'],
    ],
  ])('with a time that can not be is of when it came: %s', (sent, tags) => {
    const [event] = make(received(sent), plain, true).events
    expect(event).toMatchObject({
      '@timestamp': new Date(RECEIVED).toISOString(),
      tags,
      process: { name: 'app' },
      log: { syslog: { hostname: 'h' } },
      message: 'x',
    })
    // The record takes precedence over its header.
    const [dated] = make(received(sent.replace(/x$/, '{"time":"2026-01-02T03:04:05Z"}')), json, true).events
    expect(dated).toMatchObject({ '@timestamp': '2026-01-02T03:04:05.000Z' })
    expect(dated).not.toHaveProperty('tags')
    const [broken] = make(received(sent.replace(/x$/, '{"time":')), json, true).events
    expect(broken).toMatchObject({ event: { kind: 'pipeline_error' }, tags })
  })

  it('that was longer than is kept says so', () => {
    const whole = { bytes: 2_000_000, sha256: 'a'.repeat(64) }
    const { events, result } = make(received('<13>app: the first part', whole), plain, true)
    expect(events[0]).toMatchObject({ audit: { truncated: whole }, message: 'the first part' })
    expect(result.slices[0]?.truncated).toBe(1)
  })
})

describe('a secret in a message', () => {
  it.each([
    ['in its text', '<38>1 2026-01-05T11:00:00Z h su - - - login with password=Geheim-7f3a failed', plain],
    ['in structured data', '<38>1 2026-01-05T11:00:00Z h su - - [x@1 token="Geheim-7f3a"] text', plain],
    ['in JSON', '<38>1 2026-01-05T11:00:00Z h su - - - @cee:{"user":"u","password":"Geheim-7f3a"}', json],
    ['in JSON that does not parse', '<38>Jan  5 11:00:00 h su: {"user":"u","password":"Geheim-7f3a"', json],
    ['split by the header', '<38>Jan  5 11:00:00 h password: Geheim-7f3a', plain],
  ])('%s is nowhere in the event, and its mark is', (_, message, integration) => {
    const { events } = make(received(message), integration, true)
    expect(JSON.stringify(events)).not.toContain('Geheim')
    expect(events[0]).toMatchObject({
      tags: expect.arrayContaining(['secret_masked']),
      log: { syslog: { hostname: 'h' } },
    })
  })
})

it('a line of a file with a syslog header has its fields, and where it stands', () => {
  const lines = Buffer.from('Jan  5 11:59:58 db-1 sshd[812]: Accepted password\n')
  const [event] = make(lines, { ...plain, envelope: 'syslog' }, false).events
  expect(event).toMatchObject({
    '@timestamp': '2026-01-05T11:59:58.000Z',
    host: { name: 'web-1' },
    log: {
      file: { path: '/var/log/audit.log' },
      syslog: { appname: 'sshd', hostname: 'db-1', procid: '812' },
    },
    message: 'Accepted password',
  })
  expect(event).not.toHaveProperty('log.syslog.priority')
  expect(event).not.toHaveProperty('source')
})
