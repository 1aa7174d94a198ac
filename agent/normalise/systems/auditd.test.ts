import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** The Linux audit log: records joined by serial, hexadecimal values, auditd's lookups, and every event type. */
const { integration, files, all } = await samplesOf('auditd')
const read = (...lines: string[]): AuditEvent[] =>
  eventsIn(recordsOf(integration, lines.map((line) => `${line}\n`).join('')))
const of = (event: AuditEvent | undefined, ...paths: string[]): unknown[] =>
  paths.map((path) => (event === undefined ? undefined : valueAt(event, path)))
const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()
const at = (serial: number): string => `msg=audit(1769072477.350:${serial}):`

describe('auditd', () => {
  it('has a sample of every event type', () => {
    const seen = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([])
  })

  it('says who signed in, whose rights, with what, on what', () => {
    expect(
      missing(all, [
        {
          'event.code': 'auditd.exec',
          'event.action': 'execve',
          'user.id': '1000',
          'user.name': 'jane',
          'process.executable': '/usr/bin/mysql',
          'process.name': 'mysql',
          'process.parent.pid': 2390,
          'process.working_directory': '/home/jane',
          'rule.name': 'commands',
          '@timestamp': '2026-01-22T09:00:41.350Z',
        },
        {
          'event.code': 'auditd.login',
          'user.name': 'jane',
          'source.ip': '203.0.113.7',
          'audit.session.id': '3',
          'event.outcome': 'success',
        },
        { 'event.code': 'auditd.login.failed', 'user.name': '(invalid user)', 'source.ip': '198.51.100.23' },
        {
          'event.code': 'auditd.sudo.denied',
          'user.name': 'bob',
          'process.command_line': 'cat /etc/shadow',
          'event.outcome': 'failure',
        },
        { 'event.code': 'auditd.session.started', 'user.name': 'jane', 'user.effective.name': 'root' },
        { 'event.code': 'auditd.user.created', 'user.name': 'jane', 'user.target.name': 'dave' },
        {
          'event.code': 'auditd.user.changed',
          'event.action': 'ACCT_LOCK',
          'user.target.name': 'dave',
          'user.target.id': '1004',
        },
        {
          'event.code': 'auditd.file.deleted',
          'file.path': '/var/log/old log.gz',
          'user.effective.name': 'root',
        },
        { 'event.code': 'auditd.file.created', 'file.path': '/etc/cron.d/backup' },
        { 'event.code': 'auditd.file.changed', 'event.action': 'rename', 'file.path': '/srv/a.txt' },
        { 'event.code': 'auditd.network', 'destination.ip': '203.0.113.9', 'destination.port': 443 },
        { 'event.code': 'auditd.network', 'destination.ip': '2001:db8:0:0:0:0:0:17' },
        {
          'event.code': 'auditd.access.denied',
          'audit.payload.permissions': 'read',
          'event.outcome': 'failure',
        },
        { 'event.code': 'auditd.policy.changed', 'audit.change.before': 'enforcing=1' },
        { 'event.code': 'auditd.keystrokes', 'audit.payload.data': 'systemctl stop auditd\r' },
      ]),
    ).toEqual([])
  })

  it('knows when the audit log is switched off, and that cannot be switched off', () => {
    const off = integration.events.find(({ id }) => id === 'auditd.switched-off')
    expect(off?.mandatory).toBe(true)
    expect(
      missing(all, [
        {
          'event.code': 'auditd.switched-off',
          'event.action': 'CONFIG_CHANGE',
          'user.name': 'jane',
          'audit.change.before': 'audit_enabled=1',
          'audit.change.after': 'audit_enabled=0',
          'audit.risk': 'critical',
        },
        { 'event.code': 'auditd.switched-off', 'event.action': 'DAEMON_END', 'user.name': 'jane' },
        { 'event.code': 'auditd.rules.changed', 'audit.payload.op': 'remove_rule', 'rule.name': 'identity' },
      ]),
    ).toEqual([])
    // Setting the length of the backlog does not switch the audit off.
    const [other] = read(
      `type=CONFIG_CHANGE ${at(1)} op=set audit_backlog_limit=0 old=64 auid=1000 ses=3 res=1`,
    )
    expect(of(other, 'event.code')).toEqual(['auditd.config.changed'])
  })

  it('joins the records of one event, tells two nodes with one serial apart, and knows logs without names', () => {
    const raw = files.get('raw.log')!
    expect(raw.map((event) => of(event, 'observer.hostname', 'event.code', 'user.id', 'user.name'))).toEqual([
      ['db-1', 'auditd.login', '1002', undefined],
      ['db-2', 'auditd.login.failed', undefined, 'carol'],
      ['db-1', 'auditd.exec', '1002', undefined],
    ])
    expect(of(raw[2], 'event.action', 'process.command_line', 'rule.name', 'user.effective.id')).toEqual([
      'execve',
      'bash -c echo "done" > /tmp/x',
      'root_commands, execve',
      '0',
    ])
  })

  it('loses nothing of events whose records are interleaved: each part is an event with the same id of the source', () => {
    const lines = [
      `type=SYSCALL ${at(7)} arch=c000003e syscall=59 success=yes auid=1000 uid=0 comm="id" exe="/usr/bin/id"`,
      `type=SYSCALL ${at(8)} arch=c000003e syscall=59 success=yes auid=1001 uid=0 comm="w" exe="/usr/bin/w"`,
      `type=EXECVE ${at(7)} argc=1 a0="id"`,
      `type=EXECVE ${at(8)} argc=1 a0="w"`,
      `type=CWD ${at(8)} cwd="/root"`,
      `type=CWD ${at(7)} cwd="/home/jane"`,
    ]
    const events = read(...lines)
    expect(
      events.map((event) => of(event, 'audit.source_event_id', 'event.code', 'process.command_line')),
    ).toEqual([
      ['1769072477.350:7', 'auditd.exec', undefined],
      ['1769072477.350:8', 'auditd.exec', undefined],
      ['1769072477.350:7', 'auditd.exec', 'id'],
      ['1769072477.350:8', 'auditd.exec', 'w'],
      ['1769072477.350:7', 'auditd.part', undefined],
    ])
    const kept = events.flatMap((event) => String(valueAt(event, 'event.original')).split('\n'))
    expect(kept.toSorted()).toEqual(lines.toSorted())
  })

  it('decodes hexadecimal values where the kernel writes them, and nowhere else', () => {
    const [event] = read(
      `type=USER_CMD ${at(9)} pid=1 uid=1000 auid=1000 ses=3 msg='cwd=${hex('/srv/My Files')} cmd=${hex('touch it\'s "mine"')} exe="/usr/bin/sudo" terminal=pts/0 res=success'`,
    )
    expect(of(event, 'process.working_directory', 'process.command_line')).toEqual([
      '/srv/My Files',
      'touch it\'s "mine"',
    ])
    const [call] = read(
      `type=SYSCALL ${at(10)} arch=c000003e syscall=59 a0=CAFE success=yes auid=1000 comm="BEEF" exe="/usr/bin/id"`,
    )
    expect(of(call, 'audit.payload.a0', 'process.name')).toEqual(['CAFE', 'BEEF'])
  })

  it('masks secrets in commands, also behind hexadecimal digits, and keeps the form', () => {
    const [event] = read(
      `type=EXECVE ${at(11)} argc=5 a0="mysql" a1="--password" a2="geheim" a3=${hex('--token=geheim 2')} a4="shop"`,
      `type=PROCTITLE ${at(11)} proctitle=${hex('mysql\0--password\0geheim\0--token=geheim 2\0shop')}`,
    )
    expect(JSON.stringify(event)).not.toContain('geheim')
    expect(JSON.stringify(event)).not.toContain(hex('geheim'))
    expect(of(event, 'process.command_line', 'tags')).toEqual([
      'mysql --password [masked:password] --token=[masked:token] 2 shop',
      ['secret_masked'],
    ])
    expect(String(valueAt(event!, 'event.original'))).toContain(
      `proctitle=${hex('mysql\0--password\0[masked:')}`,
    )
  })

  it('masks a secret that stands in hexadecimal digits alone', () => {
    const [event] = read(`type=PROCTITLE ${at(12)} proctitle=${hex('curl\0--password\0geheim')}`)
    expect(of(event, 'process.command_line', 'tags')).toEqual([
      'curl --password [masked:password]',
      ['secret_masked'],
    ])
    expect(JSON.stringify(event)).not.toContain(hex('geheim'))
  })

  it('says of a line that is no audit record what it expected, and keeps it', () => {
    const [event] = read('Jan 22 10:00:00 web-1 auditd[5]: something')
    expect(of(event, 'event.kind', 'message')).toEqual([
      'pipeline_error',
      'Jan 22 10:00:00 web-1 auditd[5]: something',
    ])
    expect(String(valueAt(event!, 'event.reason'))).toContain('expected type=... msg=audit(time:serial):')
  })
})
