import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../schema/index.ts'
import { matches } from '../../query/index.ts'
import { alertsOf } from '../evaluate.ts'
import { parseRule } from '../rules.ts'
import { importSigma } from './index.ts'

const rulesOf = (...texts: string[]) =>
  importSigma(
    texts.map((text, index) => ({ file: `${index}.yml`, text })),
    ['in-app'],
  )
const parsedOf = (...texts: string[]) => {
  const { rules, problems } = rulesOf(...texts)
  expect(problems).toEqual([])
  return rules.map(({ id, text }) => parseRule(text, `${id}.yml`))
}
const reasonsFor = (...texts: string[]): string[] => {
  const { rules, problems } = rulesOf(...texts)
  expect(rules).toEqual([])
  return problems.map(({ file, line, reason }) => `${file}:${line}: ${reason}`)
}

const detection = (selection: string, condition = 'selection', logsource = 'product: linux, service: sshd') =>
  `title: A rule
logsource: { ${logsource} }
detection:
  selection: ${selection}
  condition: ${condition}
`
const PARTS = `title: Failed sign-in
name: failed
author: Ada Example
logsource: { product: okta, service: okta }
detection: { selection: { eventType: user.session.start, outcome.reason: INVALID }, condition: selection }
---
title: Sign-in
name: signed_in
author: Kim Example
logsource: { product: okta, service: okta }
detection: { selection: { eventType: user.session.start, outcome.reason: null }, condition: selection }
`
const correlation = (members: string) => `title: Together\nauthor: Ada Example\ncorrelation: { ${members} }\n`

const event = (
  minute: number,
  reason: string | undefined,
  more: Record<string, string> = {},
): AuditEvent => ({
  '@timestamp': new Date(Date.parse('2026-01-22T10:00:00Z') + minute * 60_000).toISOString(),
  event: {
    id: `e${minute}`,
    module: 'okta',
    action: 'user.session.start',
    kind: 'event',
    ...(reason && { reason }),
  },
  user: { name: more.user ?? 'jane' },
  source: { ip: more.ip ?? '192.0.2.1' },
})
const fired = (texts: string[], events: AuditEvent[]): number[] =>
  parsedOf(...texts).map((rule) => [...alertsOf(rule, events, { zone: 'UTC' })].length)

describe('a Sigma rule', () => {
  it('becomes a rule with its author, its origin and its level', () => {
    const [rule] = parsedOf(`
title: "Export {of} \${jndi:x}"
id: 5a0c8d3b-9e1f-4a6b-9c8d-000000000001
author: Ada Example
license: DRL 1.1
level: informational
description: Somebody exports \${env:HOME}.
references: [https://docs.example/1]
tags: [attack.exfiltration]
falsepositives: [Backups]
logsource: { category: webserver }
detection: { selection: { c-uri|contains: "\${jndi:", cs-method: GET }, condition: selection }
`)
    expect(rule).toMatchObject({
      id: 'export-of-jndi-x',
      author: 'Ada Example',
      source: 'sigma: 5a0c8d3b-9e1f-4a6b-9c8d-000000000001, DRL 1.1',
      priority: 'low',
      channels: ['in-app'],
      about: 'Somebody exports $ {env:HOME}.',
    })
    expect(rule?.response).toContain('Backups')
    expect(rule?.response).toContain('https://docs.example/1')
    const url = (original: string): AuditEvent => ({
      event: { module: 'web-access', action: 'get' },
      url: { original },
    })
    expect(matches(rule!.query, url('/?q=${JNDI:ldap}'))).toBe(true)
    expect(matches(rule!.query, url('/?q=jndi'))).toBe(false)
  })

  it('finds words without a field', () => {
    const [rule] = parsedOf(detection('["bad protocol", probe*]'))
    const said = (message: string): AuditEvent => ({
      message,
      event: { module: 'linux-auth' },
      process: { name: 'sshd' },
    })
    expect(matches(rule!.query, said('A Bad protocol version'))).toBe(true)
    expect(matches(rule!.query, said('Probes found'))).toBe(true)
    expect(matches(rule!.query, said('bad version of a protocol'))).toBe(false)
  })

  it('finds a type of record among the records of one event of auditd', () => {
    const [rule] = parsedOf(detection('{ type: EXECVE }', 'selection', 'product: linux, service: auditd'))
    const records = (text: string): AuditEvent => ({
      event: { module: 'auditd', action: 'openat' },
      audit: { payload: { records: text } },
    })
    expect(matches(rule!.query, records('SYSCALL EXECVE CWD'))).toBe(true)
    expect(matches(rule!.query, records('SYSCALL EXECVEAT'))).toBe(false)
  })

  it.each([
    ['{ User|re: ".*" }', '"re" can\'t be translated: the query language has no regular expressions'],
    ['{ User|cased: a }', '"cased" can\'t be translated'],
    ['{ User|fieldref: host }', '"fieldref" can\'t be translated'],
    ['{ User|expand: "%admins%" }', '"expand" can\'t be translated'],
    ['{ User|hour: 3 }', '"hour" can\'t be translated'],
    ['{ User|contians: a }', 'there is no modifier "contians"'],
    ['{ User: a?c }', 'no wildcard for one sign'],
    ['{ User|gt: 5 }', 'user.name is not a number'],
    ['{ User|cidr: 192.0.2.0/24 }', 'user.name has no addresses'],
    ['{ User|wide: a }', '"wide" is only allowed before base64'],
    ['{ User|base64: "a*" }', `"base64" can't be applied to wildcards`],
    ['{ User: [] }', 'the list of values is empty'],
    ['{ SourceIp: "192.*7" }', 'write a block'],
    ['{ SourceIp: somewhere }', 'is not an address'],
    ['{ LogonType: 3 }', 'Waybill has no field for "LogonType"'],
    ['["*word"]', 'a * only at the end'],
  ])('that can not be translated as a whole is not imported: %s', (selection, reason) => {
    expect(reasonsFor(detection(selection))).toEqual([expect.stringContaining(reason)])
  })

  it.each([
    ['selection and', 'something is missing'],
    ['selection other', '"other" is not expected here'],
    ['(selection', 'a ) is missing'],
    ['unknown', 'there is no selection "unknown"'],
    ['2 of them', '"2 of" can\'t be translated'],
    ['1 of other*', 'no selection is called other*'],
    ['selection | count() > 5', 'write a correlation'],
  ])('names the mistake in the condition %s', (condition, reason) => {
    expect(reasonsFor(detection('{ User: a }', condition))).toEqual([expect.stringMatching(`^0.yml:5: .*`)])
    expect(reasonsFor(detection('{ User: a }', condition))[0]).toContain(reason)
  })

  it('with a mistake stops no other; each mistake has its file and line', () => {
    const { rules, problems } = rulesOf(
      detection('{ User: a }'),
      'title: [',
      'just a text',
      '',
      detection('{ User: a }', 'selection', 'product: windows, service: security'),
      `${detection('{ User: a }')}---\n${detection('\n    User: b\n    Nothing: c')}`,
    )
    expect(rules.map(({ id }) => id)).toEqual(['a-rule', 'a-rule-n2'])
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
      '1.yml:1',
      '2.yml:1',
      '4.yml:2',
      '5.yml:12',
    ])
  })
})

describe('a correlation', () => {
  const five = [0, 1, 2, 3, 4].map((minute) => event(minute, 'INVALID'))
  it('event_count counts events of a group', () => {
    const count = (condition: string) =>
      `${PARTS}---\n${correlation(`type: event_count, rules: [failed], group-by: [actor.alternateId], timespan: 10m, condition: ${condition}`)}`
    const texts = parsedOf(count('{ gte: 5 }'))
    expect(texts.map(({ id, author }) => [id, author])).toEqual([
      ['sign-in', 'Kim Example'],
      ['together', 'Ada Example'],
    ])
    expect(fired([count('{ gte: 5 }')], five)).toEqual([0, 1])
    expect(fired([count('{ gt: 5 }')], five)).toEqual([0, 0])
    expect(fired([count('{ gt: 4 }')], five)).toEqual([0, 1])
    expect(fired([count('{ gte: 5 }')], five.with(0, event(0, 'INVALID', { user: 'kim' })))).toEqual([0, 0])
  })

  it('value_count counts different values', () => {
    const text = `${PARTS}---\n${correlation('type: value_count, rules: [failed], group-by: [client.ipAddress], timespan: 10m, condition: { field: actor.alternateId, gte: 3 }')}`
    const users = ['a', 'b', 'c'].map((user, minute) => event(minute, 'INVALID', { user }))
    expect(fired([text], users)[1]).toBe(1)
    expect(fired([text], users.with(2, event(2, 'INVALID', { user: 'a' })))[1]).toBe(0)
  })

  it('value_sum adds up a number', () => {
    const [rule] = parsedOf(
      `title: Large\nname: large\nlogsource: { product: linux, category: network_connection }\ndetection: { selection: { User: root }, condition: selection }\n---\n${correlation('type: value_sum, rules: [large], timespan: 1h, condition: { field: DestinationPort, gt: 1000 }')}`,
    )
    expect(rule?.condition).toEqual({
      kind: 'sum',
      field: 'destination.port',
      atLeast: 1001,
      within: 3_600_000,
    })
  })

  it('temporal_ordered is a sequence, temporal one for each order', () => {
    const text = (type: string) =>
      `${PARTS}---\n${correlation(`type: ${type}, rules: [failed, signed_in], group-by: [actor.alternateId], timespan: 10m`)}`
    const ordered = [event(0, 'INVALID'), event(1, undefined)]
    const reverse = [event(0, undefined), event(1, 'INVALID')]
    expect(fired([text('temporal_ordered')], ordered)).toEqual([1])
    expect(fired([text('temporal_ordered')], reverse)).toEqual([0])
    expect(fired([text('temporal')], ordered)).toEqual([1, 0])
    expect(fired([text('temporal')], reverse)).toEqual([0, 1])
    const [rule] = parsedOf(text('temporal_ordered'))
    expect(rule?.author).toBe('Ada Example, Kim Example')
  })

  it('keeps the rules that it refers to with generate', () => {
    const text = `${PARTS}---\n${correlation('type: event_count, rules: [failed, signed_in], generate: true, timespan: 1d, condition: { gte: 2 }')}`
    expect(parsedOf(text).map(({ id }) => id)).toEqual(['failed-sign-in', 'sign-in', 'together'])
  })

  it.each([
    ['type: value_avg, rules: [failed], timespan: 1h', 'no condition on an average'],
    ['type: value_percentile, rules: [failed], timespan: 1h', 'no condition on a percentile'],
    ['type: event_count, rules: [failed], timespan: 1h, condition: { lt: 5 }', '"lt" can\'t be translated'],
    ['type: event_count, rules: [failed], timespan: 1h, condition: { eq: 5 }', '"eq" can\'t be translated'],
    ['type: event_count, rules: [failed], timespan: 30d, condition: { gte: 5 }', 'at most 7 days'],
    ['type: event_count, rules: [failed], timespan: soon, condition: { gte: 5 }', 'is no time such as 10m'],
    ['type: event_count, rules: [none], timespan: 1h, condition: { gte: 5 }', 'there is no rule "none"'],
    [
      'type: event_count, rules: [failed], group-by: [nothing], timespan: 1h, condition: { gte: 5 }',
      'Waybill has no field for "nothing"',
    ],
    [
      'type: temporal, rules: [failed, signed_in], group-by: [who], aliases: { who: { failed: actor.id, signed_in: actor.alternateId } }, timespan: 1h',
      'in different fields of Waybill',
    ],
  ])('that can not be translated is not imported: %s', (members, reason) => {
    const { rules, problems } = rulesOf(PARTS, correlation(members))
    expect(problems.map((problem) => problem.reason)).toEqual([expect.stringContaining(reason)])
    expect(rules.map(({ id }) => id)).not.toContain('together')
  })

  it('of a rule that is not imported is not imported either', () => {
    const { rules, problems } = rulesOf(
      detection('{ User|re: a }').replace('title: A rule', 'title: A rule\nname: part'),
      correlation('type: event_count, rules: [part], timespan: 1h, condition: { gte: 5 }'),
    )
    expect(rules).toEqual([])
    expect(problems.map(({ file }) => file).sort()).toEqual(['0.yml', '1.yml'])
  })
})

describe('a filter', () => {
  const filter = (members: string) =>
    `title: Our scanner\nlogsource: { product: okta, service: okta }\nfilter: { ${members} }\n`

  it('leaves out what it says, of the rules that it names', () => {
    const text = filter('rules: [failed], scanner: { client.ipAddress: 192.0.2.1 }, condition: not scanner')
    const [failed, signedIn] = parsedOf(PARTS, text)
    expect(matches(failed!.query, event(0, 'INVALID'))).toBe(false)
    expect(matches(failed!.query, event(0, 'INVALID', { ip: '192.0.2.2' }))).toBe(true)
    expect(matches(signedIn!.query, event(0, undefined))).toBe(true)
    const any = parsedOf(PARTS, text.replace('[failed]', 'any'))
    expect(matches(any[1]!.query, event(0, undefined))).toBe(false)
  })

  it('that can not be translated stops the rules that it is about', () => {
    const { rules, problems } = rulesOf(
      PARTS,
      filter('rules: [failed], s: { actor.id|re: x }, condition: not s'),
    )
    expect(rules.map(({ id }) => id)).toEqual(['sign-in'])
    expect(problems).toHaveLength(2)
  })

  it('for no rule is reported', () => {
    expect(
      rulesOf(PARTS, filter('rules: [other], s: { actor.id: x }, condition: not s')).problems,
    ).toMatchObject([{ file: '1.yml', line: 3, title: 'Our scanner' }])
  })
})
