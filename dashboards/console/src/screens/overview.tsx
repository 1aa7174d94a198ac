import { lazy, Suspense, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Timeline } from '../charts/timeline.tsx'
import { useTimeline } from '../charts/use-timeline.ts'
import { Category } from '../events/cell.tsx'
import { FIRST_COLUMNS } from '../events/columns.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { Refreshed, useMoment } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { go, useParameter } from '../frame/location.ts'
import { part } from '../frame/outage.tsx'
import { useZone } from '../frame/preferences.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { seesAll, useMay, useWho } from '../session/session.tsx'
import { bytes, counted, figure } from '../time/format.ts'
import { RangePicker, rangeName } from '../time/range-picker.tsx'
import { begun, between, FIRST_RANGES, rangeOf } from '../time/ranges.ts'
import { inWords, useTried } from './accounts.ts'
import { AgentsHealth } from './agents-health.tsx'
import { Attention } from './attention.tsx'
import { Compared } from './figures.tsx'
import { UnlessEmpty } from './first-agent.tsx'
import { HighPriority } from './high-priority.tsx'
import { Panel, ScreenHead } from './panel.tsx'
import { EXPORTS, FAILED_SIGN_INS } from './priority.ts'

const ExportDialog = lazy(part(() => import('../reports/export-dialog.tsx')))

export default function Overview() {
  const { who } = useWho()
  const maySeeAgents = useMay('status') && seesAll(who)
  return maySeeAgents ? (
    <UnlessEmpty>
      <Board />
    </UnlessEmpty>
  ) : (
    <Board />
  )
}

function Board() {
  const [range, setRange] = useParameter('range', FIRST_RANGES['/'])
  const zone = useZone()
  const { who } = useWho()
  const maySeeStatus = useMay('status') && seesAll(who)
  const timeline = useTimeline('', range)
  const { day, week, month } = begun(useMoment(), zone)
  return (
    <div className="screen">
      <ScreenHead title="Overview">
        <RangePicker range={range} onChoose={setRange} />
        <Refreshed />
      </ScreenHead>
      <Attention />
      <div className="figures">
        <Compared name="Today" interval={day} against={{ ...day.earlier, name: 'this time yesterday' }} />
        <Compared
          name="This week"
          interval={week}
          against={{ ...week.earlier, name: 'this time last week' }}
        />
        <Compared
          name="This month"
          interval={month}
          against={{ ...month.earlier, name: 'this time last month' }}
        />
        {maySeeStatus && <Storage />}
      </div>
      <div className="panels">
        <Panel
          title={`Events, ${rangeName(range, zone).toLowerCase()}`}
          className="wide"
          beside={
            <span className="beside-links">
              <Link to={eventsWith('', range)}>All events</Link>
              <ExportAll range={range} />
            </span>
          }
        >
          <Timeline
            bars={timeline.bars}
            width={timeline.width}
            interval={timeline.interval}
            label="Events over time"
            height={110}
            onChoose={({ from, to }) => go(eventsWith('', between(from, to)))}
          />
        </Panel>
        <Panel
          title="High priority"
          className="wide"
          beside={seesAll(who) && <Link to="/rules">Configure alerts</Link>}
        >
          <HighPriority range={range} />
        </Panel>
        <Panel title="Failed sign-ins, by address">
          <Addresses range={range} />
        </Panel>
        <Panel title="Records exported, by user">
          <Exports range={range} />
        </Panel>
        <Panel title="Activity by type">
          <ByType range={range} />
        </Panel>
        {maySeeStatus && (
          <Panel title="Agents">
            <AgentsHealth />
          </Panel>
        )}
      </div>
    </div>
  )
}

/** An export of the whole period is made in the background, among the reports. */
function ExportAll({ range }: { range: string }) {
  const mayExport = useMay('export')
  const mayReport = useMay('report')
  const [isOpen, setOpen] = useState(false)
  if (!mayExport || !mayReport) return null
  return (
    <>
      <button type="button" className="plain" onClick={() => setOpen(true)}>
        Export
      </button>
      {isOpen && (
        <Suspense>
          <ExportDialog
            question={{ q: '', range, filters: [], sort: 'newest', columns: null, own: false }}
            columns={FIRST_COLUMNS}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  )
}

function Storage() {
  const used = useMetric('waybill_store_bytes')
  const events = useMetric('waybill_store_events')
  return (
    <div className="figure">
      <span className="figure-name">Storage used</span>
      <span className="figure-count">{used === null ? '…' : bytes(used)}</span>
      <span className="figure-beside">{events === null ? '' : `${counted(events, 'event')} in all`}</span>
    </div>
  )
}

function ByType({ range }: { range: string }) {
  const { data, error, isPending } = useAsk('postAggregate', {
    body: { ...rangeOf(range), by: [{ kind: 'values', field: 'audit.category', top: 10 }] },
  })
  if (isPending) return <Loading rows={4} />
  if (data === undefined) return <Failed problem={error} />
  const buckets = data.split?.buckets ?? []
  const total = Math.max(1, data.count)
  return (
    <>
      <div className="stack" aria-hidden="true">
        {buckets.map(({ key, count }) => (
          <span key={key} className={`category ${key}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul className="by-type">
        {buckets.map(({ key, count }) => (
          <li key={key}>
            <Link to={eventsWith(is('audit.category', String(key)), range)}>
              <Category name={String(key)} />
              <span className="count">{figure(count)}</span>
              <span className="quiet">{Math.round((count / total) * 100)} %</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

function Addresses({ range }: { range: string }) {
  const { data, error, isPending } = useAsk('postAggregate', {
    body: {
      q: FAILED_SIGN_INS,
      ...rangeOf(range),
      by: [{ kind: 'values', field: 'source.ip', top: 50 }],
      distinct: ['event.module'],
    },
  })
  const tried = useTried(FAILED_SIGN_INS, range, 'source.ip')
  if (isPending) return <Loading rows={4} />
  if (data === undefined) return <Failed problem={error} />
  // A person who mistypes a password uses one account of one system; an attacker tries several.
  const spread = ({
    key,
    distinct,
  }: {
    key: string | number
    distinct?: Record<string, number> | undefined
  }) => (tried.get(String(key))?.distinct ?? 0) + (distinct?.['event.module'] ?? 0)
  const buckets = (data.split?.buckets ?? [])
    .toSorted((a, b) => spread(b) - spread(a) || b.count - a.count)
    .slice(0, 6)
  if (buckets.length === 0) return <p className="quiet">No failed sign-ins in this period.</p>
  return (
    <ul className="rows">
      {buckets.map(({ key, count, distinct }) => (
        <li key={key}>
          <Link to={eventsWith(is('source.ip', String(key)), range)}>
            <code>{String(key)}</code>
            <span className="quiet">
              <bdi>{inWords(tried.get(String(key)) ?? { accounts: [], distinct: 0, none: 0 })}</bdi>,{' '}
              {counted(distinct?.['event.module'] ?? 0, 'system')}
            </span>
            <span className="count">{figure(count)}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Exports({ range }: { range: string }) {
  const { data, error, isPending } = useAsk('postAggregate', {
    body: {
      q: EXPORTS,
      ...rangeOf(range),
      by: [{ kind: 'values', field: 'user.name', top: 20 }],
      sums: ['audit.record_count'],
    },
  })
  if (isPending) return <Loading rows={4} />
  if (data === undefined) return <Failed problem={error} />
  const buckets = (data.split?.buckets ?? [])
    .map(({ key, count, sums }) => ({ key, count, sum: sums?.['audit.record_count'] }))
    .sort((a, b) => (b.sum?.sum ?? 0) - (a.sum?.sum ?? 0))
    .slice(0, 6)
  if (buckets.length === 0) return <p className="quiet">No exports in this period.</p>
  return (
    <ul className="rows">
      {buckets.map(({ key, count, sum }) => (
        <li key={key}>
          <Link to={eventsWith(all(EXPORTS, is('user.name', String(key))), range)}>
            <bdi>{String(key)}</bdi>
            <span className="quiet">
              {counted(count, 'export')}, the largest {figure(sum?.max ?? 0)}
            </span>
            <span className="count">{figure(sum?.sum ?? 0)}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** One of the figures that the indexer gives to Prometheus, or null. */
function useMetric(name: string): number | null {
  const { data } = useAsk('getMetrics', {}, { every: 30_000 })
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(data ?? '')?.[1]
  return value === undefined ? null : Number(value)
}
