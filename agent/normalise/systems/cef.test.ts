import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** ArcSight's CEF: header, known keys, labels, escapes, and the forms of times and severities. */
const { integration, all } = await samplesOf('cef')
const one = (line: string): AuditEvent => eventsIn(recordsOf(integration, `${line}\n`, 'Europe/Berlin'))[0]!
const of = (event: AuditEvent, ...paths: string[]): unknown[] => paths.map((path) => valueAt(event, path))

describe('cef', () => {
  it('has a sample of every event type', () => {
    const seen = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([])
  })

  it('puts the known keys into fields, and custom ones by their labels', () => {
    expect(
      missing(all, [
        {
          'observer.vendor': 'Palisade',
          'observer.product': 'Gateway',
          'observer.hostname': 'gw-1',
          'observer.ip': '10.0.0.1',
          'rule.id': 'TRAFFIC',
          'event.action': 'allow',
          'source.ip': '10.1.2.3',
          'source.port': 51512,
          'destination.ip': '203.0.113.80',
          'destination.port': 443,
          'network.transport': 'tcp',
          'network.protocol': 'ssl',
          'audit.payload.Rule': 'egress-web',
          'audit.payload.Bytes': '5120',
          'event.outcome': 'success',
        },
        {
          'event.code': 'cef.intrusion',
          'url.original': 'https://shop.example/?id=1%20OR%201=1',
          'user_agent.original': 'sqlmap/1.7',
          'log.syslog.hostname': 'gw-1',
          'log.syslog.facility.name': 'local0',
        },
        {
          'observer.product': 'Mail | Shield',
          message: 'Attachment held back:\nE=mc2 c:\\temp',
          'file.path': 'invoice.pdf.exe',
          'log.syslog.hostname': 'mail-1',
        },
        { 'event.code': 'cef.access.changed', 'user.name': 'Jane Doe', 'user.target.name': 'dave' },
        { 'event.code': 'cef.config.changed', 'audit.change.before': 'value=30d' },
      ]),
    ).toEqual([])
  })

  it.each([
    ['1769072732123', '2026-01-22T09:05:32.123Z'],
    ['Jan 22 2026 09:05:32.250 UTC', '2026-01-22T09:05:32.250Z'],
    ['Jan 22 2026 09:05:32.250', '2026-01-22T08:05:32.250Z'],
    ['Jan 22 2026 09:05:32 EST', '2026-01-22T14:05:32.000Z'],
    ['Jan 22 2026 09:05:32', '2026-01-22T08:05:32.000Z'],
    ['Jan 22 09:05:32.250 GMT', '2026-01-22T09:05:32.250Z'],
    ['Jan 22 09:05:32', '2026-01-22T08:05:32.000Z'],
    ['Dec 31 23:59:59', '2025-12-31T22:59:59.000Z'],
  ])('reads the time %s', (rt, time) => {
    expect(valueAt(one(`CEF:0|A|B|1|1|x|3|rt=${rt} src=10.0.0.1`), '@timestamp')).toBe(time)
  })

  it.each([
    ['0', 0, 'low'],
    ['4', 4, 'medium'],
    ['8', 8, 'high'],
    ['10', 10, 'critical'],
    ['Low', 2, 'low'],
    ['Medium', 5, 'medium'],
    ['High', 8, 'high'],
    ['Very-High', 10, 'critical'],
    ['Unknown', undefined, undefined],
  ])('reads the severity %s', (severity, number, risk) => {
    expect(of(one(`CEF:0|A|B|1|1|x|${severity}|src=10.0.0.1`), 'event.severity', 'audit.risk')).toEqual([
      number,
      risk,
    ])
  })

  it('a sign-in fails by its outcome, or by its name', () => {
    const told = (name: string, more: string): unknown =>
      valueAt(one(`CEF:0|A|B|1|1|${name}|3|suser=bob ${more}`), 'event.code')
    expect(told('Login', 'outcome=failure')).toBe('cef.login.failed')
    expect(told('Login failed', '')).toBe('cef.login.failed')
    expect(told('Login', 'outcome=success')).toBe('cef.login')
    expect(told('Login', '')).toBe('cef.login')
  })

  it('does not take the first word for a program', () => {
    const event = one('Jan 22 09:05:33 gw-1 CEF:0|A|B|1|1|x|3|src=10.0.0.1')
    expect(of(event, 'process.name', 'log.syslog.appname', 'log.syslog.hostname')).toEqual([
      undefined,
      'CEF',
      'gw-1',
    ])
  })
})
