import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** sshd, sudo, su, shadow's programs, systemd-logind, PAM, polkit, cron and login, as lines of syslog. */
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
        // rsyslog's "message repeated 2 times: [ ... ]" contains the repeated message.
        { 'event.code': 'linux-auth.ssh.login.failed', 'audit.record_count': 2, 'user.name': 'root' },
      ]),
    ).toEqual([])
  })

  /** Type, outcome, user, effective user, target account, source. */
  const told = (line: string): unknown[] => {
    const event = one(`${HEADER}${line}`)
    const [code, ...rest] = of(
      event,
      'event.code',
      'event.outcome',
      'user.name',
      'user.effective.name',
      'user.target.name',
    )
    const address = valueAt(event, 'source.ip') ?? valueAt(event, 'source.domain')
    return [String(code).replace('linux-auth.', ''), ...rest, address]
  }
  const none = undefined
  const FAILED = 'authentication failure; logname=bob uid=501 euid=0 tty=pts/1'

  it.each([
    [
      'sshd[1]: Received disconnect from 192.0.2.1: 11: Bye Bye [preauth]',
      'ssh.preauth-closed',
      'failure',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    [
      'sshd[1]: Received disconnect from 2001:db8::1 port 7:11: Bye Bye [preauth]',
      'ssh.preauth-closed',
      'failure',
      none,
      none,
      none,
      '2001:db8::1',
    ],
    [
      'sshd[1]: error: Received disconnect from 192.0.2.1: 14: No more user authentication methods available.',
      'ssh.preauth-closed',
      'failure',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    [
      'sshd[1]: error: Received disconnect from 192.0.2.1: 3: com.jcraft.jsch.JSchException: Auth fail',
      'ssh.preauth-closed',
      'failure',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    [
      'sshd[1]: Received disconnect from 192.0.2.1: 11: Bye Bye',
      'ssh.disconnected',
      'unknown',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    ['sshd[1]: Connection closed by 192.0.2.1', 'ssh.disconnected', 'unknown', none, none, none, '192.0.2.1'],
    [
      'sshd[1]: Connection closed by 192.0.2.1 [preauth]',
      'ssh.preauth-closed',
      'failure',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    [
      'sshd[1]: input_userauth_request: invalid user  night shift [preauth]',
      'ssh.user.invalid',
      'failure',
      ' night shift',
      none,
      none,
      none,
    ],
    [
      'sshd[1]: Address 192.0.2.1 maps to a.example.net, but this does not map back to the address - POSSIBLE BREAK-IN ATTEMPT!',
      'ssh.probe',
      'failure',
      none,
      none,
      none,
      '192.0.2.1',
    ],
    [
      'sshd[1]: PAM service(sshd) ignoring max retries; 5 > 3',
      'pam.too-many-attempts',
      'failure',
      none,
      none,
      none,
      none,
    ],
    [
      `sshd(pam_unix)[1]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=192.0.2.1  user=root`,
      'pam.failed',
      'failure',
      'root',
      none,
      none,
      '192.0.2.1',
    ],
    [
      `sshd(pam_unix)[1]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=a.example.net `,
      'pam.failed',
      'failure',
      none,
      none,
      none,
      'a.example.net',
    ],
    [
      'sshd(pam_unix)[1]: session opened for user jane by (uid=500)',
      'pam.session.opened',
      'success',
      'jane',
      none,
      none,
      none,
    ],
    [
      'login(pam_unix)[1]: session opened for user root by LOGIN(uid=0)',
      'pam.session.opened',
      'success',
      'root',
      none,
      none,
      none,
    ],
    [' -- root[1]: ROOT LOGIN ON tty2', 'login', 'success', 'root', none, none, none],
    [
      'gdm-password]: pam_unix(gdm-password:session): session opened for user jane(uid=500) by (uid=0)',
      'pam.session.opened',
      'success',
      'jane',
      none,
      none,
      none,
    ],
    [
      'crond(pam_unix)[1]: session closed for user root',
      'cron.session.closed',
      'success',
      'root',
      none,
      none,
      none,
    ],
    // The user who tries, and the account that they want to use.
    [
      `su: pam_unix(su:auth): ${FAILED} ruser=bob rhost=  user=root`,
      'pam.failed',
      'failure',
      'bob',
      'root',
      none,
      none,
    ],
    [
      `su(pam_unix)[1]: ${FAILED} ruser= rhost=  user=root`,
      'pam.failed',
      'failure',
      'bob',
      'root',
      none,
      none,
    ],
    [
      `sudo: pam_unix(sudo:auth): ${FAILED} ruser=bob rhost=  user=root`,
      'pam.failed',
      'failure',
      'bob',
      'root',
      none,
      none,
    ],
    [
      `sudo: pam_unix(sudo:auth): ${FAILED} ruser=bob rhost=  user=bob`,
      'pam.failed',
      'failure',
      'bob',
      none,
      none,
      none,
    ],
    [
      'su(pam_unix)[1]: session opened for user news by (uid=0)',
      'pam.session.opened',
      'success',
      none,
      'news',
      none,
      none,
    ],
    [
      'sudo: pam_unix(sudo:session): session closed for user root',
      'pam.session.closed',
      'success',
      none,
      'root',
      none,
      none,
    ],
    [
      `passwd: pam_unix(passwd:chauthtok): ${FAILED} ruser= rhost=  user=bob`,
      'password.change-failed',
      'failure',
      'bob',
      none,
      'bob',
      none,
    ],
    [
      'passwd: pam_unix(passwd:chauthtok): new password not acceptable',
      'password.change-failed',
      'failure',
      none,
      none,
      none,
      none,
    ],
    [
      'unix_chkpwd[1]: password check failed for user (erin)',
      'pam.failed',
      'failure',
      'erin',
      none,
      none,
      none,
    ],
    [
      'sshd[1]: pam_succeed_if(sshd:auth): requirement "uid >= 1000" not met by user "root"',
      'pam.requirement.failed',
      'failure',
      'root',
      none,
      none,
      none,
    ],
    [
      'su: pam_succeed_if(su:auth): requirement "user ingroup wheel" not met by user "root"',
      'pam.requirement.failed',
      'failure',
      none,
      'root',
      none,
      none,
    ],
    [
      'vsftpd: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=uploads rhost=192.0.2.1',
      'pam.failed',
      'failure',
      'uploads',
      none,
      none,
      '192.0.2.1',
    ],
  ])('says of %s what it says', (line, ...expected) => {
    expect(told(line)).toEqual(expected)
  })

  it('counts a message that came again as often as it did, and does not guess which one it was', () => {
    const repeated = (line: string): unknown[] =>
      of(one(`${HEADER}${line}`), 'event.code', 'audit.record_count', 'event.outcome', 'user.name')
    expect(repeated('last message repeated 4 times')).toEqual([
      'linux-auth.repeated',
      4,
      'unknown',
      undefined,
    ])
    expect(repeated('sshd[1]: last message repeated 1 time')).toEqual([
      'linux-auth.repeated',
      1,
      'unknown',
      undefined,
    ])
    expect(
      repeated("Last message 'Failed password for' repeated 3 times, suppressed by syslog-ng on web-1"),
    ).toEqual(['linux-auth.repeated', 3, 'unknown', undefined])
    expect(
      repeated(
        'sshd[1]: PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root',
      ),
    ).toEqual(['linux-auth.pam.failed', 2, 'failure', 'root'])
  })

  it('believes the words of a PAM module only where one says them', () => {
    const event = one(`${HEADER}shop[1]: session opened for user root by (uid=0)`)
    expect(of(event, 'event.code', 'user.name')).toEqual([undefined, undefined])
  })

  it('gives the tag as it was, and the program that it names', () => {
    const named = (tag: string): unknown[] =>
      of(one(`${HEADER}${tag}: x`), 'log.syslog.appname', 'process.name', 'process.pid')
    expect(named('sshd(pam_unix)[7]')).toEqual(['sshd(pam_unix)', 'sshd', 7])
    expect(named('(systemd)')).toEqual(['(systemd)', 'systemd', undefined])
    expect(named('gdm-password]')).toEqual(['gdm-password]', 'gdm-password', undefined])
    expect(named(' -- jane[8]')).toEqual(['-- jane', 'login', 8])
    expect(named('ftpd(x)[9]')).toEqual([undefined, undefined, undefined])
  })

  it('reads both time stamps: the traditional one in the zone of the input, and the one that names its own', () => {
    const message = 'sshd[1]: Accepted password for jane from 203.0.113.7 port 1 ssh2'
    expect(valueAt(one(`Jan 22 10:00:00 web-1 ${message}`), '@timestamp')).toBe('2026-01-22T09:00:00.000Z')
    expect(valueAt(one(`2026-01-22T10:00:00.482910-05:00 web-1 ${message}`), '@timestamp')).toBe(
      '2026-01-22T15:00:00.482Z',
    )
    expect(files.get('secure.log')!.some((event) => valueAt(event, 'log.syslog.hostname') === 'db-1')).toBe(
      true,
    )
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
    // Another program's message about a sign-in by SSH is no sign-in.
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
    for (const line of [
      'passwd[1]: pam_unix(passwd:chauthtok): password changed for dave',
      'passwd: pam_unix(passwd:chauthtok): password changed for dave',
      'gdm-password: pam_unix(gdm-password:session): session closed for user dave',
    ])
      expect(valueAt(one(`${HEADER}${line}`), 'tags')).toBe(undefined)
    const said = one(`${HEADER}passwd: the new password=geheim is too short`)
    expect(JSON.stringify(said)).not.toContain('geheim')
  })
})
