import { DIMENSIONS } from '../disk/index.ts'
import type { Facet } from '../index/index.ts'
import type { Users } from './users.ts'

const HOUR = 3_600_000

interface Hour {
  readonly facets: Map<Facet, Count>
  readonly users: Map<number, Count>
}

interface Count {
  of: number
}

function countOne<Key>(counts: Map<Key, Count>, key: Key): void {
  const count = counts.get(key)
  if (count === undefined) counts.set(key, { of: 1 })
  else count.of++
}

/** Hourly counts of a transaction. All but users come from the action's facet, so events are counted by facet first. */
export class HourlyCounts {
  readonly #hours = new Map<number, Hour>()
  readonly #users: Users

  /** Events have numbers of these users. */
  constructor(users: Users) {
    this.#users = users
  }

  add(time: number, facet: Facet, user: number): void {
    const hour = Math.floor(time / HOUR)
    let counts = this.#hours.get(hour)
    if (counts === undefined) {
      counts = { facets: new Map(), users: new Map() }
      this.#hours.set(hour, counts)
    }
    countOne(counts.facets, facet)
    if (user !== 0) countOne(counts.users, user)
  }

  each(put: (hour: number, dimension: number, value: string, count: number) => void): void {
    for (const [hour, { facets, users }] of this.#hours) {
      const dimensions = DIMENSIONS.map(() => new Map<string, number>())
      for (const [facet, { of: count }] of facets) {
        const { category, action, entity, outcome } = facet
        const put = (dimension: number, value: string): void => {
          const counts = dimensions[dimension]!
          if (value !== '') counts.set(value, (counts.get(value) ?? 0) + count)
        }
        put(0, category ?? '')
        put(1, action)
        put(3, entity)
        put(4, outcome)
      }
      for (const [dimension, counts] of dimensions.entries()) {
        if (DIMENSIONS[dimension] === 'user')
          for (const [user, { of: count }] of users) put(hour, dimension, this.#users.name(user), count)
        for (const [value, count] of counts) put(hour, dimension, value, count)
      }
    }
  }
}
