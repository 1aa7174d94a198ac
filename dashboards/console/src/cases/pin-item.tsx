import { useState } from 'react'
import { Priority } from '../alerts/signs.tsx'
import { JsonTree } from '../entry/json-tree.tsx'
import { Link } from '../frame/link.tsx'
import { EventList } from '../screens/event-list.tsx'
import { Confirm } from '../settings/confirm.tsx'
import { When } from '../time/when.tsx'
import type { Case } from './case.tsx'

type Item = Case['items'][number]

/** One thing that is pinned, with who pinned it, when, and why. */
export function PinItem({ item, onRemove }: { item: Item; onRemove: (() => void) | null }) {
  const comment = 'comment' in item ? item.comment : ''
  return (
    <li className={`case-item ${item.kind}`}>
      <div className="case-item-head">
        <span className="quiet small">
          {NAMES[item.kind === 'hidden' ? item.of : item.kind]}, pinned by{' '}
          <strong>
            <bdi>{item.by}</bdi>
          </strong>{' '}
          <When at={item.at} relative />
        </span>
        {onRemove !== null && (
          <Confirm label="Remove" title="Remove this pin?" onConfirmed={onRemove}>
            The copy is removed from the case. The timeline keeps that it was there.
          </Confirm>
        )}
      </div>
      <Content item={item} />
      {comment !== '' && (
        <p className="case-text case-comment">
          <bdi>{comment}</bdi>
        </p>
      )}
    </li>
  )
}

const NAMES = { event: 'Event', alert: 'Alert', search: 'Search', note: 'Note' } as const

function Content({ item }: { item: Item }) {
  switch (item.kind) {
    case 'event':
      return <EventCopy event={item.event} />
    case 'alert':
      return (
        <p className="alert-signs">
          <Priority level={item.alert.priority} />
          <Link to={`/alerts/${encodeURIComponent(item.alert.id)}`}>
            <bdi>{item.alert.message}</bdi>
          </Link>
          <span className="quiet">
            <When at={item.alert.last} />
          </span>
        </p>
      )
    case 'search':
      return (
        <p>
          <Link to={`/events${item.search}`}>
            <bdi>{item.name}</bdi>
          </Link>
        </p>
      )
    case 'note':
      return (
        <p className="case-text">
          <bdi>{item.text}</bdi>
        </p>
      )
    case 'hidden':
      return <p className="quiet">You may not see what is pinned here.</p>
  }
}

/** The event leads to its entry for as long as the store has it; the copy is here in any case. */
function EventCopy({ event }: { event: Extract<Item, { kind: 'event' }>['event'] }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <EventList events={[event]} />
      <button type="button" className="plain small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Hide the copy' : 'Show the copy'}
      </button>
      {isOpen && <JsonTree value={event} name="event" />}
    </>
  )
}
