import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { start, waybill } from './testing/command.ts'
import { json, problem, type TestIndexer, testIndexer } from './testing/indexer.ts'

let indexer: TestIndexer
beforeEach(async () => {
  indexer = await testIndexer()
})
afterEach(() => indexer.stop())
const ask = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })

const event: AuditEvent = {
  '@timestamp': '2026-01-22T10:45:32.000Z',
  message: 'raised the limit\u001b[2J\u202egnp.exe',
  event: { id: 'e1', action: 'record_updated', outcome: 'success', original: '{"raw":\u009b1}' },
  user: { name: 'Jane Doe', email: 'jane@example.com' },
  audit: {
    category: 'change',
    entity: { type: 'Customer', id: 'CUST-1', name: 'Acme' },
    changes: [
      { field: 'credit_limit', old: '10000', new: '15000' },
      { field: 'terms', new: 'Net 45 and many more words that are longer than this narrow terminal' },
    ],
    change: { fields: ['credit_limit', 'terms'] },
    payload: { amount: 5, deep: { a: 'x' } },
  },
  later: { schema: 'has this' },
}

describe('show', () => {
  test('lays the event out, with its changes as a table and its original record', async () => {
    indexer.events.push(event)
    const { code, out } = await waybill(['show', 'e1'], { WAYBILL_URL: indexer.url, COLUMNS: '60' })
    expect(code).toBe(0)
    expect(out).toMatch(/^Event e1: Jane Doe · record_updated · Customer · Acme$/m)
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
    indexer.events.push(event)
    indexer.derived = {
      previous: [{ field: 'terms', old: 'Net 30', from: 'e0', at: '2026-01-20T08:00:00.000Z' }],
      note: 'Waybills 3 to 4 of agent a1 have not arrived.',
    }
    const { out } = await ask('show', 'e1')
    expect(out).toMatch(/credit_limit +10000 +15000/)
    expect(out).toMatch(/terms +Net 30 \(derived\) +Net 45/)
    expect(out).toContain('(derived) terms: the last value known, of 2026-01-20T08:00:00.000Z, from event e0')
    expect(out).toContain('Waybills 3 to 4 of agent a1 have not arrived.')
  })

  test('says beside a place that it is estimated, and beside a client that it is derived', async () => {
    indexer.events.push({
      ...event,
      audit: { category: 'change', derived: ['source.geo.city_name', 'user_agent.os.name'] },
      source: { ip: '81.2.69.142', geo: { city_name: 'London', location: { lat: 51.5, lon: -0.1 } } },
      user_agent: { name: 'Kiosk', os: { name: 'Windows' } },
    })
    const { out } = await ask('show', 'e1')
    expect(out).toMatch(/source.geo.city_name +London \(estimated\)$/m)
    expect(out).toMatch(/source.geo.location +lat=51.5 \(estimated\)$/m)
    expect(out).toMatch(/user_agent.os.name +Windows \(derived\)$/m)
    expect(out).toMatch(/user_agent.name +Kiosk$/m)
    const fields = 'event.id,source.geo.city_name'
    const table = await ask('search', '*', '--format', 'table', '--columns', fields)
    expect(table.out).toMatch(/e1 +London \(estimated\)/)
    const csv = await ask('search', '*', '--format', 'csv', '--columns', fields)
    expect(csv.out.trim().split(/\r?\n/)).toEqual(['Event,source.geo.city_name (estimated)', 'e1,London'])
  })

  test('--json prints the event as stored, and what was derived beside it', async () => {
    indexer.events.push(event)
    const { out } = await ask('show', 'e1', '--json')
    expect(JSON.parse(out)).toEqual({ event, derived: null })
  })

  test('an unknown event is 4, with what may be the reason', async () => {
    const { code, out, err } = await ask('show', '../agents')
    expect([code, out]).toEqual([4, ''])
    expect(err).toContain('There is no event ../agents')
    expect(indexer.seen[0]?.url).toBe('/v1/events/..%2Fagents')
  })
})

const ledger = {
  read: 10,
  stored: 7,
  duplicate: 1,
  filtered: 0,
  dead: 1,
  quarantined: 0,
  discarded: 0,
  pending: 1,
  skipped: 0,
  truncated: 0,
  errors: 0,
  dropped: 0,
}
const agent = {
  id: 'a1',
  name: 'web-1\u001b]0;x\u0007',
  host: 'web-1.example',
  version: '0.1.0',
  enrolled: Date.UTC(2026, 0, 1),
  lastSeen: Date.now() - 5000,
  revoked: false,
  lagBytes: 1536,
  oldestPending: null,
  ledger,
  settings: '12-0123456789ab',
  notices: [],
  clockOffset: null,
  hosts: [],
  breaks: [],
  slowed: null,
  chains: [
    {
      incarnation: 'ab'.repeat(16),
      first: 1,
      last: 9,
      lastHash: 'x',
      lastAt: 1,
      waybills: 6,
      events: 60,
      gaps: [
        { from: 3, to: 4 },
        { from: 7, to: 7 },
      ],
    },
  ],
}

describe('agents', () => {
  test('lists last seen, lag, ledger and what has not arrived', async () => {
    indexer.agents.push(agent, {
      ...agent,
      id: 'a2',
      lastSeen: null,
      lagBytes: null,
      ledger: null,
      chains: [],
    })
    const { code, out } = await ask('agents')
    expect(code).toBe(0)
    const [head = '', first = '', second = ''] = out.split('\n')
    expect(head).toMatch(/^AGENT +NAME .* LAG .* STORED .* MISSING +SETTINGS$/)
    expect(first).toMatch(/^a1 +web-1\\x1b.* s ago +1.5 KiB +10 +7 +1 +1 +0 +1 +3 +12$/)
    expect(second).toContain('never')
    expect(out).toContain('waybills 3 to 4, 7 of incarnation abab')
  })

  test('--json is one agent a line', async () => {
    indexer.agents.push(agent, agent)
    const lines = (await ask('agents', '--json')).out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(['a1', 'a1'])
  })

  test('token prints the token alone on standard output, so that a script can take it', async () => {
    const { code, out, err } = await ask('agents', 'token', '--ttl', '15m', '--uses', '3')
    expect([code, out]).toEqual([0, 'tok-1\n'])
    expect(err).toContain('waybill-agent enroll')
    expect(indexer.seen[0]).toMatchObject({ method: 'POST', body: { ttlSeconds: 900, uses: 3 } })
  })

  test('lists breaks of a chain, why an agent is slowed down, and which may name any host', async () => {
    indexer.agents.push({
      ...agent,
      hosts: null,
      breaks: [
        {
          incarnation: 'ab',
          sequence: 5,
          at: 1,
          reason: 'waybill 5 of incarnation ab follows x, and waybill 4 is y',
        },
      ],
      slowed: { since: Date.UTC(2026, 0, 2), why: 'events' },
    })
    const { out } = await ask('agents')
    expect(out).toContain('its chain is broken: waybill 5 of incarnation ab follows x')
    expect(out).toContain('as it sends more events than its quota allows')
    expect(out).toContain('may name any host')
  })

  test('token and hosts say on which hosts agents may be, and which their events may name', async () => {
    await ask('agents', 'token', '--hosts', 'db-1,web-*')
    expect(indexer.seen.at(-1)).toMatchObject({ body: { hosts: ['db-1', 'web-*'] } })
    expect((await ask('agents', 'hosts', 'a1', 'db-1', 'web-*')).out).toBe(
      'The events of agent a1 may name its own host and db-1, web-*.\n',
    )
    expect(indexer.seen.at(-1)).toMatchObject({
      method: 'PUT',
      url: '/v1/agents/a1/hosts',
      body: { hosts: ['db-1', 'web-*'] },
    })
    expect((await ask('agents', 'hosts', 'a1')).out).toBe('The events of agent a1 may name its own host.\n')
    expect((await ask('agents', 'hosts', 'a9')).code).toBe(4)
  })

  test('revoke says so; an unknown agent is 4', async () => {
    expect((await ask('agents', 'revoke', 'a1')).out).toContain('a1 is revoked')
    const { code, err } = await ask('agents', 'revoke', 'a9')
    expect(code).toBe(4)
    expect(err).toContain('There is no agent a9')
  })
})

describe('dead-letters', () => {
  beforeEach(() => {
    for (let i = 0; i < 450; i++)
      indexer.letters.set(`d${i}`, { reason: `bad\u001b${i}`, replays: i % 2 === 0, line: `{"i":${i}}` })
  })

  test('lists some and says how many there are; --limit 0 lists all, page by page', async () => {
    const { out, err } = await ask('dead-letters', '-n', '3')
    expect(out.split('\n')).toHaveLength(5)
    expect(out).toContain('bad\\x1b0')
    expect(err).toContain('3 of 450')
    const all = await ask('dead-letters', 'list', '--limit', '0', '--json')
    expect(all.out.trim().split('\n')).toHaveLength(450)
    expect(indexer.seen).toHaveLength(4)
  })

  test('shows the bytes as they came, harmless', async () => {
    indexer.letters.set('x', { reason: 'r', replays: false, line: '{"a":"\u001b[0m"}' })
    const { out } = await ask('dead-letters', 'show', 'x')
    expect(out).toContain('7 of incarnation ffff')
    expect(out).toContain('{"a":"\\x1b[0m"}')
    expect((await ask('dead-letters', 'show', 'nope')).code).toBe(4)
  })

  test('replays what is named, says what was not stored, and then exits with 1', async () => {
    const { code, out } = await ask('dead-letters', 'replay', 'd0', 'd1')
    expect(code).toBe(1)
    expect(out).toBe('d1: not stored: bad\\x1b1\n1 stored, 1 still dead letters.\n')
    expect((await ask('dead-letters', 'replay', 'd0')).code).toBe(0)
    expect((await ask('dead-letters', 'replay', '--all')).out).toContain(
      '225 stored, 225 still dead letters.',
    )
  })

  test('discards only what is named', async () => {
    const { code } = await ask('dead-letters', 'discard', 'd0', 'd1')
    expect(code).toBe(0)
    expect(indexer.letters.size).toBe(448)
    expect((await ask('dead-letters', 'discard', 'd0')).code).toBe(4)
  })
})

describe('what goes wrong is one sentence with a remedy', () => {
  test('no indexer there is 3', async () => {
    await indexer.stop()
    const { code, out, err } = await ask('agents')
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
    indexer.intercept = (_, response) => {
      problem(response, 401, 'unauthorised', 'no')
      return true
    }
    expect((await ask('agents')).err).toContain('give a token in WAYBILL_TOKEN or --token')
    const { code, err } = await waybill(['agents'], { WAYBILL_URL: indexer.url, WAYBILL_TOKEN: 's3cret' })
    expect(code).toBe(1)
    expect(err).toContain('is wrong or has expired')
    expect(err).not.toContain('s3cret')
    expect(indexer.seen.map((one) => one.authorization)).toEqual([undefined, 'Bearer s3cret'])
    expect((await waybill(['agents', '--help'], { WAYBILL_TOKEN: 's3cret' })).out).not.toContain('s3cret')
  })

  test('another server at that address is told from an indexer', async () => {
    indexer.intercept = (_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>')
      return true
    }
    for (const command of [['show', 'e1'], ['search', 'x'], ['agents']]) {
      const { code, err } = await ask(...command)
      expect([code, err]).toEqual([1, expect.stringContaining('not as an indexer does')])
    }
    indexer.intercept = (_, response) => {
      json(response, 200, { agents: [{ id: 5 }] })
      return true
    }
    expect((await ask('agents')).err).toContain('agents.0.id')
    expect((await ask('search', 'x')).err).toContain('not as an indexer does')
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
      [['search', 'x', '--sort', '-user'], '--sort needs a value; if the value is -user, write --sort=-user'],
      [['search', 'x', '--sort=-usr'], 'There is no field usr to sort by; did you mean user?'],
      [['search', 'x', '--sort', 'newst'], 'did you mean newest?'],
      [['search', 'x', '--limit'], '--limit needs a value'],
      [['search', 'x', '--limit', 'many'], '--limit takes a whole number'],
      [['search', 'x', '--from', 'now', '--from', 'now'], '--from is given twice'],
      [['indexer', '--config', 'a.yml', '--config', 'b.yml'], '--config is given twice'],
      [['search', 'x', '--format', 'xml'], '--format is "xml", expected one of'],
      [['search', 'x', '--from', 'yesterday'], '--from: "yesterday" is no time'],
      [['search', 'x', '--from', 'now', '--to', 'now-1d'], 'is not before --to'],
      [['search', 'x', '--columns', 'usr'], 'did you mean user?'],
      [['search', 'x', '--format', 'json', '--columns', 'user'], '--columns is for tables'],
      [['search', 'x', '--follow', '--sort', 'oldest'], 'no place beside'],
      [['search', 'x', '--url', 'example'], '--url is "example"'],
      [['show'], 'Something is missing behind "waybill show"'],
      [['setup', '--kibna', 'http://kibana'], 'There is no option --kibna; did you mean --kibana?'],
      [['rules', 'tst'], 'did you mean test?'],
      [['dead-letters', 'discard'], 'Something is missing behind "waybill dead-letters discard"'],
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

  test('help is quick to read through: examples and exit codes', async () => {
    const { code, out } = await waybill(['--help'])
    expect(code).toBe(0)
    expect(out).toContain('3  the indexer is not reachable')
    expect((await waybill(['search', '--help'])).out).toMatch(/Examples:\n {2}# .*\n {2}waybill search '/)
  })
})
