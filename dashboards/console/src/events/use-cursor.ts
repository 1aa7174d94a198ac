import { useCallback, useEffect, useState } from 'react'
import type { Results } from '../rows/results.ts'
import { type Event, idOf } from './event.ts'

export interface Cursor {
  /** The event that the keys are on: while an entry is open, always that one. Null for none, and while its row is on its way. */
  readonly id: string | null
  /** Where it is; -1 for nowhere. */
  readonly row: number
  /** Where the reader last went: another object each time. */
  readonly goal: { readonly row: number }
  readonly put: (row: number, id: string) => void
  readonly to: (row: number) => void
  readonly by: (rows: number) => void
  /** Opens the event that the keys are on. */
  readonly enter: () => void
}

interface At {
  readonly row: number
  /** Null while the row is on its way. */
  readonly id: string | null
  /** Opens the event as soon as its row is there. */
  readonly opens?: boolean
}

const NOWHERE: At = { row: -1, id: null }

/** Where the keyboard is among the rows. It is on an event, not on a row: where rows come in above, it goes with its event. */
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

/** Of an event that was at `before` a moment ago; there it stays where it is not to be found any more. */
function rowOf(results: Results<Event>, id: string | null, before: number): number {
  if (id === null) return before
  if (idAt(results, before) === id) return before
  const row = results.rowOf((event) => idOf(event) === id)
  return row === -1 ? before : row
}
