import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { columnName } from './columns.ts'
import { bounded, LEAST_WIDTH, MOST_WIDTH } from './look.ts'

interface ColumnEdgeProps {
  readonly field: string
  readonly width: number
  /** The width while somebody moves the edge. */
  readonly onDrag: (width: number) => void
  readonly onWidth: (width: number) => void
  /** Gives the column the width of its content. */
  readonly onFit: () => void
}

const STEP = 8
const LEAP = 48

/** The edge of a column: moving it, by pointer or arrow keys, resizes the column. */
export function ColumnEdge({ field, width, onDrag, onWidth, onFit }: ColumnEdgeProps) {
  const [from, setFrom] = useState<{ readonly x: number; readonly width: number } | null>(null)
  const at = (event: PointerEvent): number =>
    from === null ? width : bounded(from.width + event.clientX - from.x)
  const keys = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? LEAP : STEP
    if (event.key === 'ArrowLeft') onWidth(bounded(width - by))
    else if (event.key === 'ArrowRight') onWidth(bounded(width + by))
    else if (event.key === 'Home') onWidth(LEAST_WIDTH)
    else if (event.key === 'Enter') onFit()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule between paragraphs can't be moved; this edge can.
    <div
      role="separator"
      className="edge"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={`Width of ${columnName(field)}`}
      aria-valuenow={width}
      aria-valuemin={LEAST_WIDTH}
      aria-valuemax={MOST_WIDTH}
      aria-valuetext={`${width} pixels`}
      title="Drag to resize; double-click, or Enter, to fit the content"
      onKeyDown={keys}
      onDoubleClick={onFit}
      onPointerDown={(press) => {
        if (press.button !== 0) return
        press.preventDefault()
        press.currentTarget.focus()
        press.currentTarget.setPointerCapture(press.pointerId)
        setFrom({ x: press.clientX, width })
      }}
      onPointerMove={(move) => from !== null && onDrag(at(move))}
      onPointerUp={(up) => {
        if (from === null) return
        setFrom(null)
        if (up.clientX !== from.x) onWidth(at(up))
      }}
    />
  )
}
