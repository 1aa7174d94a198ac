import { appendFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AgentStatus } from '../../agent/agent.ts'
import { askAgent, askStatus } from '../../agent/control.ts'
import { listQuarantine } from '../../agent/ship/index.ts'
import { type Sink, startSink } from '../sink/server.ts'
import { freePort, until } from '../system/system.ts'
import { Disk } from './disk.ts'
import { type Call, readTrace, traced } from './trace.ts'

/** Records of the file; beside them are messages by syslog. */
export const RECORDS = 600
const LIVES = 3
const ROOT = join(import.meta.dirname, '../..')

const line = (n: number): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), user: `user-${n % 7}`, action: 'update', message: `record ${n}` })}\n`

export function configFile(
  folder: string,
  data: string,
  logs: string,
  indexer: string,
  port: number,
): string {
  const file = join(folder, 'agent.yml')
  writeFileSync(
    file,
    `agent: { name: agent, data: ${data} }
indexers: ['${indexer}']
reading: { sweep: 200ms }
inputs:
  - file: { paths: ['${logs}/app.jsonl*', '${logs}/gone.jsonl'], integration: generic-json }
  - syslog: { tcp: '127.0.0.1:${port}' }
`,
  )
  return file
}

export interface Recorded {
  readonly sink: Sink
  readonly logs: string
  readonly calls: readonly Call[]
  readonly disk: Disk
  /** The agent's data folder. */
  readonly data: string
}

/**
 * An agent that reads a file that is written and rotated, and messages by syslog, through three lives, with an indexer that is not always
 * well.
 */
export async function recordAgent(
  newFolder: () => string,
  { holds = false }: { holds?: boolean } = {},
): Promise<Recorded> {
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
  for (let life = 0; life < LIVES; life++) {
    const file = join(folder, `calls-${life}`)
    const agent = traced([join(ROOT, 'bin/waybill-agent.js'), 'run', '--config', config], file, folder)
    await until('the agent answers', status)
    let refused = life === 0 ? 0 : -1
    sink.fault(({ manifest, request }) => {
      if (refused === 0 && manifest.sequence > 1) refused = manifest.sequence
      if (manifest.sequence === refused) return { kind: 'answer', status: 422 }
      if (request % 7 === 3) return { kind: 'answer', status: 503 }
      return request % 11 === 5 ? { kind: 'lose-answer' } : null
    })
    const socket = connect(port, '127.0.0.1')
    for (const end = (RECORDS / LIVES) * (life + 1); written < end; ) {
      for (let i = 0; i < 10; i++) appendFileSync(join(logs, 'app.jsonl'), line(written++))
      socket.write(`<86>1 2026-01-22T10:00:00Z host su 1 - - message ${written}\n`)
      await pause(20)
      if (written % 50 !== 0) continue
      // Waiting makes many batches, each under way at another moment of the next.
      await until('what is written is read', async () => ((await status())?.total.read ?? 0) >= written)
      if (written % 100 === 0) renameSync(join(logs, 'app.jsonl'), join(logs, `app.jsonl.${written}`))
    }
    await until('all is settled', async () => {
      const now = await status()
      return now !== null && now.total.read >= written && now.shipping.spooledBatches === 0 ? now : null
    })
    if (life === 0) {
      sink.fault(null)
      const held = await listQuarantine(data)
      if (held.length !== 1) throw new Error(`${held.length} batches are in quarantine`)
      await askAgent(data, 'POST', `/quarantine/${held[0]!.batch}/retry`)
      await until('it is sent again', async () => (await status())?.total.pending === 0)
    }
    socket.destroy()
    if (holds && life === 0) {
      // A file that goes before it is shipped: what is left of it is kept.
      sink.fault(() => ({ kind: 'answer', status: 503 }))
      writeFileSync(join(logs, 'gone.jsonl'), Array.from({ length: 20 }, (_, n) => line(n)).join(''))
      await until('it is read', async () => ((await status())?.total.pending ?? 0) > 0)
      rmSync(join(logs, 'gone.jsonl'))
      await until('it is kept', () => readdirSync(join(data, 'hold')).some((name) => name.endsWith('.hold')))
      await until('that is written down', async () =>
        (await status())?.sources.some(({ state }) => state === 'gone' || state === 'held'),
      )
      sink.fault(null)
      await until('it is shipped', async () => ((await status())?.total.pending ?? 1) === 0)
    }
    await agent.kill(life < LIVES - 1 ? 'SIGTERM' : 'SIGKILL')
    calls.push(...(await readTrace(file, folder, (calls.at(-1)?.begin ?? 0) + 1_000_000)))
  }
  return { sink, logs, calls, disk, data }
}
