import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Agent } from '../../agent/agent.ts'
import { readAgentConfig } from '../../agent/config.ts'
import { type Mood, replay } from './disk.ts'
import { chanceOf, newFolder, seedOf } from './folders.ts'
import { configFile, RECORDS, type Recorded, recordAgent } from './recorded-agent.ts'
import { whyNotTraced } from './trace.ts'

const CUTS = process.env.WAYBILL_FULL === undefined ? 15 : 500
const reason = whyNotTraced()

/** Starts an agent on what a cut left: it reads and ships all that is left, without help. */
async function check(record: Recorded, copy: string, at: number, what: string): Promise<void> {
  const sink = await record.sink.twin(at)
  const config = configFile(copy, join(copy, 'agent-data'), record.logs, sink.url, 0)
  const said: string[] = []
  const log = pino({ level: 'warn' }, { write: (text: string) => said.push(text) })
  const agent = await Agent.open(config, await readAgentConfig(config), log, { patience: null })
  try {
    const done = await agent.runOnce(AbortSignal.timeout(300_000))
    // Where it waits for something that does not come, what it says of itself tells for what.
    expect(done, `${what}: ${said.join('')}${done ? '' : JSON.stringify(agent.status())}`).toBe(true)
    const { total } = agent.status()
    const { read, stored, duplicate, filtered, dead, quarantined, discarded, pending } = total
    expect(read, `${what}: ${JSON.stringify(total)}`).toBe(
      stored + duplicate + filtered + dead + quarantined + discarded + pending,
    )
    const files = agent
      .status()
      .sources.filter(({ path }) => path.startsWith(record.logs))
      .reduce((sum, { ledger }) => sum + ledger.read, 0)
    expect({ files, duplicate, pending, forks: sink.forks() }, `${what}: ${said.join('')}`).toEqual({
      files: RECORDS,
      duplicate: 0,
      pending: 0,
      forks: 0,
    })
    // Each record is stored once, under one id; what is in quarantine waits there.
    const messages = read - RECORDS
    expect(sink.ids.size + quarantined - messages, `${what}: ${said.join('')}`).toBeGreaterThanOrEqual(
      RECORDS,
    )
  } finally {
    await agent.close()
    await sink.close()
  }
}

describe.skipIf(reason !== null)('the power of an agent’s machine goes, while it reads and ships', () => {
  let record: Recorded
  beforeAll(async () => {
    if (reason === null) record = await recordAgent(newFolder)
  }, 300_000)

  it(`${CUTS} times at random: it goes on without help, every record is stored, and none twice`, {
    timeout: 600_000 + CUTS * 15_000,
  }, async () => {
    onTestFinished(() => record.sink.close())
    const seed = seedOf()
    const chance = chanceOf(seed)
    const cuts = new Set<number>()
    const moments = record.calls.filter((call) => record.disk.concerns(call)).length * 2
    while (cuts.size < CUTS) cuts.add(Math.floor(chance() * moments))
    const copies = newFolder()
    let step = 0
    let cut = 0
    // The indexer knows what it had answered by then, which is at least what the agent had seen.
    let now = 0
    await replay(record.disk, record.calls, async (_, call) => {
      now = Math.max(now, call.time * 1000)
      if (!record.disk.concerns(call) || !cuts.has(step++)) return
      const mood: Mood = chance() < 0.25 ? 'nothing' : chance() < 0.1 ? 'everything' : 'some'
      const copy = join(copies, String(cut++))
      mkdirSync(copy)
      record.disk.cut(copy, mood, chance)
      const what = `seed ${seed}, cut ${cut} at call ${call.begin} (${call.name} ${call.paths[0] ?? call.target}), ${mood}`
      await check(record, copy, now, what)
      rmSync(copy, { recursive: true })
    })
    expect(cut).toBe(CUTS)
  })
})
