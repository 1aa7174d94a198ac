import { describe, expect, it } from 'vitest'
import type { Interval } from '../time/ranges.ts'
import { type Bars, locate } from './locate.ts'
import { type Asking, PAGE, type Page, Results, type Start } from './results.ts'

interface Row {
  readonly id: number
  readonly at: number
}

const DAY = 86_400_000
/** The end of the counted time; some rows are later. */
const HORIZON = 99.9 * DAY

/** An indexer that has these rows, the newest first, and answers as ours does. */
class Answering implements Asking<Row> {
  readonly #rows: readonly Row[]
  readonly #short: number
  asked = 0
  fails = false

  constructor(rows: readonly Row[], { short = 1 }: { short?: number } = {}) {
    this.#rows = rows
    this.#short = short
  }

  async page(start: Start, most: number, signal: AbortSignal): Promise<Page<Row>> {
    this.asked++
    await null
    signal.throwIfAborted()
    if (this.fails) throw new Error('the indexer can not be reached')
    const first =
      'moment' in start
        ? this.#rows.findIndex(({ at }) => at < start.moment)
        : start.after === undefined
          ? 0
          : Number(start.after)
    if (first === -1) return { rows: [], next: null }
    const end = first + Math.floor(most * (this.asked % 3 === 0 ? this.#short : 1))
    const rows = this.#rows.slice(first, end)
    return { rows, next: end < this.#rows.length ? String(end) : null }
  }

  locate = (row: number, near: number) =>
    locate(row, near, {
      within: { from: 0, to: HORIZON },
      before: this.#rows.findIndex(({ at }) => at < HORIZON),
      newestFirst: true,
      count: this.#count,
    })

  #count = async ({ from, to }: Interval, width: number): Promise<Bars> => {
    const bars = new Map<number, number>()
    for (const { at } of this.#rows)
      if (at >= from && at < to) bars.set(at - (at % width), (bars.get(at - (at % width)) ?? 0) + 1)
    return [...bars].map(([at, count]) => ({ at, count })).sort((a, b) => a.at - b.at)
  }
}

/** Rows of ten days, more at noon than at night; `same` of them in one millisecond. */
function rowsOf(count: number, same = 1): Row[] {
  const end = 100 * DAY
  return Array.from({ length: count }, (_, id) => {
    const part = Math.floor(id / same) / Math.ceil(count / same)
    return { id, at: Math.round(end - (part + Math.sin(part * 40) / 100) * 10 * DAY) }
  }).sort((a, b) => b.at - a.at || a.id - b.id)
}

function resultsOf(asking: Answering, count: number): Results<Row> {
  const results = new Results<Row>(asking, () => {})
  results.counted(count)
  return results
}

const at = (results: Results<Row>, first: number, end: number): (number | undefined)[] =>
  Array.from({ length: end - first }, (_, i) => results.at(first + i)?.id)

describe('the rows of a question', () => {
  it.each([
    ['the beginning', 0],
    ['the middle', 60_000],
    ['the end', 119_960],
    ['somewhere', 33_333],
  ])('are those of their place: %s, without reading all before', async (_, first) => {
    const rows = rowsOf(120_000)
    const asking = new Answering(rows)
    const results = resultsOf(asking, rows.length)
    await results.want(first, first + 40)
    expect(at(results, first, first + 40)).toEqual(rows.slice(first, first + 40).map(({ id }) => id))
    expect(asking.asked).toBeLessThan(6)
  })

  it('are the same wherever somebody came from: down, back up, over what was let go of', async () => {
    const rows = rowsOf(30_000)
    const results = resultsOf(new Answering(rows, { short: 0.3 }), rows.length)
    const places = [0, 15_000, 14_700, 14_900, 29_900, 29_400, 100, 14_500, 0]
    for (let down = 15_000; down < 27_000; down += 170) places.push(down)
    for (let up = 27_000; up > 14_000; up -= 130) places.push(up)
    for (const first of places) {
      await results.want(first, first + 40)
      expect(at(results, first, first + 40)).toEqual(rows.slice(first, first + 40).map(({ id }) => id))
    }
  })

  it('are held to a bound, however far somebody scrolls', async () => {
    const rows = rowsOf(30_000)
    const results = resultsOf(new Answering(rows), rows.length)
    let most = 0
    for (let first = 0; first < 29_960; first += 40) {
      await results.want(first, first + 40)
      most = Math.max(most, results.held)
    }
    expect(most).toBeLessThanOrEqual(41 * PAGE)
    expect(results.rows).toBe(rows.length)
    expect(results.hasMore).toBe(false)
  })

  it('are found where thousands have the same millisecond', async () => {
    const rows = rowsOf(9000, 3000)
    const results = resultsOf(new Answering(rows), rows.length)
    for (const first of [4000, 8900, 2500]) {
      await results.want(first, first + 40)
      expect(at(results, first, first + 40)).toEqual(rows.slice(first, first + 40).map(({ id }) => id))
    }
  })

  it('end where they end, though more were counted', async () => {
    const rows = rowsOf(500)
    const results = resultsOf(new Answering(rows), 700)
    expect(results.rows).toBe(700)
    await results.want(660, 700)
    expect(results.rows).toBe(500)
  })

  it('are none where nothing is found', async () => {
    const results = resultsOf(new Answering([]), 0)
    expect(results.isPending).toBe(true)
    await results.want(0, 40)
    expect([results.isPending, results.rows, results.hasMore]).toEqual([false, 0, false])
  })

  it('come after a failure when they are asked for again, and nothing is asked meanwhile', async () => {
    const rows = rowsOf(1000)
    const asking = new Answering(rows)
    const results = resultsOf(asking, rows.length)
    asking.fails = true
    await results.want(0, 40)
    expect(results.problem?.message).toContain('can not be reached')
    const { asked } = asking
    await results.want(0, 80)
    expect(asking.asked).toBe(asked)
    asking.fails = false
    results.retry()
    await results.want(0, 40)
    expect(at(results, 0, 3)).toEqual(rows.slice(0, 3).map(({ id }) => id))
    expect(results.problem).toBeNull()
  })

  it('reads what is wanted again as soon as it was given up', async () => {
    const rows = rowsOf(500)
    const results = resultsOf(new Answering(rows), 500)
    void results.want(0, 10)
    results.close()
    await results.want(0, 10)
    expect(results.at(9)).toEqual(rows[9])
    expect(results.problem).toBeNull()
  })
})
