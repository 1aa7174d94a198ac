import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, inject, test } from 'vitest'
import { freePort } from '../test/system/system.ts'
import { indexerConfigSchema } from './config.ts'
import { askAt, until } from './ingest/testing.ts'
import { startIndexer } from './server.ts'
import { TestCluster } from './store/elasticsearch/testing/engine.ts'
import { Way } from './store/elasticsearch/testing/way.ts'

const cluster = new TestCluster()
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await cluster.remove()
})

test.each([
  { name: 'does not answer', refusal: null, says: 'does not answer correctly' },
  { name: 'does not know the key', refusal: 401, says: 'refuses the indexer' },
  { name: 'has no master', refusal: 503, says: 'does not answer correctly' },
])(
  'an indexer whose cluster $name starts, says why it waits, and goes on by itself when that is over',
  async ({ refusal, says }) => {
    const namespace = await cluster.make()
    const way = await Way.open()
    ends.push(() => way.close())
    const type = refusal === 401 ? 'security_exception' : 'master_not_discovered_exception'
    way.meets = async (_asked, _pass, response) => {
      if (refusal === null) return void response.destroy()
      response.writeHead(refusal, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { type, reason: 'unable to authenticate' }, status: refusal }))
    }
    const folder = await mkdtemp(join(tmpdir(), 'waybill-start-'))
    ends.push(() => rm(folder, { recursive: true, force: true }))
    const url = `http://127.0.0.1:${await freePort()}`
    const { username, password } = inject('engine')
    const config = indexerConfigSchema.parse({
      listen: url,
      namespace,
      read: 'open-on-loopback',
      store: { elasticsearch: { nodes: [way.node], username, password, path: folder } },
    })
    const stopped = new AbortController()
    const started = startIndexer(config, { log: pino({ level: 'silent' }) }, stopped.signal)
    // Also where the test fails before the store is there.
    ends.push(async () => {
      stopped.abort()
      await (await started)?.close()
    })
    const waiting = await until(
      () => askAt(url, '/readyz').catch(() => null),
      (answer) => answer !== null,
    )
    expect(waiting).toMatchObject({ status: 503, json: { detail: expect.stringContaining(says) } })
    way.meets = (_asked, pass) => pass()
    expect(await started).not.toBeNull()
    expect(await askAt(url, '/readyz')).toMatchObject({ status: 200, json: { ready: true } })
  },
)
