import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aggregateShape, fieldsShape, fieldValuesShape } from '../../schema/api/index.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'

let indexer: TestIndexer

beforeAll(async () => {
  indexer = await TestIndexer.start({
    read: 'token',
    tokens: [{ name: 'reader', token: 'r'.repeat(32), scopes: ['read'] }],
  })
  const agent = await TestAgent.enrolled(indexer.url)
  const events = ['jane', 'jane', 'Janet', 'john', 'jane', 'amir'].map((name, i) =>
    agent.event({ user: { name }, audit: { category: 'activity', record_count: (i + 1) * 10 } }),
  )
  await agent.send(indexer.url, agent.seal(events))
})
afterAll(() => indexer.end())

const headers = { authorization: `Bearer ${'r'.repeat(32)}` }
const MINE = 'action: login'
const counted = async (asked: object) => {
  const { status, json } = await indexer.ask('/v1/aggregate', { json: { q: MINE, ...asked }, headers })
  expect(status).toBe(200)
  return aggregateShape.strict().parse(json)
}
const refused = async (asked: object) =>
  (await indexer.ask('/v1/aggregate', { json: asked, headers })).json as Record<string, unknown>

describe('aggregate', () => {
  it('counts what a query finds, by values under their short names', async () => {
    const { count, split, partial } = await counted({ by: [{ kind: 'values', field: 'user', top: 2 }] })
    expect({ count, partial }).toEqual({ count: 6, partial: null })
    expect(split).toEqual({
      buckets: [
        { key: 'jane', count: 3 },
        { key: 'Janet', count: 1 },
      ],
      distinct: 4,
      others: 2,
      none: 0,
    })
  })

  it('counts by time, adds up, counts different values, and gives the last event', async () => {
    const { split, sums, distinct, latest } = await counted({
      from: '2026-01-01',
      to: '2026-01-02',
      by: [
        { kind: 'time', every: 'hour' },
        { kind: 'values', field: 'user.name' },
      ],
      sums: ['audit.record_count'],
      distinct: ['user'],
      latest: true,
    })
    expect(sums?.['audit.record_count']).toEqual({ values: 6, sum: 210, min: 10, max: 60, avg: 35 })
    expect(distinct).toEqual({ 'user.name': 4 })
    expect(latest).toMatchObject({ user: { name: 'amir' }, audit: { seal: { position: 5 } } })
    expect(split?.buckets[0]).toMatchObject({ key: Date.UTC(2026, 0, 1), count: 6, split: { distinct: 4 } })
  })

  it('says what is wrong with a question', async () => {
    expect(await refused({ q: 'user: (' })).toMatchObject({ status: 400, code: 'bad-query', column: 8 })
    expect(await refused({ by: [{ kind: 'values', field: 'usr' }] })).toMatchObject({
      status: 400,
      detail: 'There is no field usr; did you mean user?',
    })
    expect(await refused({ by: [{ kind: 'values', field: 'message' }] })).toMatchObject({
      status: 400,
      detail: 'message is a text, which has words to search, but no values to count',
    })
    expect(await refused({ by: [{ kind: 'hour-of-day', zone: 'Mars/North' }] })).toMatchObject({
      status: 400,
      detail: '"Mars/North" is not a time zone; write one such as Europe/Berlin or UTC',
    })
    expect(await refused({ from: 'yesterdy' })).toMatchObject({ status: 400 })
    expect(await refused({ every: 'day' })).toMatchObject({ status: 400 })
  })

  it('needs the right to read', async () => {
    const { status } = await indexer.ask('/v1/aggregate', { json: {} })
    expect(status).toBe(401)
  })
})

describe('fields', () => {
  it('are listed as the schema has them', async () => {
    const { json } = await indexer.ask('/v1/fields', { headers })
    const { fields } = fieldsShape.parse(json)
    expect(fields.find(({ name }) => name === 'user.name')).toMatchObject({ short: 'user', countable: true })
    expect(fields.find(({ name }) => name === 'message')).toMatchObject({ short: null, countable: false })
  })

  it('have values that begin as a person types, the most frequent first', async () => {
    const { json } = await indexer.ask('/v1/fields/user/values?prefix=JA&top=5', { headers })
    expect(fieldValuesShape.parse(json)).toEqual({
      field: 'user.name',
      values: [
        { value: 'jane', count: 3 },
        { value: 'Janet', count: 1 },
      ],
      distinct: 2,
      partial: null,
    })
    expect((await indexer.ask('/v1/fields/nobody/values', { headers })).status).toBe(400)
  })
})
