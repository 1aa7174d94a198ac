import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pino } from 'pino'
import { request } from 'undici'
import {
  canonical,
  leavesOf,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  type SourceId,
} from '../../schema/index.ts'
import {
  encodeWaybill,
  enrollAnswerSchema,
  type Heartbeat,
  type Manifest,
  manifestSchema,
  type SourceSlice,
  signHeartbeat,
  WAYBILL_TYPE,
} from '../../schema/wire/index.ts'
import { type IndexerConfig, indexerConfigSchema } from '../config.ts'
import { type IndexerParts, type RunningIndexer, startIndexer } from '../server.ts'

/** For tests only: a real indexer on a free port, and agents whose waybills are signed as real ones are. */

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON. */
  readonly json: Record<string, unknown>
}

/** Settings as in indexer.yml, without the store: its folder is the test's own. */
export type SettingsGiven = { readonly [Key in Exclude<keyof IndexerConfig, 'store'>]?: unknown }

const LOOPBACK = '127.0.0.1'
const OPEN = { read: 'open-on-loopback', manage: 'open-on-loopback' }

/** Cheap parameters for hashing passwords: their only effect here is on the speed of the tests. */
const CHEAP = { n: 2, r: 1, p: 1 }

/** A folder that goes away at the end, and what runs in it. */
export class TestIndexer {
  readonly folder: string
  readonly log: Record<string, unknown>[] = []
  #running: RunningIndexer | null = null

  private constructor(folder: string) {
    this.folder = folder
  }

  static async start(settings: SettingsGiven = {}, parts: Partial<IndexerParts> = {}): Promise<TestIndexer> {
    const indexer = new TestIndexer(await mkdtemp(join(tmpdir(), 'waybill-indexer-')))
    await indexer.run(settings, parts)
    return indexer
  }

  config(settings: SettingsGiven = {}): IndexerConfig {
    return indexerConfigSchema.parse({
      listen: 'http://127.0.0.1:0',
      // Most tests are not about who asks.
      ...(String(settings.listen ?? LOOPBACK).includes(LOOPBACK) ? OPEN : {}),
      ...settings,
      store: { embedded: { path: join(this.folder, 'store'), 'min-free': '1MiB' } },
    })
  }

  /** Starts it again, on the same folder. */
  async run(settings: SettingsGiven = {}, parts: Partial<IndexerParts> = {}): Promise<void> {
    const log = pino({ level: 'debug' }, { write: (line: string) => void this.log.push(JSON.parse(line)) })
    this.#running = await startIndexer(this.config(settings), {
      log,
      passwordCost: CHEAP,
      isTimed: false,
      // Alerts are events of the trail, too: only tests about them want them.
      runsRules: false,
      ...parts,
    })
  }

  get running(): RunningIndexer {
    if (this.#running === null) throw new Error('the indexer does not run')
    return this.#running
  }

  get url(): string {
    return this.running.url
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.close()
  }

  async end(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  ask(path: string, options: Parameters<typeof askAt>[2] = {}): Promise<Answer> {
    return askAt(this.url, path, options)
  }
}

export async function askAt(
  url: string,
  path: string,
  options: {
    method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
    headers?: Record<string, string>
    json?: unknown
    body?: Buffer
  } = {},
): Promise<Answer> {
  const { method = options.json === undefined && options.body === undefined ? 'GET' : 'POST' } = options
  const body = options.body ?? (options.json === undefined ? null : JSON.stringify(options.json))
  const type = options.json === undefined ? {} : { 'content-type': 'application/json' }
  const {
    statusCode,
    headers,
    body: answer,
  } = await request(url + path, {
    method,
    headers: { ...type, ...options.headers },
    body,
  })
  const text = await answer.text()
  return {
    status: statusCode,
    headers,
    text,
    get json() {
      return JSON.parse(text) as Record<string, unknown>
    },
  }
}

export interface Sealed {
  readonly body: Buffer
  readonly hash: string
  readonly manifest: Manifest
}

/** Overrides for a waybill; the other values follow from its events. */
export interface SealOptions {
  readonly sequence?: number
  readonly encoding?: 'zstd' | 'gzip'
  /** Put over the manifest before it is signed. */
  readonly manifest?: Partial<Manifest>
  /** Replaces the compressed events. */
  readonly payload?: Buffer
}

/** An agent with a key and a chain of its own. */
export class TestAgent {
  readonly privateKey: KeyObject
  readonly publicPem: string
  id = 'a-nobody'
  key = '0000000000000000'
  namespace = 'default'
  incarnation = randomBytes(16).toString('hex')
  readonly source = randomBytes(16).toString('hex') as SourceId
  sequence = 0
  previous: string | null = null
  readonly name: string
  readonly host: string
  #offset = 0

  constructor({ name = 'web-1', host = 'web-1.example' }: { name?: string; host?: string } = {}) {
    this.name = name
    this.host = host
    const pair = generateKeyPairSync('ed25519')
    this.privateKey = pair.privateKey
    this.publicPem = String(pair.publicKey.export({ type: 'spki', format: 'pem' }))
  }

  static async enrolled(
    url: string,
    token?: string,
    called: { name?: string; host?: string } = {},
  ): Promise<TestAgent> {
    const agent = new TestAgent(called)
    const answer = await agent.enroll(url, token)
    if (answer.status !== 200) throw new Error(`enrolling: ${answer.status} ${answer.text}`)
    return agent
  }

  async enroll(url: string, token?: string): Promise<Answer> {
    const answer = await askAt(url, '/v1/enroll', {
      json: {
        publicKey: this.publicPem,
        name: this.name,
        host: this.host,
        version: '0.1.0',
        ...(token === undefined ? {} : { token }),
      },
    })
    const read = enrollAnswerSchema.safeParse(answer.json)
    if (read.success) {
      this.id = read.data.agent
      this.key = read.data.key
      this.namespace = read.data.namespace
    }
    return answer
  }

  /** A valid event; what is given is put over it. */
  event(members: Record<string, unknown> = {}): Record<string, unknown> {
    const offset = this.#offset
    this.#offset += 100
    return {
      '@timestamp': new Date(Date.UTC(2026, 0, 1) + offset).toISOString(),
      agent: { id: this.id },
      audit: { category: 'activity' },
      event: {
        action: 'login',
        id: mintedEventId(mintedIdPrefix(this.source, 0), offset),
        kind: 'event',
        sequence: offset,
      },
      message: `record at ${offset}`,
      user: { name: 'jane' },
      ...members,
    }
  }

  events(count: number): Record<string, unknown>[] {
    return Array.from({ length: count }, () => this.event())
  }

  /** Seals the next waybill of the chain. */
  seal(events: readonly object[], options: SealOptions = {}): Sealed {
    const sequence = options.sequence ?? this.sequence + 1
    const sealed = this.sealLines(
      events.map((event) => canonical(event)),
      { ...options, sequence },
    )
    this.sequence = sequence
    this.previous = sealed.hash
    return sealed
  }

  /** Seals lines as they are, which need not be events; the chain does not advance. */
  sealLines(lines: readonly string[], options: SealOptions = {}): Sealed {
    const bytes = Buffer.from(`\0${lines.map((line) => `${line}\n`).join('')}`)
    const { leaves, count } = leavesOf(bytes, 1, bytes.length)
    const encoding = options.encoding ?? 'zstd'
    const slice: SourceSlice = {
      source: this.source,
      generation: 0,
      path: '/var/log/app/audit.jsonl',
      from: 0,
      to: 100 * count,
      read: count,
      events: count,
      filtered: 0,
      skipped: 0,
      truncated: 0,
      errors: 0,
      dropped: 0,
    }
    const manifest = manifestSchema.parse({
      version: 1,
      agent: this.id,
      key: this.key,
      incarnation: this.incarnation,
      sequence: options.sequence ?? this.sequence + 1,
      previous: this.previous,
      cites: null,
      created: Date.now(),
      namespace: this.namespace,
      settings: null,
      events: count,
      bytes: bytes.length - 1,
      encoding,
      root: merkleRoot(leaves).toString('hex'),
      sources: count === 0 ? [] : [slice],
      ...options.manifest,
    })
    const compress = encoding === 'zstd' ? zstdCompressSync : gzipSync
    const payload = options.payload ?? (count === 0 ? Buffer.alloc(0) : compress(bytes.subarray(1)))
    return { ...encodeWaybill(manifest, payload, this.privateKey), manifest }
  }

  send(url: string, { body }: { body: Buffer }): Promise<Answer> {
    return askAt(url, '/v1/waybills', { body, headers: { 'content-type': WAYBILL_TYPE } })
  }

  heartbeat(members: Partial<Heartbeat> = {}): ReturnType<typeof signHeartbeat> {
    const none = 0
    const heartbeat: Heartbeat = {
      agent: this.id,
      key: this.key,
      incarnation: this.incarnation,
      beat: 1,
      sent: Date.now(),
      name: this.name,
      host: this.host,
      version: '0.1.0',
      settings: null,
      sequence: this.sequence,
      uptime: 1000,
      lagBytes: 0,
      oldestPending: null,
      sources: 1,
      quarantinedBatches: 0,
      ledger: {
        read: none,
        stored: none,
        duplicate: none,
        filtered: none,
        dead: none,
        quarantined: none,
        discarded: none,
        pending: none,
        skipped: none,
        truncated: none,
        errors: none,
        dropped: none,
      },
      ...members,
    }
    return signHeartbeat(heartbeat, this.privateKey)
  }
}

/** Asks until the answer is what is waited for, or the time is up. */
export async function until<Value>(
  ask: () => Promise<Value> | Value,
  good: (value: Value) => boolean,
  within = 60_000,
): Promise<Value> {
  const deadline = performance.now() + within
  for (;;) {
    const value = await ask()
    if (good(value)) return value
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
