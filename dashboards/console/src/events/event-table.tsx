import {
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useZone } from '../frame/preferences.ts'
import { useNarrow } from '../frame/use-narrow.ts'
import { useWindow } from '../rows/use-window.ts'
import { Cell } from './cell.tsx'
import { cellText } from './cell-text.ts'
import { ColumnEdge } from './column-edge.tsx'
import { cardLines, columnName, isLong } from './columns.ts'
import { changesOf, type Event, idOf, inShortWho, text } from './event.ts'
import { bounded, changeLook, type Density, useLook } from './look.ts'
import { useColumnDrag } from './use-column-drag.ts'
import { useFullText } from './use-full-text.tsx'
import { ROW_SIDES, useWidths } from './use-widths.ts'

interface EventTableProps {
  readonly rows: number
  /** Returns the event of a row; undefined while it is pending. */
  readonly eventAt: (row: number) => Event | undefined
  readonly columns: readonly string[]
  readonly onColumns: (columns: readonly string[]) => void
  /** The events whose content gives the widths of the columns, and their identity. */
  readonly sample: readonly Event[]
  readonly sampleKey: string
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

/** The heights of rows and of lines within them, px: those of the style sheet. */
const ROW: Readonly<Record<Density, number>> = { comfortable: 30, compact: 24 }
const LINE = 18
const WRAPPED_LINES = 3
const CARD = 16
const CARD_LINE = 20

/** The rows that are in view, however many there are. */
export function EventTable(props: EventTableProps) {
  const { rows, eventAt, columns, onColumns, sample, sampleKey, selected, marked, goal, fresh } = props
  const { scroller, onOpen, onView, header, sorted, footer } = props
  const head = useRef<HTMLTableSectionElement>(null)
  const table = useRef<HTMLTableElement>(null)
  const zone = useZone()
  const { widths: chosen, wrapped, density } = useLook()
  // On a phone a row is a card, which the style sheet lays out.
  const isNarrow = useNarrow()
  const wraps = columns.some((field) => wrapped.includes(field))
  const rowHeight = isNarrow
    ? CARD + CARD_LINE * cardLines(columns)
    : ROW[density] + (wraps ? LINE * (WRAPPED_LINES - 1) : 0)
  const { drawn, see } = useWindow(scroller, head, rows, rowHeight)
  useEffect(() => onView(drawn.first, drawn.end), [drawn.first, drawn.end, onView])
  useEffect(() => {
    if (goal.row >= 0) see(goal.row)
  }, [goal, see])

  /** All widths while one of them is changed: the others stay as they are, so that the edge stays below the pointer. */
  const [dragging, setDragging] = useState<Readonly<Record<string, number>> | null>(null)
  const { widths, natural } = useWidths(scroller, {
    columns,
    sample,
    sampleKey,
    zone,
    chosen: dragging ?? chosen,
  })
  const withWidth = (field: string, width: number): Record<string, number> => ({
    ...chosen,
    ...Object.fromEntries(columns.map((one, index) => [one, bounded(widths[index] ?? 0)])),
    [field]: width,
  })
  const resize = (field: string, width: number): void => {
    setDragging(null)
    changeLook({ widths: withWidth(field, width) })
  }
  const whole = widths.reduce((sum, width) => sum + width, 0)
  const template = `${widths
    .slice(0, -1)
    .map((width) => `${width}px `)
    .join('')}minmax(${widths.at(-1) ?? 0}px, 1fr)`
  useLayoutEffect(() => {
    table.current?.style.setProperty('--columns', template)
    table.current?.style.setProperty('--whole', `${whole + ROW_SIDES}px`)
  }, [template, whole])
  const { begin, drop, dragged } = useColumnDrag(columns, onColumns)
  // A turn of the wheel does not change them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the functions follow from these.
  const heads = useMemo(
    () => (
      <tr className="grid-row" aria-rowindex={1}>
        {columns.map((field, index) => (
          <th
            scope="col"
            key={field}
            aria-sort={sorted(field) ?? undefined}
            className={[
              ...(dragged === field ? ['dragged'] : []),
              ...(drop?.field === field ? [`drop-${drop.side}`] : []),
            ].join(' ')}
            onPointerDown={(press) => begin(field, press)}
          >
            {header(field)}
            <ColumnEdge
              field={field}
              width={Math.round(widths[index] ?? 0)}
              onDrag={(width) => setDragging(withWidth(field, width))}
              onWidth={(width) => resize(field, width)}
              onFit={() => resize(field, bounded(natural[index] ?? 0))}
            />
          </th>
        ))}
      </tr>
    ),
    [columns, onColumns, template, chosen, natural, header, sorted, drop?.field, drop?.side, dragged],
  )
  const { handlers, panel } = useFullText(eventAt, zone)
  return (
    <div className="grid">
      <div className="grid-scroll" ref={scroller}>
        <table
          ref={table}
          className={density}
          aria-label="Events"
          aria-rowcount={rows + 1}
          aria-colcount={columns.length}
        >
          <thead className="grid-head" ref={head}>
            {heads}
          </thead>
          <tbody className="grid-body" style={{ height: drawn.height }} {...handlers}>
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
                  wrapped={wraps && !isNarrow ? wrapped : NONE}
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
      {panel}
    </div>
  )
}

const NONE: readonly string[] = []

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
  /** The columns with several lines. */
  readonly wrapped: readonly string[]
  readonly onOpen: (event: Event, row: number) => void
}

const EventRow = memo(function EventRow(props: EventRowProps) {
  const { event, row, top, height, columns, wrapped, isOpen, onOpen } = props
  const zone = useZone()
  return (
    <tr
      aria-rowindex={row + 2}
      className={rowClass(event, props)}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => onOpen(event, row)}
    >
      {columns.map((field, column) => (
        <td
          key={field}
          data-field={field}
          data-caption={columnName(field)}
          className={[
            ...(wrapped.includes(field) ? ['wraps'] : []),
            ...(isLong(field) ? ['long'] : []),
            ...(cellText(event, field, zone).trim() === '' ? ['none'] : []),
          ].join(' ')}
        >
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

function rowClass(event: Event, { columns, wrapped, isOpen, isCursor, isFresh }: EventRowProps): string {
  const failed = text(event, 'event.outcome') === 'failure'
  const risk = text(event, 'audit.risk') === 'high'
  return [
    'grid-row',
    ...(failed ? ['failed'] : []),
    ...(risk ? ['risky'] : []),
    ...(isOpen ? ['open'] : []),
    ...(isCursor ? ['cursor'] : []),
    ...(isFresh ? ['fresh'] : []),
    ...(wrapped.length > 0 ? ['wrapped'] : []),
    ...(columns.includes('audit.changes') && changesOf(event).length > 0 ? ['changed'] : []),
  ].join(' ')
}
