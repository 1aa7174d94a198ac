/** Randomness with a seed: the same seed gives the same scenario. */
export interface Random {
  /** Returns a number from 0 to below 1. */
  next(): number
  /** Returns a whole number from `least` to `most`, both included. */
  int(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  chance(probability: number): boolean
  hex(digits: number): string
  shuffled<Item>(items: readonly Item[]): Item[]
}

/** Mulberry32: 32 bits of state are sufficient for a scenario, and every engine computes the same. */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    int,
    pick(items) {
      const item = items[int(0, items.length - 1)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    chance: (probability) => next() < probability,
    hex: (digits) => Array.from({ length: digits }, () => int(0, 15).toString(16)).join(''),
    shuffled(items) {
      const list = [...items]
      for (let last = list.length - 1; last > 0; last--) {
        const other = int(0, last)
        const kept = list[last]!
        list[last] = list[other]!
        list[other] = kept
      }
      return list
    },
  }
}
