import { useFound } from '../api/use-found.ts'
import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { rangeOf } from '../time/ranges.ts'
import { type Beside, EventList } from './event-list.tsx'

/** The latest events that a query finds. */
export function Found({
  q,
  range,
  most = 8,
  none,
  beside,
}: {
  q: string
  range: string
  most?: number
  none: string
  beside?: Beside
}) {
  const { data, error, isPending } = useFound({ q, ...rangeOf(range) }, most)
  if (isPending) return <Loading rows={4} />
  if (data === undefined) return <Failed problem={error} />
  if (data.events.length === 0) return <p className="quiet">{none}</p>
  return (
    <>
      <EventList events={data.events} {...(beside === undefined ? {} : { beside })} />
      {data.next !== null && (
        <p className="more">
          <Link to={eventsWith(q, range)}>Show all</Link>
        </p>
      )}
    </>
  )
}
