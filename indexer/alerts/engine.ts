import { type Condition, isLedgerCondition, type Rule } from './rule.ts'

const WATCHER: ReadonlySet<Condition['kind']> = new Set(['event', 'count', 'distinct', 'schedule'])

/** Why Watcher can't run a rule; null where it can. */
export function notForWatcher({ condition }: Rule): string | null {
  if (WATCHER.has(condition.kind)) return null
  if (isLedgerCondition(condition)) return 'it asks for what the indexer knows of agents and dead letters'
  return 'it has to remember what each group did before'
}
