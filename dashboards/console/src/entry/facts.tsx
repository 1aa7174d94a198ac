import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { When } from '../time/when.tsx'

export interface Fact {
  readonly label: string
  readonly value: string
  /** Finds other events with the same. */
  readonly query: string | null
  readonly time?: boolean
}

/** Shows the facts with a value; others are left out. */
export function Facts({ title, facts }: { title: string; facts: readonly Fact[] }) {
  const known = facts.filter(({ value }) => value !== '')
  if (known.length === 0) return null
  return (
    <section className="facts">
      <h3>{title}</h3>
      <dl>
        {known.map(({ label, value, query, time }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {time === true ? <When at={value} /> : <bdi>{value}</bdi>}
              {query !== null && (
                <Link
                  to={eventsWith(query)}
                  className="find"
                  aria-label={`Events with this ${label}`}
                  title="Find other events"
                >
                  ⌕
                </Link>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
