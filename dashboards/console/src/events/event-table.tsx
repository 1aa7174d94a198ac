import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef } from 'react'
import { useZone } from '../time/zone.ts'
import { Cell } from './cell.tsx'
import { columnWidth } from './columns.ts'
import { type Event, idOf, text, whoDid } from './event.ts'

interface EventTableProps {
  readonly events: readonly Event[]
  readonly columns: readonly string[]
  readonly selected: string | null
  /** Which row the keyboard is on. */
  readonly cursor: number
  readonly fresh: number
  readonly onOpen: (event: Event, index: number) => void
  readonly onEnd: () => void
  readonly header: (field: string) => ReactNode
  readonly sorted: (field: string) => 'ascending' | 'descending' | null
  readonly footer: ReactNode
}

const ROW = 30
const CARD = 76

/** The rows that are in view, however many there are. */
export function EventTable(props: EventTableProps) {
  const { events, columns, selected, cursor, fresh, onOpen, onEnd, header, sorted, footer } = props
  const scroller = useRef<HTMLDivElement>(null)
  const zone = useZone()
  const narrow = window.matchMedia('(max-width: 640px)').matches
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? CARD : ROW),
    overscan: 12,
  })
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0

  useEffect(() => {
    if (last >= events.length - 40) onEnd()
  }, [last, events.length, onEnd])

  const { scrollToIndex } = rows
  useEffect(() => {
    if (cursor >= 0) scrollToIndex(cursor, { align: 'auto' })
  }, [cursor, scrollToIndex])

  // On a phone a row is a card, which the style sheet lays out.
  const template = narrow ? {} : { gridTemplateColumns: columns.map(columnWidth).join(' ') }
  return (
    <div className="grid">
      <div className="grid-scroll" ref={scroller}>
        <table aria-label="Events" aria-rowcount={events.length + 1} aria-colcount={columns.length}>
          <thead className="grid-head">
            <tr className="grid-row" style={template} aria-rowindex={1}>
              {columns.map((field) => (
                <th scope="col" key={field} aria-sort={sorted(field) ?? undefined}>
                  {header(field)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="grid-body" style={{ height: rows.getTotalSize() }}>
            {shown.map(({ index, start, size }) => {
              const event = events[index]
              if (event === undefined) return null
              const id = idOf(event)
              return (
                <tr
                  key={id}
                  aria-rowindex={index + 2}
                  className={rowClass(event, {
                    isOpen: id === selected,
                    isCursor: index === cursor,
                    isFresh: index < fresh,
                  })}
                  style={{ ...template, transform: `translateY(${start}px)`, height: size }}
                  onClick={() => onOpen(event, index)}
                >
                  {columns.map((field, column) => (
                    <td key={field} data-field={field}>
                      {column === 0 ? (
                        <button type="button" className="row-open" aria-expanded={id === selected}>
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
            })}
          </tbody>
        </table>
        {footer}
      </div>
    </div>
  )
}

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
