import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { waybill } from '../cli/testing/command.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
let indexer: TestIndexer
afterEach(() => indexer.end())

it('the storage used is told to programs and to people, with what is kept for want of an archive', async () => {
  let now = START
  indexer = await TestIndexer.start({}, { clock: () => now })
  const agent = await TestAgent.enrolled(indexer.url)
  const events = [agent.event({ audit: { category: 'api' } }), agent.event({ audit: { category: 'api' } })]
  await agent.send(indexer.url, agent.seal(events))
  now = START + 33 * DAY
  const { status, json } = await indexer.ask('/v1/storage')
  expect(status).toBe(200)
  const categories = json.categories as { category: string }[]
  expect(categories.find(({ category }) => category === 'api')).toMatchObject({
    searchable: 30 * DAY,
    archive: 90 * DAY,
    events: 2,
    tiers: [{ tier: 'hot', partitions: 1, events: 2 }],
    notArchived: [{ events: 2, since: START + 30 * DAY }],
  })
  const { out, code } = await waybill(['storage'], { WAYBILL_URL: indexer.url, COLUMNS: '120' })
  expect(code).toBe(0)
  expect(out).toMatch(/^api +30d +90d +hot .* 1 +absent$/m)
  expect(out).toMatch(
    /1 partition of api \(.*\) should have expired, but are kept because they are not archived\./,
  )
})

it('where the bytes are is told on request: by part, and the parts are all of it', async () => {
  indexer = await TestIndexer.start()
  const agent = await TestAgent.enrolled(indexer.url)
  await agent.send(indexer.url, agent.seal(Array.from({ length: 200 }, () => agent.event({}))))
  expect((await indexer.ask('/v1/storage')).json.parts).toBeUndefined()
  const { json } = await indexer.ask('/v1/storage?detail=true')
  const parts = json.parts as { part: string; bytes: number }[]
  const of = new Map(parts.map(({ part, bytes }) => [part, bytes]))
  for (const part of ['lines', 'terms', 'columns', 'ids', 'leaf hashes', 'waybills', 'records'])
    expect(of.get(part), part).toBeGreaterThan(0)
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(all / (json.bytes as number)).toBeGreaterThan(0.8)
  expect(all / (json.bytes as number)).toBeLessThan(1.2)
  // The second copy of content in a log belongs to no event.
  const { categories, otherBytes } = json as { categories: { bytes: number }[]; otherBytes: number }
  expect(otherBytes).toBeGreaterThan(of.get('write-ahead logs') ?? 0)
  expect(categories.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(600_000)
  const { out, code } = await waybill(['storage', '--detail'], { WAYBILL_URL: indexer.url, COLUMNS: '120' })
  expect(code).toBe(0)
  expect(out).toMatch(/^PART +SIZE +BYTES AN EVENT$/m)
  expect(out).toMatch(/^leaf hashes +\S+ \S+ +\d+\.\d$/m)
})

it('a reload takes up retention.yml; a wrong one is refused, and the old table goes on', async () => {
  indexer = await TestIndexer.start()
  const retention = join(indexer.folder, 'retention.yml')
  const searchableOfView = async (): Promise<unknown> => {
    const { categories } = (await indexer.ask('/v1/storage')).json as {
      categories: { category: string; searchable: number }[]
    }
    return categories.find(({ category }) => category === 'view')?.searchable
  }
  await writeFile(retention, 'view: { searchable: 7d }\n')
  await indexer.running.reload(indexer.config({ retention }))
  expect(await searchableOfView()).toBe(7 * DAY)
  await writeFile(retention, 'view: { searchable: 7d, archive: 1d }\n')
  await expect(indexer.running.reload(indexer.config({ retention }))).rejects.toThrow(
    'retention.yml:1: view.archive',
  )
  expect(await searchableOfView()).toBe(7 * DAY)
  const { events } = (await indexer.ask('/v1/search?q=action%3Aretention-change')).json as {
    events: object[]
  }
  expect(events).toMatchObject([{ audit: { changes: [{ field: 'view' }] } }])
})
