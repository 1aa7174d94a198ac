/**
 * What the making of batches costs, in one thread: `node bench/normalise.ts [--events 200000] [--plainly] [--integration erp]`.
 * Prints µs an event, and what each stage has of them, on audit lines of about 430 bytes, or on what
 * one of the five systems writes in the demo's story.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  BatchMaker,
  framingFor,
  INTEGRATIONS,
  loadIntegration,
  type Task,
  type WorkerSetup,
} from '../agent/normalise/index.ts'
import { headerOf, recordText, Story, SYSTEMS } from '../demo/generator/index.ts'
import { LIMITS, leavesOf, merkleRoot, type SourceId } from '../schema/index.ts'
import { auditLine } from './lines.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    level: { type: 'string', default: '1' },
    plainly: { type: 'boolean', default: false },
    integration: { type: 'string', default: 'generic-json' },
  },
})
const events = Number(values.events)
const level = Number(values.level)

const integration = await loadIntegration(values.integration)

const LIFELIKE = 20_000
const system = SYSTEMS.find((name) => name === values.integration)

/** What a system writes in the demo's story; of other sources the samples, again and again. */
function linesOf(name: string): string[] {
  if (system === undefined) {
    const folder = join(INTEGRATIONS, name, 'samples')
    return readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    )
  }
  const story = new Story(1)
  const lines: string[] = []
  for (let now = Date.UTC(2026, 4, 1); lines.length < LIFELIKE; now += 1000) {
    const entry = story.next(new Date(now))
    if (entry.system === system) lines.push(recordText(entry).trimEnd())
  }
  return lines
}
const lines = values.integration === 'generic-json' ? [] : linesOf(values.integration)
const lineOf = (number: number): string =>
  lines.length === 0 ? auditLine(number) : lines[number % lines.length]!

const setup: WorkerSetup = {
  agent: { id: 'agent-0123456789', name: 'web-1', version: '0.1.0' },
  host: 'web-1.example.org',
  namespace: 'default',
  pipelines: [
    {
      integration: values.integration,
      framing: framingFor(integration),
      tags: [],
      labels: {},
      timeZone: 'UTC',
    },
  ],
  compression: { encoding: 'zstd', level },
}

/** CPU time of this process in ms: other work on the machine doesn't count. */
function cpuNow(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** One task after the other over fresh lines, as the pump makes them. */
function* tasks(): Generator<{ task: Task; records: number }> {
  const buffer = new ArrayBuffer(LIMITS.taskBytes + LIMITS.recordBytes)
  const bytes = Buffer.from(buffer)
  let number = 0
  let offset = 0
  while (number < events) {
    let at = 0
    const first = number
    while (number < events && at < LIMITS.taskBytes - 4096)
      at += bytes.write(`${lineOf(number++)}\n`, at, 'utf8')
    yield {
      records: number - first,
      task: {
        buffer,
        now: Date.UTC(2026, 5, 1),
        slices: [
          {
            source: '0123456789abcdef0123456789abcdef' as SourceId,
            generation: 0,
            path: '/var/log/app/audit.jsonl',
            pipeline: 0,
            start: 0,
            end: at,
            offset,
            to: offset + at,
            header: system === undefined ? null : (headerOf(system)?.trimEnd() ?? null),
            truncated: null,
          },
        ],
      },
    }
    offset += at
  }
}

const maker = new BatchMaker(setup, [integration], { plainly: values.plainly })
const milliseconds = { all: 0, hash: 0, tree: 0, compress: 0 }
let records = 0
let bytesIn = 0
let bytesOut = 0
let bytesSent = 0
let warm = 0
for (const { task, records: count } of tasks()) {
  const start = cpuNow()
  const result = maker.make(task)
  const end = cpuNow()
  if (++warm <= 10) continue
  milliseconds.all += end - start
  records += count
  bytesIn += task.slices[0]!.end
  bytesOut += result.bytes
  bytesSent += result.payload.length
  // The last stages once more by themselves; what is left is scanning, mapping and writing.
  const ndjson = Buffer.concat([Buffer.of(0), zstdDecompressSync(result.payload)])
  const a = cpuNow()
  const { leaves } = leavesOf(ndjson, 1, ndjson.length)
  const b = cpuNow()
  merkleRoot(leaves)
  const c = cpuNow()
  zstdCompressSync(ndjson, { chunkSize: 512 * 1024, params: { [constants.ZSTD_c_compressionLevel]: level } })
  milliseconds.hash += b - a
  milliseconds.tree += c - b
  milliseconds.compress += cpuNow() - c
}
const micros = (ms: number): string => ((ms * 1000) / records).toFixed(2).padStart(7)
const { all, hash, tree, compress } = milliseconds
const each = (bytes: number): number => Math.round(bytes / records)
console.log(
  `${records} records of ${each(bytesIn)} bytes -> events of ${each(bytesOut)}, ${each(bytesSent)} compressed`,
)
console.log(
  `CPU µs an event ${micros(all)}   ${Math.round((records / all) * 1000).toLocaleString('en')} events a CPU second`,
)
console.log(`  scan, map, write ${micros(all - hash - tree - compress)}`)
console.log(`  leaf hashes      ${micros(hash)}`)
console.log(`  tree             ${micros(tree)}`)
console.log(`  compression      ${micros(compress)}`)
