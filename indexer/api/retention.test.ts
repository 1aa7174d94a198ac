import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { askAt, TestAgent, TestIndexer } from '../ingest/testing.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
let indexer: TestIndexer
afterEach(() => indexer.end())

type Table = Record<string, Record<string, string>>
const retention = async () =>
  (await indexer.ask('/v1/retention')).json as {
    table: Table
    origin: string
    version: number
    changed: { by: string } | null
    earlier: { table: Table }[]
  }
const changesOf = async (): Promise<object[]> =>
  ((await indexer.ask('/v1/search?q=action%3Aretention-change&sort=oldest')).json as { events: object[] })
    .events

it('the table can be edited; first it shows what it would remove, and each change has its author', async () => {
  let now = START
  indexer = await TestIndexer.start(
    { tokens: [{ name: 'olga', token: 'a-token-of-olga-123', scopes: ['read', 'manage'] }] },
    { clock: () => now },
  )
  const headers = { authorization: 'Bearer a-token-of-olga-123' }
  const agent = await TestAgent.enrolled(indexer.url)
  await agent.send(indexer.url, agent.seal([agent.event({ audit: { category: 'view' } })]))
  now = START + 12 * DAY
  const { table, origin, version } = await retention()
  expect([origin, version, table.view]).toEqual([
    'file',
    0,
    { searchable: '30d', archive: 'none', warm: 'none', cold: 'none' },
  ])
  const shorter = { ...table, view: { ...table.view, searchable: '7d' } }
  const preview = await askAt(indexer.url, '/v1/retention/preview', { json: { table: shorter }, headers })
  expect(preview.json).toMatchObject({
    changes: [
      { category: 'view', before: 'searchable 30d, archive none', after: 'searchable 7d, archive none' },
    ],
    removed: [{ category: 'view', events: 1 }],
    waiting: [],
  })
  expect(await changesOf()).toEqual([])
  const put = (body: object) => askAt(indexer.url, '/v1/retention', { method: 'PUT', json: body, headers })
  expect((await put({ table: shorter, version: 0 })).json).toMatchObject({
    origin: 'console',
    version: 1,
    changed: { by: 'olga' },
    table: { view: { searchable: '7d' } },
  })
  expect(await changesOf()).toMatchObject([
    { user: { name: 'olga' }, audit: { changes: [{ field: 'view', new: 'searchable 7d, archive none' }] } },
  ])
  // Somebody else had the same page open.
  expect((await put({ table, version: 0 })).status).toBe(412)
  await indexer.stop()
  await indexer.run()
  expect((await retention()).table.view?.searchable).toBe('7d')
  const reset = { method: 'PUT' as const, json: { table: null, version: 1 } }
  expect((await indexer.ask('/v1/retention', reset)).json).toMatchObject({ origin: 'file', version: 2 })
  const back = await retention()
  expect(back.table.view?.searchable).toBe('30d')
  expect(back.earlier).toMatchObject([{ by: 'olga', table: { view: { searchable: '7d' } } }])
})

it('an edited table counts before the one of the file, whatever a reload brings', async () => {
  indexer = await TestIndexer.start()
  const { table } = await retention()
  const longer = { ...table, view: { ...table.view, searchable: '60d' } }
  await indexer.ask('/v1/retention', { method: 'PUT', json: { table: longer, version: 0 } })
  const file = join(indexer.folder, 'retention.yml')
  await writeFile(file, 'view: { searchable: 7d }\n')
  await indexer.running.reload(indexer.config({ retention: file }))
  expect((await retention()).table.view?.searchable).toBe('60d')
  await indexer.ask('/v1/retention', { method: 'PUT', json: { table: null, version: 1 } })
  expect((await retention()).table.view?.searchable).toBe('7d')
})

it.each([
  ['a time that is none', { searchable: 'soon' }, 'view.searchable'],
  ['an archive that ends before the searchable time', { archive: '5d' }, 'view.archive'],
  ['less than ten minutes', { searchable: '1m' }, 'view.searchable'],
])('%s is refused with its place, and nothing changes', async (_, wrong, place) => {
  indexer = await TestIndexer.start()
  const { table } = await retention()
  const answer = await indexer.ask('/v1/retention', {
    method: 'PUT',
    json: { table: { ...table, view: { ...table.view, ...wrong } }, version: 0 },
  })
  expect(answer.status).toBe(400)
  expect((answer.json as { detail: string }).detail).toContain(place)
  expect((await retention()).origin).toBe('file')
})

it('only those who may change settings may edit it', async () => {
  indexer = await TestIndexer.start({
    tokens: [{ name: 'reader', token: 'a-token-of-reader-1', scopes: ['read'] }],
    manage: 'token',
  })
  const { table } = (
    await askAt(indexer.url, '/v1/retention', { headers: { authorization: 'Bearer a-token-of-reader-1' } })
  ).json as { table: Table }
  for (const [path, method] of [
    ['/v1/retention/preview', 'POST'],
    ['/v1/retention', 'PUT'],
  ] as const) {
    const headers = { authorization: 'Bearer a-token-of-reader-1' }
    const json = { table, ...(method === 'PUT' && { version: 0 }) }
    expect((await askAt(indexer.url, path, { method, json, headers })).status).toBe(403)
  }
})
