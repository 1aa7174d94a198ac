import { type Condition, isLedgerCondition, type Rule } from './rule.ts'

export type Engine = 'built-in' | 'watcher'

const WATCHER: ReadonlySet<Condition['kind']> = new Set(['event', 'count', 'distinct', 'schedule'])

/** Why Watcher can't run a rule; null where it can. */
export function notForWatcher({ condition }: Rule): string | null {
  if (WATCHER.has(condition.kind)) return null
  if (isLedgerCondition(condition)) return 'it asks for what the indexer knows of agents and dead letters'
  return 'it has to remember what each group did before'
}

/** Exactly one engine runs a rule: Watcher, where it was given a watch for it; otherwise the built-in one. */
export const engineOf = ({ id }: Rule, inWatcher: ReadonlySet<string>): Engine =>
  inWatcher.has(id) ? 'watcher' : 'built-in'
