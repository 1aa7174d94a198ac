import { afterAll, expect, it } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { isForWatcher } from '../../schema/rule.ts'
import { People } from '../people/index.ts'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { batchOf, eventAt, INGESTED, idAt, temporaryFolders } from '../store/testing/batches.ts'
import { alertsOf, type ParsedRule, parseRule, ruleWithPeople } from './index.ts'

const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

const rule = (query: string): ParsedRule =>
  parseRule(
    `name: Failures of one person
about: a
query: ${JSON.stringify(query)}
group-by: [person]
condition: { count: { at-least: 3, within: 10m } }
priority: high
channels: [security]
message: "{person} failed {count} times"
throttle: 1h
response: r
`,
    'person-failures.yml',
  )

const failure = (offset: number, module: string, user: object): AuditEvent =>
  eventAt(offset, {
    event: { id: idAt(offset), action: 'Login', kind: 'event', module, outcome: 'failure', sequence: offset },
    user,
  })
const FAILURES = [
  failure(0, 'erp', { name: 'Jane Doe', email: 'jane@x.example' }),
  failure(1, 'strapi', { email: 'Jane@x.example' }),
  failure(2, 'erp', { name: 'Jane Doe' }),
  failure(3, 'linux-auth', { name: 'jane' }),
]

async function peopleOf(events: readonly AuditEvent[]): Promise<People> {
  const kept = new Map<string, unknown>()
  const store = await openEmbeddedStore({ path: folders.make() })
  stores.push(store)
  await store.write(batchOf(1, events))
  const people = await People.open({
    store,
    records: {
      list: async () => [...kept].map(([key, value]) => ({ key, value, version: 1 })),
      put: async (_kind, key, value) => kept.set(key, value).size > 0,
      remove: async () => {},
      follow: () => {},
    },
    trail: { record: async () => {} },
    file: () => null,
    clock: () => INGESTED,
    random: (bytes) => Buffer.alloc(bytes),
    log: { warn: () => {} },
  })
  await people.look()
  return people
}

it('three failures of one person in two systems are one alert, and nobody else’s count', async () => {
  const withPeople = ruleWithPeople(await peopleOf(FAILURES))
  const alerts = alertsOf(withPeople(rule('outcome: failure')), FAILURES, { zone: 'UTC' })
  expect(alerts.map(({ group }) => group)).toEqual([{ person: 'jane@x.example' }])
})

it('without what is known of people each account is a group of its own', () => {
  expect(alertsOf(rule('outcome: failure'), FAILURES, { zone: 'UTC' })).toEqual([])
})

it('a query about a person finds all accounts, and the rule is taken up again only if these change', async () => {
  const people = await peopleOf(FAILURES)
  const withPeople = ruleWithPeople(people)
  const parsed = rule('person: "Jane Doe" and outcome: failure')
  const resolved = withPeople(parsed)
  expect(alertsOf(resolved, FAILURES, { zone: 'UTC' })).toHaveLength(1)
  expect(withPeople(parsed)).toBe(resolved)
  await people.decide(
    {
      kind: 'same',
      one: { kind: 'name', system: 'linux-auth', value: 'jane' },
      other: { kind: 'email', value: 'jane@x.example' },
    },
    { name: 'anna' },
  )
  const joined = withPeople(parsed)
  expect(joined).not.toBe(resolved)
  expect(alertsOf(joined, [FAILURES[0]!, FAILURES[1]!, FAILURES[3]!], { zone: 'UTC' })).toHaveLength(1)
})

it('a rule about persons is not for Watcher, which knows none', () => {
  expect(isForWatcher(rule('outcome: failure'))).toBe(false)
})
