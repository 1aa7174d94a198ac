import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let auditor: Person
let viewer: Person
const USERS = ['carl', 'anna', 'Bob', '=cmd', 'bob']
const MANY = 1200

beforeAll(async () => {
  strict = await StrictIndexer.start({ masked: { auditor: ['source.ip'] } })
  auditor = await strict.person('auditor-1', 'auditor')
  viewer = await strict.person('viewer-1', 'viewer')
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const given = USERS.map((name) =>
    agent.event({ user: { name }, source: { ip: '203.0.113.9' }, message: 'one of few' }),
  )
  const many = Array.from({ length: MANY }, (_, i) =>
    agent.event({ user: { name: `user-${String(i % 7)}` }, message: 'one of many' }),
  )
  const answer = await agent.send(strict.indexer.url, agent.seal([...given, ...many]))
  if (answer.json.stored !== USERS.length + MANY) throw new Error(answer.text)
})
afterAll(() => strict.end())

const FEW = encodeURIComponent('message: few and not event.module: waybill')

describe('an export', () => {
  it('is a file with the columns asked for, in the order asked for, with formulas made harmless', async () => {
    const { status, headers, text } = await auditor.ask(
      `/v1/export?format=csv&columns=user,message&sort=-user&q=${FEW}`,
    )
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="waybill-events-[\dT-]+\.csv"$/)
    // The mark at the beginning is for spreadsheets; reading as UTF-8 takes it off.
    expect(text.split('\r\n')).toEqual([
      'User,Message',
      ...['carl', 'bob', 'Bob', 'anna', "'=cmd"].map(
        (name) => `${name === "'=cmd" ? `"${name}"` : name},one of few`,
      ),
      '',
    ])
  })

  it('has every event that is found, whole, by however many pages', async () => {
    for (const sort of ['newest', 'user.name']) {
      const { text } = await auditor.ask(
        `/v1/export?format=ndjson&sort=${sort}&q=${encodeURIComponent('message: many and not event.module: waybill')}`,
      )
      const lines = text.trim().split('\n')
      expect(new Set(lines.map((line) => JSON.parse(line).event.id)).size).toBe(MANY)
    }
  })

  it('says whether it is of one moment, or why it is not', async () => {
    const { headers } = await auditor.ask(`/v1/export?format=ndjson&q=${FEW}`)
    expect(headers['waybill-moment']).toMatch(/^none; the embedded store keeps no moment/)
  })

  it('shows what is masked for the role as masked, and is not ordered by it', async () => {
    const { text } = await auditor.ask(`/v1/export?format=ndjson&q=${FEW}`)
    expect(text).toContain('anna')
    expect(text).not.toContain('203.0.113.9')
    const sorted = await auditor.ask(`/v1/search?sort=source.ip&q=${FEW}`)
    expect([sorted.status, sorted.text]).toEqual([403, expect.stringContaining('source.ip')])
  })

  it('needs export, and stands in the audit trail with what was asked', async () => {
    expect(await viewer.status(`/v1/export?format=csv&q=${FEW}`)).toBe(403)
    await auditor.ask(`/v1/export?format=csv&q=${FEW}&sort=oldest`)
    await expect
      .poll(() => strict.trail('event.action: export and user.name: auditor-1'))
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            audit: expect.objectContaining({
              payload: expect.objectContaining({
                format: 'csv',
                query: 'message: few and not event.module: waybill',
                sort: 'oldest',
              }),
            }),
          }),
        ]),
      )
  })

  it('tells in the trail how many events it took, also where the reader went away before its end', async () => {
    const counts = async (action: string): Promise<unknown[]> =>
      (await strict.trail(`event.action: ${action} and user.name: counter-1`)).map(
        ({ audit }) => (audit as { record_count?: number }).record_count,
      )
    const counter = await strict.person('counter-1', 'auditor')
    await counter.ask(`/v1/export?format=ndjson&q=${FEW}`)
    await expect.poll(() => counts('export')).toEqual([USERS.length])
    expect(await counts('export-begin')).toEqual([undefined])

    const stop = new AbortController()
    const { body } = await fetch(`${strict.indexer.url}/v1/export?format=ndjson&q=message:many`, {
      headers: { cookie: counter.cookie },
      signal: stop.signal,
    })
    await body?.getReader().read()
    stop.abort()
    await expect.poll(() => counts('export')).toHaveLength(2)
  })

  it('is refused with a sentence where a column or the order is none', async () => {
    for (const [asked, said] of [
      ['columns=user,nonsense', 'nonsense'],
      ['sort=nonsense', 'nonsense'],
      ['sort=message', 'message is a text'],
      ['q=user:', 'bad-query'],
    ]) {
      const { status, text } = await auditor.ask(`/v1/export?format=csv&${asked}`)
      expect([asked, status, text]).toEqual([asked, 400, expect.stringContaining(said ?? '')])
    }
  })
})

describe('a search by the values of a field', () => {
  it('goes on page by page, each event once', async () => {
    const names: string[] = []
    let next: string | null = null
    do {
      const after: string = next === null ? '' : `&after=${next}`
      const { json } = await viewer.ask(`/v1/search?limit=100&sort=user&q=user:user-*${after}`)
      const events = json.events as { user: { name: string } }[]
      names.push(...events.map(({ user }) => user.name))
      next = json.next as string | null
    } while (next !== null)
    expect(names).toHaveLength(MANY)
    expect(names).toEqual(names.toSorted())
  })
})
