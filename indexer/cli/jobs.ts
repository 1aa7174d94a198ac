import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { bytesText } from '../../config/index.ts'
import { type JobShape, jobShape } from '../../schema/api/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { type IndexerClient, UnreachableError, understood } from './client.ts'
import type { PathOf } from './job-output.ts'
import { EXIT } from './output.ts'
import { Progress } from './progress.ts'
import { harmless } from './terminal.ts'

/** What commands do with jobs: begin them, wait for them, get their files. */

const FIRST_LOOK = 100
const LONGEST_LOOK = 2000
/** An indexer that restarts is away for less than this. */
const PATIENCE = 5 * 60_000

export async function beginJob(client: IndexerClient, body: object): Promise<JobShape> {
  return understood(jobShape, await client.json('/v1/jobs', { method: 'POST', body }))
}

export const jobPath = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`

export async function jobOf(client: IndexerClient, id: string): Promise<JobShape> {
  return understood(jobShape, await client.json(jobPath(id)))
}

/** Waits until a job is over, and shows how far it is. Rejects if it failed. */
export async function finished(client: IndexerClient, begun: JobShape): Promise<JobShape> {
  const progress = new Progress(begun.title)
  let job = begun
  let wait = FIRST_LOOK
  const onInterrupt = interrupted(
    progress,
    `The job ${begun.id} goes on: \`waybill reports download ${begun.id}\` gets its files, \`waybill reports cancel ${begun.id}\` ends it.`,
  )
  try {
    while (job.state === 'waiting' || job.state === 'running') {
      await pause(wait)
      wait = Math.min(LONGEST_LOOK, wait * 1.5)
      job = await patiently(() => jobOf(client, job.id))
      const { rows, of } = job.progress
      if (job.state === 'waiting') progress.show('waits for its turn', null)
      else
        progress.show(
          of === null ? 'counts' : `${rows} of ${of} rows`,
          of === null || of === 0 ? null : rows / of,
        )
    }
  } finally {
    onInterrupt.release()
    progress.end()
  }
  if (job.state === 'done') return job
  throw new OperatorError(
    'WB-JOB-FAILED',
    `"${harmless(job.title)}" was not made: ${harmless(job.reason ?? job.state)}`,
  )
}

/** Until it is released, Ctrl-C ends this command, and says what becomes of the work. */
function interrupted(progress: Progress, sentence: string): { release(): void } {
  const end = (): void => {
    progress.end()
    process.stderr.write(`${harmless(sentence)}\n`)
    process.exit(EXIT.interrupted)
  }
  process.once('SIGINT', end)
  return { release: () => process.off('SIGINT', end) }
}

/** Gets all files of a job, with their proofs. Returns the paths. */
export async function download(client: IndexerClient, job: JobShape, pathOf: PathOf): Promise<string[]> {
  if (!job.here)
    throw new OperatorError(
      'WB-REPORT-ELSEWHERE',
      `The files of this job are on the indexer ${harmless(job.holder)}: ask that one with --url`,
    )
  if (job.files.length === 0)
    throw new OperatorError('WB-NOT-FOUND', `The files of the job ${harmless(job.id)} are removed`, {
      exitCode: EXIT.notFound,
    })
  const paths: string[] = []
  for (const file of job.files) {
    const path = pathOf(file)
    await downloadFile(client, job.id, file, path)
    paths.push(path)
    if (file.proof === null) continue
    const proof = await client.text(`${jobPath(job.id)}/files/${encodeURIComponent(file.proof)}`)
    await writing(path, async () => {
      const handle = await open(`${path}.proof.json`, 'w')
      await handle.writeFile(proof).finally(() => handle.close())
    })
    paths.push(`${path}.proof.json`)
  }
  return paths
}

/**
 * Gets a file, and goes on where an earlier attempt ended, of this command or of one before: its part has a name that follows from the
 * hash. The file appears under its own name only when it is whole and its hash is right.
 */
async function downloadFile(
  client: IndexerClient,
  id: string,
  file: JobShape['files'][number],
  path: string,
): Promise<void> {
  const part = `${path}.${file.sha256.slice(0, 12)}.part`
  const progress = new Progress(path)
  const onInterrupt = interrupted(
    progress,
    `What arrived of ${path} is kept: \`waybill reports download ${id} -o ${path}\` goes on.`,
  )
  const address = `${jobPath(id)}/files/${encodeURIComponent(file.name)}`
  try {
    await patiently(async () => {
      const from = await sizeOf(part)
      // An empty file has no part yet, and nothing of it can be asked for.
      if (file.bytes === 0) return void (await writing(path, () => writeFile(part, '', { mode: 0o600 })))
      if (from === file.bytes) return
      const answer = await client.bytes(address, {
        from: from > file.bytes ? 0 : from,
        etag: `"${file.sha256}"`,
      })
      await writing(path, async () => {
        const handle = await open(part, answer.from === 0 ? 'w' : 'r+', 0o600)
        try {
          let at = answer.from
          for await (const bytes of answer.body) {
            await handle.write(bytes, 0, bytes.length, at)
            at += bytes.length
            progress.show(`${bytesText(at)} of ${bytesText(file.bytes)}`, at / file.bytes)
          }
          await handle.sync()
        } finally {
          await handle.close()
        }
      })
    })
  } finally {
    onInterrupt.release()
    progress.end()
  }
  const found = await hashOf(part)
  if (found !== file.sha256) {
    await rm(part, { force: true })
    throw new OperatorError(
      'WB-DOWNLOAD-DAMAGED',
      `${path} did not arrive as the indexer made it (SHA-256 ${found} instead of ${file.sha256}); nothing of it was kept`,
    )
  }
  await writing(path, () => rename(part, path))
}

/** Tries again while the indexer is away. */
async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const begun = performance.now()
  for (let wait = 500; ; wait = Math.min(10_000, wait * 2)) {
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof UnreachableError) || performance.now() - begun + wait > PATIENCE) throw thrown
    }
    await pause(wait)
  }
}

async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (codeOf(thrown) === undefined || thrown instanceof OperatorError) throw thrown
    throw new OperatorError('WB-FILE-UNWRITABLE', `${path} can't be written (${reasonOf(thrown)})`, {
      cause: thrown,
    })
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return 0
    throw thrown
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path)) hash.update(bytes)
  return hash.digest('hex')
}
