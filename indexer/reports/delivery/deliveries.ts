import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { ReportFormat, Role } from '../../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import {
  type MailSettings,
  type Notifier,
  type Outcome,
  outcomeOf,
  SENT,
  sendMail,
} from '../../alerts/notify/index.ts'
import { Rounds, type Trail } from '../../ingest/index.ts'
import { type Delivery, type Job, type Jobs, jobEntity, type Recipient } from '../jobs/index.ts'
import { linkTo, saidOf } from './message.ts'
import type { Places } from './places.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
/** What is new wakes it: this is for what nobody tells, such as a clock that was set. */
const LOOK_EVERY = MINUTE
const TRIED_FOR = DAY
const FIRST_PAUSE = MINUTE
const LONGEST_PAUSE = 60 * MINUTE
/** A server that takes a large mail slowly. */
const ATTEMPT = 10 * MINUTE
/** What waits in the outbox of the notifications is looked at again. */
const OUTBOX_PAUSE = 15 * SECOND

const TYPES = {
  pdf: 'application/pdf',
  html: 'text/html',
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
} as const satisfies Record<ReportFormat, string>

export interface DeliveriesParts {
  readonly jobs: Pick<Jobs, 'list' | 'change' | 'isHere' | 'pathOf'>
  readonly trail: Pick<Trail, 'record'>
  readonly notifier: Pick<Notifier, 'post' | 'outbox'>
  readonly places: Places
  readonly settings: () => {
    readonly mail: MailSettings | undefined
    /** The address of the console; null if the settings have none. */
    readonly console: string | null
    /** The bytes that a mail may have attached. */
    readonly attach: number
    readonly zone: string
  }
  /** The mail addresses of the users of a role who may sign in. */
  readonly addressesOf: (role: Role) => readonly string[]
  readonly clock: () => number
  readonly log: Logger
  /** Whether it works by itself; a test does it step by step. The default is true. */
  readonly worksAlone?: boolean
}

/**
 * Brings reports that are done to those who get them. Each delivery is in the record of its job before it is tried, and is tried for a day.
 * The indexer that has the files delivers them. After kill -9 an attempt may be repeated: mails then have the same Message-ID.
 */
export class Deliveries {
  readonly #parts: DeliveriesParts
  readonly #rounds = new Rounds({
    round: () => this.turn(),
    afterFailure: LOOK_EVERY,
    failed: (reason) => this.#parts.log.warn(`The delivery of reports waits: ${reason}`),
  })

  private constructor(parts: DeliveriesParts) {
    this.#parts = parts
  }

  static open(parts: DeliveriesParts): Deliveries {
    const deliveries = new Deliveries(parts)
    if (parts.worksAlone !== false) deliveries.#rounds.start()
    return deliveries
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  wake(): void {
    this.#rounds.wake()
  }

  /** Tries what is due; returns when there is more, ms from now. */
  async turn(): Promise<number> {
    const { jobs, clock } = this.#parts
    let wait = LOOK_EVERY
    for (const job of await jobs.list()) {
      if (job.state !== 'done' || !jobs.isHere(job)) continue
      const deliveries = job.deliveries ?? (await this.#address(job))
      for (const [index, delivery] of deliveries.entries()) {
        if (delivery.state !== 'waiting' || this.#rounds.signal.aborted) continue
        if (delivery.due <= clock()) await this.#try(job, index, delivery)
        else wait = Math.min(wait, delivery.due - clock())
      }
    }
    return wait
  }

  /** Resolves who gets it: users of a role are those at this time, and each address gets it once. */
  async #address(job: Job): Promise<readonly Delivery[]> {
    const due = this.#parts.clock()
    const delivery = (to: string, by: Recipient, reason: string | null = null): Delivery => ({
      to,
      by,
      state: reason === null ? 'waiting' : 'failed',
      reason,
      attempts: 0,
      due,
    })
    const all = job.recipients.flatMap((by): Delivery[] => {
      if ('mail' in by) return [delivery(by.mail, by)]
      if ('channel' in by) return [delivery(`channel ${by.channel}`, by)]
      if ('place' in by) return [delivery(`place ${by.place}`, by)]
      const addresses = this.#parts.addressesOf(by.role)
      return addresses.length > 0
        ? addresses.map((address) => delivery(address, by))
        : [delivery(`role ${by.role}`, by, `No user with the role ${by.role} has a mail address.`)]
    })
    const deliveries = [...new Map(all.map((one) => [one.to, one])).values()]
    for (const one of deliveries) if (one.state === 'failed') await this.#record(job, one)
    await this.#parts.jobs.change(job.id, (now) => (now.deliveries === null ? { ...now, deliveries } : null))
    return deliveries
  }

  async #try(job: Job, index: number, before: Delivery): Promise<void> {
    const { clock, jobs } = this.#parts
    const limit = AbortSignal.any([this.#rounds.signal, AbortSignal.timeout(ATTEMPT)])
    const outcome = await this.#deliver(job, index, before, limit).catch(laterOf)
    if (this.#rounds.signal.aborted && outcome.kind !== 'sent') return
    const attempts = before.attempts + 1
    const pause = Math.min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    const isPassed = outcome.kind === 'later' && outcome.reason === IN_OUTBOX
    const due = clock() + (isPassed ? OUTBOX_PAUSE : pause)
    const isOver = outcome.kind === 'refused' || due > (job.finished ?? job.created) + TRIED_FOR
    const after: Delivery = {
      ...before,
      attempts,
      due,
      state: outcome.kind === 'sent' ? 'sent' : isOver ? 'failed' : 'waiting',
      reason: outcome.kind === 'sent' ? null : outcome.reason,
    }
    if (after.state !== 'waiting') await this.#record(job, after)
    await jobs.change(job.id, (now) =>
      now.deliveries === null
        ? null
        : { ...now, deliveries: now.deliveries.map((one, i) => (i === index ? after : one)) },
    )
  }

  async #deliver(job: Job, index: number, { to, by }: Delivery, signal: AbortSignal): Promise<Outcome> {
    if (job.files.length === 0) return { kind: 'refused', reason: 'Its files are removed.' }
    if ('place' in by) {
      await this.#parts.places.put(by.place, job, this.#parts.jobs)
      return SENT
    }
    if ('channel' in by) return this.#post(job, by.channel)
    return this.#mail(job, index, to, signal)
  }

  async #mail(job: Job, index: number, to: string, signal: AbortSignal): Promise<Outcome> {
    const { mail, console, attach, zone } = this.#parts.settings()
    if (mail === undefined)
      return { kind: 'later', reason: 'indexer.yml has no mail server: write mail, with its host and from.' }
    const bytes = job.files.reduce((sum, file) => sum + file.bytes + file.proofBytes, 0)
    const isAttached = bytes <= attach
    const { title, message } = saidOf(job, { zone, console, isAttached })
    const attachments = isAttached ? await this.#attachments(job) : []
    const id = `report.${job.id}.${index}`
    try {
      await sendMail(
        mail,
        { to, subject: title, text: message, id, at: job.finished ?? job.created, attachments },
        signal,
      )
      return SENT
    } catch (thrown) {
      return outcomeOf(thrown)
    }
  }

  async #attachments(job: Job): Promise<{ name: string; type: string; bytes: Buffer }[]> {
    const read = async (name: string, type: string) => ({
      name,
      type,
      bytes: await readFile(this.#parts.jobs.pathOf(job, name)),
    })
    const found = job.files.flatMap(({ name, format, proof }) => [
      read(name, TYPES[format]),
      ...(proof === null ? [] : [read(proof, 'application/json')]),
    ])
    return Promise.all(found)
  }

  /** The outbox of the notifications tries by itself, and this waits for what becomes of it. */
  async #post(job: Job, channel: string): Promise<Outcome> {
    const { notifier, settings } = this.#parts
    const { console, zone } = settings()
    const said = saidOf(job, { zone, console: null, isAttached: false })
    const link = console === null ? '' : linkTo(job, console)
    const ids = await notifier.post(channel, `report:${job.id}`, { ...said, link })
    if (ids.length === 0)
      return { kind: 'refused', reason: `indexer.yml has no channel ${channel} that takes reports.` }
    const messages = (await notifier.outbox()).filter(({ id }) => ids.includes(id))
    const failed = messages.find(({ state }) => state === 'failed')
    if (failed !== undefined) return { kind: 'refused', reason: failed.reason ?? 'The message failed.' }
    return messages.every(({ state }) => state === 'sent' || state === 'combined')
      ? SENT
      : { kind: 'later', reason: IN_OUTBOX }
  }

  async #record(job: Job, { to, state, reason }: Delivery): Promise<void> {
    const isSent = state === 'sent'
    await this.#parts.trail.record({
      action: `${job.work.makes}-delivery`,
      category: 'security',
      message: isSent
        ? `"${job.title}" was delivered to ${to}.`
        : `"${job.title}" could not be delivered to ${to}.`,
      outcome: isSent ? 'success' : 'failure',
      ...(reason !== null && { reason }),
      by: { name: job.requester.name },
      entity: jobEntity(job),
      payload: {
        to,
        rows: job.files.reduce((most, { rows }) => Math.max(most, rows), 0),
        files: job.files.map(({ name }) => name),
        bytes: job.files.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    })
  }
}

const IN_OUTBOX = 'It waits in the outbox of the notifications.'

const laterOf = (thrown: unknown): Outcome => {
  const reason = thrown instanceof OperatorError ? thrown.message : reasonOf(thrown)
  return { kind: 'later', reason }
}
