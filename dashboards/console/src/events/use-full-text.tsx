import { type FocusEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { Tip } from '../frame/tip.tsx'
import { FullChanges } from './cell.tsx'
import { cellText } from './cell-text.ts'
import { changeText } from './change-text.ts'
import type { Event } from './event.ts'

interface Shown {
  readonly cell: Element
  readonly event: Event
  readonly field: string
}

interface FullText {
  /** For the body of the table. */
  readonly handlers: {
    readonly onPointerOver: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
    readonly onFocus: (event: FocusEvent) => void
    readonly onBlur: () => void
  }
  readonly panel: ReactNode
}

/** ms. */
const OPENS_AFTER = 350
const CLOSES_AFTER = 200

/** Shows the full text of a cell that is cut off, and all changes of an event: below the pointer, and for the cell that has the focus. */
export function useFullText(eventAt: (row: number) => Event | undefined, zone: string): FullText {
  const [shown, setShown] = useState<Shown | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const later = (after: number, next: Shown | null): void => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setShown(next), after)
  }
  const now = (next: Shown | null): void => {
    clearTimeout(timer.current)
    setShown(next)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => {
    if (shown === null) return
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      setShown(null)
    }
    const close = (): void => setShown(null)
    document.addEventListener('keydown', leave, true)
    document.addEventListener('scroll', close, true)
    document.addEventListener('pointerdown', close, true)
    return () => {
      document.removeEventListener('keydown', leave, true)
      document.removeEventListener('scroll', close, true)
      document.removeEventListener('pointerdown', close, true)
    }
  }, [shown])
  const at = (target: EventTarget): Shown | null => {
    const cell = target instanceof Element ? target.closest('td[data-field]') : null
    const row = Number(cell?.closest('tr')?.getAttribute('aria-rowindex')) - 2
    const event = eventAt(row)
    const field = cell?.getAttribute('data-field') ?? null
    if (cell === null || event === undefined || field === null) return null
    const isFull = field === 'audit.changes' ? changeText(event) !== '' : isCut(cell)
    return isFull ? { cell, event, field } : null
  }
  return {
    handlers: {
      onPointerOver: ({ target, pointerType }) => {
        if (pointerType === 'touch') return
        const next = at(target)
        if (next?.cell !== shown?.cell) later(next === null ? CLOSES_AFTER : OPENS_AFTER, next)
        else clearTimeout(timer.current)
      },
      onPointerLeave: () => later(CLOSES_AFTER, null),
      onFocus: ({ target }) => target.matches('.change-cell:focus-visible') && now(at(target)),
      onBlur: () => now(null),
    },
    panel: shown !== null && (
      <Tip
        anchor={shown.cell.getBoundingClientRect()}
        onPointerEnter={() => clearTimeout(timer.current)}
        onPointerLeave={() => later(CLOSES_AFTER, null)}
      >
        {shown.field === 'audit.changes' ? (
          <FullChanges event={shown.event} />
        ) : (
          <bdi>{cellText(shown.event, shown.field, zone)}</bdi>
        )}
      </Tip>
    ),
  }
}

/** In the first column the button within the cell is cut off. */
const isCut = (cell: Element): boolean =>
  [cell, ...cell.querySelectorAll('.row-open')].some(
    ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
      scrollWidth > clientWidth || scrollHeight > clientHeight + 1,
  )
