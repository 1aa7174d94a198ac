import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import * as z from 'zod'
import { MESSAGE_STATES, type OutboxMessageShape } from '../../../schema/api/index.ts'
import { reasonOf, sha256 } from '../../../schema/index.ts'
import type { Trail } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Records } from '../../store/index.ts'
import type { Outcome } from './channels/sender.ts'
import { type Content, clean, contentSchema, cut, titleOf } from './content.ts'
import type { Destination } from './routing.ts'

/**
 * Messages that are to be sent, and what became of them. Each is a record before it is sent, and the store's records are the truth: after
 * kill -9 another attempt follows, with the same id. Several indexers share the records: the one that holds a message's lease sends it.
 */

const messageSchema = z.object({
  format: z.literal(1),
  channel: z.string(),
  target: z.string(),
  to: z.string(),
  title: z.string(),
  occasion: contentSchema.shape.occasion,
  priority: contentSchema.shape.priority,
  incident: z.string(),
  created: z.number(),
  state: z.enum(MESSAGE_STATES),
  /** When it is tried next, or released. */
  due: z.number(),
  /** After that nobody tries any more. */
  until: z.number(),
  attempts: z.number(),
  reason: z.string().nullable(),
  finished: z.number().nullable(),
  lease: z.object({ by: z.string(), until: z.number() }).nullable(),
  /** Null once nobody needs it any more: the record of a sent message is small. */
  content: contentSchema.nullable(),
  /** Of a digest: the messages in it. */
  combines: z.array(z.string()),
})
export type Message = z.output<typeof messageSchema>

export interface NewMessage extends Destination {
  /** Names the message for ever: another message of this key to the same recipient is the same. */
  readonly key: string
  readonly content: Content
}

export interface Queue {
  readonly channel: string
  readonly target: string
}

const KIND = 'outbox'
const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
export const TRIED_FOR = 2 * DAY
const KEPT_FOR = 30 * DAY
/** An attempt ends before its lease does. */
export const ATTEMPT = 45 * SECOND
const LEASE = 2 * MINUTE
const FIRST_PAUSE = 30 * SECOND
const LONGEST_PAUSE = 60 * MINUTE
/** A target that fails is asked again after this, doubled each time: by another message than the one that failed, if there is one. */
const TARGET_PAUSE = 5 * SECOND
const LONGEST_TARGET_PAUSE = 5 * MINUTE
/** Messages that wait for one target: a flood of incidents must not fill memory and store. */
const MOST_WAITING = 1000
const MOST_FINISHED = 5000
const MOST_COMBINED = 200
/** How often an indexer looks for messages of others whose lease has ended. */
const LOOK_EVERY = 15 * SECOND
const CLEAN_EVERY = 60 * MINUTE

interface Entry {
  readonly message: Message
  readonly version: number
}

interface TargetState {
  isBusy: boolean
  pausedUntil: number
  failures: number
  isReported: boolean
}

export class Outbox {
  readonly #parts: OutboxParts
  readonly #me: string
  readonly #entries = new Map<string, Entry>()
  readonly #targets = new Map<string, TargetState>()
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #lookedAt = Number.NEGATIVE_INFINITY
  #cleanedAt = Number.NEGATIVE_INFINITY
  #isShared = true

  private constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#me = parts.random(8).toString('hex')
  }

  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts)
    // In a store of one indexer a lease is always that of a process that has ended.
    outbox.#isShared = (await parts.records.version()) !== null
    await outbox.#readAll()
    return outbox
  }

  /** Makes records of messages, each once; it resolves when they are durable. */
  async add(messages: readonly NewMessage[]): Promise<void> {
    const { records, clock } = this.#parts
    for (const one of messages) {
      const { key, channel, target, to, content, heldUntil } = one
      const id = idOf(key, one)
      if (this.#entries.has(id)) continue
      const now = clock()
      const isFull = this.#waiting(queueOf({ channel, target })) >= MOST_WAITING
      const message: Message = {
        format: 1,
        channel,
        target,
        to,
        title: cut(clean(titleOf(content)), 300),
        occasion: content.occasion,
        priority: content.priority,
        incident: content.incident,
        created: now,
        state: isFull ? 'failed' : heldUntil === null ? 'waiting' : 'held',
        due: heldUntil ?? now,
        until: (heldUntil ?? now) + TRIED_FOR,
        attempts: 0,
        reason: isFull ? `${MOST_WAITING} messages wait for this target already.` : null,
        finished: isFull ? now : null,
        lease: null,
        content,
        combines: [],
      }
      if (await records.put(KIND, id, message, null)) {
        this.#entries.set(id, { message, version: 1 })
        if (isFull) await this.#reportFailed(id, message)
      } else await this.#reload(id)
    }
  }

  /** Begins whatever is due, and returns when the next look is worthwhile, in ms from now. */
  async turn(): Promise<number> {
    const { clock } = this.#parts
    const now = clock()
    if (this.#isShared && now - this.#lookedAt >= LOOK_EVERY) await this.#readAll()
    if (now - this.#cleanedAt >= CLEAN_EVERY) await this.#clean()
    await this.#combine()
    for (const queue of this.#queues()) {
      const state = this.#stateOf(queue)
      if (state.isBusy || state.pausedUntil > now) continue
      const next = this.#nextOf(queue, now)
      if (next === null) continue
      state.isBusy = true
      const run = this.#attempt(next, state)
        .catch((thrown: unknown) => {
          this.#parts.log.warn(`The outbox can't be written at present: ${reasonOf(thrown)}`)
          state.pausedUntil = now + TARGET_PAUSE
        })
        .finally(() => {
          state.isBusy = false
          this.#running.delete(run)
          this.#parts.wake()
        })
      this.#running.add(run)
    }
    return this.#nextLook(now)
  }

  /** Waits until nothing is on its way; returns whether something was. */
  async idle(): Promise<boolean> {
    const was = this.#running.size > 0
    while (this.#running.size > 0) await Promise.all(this.#running)
    return was
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.idle()
  }

  /** Sends a failed message again, as if it were new. */
  async retry(id: string): Promise<OutboxMessageShape> {
    await this.#reload(id)
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Refusal('WB-NOT-FOUND', `There is no message ${id} in the outbox.`)
    const { message } = entry
    const now = this.#parts.clock()
    if (message.state === 'sent' || message.state === 'combined')
      throw new Refusal('WB-REQUEST-INVALID', `Message ${id} was sent already.`)
    const again: Message = {
      ...message,
      state: 'waiting',
      due: now,
      until: now + TRIED_FOR,
      finished: null,
    }
    if (!(await this.#put(id, entry, again)))
      throw new Refusal('WB-REQUEST-INVALID', `Message ${id} is being sent at the moment.`)
    this.#stateOf(queueOf(message)).pausedUntil = 0
    this.#parts.wake()
    return shapeOf(id, again)
  }

  /** The newest first. */
  async list(): Promise<OutboxMessageShape[]> {
    if (this.#isShared) await this.#readAll()
    return [...this.#entries]
      .map(([id, { message }]) => shapeOf(id, message))
      .sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1))
  }

  /** Waits until a message is finished, or has failed once; for tests of a channel. */
  async settled(ids: readonly string[], signal: AbortSignal): Promise<OutboxMessageShape[]> {
    const isSettled = (id: string): boolean => {
      const message = this.#entries.get(id)?.message
      return (
        message === undefined || message.finished !== null || (message.attempts > 0 && message.lease === null)
      )
    }
    while (!signal.aborted && !ids.every(isSettled)) await pause(50)
    return ids.flatMap((id) => {
      const entry = this.#entries.get(id)
      return entry === undefined ? [] : [shapeOf(id, entry.message)]
    })
  }

  async #attempt(id: string, state: TargetState): Promise<void> {
    const { clock, send } = this.#parts
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.message.content === null) return
    const leased: Message = {
      ...entry.message,
      attempts: entry.message.attempts + 1,
      lease: { by: this.#me, until: clock() + LEASE },
    }
    if (!(await this.#put(id, entry, leased))) return
    const signal = AbortSignal.any([AbortSignal.timeout(ATTEMPT), this.#stopping.signal])
    let outcome: Outcome
    try {
      outcome = await send(id, leased, entry.message.content, signal)
    } catch (thrown) {
      outcome = { kind: 'later', reason: reasonOf(thrown) }
    }
    // A stop is no failure of the receiver: the next process begins the attempt again.
    if (outcome.kind === 'later' && this.#stopping.signal.aborted) {
      const held = this.#entries.get(id)
      if (held !== undefined) await this.#put(id, held, entry.message)
      return
    }
    await this.#finish(id, leased, outcome, state)
  }

  async #finish(id: string, leased: Message, outcome: Outcome, state: TargetState): Promise<void> {
    const { clock } = this.#parts
    const now = clock()
    const held = this.#entries.get(id)
    if (held === undefined) return
    if (outcome.kind === 'sent') {
      const sent: Message = {
        ...leased,
        state: 'sent',
        due: now,
        finished: now,
        reason: null,
        lease: null,
        content: null,
      }
      await this.#put(id, held, sent)
      const wasFailing = state.isReported
      state.failures = 0
      state.pausedUntil = 0
      state.isReported = false
      if (wasFailing) await this.#reportWorking(leased)
      return
    }
    const reason = cut(clean(this.#parts.withoutSecrets(outcome.reason)), 500)
    state.failures++
    const wait = outcome.kind === 'later' ? (outcome.retryAfter ?? 0) : 0
    const targetPause = Math.min(LONGEST_TARGET_PAUSE, TARGET_PAUSE * 2 ** (state.failures - 1))
    state.pausedUntil = outcome.kind === 'refused' ? now : now + Math.max(wait, this.#jittered(targetPause))
    const due = now + Math.max(wait, this.#jittered(pauseAfter(leased.attempts)))
    const isOver = outcome.kind === 'refused' || due > leased.until
    const next: Message = {
      ...leased,
      state: isOver ? 'failed' : 'waiting',
      due: isOver ? now : due,
      finished: isOver ? now : null,
      reason,
      lease: null,
    }
    await this.#put(id, held, next)
    // One failure may be a passing fault of the network.
    if (!state.isReported && (isOver || state.failures >= 2)) {
      state.isReported = true
      await this.#reportFailing(next)
    }
    if (isOver) await this.#reportFailed(id, next)
  }

  /** Between 80 and 120 hundredths, so that indexers and messages spread. */
  #jittered(ms: number): number {
    return Math.round(ms * (0.8 + (0.4 * this.#parts.random(2).readUInt16BE()) / 0xffff))
  }

  async #reportFailing({ channel, target, reason }: Message): Promise<void> {
    const { trail, log } = this.#parts
    const message = `The channel ${channel} (${target}) does not work: ${reason ?? 'no reason is known'}`
    log.warn(message)
    await trail.record({
      action: 'channel-failing',
      category: 'system',
      message,
      outcome: 'failure',
      ...(reason !== null && { reason }),
      by: { name: 'waybill' },
      entity: { type: 'channel', id: channel, name: target },
    })
  }

  async #reportWorking({ channel, target }: Message): Promise<void> {
    const message = `The channel ${channel} (${target}) works again.`
    this.#parts.log.info(message)
    await this.#parts.trail.record({
      action: 'channel-working',
      category: 'system',
      message,
      outcome: 'success',
      by: { name: 'waybill' },
      entity: { type: 'channel', id: channel, name: target },
    })
  }

  async #reportFailed(id: string, { channel, target, to, title, reason }: Message): Promise<void> {
    const whom = to === '' ? `${channel} (${target})` : `${channel} (${to})`
    const message = `A message to ${whom} was not delivered: ${title}`
    this.#parts.log.error(`${message}: ${reason ?? 'no reason is known'}`)
    await this.#parts.trail.record({
      action: 'notification-failed',
      category: 'system',
      message,
      outcome: 'failure',
      ...(reason !== null && { reason }),
      by: { name: 'waybill' },
      entity: { type: 'message', id, name: channel },
    })
  }

  /** Messages that were held for one target come together once their time is over. */
  async #combine(): Promise<void> {
    const { clock } = this.#parts
    const now = clock()
    const inDigest = new Map<string, string>()
    for (const [id, { message }] of this.#entries) for (const part of message.combines) inDigest.set(part, id)
    const groups = new Map<string, [string, Entry][]>()
    for (const [id, entry] of this.#entries) {
      const { message } = entry
      if (message.state !== 'held' || message.due > now) continue
      // A digest that names it was made before a crash: only the mark is missing.
      if (inDigest.has(id)) await this.#put(id, entry, combined(message, now))
      else {
        const group = `${queueOf(message)}\0${message.to}`
        groups.set(group, [...(groups.get(group) ?? []), [id, entry]])
      }
    }
    for (const all of groups.values()) {
      const parts = all
        .toSorted(([, a], [, b]) => a.message.created - b.message.created)
        .slice(0, MOST_COMBINED)
      const [first] = parts
      if (first === undefined) continue
      const [firstId, firstEntry] = first
      if (parts.length === 1) {
        await this.#put(firstId, firstEntry, { ...firstEntry.message, state: 'waiting' })
        continue
      }
      await this.#addDigest(parts, now)
    }
  }

  async #addDigest(parts: readonly (readonly [string, Entry])[], now: number): Promise<void> {
    const messages = parts.map(([, { message }]) => message)
    const base = messages[0]?.content
    const { channel, target, to } = messages[0]!
    if (base === null || base === undefined) return
    const content: Content = {
      ...base,
      occasion: 'digest',
      at: now,
      priority: messages.reduce<Content['priority']>(
        (most, { priority }) => (ORDER.indexOf(priority) > ORDER.indexOf(most) ? priority : most),
        'low',
      ),
      incident: '',
      alert: '',
      summary: '',
      message: '',
      response: '',
      note: '',
      users: [],
      addresses: [],
      lines: messages.map(({ title }) => cut(title, 200)),
    }
    const ids = parts.map(([id]) => id)
    const id = idOf(`digest:${ids.join()}`, { channel, target, to })
    const digest: Message = {
      ...messages[0]!,
      title: titleOf(content),
      occasion: 'digest',
      priority: content.priority,
      incident: '',
      created: now,
      state: 'waiting',
      due: now,
      until: now + TRIED_FOR,
      content,
      combines: ids,
    }
    if (await this.#parts.records.put(KIND, id, digest, null))
      this.#entries.set(id, { message: digest, version: 1 })
    else await this.#reload(id)
    for (const [part, entry] of parts) await this.#put(part, entry, combined(entry.message, now))
  }

  #queues(): Set<string> {
    const queues = new Set<string>()
    for (const { message } of this.#entries.values())
      if (message.state === 'waiting') queues.add(queueOf(message))
    return queues
  }

  /** The message of a queue that is tried next. What happened to an incident later waits for what happened before. */
  #nextOf(queue: string, now: number): string | null {
    const waiting = [...this.#entries]
      .filter(([, { message }]) => message.state === 'waiting' && queueOf(message) === queue)
      .sort(([, a], [, b]) => a.message.created - b.message.created)
    const earlier = new Set<string>()
    let next: readonly [string, Message] | null = null
    for (const [id, { message }] of waiting) {
      const about = message.incident === '' ? id : `${message.to}\0${message.incident}`
      const isFirst = !earlier.has(about)
      earlier.add(about)
      const isFree = message.lease === null || message.lease.until <= now || !this.#isShared
      if (isFirst && isFree && message.due <= now && (next === null || message.due < next[1].due))
        next = [id, message]
    }
    return next?.[0] ?? null
  }

  #nextLook(now: number): number {
    let next = now + LOOK_EVERY
    for (const { message } of this.#entries.values())
      if (message.state === 'waiting' || message.state === 'held') {
        const paused = this.#targets.get(queueOf(message))?.pausedUntil ?? 0
        next = Math.min(next, Math.max(message.due, paused))
      }
    return Math.max(50, next - now)
  }

  #waiting(queue: string): number {
    let count = 0
    for (const { message } of this.#entries.values())
      if (message.finished === null && queueOf(message) === queue) count++
    return count
  }

  #stateOf(queue: string): TargetState {
    let state = this.#targets.get(queue)
    if (state === undefined) {
      state = { isBusy: false, pausedUntil: 0, failures: 0, isReported: false }
      this.#targets.set(queue, state)
    }
    return state
  }

  async #put(id: string, entry: Entry, message: Message): Promise<boolean> {
    const done = await this.#parts.records.put(KIND, id, message, entry.version)
    if (done) this.#entries.set(id, { message, version: entry.version + 1 })
    else await this.#reload(id)
    return done
  }

  async #reload(id: string): Promise<void> {
    const record = await this.#parts.records.get(KIND, id)
    if (record === null) this.#entries.delete(id)
    else this.#entries.set(id, { message: messageSchema.parse(record.value), version: record.version })
  }

  async #readAll(): Promise<void> {
    const listed = await this.#parts.records.list(KIND)
    this.#lookedAt = this.#parts.clock()
    const there = new Set<string>()
    for (const { key, value, version } of listed) {
      there.add(key)
      if ((this.#entries.get(key)?.version ?? 0) < version)
        this.#entries.set(key, { message: messageSchema.parse(value), version })
    }
    for (const [id, { message }] of this.#entries)
      if (!there.has(id) && message.created < this.#lookedAt - LOOK_EVERY) this.#entries.delete(id)
  }

  /** Removes what was finished 30 days ago, and the oldest beyond a number. */
  async #clean(): Promise<void> {
    const now = this.#parts.clock()
    this.#cleanedAt = now
    const finished = [...this.#entries]
      .filter(([, { message }]) => message.finished !== null)
      .sort(([, a], [, b]) => (b.message.finished ?? 0) - (a.message.finished ?? 0))
    for (const [index, [id, { message }]] of finished.entries()) {
      if (index < MOST_FINISHED && (message.finished ?? 0) >= now - KEPT_FOR) continue
      await this.#parts.records.remove(KIND, id)
      this.#entries.delete(id)
    }
  }
}

export interface OutboxParts {
  readonly records: Records
  readonly trail: Trail
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
  readonly log: Logger
  /** One attempt. */
  readonly send: (id: string, message: Message, content: Content, signal: AbortSignal) => Promise<Outcome>
  readonly withoutSecrets: (text: string) => string
  /** There may be something to do. */
  readonly wake: () => void
}

const ORDER = contentSchema.shape.priority.options

export const queueOf = ({ channel, target }: Queue): string => `${channel}\0${target}`

/** Somebody whose address is in two channels hears of an incident once. */
export const idOf = (key: string, { channel, target, to }: Queue & { readonly to: string }): string =>
  sha256(JSON.stringify(to === '' ? [key, channel, target] : [key, to])).slice(0, 32)

/** Half a minute after the first attempt, then twice as long each time, up to an hour. */
export const pauseAfter = (attempts: number): number =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))

const combined = (message: Message, now: number): Message => ({
  ...message,
  state: 'combined',
  finished: now,
  content: null,
})

function shapeOf(id: string, message: Message): OutboxMessageShape {
  const { channel, target, to, occasion, incident, title, priority } = message
  const { created, state, due, attempts, reason, finished } = message
  return {
    ...{ id, channel, target, to, occasion, incident, title, priority },
    ...{ created, state, due, attempts, reason, finished },
  }
}
