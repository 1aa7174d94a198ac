import { createReadStream } from 'node:fs'
import { OperatorError } from '../../../schema/index.ts'
import { type Destination, Folder } from '../../lifecycle/archive/index.ts'
import type { Job, Jobs } from '../jobs/index.ts'
import type { PlaceSetting } from '../settings.ts'

/** Where schedules put reports besides sending them: folders and buckets of the settings. */
export class Places {
  readonly #settings: () => Readonly<Record<string, PlaceSetting>>
  readonly #bucketOf: (s3: NonNullable<PlaceSetting['s3']>) => Destination

  constructor(
    settings: () => Readonly<Record<string, PlaceSetting>>,
    bucketOf: (s3: NonNullable<PlaceSetting['s3']>) => Destination,
  ) {
    this.#settings = settings
    this.#bucketOf = bucketOf
  }

  demand(name: string): PlaceSetting {
    const settings = this.#settings()
    const place = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (place === undefined)
      throw new OperatorError('WB-NOT-FOUND', `reports.places of indexer.yml has no place ${name}`)
    return place
  }

  /** Writes all files of a job. Each appears as a whole; a repetition replaces it by the same bytes. */
  async put(name: string, job: Job, jobs: Pick<Jobs, 'pathOf'>): Promise<void> {
    const { folder, s3 } = this.demand(name)
    const destination =
      folder !== undefined ? new Folder(folder) : s3 !== undefined ? this.#bucketOf(s3) : null
    if (destination === null) throw new Error(`the place ${name} was not checked`)
    try {
      for (const file of job.files)
        for (const one of file.proof === null ? [file.name] : [file.name, file.proof])
          await copy(jobs.pathOf(job, one), destination, `${folderOf(job)}/${one}`)
    } finally {
      await destination.close()
    }
  }
}

/** `monthly-access/2026-11-01-5f0c9a1b`: another run about the same period does not replace the first one. */
function folderOf({ id, schedule, work, finished, created }: Job): string {
  const of = schedule ?? (work.makes === 'report' ? work.report : 'exports')
  return `${of}/${new Date(finished ?? created).toISOString().slice(0, 10)}-${id.slice(0, 8)}`
}

async function copy(path: string, destination: Destination, name: string): Promise<void> {
  const sink = await destination.create(name, { retainUntil: null })
  try {
    for await (const part of createReadStream(path)) await sink.write(part as Buffer)
    await sink.finish()
  } catch (thrown) {
    await sink.abort()
    throw thrown
  }
}
