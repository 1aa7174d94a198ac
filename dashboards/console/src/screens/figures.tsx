import { useAsk } from '../api/use-ask.ts'
import { eventsWith } from '../entry/facts.tsx'
import { Link } from '../frame/link.tsx'
import { figure } from '../time/format.ts'
import { between, type Interval, rangeOf } from '../time/ranges.ts'
import { comparison } from './comparison.ts'

interface FigureProps {
  readonly name: string
  readonly q: string
  readonly range: string
  /** More of it is no good news. */
  readonly grave?: boolean
}

/** How many events a query finds, leading to them. */
export function Figure({ name, q, range, grave = false }: FigureProps) {
  const { data } = useAsk('postAggregate', { body: { q, ...rangeOf(range) } })
  return (
    <Link className={grave && (data?.count ?? 0) > 0 ? 'figure grave' : 'figure'} to={eventsWith(q, range)}>
      <span className="figure-name">{name}</span>
      <span className="figure-count">{data === undefined ? '…' : figure(data.count)}</span>
    </Link>
  )
}

interface ComparedProps {
  readonly name: string
  readonly interval: Interval
  /** What it is held against, and how that is called. */
  readonly against: Interval & { readonly name: string }
  readonly q?: string
}

/** The same against an earlier time. */
export function Compared({ name, interval, against: then, q = '' }: ComparedProps) {
  const now = useAsk('postAggregate', { body: { q, from: String(interval.from), to: String(interval.to) } })
  const past = useAsk('postAggregate', { body: { q, from: String(then.from), to: String(then.to) } })
  const [count, earlier] = [now.data?.count, past.data?.count]
  return (
    <Link className="figure" to={eventsWith(q, between(interval.from, interval.to))}>
      <span className="figure-name">{name}</span>
      <span className="figure-count">{count === undefined ? '…' : figure(count)}</span>
      <span className="figure-beside">
        {count === undefined || earlier === undefined ? '' : comparison(count, earlier, then.name)}
      </span>
    </Link>
  )
}
