import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { go } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Confirm } from '../settings/confirm.tsx'
import { type Act, useAct } from '../settings/use-act.ts'
import { When } from '../time/when.tsx'
import { cronInWords, readCron } from './cron.ts'
import { JobState } from './job-parts.tsx'

export type Schedule = Answer<'getReportSchedules'>['schedules'][number]
type Template = Answer<'getReportSchedules'>['templates'][number]
export type Recipient = Schedule['schedule']['to'][number]

const recipientText = (one: Recipient): string =>
  'mail' in one
    ? one.mail
    : 'role' in one
      ? `each ${one.role}`
      : 'channel' in one
        ? `channel ${one.channel}`
        : `place ${one.place}`

/** Every Monday at 06:00 (Europe/Berlin). */
function timesText({ cron, zone }: Schedule['schedule'], organisation: string | undefined): string {
  const read = readCron(cron)
  const text = read === null ? cron : cronInWords(read).replace(/\.$/, '')
  const clock = zone ?? organisation
  return clock === undefined ? `${text}.` : `${text} (${clock}).`
}

/** The reports that are made again and again. */
export function Schedules() {
  const { data, error, isPending, refetch } = useAsk('getReportSchedules', {}, { every: 15_000 })
  const organisation = useAsk('getReports', {}).data?.zone
  const act = useAct('getReportSchedules')
  if (isPending) return <Loading rows={8} />
  if (data === undefined) return <Failed problem={error} retry={refetch} />
  const { schedules, templates } = data
  return (
    <>
      <div className="filters-line">
        <Link className="button primary" to="/reports/new-schedule">
          New schedule
        </Link>
      </div>
      <Refused why={act.problem} />
      {schedules.length === 0 ? (
        <Empty title="No report is scheduled yet.">
          A schedule makes a report of each past day, week, month, quarter or year, and sends it.
        </Empty>
      ) : (
        <ScheduleList schedules={schedules} organisation={organisation} act={act} />
      )}
      <Templates
        templates={templates.filter(({ id }) => !schedules.some((one) => one.id === id))}
        organisation={organisation}
      />
    </>
  )
}

function ScheduleList({
  schedules,
  organisation,
  act,
}: {
  schedules: readonly Schedule[]
  /** The time zone of those that name none. */
  organisation: string | undefined
  act: Act
}) {
  return (
    <List
      label="Schedules"
      rows={schedules}
      keyOf={({ id }) => id}
      columns={[
        {
          name: 'Schedule',
          of: ({ id, schedule, problem }) => (
            <div className="job-name">
              <Link to={`/reports/schedules/${id}`}>
                <bdi>{schedule.title}</bdi>
              </Link>
              <span className="quiet small">
                {timesText(schedule, organisation)} Covers the last {schedule.covers}.
              </span>
              {problem !== null && <span className="problem small">{problem}</span>}
            </div>
          ),
        },
        {
          name: 'State',
          of: ({ id, schedule, version }) => (
            <label className="switch">
              <input
                type="checkbox"
                checked={schedule.enabled}
                disabled={act.busy}
                aria-label={`Run ${schedule.title}`}
                onChange={({ target }) =>
                  void act.run('putReportSchedulesId', {
                    params: { id },
                    body: { schedule: { ...schedule, enabled: target.checked }, version },
                  })
                }
              />
              <span>{schedule.enabled ? 'on' : 'off'}</span>
            </label>
          ),
        },
        {
          name: 'Next run',
          kind: 'time',
          of: ({ next }) => (next === null ? <span className="quiet">none</span> : <When at={next} />),
        },
        {
          name: 'Last run',
          kind: 'time',
          of: ({ last }) =>
            last === null ? (
              <span className="quiet">never</span>
            ) : (
              <Link className="last-run" to={`/reports/jobs/${last.job}`}>
                <JobState job={last} /> <When at={last.at} relative />
              </Link>
            ),
        },
        {
          name: 'Goes to',
          of: ({ schedule: { to } }) =>
            to.length === 0 ? (
              <span className="quiet">nobody</span>
            ) : (
              <bdi>{to.map(recipientText).join(', ')}</bdi>
            ),
        },
        { name: 'Owner', of: ({ by }) => <bdi title="The reports show what this user may see.">{by}</bdi> },
        {
          name: 'Actions',
          kind: 'acts',
          of: (one) => <ScheduleActs schedule={one} act={act} />,
        },
      ]}
    />
  )
}

function ScheduleActs({ schedule: { id, schedule }, act }: { schedule: Schedule; act: Act }) {
  return (
    <>
      <button
        type="button"
        disabled={act.busy}
        aria-label={`Run now: ${schedule.title}`}
        onClick={async () => {
          const begun = await act.run('postReportSchedulesIdRun', { params: { id } })
          if (begun !== null) go(`/reports/jobs/${begun.answer.id}`)
        }}
      >
        Run now
      </button>
      <Confirm
        label="Remove"
        title={`Remove the schedule ${schedule.title}?`}
        onConfirmed={() => void act.run('deleteReportSchedulesId', { params: { id } })}
      >
        The reports that it has made stay for their time.
      </Confirm>
    </>
  )
}

/** Schedules to begin with; each opens the form, filled in. */
function Templates({
  templates,
  organisation,
}: {
  templates: readonly Template[]
  organisation: string | undefined
}) {
  if (templates.length === 0) return null
  return (
    <section className="templates" aria-label="Templates">
      <h2>Templates</h2>
      <ul className="cards">
        {templates.map(({ id, schedule }) => (
          <li key={id} className="card">
            <h3>{schedule.title}</h3>
            <p className="quiet">
              {timesText(schedule, organisation)} It covers the last {schedule.covers} and goes to{' '}
              {schedule.to.map(recipientText).join(', ')}.
            </p>
            <Link
              className="button"
              to={`/reports/new-schedule?template=${id}`}
              aria-label={`Use this template: ${schedule.title}`}
            >
              Use this template
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
