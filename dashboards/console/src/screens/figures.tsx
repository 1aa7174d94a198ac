import type { Answer, Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { atLeast, counted } from '../time/format.ts'
import { between, type Interval, rangeOf } from '../time/ranges.ts'
import { comparison } from './comparison.ts'

interface FigureProps {
  readonly name: string
  readonly q: string
  readonly range: string
  /** More of it is no good news. */
  readonly grave?: boolean
  /** What it is a part of: a query and its noun. */
  readonly of?: { readonly q: string; readonly noun: string }
}

/** The number of events that a query finds, as a link to them. */
export function Figure({ name, q, range, grave = false, of }: FigureProps) {
  const { data, error } = useAsk('postAggregate', { body: { q, ...rangeOf(range) } })
  const whole = useAsk(
    'postAggregate',
    { body: { q: of?.q ?? '', ...rangeOf(range) } },
    { enabled: of !== undefined },
  ).data
  return (
    <Link className={grave && (data?.count ?? 0) > 0 ? 'figure grave' : 'figure'} to={eventsWith(q, range)}>
      <span className="figure-name">{name}</span>
      <span className="figure-count">
        {data === undefined ? <NoFigure problem={error} /> : atLeast(data.count, data.partial)}
      </span>
      {of !== undefined && (
        <span className="figure-beside">
          {data === undefined || whole === undefined ? '…' : shareText(data, whole, of.noun)}
        </span>
      )}
    </Link>
  )
}

type Count = Answer<'postAggregate'>

/** Partial counts have no share. */
function shareText({ count, partial }: Count, whole: Count, noun: string): string {
  if (whole.count === 0) return `no ${noun}s`
  const share =
    partial === null && whole.partial === null ? `${((count / whole.count) * 100).toFixed(2)} % ` : ''
  return `${share}of ${counted(whole.count, noun)}`
}

/** Shows that a figure is pending, or why it is missing. */
function NoFigure({ problem }: { problem: Problem | null }) {
  return problem === null ? '…' : <span title={problem.message}>no answer</span>
}

interface ComparedProps {
  readonly name: string
  readonly interval: Interval
  /** The time to compare with, and its name. */
  readonly against: Interval & { readonly name: string }
  readonly q?: string
}

/** The same against an earlier time. */
export function Compared({ name, interval, against: then, q = '' }: ComparedProps) {
  const now = useAsk('postAggregate', { body: { q, from: String(interval.from), to: String(interval.to) } })
  const past = useAsk('postAggregate', { body: { q, from: String(then.from), to: String(then.to) } })
  const [count, earlier] = [now.data?.count, past.data?.count]
  // Partial counts can't be compared.
  const isPartial = [now, past].some(({ data }) => data !== undefined && data.partial !== null)
  return (
    <Link className="figure" to={eventsWith(q, between(interval.from, interval.to))}>
      <span className="figure-name">{name}</span>
      <span className="figure-count">
        {now.data === undefined ? (
          <NoFigure problem={now.error} />
        ) : (
          atLeast(now.data.count, now.data.partial)
        )}
      </span>
      <span className="figure-beside">
        {count === undefined || earlier === undefined || isPartial
          ? ''
          : comparison(count, earlier, then.name)}
      </span>
    </Link>
  )
}
