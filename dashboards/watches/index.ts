import { isForWatcher, isLedgerCondition, type Rule } from '../../schema/rule.ts'
import { type Dsl, type Watch, type WatchOptions, watchOf } from './watch.ts'

export type { Reached, Watch, WatchOptions } from './watch.ts'
export { alertIndex } from './watch.ts'

export interface Watches {
  readonly watches: readonly {
    readonly id: string
    readonly rule: string
    readonly watch: Watch
  }[]
  /** The rules that nobody runs: no watch can, for the reason given. */
  readonly left: readonly { readonly rule: string; readonly why: string }[]
}

/**
 * Each rule is in exactly one of the two lists: only a rule that Watcher judges just as `RuleJudge` does is a watch. `queryOf` gives a
 * rule's query in Elasticsearch's language, or null if the cluster can't answer it exactly.
 */
export function watchesFor<Given extends Rule>(
  rules: readonly Given[],
  queryOf: (rule: Given) => Dsl | null,
  options: WatchOptions,
): Watches {
  const watches: Watches['watches'][number][] = []
  const left: Watches['left'][number][] = []
  for (const rule of rules) {
    const query = queryOf(rule)
    const why = notForWatcher(rule) ?? (query === null ? NARROWED : null)
    if (query === null || why !== null) left.push({ rule: rule.id, why: why ?? NARROWED })
    else {
      const id = `waybill-${options.namespace}-${rule.id}`
      watches.push({ id, rule: rule.id, watch: watchOf(rule, query, options) })
    }
  }
  return { watches, left }
}

const NARROWED = 'Elasticsearch can only narrow down what its query means'

/** Why Watcher can't run a rule; null if it can. */
export function notForWatcher(rule: Rule): string | null {
  const { condition } = rule
  if (isForWatcher(rule)) return null
  if (rule.exceptTimes.length > 0) return 'it has times at which events do not count'
  if (rule.isAboutPersons) return 'only the indexer knows which accounts are one person’s'
  if (isLedgerCondition(condition)) return 'it needs the indexer’s state of agents and dead letters'
  return 'it has to remember earlier events of each group'
}
