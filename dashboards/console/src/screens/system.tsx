import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Status } from '../events/cell.tsx'
import { text, timeOf } from '../events/event.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { useParameter } from '../frame/location.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { counted, figure, span } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { FIRST_RANGES, rangeOf } from '../time/ranges.ts'
import { When } from '../time/when.tsx'
import { BarList } from './bar-list.tsx'
import { Figure } from './figures.tsx'
import { Found } from './found.tsx'
import { Panel, ScreenHead } from './panel.tsx'

const SYSTEM = 'audit.category: system and not audit.seal.agent: indexer-*'
/** What reports how it ended. */
const JOBS = all(SYSTEM, 'audit.status: *')
const REQUESTS = 'audit.category: api'
const FAILED = 'event.outcome: failure or audit.status: (warning or error)'

export default function System() {
  const [range, setRange] = useParameter('range', FIRST_RANGES['/system'])
  return (
    <div className="screen">
      <ScreenHead title="System">
        <RangePicker range={range} onChoose={setRange} />
        <Refreshed />
      </ScreenHead>
      <div className="figures">
        <Figure name="System events" q={SYSTEM} range={range} />
        <Figure name="Jobs" q={JOBS} range={range} />
        <Figure name="Warnings" q={all(SYSTEM, 'audit.status: warning')} range={range} />
        <Figure
          name="Failed jobs"
          q={all(JOBS, 'event.outcome: failure or audit.status: error')}
          range={range}
          grave
          of={{ q: JOBS, noun: 'job' }}
        />
        <Share range={range} />
        <AverageResponse range={range} />
      </div>
      <div className="panels">
        <Panel title="Components" className="wide">
          <Components range={range} />
        </Panel>
        <Panel title="Warnings and failures" className="wide">
          <Found
            q={all(SYSTEM, FAILED)}
            range={range}
            beside="audit.component"
            none="No failures in this period."
          />
        </Panel>
        <Panel title="Latest" className="wide">
          <Found q={SYSTEM} range={range} beside="audit.component" none="No events in this period." />
        </Panel>
        <Panel title="By action">
          <BarList q={SYSTEM} range={range} field="event.action" />
        </Panel>
        <Panel title="Waybill itself">
          <Found
            q="audit.category: system and audit.seal.agent: indexer-*"
            range={range}
            most={6}
            none="No events in this period."
          />
        </Panel>
      </div>
    </div>
  )
}

/** The share of successful jobs among those that reported their end: that is what an audit trail shows about uptime. */
function Share({ range }: { range: string }) {
  const { data } = useAsk('postAggregate', {
    body: { q: SYSTEM, ...rangeOf(range), by: [{ kind: 'values', field: 'audit.status', top: 5 }] },
  })
  return (
    <div className="figure">
      <span className="figure-name">Ended without an error</span>
      <span className="figure-count">{shareOf(data?.split?.buckets ?? [])}</span>
    </div>
  )
}

/** The average time of the requests that say how long they took. */
function AverageResponse({ range }: { range: string }) {
  const { data } = useAsk('postAggregate', {
    body: { q: REQUESTS, ...rangeOf(range), sums: ['event.duration'] },
  })
  const { avg = null, values = 0 } = data?.sums?.['event.duration'] ?? {}
  return (
    <Link className="figure" to={eventsWith(all(REQUESTS, 'event.duration: *'), range)}>
      <span className="figure-name">Average response</span>
      <span className="figure-count">{avg === null ? '–' : span(avg / 1_000_000)}</span>
      <span className="figure-beside">
        {data === undefined
          ? ''
          : avg === null
            ? 'no request tells its duration'
            : `of ${counted(values, 'API request')}`}
      </span>
    </Link>
  )
}

type States = readonly { readonly key: string | number; readonly count: number }[]

function shareOf(states: States): string {
  const known = states.reduce((sum, { count }) => sum + count, 0)
  const failed = states.find(({ key }) => key === 'error')?.count ?? 0
  return known === 0 ? '–' : `${((1 - failed / known) * 100).toFixed(2)} %`
}

function Components({ range }: { range: string }) {
  const body = { q: SYSTEM, ...rangeOf(range) }
  const { data, error, isPending } = useAsk('postAggregate', {
    body: {
      ...body,
      by: [
        { kind: 'values', field: 'audit.component', top: 50 },
        { kind: 'values', field: 'audit.status', top: 5 },
      ],
      sums: ['event.duration'],
      latest: true,
    },
  })
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  const buckets = data.split?.buckets ?? []
  if (buckets.length === 0) return <p className="quiet">No events of components in this period.</p>
  const durations = buckets.some(({ sums }) => (sums?.['event.duration']?.values ?? 0) > 0)
  return (
    <List
      label="Components"
      rows={buckets}
      keyOf={({ key }) => String(key)}
      columns={[
        {
          name: 'Component',
          of: ({ key }) => (
            <Link to={eventsWith(all(SYSTEM, is('audit.component', String(key))), range)}>{String(key)}</Link>
          ),
        },
        {
          name: 'Last state',
          of: ({ latest }) => latest && <Status status={text(latest, 'audit.status')} />,
        },
        {
          name: 'Last event',
          of: ({ latest }) =>
            latest && (
              <>
                {text(latest, 'event.action')} <When at={timeOf(latest)} relative />
              </>
            ),
        },
        { name: 'Events', kind: 'number', of: ({ count }) => figure(count) },
        { name: 'Warnings', kind: 'number', of: (bucket) => figure(statusCount(bucket, 'warning')) },
        { name: 'Errors', kind: 'number', of: (bucket) => figure(statusCount(bucket, 'error')) },
        { name: 'Without an error', kind: 'number', of: (bucket) => shareOf(bucket.split?.buckets ?? []) },
        ...(durations ? [{ name: 'Average time', kind: 'number', of: averageOf } as const] : []),
      ]}
    />
  )
}

type Component = NonNullable<Answer<'postAggregate'>['split']>['buckets'][number]

const statusCount = ({ split }: Component, status: string): number =>
  split?.buckets.find(({ key }) => key === status)?.count ?? 0

/** Durations are kept in nanoseconds. */
function averageOf({ sums }: Component): string {
  const average = sums?.['event.duration']?.avg ?? null
  return average === null ? '' : span(average / 1_000_000)
}
