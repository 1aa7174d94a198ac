import { OperatorError } from '../../../schema/index.ts'
import type { Records } from '../../store/index.ts'
import type { ReportsConfig } from '../settings.ts'
import type { JobFiles } from './files.ts'
import { isOver, JOB_KIND, type Job } from './job.ts'
import type { Jobs } from './jobs.ts'

const DAY = 86_400_000
/** Records outlive their files: those of reports for a year and a month, as evidence that reports were made. */
const RECORD_KEPT = { report: 400 * DAY, export: 30 * DAY } as const

/** How long the files of jobs stay, and how much room they have together. */
export class Shelf {
  readonly #jobs: Pick<Jobs, 'list' | 'change' | 'isHere'>
  readonly #files: JobFiles
  readonly #records: Pick<Records, 'remove'>
  readonly #settings: () => Pick<ReportsConfig, 'room'>
  readonly #clock: () => number

  constructor(parts: {
    readonly jobs: Pick<Jobs, 'list' | 'change' | 'isHere'>
    readonly files: JobFiles
    readonly records: Pick<Records, 'remove'>
    readonly settings: () => Pick<ReportsConfig, 'room'>
    readonly clock: () => number
  }) {
    this.#jobs = parts.jobs
    this.#files = parts.files
    this.#records = parts.records
    this.#settings = parts.settings
    this.#clock = parts.clock
  }

  /**
   * Makes room for a job whose files have `begun` bytes so far. It removes exports, the oldest first, since people can make them again. It
   * never removes a report. Returns how many bytes the job may have before it must ask again.
   */
  async makeRoom(begun: number): Promise<number> {
    const { room } = this.#settings()
    const here = (await this.#jobs.list()).filter((job) => this.#jobs.isHere(job) && job.files.length > 0)
    const exports = here.filter(({ work }) => work.makes === 'export').sort((a, b) => a.created - b.created)
    let kept = sumOf(here)
    if (begun + kept - sumOf(exports) > room)
      throw new OperatorError(
        'WB-REPORTS-FULL',
        'This would be larger than the room for reports and exports (reports.room): ask for less, remove reports that nobody needs, or give it more room',
      )
    for (const job of exports) {
      if (begun + kept <= room) break
      kept -= sumOf([job])
      await this.#withdraw(job)
    }
    return room - kept
  }

  /** Removes files whose time is over, what nobody offers, and records of jobs that ended long ago. */
  async tidy(isInUse: (id: string) => boolean): Promise<void> {
    const now = this.#clock()
    // The folders first: one that is begun in this moment then has its record.
    const folders = await this.#files.jobs()
    const jobs = new Map((await this.#jobs.list()).map((job) => [job.id, job]))
    for (const job of jobs.values()) {
      if (!isOver(job)) continue
      if (job.files.length > 0 && job.until !== null && job.until <= now && this.#jobs.isHere(job))
        await this.#withdraw(job)
      if (now - (job.finished ?? job.created) > RECORD_KEPT[job.work.makes] && (job.until ?? 0) <= now)
        await this.#records.remove(JOB_KIND, job.id)
    }
    for (const id of folders) {
      const job = jobs.get(id)
      const isOffered = job !== undefined && job.files.length > 0 && this.#jobs.isHere(job)
      const isNeeded = job !== undefined && (!isOver(job) || isOffered)
      if (!isNeeded && !isInUse(id)) await this.#files.remove(id)
    }
  }

  /** The record stays, and says that its files are gone. */
  async #withdraw({ id }: Job): Promise<void> {
    await this.#jobs.change(id, (job) => ({ ...job, files: [], until: this.#clock() }))
    await this.#files.remove(id)
  }
}

const sumOf = (jobs: readonly Pick<Job, 'files'>[]): number =>
  jobs.flatMap(({ files }) => files).reduce((sum, { bytes, proofBytes }) => sum + bytes + proofBytes, 0)
