import { type PointerEvent as Press, useState } from 'react'
import { moved } from './look.ts'

interface ColumnDrag {
  /** For the head of a column. */
  readonly begin: (field: string, press: Press<HTMLElement>) => void
  /** The side of a column where the dragged one would come; null while none is dragged. */
  readonly drop: { readonly field: string; readonly side: 'before' | 'after' } | null
  readonly dragged: string | null
}

/** Less than this is a click, px. */
const SLOP = 6

/** Moves a column by dragging its head with a mouse or a pen. Touch scrolls instead: the columns menu moves columns there. */
export function useColumnDrag(
  columns: readonly string[],
  onColumns: (columns: readonly string[]) => void,
): ColumnDrag {
  const [drag, setDrag] = useState<{ readonly field: string; readonly to: number } | null>(null)
  const begin = (field: string, press: Press<HTMLElement>): void => {
    const isElsewhere =
      press.target instanceof Element && press.target.closest('.edge, .popover-place') !== null
    if (press.pointerType === 'touch' || press.button !== 0 || isElsewhere) return
    const head = press.currentTarget
    const others = [...(head.parentElement?.children ?? [])].filter((one) => one !== head)
    let to: number | null = null
    const move = ({ clientX, pointerId }: PointerEvent): void => {
      if (to === null && Math.abs(clientX - press.clientX) < SLOP) return
      // The click that ends the drag then belongs to the head, not to its button.
      if (!head.hasPointerCapture(pointerId)) head.setPointerCapture(pointerId)
      to = others.filter((one) => middleOf(one) < clientX).length
      setDrag({ field, to })
    }
    const end = (up: PointerEvent): void => {
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', end)
      window.removeEventListener('pointercancel', end)
      setDrag(null)
      if (to !== null && up.type === 'pointerup') onColumns(moved(columns, field, to))
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', end)
    window.addEventListener('pointercancel', end)
  }
  return { begin, drop: drag === null ? null : dropOf(columns, drag), dragged: drag?.field ?? null }
}

function middleOf(element: Element): number {
  const { left, width } = element.getBoundingClientRect()
  return left + width / 2
}

function dropOf(
  columns: readonly string[],
  { field, to }: { readonly field: string; readonly to: number },
): ColumnDrag['drop'] {
  const others = columns.filter((one) => one !== field)
  const before = others[to]
  if (before !== undefined) return { field: before, side: 'before' }
  const last = others.at(-1)
  return last === undefined ? null : { field: last, side: 'after' }
}
