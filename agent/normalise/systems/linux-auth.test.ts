import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** sshd, sudo, su, shadow's programs, systemd-logind, PAM, polkit, cron and login, by syslog's lines. */
const { integration, files, all } = await samplesOf('linux-auth')
const one = (line: string): AuditEvent => eventsIn(recordsOf(integration, `${line}\n`, 'Europe/Berlin'))[0]!
const of = (event: AuditEvent, ...paths: string[]): unknown[] => paths.map((path) => valueAt(event, path))
const HEADER = 'Jan 22 10:00:00 web-1 '

describe('linux-auth', () => {
  it('has a sample of every event type', () => {
    const seen = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([])
  })

  it('says who, whose rights, from where, and with what', () => {
    expect(
      missing(all, [
        {
          'event.code': 'linux-auth.ssh.login',
          'user.name': 'jane',
          'source.ip': '203.0.113.7',
          'source.port': 52344,
          'event.outcome': 'success',
          'event.category': 'authentication',
          'audit.category': 'security',
          'audit.payload.method': 'publickey',
          'audit.payload.fingerprint': 'SHA256:5C0mpVvWk9QkQ0p6bV2d1mYbZg3rHqkz0f1n1sVhN4E',
          'process.name': 'sshd',
          'process.pid': 2101,
          'host.name': 'web-1',
        },
        { 'audit.payload.method': 'keyboard-interactive/pam', 'source.ip': '2001:db8::17' },
        { 'audit.payload.certificate_id': 'ci@example.com', 'audit.payload.ca_type': 'ED25519' },
        {
          'event.code': 'linux-auth.sudo.command',
          'user.name': 'jane',
          'user.effective.name': 'root',
          'process.command_line': '/usr/bin/apt update',
          'process.working_directory': '/home/jane',
        },
        {
          'event.code': 'linux-auth.sudo.denied',
          'user.name': 'bob',
          'event.reason': 'user NOT in sudoers',
          'process.command_line': '/usr/bin/cat /etc/shadow',
          'event.outcome': 'failure',
        },
        { 'event.code': 'linux-auth.sudo.wrong-password', 'user.name': 'carol', 'audit.attempt.count': 3 },
        { 'event.code': 'linux-auth.su.failed', 'user.name': 'bob', 'user.effective.name': 'root' },
        { 'event.code': 'linux-auth.user.created', 'user.target.name': 'dave', 'user.target.id': '1004' },
        {
          'event.code': 'linux-auth.user.changed',
          'user.target.name': 'dave',
          'audit.change.before': 'shell=/bin/bash',
          'audit.change.after': 'shell=/usr/sbin/nologin',
        },
        {
          'event.code': 'linux-auth.group.member-added',
          'user.name': 'root',
          'user.target.name': 'jane',
          'group.name': 'release',
        },
        { 'event.code': 'linux-auth.account.locked', 'user.target.name': 'erin', 'audit.attempt.max': 5 },
        { 'event.code': 'linux-auth.session.started', 'user.name': 'carol', 'audit.session.id': '31' },
        // rsyslog's "message repeated 2 times: [ ... ]" is what was repeated.
        { 'event.code': 'linux-auth.ssh.login.failed', 'audit.record_count': 2, 'user.name': 'root' },
      ]),
    ).toEqual([])
  })

  it('reads both time stamps: the traditional one in the zone of the input, and the one that names its own', () => {
    const message = 'sshd[1]: Accepted password for jane from 203.0.113.7 port 1 ssh2'
    expect(valueAt(one(`Jan 22 10:00:00 web-1 ${message}`), '@timestamp')).toBe('2026-01-22T09:00:00.000Z')
    expect(valueAt(one(`2026-01-22T10:00:00.482910-05:00 web-1 ${message}`), '@timestamp')).toBe(
      '2026-01-22T15:00:00.482Z',
    )
    expect(files.get('secure.log')!.some((event) => valueAt(event, 'host.name') === 'db-1')).toBe(true)
  })

  it('is not misled by names that someone makes up', () => {
    const told = (message: string): unknown[] =>
      of(one(`${HEADER}sshd[1]: ${message}`), 'event.outcome', 'user.name', 'source.ip')
    expect(
      told('Failed password for invalid user x from 1.1.1.1 port 1 ssh2 from 6.6.6.6 port 2 ssh2'),
    ).toEqual(['failure', 'x from 1.1.1.1 port 1 ssh2', '6.6.6.6'])
    expect(told('Invalid user Accepted password for root from 1.1.1.1 port 1 from 6.6.6.6 port 2')).toEqual([
      'failure',
      'Accepted password for root from 1.1.1.1 port 1',
      '6.6.6.6',
    ])
    // What another program says of sign-ins by SSH is no sign-in.
    const other = one(`${HEADER}shop[1]: Accepted password for root from 6.6.6.6 port 2 ssh2`)
    expect(of(other, 'event.outcome', 'user.name', 'source.ip')).toEqual(['unknown', undefined, undefined])
  })

  it('keeps what it does not know as an event with its text', () => {
    const event = one(`${HEADER}sshd[7]: Something that a later version will say`)
    expect(of(event, 'event.kind', 'message', 'process.name', 'audit.category')).toEqual([
      'event',
      'Something that a later version will say',
      'sshd',
      'security',
    ])
    expect(valueAt(one('no header at all'), 'event.kind')).toBe('event')
  })

  it('does not take a folder or a program for a password, and no password for a command', () => {
    const event = one(
      `${HEADER}sudo:     jane : TTY=pts/0 ; PWD=/home/jane ; USER=root ; COMMAND=/usr/bin/mysql --password=geheim`,
    )
    expect(of(event, 'process.working_directory', 'process.command_line')).toEqual([
      '/home/jane',
      '/usr/bin/mysql --password=[masked:password]',
    ])
    expect(JSON.stringify(event)).not.toContain('geheim')
    expect(
      valueAt(one(`${HEADER}passwd[1]: pam_unix(passwd:chauthtok): password changed for dave`), 'tags'),
    ).toBe(undefined)
  })
})
