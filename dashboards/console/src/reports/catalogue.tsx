import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import type { Report } from './asked.ts'

/** All reports: what each shows, and which requirements it supports. */
export function Catalogue() {
  const { data, error, isPending, refetch } = useAsk('getReports', {})
  if (isPending) return <Loading rows={10} />
  if (data === undefined) return <Failed problem={error} retry={refetch} />
  return (
    <>
      <Refused why={data.problem} />
      {data.reports.length === 0 ? (
        <Empty title="There are no reports." />
      ) : (
        <ul className="cards">
          {data.reports.map((report) => (
            <li key={report.id} className="card">
              <ReportCard report={report} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function ReportCard({ report }: { report: Report }) {
  const { id, title, about, origin, sections, problem } = report
  return (
    <>
      <header>
        <h2>
          <Link to={`/reports/make/${encodeURIComponent(id)}`}>{title}</Link>
        </h2>
        {origin === 'own' && <span className="sign">own</span>}
      </header>
      <p>{about}</p>
      {problem !== null && <p className="problem">{problem}</p>}
      {sections.length > 0 && <p className="quiet small">Shows: {sections.join(' · ')}</p>}
      <Supports report={report} />
    </>
  )
}

/** The controls by framework, folded: a report supports up to thirty. */
function Supports({ report: { title, controls } }: { report: Report }) {
  if (controls.length === 0) return null
  const frameworks = [...new Set(controls.map(({ framework }) => framework))]
  return (
    <details className="supports">
      <summary
        aria-label={`Supports ${controls.length} controls of ${frameworks.length} frameworks: ${title}`}
      >
        Supports {controls.length} controls of {frameworks.length} frameworks
      </summary>
      <dl>
        {frameworks.map((framework) => (
          <div key={framework}>
            <dt>{framework}</dt>
            <dd className="quiet">
              {controls
                .filter((one) => one.framework === framework)
                .map(({ control }) => control)
                .join(', ')}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
