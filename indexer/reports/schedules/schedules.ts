import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import * as z from 'zod'
import { type ScheduleBody, type ScheduleShape, scheduleBodySchema } from '../../../schema/api/index.ts'
import { type Change, OperatorError, reasonOf } from '../../../schema/index.ts'
import { type Act, Rounds, type Trail } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Records } from '../../store/index.ts'
import { lastPeriod, type Span, zoned } from '../index.ts'
import type { Job, Jobs, NewJobRecord, Requester } from '../jobs/index.ts'
import { type Cron, lastUntil, nextAfter, parseCron } from './cron.ts'

const KIND = 'report-schedule'
const SECOND = 1000
const LOOK_EVERY = 15 * SECOND
/** A run that begins later than this after its time is marked as late. */
const LATE_AFTER = 5 * 60 * SECOND
const MOST = 500

const recordSchema = z.object({
  format: z.literal(1),
  schedule: scheduleBodySchema,
  /** Grows with each change. */
  version: z.int(),
  /** Who changed it last: its reports show what this user may see. */
  owner: z.object({ name: z.string(), user: z.string().nullable() }),
  changed: z.number(),
  /** All times up to this one have been dealt with. */
  after: z.number(),
  /** The end of the last period that a run has covered. */
  covered: z.number().nullable(),
  last: z.object({ at: z.number(), job: z.string() }).nullable(),
  problem: z.string().nullable(),
})
type ScheduleRecord = z.output<typeof recordSchema>
type Entry = ScheduleRecord & { readonly id: string }

export interface SchedulesParts {
  readonly records: Records
  readonly jobs: Pick<Jobs, 'add' | 'get'>
  readonly trail: Pick<Trail, 'record'>
  /** The title and the query of a report. Rejects if there is none, or if it can't be made with these parameters. */
  readonly describe: (
    schedule: ScheduleBody,
    owner: Requester,
  ) => Promise<{ readonly title: string; readonly query: string }>
  /** Rejects a destination that the settings do not have, in a sentence. */
  readonly demandRecipients: (to: ScheduleBody['to']) => void
  /** The time zone of the organisation. */
  readonly zone: () => string
  readonly random: (bytes: number) => Buffer
  readonly clock: () => number
  readonly log: Logger
  /** Whether it works by itself; a test does it step by step. The default is true. */
  readonly worksAlone?: boolean
}

/**
 * Makes reports at their times. A run is a job under an id that follows from the schedule and the time, so of several indexers one makes it.
 * Times that passed while no indexer ran are made up by one run, which covers all that they would have covered.
 */
export class Schedules {
  readonly #parts: SchedulesParts
  readonly #rounds = new Rounds({
    round: () => this.turn(),
    afterFailure: LOOK_EVERY,
    failed: (reason) => this.#parts.log.warn(`The schedules of reports wait for the store: ${reason}`),
  })

  private constructor(parts: SchedulesParts) {
    this.#parts = parts
  }

  static open(parts: SchedulesParts): Schedules {
    const schedules = new Schedules(parts)
    if (parts.worksAlone !== false) schedules.#rounds.start()
    return schedules
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  async list(): Promise<ScheduleShape[]> {
    const entries = await this.#entries()
    return Promise.all(entries.map((entry) => this.#shapeOf(entry)))
  }

  async get(id: string): Promise<ScheduleShape | null> {
    const record = await this.#parts.records.get(KIND, id)
    return record === null ? null : this.#shapeOf({ id, ...recordSchema.parse(record.value) })
  }

  /** Makes a schedule, or changes the version that is named. It then shows what `owner` may see. */
  async put(
    id: string,
    given: { readonly schedule: ScheduleBody; readonly version?: number | undefined },
    owner: Requester,
    by: Act['by'],
  ): Promise<ScheduleShape> {
    const { records, trail, clock, describe, demandRecipients } = this.#parts
    const { schedule } = given
    parseCron(schedule.cron)
    zoned(0, schedule.zone ?? 'UTC')
    demandRecipients(schedule.to)
    await describe(schedule, owner)
    const known = await records.get(KIND, id)
    const before = known === null ? null : recordSchema.parse(known.value)
    if (given.version === undefined && before !== null)
      throw new Refusal('WB-EXISTS', `There is already a schedule ${id}: name the version that you change.`)
    if (given.version !== undefined && before === null)
      throw new Refusal('WB-NOT-FOUND', `There is no schedule ${id}.`)
    if (before !== null && before.version !== given.version) throw changedMeanwhile(id)
    if (before === null && (await records.list(KIND)).length >= MOST)
      throw new Refusal(
        'WB-LIMIT-REACHED',
        `There are ${MOST} schedules, which is the limit: remove one first.`,
      )
    const after: ScheduleRecord = {
      format: 1,
      schedule,
      owner,
      version: (before?.version ?? 0) + 1,
      changed: clock(),
      // What it missed while it was switched off, or at other times, is not made up.
      after: clock(),
      covered: before?.schedule.covers === schedule.covers ? before.covered : null,
      last: before?.last ?? null,
      problem: null,
    }
    await trail.record({
      action: before === null ? 'report-schedule-create' : 'report-schedule-change',
      category: 'security',
      message: `${by.name} ${before === null ? 'made' : 'changed'} the schedule "${schedule.title}" (${id}).`,
      outcome: 'success',
      by,
      entity: { type: 'report-schedule', id, name: schedule.title },
      changes: changesBetween(before, after),
      payload: { version: after.version },
    })
    if (!(await records.put(KIND, id, after, known?.version ?? null))) throw changedMeanwhile(id)
    this.#rounds.wake()
    return this.#shapeOf({ id, ...after })
  }

  async remove(id: string, by: Act['by']): Promise<void> {
    const { records, trail } = this.#parts
    const record = await records.get(KIND, id)
    if (record === null) throw new Refusal('WB-NOT-FOUND', `There is no schedule ${id}.`)
    const before = recordSchema.parse(record.value)
    await trail.record({
      action: 'report-schedule-delete',
      category: 'security',
      message: `${by.name} removed the schedule "${before.schedule.title}" (${id}).`,
      outcome: 'success',
      by,
      entity: { type: 'report-schedule', id, name: before.schedule.title },
      changes: changesBetween(before, null),
      payload: { version: before.version },
    })
    await records.remove(KIND, id)
  }

  /** Makes the report of the last period that is over, now; returns the id of the job. */
  async runNow(id: string, by: Act['by']): Promise<string> {
    const { records, random, clock, trail } = this.#parts
    const record = await records.get(KIND, id)
    if (record === null) throw new Refusal('WB-NOT-FOUND', `There is no schedule ${id}.`)
    const entry = { id, ...recordSchema.parse(record.value) }
    const { title, zone, covers } = entry.schedule
    await trail.record({
      action: 'report-schedule-run',
      category: 'security',
      message: `${by.name} ran the schedule "${title}" (${id}).`,
      outcome: 'success',
      by,
      entity: { type: 'report-schedule', id, name: title },
    })
    const job = random(16).toString('hex')
    const span = lastPeriod(covers, clock(), zone ?? this.#parts.zone())
    await this.#parts.jobs.add(job, await this.#jobOf(entry, span, false))
    await this.#change(id, (record) => ({ ...record, last: { at: clock(), job } }))
    return job
  }

  /** Begins what is due; returns when to look again, ms from now. */
  async turn(): Promise<number> {
    const { clock, log } = this.#parts
    let wait = LOOK_EVERY
    for (const entry of await this.#entries()) {
      if (!entry.schedule.enabled) continue
      try {
        const next = await this.#begin(entry)
        if (next !== null) wait = Math.min(wait, Math.max(0, next - clock()))
      } catch (thrown) {
        log.warn(`The schedule ${entry.id} waits: ${reasonOf(thrown)}`)
      }
    }
    return wait
  }

  /** Begins a run if one is due; returns the time of the next one. */
  async #begin(entry: Entry): Promise<number | null> {
    const { clock } = this.#parts
    const { schedule } = entry
    const now = clock()
    const cron = parseCron(schedule.cron)
    const zone = schedule.zone ?? this.#parts.zone()
    const due = dueBetween(cron, zone, entry.after, now)
    if (due === null) return nextAfter(cron, zone, now)
    // An earlier one was missed, or this one is late.
    const isLate = now - due > LATE_AFTER || nextAfter(cron, zone, entry.after) !== due
    const span = spanOf(entry, zone, isLate ? now : due, isLate)
    const job = hash('sha256', `${entry.id}\n${due}`).slice(0, 32)
    let problem: string | null = null
    try {
      await this.#parts.jobs.add(job, await this.#jobOf(entry, span, isLate))
    } catch (thrown) {
      if (!(thrown instanceof OperatorError || thrown instanceof Refusal)) throw thrown
      problem = thrown.message
      await this.#report(entry, problem)
    }
    await this.#change(entry.id, (record) =>
      record.after >= due || record.version !== entry.version
        ? null
        : problem === null
          ? { ...record, after: due, covered: span.to, last: { at: now, job }, problem: null }
          : { ...record, after: due, problem },
    )
    return nextAfter(cron, zone, now)
  }

  async #report({ id, schedule, owner, problem: before }: Entry, problem: string): Promise<void> {
    if (before === problem) return
    this.#parts.log.warn(`The schedule ${id} does not run: ${problem}`)
    await this.#parts.trail.record({
      action: 'report-schedule-run',
      category: 'security',
      message: `The schedule "${schedule.title}" (${id}) did not run.`,
      outcome: 'failure',
      reason: problem,
      by: { name: owner.name },
      entity: { type: 'report-schedule', id, name: schedule.title },
    })
  }

  async #jobOf(
    { id, schedule, owner, last }: Entry,
    { from, to }: Span,
    late: boolean,
  ): Promise<NewJobRecord> {
    const { title, query } = await this.#parts.describe(schedule, owner)
    const iso = (time: number): string => new Date(time).toISOString()
    const zone = schedule.zone ?? this.#parts.zone()
    return {
      work: {
        makes: 'report',
        report: schedule.report,
        parameters: { ...schedule.parameters, zone, from: iso(from), to: iso(to) },
      },
      title,
      query,
      period: { from, to },
      formats: schedule.formats,
      requester: owner,
      recipients: schedule.to,
      schedule: id,
      late,
      previous: last?.at ?? null,
    }
  }

  async #change(id: string, next: (record: ScheduleRecord) => ScheduleRecord | null): Promise<void> {
    const { records } = this.#parts
    for (;;) {
      const found = await records.get(KIND, id)
      const after = found === null ? null : next(recordSchema.parse(found.value))
      if (found === null || after === null || (await records.put(KIND, id, after, found.version))) return
    }
  }

  async #entries(): Promise<Entry[]> {
    const records = await this.#parts.records.list(KIND)
    return records
      .map(({ key, value }) => ({ id: key, ...recordSchema.parse(value) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async #shapeOf({ id, schedule, version, owner, last, problem }: Entry): Promise<ScheduleShape> {
    const { clock, jobs } = this.#parts
    const zone = schedule.zone ?? this.#parts.zone()
    const job: Job | null = last === null ? null : await jobs.get(last.job)
    return {
      id,
      schedule,
      version,
      by: owner.name,
      next: schedule.enabled ? nextAfter(parseCron(schedule.cron), zone, clock()) : null,
      last: last === null || job === null ? null : { ...last, state: job.state },
      problem: problem ?? (await this.#parts.describe(schedule, owner).then(() => null, sentenceOf)),
    }
  }
}

/** The last time that is due, of those after `after`. */
function dueBetween(cron: Cron, zone: string, after: number, now: number): number | null {
  const last = lastUntil(cron, zone, now)
  return last !== null && last > after ? last : null
}

/** A late run goes on where the last one ended. */
function spanOf({ schedule, covered }: ScheduleRecord, zone: string, at: number, isLate: boolean): Span {
  const span = lastPeriod(schedule.covers, at, zone)
  return isLate && covered !== null && covered < span.from ? { ...span, from: covered } : span
}

function sentenceOf(thrown: unknown): string {
  if (thrown instanceof OperatorError || thrown instanceof Refusal) return thrown.message
  throw thrown
}

const changedMeanwhile = (id: string): Refusal =>
  new Refusal(
    'WB-CHANGED',
    `Somebody else has changed the schedule ${id}: read it again, and repeat the change.`,
  )

/** Each setting that differs, as text, and the owner. */
function changesBetween(before: ScheduleRecord | null, after: ScheduleRecord | null): Change[] {
  const flat = (record: ScheduleRecord | null): Record<string, unknown> =>
    record === null ? {} : { ...record.schedule, owner: record.owner.name }
  const text = (value: unknown): string | null =>
    value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)
  const [old, now] = [flat(before), flat(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((field) => {
    const [was, is] = [text(old[field]), text(now[field])]
    return was === is ? [] : [{ field, old: was, new: is }]
  })
}
