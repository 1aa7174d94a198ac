import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { HASH_BYTES } from '../../schema/index.ts'
import {
  type Acknowledgement,
  type Manifest,
  WaybillFormatError,
  type WaybillHead,
} from '../../schema/wire/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import { Refusal } from '../refusal.ts'
import {
  type Author,
  type Store,
  type StoreBatch,
  StoreFullError,
  StoreUnavailableError,
  type WriteResult,
} from '../store/port.ts'
import { type Agent, type Agents, hostsOf } from './agents.ts'
import { Body, busy } from './body.ts'
import type { Breaks } from './breaks.ts'
import { Budget, type Share } from './budget.ts'
import type { Checker } from './checker.ts'
import type { Presences } from './presence.ts'
import type { Quotas } from './quota.ts'
import type { Seldom } from './seldom.ts'
import { type Room, SharedBuffers } from './shared-buffers.ts'
import type { Trail } from './trail.ts'

/** The counters and timers of taking a waybill in. */
export interface ReceiveMeter {
  received(bytes: number): void
  checked(seconds: number): void
  wrote(seconds: number, result: WriteResult, again: boolean): void
  forked(): void
  broke(chains: number): void
  slowed(): void
}

/**
 * Heads of waybills whose sender is not proven yet, all together and of one address; a usual one has a few hundred bytes and takes nothing
 * of it.
 */
const STRANGERS_BYTES = 40 * 1024 * 1024
const STRANGERS_BYTES_OF_ONE = 8 * 1024 * 1024

const FORKS_KEPT = 10_000
const TOLD_KEPT = 10_000

/** The sender of a waybill, according to the connection. */
export interface Sender {
  readonly address: string
  /** Refuses an agent whose connection this can't be. */
  demandSigner(agent: string): void
}

export interface Receiver {
  /** Takes in one waybill; resolves when all of it is durable, and throws a `Refusal` otherwise. */
  receive(body: Readable, from: Sender): Promise<Acknowledgement>
  /** Bytes in hand. */
  readonly inFlight: number
}

export function openReceiver(parts: {
  store: Store
  agents: Agents
  presences: Presences
  checker: Checker
  enrichment: Enrichment
  trail: Trail
  seldom: Seldom
  breaks: Breaks
  quotas: Quotas
  /** Integrations whose exports several agents read. */
  shared: () => readonly string[]
  namespace: string
  limits: { inFlight: number; idleTimeout: number }
  meter: ReceiveMeter
  log: Logger
  clock: () => number
}): Receiver {
  const { store, agents, presences, checker, enrichment, trail, limits, meter, log, clock } = parts
  const { seldom, breaks, quotas } = parts
  const known = new Budget(limits.inFlight)
  const strangers = new Budget(STRANGERS_BYTES, STRANGERS_BYTES_OF_ONE)
  const rooms = new SharedBuffers()
  const forks = new Set<string>()

  async function receive(source: Readable, { address, demandSigner }: Sender): Promise<Acknowledgement> {
    const body = new Body(source, limits.idleTimeout)
    let share: Share | null = null
    try {
      const head = await readHead(body, address)
      meter.received(head.payloadStart)
      const agent = agents.authenticateWaybill(head)
      demandSigner(agent.id)
      checkManifest(head.manifest)
      // Before the quota counts it: the agent will send it again.
      await storing(head.manifest, () => store.reach())
      await keepToQuota(agent, head.manifest)
      share = known.share(agent.id)
      // Take the room for the unpacked content before reading the payload: a sender that starts can finish.
      if (!share.take(head.manifest.bytes)) throw busy()
      const payload = await body.payload(head.payloadBytes, share)
      meter.received(payload.byteLength)
      presences.seen(agent.id)
      const room = rooms.take(head.manifest.bytes)
      try {
        return await keep(head, payload, { agent, room })
      } finally {
        rooms.give(room)
      }
    } finally {
      share?.release()
      body.release()
    }
  }

  async function readHead(body: Body, address: string): Promise<WaybillHead> {
    const share = strangers.share(address)
    try {
      return await body.head(share, (sender) => agents.knows(sender))
    } catch (error) {
      if (error instanceof WaybillFormatError)
        throw new Refusal('WB-WAYBILL-INVALID', `This is not a waybill: ${error.message}.`)
      throw error
    } finally {
      share.release()
    }
  }

  function checkManifest(manifest: Manifest): void {
    if (manifest.namespace !== parts.namespace) {
      // The refusal is not final: the operator has one of two settings to correct, and the events wait at the agent.
      throw new Refusal(
        'WB-AGENT-MISMATCH',
        `The waybill is for namespace ${manifest.namespace}, and this indexer has ${parts.namespace}.`,
      )
    }
    const wrong = whatDoesNotAddUp(manifest)
    if (wrong !== null) throw new Refusal('WB-WAYBILL-ALTERED', `The manifest is inconsistent: ${wrong}.`)
  }

  /** Enforces an agent's quota. An agent over it comes again later, so nothing is lost; each episode is recorded once. */
  async function keepToQuota({ id, name }: Agent, { events, bytes }: Manifest): Promise<void> {
    const over = quotas.admit(id, { events, bytes })
    if (over === null) return
    meter.slowed()
    const { seconds, why, isNew } = over
    if (isNew) {
      log.warn(`Agent ${name} (${id}) sends more ${why} than its quota allows: it is slowed down.`)
      await trail.record({
        action: 'agent-slow',
        category: 'system',
        message: `Agent ${name} sends more ${why} than its quota allows (agents.quota in indexer.yml): it is slowed down, and loses nothing.`,
        outcome: 'failure',
        reason: why,
        by: { name: 'agent' },
        entity: { type: 'agent', id, name },
      })
    }
    throw new Refusal(
      'WB-QUOTA',
      `Agent ${id} sends more ${why} than its quota allows: send this again in ${seconds} s.`,
      { retryAfter: seconds },
    )
  }

  async function keep(
    head: WaybillHead,
    payload: ArrayBuffer,
    { agent, room }: { agent: Agent; room: Room | null },
  ): Promise<Acknowledgement> {
    const { manifest, hash, manifestBytes, signature } = head
    const { encoding, bytes, events, root } = manifest
    const began = performance.now()
    const content = { payload, encoding, bytes, events, root }
    const checked = await checker.check({ content, plan: enrichment.plan, room })
    const between = performance.now()
    meter.checked((between - began) / 1000)
    if (!checked.ok) {
      log.warn(`${nameOf(manifest)} is refused for good: ${checked.reason}.`)
      throw new Refusal(
        'WB-WAYBILL-ALTERED',
        `The content of the waybill does not match its signed manifest: ${checked.reason}.`,
      )
    }
    const { additions } = checked
    enrichment.report(checked.fault)
    const batch: StoreBatch = {
      manifest,
      hash,
      manifestBytes,
      signature,
      lines: Buffer.from(checked.lines, 0, bytes),
      leaves: Buffer.from(checked.leaves, 0, events * HASH_BYTES),
      handedOver: true,
      author: authorOf(agent, parts.shared()),
      ingested: clock(),
      ...(additions !== null && {
        additions: { positions: additions.positions, lines: Buffer.from(additions.lines) },
      }),
    }
    const outcome = await storing(manifest, () => store.write(batch))
    if (outcome.kind === 'fork') throw await forked(manifest, hash, outcome.hash)
    const { again, result, links, newValues } = outcome
    quotas.met(agent.id, newValues)
    meter.broke(await breaks.look(manifest, hash, links, agent.name))
    await tellForeign(agent, manifest, { result, again })
    meter.wrote((performance.now() - between) / 1000, result, again)
    if (result.dead > 0 && !again) {
      log.warn(
        `${result.dead} events of ${nameOf(manifest)} went to the dead letters: ${result.reasons[0]?.reason}`,
      )
    }
    const { stored, duplicate, dead, sources, reasons } = result
    return {
      acknowledged: true,
      hash,
      again,
      stored,
      duplicate,
      dead,
      sources: [...sources],
      reasons: reasons.slice(0, 20),
    }
  }

  /** Waybills whose foreign events were recorded completely: a repeated one is not recorded again. */
  const told = new Set<string>()

  async function tellForeign(
    { id, name }: Agent,
    { incarnation, sequence }: Manifest,
    { result, again }: { result: WriteResult; again: boolean },
  ): Promise<void> {
    const foreign = result.foreign ?? 0
    const key = `${id}/${incarnation}/${sequence}`
    if (foreign === 0 || (again && told.has(key))) return
    if (told.size >= TOLD_KEPT) told.clear()
    told.add(key)
    const first = result.reasons[0]?.reason ?? ''
    await seldom.tell(`foreign/${id}`, foreign, (count) => ({
      action: 'agent-foreign-event',
      category: 'security',
      message: `${count} ${count === 1 ? 'event' : 'events'} of agent ${name} went to the dead letters because they are not in the agent's own name. The first: ${first}.`,
      outcome: 'failure',
      reason: first,
      by: { name: 'agent' },
      entity: { type: 'agent', id, name },
      count,
    }))
  }

  /** Asks the store; if it can't store now, the agent is refused with the reason. */
  async function storing<Result>(manifest: Manifest, ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof StoreFullError) {
        log.error(`${nameOf(manifest)} is not taken: ${error.message}`)
        throw new Refusal('WB-STORE-FULL', error.message, { retryAfter: 10, cause: error })
      }
      if (error instanceof StoreUnavailableError)
        throw new Refusal('WB-STORE-UNAVAILABLE', error.message, { retryAfter: 2, cause: error })
      throw error
    }
  }

  async function forked(manifest: Manifest, hash: string, before: string | null): Promise<Refusal> {
    const { agent, incarnation, sequence } = manifest
    const sentence =
      `Waybill ${sequence} of agent ${agent} arrived before with other content: ` +
      'its data folder was copied or restored.'
    meter.forked()
    log.error({ agent, incarnation, sequence, hash, before }, sentence)
    const refusal = new Refusal('WB-FORK', sentence)
    // One event for each twin: it may come again many times before it learns.
    const twin = `${agent}/${incarnation}`
    if (forks.has(twin)) return refusal
    if (forks.size >= FORKS_KEPT) forks.clear()
    forks.add(twin)
    await trail.record({
      action: 'waybill-fork',
      category: 'security',
      message: sentence,
      outcome: 'failure',
      reason: `incarnation ${incarnation}: ${before ?? 'a part of another waybill'} is stored, ${hash} arrived`,
      by: { name: 'agent' },
      entity: { type: 'agent', id: agent, name: agents.get(agent)?.name ?? agent },
    })
    return refusal
  }

  return {
    receive,
    get inFlight() {
      return known.used + strangers.used
    },
  }
}

const nameOf = ({ agent, incarnation, sequence }: Manifest): string =>
  `Waybill ${sequence} of agent ${agent} (incarnation ${incarnation})`

/** The identity that an agent may report in. */
export const authorOf = (agent: Agent, shared: readonly string[]): Author => ({
  agent: agent.id,
  hosts: hostsOf(agent),
  shared,
})

/** A signed manifest may still contradict itself; what the first contradiction is. */
export function whatDoesNotAddUp(manifest: Manifest): string | null {
  let events = 0
  for (const [index, slice] of manifest.sources.entries()) {
    events += slice.events
    const its = `sources[${index}]`
    if (slice.to < slice.from) return `${its} ends at ${slice.to}, before it starts at ${slice.from}`
    if (slice.read !== slice.events + slice.filtered)
      return `${its} read ${slice.read} records, and has ${slice.events} events and ${slice.filtered} filtered`
    if (slice.truncated > slice.events || slice.errors > slice.events)
      return `${its} has more truncated or failed events than events`
  }
  if (events !== manifest.events)
    return `its sources have ${events} events together, and it names ${manifest.events}`
  return null
}
