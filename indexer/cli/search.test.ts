import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { start, until, waybill } from './testing/command.ts'
import { json, type TestIndexer, testIndexer } from './testing/indexer.ts'

let indexer: TestIndexer
beforeEach(async () => {
  indexer = await testIndexer()
})
afterEach(() => indexer.stop())
const ask = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })

const event = (i: number, more: Readonly<Record<string, unknown>> = {}): AuditEvent => ({
  '@timestamp': new Date(Date.UTC(2026, 0, 22) + i * 1000).toISOString(),
  message: `did ${i}`,
  event: { id: `e${i}`, action: 'update' },
  user: { name: i % 2 === 0 ? 'jane' : 'john' },
  ...more,
})
const store = (from: number, to: number): void => {
  for (let i = from; i < to; i++) indexer.events.push(event(i))
}
const ids = (out: string): string[] =>
  out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).event.id)

describe('search', () => {
  test('json is one event a line, as stored, and all that there are', async () => {
    store(0, 2500)
    const { code, out } = await ask('search', 'user:', 'jane', '--format', 'json', '--sort', 'oldest')
    expect(code).toBe(0)
    expect(ids(out)).toEqual(Array.from({ length: 1250 }, (_, i) => `e${2 * i}`))
    expect(out.split('\n')[0]).toBe(JSON.stringify(event(0)))
  })

  test('a table shows the newest hundred unless told otherwise', async () => {
    store(0, 300)
    const { out } = await ask('search')
    const lines = out.trim().split('\n')
    expect(lines).toHaveLength(101)
    expect(lines[0]).toMatch(/^TIME \(UTC\) +USER +ACTION/)
    expect(lines[1]).toMatch(/^2026-01-22 00:04:59 +john +update .*did 299 +e299$/)
    expect((await ask('search', '--limit', '150')).out.trim().split('\n')).toHaveLength(151)
    expect((await ask('search', '-n', '0')).out).toBe('')
  })

  test('the order is that of time, or of any field', async () => {
    store(0, 1)
    await ask('search', 'jane', '--sort', 'user', '--format', 'json')
    await ask('search', 'jane', '--sort=-user', '--format', 'json')
    const orders = indexer.seen.map(({ url }) => new URL(url, indexer.url).searchParams.get('sort'))
    expect(orders).toEqual(['user', '-user'])
  })

  test('times go to the indexer as it is asked for them', async () => {
    await ask('search', 'x', '--from', '2026-01-15', '--to', '2026-01-16T10:00', '--format', 'csv')
    const { searchParams } = new URL(indexer.seen[0]?.url ?? '', indexer.url)
    expect(Object.fromEntries(searchParams)).toEqual({
      q: 'x',
      from: '2026-01-15T00:00:00.000Z',
      to: '2026-01-16T10:00:00.000Z',
      sort: 'newest',
    })
  })

  test('a table fits the terminal, and event content can’t drive it', async () => {
    const nasty =
      '\u001b[31mred\u001b]0;title\u0007\u202egnp.exe\u2066\n\r\t\u0000\ud800 日本語日本語日本語日本語'
    indexer.events.push(event(0, { user: { name: nasty }, message: nasty.repeat(5) }))
    const { out } = await waybill(['search'], { WAYBILL_URL: indexer.url, COLUMNS: '80' })
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    for (const line of out.trimEnd().split('\n')) {
      const wide = line.match(/[\u3000-\u9fff]/g)?.length ?? 0
      expect(line.length + wide).toBeLessThanOrEqual(80)
    }
  })

  test('csv is safe for spreadsheets', async () => {
    indexer.events.push(
      event(0, {
        user: { name: '=cmd|calc', email: '@x' },
        message: 'a "b", c\nd\u001b',
        audit: { changes: [{ field: 'limit', old: '1', new: '-2' }], record_count: -5 },
      }),
    )
    const { out } = await ask('search', '-f', 'csv')
    expect(out.split('\n')[0]).toBe(
      'Time (UTC),Category,User,Action,Record,Outcome,Source,Message,Changes,Event',
    )
    expect(out).toContain(',"\'=cmd|calc",')
    expect(out).toContain(',"a ""b"", c\nd\\x1b",limit: 1 → -2,e0\n')
    const chosen = await ask('search', '-f', 'csv', '--columns', 'id, audit.record_count')
    expect(chosen.out).toBe('Event,audit.record_count\ne0,-5\n')
  })

  test('where nothing was found, what would be found is said with the command for it', async () => {
    const near = { from: 'now-7d', to: null, own: false, count: 12 }
    indexer.intercept = (request, response) => {
      if (request.url?.startsWith('/v1/alternatives') !== true) return false
      json(response, 200, {
        alternatives: [
          { ...near, q: "user.name: bob* or user.name: o'neil", difference: 'user.name: bob*' },
          { ...near, q: '*', from: null, own: true, count: 3, difference: 'at any time' },
        ],
      })
      return true
    }
    const { code, out, err } = await ask('search', 'user: bob', '--from', '2026-01-15')
    expect([code, out]).toEqual([0, ''])
    expect(err).toBe(`Nothing was found.
These would be found:
  12  user.name: bob*
      waybill search 'user.name: bob* or user.name: o'\\''neil' --from now-7d
   3  at any time
      waybill search --own
`)
    expect(indexer.seen.at(-1)?.url).toBe('/v1/alternatives?q=user%3A+bob&from=2026-01-15T00%3A00%3A00.000Z')
    const counted = await ask('count', 'user: bob')
    expect([counted.code, counted.out]).toEqual([0, '0\n'])
    expect(counted.err).toContain("waybill count 'user.name: bob*")
  })

  test('an indexer that knows no alternatives is no failure', async () => {
    const { code, err } = await ask('search', 'user: bob')
    expect([code, err]).toEqual([0, 'Nothing was found.\n'])
  })

  test('a query that is wrong is 2, with carets under the place', async () => {
    const { code, out, err } = await ask('search', 'jane and usr.name: x', '-f', 'json')
    expect([code, out]).toEqual([2, ''])
    expect(err.split('\n').slice(0, 3)).toEqual([
      'waybill: There is no field usr.name; did you mean user.name? (column 10)',
      '  jane and usr.name: x',
      '           ^^^^^^^^',
    ])
  })

  test('a reader that has enough ends it quietly (| head)', async () => {
    store(0, 60_000)
    const { child, ended } = start(['search', '-f', 'json'], { WAYBILL_URL: indexer.url })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const { code, err } = await ended
    expect([code, err]).toEqual([0, ''])
  })

  test('a slow reader slows the search: nothing piles up', async () => {
    const wide = 'x'.repeat(10_000)
    let sent = 0
    indexer.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const more = (): void => {
        while (sent < 20_000 && !response.destroyed)
          if (!response.write(`${JSON.stringify(event(sent++, { message: wide }))}\n`)) {
            response.once('drain', more)
            return
          }
        response.end()
      }
      more()
      return true
    }
    const { child, ended } = start(['search', '-f', 'json'], { WAYBILL_URL: indexer.url })
    child.stdout?.once('data', () => child.stdout?.pause())
    let before = -1
    // 200 MB wait to be sent; what stands still for a second is held back.
    for (let still = 0; still < 10; before = sent) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      still = sent > 0 && sent === before ? still + 1 : 0
    }
    expect(sent).toBeLessThan(3000)
    child.kill()
    await ended
  })

  test('an answer that breaks in the middle is told from one that is complete', async () => {
    indexer.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(`${JSON.stringify(event(1))}\n`)
      setImmediate(() => response.destroy())
      return true
    }
    const { code, out, err } = await ask('search', '-f', 'json')
    expect(code).toBe(3)
    expect(err).toMatch(/broke|closed the connection/)
    if (out !== '') expect(ids(out)).toEqual(['e1'])
  })
})

describe('follow', () => {
  test('shows the last events, then new ones, each once, across a restart of the indexer; Ctrl-C ends it with 0', async () => {
    store(0, 50)
    const running = start(['search', 'user: jane', '--follow', '-n', '3', '-f', 'json'], {
      WAYBILL_URL: indexer.url,
    })
    // Stored while the backlog was read: it comes twice, and is shown once.
    indexer.intercept = (request) => {
      if (request.url?.startsWith('/v1/search') && indexer.events.length === 50) store(50, 52)
      return false
    }
    await until(() => ids(running.out()).length >= 3, 'the backlog')
    expect(ids(running.out())).toEqual(['e46', 'e48', 'e50'])
    store(52, 56)
    await until(() => ids(running.out()).length >= 5, 'new events')
    await indexer.stop()
    store(56, 60)
    await until(() => running.err().includes('trying again'), 'the notice')
    await indexer.start()
    await until(() => ids(running.out()).length >= 7, 'what was stored meanwhile')
    expect(ids(running.out())).toEqual(['e46', 'e48', 'e50', 'e52', 'e54', 'e56', 'e58'])
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(0)
  })

  test('a wrong query ends it with 2, and no indexer with 3', async () => {
    expect((await ask('search', 'usr: x', '--follow')).code).toBe(2)
    await indexer.stop()
    expect((await ask('search', 'x', '--follow')).code).toBe(3)
  })

  test('--from brings all from there, and leaves out older events that arrive late', async () => {
    store(0, 20)
    const running = start(['search', '--follow', '--from', '2026-01-22T00:00:15', '-f', 'json'], {
      WAYBILL_URL: indexer.url,
    })
    await until(() => ids(running.out()).length >= 5, 'the backlog')
    indexer.events.push(event(3, { event: { id: 'late' } }), event(30))
    await until(() => running.out().includes('e30'), 'the new event')
    expect(running.out()).not.toContain('late')
    running.child.kill('SIGINT')
    await running.ended
  })
})
