import type { SyslogMessage } from '../message.ts'

/** A message and its expected content. Members that are not listed must be null, and `unparsed` must be false. */
export interface Case {
  readonly about: string
  readonly sent: string
  readonly says: Partial<Omit<SyslogMessage, 'time' | 'priority' | 'flags'>> & {
    readonly body: string
    readonly time?: string
    readonly priority?: number
    readonly unparsed?: true
  }
  /** The time of receipt; by default 2026-06-15T12:00:00Z. */
  readonly received?: string
  readonly zone?: string
}

const BOM = '\ufeff'

/** The examples of RFC 5424, 6.5, and each of its rules. */
export const RFC5424: readonly Case[] = [
  {
    about: 'example 1: no structured data, a message with a byte order mark',
    sent: `<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - ${BOM}'su root' failed for lonvick on /dev/pts/8`,
    says: {
      priority: 34,
      version: '1',
      time: '2003-10-11T22:14:15.003Z',
      hostname: 'mymachine.example.com',
      appname: 'su',
      msgid: 'ID47',
      body: "'su root' failed for lonvick on /dev/pts/8",
    },
  },
  {
    about: 'example 2: an offset and microseconds',
    sent: "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
    says: {
      priority: 165,
      version: '1',
      time: '2003-08-24T12:14:15.000Z',
      hostname: '192.0.2.1',
      appname: 'myproc',
      procid: '8710',
      body: "%% It's time to make the do-nuts.",
    },
  },
  {
    about: 'example 3: structured data and a message',
    sent: `<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] ${BOM}An application event log entry...`,
    says: {
      priority: 165,
      version: '1',
      time: '2003-10-11T22:14:15.003Z',
      hostname: 'mymachine.example.com',
      appname: 'evntslog',
      msgid: 'ID47',
      data: { 'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' } },
      body: 'An application event log entry...',
    },
  },
  {
    about: 'example 4: structured data alone',
    sent: '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]',
    says: {
      priority: 165,
      version: '1',
      time: '2003-10-11T22:14:15.003Z',
      hostname: 'mymachine.example.com',
      appname: 'evntslog',
      msgid: 'ID47',
      data: {
        'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' },
        'examplePriority@32473': { class: 'high' },
      },
      body: '',
    },
  },
  {
    about: 'all values nil',
    sent: '<0>1 - - - - - -',
    says: { priority: 0, version: '1', body: '' },
  },
  {
    about: 'all values nil, and a message',
    sent: '<191>1 - - - - - - what was said',
    says: { priority: 191, version: '1', body: 'what was said' },
  },
  {
    about: 'the time of an example of the RFC: 1985-04-12T23:20:50.52Z',
    sent: '<13>1 1985-04-12T23:20:50.52Z h a p m - x',
    says: {
      priority: 13,
      version: '1',
      time: '1985-04-12T23:20:50.520Z',
      hostname: 'h',
      appname: 'a',
      procid: 'p',
      msgid: 'm',
      body: 'x',
    },
  },
  {
    about: 'the time of an example of the RFC: 1985-04-12T19:20:50.52-04:00',
    sent: '<13>1 1985-04-12T19:20:50.52-04:00 h a p m - x',
    says: {
      priority: 13,
      version: '1',
      time: '1985-04-12T23:20:50.520Z',
      hostname: 'h',
      appname: 'a',
      procid: 'p',
      msgid: 'm',
      body: 'x',
    },
  },
  {
    about: 'escaped quote, backslash and bracket in a value',
    sent: '<13>1 - - - - - [x@1 a="say \\"hi\\"" b="c:\\\\d" c="[1\\]"] m',
    says: {
      priority: 13,
      version: '1',
      data: { 'x@1': { a: 'say "hi"', b: 'c:\\d', c: '[1]' } },
      body: 'm',
    },
  },
  {
    about: 'a backslash before another character is a backslash',
    sent: '<13>1 - - - - - [x@1 a="c:\\temp\\new"] m',
    says: { priority: 13, version: '1', data: { 'x@1': { a: 'c:\\temp\\new' } }, body: 'm' },
  },
  {
    about: 'a value with a newline',
    sent: '<13>1 - - - - - [x@1 a="one\ntwo"] m',
    says: { priority: 13, version: '1', data: { 'x@1': { a: 'one\ntwo' } }, body: 'm' },
  },
  {
    about: 'a parameter that comes twice has both values',
    sent: '<13>1 - - - - - [origin ip="192.0.2.1" ip="192.0.2.129"] m',
    says: { priority: 13, version: '1', data: { origin: { ip: ['192.0.2.1', '192.0.2.129'] } }, body: 'm' },
  },
  {
    about: 'an element without parameters',
    sent: '<13>1 - - - - - [x@1] m',
    says: { priority: 13, version: '1', data: { 'x@1': {} }, body: 'm' },
  },
  {
    about: 'an empty value',
    sent: '<13>1 - - - - - [x@1 a=""] m',
    says: { priority: 13, version: '1', data: { 'x@1': { a: '' } }, body: 'm' },
  },
  {
    about: 'a name such as __proto__ is a name',
    sent: '<13>1 - - - - - [__proto__ constructor="x"] m',
    says: {
      priority: 13,
      version: '1',
      data: JSON.parse('{"__proto__":{"constructor":"x"}}'),
      body: 'm',
    },
  },
  {
    about: 'a blank between elements ends the structured data',
    sent: '<13>1 - - - - - [x@1 a="1"] [y@1 b="2"] m',
    says: { priority: 13, version: '1', data: { 'x@1': { a: '1' } }, body: '[y@1 b="2"] m' },
  },
  {
    about: 'structured data that is not closed stays in the message, marked',
    sent: '<13>1 - - app - - [x@1 a="1" m',
    says: { priority: 13, version: '1', appname: 'app', body: '[x@1 a="1" m', unparsed: true },
  },
  {
    about: 'structured data without quotes stays in the message, marked',
    sent: '<13>1 - - app - - [x@1 a=1] m',
    says: { priority: 13, version: '1', appname: 'app', body: '[x@1 a=1] m', unparsed: true },
  },
  {
    about: 'no structured data at all: what stands there is the message, marked',
    sent: '<13>1 - - app - - just text',
    says: { priority: 13, version: '1', appname: 'app', body: 'just text', unparsed: true },
  },
  {
    about: 'a message of newlines and tabs keeps them',
    sent: '<13>1 - - app - - - one\n\ttwo',
    says: { priority: 13, version: '1', appname: 'app', body: 'one\n\ttwo' },
  },
  {
    about: 'a message in another script',
    sent: `<13>1 - hôte app - - - ${BOM}zażółć 漢字 🚀`,
    says: { priority: 13, version: '1', hostname: 'hôte', appname: 'app', body: 'zażółć 漢字 🚀' },
  },
  {
    about: 'a message that begins with blanks keeps those behind the first',
    sent: '<13>1 - - app - - -   x',
    says: { priority: 13, version: '1', appname: 'app', body: '  x' },
  },
  {
    about: 'a later version of the protocol is read alike',
    sent: '<13>2 2026-01-02T03:04:05Z h a p m - x',
    says: {
      priority: 13,
      version: '2',
      time: '2026-01-02T03:04:05.000Z',
      hostname: 'h',
      appname: 'a',
      procid: 'p',
      msgid: 'm',
      body: 'x',
    },
  },
  {
    about: 'a leap second is the second behind it',
    sent: '<13>1 2016-12-31T23:59:60Z h a - - - x',
    says: {
      priority: 13,
      version: '1',
      time: '2017-01-01T00:00:00.000Z',
      hostname: 'h',
      appname: 'a',
      body: 'x',
    },
  },
  {
    about: 'a time without zone is in the zone of the settings',
    sent: '<13>1 2026-06-15T12:00:00 h a - - - x',
    says: {
      priority: 13,
      version: '1',
      time: '2026-06-15T10:00:00.000Z',
      hostname: 'h',
      appname: 'a',
      body: 'x',
    },
    zone: 'Europe/Berlin',
  },
]

/** RFC 3164, and the deviations that occur in practice. */
const AT_NOON = { priority: 13, time: '2026-06-15T12:00:00.000Z', hostname: 'h' }

export const RFC3164: readonly Case[] = [
  {
    about: 'the example of the RFC',
    sent: "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    says: {
      priority: 34,
      time: '2026-10-11T22:14:15.000Z',
      hostname: 'mymachine',
      appname: 'su',
      body: "'su root' failed for lonvick on /dev/pts/8",
    },
    received: '2026-10-11T22:14:16Z',
  },
  {
    about: 'a second example of the RFC: no priority, no header',
    sent: 'Use the BFG!',
    says: { priority: 13, body: 'Use the BFG!', unparsed: true },
  },
  {
    about: 'a third example of the RFC: a year and a zone where none belong',
    sent: "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.",
    says: {
      priority: 165,
      // The word after the time looks like a host, as the RFC itself explains.
      time: '2026-08-24T05:34:00.000Z',
      hostname: 'CST',
      body: "1987 mymachine myproc[10]: %% It's time to make the do-nuts.",
    },
    received: '2026-08-24T06:00:00Z',
  },
  {
    about: 'a fourth example of the RFC: a relay and an address as host',
    sent: "<0>Oct 22 10:52:12 10.1.2.3 sched[0]: That's All Folks!",
    says: {
      priority: 0,
      time: '2026-10-22T10:52:12.000Z',
      hostname: '10.1.2.3',
      appname: 'sched',
      procid: '0',
      body: "That's All Folks!",
    },
    received: '2026-10-22T10:52:12Z',
  },
  {
    about: 'a day with one digit, padded',
    sent: '<13>Jun  5 01:02:03 h cron[99]: x',
    says: {
      priority: 13,
      time: '2026-06-05T01:02:03.000Z',
      hostname: 'h',
      appname: 'cron',
      procid: '99',
      body: 'x',
    },
  },
  {
    about: 'a day with one digit, not padded',
    sent: '<13>Jun 5 01:02:03 h cron: x',
    says: { priority: 13, time: '2026-06-05T01:02:03.000Z', hostname: 'h', appname: 'cron', body: 'x' },
  },
  {
    about: 'a day with a zero in front',
    sent: '<13>Jun 05 01:02:03 h cron: x',
    says: { priority: 13, time: '2026-06-05T01:02:03.000Z', hostname: 'h', appname: 'cron', body: 'x' },
  },
  {
    about: "of New Year's Eve, come in the new year",
    sent: '<13>Dec 31 23:59:59 h a: x',
    says: { priority: 13, time: '2025-12-31T23:59:59.000Z', hostname: 'h', appname: 'a', body: 'x' },
    received: '2026-01-01T00:00:03Z',
  },
  {
    about: "of New Year's Day by a clock that is ahead, come in the old year",
    sent: '<13>Jan  1 00:00:02 h a: x',
    says: { priority: 13, time: '2026-01-01T00:00:02.000Z', hostname: 'h', appname: 'a', body: 'x' },
    received: '2025-12-31T23:59:58Z',
  },
  {
    about: "of New Year's Eve in a zone where it still is",
    sent: '<13>Dec 31 19:00:00 h a: x',
    says: { priority: 13, time: '2026-01-01T00:00:00.000Z', hostname: 'h', appname: 'a', body: 'x' },
    received: '2026-01-01T00:00:03Z',
    zone: 'America/New_York',
  },
  {
    about: '29 February is of the last year that had one',
    sent: '<13>Feb 29 10:00:00 h a: x',
    says: { priority: 13, time: '2024-02-29T10:00:00.000Z', hostname: 'h', appname: 'a', body: 'x' },
    received: '2025-03-01T00:00:00Z',
  },
  {
    about: 'a time in the zone of the settings, in summer',
    sent: '<13>Jun 15 12:00:00 h a: x',
    says: { priority: 13, time: '2026-06-15T10:00:00.000Z', hostname: 'h', appname: 'a', body: 'x' },
    zone: 'Europe/Berlin',
  },
  {
    about: 'a time with milliseconds',
    sent: '<13>Jun 15 12:00:00.123 h a: x',
    says: { priority: 13, time: '2026-06-15T12:00:00.123Z', hostname: 'h', appname: 'a', body: 'x' },
  },
  {
    about: 'a time with the year before it',
    sent: '<13>2025 Jun 15 12:00:00 h a: x',
    says: { priority: 13, time: '2025-06-15T12:00:00.000Z', hostname: 'h', appname: 'a', body: 'x' },
  },
  {
    about: 'a time with the year behind the day',
    sent: '<13>Jun 15 2025 12:00:00 h a: x',
    says: { priority: 13, time: '2025-06-15T12:00:00.000Z', hostname: 'h', appname: 'a', body: 'x' },
  },
  {
    about: 'a time as RFC 3339 writes it, as rsyslog forwards',
    sent: '<38>2026-06-15T14:00:00.123456+02:00 web-1 sshd[812]: Accepted publickey for root',
    says: {
      priority: 38,
      time: '2026-06-15T12:00:00.123Z',
      hostname: 'web-1',
      appname: 'sshd',
      procid: '812',
      body: 'Accepted publickey for root',
    },
  },
  {
    about: 'no host: the word behind the time is a program',
    sent: '<13>Jun 15 12:00:00 cron[7]: x',
    says: { priority: 13, time: '2026-06-15T12:00:00.000Z', appname: 'cron', procid: '7', body: 'x' },
  },
  {
    about: 'no host and no process',
    sent: '<13>Jun 15 12:00:00 su: x',
    says: { priority: 13, time: '2026-06-15T12:00:00.000Z', appname: 'su', body: 'x' },
  },
  {
    about: 'no time and no host, as from a socket of the machine',
    sent: '<13>su[5]: x',
    says: { priority: 13, appname: 'su', procid: '5', body: 'x' },
  },
  {
    about: 'a host and no program',
    sent: '<13>Jun 15 12:00:00 h what was said',
    says: { priority: 13, time: '2026-06-15T12:00:00.000Z', hostname: 'h', body: 'what was said' },
  },
  {
    about: 'an IPv6 address as host',
    sent: '<13>Jun 15 12:00:00 2001:db8::1 a: x',
    says: {
      priority: 13,
      time: '2026-06-15T12:00:00.000Z',
      hostname: '2001:db8::1',
      appname: 'a',
      body: 'x',
    },
  },
  {
    about: 'a program with a path',
    sent: '<13>Jun 15 12:00:00 h postfix/smtpd[4]: x',
    says: {
      priority: 13,
      time: '2026-06-15T12:00:00.000Z',
      hostname: 'h',
      appname: 'postfix/smtpd',
      procid: '4',
      body: 'x',
    },
  },
  {
    about: 'a program with the PAM module that speaks',
    sent: '<13>Jun 15 12:00:00 h sshd(pam_unix)[4]: x',
    says: { ...AT_NOON, appname: 'sshd(pam_unix)', procid: '4', body: 'x' },
  },
  {
    about: 'a program in parentheses',
    sent: '<13>Jun 15 12:00:00 h (systemd)[4]: x',
    says: { ...AT_NOON, appname: '(systemd)', procid: '4', body: 'x' },
  },
  {
    about: 'a program with a bracket too many',
    sent: '<13>Jun 15 12:00:00 h gdm-password][4]: x',
    says: { ...AT_NOON, appname: 'gdm-password]', procid: '4', body: 'x' },
  },
  {
    about: 'the title of a session instead of a program',
    sent: '<13>Jun 15 12:00:00 h  -- root[4]: x',
    says: { ...AT_NOON, appname: '-- root', procid: '4', body: 'x' },
  },
  {
    about: 'a call in a text is no program',
    sent: '<13>Jun 15 12:00:00 h open(file): x',
    says: { ...AT_NOON, body: 'open(file): x' },
  },
  {
    about: 'a repeated message has no program',
    sent: '<13>Jun 15 12:00:00 last message repeated 3 times',
    says: { priority: 13, time: '2026-06-15T12:00:00.000Z', body: 'last message repeated 3 times' },
  },
  {
    about: 'text without priority and with a header, as in a file',
    sent: 'Jun 15 12:00:00 h sshd[1]: x',
    says: {
      priority: 13,
      time: '2026-06-15T12:00:00.000Z',
      hostname: 'h',
      appname: 'sshd',
      procid: '1',
      body: 'x',
    },
  },
  {
    about: 'a day that does not exist is a time that can not be, and the rest of the header stays',
    sent: '<13>Jun 31 12:00:00 h what was said',
    says: { priority: 13, time: 'none that can be', hostname: 'h', body: 'what was said' },
  },
  {
    about: 'CEF behind a header is CEF whole',
    sent: '<134>Jun 15 12:00:00 fw CEF:0|Vendor|Product|1.0|100|name|5|src=10.0.0.1',
    says: {
      priority: 134,
      time: '2026-06-15T12:00:00.000Z',
      hostname: 'fw',
      appname: 'CEF',
      body: 'CEF:0|Vendor|Product|1.0|100|name|5|src=10.0.0.1',
    },
  },
  {
    about: 'CEF without a header',
    sent: '<134>CEF:0|Vendor|Product|1.0|100|name|5|',
    says: { priority: 134, appname: 'CEF', body: 'CEF:0|Vendor|Product|1.0|100|name|5|' },
  },
  {
    about: 'JSON behind the priority is the message',
    sent: '<13>{"a": 1}',
    says: { priority: 13, body: '{"a": 1}', unparsed: true },
  },
  {
    about: 'Cisco IOS: sequence number, clock that is not synchronised, zone, mnemonic',
    sent: '<189>35: *Mar  1 00:01:02.345 UTC: %SYS-5-CONFIG_I: Configured from console by vty0',
    says: {
      priority: 189,
      time: '2026-03-01T00:01:02.345Z',
      appname: '%SYS',
      msgid: 'CONFIG_I',
      body: '%SYS-5-CONFIG_I: Configured from console by vty0',
    },
  },
  {
    about: 'Cisco IOS with its host in front of the time',
    sent: '<189>35: router1: *Mar  1 00:01:02.345 UTC: %SYS-5-CONFIG_I: Configured',
    says: {
      priority: 189,
      time: '2026-03-01T00:01:02.345Z',
      hostname: 'router1',
      appname: '%SYS',
      msgid: 'CONFIG_I',
      body: '%SYS-5-CONFIG_I: Configured',
    },
  },
  {
    about: 'Cisco IOS: a clock that lost its server',
    sent: '<189>000042: .Jun 15 12:00:00: %LINK-3-UPDOWN: Interface up',
    says: {
      priority: 189,
      time: '2026-06-15T12:00:00.000Z',
      appname: '%LINK',
      msgid: 'UPDOWN',
      body: '%LINK-3-UPDOWN: Interface up',
    },
  },
  {
    about: 'Cisco IOS with year and a named zone, which is not trusted',
    sent: '<189>7: Jun 15 2025 12:00:00.001 CEST: %SYS-6-LOGOUT: User admin',
    says: {
      priority: 189,
      time: '2025-06-15T10:00:00.001Z',
      appname: '%SYS',
      msgid: 'LOGOUT',
      body: '%SYS-6-LOGOUT: User admin',
    },
    zone: 'Europe/Berlin',
  },
  {
    about: 'Cisco ASA: a time with year, no host, mnemonic',
    sent: '<166>Jun 15 2026 12:00:00: %ASA-6-302013: Built outbound TCP connection',
    says: {
      priority: 166,
      time: '2026-06-15T12:00:00.000Z',
      appname: '%ASA',
      msgid: '302013',
      body: '%ASA-6-302013: Built outbound TCP connection',
    },
  },
  {
    about: 'Cisco ASA with its host behind the time',
    sent: '<166>Jun 15 2026 12:00:00 asa1 : %ASA-6-302013: Built',
    says: {
      priority: 166,
      time: '2026-06-15T12:00:00.000Z',
      hostname: 'asa1',
      appname: '%ASA',
      msgid: '302013',
      body: '%ASA-6-302013: Built',
    },
  },
]

/** The number at the beginning (RFC 5424, 6.2.1; RFC 3164, 4.3). */
export const PRIORITIES: readonly Case[] = [
  { about: 'the lowest', sent: '<0>a: x', says: { priority: 0, appname: 'a', body: 'x' } },
  { about: 'the highest', sent: '<191>a: x', says: { priority: 191, appname: 'a', body: 'x' } },
  {
    about: 'one beyond the highest is none: it stays in the message',
    sent: '<192>a: x',
    says: { priority: 13, body: '<192>a: x', unparsed: true },
  },
  {
    about: 'four digits are none',
    sent: '<0034>a: x',
    says: { priority: 13, body: '<0034>a: x', unparsed: true },
  },
  { about: 'leading zeros are met', sent: '<034>a: x', says: { priority: 34, appname: 'a', body: 'x' } },
  { about: 'an empty one is none', sent: '<>a: x', says: { priority: 13, body: '<>a: x', unparsed: true } },
  {
    about: 'a negative one is none',
    sent: '<-1>a: x',
    says: { priority: 13, body: '<-1>a: x', unparsed: true },
  },
  { about: 'a blank behind it', sent: '<34> a: x', says: { priority: 34, appname: 'a', body: 'x' } },
  { about: 'nothing behind it', sent: '<34>', says: { priority: 34, body: '', unparsed: true } },
]
