import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { AgentShape } from '../../schema/api/index.ts'
import { canonical } from '../../schema/index.ts'
import { freePort } from '../../test/system/system.ts'
import { LONDON, mmdbOf } from '../enrich/testing/mmdb.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'
import { start, waybill } from './testing/command.ts'
import { answering, startWithAgent } from './testing/indexer.ts'

let indexer: TestIndexer
let agent: TestAgent
let store: (...events: Readonly<Record<string, unknown>>[]) => Promise<void>
const folder = mkdtempSync(join(tmpdir(), 'waybill-cli-'))
beforeAll(async () => {
  const file = join(folder, 'city.mmdb')
  writeFileSync(file, mmdbOf({ '81.2.69.0/24': LONDON }))
  ;({ indexer, agent, store } = await startWithAgent({ enrich: { geo: { file } } }))
})
afterAll(async () => {
  await indexer.end()
  rmSync(folder, { recursive: true, force: true })
})
const ask = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })
/** Another agent, which needs a token. */
const another = async (name: string): Promise<TestAgent> => {
  const { json } = await indexer.ask('/v1/agents/tokens', { json: {} })
  return TestAgent.enrolled(indexer.url, String(json.token), { name })
}

const idOf = (number: number): string => `${number}`.padStart(40, 'e')
const EVENT = {
  '@timestamp': '2026-01-22T10:45:32.000Z',
  message: 'raised the limit\u001b[2J\u202egnp.exe',
  event: { action: 'record_updated', outcome: 'success', original: '{"raw":\u009b1}' },
  user: { name: 'Jane Doe', email: 'jane@example.com' },
  audit: {
    category: 'change',
    entity: { type: 'Customer', id: 'CUST-1', name: 'Acme' },
    changes: [
      { field: 'credit_limit', old: '10000', new: '15000' },
      { field: 'terms', new: 'Net 45 and many more words that are longer than this narrow terminal' },
    ],
    payload: { amount: 5, deep: { a: 'x' } },
  },
  later: { schema: 'has this' },
}
/** The same with an id, on another record. */
const eventOf = (number: number, { entity = `CUST-${number}`, ...more }: Record<string, unknown> = {}) => ({
  ...EVENT,
  ...more,
  event: { ...EVENT.event, id: idOf(number) },
  audit: { ...EVENT.audit, entity: { type: 'Customer', id: entity, name: 'Acme' } },
})

describe('show', () => {
  test('lays the event out, with its changes as a table and its original record', async () => {
    await store(eventOf(1))
    const { code, out } = await waybill(['show', idOf(1)], { WAYBILL_URL: indexer.url, COLUMNS: '60' })
    expect(code).toBe(0)
    expect(out).toMatch(/^Event e+1: Jane Doe · record_updated · Customer · Acme$/m)
    expect(out).toMatch(/Field +Previous value +New value/)
    expect(out).toMatch(/credit_limit +10000 +15000/)
    expect(out).toMatch(/terms +— +Net 45/)
    expect(out).toMatch(/later.schema +has this/)
    expect(out).toMatch(/deep.a +x/)
    expect(out).toContain('Original record\n{"raw":\\x9b1}')
    expect(out).toContain('\\x1b[2J\\u202e')
    expect(out).not.toMatch(/[\u001b\u009b\u202e]/)
    for (const line of out.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(60)
  })

  test('says beside a previous value that it was derived, from what, and what is uncertain', async () => {
    const earlier = eventOf(2, { entity: 'CUST-A', '@timestamp': '2026-01-20T08:00:00.000Z' })
    await store({ ...earlier, audit: { ...earlier.audit, changes: [{ field: 'terms', new: 'Net 30' }] } })
    agent.sequence += 2
    await store(eventOf(3, { entity: 'CUST-A' }))
    const { out } = await ask('show', idOf(3))
    expect(out).toMatch(/credit_limit +10000 +15000/)
    expect(out).toMatch(/terms +Net 30 \(derived\) +Net 45/)
    expect(out).toContain(
      `(derived) terms: the last known value, of 2026-01-20T08:00:00.000Z, from event ${idOf(2)}`,
    )
    expect(out).toMatch(/aybills \d+ to \d+ .*not arrived/)
  })

  test('says beside a place that it is estimated, and beside a client that it is derived', async () => {
    const original =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36'
    await store(eventOf(4, { source: { ip: '81.2.69.142' }, user_agent: { name: 'Kiosk', original } }))
    const { out } = await ask('show', idOf(4))
    expect(out).toMatch(/source.geo.city_name +London \(estimated\)$/m)
    expect(out).toMatch(/source.geo.location +lat=51.5\d* \(estimated\)$/m)
    expect(out).toMatch(/user_agent.os.name +Windows \(derived\)$/m)
    expect(out).toMatch(/user_agent.name +Kiosk$/m)
    const found = ['search', `event.id: ${idOf(4)}`, '--columns', 'event.id,source.geo.city_name']
    const table = await ask(...found, '--format', 'table')
    expect(table.out).toMatch(/e4 +London \(estimated\)/)
    const csv = await ask(...found, '--format', 'csv')
    expect(csv.out.trim().split(/\r?\n/)).toEqual([
      'Event,source.geo.city_name (estimated)',
      `${idOf(4)},London`,
    ])
  })

  test('--json prints the event as stored, and what was derived beside it', async () => {
    await store(eventOf(5))
    const { out } = await ask('show', idOf(5), '--json')
    const { json } = await indexer.ask(`/v1/events/${idOf(5)}`)
    expect(JSON.parse(out)).toEqual(json)
    expect(json).toMatchObject({ event: { message: EVENT.message }, derived: { previous: [] } })
  })

  test('an unknown event is 4, with what may be the reason', async () => {
    const { code, out, err } = await ask('show', '../agents')
    expect([code, out]).toEqual([4, ''])
    expect(err).toContain('There is no event ../agents')
  })
})

/** An agent as an indexer of an earlier version enrolled it, with states that take long to arise. */
const OLD_AGENT: AgentShape = {
  id: 'a1',
  name: 'web-0',
  host: 'web-0.example',
  version: '0.1.0',
  enrolled: Date.UTC(2026, 0, 1),
  lastSeen: null,
  revoked: false,
  lagBytes: null,
  oldestPending: null,
  ledger: null,
  settings: null,
  notices: [],
  details: null,
  clockOffset: null,
  hosts: null,
  breaks: [],
  slowed: { since: Date.UTC(2026, 0, 2), why: 'events' },
  chains: [],
}

describe('agents', () => {
  test('lists last seen, lag, ledger and what has not arrived', async () => {
    const web = await another('web-2\u001b]0;x\u0007')
    for (const sequence of [1, 2, 5, 6, 8]) await web.send(indexer.url, web.seal(web.events(1), { sequence }))
    const { heartbeat } = web.heartbeat()
    const ledger = { ...heartbeat.ledger, read: 10, stored: 7, duplicate: 1, dead: 1, pending: 1 }
    const said = web.heartbeat({ lagBytes: 1536, settings: '12-0123456789ab', ledger })
    expect((await indexer.ask('/v1/heartbeat', { json: said })).status).toBe(200)
    const { code, out } = await ask('agents')
    expect(code).toBe(0)
    const [head = ''] = out.split('\n')
    expect(head).toMatch(/^AGENT +NAME .* LAG .* STORED .* MISSING +SETTINGS$/)
    const row = out.split('\n').find((line) => line.startsWith(web.id))
    expect(row).toMatch(/^\S+ +web-2\\x1b.* s ago +1.5 KiB +10 +7 +1 +1 +0 +1 +3 +12$/)
    expect(out).toContain(`waybills 3 to 4, 7 of incarnation ${web.incarnation} have not arrived`)
  })

  test('lists breaks of a chain', async () => {
    const torn = await another('torn-1')
    await torn.send(indexer.url, torn.seal(torn.events(1)))
    torn.previous = 'ab'.repeat(32)
    await torn.send(indexer.url, torn.seal(torn.events(1)))
    const { out } = await ask('agents')
    expect(out).toContain(`torn-1 (${torn.id}): its chain is broken: waybill 2 of incarnation`)
  })

  test('says why an agent is slowed down, which was never seen, and which may name any host', async () => {
    const url = await answering((_, response) => response.end(JSON.stringify({ agents: [OLD_AGENT] })))
    const { out } = await waybill(['agents'], { WAYBILL_URL: url })
    expect(out).toMatch(/^a1 .* never/m)
    expect(out).toContain('because it sends more events than its quota allows')
    expect(out).toContain('may name any host')
  })

  test('--json is one agent a line', async () => {
    const lines = (await ask('agents', '--json')).out.trim().split('\n')
    const { json } = await indexer.ask('/v1/agents')
    expect(lines.map((line) => JSON.parse(line))).toEqual(json.agents)
  })

  test('token prints the token alone on standard output, so that a script can take it', async () => {
    const { code, out, err } = await ask('agents', 'token', '--ttl', '15m', '--uses', '2')
    expect([code, out]).toEqual([0, expect.stringMatching(/^\S+\n$/)])
    expect(err).toContain('waybill-agent enroll')
    const until = Date.parse(/until (\S+):/.exec(err)?.[1] ?? '')
    expect(until - Date.now()).toBeGreaterThan(14 * 60_000)
    expect(until - Date.now()).toBeLessThanOrEqual(15 * 60_000)
    const uses = ['one-1', 'one-2', 'one-3'].map((name) =>
      new TestAgent({ name }).enroll(indexer.url, out.trim()),
    )
    expect((await Promise.all(uses)).map(({ status }) => status).sort()).toEqual([200, 200, 401])
  })

  test('token and hosts say on which hosts agents may be, and which their events may name', async () => {
    const token = (await ask('agents', 'token', '--hosts', 'db-1,web-*')).out.trim()
    const made = await TestAgent.enrolled(indexer.url, token, { name: 'db-1', host: 'db-1' })
    const hostsNow = async () => {
      const { agents } = (await indexer.ask('/v1/agents')).json as { agents: AgentShape[] }
      return agents.find(({ id }) => id === made.id)?.hosts
    }
    expect(await hostsNow()).toEqual(['db-1', 'web-*'])
    expect((await ask('agents', 'hosts', made.id, 'db-2', 'web-*')).out).toBe(
      `The events of agent ${made.id} may name its own host and db-2, web-*.\n`,
    )
    expect(await hostsNow()).toEqual(['db-2', 'web-*'])
    expect((await ask('agents', 'hosts', made.id)).out).toBe(
      `The events of agent ${made.id} may name its own host.\n`,
    )
    expect((await ask('agents', 'hosts', 'a9')).code).toBe(4)
  })

  test('revoke says so; an unknown agent is 4', async () => {
    const gone = await another('gone-1')
    expect((await ask('agents', 'revoke', gone.id)).out).toContain(`${gone.id} is revoked`)
    expect((await ask('agents')).out).toMatch(new RegExp(`^${gone.id} .* revoked`, 'm'))
    const { code, err } = await ask('agents', 'revoke', 'a9')
    expect(code).toBe(4)
    expect(err).toContain('There is no agent a9')
  })
})

describe('dead-letters', () => {
  /** The first first: of another host, which can be allowed, and lines that are no events, in turn. */
  let ids: string[]
  const list = async (): Promise<{ id: string }[]> =>
    (await ask('dead-letters', 'list', '--limit', '0', '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  beforeAll(async () => {
    const lines = Array.from({ length: 210 }, (_, i) =>
      i % 2 === 0 ? canonical(agent.event({ host: { name: `db\u001b${i}` } })) : `{"i":${i}}`,
    )
    const sent = await agent.send(indexer.url, agent.sealLines([...lines, '{"a":"\u001b[0m"}']))
    expect(sent.status).toBe(200)
    agent.sequence++
    ids = (await list()).map(({ id }) => id).reverse()
  })

  test('lists some and says how many there are; --limit 0 lists all, page by page', async () => {
    const { out, err } = await ask('dead-letters', '-n', '3')
    expect(out.split('\n')).toHaveLength(5)
    expect(out).toContain('host.name is db\\x1b')
    expect(err).toContain('3 of 211')
    expect(new Set(ids).size).toBe(211)
  })

  test('shows the bytes as they came, harmless', async () => {
    const { out } = await ask('dead-letters', 'show', ids.at(-1) ?? '')
    expect(out).toContain(`of incarnation ${agent.incarnation}, position 210`)
    expect(out).toContain('{"a":"\\x1b[0m"}')
    expect((await ask('dead-letters', 'show', 'nope')).code).toBe(4)
  })

  test('replays what is named, says what was not stored, and then exits with 1', async () => {
    await ask('agents', 'hosts', agent.id, 'db*')
    const { code, out } = await ask('dead-letters', 'replay', ids[0]!, ids[1]!)
    expect(code).toBe(1)
    expect(out).toBe(`${ids[1]}: not stored: @timestamp is missing\n1 stored, 1 still dead letters.\n`)
    expect((await ask('dead-letters', 'replay', ids[2]!)).code).toBe(0)
    expect((await ask('dead-letters', 'replay', '--all')).out).toContain(
      '103 stored, 106 still dead letters.',
    )
  })

  test('discards only what is named', async () => {
    const { code } = await ask('dead-letters', 'discard', ids[1]!, ids[3]!)
    expect(code).toBe(0)
    expect(await list()).toHaveLength(104)
    expect((await ask('dead-letters', 'discard', ids[1]!)).code).toBe(4)
  })
})

describe('what goes wrong is one sentence with a remedy', () => {
  test('no indexer there is 3', async () => {
    const { code, out, err } = await waybill(['agents', '--url', `http://127.0.0.1:${await freePort()}`])
    expect([code, out]).toEqual([3, ''])
    expect(err).toMatch(/^waybill: No indexer listens at http:\/\/127.0.0.1:\d+; start one .*--url.*\n$/)
  })

  test('TLS asked of an indexer without it is 3, and says so', async () => {
    const { code, err } = await waybill(['agents', '--url', indexer.url.replace('http', 'https')])
    expect(code).toBe(3)
    expect(err).toContain('does not speak TLS; use http://')
  })

  test('a connection that is closed at once is 3', async () => {
    const rude = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    const { code, err } = await waybill([
      'agents',
      '--url',
      `http://127.0.0.1:${(rude.address() as AddressInfo).port}`,
    ])
    await new Promise((resolve) => rude.close(resolve))
    expect(code).toBe(3)
    expect(err).toContain('closed the connection without an answer')
  })

  test('401 asks for a token, or says that it is wrong; the token itself is never shown', async () => {
    const strict = await TestIndexer.start({ read: 'token', manage: 'token' })
    onTestFinished(() => strict.end())
    const env = { WAYBILL_URL: strict.url }
    const without = await waybill(['agents'], { ...env, WAYBILL_STORE: '/nowhere' })
    expect(without.err).toContain('give a token in WAYBILL_TOKEN or --token')
    expect(without.err).toContain('looked for its token in /nowhere/local-token; WAYBILL_STORE names')
    const { code, err } = await waybill(['agents'], { ...env, WAYBILL_TOKEN: 's3cret' })
    expect(code).toBe(1)
    expect(err).toContain('is wrong or has expired')
    expect(err).not.toContain('s3cret')
    expect((await waybill(['agents', '--help'], { WAYBILL_TOKEN: 's3cret' })).out).not.toContain('s3cret')
  })

  test('setup reads settings whose key is not there yet, and asks for somebody who may set up', async () => {
    writeFileSync(
      join(folder, 'before-setup.yml'),
      "listen: http://127.0.0.1:0\nstore: { elasticsearch: { nodes: ['http://127.0.0.1:9'], path: ./own, api-key: '${file:./es-key}' } }\n",
    )
    const config = join(folder, 'before-setup.yml')
    const without = await waybill(['setup', '--config', config], {})
    expect([without.code, without.err]).toEqual([2, expect.stringContaining('Set WAYBILL_ES_USERNAME and')])
    const env = { WAYBILL_ES_USERNAME: 'elastic', WAYBILL_ES_PASSWORD: 'x' }
    expect((await waybill(['setup', '--config', config], env)).err).toContain("can't be reached")
  })

  test('finds the token of an indexer on this machine in the folder that its settings name', async () => {
    const strict = await TestIndexer.start({ read: 'token', manage: 'token' })
    onTestFinished(() => strict.end())
    writeFileSync(
      join(folder, 'indexer.yml'),
      `store: { elasticsearch: { path: ${join(strict.folder, 'store')} } }\n`,
    )
    const { child, ended } = start(['agents'], { WAYBILL_URL: strict.url, WAYBILL_STORE: '' }, '', folder)
    expect([child.killed, (await ended).code]).toEqual([false, 0])
  })

  test('another server at that address is told from an indexer', async () => {
    const page = await answering((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>'),
    )
    for (const command of [['show', 'e1'], ['search', 'x'], ['agents']]) {
      const { code, err } = await waybill(command, { WAYBILL_URL: page })
      expect([code, err]).toEqual([1, expect.stringContaining('not like an indexer')])
    }
    const other = await answering((_, response) => response.end(JSON.stringify({ agents: [{ id: 5 }] })))
    expect((await waybill(['agents'], { WAYBILL_URL: other })).err).toContain('agents.0.id')
    expect((await waybill(['search', 'x'], { WAYBILL_URL: other })).err).toContain('not like an indexer')
  })

  test('a wrong command line is 2', async () => {
    const wrong: readonly [readonly string[], string][] = [
      [['sarch'], 'There is no command "sarch"; did you mean search?'],
      [['agents', 'tokn'], 'did you mean token?'],
      [['agents', 'token', '--ttl', 'soon'], '--ttl: expected a time such as'],
      [[], 'Name a command'],
      [['search', 'x', '--limt', '5'], 'There is no option --limt; did you mean --limit?'],
      [
        ['users', 'add', 'jane', '--role', 'viewer', '--ful-name', 'x'],
        'There is no option --ful-name; did you mean --full-name?',
      ],
      [['users', 'add', 'jane', '--rol', 'viewer'], '--role is missing'],
      [['count', '--by', 'usr'], 'There is no field usr to count by; did you mean user?'],
      [['count', '--by', 'mnth'], 'did you mean month?'],
      [['search', 'x', '--sort', 'foo'], 'There is no field foo to sort by; newest, oldest and the fields'],
      [['search', 'x', '--sort', '-user'], '--sort needs a value; if -user is the value, write --sort=-user'],
      [['search', 'x', '--sort=-usr'], 'There is no field usr to sort by; did you mean user?'],
      [['search', 'x', '--sort', 'newst'], 'did you mean newest?'],
      [['search', 'x', '--limit'], '--limit needs a value'],
      [['search', 'x', '--limit', 'many'], '--limit takes a whole number'],
      [['search', 'x', '--from', 'now', '--from', 'now'], '--from is given twice'],
      [['indexer', '--config', 'a.yml', '--config', 'b.yml'], '--config is given twice'],
      [['search', 'x', '--format', 'xml'], '--format is "xml", expected one of'],
      [['search', 'x', '--from', 'yesterday'], '--from: "yesterday" is not a time'],
      [['search', 'x', '--from', 'now', '--to', 'now-1d'], 'is not before --to'],
      [['search', 'x', '--columns', 'usr'], 'did you mean user?'],
      [['search', 'x', '--format', 'json', '--columns', 'user'], '--columns is for tables'],
      [['search', 'x', '--follow', '--sort', 'oldest'], 'can not be combined'],
      [['search', 'x', '--url', 'example'], '--url is "example"'],
      [['show'], '"waybill show" needs more arguments'],
      [['setup', '--kibna', 'http://kibana'], 'There is no option --kibna; did you mean --kibana?'],
      [['rules', 'tst'], 'did you mean test?'],
      [['dead-letters', 'discard'], '"waybill dead-letters discard" needs more arguments'],
      [['dead-letters', 'replay'], 'Name the letters to replay'],
    ]
    for (const [args, words] of wrong) {
      const { code, out, err } = await waybill(args)
      expect([code, out, err]).toEqual([2, '', expect.stringContaining(words)])
      expect(err.trim().split('\n')).toHaveLength(1)
    }
    const [args, words] = wrong[0]!
    expect(await start(args).ended).toEqual({ code: 2, out: '', err: expect.stringContaining(words) })
  })

  test('a command that there is not is answered with those that there are', async () => {
    const commandsIn = (help: string, before: string): string[] => [
      ...new Set([...help.matchAll(new RegExp(`^  ${before} ([a-z-]+)`, 'gm'))].map(([, name = '']) => name)),
    ]
    const all = commandsIn((await waybill(['--help'])).out, 'waybill')
    expect(all).toContain('search')
    const said = async (...args: string[]): Promise<string[]> => {
      const { code, err } = await waybill(args)
      expect([args, code]).toEqual([args, 2])
      return (/there are ([a-z, -]+) \(see/.exec(err)?.[1] ?? err).split(', ').sort()
    }
    expect(await said('qqqqqqqqqqqq')).toEqual(all.sort())
    for (const group of ['agents', 'users', 'cases', 'rules', 'alerts', 'archive', 'log', 'reports']) {
      const below = commandsIn(
        (await waybill([group, '--help'])).out.replace(/Examples:.*/s, ''),
        `waybill ${group}`,
      )
      expect([group, await said(group, 'qqqqqqqqqqqq')]).toEqual([group, below.sort()])
    }
  })

  test('help is quick to read through: examples and exit codes', async () => {
    const { code, out } = await waybill(['--help'])
    expect(code).toBe(0)
    expect(out).toContain('3  the indexer is not reachable')
    expect((await waybill(['search', '--help'])).out).toMatch(/Examples:\n {2}# .*\n {2}waybill search '/)
  })
})
