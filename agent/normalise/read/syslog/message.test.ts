import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLAG } from '../../integration/flags.ts'
import { LocalTime } from '../../integration/time.ts'
import { readMessage } from './message.ts'
import { type Case, PRIORITIES, RFC3164, RFC5424 } from './testing/conformance.ts'

const NOON = '2026-06-15T12:00:00Z'

function read({ sent, received = NOON, zone = 'UTC' }: Case): unknown {
  const {
    flags,
    priority,
    time,
    hasPriority: _,
    ...rest
  } = readMessage(sent, {
    received: Date.parse(received),
    zone: new LocalTime(zone),
  })
  expect(priority.facility * 8 + priority.severity).toBe(priority.priority)
  return {
    ...rest,
    priority: priority.priority,
    time: time === null ? null : Number.isNaN(time) ? 'none that can be' : new Date(time).toISOString(),
    unparsed: (flags & FLAG.syslog_unparsed) !== 0,
  }
}

function expected({ says }: Case): unknown {
  const nothing = { version: null, time: null, hostname: null, appname: null, procid: null, msgid: null }
  return { ...nothing, data: null, unparsed: false, ...says }
}

describe.each([
  ['RFC 5424', RFC5424],
  ['RFC 3164 and its relatives', RFC3164],
  ['priorities', PRIORITIES],
])('%s', (_, cases) => {
  it.each(cases.map((one) => [one.about, one] as const))('%s', (_, one) => {
    expect(read(one)).toEqual(expected(one))
  })
})

describe('any text at all', () => {
  const pieces = fc.constantFrom(
    '<13>',
    '<191>1 ',
    '2026-01-02T03:04:05Z ',
    'Jan  1 00:00:00 ',
    '[x@1 a="',
    '\\"',
    '"]',
    ' - ',
    ': ',
    '\ufeff',
    'host ',
    'app[1]',
    '35: *',
    '\n',
    '%SYS-5-X: ',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 6 })), { maxLength: 14 }).map((parts) => parts.join('')),
  )
  const context = { received: Date.parse(NOON), zone: new LocalTime('Europe/Berlin') }

  it('is a message, whose body is the end of what was sent', () => {
    fc.assert(
      fc.property(text, (sent) => {
        const message = readMessage(sent, context)
        expect(sent.endsWith(message.body)).toBe(true)
        const { time } = message
        expect(time === null || Number.isNaN(time) || Number.isSafeInteger(time)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  it('costs no more than its length asks for', () => {
    for (const piece of ['[x@1 a="\\', ' ', '<1>1 ', 'Jan  1 00:00:00 ', 'a[', '1: ', '"]', 'x: ']) {
      // The test measures processor time, not elapsed time: other processes may use the machine. Quadratic growth would take at least ten
      // seconds.
      const began = process.cpuUsage()
      readMessage(`<13>1 - - - - - ${piece.repeat(100_000)}`, context)
      readMessage(`<13>${piece.repeat(100_000)}`, context)
      expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000)
    }
  })
})
