import { LIMITS } from '../../../schema/index.ts'
import type { Act } from '../../ingest/index.ts'
import type { Job } from './job.ts'

/** What the audit trail says about a job. */

export const jobEntity = ({ id, title }: Pick<Job, 'id' | 'title'>): NonNullable<Act['entity']> => ({
  type: 'report-job',
  id,
  name: title,
})

/** What was asked for; a long query in pieces, since longer values are not found by their text. */
export const askedPayload = (job: Pick<Job, 'work' | 'query' | 'formats' | 'schedule'>): Act['payload'] => ({
  ...(job.work.makes === 'report' && { report: job.work.report }),
  ...(job.query !== '' && { query: piecesOf(job.query) }),
  formats: job.formats,
  ...(job.schedule !== null && { schedule: job.schedule }),
})

function piecesOf(text: string): string | string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += LIMITS.indexedLength)
    pieces.push(text.slice(at, at + LIMITS.indexedLength))
  return pieces.length === 1 ? text : pieces
}

/** A job that is done, or has failed. */
export function madeAct(job: Job): Act {
  const what = job.work.makes === 'report' ? `The report "${job.title}"` : 'An export'
  const rows = job.files.reduce((most, file) => Math.max(most, file.rows), 0)
  const isDone = job.state === 'done'
  return {
    action: `${job.work.makes}-made`,
    category: 'security',
    message: isDone
      ? `${what} of ${rows === 1 ? '1 event' : `${rows} events`} was made for ${job.requester.name}.`
      : `${what} for ${job.requester.name} could not be made.`,
    outcome: isDone ? 'success' : 'failure',
    ...(job.reason !== null && { reason: job.reason }),
    by: { name: job.requester.name },
    entity: jobEntity(job),
    ...(isDone && { count: rows }),
    payload: {
      ...askedPayload(job),
      ...(isDone && {
        files: job.files.map(({ name }) => name),
        sha256: job.files.map(({ sha256 }) => sha256),
        bytes: job.files.reduce((sum, { bytes }) => sum + bytes, 0),
      }),
      ...(job.verdict !== null && { verdict: job.verdict.sentence }),
    },
  }
}
