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
import { openEmbeddedStore, type Records, type Store } from '../../store/index.ts'
import { batchOf, eventAt, INGESTED } from '../../store/testing/batches.ts'
import type { ReportDocument } from '../document.ts'
import { gatherExport } from '../gather/export.ts'
import type { Asked, Gather } from '../gather/gathered.ts'
import { type Job, JobFiles, Jobs, type JobsParts, type NewJobRecord, writePlain } from '../jobs/index.ts'
import { Schedules, type SchedulesParts } from '../schedules/index.ts'
import { type ReportsConfig, reportsSchema } from '../settings.ts'

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

  readonly gather: Gather = (asked, view, signal) => {
    this.asked.push(asked)
    const parts = { zone: this.zone, signal }
    if (asked.makes === 'export') return gatherExport(asked, view, parts)
    // A report of all events of its period.
    const { from, to } = asked.parameters
    const all = { q: '', from, to, own: false, order: 'oldest' } as const
    return gatherExport({ ...asked, makes: 'export', export: all }, view, parts).then((gathered) => ({
      ...gathered,
      document: { ...gathered.document, report: asked.report, title: asked.report } satisfies ReportDocument,
    }))
  }

  /** An indexer with a folder of its own, as after a start. */
  async jobs(name = 'one', more: Partial<JobsParts> = {}): Promise<Jobs> {
    const jobs = Jobs.open({
      records: this.store.records,
      files: await JobFiles.open(join(this.folder, name)),
      trail: this.trail,
      gather: this.gather,
      write: writePlain,
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
