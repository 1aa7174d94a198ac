import type { DatabaseSync } from 'node:sqlite'
import type { Chain } from '../port.ts'

const MOST_GAPS = 100

/** An agent's chains. Numbers begin with 1, so what is missing before the first that came is a gap too. */
export function chainsOf(database: DatabaseSync, agent: string): Chain[] {
  const runs = database.prepare(
    'SELECT first, last FROM chain_runs WHERE agent = ? AND incarnation = ? ORDER BY first LIMIT ?',
  )
  return database
    .prepare('SELECT * FROM chains WHERE agent = ? ORDER BY last_at, incarnation')
    .all(agent)
    .map((row) => {
      const incarnation = String(row.incarnation)
      const gaps: { from: number; to: number }[] = []
      let expected = 1
      for (const run of runs.all(agent, incarnation, MOST_GAPS + 1)) {
        const first = Number(run.first)
        if (first > expected && gaps.length < MOST_GAPS) gaps.push({ from: expected, to: first - 1 })
        expected = Number(run.last) + 1
      }
      return {
        incarnation,
        first: Number(row.first),
        last: Number(row.last),
        lastHash: String(row.last_hash),
        lastAt: Number(row.last_at),
        waybills: Number(row.waybills),
        events: Number(row.events),
        gaps,
      }
    })
}
