/**
 * What the making of batches costs, in one thread: `node bench/normalise.ts [--events 200000] [--plainly] [--integration erp]`.
 * Prints µs an event, and what each stage has of them, on audit lines of about 430 bytes, or on what the source of an integration
 * writes (`lifelike/`). What comes before these events doesn't count: V8 compiles in the meantime.
 */
import { parseArgs } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import {
  BatchMaker,
  compress,
  framingFor,
  loadIntegration,
  type Task,
  type WorkerSetup,
} from '../agent/normalise/index.ts'
import { LIMITS, leavesOf, merkleRoot, type SourceId } from '../schema/index.ts'
import { lifelike } from './lifelike/index.ts'
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
/** Events that are made before any counts. */
const WARM_UP = 40_000
const isUsual = values.integration === 'generic-json'
const source = isUsual ? null : lifelike(values.integration, LIFELIKE)
if (!isUsual && source === null) throw new Error(`nothing is known of what ${values.integration} reads`)
const recordOf = (number: number): string =>
  source === null ? auditLine(number) : source.records[number % source.records.length]!

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
  while (number < WARM_UP + events) {
    let at = 0
    const first = number
    while (number < WARM_UP + events && at < LIMITS.taskBytes - 8192)
      at += bytes.write(`${recordOf(number++)}\n`, at, 'utf8')
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
            header: source?.header ?? null,
            truncated: null,
          },
        ],
      },
    }
    offset += at
  }
}

const maker = new BatchMaker(setup, [integration], { plainly: values.plainly })
const milliseconds = { all: 0, hash: 0, tree: 0, compression: 0 }
let records = 0
let bytesIn = 0
let bytesOut = 0
let bytesSent = 0
let warm = 0
for (const { task, records: count } of tasks()) {
  const start = cpuNow()
  const result = maker.make(task)
  const end = cpuNow()
  if (warm < WARM_UP) {
    warm += count
    continue
  }
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
  compress(ndjson, setup.compression)
  milliseconds.hash += b - a
  milliseconds.tree += c - b
  milliseconds.compression += cpuNow() - c
}
const micros = (ms: number): string => ((ms * 1000) / records).toFixed(2).padStart(7)
const { all, hash, tree, compression } = milliseconds
const each = (bytes: number): number => Math.round(bytes / records)
console.log(
  `${records} records of ${each(bytesIn)} bytes -> events of ${each(bytesOut)}, ${each(bytesSent)} compressed`,
)
console.log(
  `CPU µs an event ${micros(all)}   ${Math.round((records / all) * 1000).toLocaleString('en')} events a CPU second`,
)
console.log(`  scan, map, write ${micros(all - hash - tree - compression)}`)
console.log(`  leaf hashes      ${micros(hash)}`)
console.log(`  tree             ${micros(tree)}`)
console.log(`  compression      ${micros(compression)}`)
