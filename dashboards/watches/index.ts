import { notForWatcher, type Rule } from '../../indexer/alerts/index.ts'
import { justWhat } from '../../indexer/store/elasticsearch/index.ts'
import { type Watch, type WatchOptions, watchOf } from './watch.ts'

export { ALERT_MAPPING, alertIndex } from './alerts.ts'
export type { Reached, Watch, WatchOptions } from './watch.ts'

export interface Watches {
  readonly watches: readonly {
    readonly id: string
    readonly rule: string
    readonly watch: Watch
  }[]
  /** The rules that nobody runs: no watch can, for the reason given. */
  readonly left: readonly { readonly rule: string; readonly why: string }[]
}

/** Each rule is in exactly one of the two lists: only what Watcher judges just as `Judge` does is a watch. */
export function watchesFor(rules: readonly Rule[], options: WatchOptions): Watches {
  const watches: Watches['watches'][number][] = []
  const left: Watches['left'][number][] = []
  for (const rule of rules) {
    const query = justWhat(rule.query)
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
