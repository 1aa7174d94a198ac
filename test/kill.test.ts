import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { freePort, kill, System, until } from './system/system.ts'

const KILLS = process.env.WAYBILL_FULL === undefined ? 10 : 200
const RECORDS = KILLS * 600

let system: System | undefined
afterEach(async () => {
  await system?.end()
})

/** Reproducible, so that a failure can be run again. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

it(`agent and indexer killed ${KILLS} times at random moments: every record is stored, each once, and the account adds up at every moment`, {
  timeout: KILLS * 6000 + 120_000,
}, async () => {
  const seed = Number(process.env.WAYBILL_SEED ?? Date.now() % 1_000_000)
  const random = chance(seed)
  system = await System.make()
  mkdirSync(system.logs)
  const metrics = `http://127.0.0.1:${await freePort()}`
  system.writeAgentConfig(`  - file: { paths: ["${system.logs}/app.jsonl*"], integration: generic-json }`, {
    more: `reading: { sweep: 500ms }\nmetrics: { listen: '${metrics}' }`,
  })
  system.watchAccount('agent', { metrics, atMost: RECORDS })
  let indexer = system.startIndexer()
  await system.ready()
  let agent = system.startAgent()
  const writer = system.start('writer', [
    '@test/system/writer.ts',
    `${system.logs}/app.jsonl`,
    String(RECORDS),
    '8',
    '1700',
  ])

  for (let n = 0; n < KILLS; n++) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1300))
    if (random() < 0.6) {
      await kill(agent, 'SIGKILL')
      agent = system.startAgent()
    } else {
      await kill(indexer, 'SIGKILL')
      indexer = system.startIndexer()
    }
  }
  if (writer.exitCode === null) await once(writer, 'exit')
  await system.ready()

  const expected = RECORDS
  const events = await until(
    `seed ${seed}: ${expected} events are stored`,
    async () => {
      const found = await system!.events()
      const records = found.filter((event) => event.message?.startsWith('record '))
      return records.length >= expected ? records : null
    },
    60_000,
  )
  const numbers = events.map((event) => Number(event.message?.slice('record '.length))).sort((a, b) => a - b)
  expect(numbers, `seed ${seed}`).toEqual(Array.from({ length: RECORDS }, (_, n) => n))

  const status = await until('everything is acknowledged', async () => {
    const now = await system!.status()
    return now.shipping.spooledBatches === 0 ? now : null
  })
  const { read, stored, duplicate, filtered, dead, quarantined, discarded, pending } = status.total
  expect(read).toBe(RECORDS)
  expect(stored + duplicate + filtered + dead + quarantined + discarded + pending).toBe(read)
  expect(status.total).toMatchObject({ stored: RECORDS, duplicate: 0, dead: 0, quarantined: 0 })
  expect(await system.accountWatched()).toBeGreaterThan(KILLS)
})
