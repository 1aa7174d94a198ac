import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Logger } from 'pino'
import * as z from 'zod'
import { VERSION } from '../../config/version.ts'
import {
  type Category,
  type Change,
  canonical,
  codeOf,
  indexerAgentId,
  isIncarnation,
  isSourceId,
  leavesOf,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  OperatorError,
  reasonOf,
} from '../../schema/index.ts'
import { decodeWaybill, encodeWaybill, manifestSchema } from '../../schema/wire/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import type { Store, StoreBatch } from '../store/port.ts'
import { inTurn } from '../turn.ts'
import { type Agents, keyId } from './agents.ts'
import { writeDurably } from './durable.ts'

/** Something that an operator changed, or that happened to the indexer itself. */
export interface Act {
  readonly action: string
  readonly category: Extract<Category, 'security' | 'system' | 'view'>
  /** A sentence for a person. */
  readonly message: string
  readonly outcome: 'success' | 'failure' | 'unknown'
  readonly reason?: string
  readonly by: {
    readonly name: string
    readonly address?: string
    /** The kind of client: a browser, a program, a token of this name. */
    readonly channel?: string
  }
  readonly entity?: { readonly type: string; readonly id: string; readonly name?: string }
  readonly changes?: readonly Change[]
  /** The number of events or records that it concerns. */
  readonly count?: number
  /** The rule that fired, for an alert. */
  readonly rule?: {
    readonly id: string
    readonly name: string
    readonly risk: 'low' | 'medium' | 'high' | 'critical'
  }
  /** The users and addresses that it concerns, besides its actor. */
  readonly about?: { readonly users: readonly string[]; readonly addresses: readonly string[] }
  /** Other details, such as the query of a search. */
  readonly payload?: Readonly<Record<string, string | number | readonly string[]>>
}

/**
 * The indexer's own audit trail: each act is an event like any other, and reaches the store as a waybill of the
 * indexer's own agent, in a chain of its own.
 */
export interface Trail {
  /**
   * Records acts before they are done, so that no act lacks its event. It never rejects: on a full disk an agent must still be revocable,
   * so an event that can't be stored waits in memory and is tried again.
   */
  record(...acts: readonly Act[]): Promise<void>
  /** Notes readings, which may be frequent: they are written together a moment later. A crash in that moment loses them. */
  note(act: Act): void
  /** Events that wait. */
  readonly waiting: number
  close(): Promise<void>
}

const chainSchema = z.object({
  incarnation: z.string().refine(isIncarnation),
  source: z.string().refine(isSourceId),
})
type OwnChain = z.infer<typeof chainSchema>

const KIND = 'own-chain'
const MOST_WAITING = 1000
const RETRY_EVERY = 10_000
const NOTED_WITHIN = 200
/** Events of one waybill at most: each has a place of its own within the waybill's number. */
const MOST_TOGETHER = 256
/** The source's places were once the waybills' own numbers, one event each: that was generation 0. */
const GENERATION = 1
/** The body of the last waybill that the indexer sealed. */
const SEALED = 'own.waybill'

export async function openTrail(parts: {
  store: Store
  enrichment: Enrichment
  agents: Agents
  folder: string
  namespace: string
  log: Logger
  clock: () => number
  random: (bytes: number) => Buffer
}): Promise<Trail> {
  const { store, enrichment, agents, namespace, log, clock, random } = parts
  const key = await openOwnKey(parts.folder)
  const self = { id: indexerAgentId(key.id), name: 'waybill indexer', host: hostname(), version: VERSION }
  if (agents.get(self.id) === undefined) {
    const keys = [{ id: key.id, pem: key.publicPem }]
    await agents.add({ ...self, enrolled: clock(), keys, revoked: null, own: true })
  }
  const file = join(parts.folder, SEALED)
  let { chain, last } = await takeUpChain()
  const waiting: { act: Act; at: number }[] = []
  /** What is sealed and not stored yet. It is written again as it is, never sealed anew: a part of it may be stored. */
  let sealed = await readSealed()
  const turn = inTurn()
  let closed = false

  /** Continues the chain at the end that the store has: after kill -9 only the store is right. */
  async function takeUpChain() {
    const record = await store.records.get(KIND, self.id)
    if (record === null) return startChain(null)
    const chain = chainSchema.parse(record.value)
    const known = (await store.chains(self.id)).find((one) => one.incarnation === chain.incarnation)
    const last = known === undefined ? null : { sequence: known.last, hash: known.lastHash }
    return { chain, last }
  }

  async function startChain(version: number | null) {
    const chain = chainSchema.parse({
      incarnation: random(16).toString('hex'),
      source: random(16).toString('hex'),
    })
    if (!(await store.records.put(KIND, self.id, chain, version)))
      throw new Error('another indexer writes the audit trail of this store')
    return { chain, last: null }
  }

  /** What the last process sealed, unless it is stored or belongs to another chain, as after a restored backup. */
  async function readSealed(): Promise<OwnBatch | null> {
    const body = await readFile(file).catch((thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT') return null
      throw thrown
    })
    let batch: OwnBatch | null = null
    try {
      batch = body === null ? null : ownBatchOf(body)
    } catch (thrown) {
      log.error(
        `${file} is damaged: ${reasonOf(thrown)}. The last events of the audit trail before this start may be missing.`,
      )
    }
    const isNext =
      batch?.manifest.agent === self.id &&
      batch.manifest.incarnation === chain.incarnation &&
      batch.manifest.sequence === (last?.sequence ?? 0) + 1
    return isNext ? batch : null
  }

  async function seal(lines: Buffer, at: number): Promise<void> {
    const sequence = (last?.sequence ?? 0) + 1
    const body = sealOwn(lines, { self, key, chain, sequence, previous: last?.hash ?? null, namespace }, at)
    await writeDurably(parts.folder, file, body)
    sealed = ownBatchOf(body)
  }

  async function sealSome(): Promise<void> {
    const some = waiting.slice(0, MOST_TOGETHER)
    const sequence = (last?.sequence ?? 0) + 1
    const lines = some.map(({ act, at }, index) => {
      const event = eventOf(act, at, self, chain, placeOf(sequence, index))
      return `${canonical(event)}\n`
    })
    await seal(Buffer.from(lines.join('')), some[0]!.at)
    waiting.splice(0, some.length)
  }

  async function writeSealed({ hash, ...batch }: OwnBatch): Promise<void> {
    const { sequence, created } = batch.manifest
    const additions = enrichment.enrich(batch.lines)
    const outcome = await store.write({
      ...batch,
      hash,
      ingested: clock(),
      ...(additions !== null && { additions }),
    })
    if (outcome.kind === 'fork') {
      // The store was restored to an earlier state or shares its key with another: continue in a new incarnation.
      const record = await store.records.get(KIND, self.id)
      ;({ chain, last } = await startChain(record?.version ?? null))
      log.error(`The indexer's own chain forked at waybill ${sequence}; it continues in a new incarnation.`)
      await seal(batch.lines, created)
      return
    }
    last = { sequence, hash }
    sealed = null
    for (const { reason } of outcome.result.reasons)
      log.error(`An event of the indexer's own trail went to the dead letters: ${reason}`)
  }

  const waits = (): number => waiting.length + (sealed?.manifest.events ?? 0)

  async function flush(): Promise<void> {
    try {
      while (waits() > 0) {
        if (sealed === null) await sealSome()
        if (sealed !== null) await writeSealed(sealed)
      }
    } catch (error) {
      log.error(
        `The audit trail can't be written at present, and ${waits()} of its events wait: ${reasonOf(error)}`,
      )
    }
  }

  const timer = setInterval(() => {
    if (waits() > 0) void turn(flush)
  }, RETRY_EVERY)
  timer.unref()
  // Events that were sealed before the start come before those that are recorded after it.
  await turn(flush)
  let noted: NodeJS.Timeout | null = null

  function take(given: Act): void {
    const act = { ...given, by: named(given.by) }
    if (closed || waiting.length >= MOST_WAITING) {
      log.error({ act }, 'An event of the audit trail could not be kept for the store; this line has it.')
    } else waiting.push({ act, at: clock() })
  }

  return {
    async record(...acts) {
      for (const act of acts) take(act)
      await turn(flush)
    },
    note(act) {
      take(act)
      noted ??= setTimeout(() => {
        noted = null
        void turn(flush)
      }, NOTED_WITHIN)
    },
    get waiting() {
      return waits()
    },
    async close() {
      closed = true
      clearInterval(timer)
      if (noted !== null) clearTimeout(noted)
      await turn(flush)
      for (const { act } of waiting)
        log.error({ act }, 'An event of the audit trail could not be stored; this line has it.')
    },
  }
}

/** Keeps only the members that an event or a log may have. */
const named = ({ name, address, channel }: Act['by']): Act['by'] => ({
  name,
  ...(address === undefined ? {} : { address }),
  ...(channel === undefined ? {} : { channel }),
})

const placeOf = (sequence: number, index: number): number => sequence * MOST_TOGETHER + index

type Self = { readonly id: string; readonly name: string; readonly host: string; readonly version: string }

function eventOf(act: Act, at: number, self: Self, chain: OwnChain, place: number) {
  const time = new Date(at).toISOString()
  // An alert is about people and addresses of its events, not about the program that reports it.
  const isAlert = act.rule !== undefined
  const from = act.by.address === undefined || isAlert ? [] : [act.by.address]
  const users = [...(isAlert ? [] : [act.by.name]), ...(act.about?.users ?? [])]
  const addresses = [...new Set([...from, ...(act.about?.addresses ?? [])])]
  return {
    '@timestamp': time,
    message: act.message,
    event: {
      id: mintedEventId(mintedIdPrefix(chain.source, GENERATION), place),
      kind: act.rule === undefined ? 'event' : 'alert',
      action: act.action,
      outcome: act.outcome,
      reason: act.reason,
      module: 'waybill',
      dataset: 'waybill.indexer',
      sequence: place,
    },
    agent: { id: self.id, name: self.name, version: self.version },
    host: { name: self.host },
    user: { name: act.by.name },
    rule: act.rule === undefined ? undefined : { id: act.rule.id, name: act.rule.name },
    source: act.by.address === undefined ? undefined : { ip: act.by.address },
    audit: {
      category: act.category,
      component: 'indexer',
      channel: act.by.channel,
      status: act.outcome === 'failure' ? 'error' : 'ok',
      risk: act.rule?.risk,
      entity: act.entity,
      record_count: act.count,
      changes: act.changes,
      payload: act.payload,
    },
    related: {
      entity: act.entity === undefined ? undefined : [act.entity.id],
      hosts: [self.host],
      ip: addresses.length === 0 ? undefined : addresses,
      user: users.length === 0 ? undefined : [...new Set(users)],
    },
  }
}

/** Returns the body of a waybill, as an agent would send it. */
function sealOwn(
  lines: Buffer,
  said: {
    self: Self
    key: OwnKey
    chain: OwnChain
    sequence: number
    previous: string | null
    namespace: string
  },
  created: number,
): Buffer {
  const { leaves, count } = leavesIn(lines)
  const { sequence } = said
  const manifest = manifestSchema.parse({
    version: 1,
    agent: said.self.id,
    key: said.key.id,
    incarnation: said.chain.incarnation,
    sequence,
    previous: said.previous,
    cites: null,
    created,
    namespace: said.namespace,
    settings: null,
    events: count,
    bytes: lines.length,
    encoding: 'zstd',
    root: merkleRoot(leaves).toString('hex'),
    sources: [
      {
        source: said.chain.source,
        generation: GENERATION,
        path: 'waybill:indexer',
        from: placeOf(sequence, 0),
        to: placeOf(sequence, count),
        read: count,
        events: count,
        filtered: 0,
        skipped: 0,
        truncated: 0,
        errors: 0,
        dropped: 0,
      },
    ],
  })
  return encodeWaybill(manifest, zstdCompressSync(lines), said.key.privateKey).body
}

type OwnBatch = Omit<StoreBatch, 'ingested'>

function ownBatchOf(body: Buffer): OwnBatch {
  const { payload, ...sealed } = decodeWaybill(body)
  const lines = zstdDecompressSync(payload)
  return { ...sealed, lines, leaves: leavesIn(lines).leaves }
}

/** The function that hashes needs a free byte before the first line. */
const leavesIn = (lines: Buffer): ReturnType<typeof leavesOf> =>
  leavesOf(Buffer.concat([Buffer.alloc(1), lines]), 1, lines.length + 1)

interface OwnKey {
  readonly id: string
  readonly privateKey: KeyObject
  /** SPKI in PEM. */
  readonly publicPem: string
}

/** The Ed25519 key that signs the indexer's own waybills; made when there is none, readable for its user only. */
async function openOwnKey(folder: string): Promise<OwnKey> {
  const file = join(folder, 'indexer-key.pem')
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await writeDurably(folder, file, pem)
  }
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (error) {
    throw new OperatorError(
      'WB-DATA-DAMAGED',
      `${file} holds no private key: restore the file from a backup, or move it away, and the indexer makes a new one.`,
      { cause: error },
    )
  }
  const publicKey = createPublicKey(privateKey)
  return {
    id: keyId(publicKey),
    privateKey,
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
  }
}
