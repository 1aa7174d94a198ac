import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAgent, until } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let auditor: Person
beforeAll(async () => {
  strict = await StrictIndexer.start()
  auditor = await strict.person('auditor-1', 'auditor')
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const events = ['bob', 'bobby', 'jane'].map((name) =>
    agent.event({
      user: { name },
      source: { ip: '203.0.113.9' },
      message: 'sign-in',
    }),
  )
  const answer = await agent.send(strict.indexer.url, agent.seal(events))
  if (answer.json.stored !== events.length) throw new Error(answer.text)
})
afterAll(() => strict.end())

const search = async (q: string, rest = ''): Promise<string[]> => {
  const { json } = await auditor.ask(`/v1/search?limit=1000&q=${encodeURIComponent(q)}${rest}`)
  return (json.events as { event: { action?: string } }[]).map(({ event }) => event.action ?? '')
}
const isRead = (action: string): boolean => ['search', 'count', 'view', 'follow'].includes(action)

describe('looking does not change what is found', () => {
  it('searches leave no trace in the results of the next search, its counts and its export', async () => {
    for (let i = 0; i < 3; i++) await search(`jane or bob or ${'x'.repeat(i + 1)}`)
    const found = await search('')
    expect(found.filter(isRead)).toEqual([])
    const { json } = await auditor.ask('/v1/aggregate', {
      json: { by: [{ kind: 'values', field: 'audit.category' }] },
    })
    const { split } = json as { split: { buckets: { key: string }[] } }
    expect(split.buckets.map(({ key }) => key)).not.toContain('view')
    const { text } = await auditor.ask('/v1/export?format=ndjson')
    expect(text.split('\n').filter((line) => line.includes('searched for'))).toEqual([])
  })

  it('they are there for those who ask for them', async () => {
    await search('jane')
    // A read is noted behind its answer.
    const some = (actions: readonly string[]): boolean => actions.some(isRead)
    await until(() => search('', '&own=true'), some)
    expect(some(await search('source: waybill'))).toBe(true)
    const { json } = await auditor.ask('/v1/aggregate', { json: { own: true, q: 'category: view' } })
    expect(json.count).toBeGreaterThan(0)
  })
})

describe('a query that finds nothing has alternatives that find something', () => {
  const alternatives = async (q: string, rest = ''): Promise<Record<string, unknown>[]> => {
    const { status, json, text } = await auditor.ask(`/v1/alternatives?q=${encodeURIComponent(q)}${rest}`)
    if (status !== 200) throw new Error(text)
    return json.alternatives as Record<string, unknown>[]
  }

  it('with their counts, the nearest first, and what each finds is what it says', async () => {
    const found = await alternatives('user: bobb and ip: 203.0.113.9')
    expect(found.map(({ difference, count }) => [difference, count])).toEqual([
      ['user.name: bobb*', 1],
      ['without user.name: bobb', 3],
    ])
    expect(await alternatives('user: nobody and ip: 203.0.113.77')).toEqual([])
    for (const { q, count } of found) expect(await search(String(q))).toHaveLength(Number(count))
  })

  it('a longer time is offered where the time was too short', async () => {
    const [first] = await alternatives('user: bob', '&from=now%2B1h')
    expect(first).toMatchObject({ difference: 'in the last year', count: 1, from: 'now-365d', to: null })
  })

  it("Waybill's own searches are offered where only they match", async () => {
    await search('jane')
    const found = await alternatives('category: view')
    expect(found).toContainEqual(
      expect.objectContaining({ own: true, difference: "with Waybill's own searches and views" }),
    )
  })

  it('a query that can not be understood is refused as anywhere', async () => {
    const { status, json } = await auditor.ask(`/v1/alternatives?q=${encodeURIComponent('user = bob')}`)
    expect([status, json.code]).toEqual([400, 'bad-query'])
  })
})
