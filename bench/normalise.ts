/**
 * Measures the cost of making batches, in one thread: `node bench/normalise.ts [--events 200000] [--plainly] [--integration erp] [--of
 * erp]`. Prints µs an event, and the share of each stage, on audit lines of about 430 bytes, or on the output of an integration's source
 * (`lifelike/`). With `--of` it takes the output of another integration's source, and with `--as-json` the records of that format as lines
 * of JSON, so that `generic-json` can be measured on the same events. The events before these do not count: V8 compiles in the meantime.
 */
import { parseArgs } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import {
  BatchMaker,
  compress,
  formatOf,
  framingFor,
  loadIntegration,
  type TaskResult,
  type TaskSlice,
  type WorkerSetup,
} from '../agent/normalise/index.ts'
import { PlainMapper } from '../agent/normalise/testing/plain/index.ts'
import { LIMITS, leavesOf, merkleRoot, type SourceId } from '../schema/index.ts'
import { type Lifelike, lifelike } from './lifelike/index.ts'
import { auditLine } from './lines.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    level: { type: 'string', default: '1' },
    plainly: { type: 'boolean', default: false },
    integration: { type: 'string', default: 'generic-json' },
    of: { type: 'string' },
    'as-json': { type: 'boolean', default: false },
  },
})
const events = Number(values.events)
const level = Number(values.level)

const integration = await loadIntegration(values.integration)

const LIFELIKE = 20_000
/** Events that are made before any counts. */
const WARM_UP = 160_000
const of = values.of ?? values.integration
const isUsual = of === 'generic-json'
const written = isUsual ? null : lifelike(of, LIFELIKE)
if (!isUsual && written === null) throw new Error(`nothing is known of what ${of} reads`)
const source = written !== null && values['as-json'] ? await asJson(written) : written
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

/** The records as lines of JSON, as the source's format reads them. */
async function asJson({ records, header }: Lifelike): Promise<Lifelike> {
  const format = formatOf(await loadIntegration(of), { quote: '"', keepsEmpty: () => false })
  format.begin(header)
  const members = records.map((record) => {
    const understood = format.read(record)
    if (understood === null || understood.problem !== undefined)
      throw new Error(understood?.problem ?? 'a record is nothing but blank')
    return JSON.stringify(understood.members)
  })
  return { records: members, header: null }
}

/** CPU time of this process in ms: other work on the machine doesn't count. */
function cpuNow(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** A piece of the files, as the pump cuts it: made before the timing starts, and read again and again. */
interface Piece {
  readonly buffer: ArrayBuffer
  readonly length: number
  readonly records: number
}

const PIECES = 16
const pieces: Piece[] = []
for (let number = 0; pieces.length < PIECES; ) {
  const buffer = new ArrayBuffer(LIMITS.taskBytes + LIMITS.recordBytes)
  const bytes = Buffer.from(buffer)
  const first = number
  let length = 0
  while (length < LIMITS.taskBytes - 8192) length += bytes.write(`${recordOf(number++)}\n`, length, 'utf8')
  pieces.push({ buffer, length, records: number - first })
}

const maker = new BatchMaker(setup, [integration], values.plainly ? { mapper: PlainMapper } : {})
let offset = 0

function make({ buffer, length }: Piece): TaskResult {
  const slice: TaskSlice = {
    source: '0123456789abcdef0123456789abcdef' as SourceId,
    generation: 0,
    path: '/var/log/app/audit.jsonl',
    pipeline: 0,
    start: 0,
    end: length,
    offset,
    to: offset + length,
    header: source?.header ?? null,
    truncated: null,
  }
  offset += length
  return maker.make({ buffer, now: Date.UTC(2026, 5, 1), slices: [slice] })
}

const total = { records: 0, bytes: 0, events: 0, sent: 0 }
for (let i = 0, warm = 0; warm < WARM_UP; i++) {
  make(pieces[i % PIECES]!)
  warm += pieces[i % PIECES]!.records
}
const start = cpuNow()
for (let i = 0; total.records < events; i++) {
  const piece = pieces[i % PIECES]!
  const { bytes, payload } = make(piece)
  total.records += piece.records
  total.bytes += piece.length
  total.events += bytes
  total.sent += payload.length
}
const all = ((cpuNow() - start) * 1000) / total.records

// The last stages once more by themselves; what is left is reading, mapping and writing. The first round is V8's.
let stages = { records: 0, hash: 0, tree: 0, compression: 0 }
for (let round = 0; round < 2; round++) {
  stages = { records: 0, hash: 0, tree: 0, compression: 0 }
  for (const piece of pieces) {
    const ndjson = Buffer.concat([Buffer.of(0), zstdDecompressSync(make(piece).payload)])
    const a = cpuNow()
    const { leaves } = leavesOf(ndjson, 1, ndjson.length)
    const b = cpuNow()
    merkleRoot(leaves)
    const c = cpuNow()
    compress(ndjson, setup.compression)
    stages.hash += b - a
    stages.tree += c - b
    stages.compression += cpuNow() - c
    stages.records += piece.records
  }
}
const perRecord = (ms: number): number => (ms * 1000) / stages.records
const [hash, tree, compression] = [stages.hash, stages.tree, stages.compression].map(perRecord) as [
  number,
  number,
  number,
]

const micros = (each: number): string => each.toFixed(2).padStart(7)
const each = (bytes: number): number => Math.round(bytes / total.records)
console.log(
  `${total.records} records of ${each(total.bytes)} bytes -> events of ${each(total.events)}, ${each(total.sent)} compressed`,
)
console.log(
  `CPU µs an event ${micros(all)}   ${Math.round(1e6 / all).toLocaleString('en')} events a CPU second`,
)
console.log(`  read, map, write ${micros(all - hash - tree - compression)}`)
console.log(`  leaf hashes      ${micros(hash)}`)
console.log(`  tree             ${micros(tree)}`)
console.log(`  compression      ${micros(compression)}`)
