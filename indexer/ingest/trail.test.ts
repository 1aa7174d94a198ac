import { createPublicKey } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { askAt, TestAgent, TestIndexer } from './testing.ts'

let indexer: TestIndexer
afterEach(() => indexer.end())

interface Act {
  message: string
  event: { id: string; action: string; outcome: string; sequence: number }
  user: { name: string }
  source?: { ip: string }
  audit: {
    category: string
    entity?: { id: string }
    seal: { agent: string; incarnation: string; sequence: number }
  }
}
/** Leaves out readings, and the creation of the first admin at the first start. */
const OPERATED = 'source: waybill and not category: view and not action: user-create'
const acts = async (): Promise<Act[]> =>
  (await indexer.ask(`/v1/search?q=${encodeURIComponent(OPERATED)}&sort=oldest`)).json.events as Act[]

it('what an operator changes stands in the audit trail, with who did it and from where', async () => {
  indexer = await TestIndexer.start({
    tokens: [{ name: 'olga', token: 'a-token-of-olga-123', scopes: ['manage'] }],
  })
  const agent = await TestAgent.enrolled(indexer.url)
  const headers = { authorization: 'Bearer a-token-of-olga-123' }
  await askAt(indexer.url, '/v1/agents/tokens', { json: {}, headers })
  const { json } = await agent.send(indexer.url, agent.sealLines(['one', 'two'], { sequence: 1 }))
  expect(json.dead).toBe(2)
  const { letters } = (await indexer.ask('/v1/dead-letters')).json as { letters: { id: string }[] }
  const [one, two] = letters.map(({ id }) => id)
  await askAt(indexer.url, `/v1/dead-letters/${one}/replay`, { method: 'POST', headers })
  expect((await askAt(indexer.url, `/v1/dead-letters/${two}`, { method: 'DELETE', headers })).status).toBe(
    204,
  )
  await askAt(indexer.url, `/v1/agents/${agent.id}/revoke`, { method: 'POST', headers })
  const config = indexer.config({ log: { level: 'warn' } })
  await indexer.running.reload(config)

  expect(
    (await acts()).map(({ event, user, audit }) => [event.action, event.outcome, user.name, audit.category]),
  ).toEqual([
    ['agent-enroll', 'success', 'agent', 'security'],
    ['enrol-token-create', 'success', 'olga', 'security'],
    ['dead-letter-replay', 'unknown', 'olga', 'system'],
    ['dead-letter-replay', 'failure', 'olga', 'system'],
    ['dead-letter-discard', 'success', 'olga', 'system'],
    ['agent-revoke', 'success', 'olga', 'security'],
    ['settings-reload', 'success', 'operator', 'system'],
  ])
  expect((await acts())[5]).toMatchObject({
    source: { ip: '127.0.0.1' },
    audit: { entity: { id: agent.id } },
  })
  const waybills = (await acts()).map(({ audit }) => audit.seal.sequence)
  expect(waybills).toEqual(waybills.toSorted((a, b) => a - b))
  expect(new Set(waybills).size).toBe(7)
})

it('its chain goes on after a restart, with the same key, which only its user can read', async () => {
  indexer = await TestIndexer.start()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  await indexer.stop()
  await indexer.run()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  const seals = (await acts()).map(({ audit }) => audit.seal)
  const [before = 0, after = 0] = seals.map(({ sequence }) => sequence)
  expect(after).toBeGreaterThan(before)
  expect(new Set(seals.map(({ agent, incarnation }) => agent + incarnation)).size).toBe(1)
  const file = join(indexer.folder, 'store', 'indexer-key.pem')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(createPublicKey(await readFile(file)).asymmetricKeyType).toBe('ed25519')
})

it("the indexer's own agent is not among those of hosts", async () => {
  indexer = await TestIndexer.start()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  expect((await indexer.ask('/v1/agents')).json).toEqual({ agents: [] })
  const own = (await acts())[0]?.audit.seal.agent
  expect((await indexer.ask(`/v1/agents/${own}/revoke`, { method: 'POST' })).status).toBe(404)
})

it('acts at the same moment each have their event', async () => {
  indexer = await TestIndexer.start()
  await Promise.all(Array.from({ length: 20 }, () => indexer.ask('/v1/agents/tokens', { json: {} })))
  const ids = new Set((await acts()).map(({ event }) => event.id))
  expect(ids.size).toBe(20)
})

it('a crash within the writing of an event loses neither it nor the next one, and tells none twice', async () => {
  indexer = await TestIndexer.start()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  await indexer.stop()
  const store = join(indexer.folder, 'store')
  const copy = await mkdtemp(join(tmpdir(), 'waybill-control-'))
  const isControl = (name: string): boolean => name.startsWith('control.db')
  for (const name of (await readdir(store)).filter(isControl)) await cp(join(store, name), join(copy, name))
  await indexer.run()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  await indexer.stop()
  // The process ended between the store's two transactions: only the partition has the event.
  for (const name of (await readdir(store)).filter(isControl)) await rm(join(store, name))
  for (const name of await readdir(copy)) await cp(join(copy, name), join(store, name))
  await rm(copy, { recursive: true })
  await indexer.run()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  const created = (await acts()).filter(({ event }) => event.action === 'enrol-token-create')
  expect(created).toHaveLength(3)
  expect(new Set(created.map(({ event }) => event.id)).size).toBe(3)
  const seals = created.map(({ audit }) => audit.seal)
  expect(new Set(seals.map(({ sequence }) => sequence)).size).toBe(3)
  expect(new Set(seals.map(({ incarnation }) => incarnation)).size).toBe(1)
})

it('a damaged file of the last sealed events does not stop the indexer, and the log says what may be missing', async () => {
  indexer = await TestIndexer.start()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  await indexer.stop()
  await writeFile(join(indexer.folder, 'store', 'own.waybill'), 'nothing of the kind')
  await indexer.run()
  await indexer.ask('/v1/agents/tokens', { json: {} })
  expect((await acts()).filter(({ event }) => event.action === 'enrol-token-create')).toHaveLength(2)
})
