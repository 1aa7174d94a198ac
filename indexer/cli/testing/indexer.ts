import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { isRecord } from '../../../schema/index.ts'
import { type SettingsGiven, TestAgent, TestIndexer } from '../../ingest/testing.ts'
import type { IndexerParts } from '../../server.ts'

type Members = Readonly<Record<string, unknown>>

/** A real indexer for the tests of a file, and an agent whose events it stores. */
export async function startWithAgent(settings: SettingsGiven = {}, parts: Partial<IndexerParts> = {}) {
  const indexer = await TestIndexer.start(settings, parts)
  const agent = await TestAgent.enrolled(indexer.url)
  /** Stores events in one waybill, in this order. Members that are not given are those of any event. */
  const store = async (...events: readonly Members[]): Promise<void> => {
    const sealed = agent.seal(events.map((members) => merged(agent.event(), members)))
    const { status, text, json } = await agent.send(indexer.url, sealed)
    if (status !== 200 || json.stored !== events.length) throw new Error(`not stored: ${status} ${text}`)
  }
  return { indexer, agent, store }
}

const merged = (event: Members, given: Members): Members => ({
  ...event,
  ...Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const before = event[name]
      return [name, isRecord(value) && isRecord(before) ? { ...before, ...value } : value]
    }),
  ),
})

/** Address of a server for this test, for what no indexer answers, or not when a test wants it. */
export async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
