import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect, inject, test } from 'vitest'
import { LocalEngine } from './engines/elasticsearch.ts'
import { System, until } from './system/system.ts'

/** The engine of the other tests stays as it is: this one is killed. */
const canHaveOne = inject('engine').kind === 'maven'
const KILLS = process.env.WAYBILL_FULL === undefined ? 2 : 10
const RECORDS = 5_000 * (KILLS + 1)
/** MiB of batches that an indexer writes at once (`MOST_WRITING` in its store); far less than what is waiting in the file. */
const WRITING_MIB = 24
/** Their size as lines, as documents and as requests, together. */
const COPIES = 4
/**
 * As much again is garbage of former attempts, which V8 collects when it has nothing better to do. V8's young generation and what the
 * allocator keeps have up to 64 MiB each.
 */
const ROOM_MIB = 2 * COPIES * WRITING_MIB + 64 + 64

let system: System | undefined
let engine: LocalEngine | undefined
afterEach(async () => {
  await system?.end()
  await engine?.stop()
})

const line = (n: number): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), user: `user-${n % 50}`, action: 'update', message: `record ${n}`, more: 'x'.repeat(200) })}\n`

const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const readiness = async (url: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${url}/readyz`)
  return { status: answer.status, text: await answer.text() }
}

test.skipIf(!canHaveOne)(
  `Elasticsearch killed ${KILLS} times in the midst of writing: every event is stored once, the indexer goes on by itself (needs an engine of its own)`,
  { timeout: 180_000 + KILLS * 90_000 },
  async () => {
    engine = await LocalEngine.start()
    const { url, username, password } = engine.address
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const count = async (): Promise<number> => {
      const headers = { authorization, 'content-type': 'application/json' }
      await fetch(`${url}/waybill-*-default/_refresh?ignore_unavailable=true`, { method: 'POST', headers })
      const body = '{"query":{"match_phrase_prefix":{"audit.words":"record"}}}'
      const answer = await fetch(`${url}/waybill-*-default/_count`, { method: 'POST', headers, body })
      return answer.ok ? ((await answer.json()) as { count: number }).count : 0
    }
    system = await System.make()
    mkdirSync(system.logs)
    const own = system.path('indexer-own')
    const indexer = system.startIndexer(
      '',
      `elasticsearch: { nodes: ['${url}'], username: ${username}, password: ${password}, path: ${own} }`,
    )
    await system.ready()
    const atRest = residentMiB(indexer.pid!)
    for (let n = 0, text = ''; n < RECORDS; n++) {
      text += line(n)
      if (text.length < 1e6 && n + 1 < RECORDS) continue
      writeFileSync(system.path('logs', 'app.jsonl'), text, { flag: 'a' })
      text = ''
    }
    system.writeAgentConfig(`  - file: { paths: ["${system.logs}/*.jsonl"], integration: generic-json }`)
    system.startAgent()

    let most = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      const before = await count().catch(() => 0)
      await until('some more is stored', async () => (await count()) > before + 2_000)
      await engine.kill()
      const told = await until('the indexer says what is wrong', async () => {
        const answer = await readiness(system!.url)
        return answer.status === 503 ? answer.text : null
      })
      expect(told).toContain('Elasticsearch')
      // All that the agent may have on its way has come by then, and is waiting or was refused.
      const watched = setInterval(() => (most = Math.max(most, residentMiB(indexer.pid!))), 100)
      await engine.resume()
      await until('the indexer is ready again', async () => (await readiness(system!.url)).status === 200)
      clearInterval(watched)
    }

    const { total } = await until(
      'all is acknowledged',
      async () => {
        const status = await system!.status()
        return status.total.read === RECORDS && status.total.pending === 0 ? status : null
      },
      150_000,
    )
    expect(total).toMatchObject({ stored: RECORDS, duplicate: 0, dead: 0, quarantined: 0 })
    expect(await count()).toBe(RECORDS)
    expect(indexer.exitCode).toBeNull()
    expect(most, `${atRest} MiB at rest`).toBeLessThan(atRest + ROOM_MIB)
    const numbers = (await system.events('message: record')).map((event) => Number(event.message?.slice(7)))
    expect(new Set(numbers).size).toBe(RECORDS)
    expect(numbers).toHaveLength(RECORDS)
  },
)
