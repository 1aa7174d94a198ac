import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { type Event, idOf } from '../events/event.ts'
import { eventsWith } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Loading } from '../frame/states.tsx'
import { EventList } from '../screens/event-list.tsx'
import { atLeast } from '../time/format.ts'
import { companionsOf, type Relation, rangeOfRelation, relationsOf } from './relations.ts'

const SHOWN = 8

/** The events of a relation without this one; undefined while they are pending. */
function useOthers({ q, from, to, sort }: Relation, self: string, most: number) {
  const { data } = useFound({ q, from: from?.toString(), to: to?.toString(), sort }, most + 1)
  return data?.events.filter((one) => idOf(one) !== self).slice(0, most)
}

/** All relations of the event. */
export function Related({ event }: { event: Event }) {
  return (
    <div className="related">
      {relationsOf(event).map((relation) => (
        <One key={relation.name} relation={relation} self={idOf(event)} />
      ))}
      <p className="quiet small only-child">No other event shares its session, request, address or user.</p>
    </div>
  )
}

function One({ relation, self }: { relation: Relation; self: string }) {
  const others = useOthers(relation, self, SHOWN)
  if (others === undefined) return <Loading rows={2} />
  if (others.length === 0) return null
  return (
    <section>
      <h3>
        {relation.name}
        <Link className="beside" to={eventsWith(relation.q, rangeOfRelation(relation))}>
          Show all
        </Link>
      </h3>
      <EventList events={others} />
    </section>
  )
}

interface NearestProps {
  readonly event: Event
  /** Opens the history of the record; null if there is none. */
  readonly onHistory: (() => void) | null
  readonly onRelated: () => void
}

/** The few events that an entry needs for context: the record before and after, its cause, and its effects. */
export function Nearest({ event, onHistory, onRelated }: NearestProps) {
  const companions = companionsOf(event)
  return (
    <section className="nearest">
      <h3>
        Related events
        <span className="beside">
          {onHistory !== null && (
            <button type="button" className="plain" onClick={onHistory}>
              View full history
            </button>
          )}
          <button type="button" className="plain" onClick={onRelated}>
            All related
          </button>
        </span>
      </h3>
      {relationsOf(event)
        .filter(({ near }) => near > 0)
        .map((relation) => (
          <Near key={relation.name} relation={relation} self={idOf(event)} />
        ))}
      {companions !== null && <Near relation={companions} self={idOf(event)} isCounted />}
      <p className="quiet only-child">
        No other event names the same record or, within an hour, the same session, address or person.
      </p>
    </section>
  )
}

function Near({
  relation,
  self,
  isCounted = false,
}: {
  readonly relation: Relation
  readonly self: string
  readonly isCounted?: boolean
}) {
  const others = useOthers(relation, self, relation.near)
  if (others?.length === 0) return null
  return (
    <div className="near">
      <h4>
        {relation.name}
        {isCounted && <All relation={relation} />}
      </h4>
      <EventList events={others ?? []} />
    </div>
  )
}

/** All events of a relation but the one that it is of. */
function All({ relation }: { readonly relation: Relation }) {
  const { q, from, to } = relation
  const { data } = useAsk('postAggregate', { body: { q, from: String(from), to: String(to) } })
  if (data === undefined) return null
  return (
    <Link className="all" to={eventsWith(q, rangeOfRelation(relation))}>
      Show all {atLeast(data.count - 1, data.partial)}
    </Link>
  )
}
