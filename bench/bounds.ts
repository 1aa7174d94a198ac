/**
 * Checks the limits that the agent never exceeds: memory while it catches up, while no indexer answers, over a line of 100 MB; memory
 * and processor time beside files in which nothing happens.
 *
 *   npm run bench:bounds                       a backlog of 1 GB, an outage of 30 s, 1,000 idle files for 60 s
 *   npm run bench:bounds -- --gigabytes 10 --outage 3600 --idle 600
 */
import { createWriteStream } from 'node:fs'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { auditLines } from './lines.ts'
import { Measured, published } from './processes.ts'

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1' },
    outage: { type: 'string', default: '30' },
    idle: { type: 'string', default: '60' },
    files: { type: 'string', default: '1000' },
    dir: { type: 'string' },
  },
})
const ROOT = new URL('..', import.meta.url).pathname
const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bounds-')))

async function sinkAt(place: string): Promise<{ sink: Measured; url: string }> {
  const sink = new Measured(
    process.execPath,
    [join(ROOT, 'test/sink/server.ts'), '--port', '0'],
    join(place, 'sink.log'),
  )
  return { sink, url: (await sink.firstLine()).trim() }
}

async function agentAt(
  place: string,
  urls: readonly string[],
  paths: string,
  once: boolean,
): Promise<Measured> {
  const config = join(place, 'agent.yml')
  await writeFile(
    config,
    `agent: { name: bounds, data: ${join(place, 'agent')} }\nindexers: [${urls.join(', ')}]\n` +
      `inputs:\n  - file: { paths: ["${paths}"], integration: generic-json }\n`,
  )
  return new Measured(
    published('waybill-agent'),
    ['run', '--config', config, ...(once ? ['--once'] : [])],
    join(place, 'agent.log'),
  )
}

async function writeBacklog(file: string, bytes: number): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 4 * 1024 * 1024 })
  let written = 0
  for (const chunk of auditLines(Number.MAX_SAFE_INTEGER)) {
    written += chunk.length
    if (!out.write(chunk)) await new Promise<void>((resolve) => out.once('drain', () => resolve()))
    if (written >= bytes) break
  }
  out.end()
  await finished(out)
}

async function inFolder(name: string, run: (place: string) => Promise<void>): Promise<void> {
  const place = join(dir, name)
  await mkdir(join(place, 'logs'), { recursive: true })
  try {
    await run(place)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

const megabytes = (value: number): string => `${Math.round(value)} MB`

try {
  await inFolder('backlog', async (place) => {
    await writeBacklog(join(place, 'logs/app.jsonl'), Number(values.gigabytes) * 1e9)
    const { sink, url } = await sinkAt(place)
    const agent = await agentAt(place, [url], join(place, 'logs/*.jsonl'), true)
    const { seconds, code } = await agent.ended()
    if (code !== 0) throw new Error(`the agent ended with ${code}: see ${place}/agent.log`)
    console.log(
      `a backlog of ${values.gigabytes} GB in ${Math.round(seconds)} s: peak RSS ${megabytes(agent.usage().peakRssMegabytes)}`,
    )
    await sink.stop()
  })

  await inFolder('outage', async (place) => {
    await writeBacklog(join(place, 'logs/app.jsonl'), 5e8)
    const { sink, url } = await sinkAt(place)
    await appendFile(
      join(place, 'logs/first.jsonl'),
      '{"time":"2026-01-22T10:00:00Z","user":"jane","action":"view"}\n',
    )
    await (await agentAt(place, [url], join(place, 'logs/first.jsonl'), true)).ended()
    await sink.stop()
    const agent = await agentAt(place, [url], join(place, 'logs/*.jsonl'), false)
    await setTimeout(Number(values.outage) * 1000)
    console.log(
      `an outage of ${values.outage} s with 0.5 GB waiting: peak RSS ${megabytes(agent.usage().peakRssMegabytes)}`,
    )
    await agent.stop()
  })

  await inFolder('line', async (place) => {
    const file = join(place, 'logs/app.jsonl')
    await writeFile(file, `{"message":"${'x'.repeat(100_000_000)}"}\n`)
    const { sink, url } = await sinkAt(place)
    const agent = await agentAt(place, [url], join(place, 'logs/*.jsonl'), true)
    const { code } = await agent.ended()
    if (code !== 0) throw new Error(`the agent ended with ${code}: see ${place}/agent.log`)
    console.log(`one line of 100 MB: peak RSS ${megabytes(agent.usage().peakRssMegabytes)}`)
    await sink.stop()
  })

  await inFolder('idle', async (place) => {
    const files = Number(values.files)
    for (let n = 0; n < files; n++) {
      await writeFile(
        join(place, `logs/${n}.jsonl`),
        `{"time":"2026-01-22T10:00:00Z","user":"u${n}","action":"view"}\n`,
      )
    }
    const { sink, url } = await sinkAt(place)
    const agent = await agentAt(place, [url], join(place, 'logs/*.jsonl'), false)
    await setTimeout(40_000)
    const before = agent.usage().cpuSeconds
    const seconds = Number(values.idle)
    await setTimeout(seconds * 1000)
    const share = ((agent.usage().cpuSeconds - before) / seconds) * 100
    console.log(
      `${files} idle files for ${seconds} s: ${share.toFixed(2)} % of a core, RSS ${megabytes(agent.residentMegabytes())} (peak ${megabytes(agent.usage().peakRssMegabytes)})`,
    )
    await agent.stop()
    await sink.stop()
  })
} finally {
  await rm(dir, { recursive: true, force: true })
}
