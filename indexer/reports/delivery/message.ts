import { bytesText } from '../../../config/index.ts'
import { clean } from '../../alerts/notify/index.ts'
import type { Job } from '../jobs/index.ts'

/** Where the console shows a job; it asks for a sign-in. */
export const linkTo = ({ id }: Pick<Job, 'id'>, console: string): string => `${console}/reports/jobs/${id}`

/** The subject and the text of a message about a job that is done. */
export function saidOf(
  job: Job,
  how: {
    readonly zone: string
    /** The address of the console; null leaves the link out. */
    readonly console: string | null
    readonly isAttached: boolean
  },
): { readonly title: string; readonly message: string } {
  const { title, period, verdict, files, late, work } = job
  const what = work.makes === 'report' ? 'Report' : 'Export'
  const isIncomplete = verdict !== null && !verdict.complete
  const lines = [
    `${what}: ${title}`,
    ...(period.from === null || period.to === null
      ? []
      : [`Period: ${spanText(period.from, period.to, how.zone)}`]),
    ...(verdict === null ? [] : [`Verdict: ${verdict.sentence}`]),
    ...(late ? ['It is late: the indexer did not run when it was due. It covers all that was missed.'] : []),
    `Asked for by: ${job.requester.name}`,
    '',
    ...files.map(
      ({ name, bytes, rows, sha256 }) => `${name} (${bytesText(bytes)}, ${rows} rows)\nSHA-256: ${sha256}`,
    ),
    '',
    ...(how.isAttached ? ['The files are attached.'] : []),
    ...(how.console === null
      ? how.isAttached
        ? []
        : ['The files are too large for a mail. Sign in to the console of Waybill to get them.']
      : [
          `${how.isAttached ? 'In the console, after a sign-in' : 'Sign in to get the files'}: ${linkTo(job, how.console)}`,
        ]),
  ]
  const when =
    period.from === null || period.to === null ? '' : `, ${daysText(period.from, period.to, how.zone)}`
  return {
    title: clean(`${isIncomplete ? 'Incomplete: ' : ''}${title}${when}`),
    message: clean(lines.join('\n').trimEnd(), { lines: true }),
  }
}

const at = (time: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)

const spanText = (from: number, to: number, zone: string): string =>
  `${[from, to].map((time) => at(time, zone).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')).join(' to ')} (${zone})`

/** The days, the last one included. */
function daysText(from: number, to: number, zone: string): string {
  const days = [at(from, zone), at(to - 1, zone)].map((one) => one.toPlainDate().toString())
  return [...new Set(days)].join(' to ')
}
