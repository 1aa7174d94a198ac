import { memo, type ReactNode, type RefObject, useEffect, useMemo, useRef } from 'react'
import { useZone } from '../frame/preferences.ts'
import { useWindow } from '../rows/use-window.ts'
import { Cell } from './cell.tsx'
import { columnWidth } from './columns.ts'
import { type Event, idOf, inShortWho, text } from './event.ts'

interface EventTableProps {
  readonly rows: number
  /** Returns the event of a row; undefined while it is pending. */
  readonly eventAt: (row: number) => Event | undefined
  readonly columns: readonly string[]
  readonly selected: string | null
  /** The event that the keyboard is on. */
  readonly marked: string | null
  /** The row that is scrolled to: once for each object. */
  readonly goal: { readonly row: number }
  /** The events that arrived while the reader is looking. */
  readonly fresh: ReadonlySet<string>
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly onOpen: (event: Event, row: number) => void
  readonly onView: (first: number, end: number) => void
  readonly header: (field: string) => ReactNode
  readonly sorted: (field: string) => 'ascending' | 'descending' | null
  readonly footer: ReactNode
}

const ROW = 30
const CARD = 76

/** The rows that are in view, however many there are. */
export function EventTable(props: EventTableProps) {
  const { rows, eventAt, columns, selected, marked, goal, fresh, scroller, onOpen, onView } = props
  const { header, sorted, footer } = props
  const head = useRef<HTMLTableSectionElement>(null)
  const narrow = window.matchMedia('(max-width: 640px)').matches
  const rowHeight = narrow ? CARD : ROW
  const { drawn, see } = useWindow(scroller, head, rows, rowHeight)
  useEffect(() => onView(drawn.first, drawn.end), [drawn.first, drawn.end, onView])
  useEffect(() => {
    if (goal.row >= 0) see(goal.row)
  }, [goal, see])
  // On a phone a row is a card, which the style sheet lays out.
  const template = narrow ? undefined : columns.map(columnWidth).join(' ')
  // A turn of the wheel does not change them.
  const heads = useMemo(
    () => (
      <tr className="grid-row" style={{ gridTemplateColumns: template }} aria-rowindex={1}>
        {columns.map((field) => (
          <th scope="col" key={field} aria-sort={sorted(field) ?? undefined}>
            {header(field)}
          </th>
        ))}
      </tr>
    ),
    [columns, template, header, sorted],
  )
  return (
    <div className="grid">
      <div className="grid-scroll" ref={scroller}>
        <table aria-label="Events" aria-rowcount={rows + 1} aria-colcount={columns.length}>
          <thead className="grid-head" ref={head}>
            {heads}
          </thead>
          <tbody className="grid-body" style={{ height: drawn.height }}>
            {keyed(drawn.first, drawn.end, eventAt).map(({ key, event }, index) => {
              const row = drawn.first + index
              const top = drawn.top + index * rowHeight
              return event === undefined ? (
                <Waiting key={key} row={row} top={top} height={rowHeight} />
              ) : (
                <EventRow
                  key={key}
                  event={event}
                  row={row}
                  top={top}
                  height={rowHeight}
                  columns={columns}
                  template={template}
                  isOpen={idOf(event) === selected}
                  isCursor={idOf(event) === marked}
                  isFresh={fresh.has(idOf(event))}
                  onOpen={onOpen}
                />
              )
            })}
          </tbody>
        </table>
        {footer}
      </div>
    </div>
  )
}

interface Keyed {
  readonly key: string
  readonly event: Event | undefined
}

/** A row of the page is that of one event: where others come in above it, a click that has begun on it can't end on another. */
function keyed(first: number, end: number, eventAt: EventTableProps['eventAt']): Keyed[] {
  const known = new Set<string>()
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => {
    const row = first + index
    const event = eventAt(row)
    const id = event === undefined ? '' : idOf(event)
    // An event that is found twice has two rows.
    const key = id === '' || known.has(id) ? `${row} ${id}` : id
    known.add(id)
    return { key, event }
  })
}

interface RowPlace {
  readonly row: number
  /** px. */
  readonly top: number
  readonly height: number
}

const Waiting = ({ row, top, height }: RowPlace) => (
  <tr
    className="grid-row waiting"
    aria-rowindex={row + 2}
    style={{ transform: `translateY(${top}px)`, height }}
  >
    <td aria-label="Loading" />
  </tr>
)

interface EventRowProps extends RowPlace, RowState {
  readonly event: Event
  readonly columns: readonly string[]
  readonly template: string | undefined
  readonly onOpen: (event: Event, row: number) => void
}

const EventRow = memo(function EventRow(props: EventRowProps) {
  const { event, row, top, height, columns, template, isOpen, onOpen } = props
  const zone = useZone()
  return (
    <tr
      aria-rowindex={row + 2}
      className={rowClass(event, props)}
      style={{ gridTemplateColumns: template, transform: `translateY(${top}px)`, height }}
      onClick={() => onOpen(event, row)}
    >
      {columns.map((field, column) => (
        <td key={field} data-field={field}>
          {column === 0 ? (
            <button type="button" className="row-open" aria-expanded={isOpen}>
              <Cell event={event} field={field} zone={zone} />
              <span className="unseen">{`${inShortWho(event)}, ${text(event, 'event.action')}`}</span>
            </button>
          ) : (
            <Cell event={event} field={field} zone={zone} />
          )}
        </td>
      ))}
    </tr>
  )
})

interface RowState {
  readonly isOpen: boolean
  readonly isCursor: boolean
  readonly isFresh: boolean
}

function rowClass(event: Event, { isOpen, isCursor, isFresh }: RowState): string {
  const failed = text(event, 'event.outcome') === 'failure'
  const risk = text(event, 'audit.risk') === 'high'
  return [
    'grid-row',
    ...(failed ? ['failed'] : []),
    ...(risk ? ['risky'] : []),
    ...(isOpen ? ['open'] : []),
    ...(isCursor ? ['cursor'] : []),
    ...(isFresh ? ['fresh'] : []),
  ].join(' ')
}
