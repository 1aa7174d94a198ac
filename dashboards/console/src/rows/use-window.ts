import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { type Drawn, RowWindow } from './window.ts'

interface Windowed {
  readonly drawn: Drawn
  /** Scrolls, if it must, until a row is in view. */
  readonly see: (row: number) => void
}

/** The rows in view of a scroller that begins with a head. */
export function useWindow(
  scroller: RefObject<HTMLElement | null>,
  head: RefObject<HTMLElement | null>,
  rows: number,
  rowHeight: number,
): Windowed {
  const known = useRef<RowWindow | null>(null)
  known.current ??= new RowWindow(rowHeight)
  const view = known.current
  const [drawn, setDrawn] = useState<Drawn>(view.drawn)
  const show = useCallback(
    () => setDrawn((before) => (same(before, view.drawn) ? before : view.drawn)),
    [view],
  )
  useLayoutEffect(() => {
    const box = scroller.current
    if (box === null) return
    const measure = (): void => {
      view.resize(rows, box.clientHeight - (head.current?.offsetHeight ?? 0))
      show()
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    return () => observer.disconnect()
  }, [scroller, head, view, rows, show])
  useEffect(() => {
    const box = scroller.current
    const scrolled = (): void => {
      view.scrolledTo(box?.scrollTop ?? 0)
      show()
    }
    box?.addEventListener('scroll', scrolled, { passive: true })
    return () => box?.removeEventListener('scroll', scrolled)
  }, [scroller, view, show])
  const see = useCallback(
    (row: number) => {
      const box = scroller.current
      if (box !== null) box.scrollTop = view.toSee(row)
    },
    [scroller, view],
  )
  return { drawn, see }
}

const same = (a: Drawn, b: Drawn): boolean =>
  a.first === b.first && a.end === b.end && a.top === b.top && a.height === b.height
