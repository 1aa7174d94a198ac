import { type FormEvent, useEffect, useId, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { go, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { freeId, idFrom } from '../rules/id-from.ts'
import { Panel } from '../screens/panel.tsx'
import { useAct } from '../settings/use-act.ts'
import { fullTime } from '../time/format.ts'
import { isZone } from '../time/zones.ts'
import { type Asked, askedOf, filterOf, problemOf, type Report, readAsked } from './asked.ts'
import { cronInWords, cronOf, DAY_NAMES, nextTime, ordinal, readCron, type Simple, simpleOf } from './cron.ts'
import { Check, FormatFields, Group, ScopeFields, TypeField, ZoneField } from './fields.tsx'
import { isPeriod, type Period } from './periods.ts'
import { Recipients } from './recipients.tsx'
import type { Schedule } from './schedules.tsx'

type Body = Schedule['schedule']

const COVERS: Readonly<Record<Period, string>> = {
  day: 'the last day',
  week: 'the last week',
  month: 'the last month',
  quarter: 'the last quarter',
  year: 'the last year',
}

/** The times that fit a period, as a schedule begins. */
const CRON_OF: Readonly<Record<Period, string>> = {
  day: '0 6 * * *',
  week: '0 6 * * mon',
  month: '0 6 1 * *',
  quarter: '0 6 1 1,4,7,10 *',
  year: '0 6 1 1 *',
}

/** A new schedule: from a template, from the form of a report, or empty. */
export function NewSchedule() {
  const { search } = usePlace()
  const reports = useAsk('getReports', {})
  const schedules = useAsk('getReportSchedules', {})
  if (reports.data === undefined || schedules.data === undefined) {
    const error = reports.error ?? schedules.error
    return error === null ? <Loading rows={10} /> : <Failed problem={error} />
  }
  const given = new URLSearchParams(search)
  const template = schedules.data.templates.find(({ id }) => id === given.get('template'))
  const asked = readAsked(search)
  const report = reports.data.reports.find(({ id }) => id === given.get('report')) ?? reports.data.reports[0]
  if (report === undefined) return <Empty title="There are no reports." />
  const covers = asked.period === 'dates' ? 'month' : asked.period
  const first: Body = template?.schedule ?? {
    title: report.title,
    report: report.id,
    parameters: filterOf(asked),
    covers,
    cron: CRON_OF[covers],
    ...(asked.zone !== '' && { zone: asked.zone }),
    formats: [...asked.formats],
    to: [],
    enabled: true,
  }
  return (
    <ScheduleForm
      key={search}
      id={template?.id ?? null}
      version={null}
      taken={schedules.data.schedules.map(({ id }) => id)}
      first={first}
      reports={reports.data.reports}
      organisation={reports.data.zone}
    />
  )
}

/** The form of a schedule that is there. */
export function EditSchedule({ id }: { id: string }) {
  const reports = useAsk('getReports', {})
  const schedule = useAsk('getReportSchedulesId', { params: { id } })
  if (reports.data === undefined || schedule.data === undefined) {
    const error = reports.error ?? schedule.error
    if (error?.status === 404)
      return (
        <Empty title={`There is no schedule ${id}.`}>
          <Link to="/reports/schedules">All schedules</Link>
        </Empty>
      )
    return error === null ? <Loading rows={10} /> : <Failed problem={error} />
  }
  const { version, schedule: first, problem } = schedule.data
  return (
    <>
      <Refused why={problem} />
      <ScheduleForm
        key={version}
        id={id}
        version={version}
        taken={[]}
        first={first}
        reports={reports.data.reports}
        organisation={reports.data.zone}
      />
    </>
  )
}

interface FormProps {
  /** Null: it follows from the title. */
  readonly id: string | null
  /** Null: it is new. */
  readonly version: number | null
  /** Ids that a new one can't have. */
  readonly taken: readonly string[]
  readonly first: Body
  readonly reports: readonly Report[]
  readonly organisation: string
}

function ScheduleForm({ id, version, taken, first, reports, organisation }: FormProps) {
  const [body, setBody] = useState(first)
  const [asked, setAsked] = useState<Asked>(() => ({ ...askedOf(first.parameters), formats: first.formats }))
  const [complaint, setComplaint] = useState<string | null>(null)
  const act = useAct()
  const report = reports.find((one) => one.id === body.report)
  const zone = body.zone ?? organisation
  const change = (part: Partial<Body>): void => {
    setBody({ ...body, ...part })
    setComplaint(null)
  }
  const changeAsked = (part: Partial<Asked>): void => {
    setAsked({ ...asked, ...part })
    setComplaint(null)
  }
  const save = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const ownId = freeId(id ?? idFrom(body.title), taken)
    const why =
      (body.title.trim() === '' || ownId === '' ? 'Give it a name.' : null) ??
      (report === undefined ? `There is no report ${body.report}.` : problemOf(asked, report.needs)) ??
      (readCron(body.cron) === null ? 'The times are not understood.' : null) ??
      (isZone(zone) ? null : `There is no time zone ${zone}.`) ??
      (asked.formats.length === 0 ? 'Choose at least one format.' : null)
    setComplaint(why)
    if (why !== null) return
    const schedule: Body = { ...body, parameters: filterOf(asked), formats: [...asked.formats] }
    const saved = await act.run('putReportSchedulesId', {
      params: { id: ownId },
      body: { schedule, ...(version !== null && { version }) },
    })
    if (saved !== null) go('/reports/schedules')
  }
  return (
    <Panel title={version === null ? 'New schedule' : first.title}>
      <form className="report-form" aria-label="Schedule" onSubmit={save} noValidate>
        <Field label="Name">
          <input
            value={body.title}
            maxLength={200}
            onChange={({ target }) => change({ title: target.value })}
          />
        </Field>
        <TypeField reports={reports} value={body.report} onValue={(next) => change({ report: next })} />
        <Field label="Covers" hint="Each run covers the last such period that is over.">
          <select
            value={body.covers}
            onChange={({ target: { value } }) => {
              if (!isPeriod(value)) return
              // Times that were not changed follow the period.
              const isUsual = body.cron === CRON_OF[body.covers]
              change({ covers: value, ...(isUsual && { cron: CRON_OF[value] }) })
            }}
          >
            {Object.entries(COVERS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Times cron={body.cron} zone={zone} onCron={(cron) => change({ cron })} />
        <ZoneField
          value={body.zone ?? ''}
          organisation={organisation}
          onValue={(next) => {
            const { zone: _, ...others } = body
            setBody(next === '' ? others : { ...others, zone: next })
          }}
        />
        <ScopeFields asked={asked} onAsked={changeAsked} needs={report?.needs ?? []} problem={null} />
        <FormatFields asked={asked} onAsked={changeAsked} />
        <Recipients to={body.to} onTo={(to) => change({ to })} />
        <Group label="State">
          <Check label="Run it" isChecked={body.enabled} onChecked={(enabled) => change({ enabled })} />
        </Group>
        <div className="form-end">
          <Refused why={complaint ?? act.problem} />
          <p className="quiet small">Its reports show what you may see, from when you save it.</p>
          <div className="actions">
            <button type="submit" className="primary" disabled={act.busy}>
              Save schedule
            </button>
            <Link className="button" to="/reports/schedules">
              Cancel
            </Link>
          </div>
        </div>
      </form>
    </Panel>
  )
}

/** When it runs: by controls for the usual times, or as a cron expression; and what that means. */
function Times({ cron, zone, onCron }: { cron: string; zone: string; onCron: (cron: string) => void }) {
  const read = readCron(cron)
  const simple = read === null ? null : simpleOf(read)
  const [isText, setText] = useState(simple === null)
  const id = useId()
  const [now, setNow] = useState(() => Date.now())
  // biome-ignore lint/correctness/useExhaustiveDependencies: other times are looked at from the moment of the change.
  useEffect(() => setNow(Date.now()), [cron])
  const put = (part: Partial<Simple>): void => {
    if (simple !== null) onCron(cronOf({ ...simple, ...part }))
  }
  const next = read === null || !isZone(zone) ? null : nextTime(read, zone, now)
  return (
    <Group label="Runs">
      <select
        aria-label="Runs"
        value={isText || simple === null ? 'cron' : simple.every}
        onChange={({ target: { value } }) => {
          setText(value === 'cron')
          const time = simple?.time ?? '06:00'
          if (value === 'day' || value === 'week' || value === 'month')
            onCron(cronOf({ every: value, day: 1, time }))
        }}
      >
        <option value="day">every day</option>
        <option value="week">every week</option>
        <option value="month">every month</option>
        <option value="cron">at other times</option>
      </select>
      {!isText && simple !== null && (
        <>
          {simple.every === 'week' && (
            <select
              aria-label="Day of the week"
              value={simple.day}
              onChange={({ target }) => put({ day: Number(target.value) })}
            >
              {DAY_NAMES.map((name, index) => (
                <option key={name} value={index + 1}>
                  on {name}
                </option>
              ))}
            </select>
          )}
          {simple.every === 'month' && (
            <select
              aria-label="Day of the month"
              value={simple.day}
              onChange={({ target }) => put({ day: Number(target.value) })}
            >
              {Array.from({ length: 31 }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the day is what it is.
                <option key={index} value={index + 1}>
                  on the {ordinal(index + 1)}
                </option>
              ))}
            </select>
          )}
          <span>at</span>
          <input
            type="time"
            required
            aria-label="Time of the day"
            value={simple.time}
            onChange={({ target }) => target.value !== '' && put({ time: target.value })}
          />
        </>
      )}
      {(isText || simple === null) && (
        <input
          className="code"
          aria-label="Cron expression"
          aria-describedby={id}
          aria-invalid={read === null}
          spellCheck={false}
          value={cron}
          onChange={({ target }) => onCron(target.value)}
        />
      )}
      <p id={id} className="quiet small times-meaning" role="status">
        {read === null ? (
          <>
            Write five fields: minute, hour, day of the month, month, day of the week, such as{' '}
            <code>0 6 * * mon-fri</code>.
          </>
        ) : (
          <>
            {cronInWords(read)} {next === null ? 'There is no such day.' : `Next: ${fullTime(next, zone)}.`}
          </>
        )}
      </p>
    </Group>
  )
}
