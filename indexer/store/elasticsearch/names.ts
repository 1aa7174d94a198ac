import { CATEGORIES, type Category } from '../../../schema/index.ts'

/**
 * The names of everything in the cluster. Events of a category are behind one rollover alias: `waybill-change-default` over
 * `waybill-change-default-000001` and its successors.
 */
export interface Names {
  readonly namespace: string
  alias(category: Category): string
  /** Returns all of a category's indices. */
  family(category: Category): string
  first(category: Category): string
  /** The indices of all events. */
  readonly events: string
  /** The index with one document a waybill: the indices of its events, and their outcomes. */
  readonly waybills: string
  readonly deadLetters: string
  /** The indexer's own small documents. */
  readonly records: string
  /** The state of each agent, for Kibana. */
  readonly agents: string
  /** Alerts, for Kibana; also those that watches write. */
  readonly alerts: string
  /** Namespaces share nothing: what one sets up never changes what another holds. */
  policy(category: Category): string
  template(of: string): string
  role(of: string): string
}

export function namesFor(namespace: string): Names {
  const alias = (category: Category): string => `waybill-${category}-${namespace}`
  return {
    namespace,
    alias,
    family: (category) => `${alias(category)}-*`,
    first: (category) => `${alias(category)}-000001`,
    events: CATEGORIES.map(alias).join(','),
    waybills: `waybill-waybills-${namespace}`,
    deadLetters: `waybill-dead-letters-${namespace}`,
    records: `waybill-records-${namespace}`,
    agents: `waybill-agents-${namespace}`,
    alerts: `waybill-alerts-${namespace}`,
    policy: (category) => `waybill-${category}-${namespace}`,
    template: (of) => `waybill-${of}-${namespace}`,
    role: (of) => `waybill_${of}_${namespace}`,
  }
}

/** The category whose index this is. */
export function categoryOfIndex(index: string): Category | null {
  return CATEGORIES.find((category) => index.startsWith(`waybill-${category}-`)) ?? null
}

/** The id of a waybill's document: its parts use fixed sets of letters, so the id identifies the waybill. */
export const waybillId = (key: { agent: string; incarnation: string; sequence: number }): string =>
  `${key.agent}.${key.incarnation}.${key.sequence}`
