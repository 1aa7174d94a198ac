import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type * as z from 'zod'
import { type ScheduleBody, scheduleBodySchema } from '../../../schema/api/index.ts'
import { OperatorError } from '../../../schema/index.ts'
import { FULL_VISIBILITY } from '../../accounts/index.ts'
import type { Act, Trail } from '../../ingest/index.ts'
import { openEmbeddedStore, type Page, type Records, type Store } from '../../store/index.ts'
import { batchOf, eventAt, INGESTED } from '../../store/testing/batches.ts'
import type { RowPages } from '../document.ts'
import type { Asked, Gathered, View } from '../index.ts'
import { type Job, JobFiles, Jobs, type JobsParts, type NewJobRecord } from '../jobs/index.ts'
import { Schedules, type SchedulesParts } from '../schedules/index.ts'
import { type ReportsConfig, reportsSchema } from '../settings.ts'
import { writeFile } from '../writers/index.ts'

export const EVENTS = 250
export const ANNA = { name: 'anna', user: 'user-1' }
export const BEN = { name: 'ben', user: 'user-2' }

/** For tests only: jobs and schedules on a real store with events, whose clock stands still until the test moves it. */
export class ReportWorld {
  readonly folder: string
  readonly store: Store
  readonly acts: Act[] = []
  readonly log: string[] = []
  /** What was asked to be gathered. */
  readonly asked: Asked[] = []
  /** Users who may no longer make reports. */
  readonly barred = new Set<string>()
  /** What the next page of rows waits for. */
  beforePage = async (): Promise<void> => {}
  now = INGESTED
  settings: ReportsConfig
  zone = 'UTC'

  private constructor(folder: string, store: Store, settings: ReportsConfig) {
    this.folder = folder
    this.store = store
    this.settings = settings
  }

  static async open(given: z.input<typeof reportsSchema> = {}): Promise<ReportWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-reports-'))
    const store = await openEmbeddedStore({ path: join(folder, 'store'), minimumFree: 0 })
    onTestFinished(async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    })
    const events = Array.from({ length: EVENTS }, (_, i) => eventAt(i, { message: `number ${i}` }))
    await store.write(batchOf(1, events))
    return new ReportWorld(folder, store, reportsSchema.parse(given))
  }

  /** The records as several indexers share them: another one may change them at any time. */
  get shared(): Records {
    const { records } = this.store
    return {
      version: async () => 'shared',
      get: (kind, key) => records.get(kind, key),
      put: (kind, key, value, version) => records.put(kind, key, value, version),
      list: (kind) => records.list(kind),
      kinds: () => records.kinds(),
      remove: (kind, key) => records.remove(kind, key),
    }
  }

  get trail(): Trail {
    return {
      record: async (...acts) => void this.acts.push(...acts),
      note: (act) => void this.acts.push(act),
      waiting: 0,
      close: async () => {},
    }
  }

  /** A document of all events of a period: what the real one adds is not about jobs. */
  readonly gather = async (asked: Asked, { events }: View): Promise<Gathered> => {
    this.asked.push(asked)
    const given = asked.makes === 'report' ? asked.parameters : asked.export
    const query = { kind: 'all' } as const
    const period = {
      from: given.from === undefined ? 0 : Date.parse(given.from),
      to: given.to === undefined ? this.now : Date.parse(given.to),
    }
    const { count } = await events.aggregate({ query, ...period, by: [] })
    return {
      document: {
        id: asked.id,
        report: asked.makes === 'report' ? asked.report : null,
        title: asked.makes === 'report' ? asked.report : 'Export of events',
        about: '',
        organisation: null,
        scope: '',
        query: '',
        zone: this.zone,
        period,
        requested: asked.requested,
        facts: [],
        verdict: { complete: true, sentence: 'complete', reasons: [] },
        account: [],
        checkpoint: null,
        findings: [],
        rows: { columns: [{ field: 'message', title: 'Message', kind: 'text' }], count, order: 'oldest' },
        controls: [],
        paper: 'a4',
      },
      total: count,
      rows: (signal) => this.#rows(period, signal),
      close: async () => {},
    }
  }

  async *#rows(period: { from: number; to: number }, signal: AbortSignal): RowPages {
    let after: string | null = null
    do {
      signal.throwIfAborted()
      await this.beforePage()
      const page: Page = await this.store.search({
        query: { kind: 'all' },
        ...period,
        order: 'oldest',
        limit: 50,
        ...(after !== null && { after }),
      })
      yield page.events.map((event) => ({ cells: [String(event.message)], line: JSON.stringify(event) }))
      after = page.next
    } while (after !== null)
  }

  /** An indexer with a folder of its own, as after a start. */
  async jobs(name = 'one', more: Partial<JobsParts> = {}): Promise<Jobs> {
    const jobs = Jobs.open({
      records: this.store.records,
      files: await JobFiles.open(join(this.folder, name)),
      trail: this.trail,
      gather: this.gather,
      write: writeFile,
      seal: async () => ({ proof: null }),
      viewOf: ({ name }) => {
        if (this.barred.has(name))
          throw new OperatorError('WB-FORBIDDEN', `${name} may not make this any more`)
        return { events: this.store, visibility: FULL_VISIBILITY }
      },
      settings: () => this.settings,
      host: `host ${name}`,
      self: randomBytes(8).toString('hex'),
      clock: () => this.now,
      log: pino({ level: 'debug' }, { write: (line: string) => void this.log.push(line) }),
      worksAlone: false,
      ...more,
    })
    onTestFinished(() => jobs.close())
    return jobs
  }

  schedules(jobs: Jobs, more: Partial<SchedulesParts> = {}): Schedules {
    return Schedules.open({
      records: this.store.records,
      jobs,
      trail: this.trail,
      describe: async ({ report }, { name }) => {
        if (this.barred.has(name))
          throw new OperatorError('WB-FORBIDDEN', `${name} may not make this any more`)
        return { title: report, query: '' }
      },
      demandRecipients: () => {},
      zone: () => this.zone,
      random: randomBytes,
      clock: () => this.now,
      log: pino({ level: 'debug' }, { write: (line: string) => void this.log.push(line) }),
      worksAlone: false,
      ...more,
    })
  }
}

/** An export of all events, as somebody asks for it. */
export const anExport = (more: Partial<NewJobRecord> = {}): NewJobRecord => ({
  work: { makes: 'export', export: { q: '', own: false, order: 'oldest' } },
  title: 'Export of events',
  query: '',
  period: { from: null, to: null },
  formats: ['csv'],
  requester: ANNA,
  recipients: [],
  ...more,
})

export const aSchedule = (more: Partial<ScheduleBody> = {}): ScheduleBody =>
  scheduleBodySchema.parse({
    title: 'All',
    report: 'all',
    covers: 'day',
    cron: '0 6 * * *',
    formats: ['csv'],
    ...more,
  })

let made = 0
export const newId = (): string => (++made).toString(16).padStart(16, '0')

/** A job of this id, which has to be there. */
export async function jobOf(jobs: Jobs, id: string): Promise<Job> {
  const job = await jobs.get(id)
  if (job === null) throw new Error(`there is no job ${id}`)
  return job
}
