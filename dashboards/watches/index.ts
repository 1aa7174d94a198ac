import type { estypes } from '@elastic/elasticsearch'
import { notForWatcher, type Rule } from '../../indexer/alerts/index.ts'
import type { Query } from '../../indexer/query/index.ts'
import { type WatchOptions, watchOf } from './watch.ts'

export { ALERT_MAPPING, alertIndex } from './alerts.ts'
export type { Reached, WatchOptions } from './watch.ts'

export interface Watches {
  readonly watches: readonly {
    readonly id: string
    readonly rule: string
    readonly watch: estypes.WatcherWatch
  }[]
  /** What is left to the built-in engine, and why. */
  readonly builtIn: readonly { readonly rule: string; readonly why: string }[]
}

/** The store's way to say a query to the cluster; `exact` where it finds just what is meant. */
export type Translate = (query: Query) => {
  readonly query: estypes.QueryDslQueryContainer
  readonly exact: boolean
}

/** Each rule is in exactly one of the two lists: only what Watcher runs just as the built-in engine does is a watch. */
export function watchesFor(rules: readonly Rule[], translate: Translate, options: WatchOptions): Watches {
  const watches: Watches['watches'][number][] = []
  const builtIn: Watches['builtIn'][number][] = []
  for (const rule of rules) {
    const { query, exact } = translate(rule.query)
    const why = notForWatcher(rule)
    if (why !== null) builtIn.push({ rule: rule.id, why })
    else if (!exact)
      builtIn.push({ rule: rule.id, why: 'Elasticsearch can only narrow down what its query means' })
    else
      watches.push({
        id: `waybill-${options.namespace}-${rule.id}`,
        rule: rule.id,
        watch: watchOf(rule, query, options),
      })
  }
  return { watches, builtIn }
}
