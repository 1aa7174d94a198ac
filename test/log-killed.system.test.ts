import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { TestAgent } from '../indexer/ingest/testing.ts'
import { plainLog, rootOfEntries } from '../indexer/log/testing/plain-reader.ts'
import { kill, System, until } from './system/system.ts'

const KILLS = process.env.WAYBILL_FULL === undefined ? 8 : 100
const AGENTS = 3

let system: System | undefined
afterEach(() => system?.end())

test(`${KILLS} times kill -9 of the indexer while waybills come: each is in the log once, and all checkpoints are consistent`, {
  timeout: 120_000 + KILLS * 15_000,
}, async () => {
  const running = await System.make()
  system = running
  const settings = 'transparency-log: { origin: audit.example/waybill, every: 100ms }\n'
  const folder = running.path('store', 'log')
  let indexer = running.startIndexer(settings)
  await running.ready()
  const agents = [await TestAgent.enrolled(running.url)]
  for (let i = 1; i < AGENTS; i++) {
    const answer = await fetch(`${running.url}/v1/agents/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    agents.push(await TestAgent.enrolled(running.url, ((await answer.json()) as { token: string }).token))
  }
  const acknowledged = new Set<string>()
  /** Every checkpoint that anybody could have seen. */
  const seen = new Map<string, string>()
  let isOver = false

  /** As an agent does: the same bytes again until they are acknowledged. */
  const sending = agents.map(async (agent) => {
    while (!isOver) {
      const sealed = agent.seal(agent.events(2))
      for (;;) {
        const status = await agent.send(running.url, sealed).then(
          (answer) => answer.status,
          () => 0,
        )
        if (status === 200) break
        if (status !== 0 && status < 429) throw new Error(`a waybill was refused: ${status}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      acknowledged.add(`${agent.id} ${sealed.manifest.sequence} ${sealed.hash}`)
    }
  })
  const watching = (async () => {
    while (!isOver) {
      try {
        const checkpoint = readFileSync(`${folder}/checkpoint`, 'utf8')
        seen.set(checkpoint.split('\n').slice(0, 3).join('\n'), checkpoint)
      } catch {
        // Not there yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  for (let round = 0; round < KILLS; round++) {
    const before = seen.size
    await until('some checkpoints', () => seen.size > before + 1 + (round % 3))
    // Another moment each time.
    await new Promise((resolve) => setTimeout(resolve, (round * 37) % 110))
    await kill(indexer, 'SIGKILL')
    indexer = running.startIndexer(settings)
    await running.ready()
  }
  isOver = true
  await Promise.all([...sending, watching])
  const known = (): string[] =>
    plainLog(folder).entries.map((entry) => {
      const { agent, sequence, manifest } = JSON.parse(entry) as Record<string, string | number>
      return `${agent} ${sequence} ${manifest}`
    })
  await until('all acknowledged waybills are in the log', () => {
    const all = new Set(known())
    return [...acknowledged].every((one) => all.has(one))
  })
  await kill(indexer, 'SIGTERM')
  const all = known()
  expect(new Set(all).size).toBe(all.length)
  expect(acknowledged.size).toBeGreaterThan(KILLS)
  const ofAgents = all.filter((one) => agents.some(({ id }) => one.startsWith(`${id} `)))
  expect(ofAgents.toSorted()).toEqual([...acknowledged].toSorted())
  // Of each size there was one root, and it is that of the final log.
  const { entries } = plainLog(folder)
  const heads = [...seen.keys()].map((head) => head.split('\n') as [string, string, string])
  expect(heads.length).toBeGreaterThan(2 * KILLS)
  for (const [origin, size, root] of heads)
    expect([origin, rootOfEntries(entries.slice(0, Number(size)))]).toEqual(['audit.example/waybill', root])
})
