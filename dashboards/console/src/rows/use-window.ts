import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

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
  /** The scroll position to go to when the rows are as high as they now must be. */
  const goal = useRef<number | null>(null)
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
  useLayoutEffect(() => {
    if (view.rowHeight === rowHeight) return
    goal.current = view.changeRowHeight(rowHeight)
    show()
  }, [view, rowHeight, show])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the page is as high as `drawn` says only after it.
  useLayoutEffect(() => {
    if (goal.current !== null && scroller.current !== null) scroller.current.scrollTop = goal.current
    goal.current = null
  }, [scroller, drawn])
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

/** The greatest height that browsers can make, px: Firefox's bound, with a margin. */
const HIGHEST = 15_000_000

/** The rows to draw: from `first` up to but without `end`; `top` is the position of the first, px. */
interface Drawn {
  readonly first: number
  readonly end: number
  readonly top: number
  /** The height of all rows for the scrollbar, px. */
  readonly height: number
}

/** Rows beyond both edges that are drawn, too, so that nothing is blank while somebody scrolls. */
const BEYOND = 12

/**
 * Finds the rows in view among many of one height. If more rows exist than fit into the greatest height of a browser, they share it: a drag
 * of the scrollbar then goes to the same part of the whole, and a turn of the wheel still moves row by row.
 */
export class RowWindow {
  #rowHeight: number
  #rows = 0
  #viewport = 0
  /** The position of the scrollbar, and that in all rows, px. */
  #scrolled = 0
  #at = 0

  constructor(rowHeight: number) {
    this.#rowHeight = rowHeight
  }

  get rowHeight(): number {
    return this.#rowHeight
  }

  /** Gives all rows another height. Returns the scroll position at which the first row in view is still the first. */
  changeRowHeight(rowHeight: number): number {
    const share = this.#at / this.#rowHeight
    this.#rowHeight = rowHeight
    const last = Math.max(0, this.#whole - this.#viewport)
    const most = Math.max(0, this.height - this.#viewport)
    this.#at = Math.min(last, share * rowHeight)
    this.#scrolled = last === 0 ? 0 : (this.#at / last) * most
    return this.#scrolled
  }

  get height(): number {
    return Math.min(HIGHEST, this.#whole)
  }

  get #whole(): number {
    return this.#rows * this.#rowHeight
  }

  resize(rows: number, viewport: number): void {
    this.#rows = rows
    this.#viewport = viewport
    this.scrolledTo(this.#scrolled)
  }

  scrolledTo(scrolled: number): void {
    const [most, last] = [
      Math.max(0, this.height - this.#viewport),
      Math.max(0, this.#whole - this.#viewport),
    ]
    const moved = scrolled - this.#scrolled
    this.#scrolled = scrolled
    if (most === last) this.#at = scrolled
    else if (scrolled <= 0 || scrolled >= most) this.#at = scrolled <= 0 ? 0 : last
    else if (Math.abs(moved) <= this.#viewport) this.#at = Math.min(last, Math.max(0, this.#at + moved))
    else this.#at = (scrolled / most) * last
  }

  get drawn(): Drawn {
    const first = Math.max(0, Math.floor(this.#at / this.#rowHeight) - BEYOND)
    const end = Math.min(this.#rows, Math.ceil((this.#at + this.#viewport) / this.#rowHeight) + BEYOND)
    return { first, end, top: first * this.#rowHeight - this.#at + this.#scrolled, height: this.height }
  }

  /** Returns the scroll position that brings a row into view; the current one if it is there already. */
  toSee(row: number): number {
    const [start, end] = [row * this.#rowHeight, (row + 1) * this.#rowHeight]
    const wanted =
      start < this.#at ? start : end > this.#at + this.#viewport ? end - this.#viewport : this.#at
    const moved = wanted - this.#at
    if (Math.abs(moved) <= this.#viewport || this.height === this.#whole) return this.#scrolled + moved
    return (wanted / (this.#whole - this.#viewport)) * (this.height - this.#viewport)
  }
}
