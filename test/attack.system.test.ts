import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { personAt } from '../indexer/api/testing/people.ts'
import { askAt, TestAgent } from '../indexer/ingest/testing.ts'
import { type Attack, type AttackGround, WATCHER } from './attacks/attack.ts'
import { READERS } from './attacks/readers.ts'
import { SHARES } from './attacks/shares.ts'
import { WRITERS } from './attacks/writers.ts'
import { eventsAt } from './pages.ts'
import { System } from './system/system.ts'

/**
 * `npm run test:attack`: every known attack on a running indexer, one line each. Attacks on a sign-in at a provider and on certificates need
 * a provider and TLS: they are in indexer/api/provider.test.ts and test/agent-certificates.test.ts, which the same command runs.
 */
const ATTACKS = { 'who may write what': WRITERS, 'who may read what': READERS, 'fair shares': SHARES }

let system: System
let ground: AttackGround

beforeAll(async () => {
  system = await System.make()
  // A quota that one agent can exceed in a second; and attackers who come from wherever they say, through this machine.
  system.startIndexer(
    `proxies: [127.0.0.1]\nmasked: { manager: [source.ip] }\nagents: { quota: { events: 2000 } }\ntokens: [{ name: watcher, token: ${WATCHER}, scopes: [alerts] }]\n`,
  )
  await system.ready()
  const { url, port } = system
  const ask: AttackGround['ask'] = (path, options) => askAt(url, path, options)
  let number = 0
  ground = {
    url,
    port,
    ask,
    async operator() {
      const file = await readFile(system.path('store/local-token'), 'utf8')
      return { authorization: `Bearer ${(JSON.parse(file) as { token: string }).token}` }
    },
    async agent() {
      const { json } = await ask('/v1/agents/tokens', { json: {} })
      const name = `attack-${++number}`
      return TestAgent.enrolled(url, String(json.token), { name, host: `${name}.example` })
    },
    async person(role, limits = {}) {
      const name = `reader-${++number}`
      return Object.assign(await personAt({ url }, await ground.operator(), { name, role, limits }), { name })
    },
    async events(query) {
      return eventsAt((path) => ask(path), `/v1/search?limit=1000&q=${encodeURIComponent(query)}`)
    },
  }
})
afterAll(() => system.end())

const begun = new Map<Attack, Promise<void>>()
beforeAll(() => {
  for (const attack of Object.values(ATTACKS).flat()) {
    if (attack.waits !== true) continue
    const running = attack.run(ground)
    // Its own test tells how it went.
    running.catch(() => undefined)
    begun.set(attack, running)
  }
})

for (const [whom, attacks] of Object.entries(ATTACKS))
  describe(whom, () => {
    for (const attack of attacks) it(attack.name, () => begun.get(attack) ?? attack.run(ground))
  })
