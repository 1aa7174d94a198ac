import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { messageLine, originText, RECORD_OVERHEAD, writeRecord } from '../../../inputs/journal/record.ts'
import { BatchMaker } from '../../batch/batch.ts'
import { loadIntegration } from '../../integration/load.ts'
import { Mapper } from '../../map/index.ts'
import { PlainMapper } from '../../testing/plain/index.ts'
import { setupOf, specOf, taskOf } from '../../testing/setup.ts'

const NAMES = ['plain', 'auditd', 'linux-auth']
const integrations = await Promise.all(NAMES.map((name) => loadIntegration(name)))
const LISTEN = 'udp 0.0.0.0:514'

const makers = [Mapper, PlainMapper].map(
  (mapper) =>
    new BatchMaker(
      setupOf(
        integrations.map((integration) => specOf(integration, { framing: { kind: 'journal' } })),
        {
          syslog: {
            inputs: [
              {
                listens: [LISTEN],
                timeZone: 'UTC',
                pipeline: 0,
                programs: [{ program: 'audisp-remote', pipeline: 2, hosts: [] }],
                audit: 1,
              },
            ],
          },
        },
      ),
      integrations,
      { mapper },
    ),
)

interface Made {
  readonly event: { readonly code?: string; readonly module: string; readonly original: string }
  readonly log: { readonly syslog: { readonly hostname: string } }
  readonly process?: { readonly command_line?: string }
  readonly audit: { readonly payload?: { readonly records?: string } }
}

/** Messages with their senders, as `address message`. */
function made(sent: readonly string[]): { read: number; events: Made[] } {
  const journal = Buffer.concat(
    sent.map((line) => {
      const [address = '', ...words] = line.split(' ')
      const bytes = Buffer.from(words.join(' '))
      const into = Buffer.alloc(bytes.length + RECORD_OVERHEAD)
      const origin = originText({ transport: 'udp', listen: LISTEN, address, port: 4711, subject: null })
      const about = { received: Date.UTC(2026, 4, 1), incomplete: false, truncated: null }
      return into.subarray(0, writeRecord(into, 0, messageLine(origin, about), bytes))
    }),
  )
  const [directly, plainly] = makers.map((maker) => {
    const { payload, slices } = maker.make(taskOf(journal, {}, { now: Date.UTC(2026, 4, 1) }))
    return { read: slices[0]!.read, text: zstdDecompressSync(payload).toString() }
  })
  expect(directly).toEqual(plainly)
  const lines = directly!.text.trimEnd().split('\n')
  return { read: directly!.read, events: lines.map((line) => JSON.parse(line) as Made) }
}

const audit = (address: string, program: string, record: string): string =>
  `${address} <13>May  1 00:03:22 web-9 ${program}: ${record}`
const records = (serial: number): string[] =>
  [
    'type=SYSCALL SERIAL: arch=c000003e syscall=59 success=yes exit=0 items=1 ppid=7 pid=8 auid=1000 uid=0 comm="id" exe="/usr/bin/id"',
    'type=EXECVE SERIAL: argc=2 a0="/usr/bin/id" a1="-u"',
    'type=CWD SERIAL: cwd="/root"',
    'type=PATH SERIAL: item=0 name="/usr/bin/id" nametype=NORMAL',
  ].map((record) => record.replace('SERIAL', `msg=audit(1777593802.687:${serial})`))

describe('records of the audit system that come by syslog', () => {
  it.each(['audit', 'audispd', 'audisp-syslog', 'kernel'])(
    'are joined by their serial: from %s',
    (program) => {
      const { read, events } = made(
        [...records(7), ...records(8)].map((record) => audit('10.0.0.1', program, record)),
      )
      expect(read).toBe(2)
      expect(events.map(({ event }) => event.code)).toEqual(['auditd.exec', 'auditd.exec'])
      expect(events[0]!.process?.command_line).toBe('/usr/bin/id -u')
      expect(events[0]!.audit.payload?.records).toBe('SYSCALL EXECVE CWD PATH')
      expect(events[0]!.log.syslog.hostname).toBe('web-9')
      expect(events[0]!.event.original.split('\n')).toHaveLength(4)
    },
  )

  it('of several hosts are several events, and other messages are none of them', () => {
    const [call = '', command = ''] = records(7)
    const { read, events } = made([
      audit('10.0.0.1', 'kernel', call),
      audit('10.0.0.2', 'kernel', call),
      audit('10.0.0.2', 'kernel', command),
      audit('10.0.0.2', 'kernel', 'eth0: link is up'),
      audit('10.0.0.2', 'auditd', 'Audit daemon rotating log files'),
      audit('10.0.0.2', 'shop', command),
    ])
    expect(read).toBe(5)
    expect(events.map(({ event }) => event.code)).toEqual([
      'auditd.exec',
      'auditd.exec',
      undefined,
      undefined,
      undefined,
    ])
  })

  it('are read as the operator says, where he says it of their program', () => {
    const { events } = made([audit('10.0.0.1', 'audisp-remote', records(7)[0]!)])
    expect(events.map(({ event }) => event.module)).toEqual(['linux-auth'])
  })

  it('hold no secret, behind whichever record and header it stands', () => {
    const secret = Buffer.from('--password\0Geheim-7f3a').toString('hex').toUpperCase()
    const { events } = made(
      [...records(7), `type=PROCTITLE msg=audit(1777593802.687:7): proctitle=${secret}`].map((record) =>
        audit('10.0.0.1', 'audispd', record),
      ),
    )
    const text = JSON.stringify(events)
    expect(text).not.toContain('Geheim')
    expect(text).not.toContain(Buffer.from('Geheim').toString('hex').toUpperCase())
    expect(text).toContain('secret_masked')
    expect(events).toHaveLength(1)
  })
})
