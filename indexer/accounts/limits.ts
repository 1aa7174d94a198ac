import type { Limits } from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import { BY_INDEXER, matches, type Query } from '../query/index.ts'

export const NO_LIMITS: Limits = { namespaces: null, entities: null }

/** What is and-ed to each of their queries; null where nothing is. An indexer keeps one namespace. */
export function queryOfLimits(limits: Limits, namespace: string): Query | null {
  if (limits.namespaces !== null && !limits.namespaces.includes(namespace)) return { kind: 'none' }
  if (limits.entities === null) return null
  const of = limits.entities.map((value): Query => ({ kind: 'equals', field: 'audit.entity.type', value }))
  // Who may see records of a kind "user" is not meant to see what Waybill's own users did.
  return {
    kind: 'and',
    of: [
      { kind: 'or', of },
      { kind: 'not', of: BY_INDEXER },
    ],
  }
}

export const within = (query: Query, only: Query | null): Query =>
  only === null ? query : { kind: 'and', of: [only, query] }

export const isWithin = (event: AuditEvent, only: Query | null): boolean =>
  only === null || matches(only, event)
