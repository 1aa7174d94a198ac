import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, OperatorError, reasonOf } from '../../../schema/index.ts'
import { syncFolder, writeDurably } from '../../ingest/index.ts'

const PARTIAL = '.partial'
const HOLDER = '.holder'
const JOB_ID = /^[0-9a-f]{16,64}$/

/**
 * The files of jobs: a folder for each job. It is written under another name, synced and renamed, so a job's folder has whole files or is
 * not there.
 */
export class JobFiles {
  readonly folder: string
  /** Identifies this folder among those of other indexers: also after a restart, and where the folder was moved. */
  readonly holder: string

  private constructor(folder: string, holder: string) {
    this.folder = folder
    this.holder = holder
  }

  static async open(folder: string): Promise<JobFiles> {
    const file = join(folder, HOLDER)
    try {
      return new JobFiles(folder, (await readFile(file, 'utf8')).trim())
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') throw unusable(folder, thrown)
    }
    const holder = randomBytes(8).toString('hex')
    try {
      await writeDurably(folder, file, `${holder}\n`)
    } catch (thrown) {
      throw unusable(folder, thrown)
    }
    return new JobFiles(folder, holder)
  }

  pathOf(job: string, name: string): string {
    return join(this.#of(job), plain(name))
  }

  /** An empty folder for the files of a job, which is not offered yet. What an earlier run left is removed. */
  async begin(job: string): Promise<string> {
    await this.remove(job)
    const folder = this.#of(job) + PARTIAL
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  /** Makes the files durable, and offers them. */
  async finish(job: string): Promise<void> {
    const folder = this.#of(job) + PARTIAL
    for (const name of await readdir(folder)) {
      const file = await open(join(folder, name), 'r')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
    }
    await syncFolder(folder)
    await rename(folder, this.#of(job))
    await syncFolder(this.folder)
  }

  async remove(job: string): Promise<void> {
    await rm(this.#of(job) + PARTIAL, { recursive: true, force: true })
    await rm(this.#of(job), { recursive: true, force: true })
  }

  /** The bytes of a job that is being written. */
  async bytesBegun(job: string): Promise<number> {
    const folder = this.#of(job) + PARTIAL
    let bytes = 0
    try {
      for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') throw thrown
    }
    return bytes
  }

  /** The jobs of which there are files, whole or not. */
  async jobs(): Promise<string[]> {
    const names = (await readdir(this.folder)).map((name) => name.replace(/\.partial$/, ''))
    return [...new Set(names)].filter((name) => JOB_ID.test(name))
  }

  #of(job: string): string {
    if (!JOB_ID.test(job)) throw new Error(`not the id of a job: ${job}`)
    return join(this.folder, job)
  }
}

function plain(name: string): string {
  if (name === '' || name.startsWith('.') || /[/\\\0]/.test(name))
    throw new Error(`not the name of a file: ${name}`)
  return name
}

const unusable = (folder: string, thrown: unknown): OperatorError =>
  new OperatorError(
    'WB-DATA-UNUSABLE',
    `The folder of the reports, ${folder}, can't be used: ${reasonOf(thrown)}. Give the user of the indexer the permission, or name another one in reports.folder`,
    { cause: thrown },
  )

/** Whether a disk is full, also if a thread or another error reports it. */
export function isFull(thrown: unknown): boolean {
  for (let one = thrown; one instanceof Error; one = one.cause) {
    const code = codeOf(one)
    if (code === 'ENOSPC' || code === 'EDQUOT' || /\b(ENOSPC|EDQUOT)\b/.test(one.message)) return true
  }
  return false
}
