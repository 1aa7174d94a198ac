import { type FormEvent, useCallback, useEffect, useState } from 'react'
import type { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { go, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { useAct } from '../settings/use-act.ts'
import { type Asked, parametersOf, problemOf, type Report, readAsked, writeAsked } from './asked.ts'
import { FormatFields, PeriodFields, ScopeFields, TypeField, ZoneField } from './fields.tsx'
import { MailFields, mailOf } from './mail-fields.tsx'
import { ReportPreview } from './preview.tsx'

const addressOf = (id: string, asked: Asked, rest: Record<string, string> = {}): string =>
  `/reports/make/${encodeURIComponent(id)}${writeAsked(asked, rest)}`

/** The form of a report, and its preview. */
export function MakeReport({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useAsk('getReports', {})
  if (isPending) return <Loading rows={10} />
  if (data === undefined) return <Failed problem={error} retry={refetch} />
  const report = data.reports.find((one) => one.id === id)
  if (report === undefined)
    return (
      <Empty title={`There is no report ${id}.`}>
        <Link to="/reports">All reports</Link>
      </Empty>
    )
  return <ReportForm report={report} reports={data.reports} organisation={data.zone} />
}

function ReportForm({
  report,
  reports,
  organisation,
}: {
  report: Report
  reports: readonly Report[]
  /** The time zone of the organisation. */
  organisation: string
}) {
  const { search } = usePlace()
  const [asked, setAsked] = useState<Asked>(() => readAsked(search))
  const [mail, setMail] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [complaint, setComplaint] = useState<string | null>(null)
  const act = useAct('getJobs')
  // The back button, or a link, opens another form.
  useEffect(() => setAsked(readAsked(search)), [search])
  const isPreviewed = new URLSearchParams(search).get('preview') === 'yes'
  const previewed = readAsked(search)
  const isOld = isPreviewed && writeAsked(previewed) !== writeAsked(asked)
  const onProblem = useCallback((next: Problem | null) => setProblem(next), [])
  const change = (part: Partial<Asked>): void => {
    setAsked({ ...asked, ...part })
    setComplaint(null)
    if (part.q !== undefined) setProblem(null)
  }
  const isRight = (): boolean => {
    const why =
      report.problem ??
      problemOf(asked, report.needs) ??
      (asked.formats.length === 0 ? 'Choose at least one format.' : null)
    setComplaint(why)
    return why === null
  }
  const preview = (): void => {
    if (isRight()) go(addressOf(report.id, asked, { preview: 'yes' }))
  }
  const generate = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    if (!isRight()) return
    const made = await act.run('postJobs', {
      body: {
        makes: 'report',
        report: report.id,
        parameters: parametersOf(asked),
        formats: [...asked.formats],
        ...mailOf(mail),
      },
    })
    if (made !== null) go(`/reports/jobs/${made.answer.id}`)
  }
  return (
    <>
      <Panel title={report.title}>
        <p className="quiet lead">{report.about}</p>
        <form className="report-form" aria-label="Report" onSubmit={generate} noValidate>
          <TypeField reports={reports} value={report.id} onValue={(id) => go(addressOf(id, asked))} />
          <PeriodFields asked={asked} onAsked={change} zone={asked.zone === '' ? organisation : asked.zone} />
          <ZoneField value={asked.zone} organisation={organisation} onValue={(zone) => change({ zone })} />
          <ScopeFields
            asked={asked}
            onAsked={change}
            needs={report.needs}
            problem={problem !== null && problem.column !== null ? problem : null}
          />
          <FormatFields asked={asked} onAsked={change} />
          <MailFields mail={mail} onMail={setMail} />
          <div className="form-end">
            <Refused why={complaint ?? act.problem} />
            <div className="actions">
              <button type="button" onClick={preview}>
                Preview
              </button>
              <button type="submit" className="primary" disabled={act.busy}>
                Generate report
              </button>
              <button
                type="button"
                onClick={() => go(`/reports/new-schedule${writeAsked(asked, { report: report.id })}`)}
              >
                Schedule report
              </button>
            </div>
          </div>
        </form>
      </Panel>
      {isPreviewed && (
        <>
          {isOld && (
            <p className="warning-line" role="status">
              The form has changed since this preview.{' '}
              <button type="button" onClick={preview}>
                Preview again
              </button>
            </p>
          )}
          <ReportPreview
            key={search}
            report={report.id}
            parameters={parametersOf(previewed)}
            onProblem={onProblem}
          />
        </>
      )}
    </>
  )
}
