import { describe, expect, it } from 'vitest'
import { type AuditEvent, leavesUnder, valueAt } from '../../../schema/index.ts'
import { loadIntegration } from '../index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** systemd's journal as JSON: its own fields, bytes and lists, the messages that linux-auth knows, and trust in fields. */
const { integration, all } = await samplesOf('journald')
const of = (event: AuditEvent | undefined, ...paths: string[]): unknown[] =>
  paths.map((path) => (event === undefined ? undefined : valueAt(event, path)))
const entry = (more: object, cursor = 's=1;i=1'): string =>
  JSON.stringify({
    __CURSOR: cursor,
    __REALTIME_TIMESTAMP: '1769072401250123',
    _HOSTNAME: 'web-1',
    _UID: '0',
    ...more,
  })
const read = (...lines: string[]): AuditEvent[] =>
  eventsIn(recordsOf(integration, lines.map((line) => `${line}\n`).join('')))
/** A field in journalctl's form: with its length if it contains newlines or is not text. */
function exportField(name: string, value: string | Buffer): Buffer {
  const content = Buffer.from(value)
  if (typeof value === 'string' && !value.includes('\n')) return Buffer.from(`${name}=${value}\n`)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(content.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, content, Buffer.from('\n')])
}
const bytes = (text: string): number[] => [...Buffer.from(text)]

describe('journald', () => {
  it('has a sample of every event type of its own', () => {
    const seen = new Set(all.map((event) => valueAt(event, 'event.code')))
    const own = integration.events.map(({ id }) => id).filter((id) => id.startsWith('journald.'))
    expect(own.filter((id) => !seen.has(id))).toEqual([])
  })

  it('puts its fields where they belong, and reads messages by the patterns of linux-auth', () => {
    expect(
      missing(all, [
        {
          '@timestamp': '2026-01-22T09:00:07.500Z',
          'event.code': 'linux-auth.ssh.login',
          'event.module': 'journald',
          'audit.category': 'security',
          'user.name': 'jane',
          'source.ip': '203.0.113.7',
          'process.name': 'sshd-session',
          'process.pid': 2101,
          'process.executable': '/usr/lib/openssh/sshd-session',
          'service.name': 'ssh.service',
          'host.name': 'web-1',
          'log.syslog.hostname': 'web-1',
          'log.syslog.severity.name': 'informational',
        },
        {
          'event.code': 'linux-auth.sudo.command',
          'process.command_line': '/usr/bin/apt update',
          'user.effective.name': 'root',
          'audit.session.id': '3',
        },
        { 'event.code': 'linux-auth.user.created', 'user.id': '1000', 'user.effective.id': '0' },
        { 'event.code': 'linux-auth.session.started', 'user.name': 'jane', 'audit.session.id': '3' },
        { 'event.code': 'journald.unit.failed', 'service.name': 'nginx.service', 'audit.status': 'error' },
        { 'event.code': 'journald.lost', 'audit.payload.N_DROPPED': '4711', 'audit.category': 'security' },
      ]),
    ).toEqual([])
  })

  it('gives an entry once, whichever export has it', () => {
    const line = entry({ MESSAGE: 'started', _COMM: 'shop' })
    const [first] = read(line)
    const [, again] = read(entry({ MESSAGE: 'before' }, 's=1;i=0'), line)
    expect(again).toEqual(first)
    expect(of(first, 'log.offset')).toEqual([undefined])
    expect(of(read(entry({ MESSAGE: 'x' }, 's=1;i=2'))[0], 'event.id')).not.toEqual(of(first, 'event.id'))
  })

  it('reads messages that are bytes, lists, or not there', () => {
    const messageOf = (MESSAGE: unknown): unknown => of(read(entry({ MESSAGE }))[0], 'message')[0]
    expect(messageOf(bytes('\u001b[31mgrün\u001b[0m'))).toBe('\u001b[31mgrün\u001b[0m')
    expect(messageOf([0x66, 0xff, 0x6f])).toBe('f\ufffdo')
    expect(messageOf(['first', 'second'])).toBe('first\nsecond')
    expect(messageOf([bytes('a\u0007'), bytes('b\u0007')])).toBe('a\u0007\nb\u0007')
    expect(messageOf(null)).toBe(undefined)
    expect(of(read(entry({ MESSAGE: [0x66, 0xff, 0x6f] }))[0], 'tags')).toEqual([['encoding_repaired']])
  })

  it('masks secrets in messages that are bytes, in the kept original too', () => {
    const clean = bytes('nothing to hide\u0007')
    const [event, other] = read(
      entry({ MESSAGE: bytes('connect with password=geheim now\u0007') }),
      entry({ MESSAGE: clean }),
    )
    expect(of(event, 'message', 'tags')).toEqual([
      'connect with password=[masked:password] now\u0007',
      ['secret_masked'],
    ])
    const original = String(valueAt(event!, 'event.original'))
    expect(original).not.toContain(bytes('geheim').join(','))
    expect(original).toContain('password=[masked:password] now')
    expect(String(valueAt(other!, 'event.original'))).toContain(clean.join(','))
  })

  it('reads the export format as the JSON of the same entries, whatever bytes a value holds', () => {
    const fields: [string, string | Buffer][] = [
      ['__CURSOR', 's=1;i=9'],
      ['__REALTIME_TIMESTAMP', '1769072401250123'],
      ['_HOSTNAME', 'web-1'],
      ['_COMM', 'shop'],
      ['MESSAGE', 'first\n\nSYSLOG_IDENTIFIER=sshd\n{"a":1}\n'],
      ['CODE', Buffer.of(0x66, 0xff, 0x00, 0x0a, 0x6f)],
      ['TAB', 'a\tb = c'],
      ['EMPTY', ''],
      ['FILE', 'a.c'],
      ['FILE', 'b.c'],
    ]
    const entryOf = (own: typeof fields): Buffer =>
      Buffer.concat([...own.map(([name, value]) => exportField(name, value)), Buffer.from('\n')])
    const asJson = JSON.stringify({
      ...Object.fromEntries(
        fields.map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
      ),
      FILE: ['a.c', 'b.c'],
    })
    const next = entry({ MESSAGE: 'next' }, 's=1;i=10')
    const file = Buffer.concat([
      entryOf(fields),
      Buffer.from('\n'),
      entryOf(fields),
      Buffer.from(`${next}\n`),
    ])
    const events = eventsIn(recordsOf(integration, file))
    const [wanted] = read(asJson)
    expect(events).toEqual([wanted, wanted, read(next)[0]])
    expect(of(wanted, 'message', 'log.syslog.appname')).toEqual([fields[4]![1], undefined])
  })

  it('keeps what is no entry as it is, and reads on behind it', () => {
    const torn = 'MESSAGE=half\n'
    const file = [
      '-- no entry',
      entry({ MESSAGE: 'one' }),
      torn + entry({ MESSAGE: 'two' }, 's=1;i=2'),
      '',
    ].join('\n')
    const events = eventsIn(recordsOf(integration, file))
    expect(events.map((event) => of(event, 'event.kind', 'message'))).toEqual([
      ['pipeline_error', '-- no entry'],
      ['event', 'one'],
      ['event', 'half'],
      ['event', 'two'],
    ])
    const [own] = eventsIn(recordsOf(integration, 'LPKSHHRH\0\0\0\0\n'))
    expect(of(own, 'event.reason')).toEqual([expect.stringContaining('journalctl --output=export')])
  })

  it("makes auditd's events of the audit system's records, however they came into the journal", async () => {
    const auditd = await loadIntegration('auditd')
    const rest = `pid=7 uid=0 auid=1000 ses=3 msg='op=login acct="jane" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.1 terminal=ssh res=failed'`
    const line = `type=USER_LOGIN msg=audit(1769072401.250:7001): ${rest}`
    // The journal also names its host.
    const here = ['event.id', 'event.sequence', 'log.offset', 'log.file.path', 'log.syslog.hostname']
    const bare = (event: AuditEvent | undefined): unknown =>
      leavesUnder(event!).filter(({ path }) => !here.includes(path))
    const [wanted] = eventsIn(recordsOf(auditd, `${line}\n`))
    expect(of(wanted, 'event.code', 'source.ip')).toEqual(['auditd.login.failed', '192.0.2.1'])
    const parts = {
      _TRANSPORT: 'audit',
      _AUDIT_TYPE_NAME: 'USER_LOGIN',
      _AUDIT_ID: '7001',
      _SOURCE_REALTIME_TIMESTAMP: '1769072401250000',
      MESSAGE: `USER_LOGIN ${rest}`,
    }
    const events = read(
      entry(parts),
      entry(
        { _TRANSPORT: 'kernel', MESSAGE: `audit: type=1112 audit(1769072401.250:7001): ${rest}` },
        's=1;i=2',
      ),
      entry({ _TRANSPORT: 'syslog', _COMM: 'audisp-syslog', MESSAGE: line }, 's=1;i=3'),
    )
    for (const event of events) expect(bare(event)).toEqual(bare(wanted))
    expect(new Set(events.map((event) => of(event, 'event.id')[0])).size).toBe(3)
    // The same entry in another export is the same event.
    expect(read(entry({ MESSAGE: 'before' }, 's=1;i=0'), entry(parts))[1]).toEqual(events[0])
    // A field that anybody may have written is no audit record.
    const [made] = read(entry({ _TRANSPORT: 'syslog', _COMM: 'logger', MESSAGE: line }))
    expect(of(made, 'event.module', 'event.outcome')).toEqual(['journald', 'unknown'])
  })

  it('masks secrets in the digits of an audit record', () => {
    const coded = Buffer.from('mysql\0--password=geheim').toString('hex').toUpperCase()
    const [event] = read(
      entry({
        _TRANSPORT: 'audit',
        _AUDIT_TYPE_NAME: 'PROCTITLE',
        _AUDIT_ID: '7001',
        MESSAGE: `PROCTITLE proctitle=${coded}`,
      }),
    )
    const text = JSON.stringify(event)
    expect(text).not.toContain('geheim')
    expect(text).not.toContain(Buffer.from('geheim').toString('hex').toUpperCase())
    expect(of(event, 'process.command_line')).toEqual(['mysql --password=[masked:password]'])
  })

  it('believes what journald knows of a process, not what the process says', () => {
    const MESSAGE = 'Accepted password for root from 203.0.113.66 port 4444 ssh2'
    const [real, made, named] = read(
      entry({ MESSAGE, SYSLOG_IDENTIFIER: 'sshd', _COMM: 'sshd' }),
      entry({ MESSAGE, SYSLOG_IDENTIFIER: 'sshd', _COMM: 'logger', _UID: '1001' }),
      entry({ MESSAGE, COMM: 'sshd', UID: '0', _COMM: 'shop', _UID: '33' }),
    )
    expect(of(real, 'event.code', 'user.name')).toEqual(['linux-auth.ssh.login', 'root'])
    expect(of(made, 'event.outcome', 'user.name', 'user.id', 'process.name', 'log.syslog.appname')).toEqual([
      'unknown',
      undefined,
      '1001',
      'logger',
      'sshd',
    ])
    expect(of(named, 'event.outcome', 'user.id', 'process.name', 'audit.payload.UID_said')).toEqual([
      'unknown',
      '33',
      'shop',
      '0',
    ])
  })
})
