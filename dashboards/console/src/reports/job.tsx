import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { go } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { useAct } from '../settings/use-act.ts'
import { bytes, figure } from '../time/format.ts'
import { between } from '../time/ranges.ts'
import { When } from '../time/when.tsx'
import { FORMATS } from './asked.ts'
import { FileLink, isActive, type Job, JobProgress, JobState, useOrganisationZone } from './job-parts.tsx'
import { JobActs } from './jobs.tsx'
import { periodText } from './periods.ts'
import { Verdict } from './preview.tsx'

const BUSY = 1000
const CALM = 5000

/** One report or export: how far it is, its files, and who got them. */
export function JobPage({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useAsk(
    'getJobsId',
    { params: { id } },
    { every: (job) => (job !== undefined && isActive(job) ? BUSY : CALM) },
  )
  const queries = useQueryClient()
  const state = data?.state
  useEffect(() => {
    // A report that is ready is evidence, and the last run of its schedule.
    if (state === 'done')
      for (const touched of ['getCoverage', 'getReportSchedules'])
        void queries.invalidateQueries({ queryKey: [touched] })
  }, [state, queries])
  if (isPending) return <Loading rows={8} />
  if (data === undefined || (error !== null && error.status === 404))
    return error?.status === 404 ? (
      <Empty title="This report or export does not exist any more.">
        <Link to="/reports/jobs">Past reports and exports</Link>
      </Empty>
    ) : error === null ? null : (
      <Failed problem={error} retry={refetch} />
    )
  return <Shown job={data} />
}

function Shown({ job }: { job: Job }) {
  const act = useAct()
  return (
    <>
      <Panel
        title={job.title}
        beside={<JobActs job={job} act={act} onGone={() => go('/reports/jobs', { replace: true })} />}
      >
        <div className="job">
          <p role="status">
            <JobState job={job} /> {job.late && <span className="sign">made up late</span>}
          </p>
          {isActive(job) && (
            <>
              <JobProgress job={job} />
              <p className="quiet">
                You can leave this page: it goes on, and is then in{' '}
                <Link to="/reports/jobs">past reports and exports</Link>.
              </p>
            </>
          )}
          <Refused why={job.reason} />
          <Refused why={act.problem} />
          {job.verdict !== null && <Verdict verdict={{ ...job.verdict, reasons: [] }} of={job.makes} />}
          {job.files.length > 0 && <Files job={job} />}
          {job.state === 'done' && job.files.length === 0 && (
            <p className="quiet">Its files have expired and were removed.</p>
          )}
        </div>
      </Panel>
      <div className="panels">
        <AboutJob job={job} />
        <People job={job} />
      </div>
    </>
  )
}

function Files({ job }: { job: Job }) {
  const { id, files, here, holder } = job
  return (
    <>
      {!here && (
        <p className="warning-line">
          The files are on the indexer <bdi>{holder}</bdi>: open its console to download them.
        </p>
      )}
      <List
        label="Files"
        rows={files}
        keyOf={({ name }) => name}
        columns={[
          {
            name: 'File',
            of: ({ name }) =>
              here ? (
                <FileLink job={id} name={name}>
                  {name}
                </FileLink>
              ) : (
                <bdi>{name}</bdi>
              ),
          },
          { name: 'Format', of: ({ format }) => FORMATS[format] },
          { name: 'Rows', kind: 'number', of: ({ rows }) => figure(rows) },
          { name: 'Size', kind: 'number', of: (file) => bytes(file.bytes) },
          {
            name: 'Proof',
            of: ({ proof }) =>
              proof === null ? (
                'in the file'
              ) : here ? (
                <FileLink job={id} name={proof}>
                  Proof
                </FileLink>
              ) : (
                <bdi>{proof}</bdi>
              ),
          },
          {
            name: 'SHA-256',
            of: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}…</code>,
          },
        ]}
      />
      <p className="quiet small">
        <code>npx waybill verify FILE</code> checks a file against its proof, also without this indexer.
      </p>
    </>
  )
}

function AboutJob({ job }: { job: Job }) {
  const zone = useOrganisationZone()
  const { query, period, by, schedule, created, begun, finished, until } = job
  const range = period.from === null || period.to === null ? 'all' : between(period.from, period.to)
  return (
    <Panel title="What was asked for">
      <dl className="pairs">
        <dt>Period</dt>
        <dd>{periodText(period, zone)}</dd>
        <dt>Query</dt>
        <dd>
          <Link to={eventsWith(query, range)} title="Show these events">
            <code>{query === '' ? 'all events' : query}</code>
          </Link>
        </dd>
        <dt>Asked for by</dt>
        <dd>
          <bdi>{by}</bdi>, <When at={created} />
        </dd>
        {schedule !== null && (
          <>
            <dt>Schedule</dt>
            <dd>
              <Link to={`/reports/schedules/${schedule}`}>{schedule}</Link>
            </dd>
          </>
        )}
        {begun !== null && (
          <>
            <dt>Begun</dt>
            <dd>
              <When at={begun} />
            </dd>
          </>
        )}
        {finished !== null && (
          <>
            <dt>Finished</dt>
            <dd>
              <When at={finished} />
            </dd>
          </>
        )}
        {until !== null && (
          <>
            <dt>Files are kept until</dt>
            <dd>
              <When at={until} />
            </dd>
          </>
        )}
      </dl>
    </Panel>
  )
}

const DELIVERY = { sent: 'ok', failed: 'error', waiting: '' } as const

function People({ job: { downloads, deliveries } }: { job: Job }) {
  return (
    <Panel title="Who got it" className="who-got">
      {downloads.length === 0 && deliveries.length === 0 && (
        <p className="quiet">Nobody has downloaded it yet.</p>
      )}
      {deliveries.length > 0 && (
        <>
          <h3>Delivered to</h3>
          <ul className="rows">
            {deliveries.map(({ to, state, reason }) => (
              <li key={to}>
                <span className={`sign ${DELIVERY[state]}`}>{state}</span> <bdi>{to}</bdi>
                {reason !== null && <span className="quiet small">{reason}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      {downloads.length > 0 && (
        <>
          <h3>Downloaded by</h3>
          <ul className="rows">
            {downloads.map(({ by, file, at }) => (
              <li key={`${by} ${file} ${at}`}>
                <When at={at} relative /> <bdi>{by}</bdi> <bdi className="quiet">{file}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
