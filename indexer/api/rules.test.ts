import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SUPPLIED_RULES } from '../alerts/index.ts'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

const RULE = `# Who took what?
name: Exports
about: Each export
query: "action: export and audit.record_count >= 100"
group-by: [user.name]
condition: { count: { at-least: 3, within: 10m } }
priority: high
channels: [admin]
message: "{user.name} exported {count} times"
throttle: 1h
response: Ask them what for.
example: { event.action: export, user.name: jane, audit.record_count: 100 }
examples:
  - { is: three, fires: 1, events: [{ at: 2026-01-22T10:00:00Z, times: 3 }] }
  - { is: two, fires: 0, events: [{ at: 2026-01-22T10:00:00Z, times: 2 }] }
`
const MINUTE = 60_000
const START = Date.UTC(2026, 0, 22, 10)

let strict: StrictIndexer
let viewer: Person
let manager: Person
const ids = Array.from({ length: 6 }, (_, i) => `${i}`.padStart(40, 'e'))
beforeAll(async () => {
  strict = await StrictIndexer.start()
  const folder = join(strict.indexer.folder, 'rules')
  mkdirSync(folder)
  writeFileSync(join(folder, 'exports.yml'), RULE)
  writeFileSync(join(folder, 'broken.yml'), 'name: Broken\n')
  await strict.indexer.running.reload(
    strict.indexer.config({ read: 'token', manage: 'token', rules: folder }),
  )
  viewer = await strict.person('vera', 'viewer')
  manager = await strict.person('mia', 'manager')
  const operator = await strict.operator()
  const { token } = (await strict.indexer.ask('/v1/agents/tokens', { headers: operator, json: {} })).json
  const agent = await TestAgent.enrolled(strict.indexer.url, String(token))
  const events = ids.map((id, i) =>
    agent.event({
      '@timestamp': new Date(START + i * 4 * MINUTE).toISOString(),
      event: { id, action: 'export', kind: 'event' },
      audit: { category: 'activity', record_count: i === 1 ? 5 : 100 },
      user: { name: 'jane' },
    }),
  )
  expect((await agent.send(strict.indexer.url, agent.seal(events))).json).toMatchObject({ stored: 6 })
})
afterAll(() => strict.end())

const put = (person: Person, id: string, json: object) =>
  person.ask(`/v1/rules/${id}`, { method: 'PUT', json })

describe('the rules', () => {
  it('are listed for a reader: those that are wrong with the place', async () => {
    const { json } = await viewer.ask('/v1/rules')
    expect(json).toMatchObject({
      problem: null,
      rules: [
        { id: 'broken', name: 'broken', problem: expect.stringMatching(/broken\.yml:1: about: missing/) },
        { id: 'exports', name: 'Exports', enabled: true, origin: 'file', problem: null, fired: 0 },
      ],
    })
    expect((await viewer.ask('/v1/rules/exports')).json).toMatchObject({
      text: RULE,
      version: 0,
      changes: [],
    })
    expect(await viewer.status('/v1/rules/none')).toBe(404)
  })

  it('are not shown to somebody who sees only some events', async () => {
    const limited = await strict.person('lim', 'viewer', { entities: ['Invoice'], namespaces: null })
    expect(await limited.status('/v1/rules')).toBe(403)
    expect(await limited.status('/v1/rules/explain', { json: { event: ids[0] } })).toBe(403)
  })

  it('are made, changed, switched and removed by a manager alone, and the trail has each', async () => {
    for (const asked of [{ method: 'PUT', json: { text: RULE } }, { method: 'DELETE' }] as const)
      expect(await viewer.status('/v1/rules/mine', asked)).toBe(403)
    expect(await viewer.status('/v1/rules/exports/enabled', { json: { enabled: false } })).toBe(403)

    expect((await put(manager, 'mine', { text: RULE, enabled: false })).json).toMatchObject({
      rule: { id: 'mine', origin: 'console', enabled: false },
      version: 1,
      changed: { at: strict.now, by: 'mia' },
    })
    expect((await put(manager, 'mine', { text: RULE })).status).toBe(409)
    const changed = await put(manager, 'mine', { text: RULE.replace('10m', '20m'), version: 1 })
    expect(changed.json).toMatchObject({ version: 2, changes: [{ by: 'mia', text: RULE }] })
    expect((await put(manager, 'mine', { text: RULE, version: 1 })).status).toBe(412)
    const on = await manager.ask('/v1/rules/mine/enabled', { json: { enabled: true } })
    expect(on.json).toMatchObject({ rule: { enabled: true }, version: 3 })
    expect(await manager.status('/v1/rules/mine?version=3', { method: 'DELETE' })).toBe(204)
    expect(await manager.status('/v1/rules/exports', { method: 'DELETE' })).toBe(409)
    const events = await strict.trail('audit.entity.type: "alert-rule" and audit.entity.id: mine')
    expect(events.map(({ event, user }) => [(event as { action: string }).action, user])).toEqual(
      ['rule-create', 'rule-change', 'rule-enable', 'rule-remove'].map((action) => [
        action,
        expect.objectContaining({ name: 'mia' }),
      ]),
    )
  })

  it('with mistakes are refused with each line, and names that are none', async () => {
    const { status, text } = await put(manager, 'wrong', { text: RULE.replace('high', 'huge') })
    expect([status, text]).toEqual([400, expect.stringContaining('wrong.yml:7: priority: found')])
    for (const id of ['..%2Fx', 'a%20b', '-x', 'x'.repeat(101)])
      expect((await put(manager, id, { text: RULE })).status, id).toBe(400)
    for (const id of ['__proto__', 'constructor'])
      expect(await viewer.status(`/v1/rules/${id}`), id).toBeGreaterThanOrEqual(400)
  })
})

it('a channel that indexer.yml does not have is reported, but not the console itself', async () => {
  expect((await put(manager, 'quiet', { text: RULE.replace('[admin]', '[in-app, soc]') })).status).toBe(200)
  expect((await viewer.ask('/v1/channels')).json.unknown).toEqual(['admin', 'soc'])
  expect(await manager.status('/v1/rules/quiet', { method: 'DELETE' })).toBe(204)
})

it('a check finds the mistakes, and examples that differ', async () => {
  const check = async (text: string) => (await viewer.ask('/v1/rules/check', { json: { text } })).json
  expect(await check(RULE)).toMatchObject({
    problems: [],
    examples: [
      { is: 'three', expected: 1, found: 1 },
      { is: 'two', expected: 0, found: 0 },
    ],
  })
  expect((await check(RULE.replace('at-least: 3', 'at-least: 4'))).examples).toContainEqual({
    is: 'three',
    expected: 1,
    found: 0,
  })
  expect((await check(RULE.replace('within: 10m', 'within: 10'))).problems).toEqual([
    { line: 6, sentence: expect.stringContaining('condition.count.within') },
  ])
})

describe('a backtest', () => {
  const test = (text: string, from: number, to: number) =>
    viewer.ask('/v1/rules/backtest', { json: { text, from, to } })

  it('says when the rule would have fired, by day, with what began before the time', async () => {
    const day = 86_400_000
    const whole = await test(RULE, START - day, START + day)
    expect(whole.json).toMatchObject({
      alerts: [
        {
          at: START + 16 * MINUTE,
          group: { 'user.name': 'jane' },
          count: 3,
          message: 'jane exported 3 times',
        },
      ],
      total: 1,
      perDay: [
        { day: '2026-01-21', alerts: 0 },
        { day: '2026-01-22', alerts: 1 },
        { day: '2026-01-23', alerts: 0 },
      ],
      until: START + day,
    })
    // Two of the three events are before the asked time.
    expect((await test(RULE, START + 15 * MINUTE, START + 17 * MINUTE)).json.total).toBe(1)
    expect((await test(RULE, START, START + 16 * MINUTE)).json.total).toBe(0)
  })

  it('agrees with the rule’s own test of the same events', async () => {
    const single = RULE.replace(
      'condition: { count: { at-least: 3, within: 10m } }',
      'condition: event',
    ).replace('throttle: 1h', 'throttle: 1s')
    expect((await test(single, START, START + 86_400_000)).json.total).toBe(5)
  })

  it('of a rule about agents, of no time and of years is refused', async () => {
    const silent = readFileSync(join(SUPPLIED_RULES, 'agent-silent.yml'), 'utf8')
    expect((await test(silent, START, START + 1)).text).toContain('whose past is not stored')
    expect((await test(RULE, START, START)).status).toBe(400)
    expect((await test(RULE, 0, START)).status).toBe(400)
    expect((await test('name: x', START, START + 1)).text).toContain('WB-RULE-INVALID')
  })
})

describe('an explanation', () => {
  const explain = async (json: object) =>
    (await viewer.ask('/v1/rules/explain', { json })).json.rules as Record<string, unknown>[]

  it('names the condition that an event does not meet, and what it has there', async () => {
    const [rule] = await explain({ event: ids[1] })
    expect(rule).toMatchObject({
      id: 'exports',
      matches: false,
      steps: [
        { depth: 0, is: 'all of', met: false },
        { depth: 1, is: 'event.action: export', met: true, found: ['export'] },
        { depth: 1, is: 'audit.record_count >= 100', met: false, found: ['5'] },
      ],
      group: { 'user.name': 'jane' },
      condition: '{count: {at-least: 3,within: "10m"}}',
      fires: null,
    })
  })

  it('of one rule also says whether the event meets its condition, by those before it', async () => {
    const fires = async (id: string | undefined) => (await explain({ event: id, rule: 'exports' }))[0]?.fires
    expect([await fires(ids[1]), await fires(ids[2]), await fires(ids[4])]).toEqual([false, false, true])
    const two = RULE.replace('at-least: 3', 'at-least: 2').replace(/examples:.*/s, 'examples: []')
    expect((await explain({ event: ids[3], text: two }))[0]).toMatchObject({ name: 'Exports', fires: true })
  })

  it('of an event that there is not is refused', async () => {
    expect(await viewer.status('/v1/rules/explain', { json: { event: 'none' } })).toBe(404)
  })
})
