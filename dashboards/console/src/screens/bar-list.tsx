import type { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { counted, figure, moreValues } from '../time/format.ts'
import { rangeOf } from '../time/ranges.ts'

interface BarListProps {
  readonly q: string
  readonly range: string
  readonly field: string
  readonly top?: number
  readonly none?: string
}

/** The most frequent values of a field; each leads to the events that were counted. */
export function BarList({ q, range, field, top = 8, none = 'No events in this period.' }: BarListProps) {
  const { data, error, isPending } = useAsk('postAggregate', {
    body: { q, ...rangeOf(range), by: [{ kind: 'values', field, top }] },
  })
  if (isPending) return <Loading rows={4} />
  if (data === undefined) return <Failed problem={error as Problem} />
  const buckets = data.split?.buckets ?? []
  if (buckets.length === 0) return <p className="quiet">{none}</p>
  const most = Math.max(...buckets.map(({ count }) => count))
  return (
    <ul className="bar-list">
      {buckets.map(({ key, count }) => (
        <Bar
          key={key}
          name={String(key)}
          count={count}
          share={count / most}
          to={eventsWith(all(q, is(field, String(key))), range)}
        />
      ))}
      {(data.split?.others ?? 0) > 0 && (
        <li className="quiet small">
          {moreValues((data.split?.distinct ?? 0) - buckets.length, data.split?.others ?? 0)}
        </li>
      )}
      {(data.split?.none ?? 0) > 0 && (
        <li className="small">
          <Link className="quiet" to={eventsWith(all(q, `not ${field}: *`), range)}>
            {counted(data.split?.none ?? 0, 'event')} without a value
          </Link>
        </li>
      )}
    </ul>
  )
}

interface BarProps {
  readonly name: string
  readonly count: number
  /** The share of the greatest bar. */
  readonly share: number
  /** Null if no search finds them. */
  readonly to: string | null
}

/** One value with how many events have it, leading to them. */
export function Bar({ name, count, share, to }: BarProps) {
  const content = (
    <>
      <span className="share" style={{ width: `${share * 100}%` }} />
      <bdi>{name}</bdi>
      <span className="count">{figure(count)}</span>
    </>
  )
  return <li>{to === null ? <div className="bar-line">{content}</div> : <Link to={to}>{content}</Link>}</li>
}
