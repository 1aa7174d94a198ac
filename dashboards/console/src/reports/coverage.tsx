import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { useParameter, usePlace } from '../frame/location.ts'
import { Empty, Failed } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { FIRST, writeAsked } from './asked.ts'
import { type Days, daysText, namedPeriod, namedPeriods } from './periods.ts'
import { Working } from './preview.tsx'

type Framework = Answer<'getCoverage'>['frameworks'][number]
type Control = Framework['controls'][number]
type State = Control['state']

const STATES: Readonly<Record<State, { readonly word: string; readonly sign: string }>> = {
  evidence: { word: 'Evidence', sign: 'ok' },
  'no-report': { word: 'No report made', sign: 'warning' },
  'no-source': { word: 'No source', sign: 'error' },
}
const STATE_NAMES = Object.keys(STATES) as readonly State[]

/** Which requirements of standards have evidence in a quarter or a year, and what is missing. */
export function Coverage() {
  const zone = useAsk('getReports', {}).data?.zone
  return zone === undefined ? (
    <Working isBusy>The evidence is being counted.</Working>
  ) : (
    <OfZone zone={zone} />
  )
}

function OfZone({ zone }: { zone: string }) {
  const periods = namedPeriods(Date.now(), zone)
  const current = periods[0]?.name ?? ''
  const [period, setPeriod] = useParameter('period', current)
  const days = namedPeriod(period) ?? { from: '', to: '' }
  const { data, error, isPlaceholderData, isFetching, refetch } = useAsk('getCoverage', { query: days })
  return (
    <>
      <div className="filters-line">
        <label className="inline-form">
          Period
          <select value={period} onChange={({ target }) => setPeriod(target.value)}>
            {!periods.some(({ name }) => name === period) && <option value={period}>{period}</option>}
            {periods.map(({ name, text }) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <span className="quiet">
          {daysText(days)}, {zone}
        </span>
        {/* It counts many events: so only when somebody asks. */}
        <button type="button" disabled={isFetching} onClick={() => void refetch()}>
          Refresh
        </button>
      </div>
      {error !== null ? (
        <Failed problem={error} retry={refetch} />
      ) : data === undefined || isPlaceholderData ? (
        <Working isBusy>The evidence is being counted.</Working>
      ) : data.frameworks.length === 0 ? (
        <Empty title="No framework is set up." />
      ) : (
        <Frameworks frameworks={data.frameworks} days={days} />
      )}
    </>
  )
}

const countOf = ({ controls }: Framework, state: State): number =>
  controls.filter((one) => one.state === state).length

function Frameworks({ frameworks, days }: { frameworks: readonly Framework[]; days: Days }) {
  const { search } = usePlace()
  const [chosen] = useParameter('framework', frameworks[0]?.id ?? '')
  const shown = frameworks.find(({ id }) => id === chosen)
  const addressOf = (id: string): string => {
    const next = new URLSearchParams(search)
    next.set('framework', id)
    return `/reports/coverage?${next}`
  }
  return (
    <>
      <nav aria-label="Frameworks">
        <ul className="frameworks">
          {frameworks.map((framework) => (
            <li key={framework.id}>
              <Link to={addressOf(framework.id)} aria-current={framework === shown ? 'true' : undefined}>
                <FrameworkSummary framework={framework} />
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {shown === undefined ? (
        <Empty title={`There is no framework ${chosen}.`} />
      ) : (
        <Controls key={shown.id} framework={shown} days={days} />
      )}
    </>
  )
}

function FrameworkSummary({ framework }: { framework: Framework }) {
  const { title, version, controls } = framework
  const evidence = countOf(framework, 'evidence')
  return (
    <>
      <span className="framework-title">{title}</span>
      <span className="quiet small">{version}</span>
      <span>
        <strong>{evidence}</strong> of {controls.length} with evidence
      </span>
      <span className="coverage-bar" aria-hidden="true">
        {STATE_NAMES.filter((state) => countOf(framework, state) > 0).map((state) => (
          <span key={state} className={state} style={{ flexGrow: countOf(framework, state) }} />
        ))}
      </span>
    </>
  )
}

function Controls({ framework, days }: { framework: Framework; days: Days }) {
  const [state, setState] = useParameter('state', '')
  const { title, version, controls } = framework
  const shown = controls.filter((one) => state === '' || one.state === state)
  return (
    <Panel
      title={`${title} ${version}`}
      beside={
        <select aria-label="State" value={state} onChange={({ target }) => setState(target.value)}>
          <option value="">All {controls.length} controls</option>
          {STATE_NAMES.map((name) => (
            <option key={name} value={name}>
              {STATES[name].word}: {countOf(framework, name)}
            </option>
          ))}
        </select>
      }
    >
      {shown.length === 0 ? (
        <p className="quiet">No control is in this state.</p>
      ) : (
        <List
          label={`Controls of ${title}`}
          rows={shown}
          keyOf={({ control }) => control}
          columns={[
            {
              name: 'Control',
              of: ({ control, demands }) => (
                <div className="control-name">
                  <span>{control}</span>
                  <span className="quiet">{demands}</span>
                </div>
              ),
            },
            {
              name: 'State',
              of: ({ state: is, lacks, events }) => (
                <div className="control-state">
                  <span className={`sign ${STATES[is].sign}`}>{STATES[is].word}</span>
                  {lacks !== null && <span className="small">{lacks}</span>}
                  {is !== 'no-source' && (
                    <span className="quiet small">Events of the period: {figure(events)}</span>
                  )}
                </div>
              ),
            },
            {
              name: 'Reports that support it',
              of: ({ reports }) => (
                <ul className="control-reports">
                  {reports.map((report) => (
                    <SupportingReport key={report.id} report={report} days={days} />
                  ))}
                </ul>
              ),
            },
          ]}
        />
      )}
    </Panel>
  )
}

function SupportingReport({ report, days }: { report: Control['reports'][number]; days: Days }) {
  const { id, title, support, last } = report
  const form = writeAsked({ ...FIRST, period: 'dates', ...days })
  return (
    <li>
      <div className="control-report">
        <Link to={`/reports/make/${encodeURIComponent(id)}${form}`}>{title}</Link>
        {last !== null && (
          <Link to={`/reports/jobs/${last.job}`} className="small">
            Last made <When at={last.at} relative />
            {last.complete ? '' : ', incomplete'}
          </Link>
        )}
      </div>
      <p className="quiet">{support}</p>
    </li>
  )
}
