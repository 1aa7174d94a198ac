import { CATEGORIES, type Category } from '../../../schema/index.ts'

/**
 * What everything in the cluster is called. Events of a category are behind one rollover alias:
 * `waybill-change-default` over `waybill-change-default-000001` and those that follow it.
 */
export interface Names {
  readonly namespace: string
  alias(category: Category): string
  /** All of a category's indices. */
  family(category: Category): string
  first(category: Category): string
  /** All events. */
  readonly events: string
  /** One document a waybill: where its events go, and what became of them. */
  readonly waybills: string
  readonly deadLetters: string
  /** The indexer's own small documents. */
  readonly records: string
  /** Templates are the same for every namespace. */
  template(of: string): string
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
    template: (of) => `waybill-${of}`,
  }
}

/** The category whose index this is. */
export function categoryOfIndex(index: string): Category | null {
  return CATEGORIES.find((category) => index.startsWith(`waybill-${category}-`)) ?? null
}

/** A waybill's document: its parts are of fixed sets of letters, so that the name says which one it is. */
export const waybillId = (key: { agent: string; incarnation: string; sequence: number }): string =>
  `${key.agent}.${key.incarnation}.${key.sequence}`
