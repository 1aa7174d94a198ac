import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AgentStatus } from '../../agent/agent.ts'
import { Agent } from '../../agent/agent.ts'
import { readAgentConfig } from '../../agent/config.ts'
import { askAgent, askStatus } from '../../agent/control.ts'
import { type Sink, startSink } from '../sink/server.ts'
import { freePort, until } from '../system/system.ts'
import { Disk, type Mood, replay } from './disk.ts'
import { chanceOf, newFolder, seedOf } from './folders.ts'
import { type Call, readTrace, traced, whyNotTraced } from './trace.ts'

const CUTS = process.env.WAYBILL_FULL === undefined ? 15 : 500
const RECORDS = 600
const reason = whyNotTraced()
const ROOT = join(import.meta.dirname, '../..')

const line = (n: number): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), user: `user-${n % 7}`, action: 'update', message: `record ${n}` })}\n`

function configFile(folder: string, data: string, logs: string, indexer: string, port: number): string {
  const file = join(folder, 'agent.yml')
  writeFileSync(
    file,
    `agent: { name: agent, data: ${data} }
indexers: ['${indexer}']
reading: { sweep: 200ms }
inputs:
  - file: { paths: ['${logs}/app.jsonl*'], integration: generic-json }
  - syslog: { tcp: '127.0.0.1:${port}' }
`,
  )
  return file
}

interface Recorded {
  readonly sink: Sink
  readonly logs: string
  readonly calls: readonly Call[]
  readonly disk: Disk
}

/** An agent that reads a file that is written and rotated, and messages by syslog, through two lives, with an indexer that is not always well. */
async function recorded(): Promise<Recorded> {
  const root = newFolder()
  const folder = newFolder()
  const logs = newFolder()
  const sink = await startSink({ remember: true })
  const data = join(root, 'agent-data')
  const port = await freePort()
  const config = configFile(folder, data, logs, sink.url, port)
  const disk = new Disk(root)
  const calls: Call[] = []
  let written = 0
  const status = async (): Promise<AgentStatus | null> => {
    const answer = await askStatus(data).catch(() => null)
    return answer?.enrolled === true ? answer : null
  }
  for (let life = 0; life < 2; life++) {
    const file = join(folder, `calls-${life}`)
    const agent = traced([join(ROOT, 'bin/waybill-agent.js'), 'run', '--config', config], file, folder)
    await until('the agent answers', status)
    const refused = life === 0 ? 3 : 0
    sink.fault(({ manifest, request }) => {
      if (manifest.sequence === refused) return { kind: 'answer', status: 422 }
      if (request % 7 === 3) return { kind: 'answer', status: 503 }
      return request % 11 === 5 ? { kind: 'lose-answer' } : null
    })
    const socket = connect(port, '127.0.0.1')
    for (const end = (RECORDS / 2) * (life + 1); written < end; ) {
      for (let i = 0; i < 10; i++) appendFileSync(join(logs, 'app.jsonl'), line(written++))
      socket.write(`<86>1 2026-01-22T10:00:00Z host su 1 - - message ${written}\n`)
      if (written % 100 === 0) renameSync(join(logs, 'app.jsonl'), join(logs, `app.jsonl.${written}`))
      await pause(30)
    }
    await until('all is settled', async () => {
      const now = await status()
      return now !== null && now.total.read >= written && now.shipping.spooledBatches === 0 ? now : null
    })
    if (life === 0) {
      sink.fault(null)
      const held = [...(await import('../../agent/ship/index.ts').then((ship) => ship.listQuarantine(data)))]
      expect(held).toHaveLength(1)
      await askAgent(data, 'POST', `/quarantine/${held[0]!.batch}/retry`)
      await until('it is sent again', async () => (await status())?.total.pending === 0)
    }
    socket.destroy()
    await agent.kill(life === 0 ? 'SIGTERM' : 'SIGKILL')
    calls.push(...(await readTrace(file, folder, (calls.at(-1)?.begin ?? 0) + 1_000_000)))
  }
  return { sink, logs, calls, disk }
}

/** Starts an agent on what a cut left: it reads and ships all that is left, without help. */
async function check(record: Recorded, copy: string, at: number, what: string): Promise<void> {
  const sink = await record.sink.twin(at)
  const config = configFile(copy, join(copy, 'agent-data'), record.logs, sink.url, 0)
  const said: string[] = []
  const log = pino({ level: 'warn' }, { write: (text: string) => said.push(text) })
  const agent = await Agent.open(config, await readAgentConfig(config), log, { patience: null })
  try {
    expect(await agent.runOnce(AbortSignal.timeout(60_000)), `${what}: ${said.join('')}`).toBe(true)
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
    if (reason === null) record = await recorded()
  })

  it(`${CUTS} times at random: it goes on without help, every record is stored, and none twice`, {
    timeout: 60_000 + CUTS * 15_000,
  }, async () => {
    onTestFinished(() => record.sink.close())
    const seed = seedOf()
    const chance = chanceOf(seed)
    const cuts = new Set<number>()
    while (cuts.size < CUTS) cuts.add(Math.floor(chance() * record.calls.length * 2))
    const copies = newFolder()
    let step = 0
    let cut = 0
    await replay(record.disk, record.calls, async (_, call) => {
      if (!cuts.has(step++)) return
      const mood: Mood = chance() < 0.25 ? 'nothing' : chance() < 0.1 ? 'everything' : 'some'
      const copy = join(copies, String(cut++))
      mkdirSync(copy)
      record.disk.cut(copy, mood, chance)
      const what = `seed ${seed}, cut ${cut} at call ${call.begin} (${call.name} ${call.paths[0] ?? call.target}), ${mood}`
      await check(record, copy, call.time * 1000, what)
      rmSync(copy, { recursive: true })
    })
    expect(cut).toBe(CUTS)
  })
})
