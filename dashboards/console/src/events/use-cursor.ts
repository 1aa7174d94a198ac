import { useCallback, useEffect, useState } from 'react'
import type { Results } from '../rows/results.ts'
import { type Event, idOf } from './event.ts'

interface Cursor {
  /** The event with the cursor: while an entry is open, always that one. Null if there is none, and while its row is pending. */
  readonly id: string | null
  /** The event's row, or -1. */
  readonly row: number
  /** The row that the reader last went to: a new object each time. */
  readonly goal: { readonly row: number }
  readonly put: (row: number, id: string) => void
  readonly to: (row: number) => void
  readonly by: (rows: number) => void
  /** Opens the event that the keys are on. */
  readonly enter: () => void
}

interface At {
  readonly row: number
  /** Null while the row is pending. */
  readonly id: string | null
  /** Whether to open the event as soon as its row has arrived. */
  readonly opens?: boolean
}

const NOWHERE: At = { row: -1, id: null }

/** The cursor of the keyboard. It is on an event, not on a row: when rows are added above, it moves with its event. */
export function useCursor(
  results: Results<Event>,
  selected: string | null,
  open: (id: string) => void,
): Cursor {
  const [at, setAt] = useState<At>(NOWHERE)
  const isOnItsWay = at.row >= 0 && at.id === null
  const id = isOnItsWay ? null : (selected ?? at.id)
  const row = isOnItsWay ? at.row : rowOf(results, id, at.row)
  const arrived = isOnItsWay ? idAt(results, at.row) : null
  useEffect(() => {
    if (arrived === null) return
    setAt({ row: at.row, id: arrived })
    if (at.opens === true) open(arrived)
  }, [arrived, at, open])
  const put = useCallback((to: number, on: string) => setAt({ row: to, id: on }), [])
  const go = (to: number, opens: boolean): void => {
    if (to < 0) return
    const there = idAt(results, to)
    setAt({ row: to, id: there, opens })
    if (opens && there !== null) open(there)
  }
  const to = (wanted: number): void => go(Math.min(results.rows - 1, Math.max(0, wanted)), selected !== null)
  return { id, row, goal: at, put, to, by: (rows) => to(row + rows), enter: () => go(row, true) }
}

function idAt(results: Results<Event>, row: number): string | null {
  const event = results.at(row)
  return event === undefined ? null : idOf(event)
}

/** Returns the row of an event that was at `before` a moment ago; the row stays if the event is not found any more. */
function rowOf(results: Results<Event>, id: string | null, before: number): number {
  if (id === null) return before
  if (idAt(results, before) === id) return before
  const row = results.rowOf((event) => idOf(event) === id)
  return row === -1 ? before : row
}
