import { type JobShape, jobsShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { type IndexerClient, understood } from './client.ts'
import { EXIT } from './output.ts'
import { harmless } from './terminal.ts'

/** The jobs as a table, and a job by the beginning of its id, which is what the table has. */

const WHOLE_ID = 32
const SHORT_ID = 8

export async function jobsOf(client: IndexerClient): Promise<JobShape[]> {
  return understood(jobsShape, await client.json('/v1/jobs')).jobs
}

/** The id that begins so; `text` itself where it is whole. */
export async function wholeId(client: IndexerClient, text: string): Promise<string> {
  if (text.length >= WHOLE_ID) return text
  const ids = (await jobsOf(client)).map(({ id }) => id).filter((id) => id.startsWith(text))
  if (ids.length > 1)
    throw new OperatorError(
      'WB-USAGE',
      `The ids of ${ids.length} jobs begin with ${harmless(text)}; write more of it`,
      { exitCode: EXIT.usage },
    )
  return ids[0] ?? text
}

/** Of each id as much as tells it from the others. */
function shortIds(ids: readonly string[]): string[] {
  let length = SHORT_ID
  while (length < WHOLE_ID && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++
  return ids.map((id) => id.slice(0, length))
}

export const JOB_HEAD = [
  ...['JOB', 'CREATED (UTC)', 'BY', 'SCHEDULE', 'TITLE', 'PERIOD (UTC)', 'FORMATS', 'ROWS', 'STATE'],
  ...['VERDICT', 'UNTIL (UTC)'],
]

export function jobRows(jobs: readonly JobShape[]): string[][] {
  const ids = shortIds(jobs.map(({ id }) => id))
  return jobs.map((job, index) => [
    ids[index] ?? job.id,
    minuteText(job.created),
    job.by,
    job.schedule ?? '',
    job.title,
    periodText(job.period),
    job.formats.join(', '),
    job.files.length === 0 ? '' : String(rowsOf(job)),
    stateOf(job),
    job.verdict === null ? '' : job.verdict.complete ? 'complete' : 'incomplete',
    job.until === null || job.files.length === 0 ? '' : dateText(job.until),
  ])
}

/** A job that nobody waits for. */
export const begunSentence = ({ id, title }: JobShape): string =>
  harmless(`The job ${id} makes "${title}"; \`waybill reports download ${id}\` gets its files.`)

/** What a finished job covered and found, for the person who asked for it. */
export function outcomeLines(job: JobShape): string[] {
  return [
    `Period: ${periodText(job.period)} (UTC)`,
    `Rows: ${rowsOf(job)}`,
    ...(job.verdict === null ? [] : [`Verdict: ${job.verdict.sentence}`]),
  ]
}

/** The files of a job have the same rows, each in its format. */
const rowsOf = ({ files }: JobShape): number => Math.max(0, ...files.map(({ rows }) => rows))

const dateText = (time: number): string => timeText(time).slice(0, 10)

const minuteText = (time: number): string => timeText(time).slice(0, 16).replace('T', ' ')

const DAY = 86_400_000

/** Whole days are dates, of which the last is covered; otherwise the end is the first minute that is not covered. */
function periodText({ from, to }: JobShape['period']): string {
  if (from !== null && to !== null && from % DAY === 0 && to % DAY === 0) {
    const [first, last] = [dateText(from), dateText(to - DAY)]
    return first === last ? first : `${first} to ${last}`
  }
  if (from === null) return to === null ? 'all' : `until ${minuteText(to)}`
  return to === null ? `from ${minuteText(from)}` : `${minuteText(from)} to ${minuteText(to)}`
}

function stateOf({ state, reason, progress: { rows, of }, files, late, holder, here }: JobShape): string {
  if (state === 'running')
    return of === null || of === 0 ? 'running' : `running, ${Math.floor((100 * rows) / of)}%`
  if (reason !== null) return `${state}: ${reason}`
  if (state !== 'done') return state
  const where = files.length === 0 ? ', files removed' : here ? '' : `, on ${holder}`
  return `done${late ? ', late' : ''}${where}`
}
