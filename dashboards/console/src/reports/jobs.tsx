import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { useParameter } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Confirm } from '../settings/confirm.tsx'
import { type Act, useAct } from '../settings/use-act.ts'
import { bytes, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import {
  formatsText,
  isActive,
  type Job,
  JobProgress,
  JobState,
  STATES,
  useOrganisationZone,
  VerdictSign,
} from './job-parts.tsx'
import { periodText } from './periods.ts'

/** The interval of questions while something is being made, and otherwise, ms. */
const BUSY = 1500
const CALM = 30_000

/** Reports and exports that were made or are being made, the newest first. */
export function Jobs() {
  const [state, setState] = useParameter('state', '')
  const [report, setReport] = useParameter('report', '')
  const { data, error, isPending, refetch } = useAsk(
    'getJobs',
    {},
    { every: (answer) => (answer?.jobs.some(isActive) === true ? BUSY : CALM) },
  )
  const jobs = data?.jobs ?? []
  const act = useAct()
  if (isPending) return <Loading rows={8} />
  if (data === undefined) return <Failed problem={error} retry={refetch} />
  if (jobs.length === 0)
    return (
      <Empty title="No report or export has been made yet.">
        <Link to="/reports">Make a report</Link>
      </Empty>
    )
  const shown = jobs.filter(
    (job) => (state === '' || job.state === state) && (report === '' || kindOf(job) === report),
  )
  const kinds = new Map(jobs.map((job) => [kindOf(job), job.makes === 'export' ? 'Exports' : job.title]))
  return (
    <>
      <div className="filters-line">
        <select aria-label="Report" value={report} onChange={({ target }) => setReport(target.value)}>
          <option value="">All reports and exports</option>
          {[...kinds].map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
          {report !== '' && !kinds.has(report) && <option value={report}>{report}</option>}
        </select>
        <select aria-label="State" value={state} onChange={({ target }) => setState(target.value)}>
          <option value="">All states</option>
          {Object.entries(STATES).map(([name, { word }]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </select>
      </div>
      <Refused why={act.problem} />
      {shown.length === 0 ? (
        <Empty title="None of them matches.">Choose another report or state.</Empty>
      ) : (
        <JobList jobs={shown} act={act} />
      )}
    </>
  )
}

/** Exports are one kind, whatever was searched. */
const EXPORTS = 'exports'
const kindOf = ({ makes, report }: Job): string => (makes === 'export' ? EXPORTS : (report ?? ''))

function JobList({ jobs, act }: { jobs: readonly Job[]; act: Act }) {
  const zone = useOrganisationZone()
  return (
    <List
      label="Past reports and exports"
      rows={jobs}
      keyOf={({ id }) => id}
      columns={[
        {
          name: 'Report',
          of: (job) => (
            <div className="job-name">
              <Link to={`/reports/jobs/${job.id}`}>
                <bdi>{job.title}</bdi>
              </Link>
              <span className="quiet small">
                {periodText(job.period, zone)} · {formatsText(job)}
              </span>
            </div>
          ),
        },
        {
          name: 'State',
          of: (job) => (
            <div className="job-state">
              <JobState job={job} />
              {isActive(job) && <JobProgress job={job} />}
              {job.reason !== null && <span className="problem small">{job.reason}</span>}
            </div>
          ),
        },
        { name: 'Verdict', of: (job) => <VerdictSign job={job} /> },
        {
          name: 'Asked for by',
          of: ({ by, schedule }) => (
            <>
              <bdi>{by}</bdi>
              {schedule !== null && (
                <>
                  {', '}
                  <Link to={`/reports/schedules/${schedule}`}>scheduled</Link>
                </>
              )}
            </>
          ),
        },
        { name: 'When', kind: 'time', of: ({ created }) => <When at={created} relative /> },
        { name: 'Rows', kind: 'number', of: (job) => (job.files.length === 0 ? '' : figure(rowsOf(job))) },
        {
          name: 'Size',
          kind: 'number',
          of: ({ files }) =>
            files.length === 0 ? '' : bytes(files.reduce((sum, one) => sum + one.bytes, 0)),
        },
        { name: 'Downloaded by', of: (job) => <Downloaders job={job} /> },
        {
          name: 'Actions',
          kind: 'acts',
          of: (job) => <JobActs job={job} act={act} />,
        },
      ]}
    />
  )
}

/** Each file has the same rows. */
const rowsOf = ({ files }: Job): number => Math.max(0, ...files.map(({ rows }) => rows))

function Downloaders({ job: { downloads, state } }: { job: Job }) {
  if (downloads.length === 0) return <span className="quiet">{state === 'done' ? 'nobody yet' : ''}</span>
  const last = downloads.reduce((latest, one) => (one.at > latest.at ? one : latest))
  const names = [...new Set(downloads.map(({ by }) => by))]
  return (
    <>
      <bdi>{names.join(', ')}</bdi>{' '}
      <span className="quiet small">
        <When at={last.at} relative />
      </span>
    </>
  )
}

export function JobActs({ job, act, onGone }: { job: Job; act: Act; onGone?: () => void }) {
  const { id, title } = job
  if (isActive(job))
    return (
      <button
        type="button"
        disabled={act.busy}
        aria-label={`Cancel ${title}`}
        onClick={() => void act.run('postJobsIdCancel', { params: { id } })}
      >
        Cancel
      </button>
    )
  return (
    <Confirm
      label="Delete"
      title={`Delete ${title}?`}
      onConfirmed={async () => {
        const done = await act.run('deleteJobsId', { params: { id } })
        if (done !== null) onGone?.()
      }}
    >
      Its files are removed, and nobody can download them any more. The audit trail keeps that it was made.
    </Confirm>
  )
}
