import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kill, type StoredEvent, System, until } from './system/system.ts'

let system: System
beforeEach(async () => {
  system = await System.make()
  mkdirSync(system.logs)
})
afterEach(async () => {
  await system.end()
})

const line = (n: number, more: object = {}): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), user: 'jane', action: 'update', message: `record ${n}`, ...more })}\n`
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('')
const numbers = (events: readonly StoredEvent[]): number[] =>
  events
    .filter((event) => event.message?.startsWith('record '))
    .map((event) => Number(event.message?.slice(7)))
    .sort((a, b) => a - b)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const input = (pattern = '*.jsonl', integration = 'generic-json'): string =>
  `  - file: { paths: ["${system.logs}/${pattern}"], integration: ${integration} }`

async function stored(count: number, query = ''): Promise<StoredEvent[]> {
  return await until(`${count} events are stored`, async () => {
    const events = await system.events(query)
    return numbers(events).length >= count ? events : null
  })
}

/** An agent, when what is there is stored. */
async function shipped(count: number): Promise<ReturnType<System['startAgent']>> {
  const agent = system.startAgent()
  await stored(count)
  return agent
}

async function accountIsWhole(name = 'agent'): Promise<void> {
  const { total } = await until('nothing is pending', async () => {
    const status = await system.status(name)
    return status.total.pending === 0 ? status : null
  })
  const { read, stored: kept, duplicate, filtered, dead, quarantined, discarded, pending } = total
  expect(kept + duplicate + filtered + dead + quarantined + discarded + pending).toBe(read)
}

describe('a run with --once', () => {
  it('ships what is there, exits with 0 when all is acknowledged, and the commands find it', async () => {
    writeFileSync(system.path('logs/app.jsonl'), lines(0, 500))
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input())
    const ran = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])
    expect(ran.stdout, ran.stderr).toContain('500 records read from 1 files: 500 stored')
    expect(ran.code).toBe(0)

    const url = ['--url', system.url]
    const found = await system.command([
      '@bin/waybill.js',
      'search',
      'user: jane and "record 7"',
      '--format',
      'json',
      ...url,
    ])
    expect(found.code, found.stderr).toBe(0)
    const event = JSON.parse(found.stdout) as StoredEvent
    expect(`${event.event.original}\n`).toBe(line(7))
    const shown = await system.command(['@bin/waybill.js', 'show', event.event.id, ...url])
    expect(shown.stdout).toContain('record 7')
    const again = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])
    expect(again.code).toBe(0)
    expect(numbers(await system.events())).toEqual(upTo(500))
    await accountIsWhole()
  })

  it('reads again what a batch held whose file in the spool was damaged', async () => {
    const once = ['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once', '--patience', '1']
    writeFileSync(system.path('logs/app.jsonl'), lines(0, 50))
    const indexer = system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input())
    expect((await system.command(once)).code).toBe(0)
    await kill(indexer, 'SIGTERM')
    appendFileSync(system.path('logs/app.jsonl'), lines(50, 80))
    expect((await system.command(once)).code).toBe(3)

    const spool = system.path('agent-data/spool')
    const [file] = readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.waybill'),
    )
    const bytes = readFileSync(join(spool, file!))
    bytes[bytes.length - 40]! ^= 1
    writeFileSync(join(spool, file!), bytes)
    system.startIndexer()
    await system.ready()
    const ran = await system.command(once)
    expect(ran.stderr).toContain('what it held is read again from its source')
    expect(ran.stdout).toContain('This run: 30 records read from 1 files: 30 stored')
    expect(ran.stdout).toContain('Since the first run of this agent: 80 records read: 80 stored')
    expect(ran.code).toBe(0)
    expect(numbers(await system.events())).toEqual(upTo(80))
    await accountIsWhole()
    expect(readdirSync(system.path('agent-data/quarantine'))).toEqual([
      expect.stringMatching(/\.waybill\.damaged$/),
    ])
  })

  it('without an indexer exits with 3 and says what waits, and the next run ships it', async () => {
    writeFileSync(system.path('logs/app.jsonl'), lines(0, 50))
    system.writeAgentConfig(input())
    const refused = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain(system.url)

    const indexer = system.startIndexer()
    await system.ready()
    expect(
      (await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])).code,
    ).toBe(0)
    await kill(indexer, 'SIGTERM')
    appendFileSync(system.path('logs/app.jsonl'), lines(50, 80))
    const waits = await system.command([
      '@bin/waybill-agent.js',
      'run',
      '--config',
      'agent.yml',
      '--once',
      '--patience',
      '1',
    ])
    expect(waits.stderr).toContain('Not all is acknowledged (1 batches wait in the spool)')
    expect(waits.code).toBe(3)

    system.startIndexer()
    await system.ready()
    expect(
      (await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])).code,
    ).toBe(0)
    expect(numbers(await system.events())).toEqual(upTo(80))
    await accountIsWhole()
  })
})

describe('an agent', () => {
  it('told to stop during an outage stops at once, and ships after the outage', async () => {
    const indexer = system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input())
    let agent = system.startAgent()
    appendFileSync(system.path('logs/app.jsonl'), lines(0, 100))
    await stored(100)
    await kill(indexer, 'SIGKILL')
    appendFileSync(system.path('logs/app.jsonl'), lines(100, 300))
    await until(
      'the batch waits in the spool',
      async () => (await system.status()).shipping.spooledBatches > 0,
    )
    expect(await kill(agent, 'SIGTERM')).toBe(0)
    system.startIndexer()
    await system.ready()
    agent = system.startAgent()
    expect(numbers(await stored(300))).toEqual(upTo(300))
    await accountIsWhole()
  })

  it('does not share its data folder with a second one, and says who has it', async () => {
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input())
    writeFileSync(system.path('logs/app.jsonl'), lines(0, 10))
    const agent = system.startAgent()
    await stored(10)
    const second = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(String(agent.pid))
    expect(second.stderr).not.toContain('    at ')
  })

  it('whose data folder was copied and started a second time: both ship on, nothing is lost, and what collides is kept', async () => {
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input())
    writeFileSync(system.path('logs/app.jsonl'), lines(0, 200))
    await kill(await shipped(200), 'SIGTERM')
    // The second machine has the same paths: here the first one's files move away, and the second finds copies in their place.
    renameSync(system.logs, system.path('first'))
    cpSync(system.path('first'), system.logs, { recursive: true })
    cpSync(system.path('agent-data'), system.path('copy-data'), { recursive: true })
    system.writeAgentConfig(
      `  - file: { paths: ["${system.path('first')}/*.jsonl"], integration: generic-json }`,
    )
    system.writeAgentConfig(input(), { name: 'copy', called: 'agent' })
    system.startAgent()
    appendFileSync(system.path('first/app.jsonl'), lines(200, 300))
    await stored(300)
    // The same number, the same place in the same source, as many bytes: half of them the same records, half others.
    appendFileSync(
      system.path('logs/app.jsonl'),
      lines(200, 250) + lines(250, 300).replaceAll('"jane"', '"copy"'),
    )
    system.startAgent('copy')
    const status = await until('the copy has settled', async () => {
      const now = await system.status('copy')
      return now.total.pending === 0 && now.total.read >= 300 ? now : null
    })
    expect(status.total).toMatchObject({ read: 300, stored: 200, duplicate: 50, dead: 50 })
    expect(numbers(await system.events('user: jane'))).toEqual(upTo(300))
    const dead = (await (await fetch(`${system.url}/v1/dead-letters?limit=100`)).json()) as {
      letters: { kind: string; line: string }[]
    }
    expect(
      dead.letters.filter(({ kind, line: text }) => kind === 'collision' && text.includes('copy')),
    ).toHaveLength(50)
    const known = (await (await fetch(`${system.url}/v1/agents`)).json()) as {
      agents: { chains: unknown[] }[]
    }
    expect(known.agents.map(({ chains }) => chains.length)).toContain(2)
    await accountIsWhole('copy')
  })

  it('with one poisonous source ships the healthy ones beside it', async () => {
    system.startIndexer()
    await system.ready()
    const garbage = Buffer.alloc(300_000)
    for (let i = 0, state = 1; i < garbage.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      garbage[i] = state >>> 24
    }
    writeFileSync(system.path('logs/poison.jsonl'), garbage)
    appendFileSync(
      system.path('logs/poison.jsonl'),
      `\n{"a":`.concat('['.repeat(100_000), '\n', `{"m":"${'x'.repeat(3_000_000)}"}\n`),
    )
    for (let n = 0; n < 5; n++)
      writeFileSync(system.path(`logs/app-${n}.jsonl`), lines(n * 100, n * 100 + 100))
    system.writeAgentConfig(input())
    system.startAgent()
    expect(numbers(await stored(500))).toEqual(upTo(500))
    await until('the poison is settled', async () => {
      const status = await system.status()
      const poison = status.sources.find((source) => source.path.endsWith('poison.jsonl'))
      return poison !== undefined && poison.position + poison.unfinished === poison.size
    })
    const odd = await system.events('event.kind: pipeline_error')
    expect(odd.length).toBeGreaterThan(100)
    await accountIsWhole()
  })

  it('reads an export that is written again with three rows more: three events more', async () => {
    system.startIndexer()
    await system.ready()
    writeFileSync(
      system.path('integration.yml'),
      'name: ledger-export\ntitle: Exports of a ledger\nformat: csv\nlike: generic-csv\nidentity: [id]\n',
    )
    const row = (n: number): string => `${n},2026-01-22T10:00:0${n % 10}Z,jane,update,record ${n}\n`
    const csv = (count: number): string => `id,time,user,action,message\n${upTo(count).map(row).join('')}`
    writeFileSync(system.path('logs/export.csv'), csv(5))
    system.writeAgentConfig(input('*.csv', './integration.yml'))
    system.startAgent()
    await stored(5)
    writeFileSync(system.path('logs/new.tmp'), csv(8))
    renameSync(system.path('logs/new.tmp'), system.path('logs/export.csv'))
    expect(numbers(await stored(8))).toEqual(upTo(8))
    await until('the export is settled', async () => {
      const { total } = await system.status()
      return total.read === 13 && total.pending === 0
    })
    expect((await system.status()).total).toMatchObject({ stored: 8, duplicate: 5, dead: 0 })
    expect(numbers(await system.events())).toEqual(upTo(8))
  })

  it('reads an export that is written again with a row changed: the row is kept as a revision of the one before', async () => {
    system.startIndexer()
    await system.ready()
    writeFileSync(
      system.path('integration.yml'),
      'name: ledger-export\ntitle: Exports of a ledger\nformat: csv\nlike: generic-csv\nidentity: [id]\n',
    )
    const row = (n: number, user = 'jane'): string =>
      `${n},2026-01-22T10:00:0${n}Z,${user},update,record ${n}\n`
    const csv = (rows: readonly string[]): string => `id,time,user,action,message\n${rows.join('')}`
    writeFileSync(system.path('logs/export.csv'), csv([row(0), row(1), row(2)]))
    system.writeAgentConfig(input('*.csv', './integration.yml'))
    system.startAgent()
    await stored(3)
    writeFileSync(system.path('logs/new.tmp'), csv([row(0), row(1, 'lucy'), row(2), row(3)]))
    renameSync(system.path('logs/new.tmp'), system.path('logs/export.csv'))
    expect(numbers(await stored(5))).toEqual([0, 1, 1, 2, 3])
    expect(numbers(await system.events('audit.revision_of: * and user: lucy'))).toEqual([1])
    await until('the export is settled', async () => {
      const { total } = await system.status()
      return total.read === 7 && total.pending === 0
    })
    expect((await system.status()).total).toMatchObject({ stored: 5, duplicate: 2, dead: 0 })
  })

  it('told to read its settings again takes a good file, and goes on with the old ones under a bad file', async () => {
    system.startIndexer()
    await system.ready()
    const file = system.writeAgentConfig(input('a.jsonl'))
    writeFileSync(system.path('logs/a.jsonl'), lines(0, 10))
    const agent = system.startAgent()
    await stored(10)
    writeFileSync(file, 'agent: { nmae: x }\n')
    agent.kill('SIGHUP')
    await until('the log says what is wrong', () => system.output('agent').includes('unknown key \\"nmae\\"'))
    appendFileSync(system.path('logs/a.jsonl'), lines(10, 20))
    await stored(20)
    system.writeAgentConfig(input('*.jsonl'))
    writeFileSync(system.path('logs/b.jsonl'), lines(20, 30))
    agent.kill('SIGHUP')
    expect(numbers(await stored(30))).toEqual(upTo(30))
    await accountIsWhole()
  })
})
