import { memo, type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useWindow } from '../rows/use-window.ts'
import { useZone } from '../time/zone.ts'
import { Cell } from './cell.tsx'
import { columnWidth } from './columns.ts'
import { type Event, idOf, text, whoDid } from './event.ts'

interface EventTableProps {
  readonly rows: number
  /** Undefined while it is on its way. */
  readonly eventAt: (row: number) => Event | undefined
  readonly columns: readonly string[]
  readonly selected: string | null
  /** Which row the keyboard is on. */
  readonly cursor: number
  /** So many rows at the top arrived while somebody looks. */
  readonly fresh: number
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
  const { rows, eventAt, columns, selected, cursor, fresh, onOpen, onView, header, sorted, footer } = props
  const scroller = useRef<HTMLDivElement>(null)
  const head = useRef<HTMLTableSectionElement>(null)
  const narrow = window.matchMedia('(max-width: 640px)').matches
  const rowHeight = narrow ? CARD : ROW
  const { drawn, see } = useWindow(scroller, head, rows, rowHeight)
  useEffect(() => onView(drawn.first, drawn.end), [drawn.first, drawn.end, onView])
  useEffect(() => {
    if (cursor >= 0) see(cursor)
  }, [cursor, see])
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
            {Array.from({ length: Math.max(0, drawn.end - drawn.first) }, (_, index) => {
              const row = drawn.first + index
              const event = eventAt(row)
              const top = drawn.top + index * rowHeight
              // What arrives at the top moves the others on; a row goes with its event.
              const key = row - fresh
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
                  isCursor={row === cursor}
                  isFresh={row < fresh}
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
              <span className="unseen">{`${whoDid(event)}, ${text(event, 'event.action')}`}</span>
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
