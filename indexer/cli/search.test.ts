import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../test/system/system.ts'
import type { TestIndexer } from '../ingest/testing.ts'
import { start, until, waybill } from './testing/command.ts'
import { answering, startWithAgent } from './testing/indexer.ts'

let indexer: TestIndexer
let store: (...events: Readonly<Record<string, unknown>>[]) => Promise<void>
let listen: string
beforeAll(async () => {
  listen = `http://127.0.0.1:${await freePort()}`
  const started = await startWithAgent({ listen })
  indexer = started.indexer
  store = started.store
})
afterAll(() => indexer.end())
const ask = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })

/** Each test stores events of a module of its own, and asks for these. */
const event = (module: string, i: number, more: Readonly<Record<string, unknown>> = {}) => ({
  '@timestamp': new Date(Date.UTC(2026, 0, 22) + i * 1000).toISOString(),
  message: `did ${i}`,
  event: { action: 'update', module },
  user: { name: i % 2 === 0 ? 'jane' : 'john' },
  ...more,
})
const storeSome = (module: string, from: number, to: number, more = {}): Promise<void> =>
  store(...Array.from({ length: to - from }, (_, i) => event(module, from + i, more)))
const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const ID = 'c5'.padStart(40, '0')
const NO_ROUTE = { title: 'Not found', status: 404, detail: 'no such route', code: 'not-found' }
const messages = (out: string): string[] => events(out).map(({ message }) => message)

describe('search', () => {
  test('json is one event a line, as stored, and all that there are', async () => {
    await storeSome('json', 0, 2500)
    const query = ['event.module: json and user:', 'jane']
    const { code, out } = await ask('search', ...query, '--format', 'json', '--sort', 'oldest')
    expect(code).toBe(0)
    expect(messages(out)).toEqual(Array.from({ length: 1250 }, (_, i) => `did ${2 * i}`))
    const [first] = events(out)
    const { json } = await indexer.ask(`/v1/events/${first.event.id}`)
    expect(out.split('\n')[0]).toBe(JSON.stringify(json.event))
  })

  test('a table shows the newest hundred unless told otherwise', async () => {
    await storeSome('table', 0, 300)
    const { out } = await ask('search', 'event.module: table')
    const lines = out.trim().split('\n')
    expect(lines).toHaveLength(101)
    expect(lines[0]).toMatch(/^TIME \(UTC\) +USER +ACTION/)
    expect(lines[1]).toMatch(/^2026-01-22 00:04:59 +john +update .*did 299 +[0-9a-f]{40}$/)
    expect(
      (await ask('search', 'event.module: table', '--limit', '150')).out.trim().split('\n'),
    ).toHaveLength(151)
    expect((await ask('search', '-n', '0')).out).toBe('')
  })

  test('the order is that of time, or of any field', async () => {
    for (const [i, name] of ['b', 'c', 'a'].entries()) await store(event('order', i, { user: { name } }))
    const users = async (...order: string[]) =>
      events((await ask('search', 'event.module: order', '-f', 'json', ...order)).out).map(
        ({ user }) => user.name,
      )
    expect(await users()).toEqual(['a', 'c', 'b'])
    expect(await users('--sort', 'oldest')).toEqual(['b', 'c', 'a'])
    expect(await users('--sort', 'user')).toEqual(['a', 'b', 'c'])
    expect(await users('--sort=-user')).toEqual(['c', 'b', 'a'])
  })

  test('times are of UTC, the first of them included and the last not', async () => {
    const times = [
      '2026-01-14T23:59:59.999Z',
      '2026-01-15T00:00:00.000Z',
      '2026-01-16T09:59:59.999Z',
      '2026-01-16T10:00:00.000Z',
    ]
    await store(...times.map((time, i) => event('times', i, { '@timestamp': time })))
    const span = ['--from', '2026-01-15', '--to', '2026-01-16T10:00']
    const { out } = await ask('search', 'event.module: times', ...span, '-f', 'json')
    expect(messages(out)).toEqual(['did 2', 'did 1'])
  })

  test('without a query it finds all events of that time', async () => {
    await store(event('any', 0, { '@timestamp': '2025-03-01T00:00:00.000Z' }))
    const { out } = await ask('search', '--to', '2025-04-01', '-f', 'json')
    expect(messages(out)).toEqual(['did 0'])
  })

  test('a table fits the terminal, and event content can’t drive it', async () => {
    const nasty =
      '\u001b[31mred\u001b]0;title\u0007\u202egnp.exe\u2066\n\r\t\u0000\ud800 日本語日本語日本語日本語'
    // An indexer stores no half of a character, but a server at its address may send anything.
    const line = JSON.stringify(event('nasty', 0, { user: { name: nasty }, message: nasty.repeat(5) }))
    const url = await answering((_, response) =>
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(`${line}\n`),
    )
    const { out } = await waybill(['search'], { WAYBILL_URL: url, COLUMNS: '80' })
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    for (const line of out.trimEnd().split('\n')) {
      const wide = line.match(/[\u3000-\u9fff]/g)?.length ?? 0
      expect(line.length + wide).toBeLessThanOrEqual(80)
    }
  })

  test('csv is safe for spreadsheets', async () => {
    const given = event('csv', 0, {
      user: { name: '=cmd|calc', email: '@x' },
      message: 'a "b", c\nd\u001b',
      event: { id: ID, module: 'csv' },
      audit: { changes: [{ field: 'limit', old: '1', new: '-2' }], record_count: -5 },
    })
    await store(given)
    const { out } = await ask('search', 'event.module: csv', '-f', 'csv')
    expect(out.split('\n')[0]).toBe(
      'Time (UTC),Category,User,Action,Record,Changes,Outcome,Source,Message,Event',
    )
    expect(out).toContain(',"\'=cmd|calc",')
    expect(out).toContain(`,limit: 1 → -2,`)
    expect(out).toContain(`,"a ""b"", c\nd\\x1b",${ID}\n`)
    const chosen = await ask(
      'search',
      'event.module: csv',
      '-f',
      'csv',
      '--columns',
      'id, audit.record_count',
    )
    expect(chosen.out).toBe(`Event,audit.record_count\n${ID},-5\n`)
  })

  test('where nothing was found, what would be found is said with the command for it', async () => {
    await storeSome('near', 0, 12, { user: { name: 'bobby' } })
    await store(event('near', 0, { user: { name: "o'neil" }, '@timestamp': '2025-12-01T00:00:00.000Z' }))
    const { code, out, err } = await ask('search', 'user: bob', '--from', '2026-01-15')
    expect([code, out]).toEqual([0, ''])
    expect(err).toBe(`No events found.
Similar searches that find events:
  12  user.name: bob*
      waybill search 'user.name: bob*' --from 2026-01-15T00:00:00.000Z
`)
    const later = await ask('search', "user: o'neil", '--to', '2025-11-01')
    expect(later.err).toContain(`1  at any time\n     waybill search 'user.name: "o'\\''neil"'\n`)
    expect((await ask('search', 'action: search')).err).toMatch(
      /waybill search 'event.action: search' --own$/m,
    )
    const counted = await ask('count', 'user: bob')
    expect([counted.code, counted.out]).toEqual([0, '0\n'])
    expect(counted.err).toContain("waybill count 'user.name: bob*")
  })

  test('an indexer that knows no alternatives is no failure', async () => {
    const older = await answering(({ url = '' }, response) => {
      if (url.startsWith('/v1/search')) response.setHeader('content-type', 'application/x-ndjson').end()
      else response.writeHead(404).end(JSON.stringify(NO_ROUTE))
    })
    const { code, err } = await waybill(['search', 'user: bob'], { WAYBILL_URL: older })
    expect([code, err]).toEqual([0, 'No events found.\n'])
  })

  test('a query that is wrong is 2, with carets under the place', async () => {
    const { code, out, err } = await ask('search', 'jane and usr.name: x', '-f', 'json')
    expect([code, out]).toEqual([2, ''])
    expect(err.split('\n').slice(0, 3)).toEqual([
      'waybill: There is no field usr.name; did you mean user.name? (column 10) (WB-QUERY-INVALID)',
      '  jane and usr.name: x',
      '           ^^^^^^^^',
    ])
  })

  test('a reader that has enough ends it quietly (| head)', async () => {
    await storeSome('much', 0, 2000, { message: 'x'.repeat(10_000) })
    const { child, ended } = start(['search', 'event.module: much', '-f', 'json'], {
      WAYBILL_URL: indexer.url,
    })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const { code, err } = await ended
    expect([code, err]).toEqual([0, ''])
  })

  test('a slow reader slows the search: nothing piles up', async () => {
    const wide = 'x'.repeat(10_000)
    let sent = 0
    const url = await answering((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const more = (): void => {
        while (sent < 20_000 && !response.destroyed)
          if (!response.write(`${JSON.stringify(event('wide', sent++, { message: wide }))}\n`)) {
            response.once('drain', more)
            return
          }
        response.end()
      }
      more()
    })
    const { child, ended } = start(['search', '-f', 'json'], { WAYBILL_URL: url })
    child.stdout?.once('data', () => child.stdout?.pause())
    let before = -1
    // 200 MB wait to be sent; what is still for a second is held back.
    for (let still = 0; still < 10; before = sent) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      still = sent > 0 && sent === before ? still + 1 : 0
    }
    expect(sent).toBeLessThan(3000)
    child.kill()
    await ended
  })

  test('an answer that breaks in the middle is told from one that is complete', async () => {
    const url = await answering((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(`${JSON.stringify(event('torn', 1))}\n`)
      setImmediate(() => response.destroy())
    })
    const { code, out, err } = await waybill(['search', '-f', 'json'], { WAYBILL_URL: url })
    expect(code).toBe(3)
    expect(err).toMatch(/broke|closed the connection/)
    if (out !== '') expect(messages(out)).toEqual(['did 1'])
  })
})

describe('follow', () => {
  const follow = (url: string, ...args: string[]) =>
    start(['search', '--follow', '-f', 'json', ...args], { WAYBILL_URL: url })

  test('shows the last events, then new ones, each once; Ctrl-C ends it with 0', async () => {
    await storeSome('follow', 0, 50)
    let isFirst = true
    const url = await answering(async ({ url = '', headers: { accept = '' } }, response) => {
      // Stored while the backlog was read: it comes twice, and is shown once.
      if (url.startsWith('/v1/search') && isFirst) await storeSome('follow', 50, 52)
      isFirst &&= !url.startsWith('/v1/search')
      const { status, headers, body } = await fetch(indexer.url + url, { headers: { accept } })
      response.writeHead(status, { 'content-type': headers.get('content-type') ?? '' })
      Readable.fromWeb(body!).pipe(response)
    })
    const running = follow(url, 'event.module: follow and user: jane', '-n', '3')
    await until(() => messages(running.out()).length >= 3, 'the backlog')
    expect(messages(running.out())).toEqual(['did 46', 'did 48', 'did 50'])
    await storeSome('follow', 52, 56)
    await until(() => messages(running.out()).length >= 5, 'new events')
    expect(messages(running.out())).toEqual(['did 46', 'did 48', 'did 50', 'did 52', 'did 54'])
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(0)
  })

  test('goes on where it was when the indexer comes back', async () => {
    await storeSome('away', 0, 2)
    const running = follow(indexer.url, 'event.module: away')
    await until(() => messages(running.out()).length >= 2, 'the backlog')
    await indexer.stop()
    await until(() => running.err().includes('trying again'), 'the notice')
    await indexer.run({ listen })
    await storeSome('away', 2, 4)
    await until(() => messages(running.out()).length >= 4, 'what was stored meanwhile')
    expect(messages(running.out())).toEqual(['did 0', 'did 1', 'did 2', 'did 3'])
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(0)
  })

  test('a wrong query ends it with 2, and no indexer with 3', async () => {
    expect((await ask('search', 'usr: x', '--follow')).code).toBe(2)
    const nobody = `http://127.0.0.1:${await freePort()}`
    expect((await waybill(['search', 'x', '--follow'], { WAYBILL_URL: nobody })).code).toBe(3)
  })

  test('--from brings all from there, and leaves out older events that arrive late', async () => {
    await storeSome('late', 0, 20)
    const running = follow(indexer.url, 'event.module: late', '--from', '2026-01-22T00:00:15')
    await until(() => messages(running.out()).length >= 5, 'the backlog')
    await store(event('late', 3, { message: 'came late' }), event('late', 30))
    await until(() => running.out().includes('did 30'), 'the new event')
    expect(running.out()).not.toContain('came late')
    running.child.kill('SIGINT')
    await running.ended
  })
})
