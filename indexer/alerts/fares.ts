import type { AlertBook } from './book.ts'
import type { AlertEngine } from './engine/engine.ts'
import type { Fares, RuleBook } from './rule-book.ts'
import type { ParsedRule } from './rules.ts'

const MONTH = 30 * 86_400_000
/** An engine that looked at this many events for a rule, and found none that matches, is worth a word. */
const MANY = 100_000

/** How each rule fares: what runs it, when it fired, what it costs. */
export function faresOf({
  engine,
  book,
  rules,
  runByWatcher,
  clock,
}: {
  engine: AlertEngine
  book: AlertBook
  rules: RuleBook
  runByWatcher: (rule: ParsedRule) => boolean
  clock: () => number
}): Fares {
  return (id) => {
    const entry = rules.get(id)
    const rule = entry?.enabled === true ? entry.rule : null
    const fare = engine.fareOf(id)
    const { last, fired } = book.firedSince(id, clock() - MONTH)
    return {
      runBy: rule === null ? 'nothing' : runByWatcher(rule) ? 'Watcher' : 'engine',
      problem: rule === null ? null : problemOf(fired, fare?.judged ?? 0, engine.problem),
      lastFired: last,
      fired,
      judged: fare?.judged ?? 0,
      matched: fare?.matched ?? 0,
      micros: fare?.micros ?? 0,
    }
  }
}

function problemOf(fired: number, judged: number, engine: string | null): string | null {
  if (engine !== null) return engine
  if (fired > 20 * 30)
    return `It fired ${fired} times in 30 days: nobody reads so many alerts. Narrow it down.`
  if (fired === 0 && judged > MANY)
    return 'It never fired in 30 days, although many events were judged: check its query with `waybill rules explain`.'
  return null
}
