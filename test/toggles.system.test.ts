import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askStatus } from '../agent/control.ts'
import { catalogueOf, INTEGRATIONS, loadIntegration } from '../agent/normalise/index.ts'
import { readCatalogue } from '../indexer/settings/index.ts'
import type { EventRule } from '../schema/index.ts'
import { type AgentSettings, settingsVersion } from '../schema/wire/index.ts'
import { startSink } from './sink/server.ts'
import { kill, System, until as soon } from './system/system.ts'

let system: System
beforeEach(async () => {
  system = await System.make()
  mkdirSync(system.logs)
})
afterEach(async () => {
  await system.end()
})

const record = (n: number, more: object): string =>
  `${JSON.stringify({ timestamp: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), event_id: `E${n}`, user: 'Jane', result: 'Success', ...more })}\n`
const view = (n: number, entity = 'Product'): string => record(n, { action: 'View', entity })
const update = (n: number): string => record(n, { action: 'Update', entity: 'Product' })
const many = (from: number, to: number, make: (n: number) => string): string =>
  Array.from({ length: to - from }, (_, i) => make(from + i)).join('')

const QUICK = 'heartbeat: 1s\nreading: { sweep: 100ms }'
const input = (): string => `  - file: { paths: ["${system.logs}/*.jsonl"], integration: erp }`
const file = (): string => system.path('logs', 'erp.jsonl')

async function put(rules: readonly object[]): Promise<string> {
  const answer = await fetch(`${system.url}/v1/settings/events`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ events: rules }),
  })
  const body = (await answer.json()) as { version: string }
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body.version
}

const settingsOf = (number: number, events: EventRule[]): AgentSettings => ({
  version: settingsVersion(number, events),
  events,
})

/** Agents and indexers are started here again and again, which takes its time on a machine that has others to serve. */
const until: typeof soon = (what, look, ms = 60_000) => soon(what, look, ms)

/** Of the agent that runs; null if it doesn't answer yet. */
const status = async () => {
  const found = await askStatus(system.path('agent-data'))
  return found?.enrolled ? found : null
}

async function follows(version: string): Promise<void> {
  await until(`the agent follows ${version}`, async () => (await status())?.settings.version === version)
}

/** What is in the account when nothing is pending; that it adds up is expected. */
async function account(read: number) {
  const { total } = await until(`${read} records are read and settled`, async () => {
    const now = await status()
    return now?.total.read === read && now.total.pending === 0 ? now : null
  })
  const { stored, duplicate, filtered, dead, quarantined, discarded, pending } = total
  expect(stored + duplicate + filtered + dead + quarantined + discarded + pending).toBe(read)
  return total
}

const ids = async (query: string): Promise<number[]> => {
  const found = await system.events(`${query} and source: erp`)
  const numbers = found.map((event) => /"E(\d+)"/.exec(event.event.original)?.[1])
  return numbers.map(Number).sort((a, b) => a - b)
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('event types switched centrally', { timeout: 180_000 }, () => {
  it('reach an agent with its heartbeat, and every record is accounted for across the change', async () => {
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input(), { more: QUICK })
    writeFileSync(file(), many(0, 200, view))
    system.startAgent()
    expect(await account(200)).toMatchObject({ stored: 200, filtered: 0 })

    const off = { event: 'erp.record.viewed', record: 'off' }
    const financial = { event: 'erp.record.viewed', entity: 'Financial Record', record: 'on' }
    let count = 200
    const append = (records: number, make: (n: number) => string): void => {
      appendFileSync(file(), many(count, count + records, make))
      count += records
    }
    // Records keep coming while the settings change: each is either stored or filtered, none both and none neither.
    for (const rules of [[off], [], [off, financial]]) {
      append(100, view)
      const version = await put(rules)
      append(100, view)
      await follows(version)
    }
    const before = count
    append(100, view)
    append(50, update)
    append(50, (n) => view(n, 'Financial Record'))
    const total = await account(count)
    expect(total.filtered).toBeGreaterThanOrEqual(100)
    expect(total.filtered).toBeLessThanOrEqual(600)
    expect(total.stored).toBe(count - total.filtered)
    const stored = await ids('action: *')
    expect(stored).toHaveLength(total.stored)
    expect(new Set(stored).size).toBe(total.stored)
    expect(stored.filter((n) => n >= before)).toEqual(range(before + 100, count))

    await follows(await put([]))
    append(50, view)
    expect(await account(count)).toMatchObject({ filtered: total.filtered, stored: total.stored + 50 })
    expect((await ids('action: *')).slice(-50)).toEqual(range(count - 50, count))
  })

  it('are taken up without a loss and without a double by an agent that is killed just then', async () => {
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input(), { more: QUICK })
    const kept = system.path('agent-data', 'central-settings.json')
    let count = 0
    for (const record of ['off', 'on', 'off', 'on']) {
      const agent = system.startAgent()
      await until('it runs', status)
      appendFileSync(
        file(),
        many(count, count + 100, (n) => (n % 2 === 0 ? view(n) : update(n))),
      )
      count += 100
      const version = await put([{ event: 'erp.record.viewed', record }])
      // The settings are on the disk, and the line is being swapped.
      await until('they are kept', () => existsSync(kept) && readFileSync(kept, 'utf8').includes(version))
      await kill(agent, 'SIGKILL')
    }
    system.startAgent()
    const total = await account(count)
    expect(total).toMatchObject({ duplicate: 0, dead: 0, stored: count - total.filtered })
    const stored = await ids('action: *')
    expect(stored).toHaveLength(total.stored)
    expect(new Set(stored).size).toBe(total.stored)
    expect(stored.filter((n) => n % 2 === 1)).toEqual(range(0, count).filter((n) => n % 2 === 1))
  })

  it('hold after a restart without an indexer, and a damaged copy of them is set aside and had anew', async () => {
    const indexer = system.startIndexer()
    await system.ready()
    const version = await put([{ event: 'erp.record.viewed', record: 'off' }])
    system.writeAgentConfig(input(), { more: QUICK })
    // The first thing that it reads is read under the settings that hold.
    writeFileSync(file(), many(0, 50, view))
    const agent = system.startAgent()
    expect(await account(50)).toMatchObject({ filtered: 50, stored: 0 })

    await kill(indexer, 'SIGKILL')
    await kill(agent, 'SIGKILL')
    appendFileSync(file(), many(50, 100, view))
    const again = system.startAgent()
    await until('it has read on', async () => (await status())?.total.read === 100)
    expect(await status()).toMatchObject({ settings: { version }, total: { filtered: 50, pending: 50 } })

    await kill(again, 'SIGTERM')
    const kept = system.path('agent-data', 'central-settings.json')
    writeFileSync(kept, readFileSync(kept, 'utf8').replace('"off"', '"on"'))
    system.startAgent()
    await until('it says so', () =>
      /central-settings.json, the central settings, can't be used/.test(system.output('agent')),
    )
    expect(readdirSync(system.path('agent-data')).join()).toMatch(/central-settings\.json\.damaged-\d+/)
    expect(await until('it runs', status)).toMatchObject({ settings: { version: null } })
    system.startIndexer()
    await follows(version)
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ version })
    expect(await account(100)).toMatchObject({ filtered: 100, stored: 0 })
  })

  it('give way to agent.yml, and status says which rule holds and where it stands', async () => {
    system.startIndexer()
    await system.ready()
    await put([{ event: 'erp.record.*', record: 'off' }])
    const config = system.writeAgentConfig(input(), {
      more: `${QUICK}\nevents:\n  - { event: erp.record.viewed, record: on }\n  - { event: erp.record.viewed, user: bot, record: off }`,
    })
    writeFileSync(
      file(),
      many(0, 20, view) + many(20, 30, update) + record(30, { action: 'View', entity: 'X', user: 'bot' }),
    )
    const agent = system.startAgent()
    expect(await account(31)).toMatchObject({ filtered: 11, stored: 20 })
    expect(await ids('action: *')).toEqual(range(0, 20))

    const shown = await system.command(['@bin/waybill-agent.js', 'status', '--config', 'agent.yml'])
    expect(shown.stdout).toMatch(/^Central settings: version 1\.$/m)
    expect(shown.stdout).toMatch(/^erp\.record\.viewed +on +agent\.yml:6, erp\.record\.viewed$/m)
    expect(shown.stdout).toMatch(/^ +user bot +off +agent\.yml:7, erp\.record\.viewed$/m)
    expect(shown.stdout).toMatch(/^erp\.record\.updated +off +central version 1, erp\.record\.\*$/m)
    expect(shown.stdout).not.toContain('erp.login.success')
    const [first] = (await system.status()).events
    expect(first).toMatchObject({ integration: 'erp' })
    expect(first?.types.find(({ id }) => id === 'erp.record.viewed')).toMatchObject({
      recorded: true,
      from: { kind: 'local', file: config.split('/').at(-1), line: 6 },
      exceptions: [{ user: 'bot', record: 'off', from: { kind: 'local', line: 7 } }],
    })
    expect(first?.types.find(({ id }) => id === 'erp.login.failed')).toMatchObject({
      from: { kind: 'mandatory' },
    })
    expect(first?.types.find(({ id }) => id === 'erp.logout')).toMatchObject({ from: { kind: 'default' } })

    system.writeAgentConfig(input(), { more: QUICK })
    agent.kill('SIGHUP')
    await until('it is taken up', () => system.output('agent').includes('agent.yml is in use'))
    appendFileSync(file(), many(31, 41, view))
    expect(await account(41)).toMatchObject({ filtered: 21, stored: 20 })
  })

  it('that are broken leave those before in force, and status says so', async () => {
    const sink = await startSink({ remember: true })
    try {
      const off = settingsOf(1, [{ event: 'erp.record.viewed', record: 'off' }])
      sink.offer(off.version, { status: 200, text: JSON.stringify(off) })
      system.writeAgentConfig(input(), { indexer: sink.url, more: QUICK })
      writeFileSync(file(), many(0, 10, view))
      system.startAgent()
      expect(await account(10)).toMatchObject({ filtered: 10 })
      const next = settingsOf(2, [])
      sink.offer(next.version, {
        status: 200,
        text: JSON.stringify({ ...next, events: [{ event: 'erp.*' }] }),
      })
      const { settings } = await until('it says so', async () => {
        const now = await status()
        return now?.settings.problem === null ? null : now
      })
      expect(settings).toMatchObject({ version: off.version, problem: expect.stringContaining(next.version) })
      appendFileSync(file(), many(10, 20, view))
      expect(await account(20)).toMatchObject({ filtered: 20 })

      sink.offer(next.version, { status: 200, text: JSON.stringify(next) })
      await follows(next.version)
      expect((await system.status()).settings.problem).toBeNull()
      appendFileSync(file(), many(20, 30, view))
      expect(await account(30)).toMatchObject({ filtered: 20, stored: 10 })
      // A batch names the settings that it was made under.
      expect(new Set(sink.arrivals.map(({ manifest }) => manifest.settings))).toEqual(
        new Set([off.version, next.version]),
      )
      const versionOf = (events: boolean) =>
        new Set(
          sink.arrivals
            .filter(({ manifest }) => manifest.events > 0 === events)
            .map(({ manifest }) => manifest.settings),
        )
      expect([...versionOf(false)]).toEqual([off.version])
      expect([...versionOf(true)]).toEqual([next.version])
    } finally {
      await sink.close()
    }
  })

  it('are followed by a run with --once from its first record on', async () => {
    system.startIndexer()
    await system.ready()
    await put([{ event: 'erp.record.viewed', record: 'off' }])
    system.writeAgentConfig(input())
    writeFileSync(file(), many(0, 30, view) + many(30, 40, update))
    const ran = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])
    expect(ran.stdout, ran.stderr).toContain(
      '40 records read from 1 files: 10 stored, 0 duplicates, 30 filtered',
    )
    const agents = await system.command(['@bin/waybill.js', 'agents', '--json', '--url', system.url])
    expect(JSON.parse(agents.stdout)).toMatchObject({
      settings: expect.stringMatching(/^1-/),
      ledger: { filtered: 30 },
    })
  })
})

it("types of an operator's own integration are switched by name, from the first heartbeat on", async () => {
  mkdirSync(system.path('own'))
  writeFileSync(
    system.path('own', 'shop.yml'),
    [
      'name: shop',
      'title: Web shop',
      'format: json',
      'like: generic-json',
      'events:',
      '  - { id: shop.order.refunded, title: Order refunded, group: Orders, when: { action: refund } }',
      '  - { id: shop.order.placed, title: Order placed, group: Orders, when: { action: order } }',
    ].join('\n'),
  )
  system.startIndexer()
  await system.ready()
  system.writeAgentConfig(`  - file: { paths: ["${system.logs}/*.jsonl"], integration: ./own/shop.yml }`, {
    more: QUICK,
  })
  system.startAgent()
  const events = (...args: string[]) =>
    system.command(['@bin/waybill.js', 'events', ...args, '--url', system.url])
  await until('the indexer has heard of the shop', async () =>
    (await events()).stdout.includes('shop.order.placed'),
  )
  const switched = await events('off', 'shop.order.refunded')
  expect(switched.stderr).toBe('')
  await until('the agent follows', async () => ((await status())?.settings.version ?? '').startsWith('1-'))
  appendFileSync(
    file(),
    many(0, 4, (n) => record(n, { action: n < 2 ? 'refund' : 'order' })),
  )
  const total = await account(4)
  expect([total.filtered, total.stored]).toEqual([2, 2])
}, 180_000)

it('the types that can be switched centrally are those that agents know', async () => {
  const { types } = await readCatalogue(pino({ level: 'silent' }))
  const central = types.map(({ system: _, category: __, integration, ...type }) => ({ integration, ...type }))
  const known = []
  for (const name of readdirSync(INTEGRATIONS).sort()) {
    const { integration, types: own } = catalogueOf(await loadIntegration(name))
    // What an integration takes over from another (journald from linux-auth) is switched under its name there.
    known.push(...own.flatMap((type) => (type.id.startsWith(`${name}.`) ? [{ integration, ...type }] : [])))
  }
  expect(central).toEqual(known)
})

it('a rule of agent.yml that does nothing is found by check', async () => {
  const rules = ['erp.record.viewd', 'erp.login.failed', 'erp.record.*', 'clockify.other']
  const lines = rules.map((event) => `  - { event: ${event}, record: off }`)
  system.writeAgentConfig(input(), { more: `events:\n${lines.join('\n')}` })
  writeFileSync(file(), view(0))
  const { stdout, code } = await system.command([
    '@bin/waybill-agent.js',
    'check',
    '--offline',
    '--config',
    'agent.yml',
  ])
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^WRONG +agent\.yml:4: there is no event type erp\.record\.viewd \(did you mean erp\.record\.viewed\?\)/m,
  )
  expect(stdout).toMatch(/^WRONG +agent\.yml:5: erp\.login\.failed is mandatory/m)
  expect(stdout.match(/WRONG/g)).toHaveLength(2)
})
