import { describe, expect, it } from 'vitest'
import { distribute, type Wish } from './widths.ts'

const wish = (natural: number, chosen: number | null = null): Wish => ({
  natural,
  least: 60,
  weight: 1,
  chosen,
})
const sum = (widths: readonly number[]): number => widths.reduce((total, width) => total + width, 0)

describe('the widths of columns', () => {
  it('are those of their content, and the last column takes the room that is left', () => {
    expect(distribute([wish(100), wish(200), wish(120)], 1000)).toEqual([100, 200, 700])
  })

  it('are cut off only at the widest, down to one common width', () => {
    expect(distribute([wish(100), wish(400), wish(900), wish(80)], 780)).toEqual([100, 300, 300, 80])
  })

  it('give way by their weight: what matters more is cut off later', () => {
    expect(distribute([wish(100), { ...wish(900), weight: 2 }, wish(900)], 700)).toEqual([100, 400, 200])
  })

  it('fill the room exactly, without a column that is cut off beside one with too much', () => {
    const wishes = [wish(148), wish(97), wish(131), wish(222), wish(333), wish(517)]
    for (let room = 500; room < 1500; room += 37) {
      const widths = distribute(wishes, room)
      expect(sum(widths)).toBeLessThanOrEqual(room)
      expect(sum(widths)).toBeGreaterThan(room - wishes.length)
      const cut = widths.filter((width, index) => width < (wishes[index]?.natural ?? 0))
      const spare = widths.slice(0, -1).filter((width, index) => width > (wishes[index]?.natural ?? 0))
      expect(cut.length > 0 && spare.length > 0).toBe(false)
    }
  })

  it('are never less than the least, even if the table is then wider than its room', () => {
    expect(distribute([wish(300), wish(300), wish(300)], 100)).toEqual([60, 60, 60])
  })

  it('are what the reader chose, and the others share the rest', () => {
    expect(distribute([wish(100), wish(400, 250), wish(400)], 600)).toEqual([100, 250, 250])
    expect(distribute([wish(100, 50), wish(400, 90)], 600)).toEqual([50, 90])
  })
})
