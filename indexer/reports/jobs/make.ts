import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReportDocument } from '../document.ts'
import type { Asked, View } from '../index.ts'
import type { Job, JobFile, JobRecord } from './job.ts'
import type { JobsParts } from './jobs.ts'

/** What a job has when it is done. */
type Made = Pick<JobRecord, 'title' | 'query' | 'period' | 'files' | 'verdict' | 'progress'>

interface MakeParts extends Pick<JobsParts, 'gather' | 'write' | 'seal' | 'files'> {
  readonly view: View
  readonly signal: AbortSignal
  readonly report: (progress: JobRecord['progress']) => void
}

/** Writes all files of a job into its folder, which is not offered yet. */
export async function make(job: Job, parts: MakeParts): Promise<Made> {
  const { signal, report } = parts
  const { work } = job
  const asked: Asked = {
    id: job.id,
    requested: { by: job.requester.name, at: job.created },
    ...(work.makes === 'report' ? { ...work, previous: job.previous } : work),
  }
  const gathered = await parts.gather(asked, parts.view)
  try {
    const { document, total } = gathered
    const of = total * job.formats.length
    const folder = await parts.files.begin(job.id)
    const files: JobFile[] = []
    let rows = 0
    report({ rows, of })
    for (const format of job.formats) {
      const name = `${fileNameOf(document)}.${format}`
      const path = join(folder, name)
      const written = await parts.write({
        format,
        document,
        rows: gathered.rows(signal),
        path,
        signal,
        report: (some) => report({ rows: rows + some, of }),
      })
      signal.throwIfAborted()
      rows += written.rows
      report({ rows, of })
      const { proof } = await parts.seal({ path, name, format, written, document })
      const proofBytes = proof === null ? 0 : (await stat(join(folder, proof))).size
      const { bytes } = written
      // A PDF has its proof within, so the hash of all of it is known only now.
      const sha256 = written.proof === null ? written.sha256 : await sha256Of(path)
      files.push({ name, format, bytes, rows: written.rows, sha256, proof, proofBytes })
    }
    return {
      title: document.title,
      query: document.query,
      period: document.period,
      verdict: { complete: document.verdict.complete, sentence: document.verdict.sentence },
      progress: { rows, of: rows },
      files,
    }
  } finally {
    await gathered.close()
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  return hash.digest('hex')
}

/** `user-access-2026-10-01_2026-11-01`, `export-2026-11-30T145312`: what sorts well, and what any file system takes. */
function fileNameOf({ report, zone, period, requested }: ReportDocument): string {
  const at = (time: number): Temporal.ZonedDateTime =>
    Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  if (report === null) {
    const time = at(requested.at).toPlainDateTime().toString({ smallestUnit: 'second' })
    return `export-${time.replaceAll(':', '')}`
  }
  const [from, to] = [at(period.from), at(period.to)]
  const isDays = [from, to].every((one) => one.startOfDay().epochMilliseconds === one.epochMilliseconds)
  // A person names the last day, not the one after it.
  const last = isDays ? to.subtract({ days: 1 }) : to
  const days = [from, last].map((one) => one.toPlainDate().toString())
  return `${report}-${[...new Set(days)].join('_')}`
}
