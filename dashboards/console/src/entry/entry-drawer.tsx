import { Link } from '../frame/link.tsx'
import { Entry } from './entry.tsx'

/** One entry beside the table. */
export function EntryDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <aside className="drawer" aria-label="Entry">
      <div className="drawer-bar">
        <Link to={`/events/${id}`}>Open as a page</Link>
        <button type="button" className="plain" onClick={onClose} aria-label="Close the entry">
          ✕
        </button>
      </div>
      <Entry id={id} />
    </aside>
  )
}
