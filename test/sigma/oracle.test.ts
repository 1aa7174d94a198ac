import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { importSigma, parseRule } from '../../indexer/alerts/index.ts'
import { matches } from '../../indexer/query/index.ts'
import type { AuditEvent } from '../../schema/index.ts'

/**
 * Compares what imported rules match with what pySigma says that they match. Python with pySigma is named by WAYBILL_PYSIGMA,
 * such as /path/to/venv/bin/python; without it, `python3` is tried.
 */
const PYTHON = process.env.WAYBILL_PYSIGMA ?? 'python3'
const HAS_PYSIGMA = spawnSync(PYTHON, ['-c', 'import sigma.rule']).status === 0

type SigmaEvent = Readonly<Record<string, string | number>>

const base64 = (text: string, before = ''): string => Buffer.from(before + text).toString('base64')
const wide = (text: string): string => Buffer.from(text, 'utf16le').toString('base64')

const COMMANDS = [
  'cat /etc/shadow',
  'CAT /ETC/SHADOW --verbose',
  'tar -czf /tmp/out.tgz /home',
  'tar /czf /tmp/out.tgz /home',
  'curl http://192.0.2.7/a?b=1',
  String.raw`printf a\*b "c" \\host`,
  'printf a*b $' + '{jndi:ldap}',
  'x*y',
  'xzy',
  `echo ${base64('whoami')}`,
  `echo ${base64('whoami', 'a')}`,
  `echo ${base64('whoami -a', 'ab')}`,
  base64('whoami'),
  wide('whoami'),
  'and or not (x) {y} "z": <w>',
]
const IMAGES = ['/usr/bin/cat', '/usr/bin/tar', '/opt/Tools/CURL', undefined]
const USERS = ['root', 'jane', undefined]

const EVENTS: readonly SigmaEvent[] = COMMANDS.flatMap((CommandLine, one) =>
  IMAGES.flatMap((Image, two) =>
    USERS.map((User, three) => ({
      CommandLine,
      ...(Image !== undefined && { Image }),
      ...(User !== undefined && { User }),
      ProcessId: 10 * (1 + ((one + two + three) % 7)),
    })),
  ),
)
const CONNECTIONS: readonly SigmaEvent[] = [
  '192.0.2.7',
  '192.0.2.200',
  '198.51.100.9',
  '2001:db8::9',
].flatMap((DestinationIp) =>
  [22, 443, 8443].flatMap((DestinationPort) =>
    USERS.map((User) => ({ DestinationIp, DestinationPort, ...(User !== undefined && { User }) })),
  ),
)

/** Selections of processes, as YAML in one line: every modifier, wildcard, escape and kind of value. */
const SELECTIONS: readonly string[] = [
  '{ CommandLine: cat /etc/shadow }',
  '{ CommandLine: "cat*" }',
  '{ CommandLine: "*shadow*" }',
  '{ CommandLine: "*" }',
  String.raw`{ CommandLine: 'x\*y' }`,
  '{ CommandLine: "x*y" }',
  String.raw`{ CommandLine|contains: 'a\\\*b' }`,
  String.raw`{ CommandLine|contains: 'a\*b' }`,
  String.raw`{ CommandLine|contains: '\\\\host' }`,
  String.raw`{ CommandLine|contains: '\host' }`,
  '{ CommandLine|contains: "${jndi:" }',
  '{ CommandLine|contains: "and or not" }',
  `{ CommandLine|contains: '(x) {y} "z": <' }`,
  '{ CommandLine|contains: [shadow, curl] }',
  '{ CommandLine|contains|all: [tar, "/home"] }',
  '{ CommandLine|contains|all: [cat, "-verbose"] }',
  '{ CommandLine|startswith: tar }',
  '{ CommandLine|startswith: [CAT, "echo "] }',
  '{ CommandLine|endswith: home }',
  '{ CommandLine|endswith: "w> " }',
  '{ CommandLine|windash|contains: " -czf" }',
  '{ CommandLine|contains|windash: [" -czf ", " --verbose"] }',
  '{ CommandLine|base64: whoami }',
  '{ CommandLine|base64|contains: whoami }',
  '{ CommandLine|base64offset|contains: whoami }',
  '{ CommandLine|base64offset|contains: [whoami, curl] }',
  '{ CommandLine|wide|base64: whoami }',
  '{ CommandLine|wide|base64offset|contains: whoami }',
  '{ CommandLine|neq: x*y }',
  '{ User|neq: root }',
  '{ User|neq: [root, jane] }',
  '{ User: null }',
  '{ User: [root, null] }',
  '{ User|exists: true }',
  '{ User|exists: false }',
  '{ User: ROOT, Image|endswith: /cat }',
  '{ Image: /opt/tools/curl }',
  '[{ User: root, Image|endswith: tar }, { CommandLine|contains: curl }]',
  '{ ProcessId: 20 }',
  '{ ProcessId: [20, 30] }',
  '{ ProcessId|gt: 40 }',
  '{ ProcessId|gte: 40 }',
  '{ ProcessId|lt: 40 }',
  '{ ProcessId|lte: 40 }',
  '[shadow, curl]',
  '{ "|all": [tar, home] }',
]
const NETWORK: readonly string[] = [
  '{ DestinationIp: 192.0.2.7 }',
  '{ DestinationIp: "192.0.2.*" }',
  '{ DestinationIp|startswith: "198.51." }',
  '{ DestinationIp|cidr: 192.0.2.0/25 }',
  '{ DestinationIp|cidr: ["192.0.2.128/25", "2001:db8::/32"] }',
  '{ DestinationPort: 22 }',
  '{ DestinationPort|gte: 443, DestinationIp|cidr: 192.0.2.0/24 }',
]

const CONDITIONS: readonly string[] = [
  'selection',
  'not selection',
  'selection and not filter_user',
  'selection or other',
  '(selection or other) and not filter_user',
  'not (selection and other) or filter_user',
  'selection and other or not filter_user',
  'not not selection',
  '1 of them',
  'all of them',
  '1 of sel*',
  'selection and not 1 of filter_*',
  'all of sel* and not all of filter_*',
  '[selection, other]',
]

const rule = (number: number, category: string, selection: string, condition: string): string => `
title: Rule ${number}
logsource: { product: linux, category: ${category} }
detection:
  selection: ${selection}
  other: { User: jane }
  filter_user: { User|startswith: ro }
  _hidden: { User: nobody }
  condition: ${condition}
`

const cases = (category: string, selections: readonly string[]): string[] =>
  selections.flatMap((selection, one) =>
    CONDITIONS.map((condition, two) => rule(one * CONDITIONS.length + two, category, selection, condition)),
  )

function eventOf(event: SigmaEvent): AuditEvent {
  const { CommandLine, Image, User, ProcessId, DestinationIp, DestinationPort } = event
  return {
    event: { module: 'auditd', action: DestinationIp === undefined ? 'execve' : 'connect' },
    process: { command_line: CommandLine, executable: Image, pid: ProcessId },
    user: { effective: { name: User } },
    destination: { ip: DestinationIp, port: DestinationPort },
  }
}

function oracle(rules: readonly string[], events: readonly SigmaEvent[]): number[][] {
  const { status, stdout, stderr } = spawnSync(PYTHON, [`${import.meta.dirname}/oracle.py`], {
    input: JSON.stringify({ rules, events }),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as number[][]
}

describe.skipIf(!HAS_PYSIGMA)('imported rules and pySigma', () => {
  it.each([
    ['process_creation', SELECTIONS, EVENTS],
    ['network_connection', NETWORK, CONNECTIONS],
  ] as const)(
    'agree on the events that each rule matches: %s',
    (category, selections, sigmaEvents) => {
      const rules = cases(category, selections)
      const events = sigmaEvents.map((event) => eventOf(JSON.parse(JSON.stringify(event)) as SigmaEvent))
      const expected = oracle(rules, sigmaEvents)
      const files = rules.map((text, number) => ({ file: String(number), text }))
      const { rules: made, problems } = importSigma(files, ['in-app'])
      expect(problems).toEqual([])
      expect(made.map(({ file }) => file)).toEqual(files.map(({ file }) => file))
      const found = made.map(({ text, id }) => {
        const { query } = parseRule(text, id)
        return events.flatMap((event, number) => (matches(query, event) ? [number] : []))
      })
      const wrong = rules.flatMap((text, index) =>
        found[index]!.join() === expected[index]!.join()
          ? []
          : [{ text, found: found[index], expected: expected[index] }],
      )
      expect(wrong.map(({ text }) => text)).toEqual([])
      // Selections that match nothing, or everything, would show little.
      const telling = expected.filter(({ length }) => length > 0 && length < events.length)
      expect(telling.length / rules.length).toBeGreaterThan(0.8)
    },
    120_000,
  )
})
