import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { at, type Change, changesOf, type Event } from '../events/event.ts'
import { Dialog } from '../frame/dialog.tsx'
import { When } from '../time/when.tsx'
import { Difference } from './difference.tsx'

type Derived = NonNullable<Answer<'getEventsId'>['derived']>['previous'][number]

interface Row extends Change {
  /** The previous value according to an earlier event, if this one lacks it. */
  readonly derived: Derived | null
}

/** The changes: field, previous and new value. */
export function Changes({ event, derived }: { event: Event; derived: Answer<'getEventsId'>['derived'] }) {
  const [open, setOpen] = useState(false)
  const rows: Row[] = changesOf(event).map((change) => ({
    ...change,
    derived: derived?.previous.find(({ field }) => field === change.field) ?? null,
  }))
  if (rows.length === 0) return null
  return (
    <section>
      <h3>
        Changes
        <button type="button" className="beside" onClick={() => setOpen(true)}>
          View difference
        </button>
      </h3>
      <div className="scrolls">
        <table className="changes">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Previous value</th>
              <th scope="col">New value</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.field} className={row.old === row.new && !row.oldUnknown ? 'unchanged' : ''}>
                <th scope="row">
                  <bdi>{row.field}</bdi>
                </th>
                <td>
                  <Previous row={row} />
                </td>
                <td>
                  {row.new === null ? (
                    <em className="quiet">empty</em>
                  ) : (
                    <bdi className="new">{short(row.new)}</bdi>
                  )}
                  {row.old === row.new && !row.oldUnknown && <span className="quiet"> (no change)</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {derived?.note !== undefined && <p className="quiet small">{derived.note}</p>}
      {at(event, 'audit.old_unknown') === true && derived === null && (
        <p className="quiet small">The source did not record the previous value.</p>
      )}
      {open && (
        <Dialog title="Difference" wide onClose={() => setOpen(false)}>
          <Difference
            changes={rows.map((row) => ({ field: row.field, old: previousOf(row), new: row.new }))}
          />
        </Dialog>
      )}
    </section>
  )
}

const previousOf = ({ old, oldUnknown, derived }: Row): string | null =>
  oldUnknown ? (derived?.old ?? null) : old

function Previous({ row }: { row: Row }) {
  const { old, oldUnknown, derived } = row
  if (!oldUnknown)
    return old === null ? <em className="quiet">empty</em> : <bdi className="old">{short(old)}</bdi>
  if (derived === null) return <em className="quiet">not recorded</em>
  return (
    <span title={`Not in this event: from an earlier event of the same record, ${derived.from}`}>
      {derived.old === null ? <em>empty</em> : <bdi className="old">{short(derived.old)}</bdi>}
      <span className="derived">
        derived, <When at={derived.at} relative />
      </span>
    </span>
  )
}

const SHORT = 400
const short = (value: string): string => (value.length <= SHORT ? value : `${value.slice(0, SHORT)} …`)
