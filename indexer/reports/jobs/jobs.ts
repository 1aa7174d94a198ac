import type { Logger } from 'pino'
import type { JobShape } from '../../../schema/api/index.ts'
import { logged, OperatorError, reasonOf } from '../../../schema/index.ts'
import { Rounds, type Trail } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import { type Records, StoreUnavailableError } from '../../store/index.ts'
import type { Asked, Gathered, SealRequest, View } from '../index.ts'
import type { ReportsConfig } from '../settings.ts'
import type { WriteRequest, WrittenFile } from '../writers/index.ts'
import { madeAct } from './acts.ts'
import { isFull, type JobFiles } from './files.ts'
import {
  isOver,
  JOB_KIND,
  type Job,
  type JobRecord,
  jobSchema,
  permissionFor,
  type Requester,
  shapeOf,
  sightOf,
} from './job.ts'
import { make } from './make.ts'
import { Shelf } from './shelf.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** How often an indexer looks for jobs of others, and for files whose time is over. */
const LOOK_EVERY = 5 * SECOND
const TIDY_EVERY = MINUTE
/** Another indexer takes a job over when the one that runs it has been silent for this time. */
const LEASE = 30 * SECOND
const RENEW_EVERY = 5 * SECOND
const MEASURE_EVERY = SECOND
/** A job that took its indexer down as often is not begun again. */
const MOST_TRIES = 3
const AFTER_OUTAGE = 15 * SECOND
const MOST_DOWNLOADS = 100

export interface JobsParts {
  readonly records: Records
  readonly files: JobFiles
  readonly trail: Pick<Trail, 'record'>
  readonly gather: (asked: Asked, view: View) => Promise<Gathered>
  readonly write: (request: WriteRequest) => Promise<WrittenFile>
  /** Proves a file that is written and not offered yet. */
  readonly seal: (request: Omit<SealRequest, 'made' | 'sign'>) => Promise<{ readonly proof: string | null }>
  /** What a requester may see now. Rejects with the reason if they may no longer make it. */
  readonly viewOf: (
    requester: Requester,
    permission: 'report' | 'export',
    gone: AbortSignal,
  ) => View | Promise<View>
  readonly settings: () => ReportsConfig
  /** The name of this machine, for people. */
  readonly host: string
  /** The name of this process among those that share the records. */
  readonly self: string
  /** Told after each job that is done. */
  readonly onDone?: () => void
  readonly clock: () => number
  readonly log: Logger
  /** Whether it works by itself; a test does it step by step. The default is true. */
  readonly worksAlone?: boolean
}

/** What a job begins with. */
export type NewJobRecord = Pick<
  JobRecord,
  'work' | 'title' | 'query' | 'period' | 'formats' | 'requester' | 'recipients'
> &
  Partial<Pick<JobRecord, 'schedule' | 'late' | 'previous'>>

interface Running {
  readonly stop: AbortController
  progress: JobRecord['progress']
  /** Bytes that it may have before the room is looked at again. */
  free: number
  done: Promise<void>
}

/** A job that ended because somebody cancelled it, or another indexer has it: nothing is written about it here. */
class NoLongerMine extends Error {}

/**
 * Makes reports and exports, each a record until its files are removed. Several indexers share the records: each job is run by the one that
 * holds its lease, and its files are on that indexer.
 */
export class Jobs {
  readonly #parts: JobsParts
  readonly #running = new Map<string, Running>()
  /** When a job of each requester was begun last: nobody waits behind all jobs of somebody else. */
  readonly #lastOf = new Map<string, number>()
  readonly #unread = new Set<string>()
  readonly #shelf: Shelf
  readonly #rounds = new Rounds({
    round: () => this.#turn(),
    afterFailure: LOOK_EVERY,
    failed: (reason) => this.#parts.log.warn(`Reports and exports wait for the store: ${reason}`),
  })
  #isAlone: boolean | null = null
  #begun = 0
  #tidiedAt = Number.NEGATIVE_INFINITY

  private constructor(parts: JobsParts) {
    this.#parts = parts
    this.#shelf = new Shelf({ ...parts, jobs: this })
  }

  static open(parts: JobsParts): Jobs {
    const jobs = new Jobs(parts)
    if (parts.worksAlone !== false) jobs.#rounds.start()
    return jobs
  }

  /** Stops: jobs that run begin anew at the next start. */
  async close(): Promise<void> {
    const closed = this.#rounds.close()
    const stopAll = (): void => {
      for (const { stop } of this.#running.values()) stop.abort(new NoLongerMine('the indexer stops'))
    }
    stopAll()
    await closed
    // One more may have been begun in this moment.
    stopAll()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Begins a job under this id; false if there is one already. */
  async add(id: string, given: NewJobRecord): Promise<boolean> {
    const record: JobRecord = {
      format: 1,
      schedule: null,
      late: false,
      previous: null,
      ...given,
      created: this.#parts.clock(),
      begun: null,
      finished: null,
      state: 'waiting',
      tries: 0,
      notBefore: 0,
      lease: null,
      progress: { rows: 0, of: null },
      reason: null,
      verdict: null,
      files: [],
      sight: null,
      until: null,
      holder: null,
      deliveries: null,
      downloads: [],
    }
    const added = await this.#parts.records.put(JOB_KIND, id, record, null)
    this.wake()
    return added
  }

  /** Refuses one more job of somebody who has many already. */
  async demandRoomFor(requester: Requester): Promise<void> {
    const most = this.#parts.settings().waiting
    const open = (await this.list()).filter((job) => !isOver(job) && isSame(job.requester, requester))
    if (open.length >= most)
      throw new Refusal(
        'WB-TOO-MANY-JOBS',
        `${open.length} of your reports and exports wait or run, which is the limit: wait until one is done, or cancel one.`,
        { retryAfter: 30 },
      )
  }

  async get(id: string): Promise<Job | null> {
    const record = await this.#parts.records.get(JOB_KIND, id)
    const job = jobSchema.safeParse(record?.value)
    return job.success ? this.#withProgress({ id, ...job.data }) : null
  }

  /** All jobs, the newest first. */
  async list(): Promise<Job[]> {
    const records = await this.#parts.records.list(JOB_KIND)
    return records
      .flatMap(({ key, value }) => {
        const job = jobSchema.safeParse(value)
        if (job.success) return [this.#withProgress({ id: key, ...job.data })]
        this.#reportUnread(key)
        return []
      })
      .sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1))
  }

  shapeOf(job: Job): JobShape {
    return shapeOf(job, this.#parts.files.holder)
  }

  /** The path of a file that is here. */
  pathOf(job: Job, name: string): string {
    if (job.holder?.id !== this.#parts.files.holder)
      throw new Refusal(
        'WB-REPORT-ELSEWHERE',
        `The files of this job are on the indexer ${job.holder?.name ?? 'of another folder'}: ask that one.`,
      )
    return this.#parts.files.pathOf(job.id, name)
  }

  /** Whether the files of a job are on this indexer. */
  isHere = (job: Job): boolean => job.holder?.id === this.#parts.files.holder

  /** Ends a job that waits or runs; null if it is over already. */
  async cancel(id: string, by: string): Promise<Job | null> {
    const { clock } = this.#parts
    const cancelled = await this.change(id, (job) =>
      isOver(job)
        ? null
        : { ...job, state: 'cancelled', reason: `${by} cancelled it.`, finished: clock(), lease: null },
    )
    this.#running.get(id)?.stop.abort(new NoLongerMine('cancelled'))
    return cancelled
  }

  /** Removes a job that is over, with its files. What is on another indexer goes when that one looks next. */
  async remove(job: Job): Promise<void> {
    await this.#parts.records.remove(JOB_KIND, job.id)
    await this.#parts.files.remove(job.id)
  }

  /** Keeps in the job who has downloaded what. */
  async noteDownload(id: string, by: string, file: string): Promise<void> {
    const at = this.#parts.clock()
    await this.change(id, (job) => ({
      ...job,
      downloads: [...job.downloads, { by, file, at }].slice(-MOST_DOWNLOADS),
    }))
  }

  /** Changes a record as it is now; null if there is none, or if `next` gives null. */
  async change(id: string, next: (job: JobRecord) => JobRecord | null): Promise<Job | null> {
    const { records } = this.#parts
    for (;;) {
      const record = await records.get(JOB_KIND, id)
      if (record === null) return null
      const after = next(jobSchema.parse(record.value))
      if (after === null) return null
      if (await records.put(JOB_KIND, id, after, record.version)) return { id, ...after }
    }
  }

  wake(): void {
    this.#rounds.wake()
  }

  /** Does what is due, and returns when nothing runs any more. */
  async work(): Promise<void> {
    for (;;) {
      await this.#turn()
      if (this.#running.size === 0) return
      await Promise.all([...this.#running.values()].map(({ done }) => done))
    }
  }

  /** Begins what it can; returns when to look again, ms from now. */
  async #turn(): Promise<number> {
    const { clock, settings } = this.#parts
    this.#isAlone ??= (await this.#parts.records.version()) === null
    const jobs = await this.list()
    const waiting = jobs.filter((job) => this.#isFree(job)).sort((a, b) => this.#order(a, b))
    for (const { id } of waiting) {
      if (this.#running.size >= settings()['at-once'] || this.#rounds.signal.aborted) break
      if (!this.#running.has(id)) await this.#take(id)
    }
    if (clock() - this.#tidiedAt >= TIDY_EVERY) {
      this.#tidiedAt = clock()
      await this.#shelf.tidy((id) => this.#running.has(id) || this.#unread.has(id))
    }
    // Nobody else adds jobs to a store of one indexer: what is added here wakes this loop.
    const isLater = jobs.some(({ state, notBefore }) => state === 'waiting' && notBefore > clock())
    return this.#isAlone && !isLater ? TIDY_EVERY : LOOK_EVERY
  }

  #isFree(job: Pick<JobRecord, 'state' | 'notBefore' | 'lease'>): boolean {
    const now = this.#parts.clock()
    if (job.state === 'waiting') return job.notBefore <= now
    if (job.state !== 'running') return false
    if (job.lease === null || job.lease.until <= now) return true
    // In a store of one indexer a lease is always that of a process that has ended, or ours.
    return this.#isAlone === true && job.lease.by !== this.#parts.self
  }

  #order(a: Job, b: Job): number {
    const last = ({ requester }: Job): number => this.#lastOf.get(keyOf(requester)) ?? 0
    return last(a) - last(b) || a.created - b.created || (a.id < b.id ? -1 : 1)
  }

  async #take(id: string): Promise<void> {
    const { clock, self, host, files } = this.#parts
    const job = await this.change(id, (job) =>
      this.#isFree(job)
        ? job.tries >= MOST_TRIES
          ? {
              ...job,
              state: 'failed',
              reason: `The indexer ended ${job.tries} times while it made this: it is not tried again. The log of the indexer may tell why.`,
              finished: clock(),
              lease: null,
            }
          : {
              ...job,
              state: 'running',
              tries: job.tries + 1,
              begun: clock(),
              lease: { by: self, until: clock() + LEASE },
              holder: { id: files.holder, name: host },
              progress: { rows: 0, of: null },
            }
        : null,
    )
    if (job === null) return
    if (job.state === 'failed') {
      await this.#parts.trail.record(madeAct(job))
      return
    }
    this.#lastOf.set(keyOf(job.requester), ++this.#begun)
    const running: Running = {
      stop: new AbortController(),
      progress: job.progress,
      free: -1,
      done: Promise.resolve(),
    }
    this.#running.set(id, running)
    running.done = this.#make(job, running).finally(() => {
      this.#running.delete(id)
      this.wake()
    })
  }

  async #make(job: Job, running: Running): Promise<void> {
    const { files, clock, settings, log } = this.#parts
    const { stop } = running
    const timers = [
      setInterval(() => this.#renew(job.id, running), RENEW_EVERY),
      setInterval(() => {
        this.#demandSpace(job.id, running).catch((thrown) => stop.abort(thrown))
      }, MEASURE_EVERY),
    ]
    try {
      const view = await this.#parts.viewOf(job.requester, permissionFor(job), stop.signal)
      const made = await make(job, {
        ...this.#parts,
        view,
        signal: stop.signal,
        report: (progress) => {
          running.progress = progress
        },
      })
      await this.#demandSpace(job.id, running)
      stop.signal.throwIfAborted()
      const now = clock()
      const keep = settings().keep[job.work.makes === 'report' ? 'reports' : 'exports']
      const result = {
        ...made,
        state: 'done',
        sight: sightOf(view.visibility),
        finished: now,
        until: now + keep,
        lease: null,
      } as const
      await this.#parts.trail.record(madeAct({ ...job, ...result }))
      await files.finish(job.id)
      const done = await this.change(job.id, (now) => (this.#isMine(now) ? { ...now, ...result } : null))
      if (done === null) await files.remove(job.id)
      else this.#parts.onDone?.()
    } catch (thrown) {
      const why: unknown = stop.signal.aborted ? stop.signal.reason : thrown
      await this.#failed(job, why).catch((again) =>
        log.error(logged(again), `The end of the job ${job.id} can't be recorded: ${reasonOf(again)}`),
      )
    } finally {
      for (const timer of timers) clearInterval(timer)
    }
  }

  async #failed(job: Job, why: unknown): Promise<void> {
    const { files, clock, log, trail } = this.#parts
    await files.remove(job.id)
    if (why instanceof NoLongerMine || why instanceof StoreUnavailableError) {
      const notBefore = why instanceof StoreUnavailableError ? clock() + AFTER_OUTAGE : 0
      await this.change(job.id, (now) =>
        this.#isMine(now)
          ? { ...now, state: 'waiting', tries: now.tries - 1, notBefore, lease: null, holder: null }
          : null,
      )
      return
    }
    const isOperators = why instanceof OperatorError || why instanceof Refusal
    const reason = isFull(why)
      ? `The disk of ${files.folder} is full, so nothing of this was kept: make room there, or name another folder in reports.folder.`
      : isOperators
        ? sentence(why.message)
        : 'A defect of the indexer; its log has the details.'
    if (!isOperators && !isFull(why))
      log.error(logged(why), `The job ${job.id} failed because of a defect of the indexer.`)
    else log.warn(`The job ${job.id} failed: ${reason}`)
    const result = { state: 'failed', reason, finished: clock(), lease: null } as const
    await trail.record(madeAct({ ...job, ...result }))
    await this.change(job.id, (now) => (this.#isMine(now) ? { ...now, ...result } : null))
  }

  #isMine({ state, lease }: Pick<JobRecord, 'state' | 'lease'>): boolean {
    return state === 'running' && lease?.by === this.#parts.self
  }

  /** Keeps the lease; notices that somebody cancelled the job, or took it over after a pause of this process. */
  #renew(id: string, { stop, progress }: Running): void {
    const { clock, self, log } = this.#parts
    this.change(id, (now) =>
      this.#isMine(now) ? { ...now, progress, lease: { by: self, until: clock() + LEASE } } : null,
    ).then(
      (renewed) => {
        if (renewed === null) stop.abort(new NoLongerMine('cancelled'))
      },
      (thrown) => log.debug(`The lease of the job ${id} can't be renewed: ${reasonOf(thrown)}`),
    )
  }

  async #demandSpace(job: string, running: Running): Promise<void> {
    const begun = await this.#parts.files.bytesBegun(job)
    if (begun > running.free) running.free = await this.#shelf.makeRoom(begun)
  }

  /** A newer version may have written it: it stays, and the others go on. */
  #reportUnread(id: string): void {
    if (this.#unread.has(id)) return
    this.#unread.add(id)
    this.#parts.log.warn(
      `The record of the job ${id} is not of this version of Waybill: the job is left alone.`,
    )
  }

  #withProgress(job: Job): Job {
    const running = this.#running.get(job.id)
    return running === undefined || job.state !== 'running' ? job : { ...job, progress: running.progress }
  }
}

const isSame = (a: Requester, b: Requester): boolean => a.name === b.name && a.user === b.user
const keyOf = ({ name, user }: Requester): string => `${user ?? 'no user'} ${name}`
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
