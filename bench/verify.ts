import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keyId } from '../indexer/ingest/index.ts'
import { verify } from '../indexer/log/verify/index.ts'
import { openEvidence } from '../indexer/open-evidence.ts'
import { openEmbeddedStore, type StoreBatch } from '../indexer/store/index.ts'
import { eventAt } from '../indexer/store/testing/batches.ts'
import {
  type AgentId,
  canonical,
  type Incarnation,
  leavesOf,
  merkleRoot,
  type SourceId,
} from '../schema/index.ts'
import { decodeWaybill, encodeWaybill, manifestSchema } from '../schema/wire/index.ts'

/**
 * Measures how fast `waybill verify` reads an embedded store: every line hash, tree, signature and chain.
 *
 *   node bench/verify.ts [events] [--packed] [--dir folder] [--threads n]
 *
 * `--packed` lets most of the store come to rest first, as a store that is some days old. `--dir` keeps the store, and uses it again.
 * Prints events/s, CPU seconds per million events, and the peak of the memory.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    packed: { type: 'boolean', default: false },
    dir: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
})
const total = Number(positionals[0] ?? 300_000)
const BATCH = 700
const DAY = 86_400_000
const START = Date.UTC(2026, 9, 1)
const NAMES = ['jane.smith', 'john.doe', 'amir.novak', 'lucy.miller', 'wei.zhang']
const CATEGORIES = ['activity', 'change', 'security']

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = keyId(publicKey)
const AGENT = 'agent-bench' as AgentId
const INCARNATION = '0123456789abcdef0123456789abcdef' as Incarnation
const SOURCE = '00112233445566778899aabbccddeeff' as SourceId

/** About 1.5 KB. */
function lineOf(i: number): string {
  const event = eventAt(i * 430, {
    agent: { id: AGENT },
    audit: {
      category: CATEGORIES[Math.floor(i / 50) % 3],
      entity: { type: 'customer', id: `CUST-${(i * 7919) % 1_000_000}` },
      payload: { region: 'eu-west-1', request: ((i * 2_654_435_761) % 2 ** 40).toString(16), tier: i % 5 },
    },
    message: `${NAMES[i % 5]} changed the terms of customer ${(i * 7919) % 1_000_000} in step ${i % 17}`,
    source: { ip: `10.${i % 256}.${(i * 3) % 256}.${(i * 7) % 256}` },
    user: { name: `${NAMES[i % 5]}${i % 400}` },
  })
  const original = JSON.stringify(event)
  return canonical({ ...event, event: { ...(event.event as object), original: original.repeat(2) } })
}

let previous: string | null = null
function batchOf(sequence: number, from: number, count: number, ingested: number): StoreBatch {
  const bytes = Buffer.from(`\0${Array.from({ length: count }, (_, i) => `${lineOf(from + i)}\n`).join('')}`)
  const { leaves } = leavesOf(bytes, 1, bytes.length)
  const slice = { read: count, events: count, filtered: 0, skipped: 0, truncated: 0, errors: 0, dropped: 0 }
  const manifest = manifestSchema.parse({
    version: 1,
    agent: AGENT,
    key,
    incarnation: INCARNATION,
    sequence,
    previous,
    cites: null,
    created: ingested,
    namespace: 'default',
    settings: null,
    events: count,
    bytes: bytes.length - 1,
    encoding: 'zstd',
    root: merkleRoot(leaves).toString('hex'),
    sources: [{ source: SOURCE, generation: 0, path: '/var/log/a.log', from: 0, to: count, ...slice }],
  })
  const sealed = decodeWaybill(encodeWaybill(manifest, Buffer.alloc(0), privateKey).body)
  previous = sealed.hash
  const { hash, manifestBytes, signature } = sealed
  return {
    manifest,
    hash,
    manifestBytes,
    signature,
    lines: bytes.subarray(1),
    leaves: Buffer.from(leaves),
    ingested,
  }
}

async function make(path: string): Promise<void> {
  const store = await openEmbeddedStore({ path, idle: 50 })
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
  await store.records.put('agent', AGENT, { id: AGENT, keys: [{ id: key, pem }] }, null)
  const batches = Math.ceil(total / BATCH)
  for (let sequence = 1; sequence <= batches; sequence++) {
    const from = (sequence - 1) * BATCH
    // A year of events: the partitions of a category take a tenth of its searchable time.
    const ingested = START + (values.packed ? Math.floor((sequence / batches) * 365) * DAY : sequence)
    await store.write(batchOf(sequence, from, Math.min(BATCH, total - from), ingested))
  }
  if (values.packed) await new Promise((resolve) => setTimeout(resolve, 30_000 + total / 20))
  await store.close()
}

const path = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-verify-')))
try {
  if (values.dir === undefined || positionals[0] !== undefined) await make(path)
  const source = await openEvidence({ store: path, threads: Number(values.threads) })
  const cpu = process.cpuUsage()
  const begun = performance.now()
  let peak = 0
  const report = await verify({
    source,
    policy: null,
    now: Date.now,
    report: () => {
      peak = Math.max(peak, process.memoryUsage.rss())
    },
  })
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await source.close()
  const rate = Math.round(report.events / seconds).toLocaleString('en')
  console.log(
    `${report.events} events in ${report.waybills} waybills: ${report.verdict}, ${rate} events/s, ${((user + system) / report.events).toFixed(2)} CPU s per million, peak RSS ${Math.round(peak / 2 ** 20)} MB`,
  )
  for (const { sentence } of report.findings.slice(0, 5)) console.log(`  ${sentence}`)
} finally {
  if (values.dir === undefined) await rm(path, { recursive: true, force: true })
}
