import { Link } from '../frame/link.tsx'
import { Entry } from './entry.tsx'

/** One entry as a page of its own: what a link to it shows. */
export function EntryPage({ id }: { id: string }) {
  return (
    <div className="entry-page">
      <h1 className="unseen">Event</h1>
      <p>
        <Link to="/events">All events</Link>
      </p>
      <Entry id={id} />
    </div>
  )
}
