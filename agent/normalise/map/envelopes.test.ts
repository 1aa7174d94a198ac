import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageLine, originText, RECORD_OVERHEAD, writeRecord } from '../../inputs/journal/record.ts'
import { BatchMaker } from '../batch/batch.ts'
import { INTEGRATIONS, loadIntegration } from '../integration/load.ts'
import { RFC3164, RFC5424 } from '../read/syslog/testing/conformance.ts'
import { wholeFile } from '../task.ts'
import { PlainMapper } from '../testing/plain/index.ts'
import { setupOf, specOf, taskOf } from '../testing/setup.ts'
import { Mapper, Memory } from './index.ts'
import { Output } from './output.ts'
import { Pipeline } from './pipeline.ts'

/** The mapper also reads records with a syslog header from their bytes, with the same events. */

const RUNS = process.env.WAYBILL_FULL === undefined ? 300 : 10_000
const NOW = Date.UTC(2026, 0, 23)
const LISTEN = 'tcp 0.0.0.0:514'
const NAMES = ['plain', 'linux-auth', 'cef', 'generic-json', 'erp', 'auditd']
const integrations = await Promise.all(NAMES.map((name) => loadIntegration(name)))

const linesOf = (name: string): string[] => {
  const folder = join(INTEGRATIONS, name, 'samples')
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
}

const zone = { timeZone: 'Europe/Berlin' }
/** A setup like that of a syslog input: each program has an integration. */
const setup = setupOf(
  integrations.map((integration) => specOf(integration, { ...zone, framing: { kind: 'journal' } })),
  {
    syslog: {
      inputs: [
        {
          listens: [LISTEN],
          ...zone,
          pipeline: 0,
          programs: NAMES.slice(1).map((program, i) => ({ program, pipeline: i + 1, hosts: [] })),
        },
      ],
    },
  },
)

/** Both results for the same messages of the journal: the counts, and the lines of the events. */
function madeOf(messages: readonly string[], address: string, incomplete: boolean): string[] {
  const origin = originText({ transport: 'tcp', listen: LISTEN, address, port: 4711, subject: null })
  const journal = Buffer.concat(
    messages.map((message) => {
      const bytes = Buffer.from(message)
      const into = Buffer.alloc(bytes.length + RECORD_OVERHEAD)
      const about = { received: NOW, incomplete, truncated: null }
      return into.subarray(0, writeRecord(into, 0, messageLine(origin, about), bytes))
    }),
  )
  return makers.map((maker) => {
    const { payload, slices } = maker.make(taskOf(journal))
    const lines = payload.length === 0 ? '' : zstdDecompressSync(payload).toString()
    return `${JSON.stringify(slices)}\n${lines}`
  })
}
const makers = [PlainMapper, Mapper].map((mapper) => new BatchMaker(setup, integrations, { mapper }))

describe('the mapper and the reference make the same events', () => {
  const headers = fc.tuple(
    fc.constantFrom('', '<38>', '<134>', '<999>'),
    fc.constantFrom(
      '',
      '1 2026-01-22T10:00:00.5Z web-9 PROGRAM 812 ID47 - ',
      '1 - - PROGRAM - - [order@1 id="7" token="x"][a b="\\"]"] ',
      '1 2026-01-22T10:00:00Z web-9 PROGRAM - - [broken ',
      'Jan 22 10:00:00 web-9 PROGRAM[812]: ',
      'Jan 22 10:00:00 web-9 PROGRAM: ',
      'PROGRAM: ',
      '2026-01-22T10:00:00+01:00 web-9 PROGRAM[abc]: ',
    ),
    fc.constantFrom(...NAMES, 'sshd', 'sudo', 'su', 'passwd'),
  )
  const bodies = fc.constantFrom(
    ...NAMES.flatMap(linesOf).filter((line) => line.length < 2000),
    ...[...RFC3164, ...RFC5424].map(({ sent }) => sent),
    '',
    ' ',
    '@cee:{"user":"u","action":"login","password":"Geheim-7f3a"}',
    'login with password=Geheim-7f3a failed',
    'line one\nline two\ttabbed \u001b[1mbold\u001b[0m',
    'Failed password for invalid user \u00e4\u4e2d from 198.51.100.7 port 22 ssh2',
  )
  const messages = fc.array(
    fc
      .tuple(headers, bodies)
      .map(([[priority, header, program], body]) => priority + header.replace('PROGRAM', program) + body),
    { minLength: 1, maxLength: 4 },
  )
  const addresses = fc.constantFrom('192.0.2.9', '2001:db8::9', 'fe80::1%eth0')

  it('of messages with any header before any body', () => {
    fc.assert(
      fc.property(messages, addresses, fc.boolean(), (sent, address, incomplete) => {
        const [plainly, directly] = madeOf(sent, address, incomplete)
        expect(directly).toBe(plainly)
      }),
      { numRuns: RUNS },
    )
  }, 600_000)

  it.each([...RFC3164, ...RFC5424])('of a message by the standards: $about', ({ sent }) => {
    const [plainly, directly] = madeOf([sent], '192.0.2.9', false)
    expect(directly).toBe(plainly)
  })
})

it.each(['linux-auth', 'cef'])('lines of %s are read where they stand, most of them', (name) => {
  const integration = { ...integrations[NAMES.indexOf(name)]!, envelope: 'syslog' as const }
  const pipeline = new Pipeline(setup, specOf(integration, zone), integration)
  const memory = new Memory()
  const output = new Output(memory)
  const mapper = new Mapper(pipeline, memory, output)
  const place = pipeline.placeOf(wholeFile('/var/log/x.log', 0), NOW)
  output.begin()
  mapper.begin(place)
  const lines = linesOf(name)
  const written = lines.filter((line) => {
    const bytes = Buffer.from(line)
    memory.bytes.set(bytes, memory.input)
    return mapper.takeBytes(place, memory.input, memory.input + bytes.length, 77) === 'event'
  })
  expect(written.length / lines.length).toBeGreaterThan(0.8)
})
