import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Failed } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { counted, figure, fullTime, span } from '../time/format.ts'
import { between } from '../time/ranges.ts'
import type { Parameters } from './asked.ts'
import { leadsOf, type Preview } from './leads.ts'
import { periodText } from './periods.ts'
import { ReportTable, SectionPanel } from './section.tsx'

/** The report on the screen: all that its files say, and its first rows. */
export function ReportPreview({
  report,
  parameters,
  onProblem,
}: {
  readonly report: string
  readonly parameters: Parameters
  readonly onProblem: (problem: Problem | null) => void
}) {
  const { data, error, isFetching, isPlaceholderData, refetch } = useAsk('postReportsPreview', {
    body: { report, parameters },
  })
  useEffect(() => onProblem(error), [error, onProblem])
  if (error !== null) return error.column === null ? <Failed problem={error} retry={refetch} /> : null
  if (data === undefined || isPlaceholderData)
    return <Working isBusy={isFetching}>The report is being made.</Working>
  return <Whole report={data} />
}

const SOON = 2000

/** Shows that something goes on; a bar and the time, if it takes longer than a moment. */
export function Working({ isBusy, children }: { isBusy: boolean; children: ReactNode }) {
  const [since] = useState(() => Date.now())
  const [now, setNow] = useState(since)
  useEffect(() => {
    if (!isBusy) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isBusy])
  const passed = now - since
  return (
    <div className="working" role="status">
      <p>{children}</p>
      {passed >= SOON && (
        <>
          <progress aria-label="Progress" />
          <p className="quiet small">For {span(passed)} so far.</p>
        </>
      )}
    </div>
  )
}

function Whole({ report }: { report: Preview }) {
  const { title, account, findings, rows, zone } = report
  const head = useRef<HTMLElement>(null)
  useEffect(() => {
    // Below a long form, on a small screen, nobody would see that it is there.
    head.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const found = leadsOf({ query: report.query, by: null, rows: [] }, report.period)
  return (
    <article className="report" aria-label={`Preview: ${title}`}>
      <header ref={head}>
        <h2>
          Preview: {title}, {periodText(report.period, zone)}
        </h2>
        <Verdict verdict={report.verdict} />
      </header>
      <div className="panels">
        <FirstPage report={report} />
        {account.map((section) => (
          <SectionPanel key={section.title} section={section} report={report} />
        ))}
        {findings.map((section) => (
          <SectionPanel key={section.title} section={section} report={report} />
        ))}
        {rows !== null && (
          <Panel
            title={
              rows.first.length < rows.count
                ? `The first ${figure(rows.first.length)} of ${counted(rows.count, 'event')}`
                : counted(rows.count, 'event')
            }
            className="wide"
            beside={
              found.whole !== null && (
                <Link className="beside" to={found.whole}>
                  All in Events
                </Link>
              )
            }
          >
            <ReportTable
              label="Events of the report"
              table={{ columns: rows.columns, rows: rows.first, more: 0 }}
              leads={{ ...found, row: () => null }}
              zone={zone}
            />
          </Panel>
        )}
        <Controls report={report} />
      </div>
    </article>
  )
}

export function Verdict({
  verdict: { complete, sentence, reasons },
  of = 'report',
}: {
  verdict: Preview['verdict']
  of?: 'report' | 'export'
}) {
  return (
    <div className={complete ? 'verdict complete' : 'verdict incomplete'}>
      <p>
        <strong>
          This {of} is {reasons.length > 1 ? (complete ? 'complete' : 'incomplete') : sentence}.
        </strong>
      </p>
      {reasons.length > 1 && (
        <ul>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function FirstPage({ report }: { report: Preview }) {
  const { scope, query, zone, period, requested, facts, checkpoint } = report
  return (
    <Panel title="First page" className="wide">
      <dl className="pairs">
        <dt>Scope</dt>
        <dd>{scope}</dd>
        <dt>Period</dt>
        <dd>{periodText(period, zone)}</dd>
        <dt>Query</dt>
        <dd>
          <Link to={eventsWith(query, between(period.from, period.to))} title="Show these events">
            <code>{query === '' ? 'all events' : query}</code>
          </Link>
        </dd>
        <dt>Requested by</dt>
        <dd>
          <bdi>{requested.by}</bdi>, {fullTime(requested.at, zone)}
        </dd>
        {facts.map(({ name, text }) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd>
              <bdi>{text}</bdi>
            </dd>
          </div>
        ))}
        <dt>Checkpoint</dt>
        <dd>
          {checkpoint === null ? (
            'The transparency log has none yet.'
          ) : (
            <details>
              <summary>The newest one of the transparency log</summary>
              <pre className="checkpoint">{checkpoint}</pre>
            </details>
          )}
        </dd>
      </dl>
    </Panel>
  )
}

function Controls({ report: { controls } }: { report: Preview }) {
  if (controls.length === 0) return null
  const frameworks = [...new Set(controls.map(({ framework }) => framework))]
  return (
    <Panel title="Controls that it supports" className="wide">
      <div className="controls">
        {frameworks.map((framework) => (
          <section key={framework}>
            <h3>{framework}</h3>
            <dl className="pairs">
              {controls
                .filter((one) => one.framework === framework)
                .map(({ control, demands, support }) => (
                  <div key={control} className="pair">
                    <dt>{control}</dt>
                    <dd>
                      {demands} <span className="quiet">{support}</span>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  )
}
