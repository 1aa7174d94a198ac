import { describe, expect, it } from 'vitest'
import { lastMerge, nextMerge } from './merging.ts'

interface Sized {
  readonly id: number
  readonly docs: number
}

/** Returns the segments that are left after all merges, and the number of rewritten documents. */
function mergedBy(choose: typeof nextMerge, segments: readonly Sized[]): { left: Sized[]; written: number } {
  let left = [...segments]
  let written = 0
  for (let id = 1000; ; id++) {
    const chosen = choose(left)
    if (chosen === null) return { left, written }
    const docs = left.filter((one) => chosen.includes(one.id)).reduce((sum, one) => sum + one.docs, 0)
    left = [...left.filter((one) => !chosen.includes(one.id)), { id, docs }]
    written += docs
  }
}

const segments = (count: number, docs: number): Sized[] =>
  Array.from({ length: count }, (_, id) => ({ id, docs }))

describe('merging', () => {
  it('waits for sixteen of a size while more comes', () => {
    expect(nextMerge(segments(15, 5000))).toBeNull()
    expect(nextMerge(segments(16, 5000))).toHaveLength(16)
  })

  it('leaves one segment of a partition to which nothing comes any more, with each document written once or twice', () => {
    const { left, written } = mergedBy(lastMerge, segments(24, 5000))
    expect(left).toMatchObject([{ docs: 120_000 }])
    expect(written).toBeLessThanOrEqual(2 * 120_000)
  })

  it('leaves large segments as they are, and ends', () => {
    const sizes = [450_000, 480_000, 300_000, 90_000, 6000, 6000, 40]
    const { left } = mergedBy(
      lastMerge,
      sizes.map((docs, id) => ({ id, docs })),
    )
    expect(left.map(({ docs }) => docs).toSorted((a, b) => b - a)).toEqual([480_000, 450_000, 402_040])
    expect(lastMerge([])).toBeNull()
  })
})
