/**
 * Measures the whole pipeline, with everything on: the real agent reads a file of JSON audit lines, parses, seals, compresses and ships
 * them to a sink (which checks each waybill, acknowledges it and stores nothing) and to the real indexer. Machines differ, and one machine
 * differs from one quarter of an hour to the next. So a yardstick runs before each run (`yardstick.ts`), and the agent's figures are also
 * given relative to it.
 *
 *   npm run bench                                          1,000,000 lines, three runs each
 *   npm run bench -- --events 10000000 --runs 1 --into indexer
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { arch, cpus, platform, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { auditLines } from './lines.ts'
import { Measured, published } from './processes.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    into: { type: 'string', default: 'both' },
    dir: { type: 'string' },
    workers: { type: 'string' },
  },
})
const events = Number(values.events)
const runs = Number(values.runs)

interface Pace {
  readonly eventsPerSecond: number
  /** Seconds of processor time per million events. */
  readonly cpu: number
}

interface Figures {
  readonly yardstickEvents: number
  readonly yardstickCpu: number
  /** The figures relative to the yardstick that ran beside. */
  readonly timesEvents: number
  readonly timesCpu: number
  readonly eventsPerSecond: number
  readonly megabytesPerSecond: number
  readonly agentCpu: number
  readonly agentRss: number
  readonly serverCpu: number
  readonly serverRss: number
}

const ROOT = new URL('..', import.meta.url).pathname
const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-')))
await mkdir(dir, { recursive: true })

async function writeLines(file: string): Promise<number> {
  const out = createWriteStream(file, { highWaterMark: 4 * 1024 * 1024 })
  for (const chunk of auditLines(events)) {
    if (!out.write(chunk)) await new Promise<void>((resolve) => out.once('drain', () => resolve()))
  }
  out.end()
  await finished(out)
  return (await stat(file)).size
}

async function startServer(into: string, place: string): Promise<{ server: Measured; url: string }> {
  if (into === 'sink') {
    const server = new Measured(
      process.execPath,
      [join(ROOT, 'test/sink/server.ts'), '--port', '0'],
      join(place, 'server.log'),
    )
    return { server, url: (await server.firstLine()).trim() }
  }
  const port = 18_600 + (process.pid % 1000)
  const config = join(place, 'indexer.yml')
  await writeFile(
    config,
    `listen: http://127.0.0.1:${port}\nstore: { embedded: { path: ${join(place, 'store')} } }\n`,
  )
  const server = new Measured(
    published('waybill'),
    ['indexer', '--config', config],
    join(place, 'server.log'),
  )
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    if (
      await fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return { server, url }
    if (tries > 200 || server.child.exitCode !== null)
      throw new Error(`the indexer did not start; see ${place}/server.log`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Measures the speed of the least that a shipper could do at this moment; the server does nothing but answer. */
async function yardstick(file: string): Promise<Pace> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const log = join(dir, 'yardstick.log')
  const command = [join(import.meta.dirname, 'yardstick.ts'), file, url]
  const measured = new Measured(process.execPath, command, log)
  const { seconds, code } = await measured.ended()
  server.close()
  if (code !== 0) throw new Error(`the yardstick ended with ${code}; see ${log}`)
  return { eventsPerSecond: events / seconds, cpu: (measured.usage().cpuSeconds / events) * 1e6 }
}

async function oneRun(into: string, run: number, file: string, bytes: number): Promise<Figures> {
  const measure = await yardstick(file)
  const place = join(dir, `${into}-${run}`)
  await mkdir(place, { recursive: true })
  const { server, url } = await startServer(into, place)
  try {
    const config = join(place, 'agent.yml')
    const workers = values.workers === undefined ? '' : `workers: ${values.workers}\n`
    await writeFile(
      config,
      `agent: { name: bench, data: ${join(place, 'agent')} }\nindexers: [${url}]\n${workers}` +
        `inputs:\n  - file: { paths: ["${file}"], integration: generic-json }\n`,
    )
    const agent = new Measured(
      published('waybill-agent'),
      ['run', '--config', config, '--once'],
      join(place, 'agent.log'),
    )
    const { seconds, code } = await agent.ended()
    if (code !== 0) throw new Error(`the agent ended with ${code}; see ${place}/agent.log`)
    const [sent, took] = [agent.usage(), server.usage()]
    const eventsPerSecond = events / seconds
    const agentCpu = (sent.cpuSeconds / events) * 1e6
    return {
      yardstickEvents: measure.eventsPerSecond,
      yardstickCpu: measure.cpu,
      timesEvents: eventsPerSecond / measure.eventsPerSecond,
      timesCpu: agentCpu / measure.cpu,
      eventsPerSecond,
      megabytesPerSecond: bytes / 1e6 / seconds,
      agentCpu,
      agentRss: sent.peakRssMegabytes,
      serverCpu: (took.cpuSeconds / events) * 1e6,
      serverRss: took.peakRssMegabytes,
    }
  } finally {
    await server.stop()
    await rm(place, { recursive: true, force: true })
  }
}

function row(label: string, numbers: readonly number[], digits: number): string {
  const sorted = numbers.toSorted((a, b) => a - b)
  const cells = [sorted[0]!, sorted[Math.floor((sorted.length - 1) / 2)]!, sorted.at(-1)!]
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).padStart(12)
  return label.padEnd(46) + cells.map(text).join('')
}

try {
  const file = join(dir, 'lines.jsonl')
  const bytes = await writeLines(file)
  const memory = Math.round(totalmem() / 1024 ** 3)
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, ${memory} GiB, ${platform()} ${release()} ${arch()}, Node ${process.version}`,
  )
  console.log(
    `${events} lines of ${Math.round(bytes / events)} bytes, ${runs} runs each; whole processes, their start included\n`,
  )
  for (const into of values.into === 'both' ? ['sink', 'indexer'] : [values.into]) {
    const all: Figures[] = []
    for (let run = 1; run <= runs; run++) all.push(await oneRun(into, run, file, bytes))
    const of = (figure: keyof Figures): number[] => all.map((figures) => figures[figure])
    console.log(
      `into the ${into}`.padEnd(46) + ['min', 'median', 'max'].map((name) => name.padStart(12)).join(''),
    )
    console.log(row('  events/s', of('eventsPerSecond'), 0))
    console.log(row('  MB/s read', of('megabytesPerSecond'), 1))
    console.log(row('  agent: CPU seconds per million events', of('agentCpu'), 2))
    console.log(row('  agent: peak RSS, MB', of('agentRss'), 0))
    console.log(row(`  ${into}: CPU seconds per million events`, of('serverCpu'), 2))
    console.log(row(`  ${into}: peak RSS, MB`, of('serverRss'), 0))
    console.log(row('  yardstick: events/s', of('yardstickEvents'), 0))
    console.log(row('  yardstick: CPU seconds per million events', of('yardstickCpu'), 2))
    console.log(row('  events/s, times the yardstick', of('timesEvents'), 2))
    console.log(row('  agent: CPU seconds, times the yardstick', of('timesCpu'), 2))
    console.log('')
  }
} finally {
  await rm(dir, { recursive: true, force: true })
}
