import { describe, expect, it } from 'vitest'
import { RowWindow } from './use-window.ts'

const ROW = 30
const VIEW = 600

function windowOf(rows: number): RowWindow {
  const window = new RowWindow(ROW)
  window.resize(rows, VIEW)
  return window
}

/** The row at the upper edge, by where rows are drawn. */
function atEdge(window: RowWindow, scrolled: number): number {
  window.scrolledTo(scrolled)
  const { first, top } = window.drawn
  return first + (scrolled - top) / ROW
}

describe('the rows in view', () => {
  it('are those of the place, and a few beyond', () => {
    const window = windowOf(10_000)
    expect(atEdge(window, 3000)).toBe(100)
    expect(window.drawn).toEqual({ first: 88, end: 132, top: 2640, height: 300_000 })
  })

  it('stay the same when all rows get another height', () => {
    const window = windowOf(10_000)
    window.scrolledTo(3000)
    expect(window.changeRowHeight(24)).toBe(2400)
    expect(window.drawn).toMatchObject({ first: 88, top: 88 * 24, height: 240_000 })
    window.changeRowHeight(ROW)
    expect(atEdge(window, 3000)).toBe(100)
  })

  it('stay within the rows when these get lower, at the end and where there are few', () => {
    const window = windowOf(100)
    window.scrolledTo(2400)
    expect(window.changeRowHeight(24)).toBe(100 * 24 - VIEW)
    const few = windowOf(3)
    expect(few.changeRowHeight(24)).toBe(0)
    expect(few.drawn).toEqual({ first: 0, end: 3, top: 0, height: 72 })
  })

  it('are all of them where there are few', () => {
    expect(windowOf(3).drawn).toEqual({ first: 0, end: 3, top: 0, height: 90 })
  })

  it('move row by row with the wheel, however many there are', () => {
    const window = windowOf(5_000_000)
    expect(window.drawn.height).toBe(15_000_000)
    const before = atEdge(window, 7_500_000)
    expect(atEdge(window, 7_500_000 + 90) - before).toBeCloseTo(3)
    expect(atEdge(window, 7_500_000 - 300) - before).toBeCloseTo(-10)
  })

  it('are the same part of the whole when the scrollbar is drawn, and the last ones at its end', () => {
    const window = windowOf(5_000_000)
    expect(atEdge(window, 7_499_700)).toBeCloseTo(2_500_000 - VIEW / ROW / 2, 0)
    expect(atEdge(window, 15_000_000 - VIEW)).toBeCloseTo(5_000_000 - VIEW / ROW)
    expect(window.drawn.end).toBe(5_000_000)
    expect(atEdge(window, 0)).toBe(0)
  })

  it('come to hold a row that is asked for, and stay where it is in view', () => {
    for (const rows of [1000, 5_000_000]) {
      const window = windowOf(rows)
      expect(window.toSee(3)).toBe(0)
      expect(atEdge(window, window.toSee(21))).toBeCloseTo(2)
      const last = rows - 1
      window.scrolledTo(window.toSee(last))
      expect(window.drawn.end).toBe(rows)
    }
  })
})
