import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { TestAgent } from '../indexer/ingest/testing.ts'
import { type JobShape, jobShape, jobsShape } from '../schema/api/index.ts'
import { kill, System, until } from './system/system.ts'

const KILLS = process.env.WAYBILL_FULL === undefined ? 6 : 60
const EVENTS = 20_000
const BATCH = 2000

let system: System | undefined
afterEach(() => system?.end())

test(`${KILLS} times kill -9 of the indexer while it makes exports: each is made in the end, and no half file is ever offered`, {
  timeout: 120_000 + KILLS * 20_000,
}, async () => {
  const running = await System.make()
  system = running
  const folder = running.path('store', 'reports')
  let indexer = running.startIndexer()
  await running.ready()
  const agent = await TestAgent.enrolled(running.url)
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    const { status, text } = await agent.send(running.url, agent.seal(agent.events(BATCH)))
    expect(status, text).toBe(200)
  }

  const ask = async (path: string, body?: object): Promise<Response> =>
    fetch(`${running.url}${path}`, {
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
  const jobs = async (): Promise<JobShape[]> => jobsShape.parse(await (await ask('/v1/jobs')).json()).jobs

  /** Everything that is offered is whole, and as it was recorded. */
  async function offered(): Promise<number> {
    let files = 0
    for (const { id, state, files: all } of await jobs()) {
      if (state !== 'done') expect(all).toEqual([])
      for (const { name, bytes, sha256, rows } of all) {
        const content = Buffer.from(await (await ask(`/v1/jobs/${id}/files/${name}`)).arrayBuffer())
        expect([content.length, rows]).toEqual([bytes, EVENTS])
        expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
        files++
      }
    }
    return files
  }

  const asked: string[] = []
  let again = 0
  for (let round = 0; round < KILLS; round++) {
    const body = { makes: 'export', export: { q: 'action: login' }, formats: ['csv', 'ndjson'] }
    const answer = await ask('/v1/jobs', body)
    expect(answer.status).toBe(201)
    const { id } = jobShape.parse(await answer.json())
    asked.push(id)
    await until('it is being made', () => readdirSync(folder).some((name) => name.startsWith(id)))
    // Another moment each time, up to its end.
    await pause((round * 173) % 900)
    await kill(indexer, 'SIGKILL')
    const restarted = Date.now()
    indexer = running.startIndexer()
    await running.ready()
    await offered()
    await expect.poll(async () => (await jobs()).every(({ state }) => state === 'done')).toBe(true)
    again += (await jobs()).filter(({ begun }) => (begun ?? 0) >= restarted).length
  }
  // Most kills came in the middle.
  expect(again).toBeGreaterThan(KILLS / 3)
  expect((await jobs()).map(({ id }) => id).toSorted()).toEqual(asked.toSorted())
  expect(await offered()).toBe(2 * KILLS)
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
  expect(existsSync(folder)).toBe(true)
  await kill(indexer, 'SIGTERM')
})
