import { hostname } from 'node:os'
import type { Logger } from 'pino'
import * as z from 'zod'
import {
  type Category,
  type Change,
  canonical,
  indexerAgentId,
  isIncarnation,
  isSourceId,
  leavesOf,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  reasonOf,
} from '../../schema/index.ts'
import { decodeWaybill, encodeWaybill, manifestSchema } from '../../schema/wire/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import type { Store, StoreBatch } from '../store/port.ts'
import type { Agents } from './agents.ts'
import { type OwnKey, openOwnKey } from './own-key.ts'
import { inTurn } from './turn.ts'
import { VERSION } from './version.ts'

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
    /** By what they came: a browser, a program, a token of this name. */
    readonly channel?: string
  }
  readonly entity?: { readonly type: string; readonly id: string; readonly name?: string }
  readonly changes?: readonly Change[]
  /** How many events or records it was about. */
  readonly count?: number
  /** Where it is an alert: the rule that fired. */
  readonly rule?: {
    readonly id: string
    readonly name: string
    readonly risk: 'low' | 'medium' | 'high' | 'critical'
  }
  /** Whom and which addresses it is about, beside who did it. */
  readonly about?: { readonly users: readonly string[]; readonly addresses: readonly string[] }
  /** What else is to be known, such as the query of a search. */
  readonly payload?: Readonly<Record<string, string | number | readonly string[]>>
}

/**
 * The indexer's own audit trail: each act is an event like any other, and reaches the store as a waybill of the
 * indexer's own agent, in a chain of its own.
 */
export interface Trail {
  /**
   * Written before the act is done, so that no act goes without its event. Never rejects: on a full disk an
   * agent must still be revocable, so an event that can't be stored waits in memory and is tried again.
   */
  record(...acts: readonly Act[]): Promise<void>
  /**
   * For what is only looked at, which may be often: written with others a moment later. A crash in that moment loses it.
   */
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
  let { chain, last } = await takeUpChain()
  const waiting: { act: Act; at: number }[] = []
  const turn = inTurn()
  let closed = false

  /** The chain goes on where the store says that it ends: after kill -9 that is the truth. */
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

  async function writeSome(): Promise<void> {
    const some = waiting.slice(0, MOST_TOGETHER)
    const [first] = some
    if (first === undefined) return
    const sequence = (last?.sequence ?? 0) + 1
    const events = some.map(({ act, at }, index) => eventOf(act, at, self, chain, placeOf(sequence, index)))
    const batch = sealOwn(
      events,
      { self, key, chain, sequence, previous: last?.hash ?? null, namespace },
      first.at,
    )
    const additions = enrichment.enrich(batch.lines)
    const outcome = await store.write({
      ...batch,
      ingested: clock(),
      ...(additions !== null && { additions }),
    })
    if (outcome.kind === 'fork') {
      // The store was put back to an earlier state or shares its key with another: go on in a new incarnation.
      const record = await store.records.get(KIND, self.id)
      ;({ chain, last } = await startChain(record?.version ?? null))
      log.error(`The indexer's own chain forked at waybill ${sequence}; it goes on in a new incarnation.`)
      return
    }
    last = { sequence, hash: batch.hash }
    waiting.splice(0, some.length)
    for (const { reason } of outcome.result.reasons)
      log.error(`An event of the indexer's own trail went to the dead letters: ${reason}`)
  }

  async function flush(): Promise<void> {
    try {
      while (waiting.length > 0) await writeSome()
    } catch (error) {
      log.error(
        `The audit trail can't be written at present, and ${waiting.length} of its events wait: ${reasonOf(error)}`,
      )
    }
  }

  const timer = setInterval(() => {
    if (waiting.length > 0) void turn(flush)
  }, RETRY_EVERY)
  timer.unref()
  let noted: NodeJS.Timeout | null = null

  function take(given: Act): void {
    const act = { ...given, by: named(given.by) }
    if (closed || waiting.length >= MOST_WAITING) {
      log.error(
        { act },
        'An event of the audit trail could not be kept for the store; it stands in this line.',
      )
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
      return waiting.length
    },
    async close() {
      closed = true
      clearInterval(timer)
      if (noted !== null) clearTimeout(noted)
      await turn(flush)
      for (const { act } of waiting)
        log.error({ act }, 'An event of the audit trail could not be stored; it stands in this line.')
    },
  }
}

/** Who is handed in may be known by much more than stands in an event, or may stand in the log. */
const named = ({ name, address, channel }: Act['by']): Act['by'] => ({
  name,
  ...(address === undefined ? {} : { address }),
  ...(channel === undefined ? {} : { channel }),
})

const placeOf = (sequence: number, index: number): number => sequence * MOST_TOGETHER + index

type Self = { readonly id: string; readonly name: string; readonly host: string; readonly version: string }

function eventOf(act: Act, at: number, self: Self, chain: OwnChain, place: number) {
  const time = new Date(at).toISOString()
  const from = act.by.address === undefined ? [] : [act.by.address]
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
      user: [...new Set([act.by.name, ...(act.about?.users ?? [])])],
    },
  }
}

function sealOwn(
  events: readonly object[],
  said: {
    self: Self
    key: OwnKey
    chain: OwnChain
    sequence: number
    previous: string | null
    namespace: string
  },
  created: number,
): Omit<StoreBatch, 'ingested'> {
  const lines = Buffer.from(`\0${events.map((event) => `${canonical(event)}\n`).join('')}`)
  const { leaves, count } = leavesOf(lines, 1, lines.length)
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
    bytes: lines.length - 1,
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
  // The lines stay in this process: there is no payload to compress.
  const sealed = decodeWaybill(encodeWaybill(manifest, Buffer.alloc(0), said.key.privateKey).body)
  const { hash, manifestBytes, signature } = sealed
  return { manifest, hash, manifestBytes, signature, lines: lines.subarray(1), leaves }
}
