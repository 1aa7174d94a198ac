import { INDEXER } from '../../schema/index.ts'
import { hasShape } from './evaluate.ts'
import type { Query } from './tree.ts'

/** Finds events that an indexer sealed: Waybill's own. `event.module` alone may be forged. */
export const BY_INDEXER: Query = { kind: 'wildcard', field: 'audit.seal.agent', parts: [INDEXER, ''] }

/**
 * Finds the events of searches and views. Every search and view is itself an audit event. They would be among the results of the next
 * search, and looking would change the results. So they are left out, unless the query asks for Waybill's own events.
 */
const OWN_READS: Query = {
  kind: 'and',
  of: [BY_INDEXER, { kind: 'equals', field: 'audit.category', value: 'view' }],
}

/** Waybill's own events that hold what somebody asked for. */
export const OWN_QUESTIONS: Query = {
  kind: 'or',
  of: [
    OWN_READS,
    {
      kind: 'and',
      of: [BY_INDEXER, { kind: 'wildcard', field: 'event.action', parts: ['export', ''] }],
    },
    // What a report was asked for, and the conditions of schedules.
    {
      kind: 'and',
      of: [BY_INDEXER, { kind: 'wildcard', field: 'event.action', parts: ['report-', ''] }],
    },
  ],
}

export function withoutOwnReads(query: Query): Query {
  if (asksForOwn(query)) return query
  const rest: Query = { kind: 'not', of: OWN_READS }
  return query.kind === 'all' ? rest : { kind: 'and', of: [query, rest] }
}

/** Whether a condition that must hold names Waybill as the source, or an event by its id. */
export function asksForOwn(query: Query): boolean {
  switch (query.kind) {
    case 'and':
    case 'or':
      return query.of.some(asksForOwn)
    case 'equals':
      return (
        query.field === 'event.id' ||
        (query.field === 'event.module' && query.value.toLowerCase() === 'waybill')
      )
    case 'wildcard':
      return query.field === 'event.module' && hasShape('waybill', query.parts)
    default:
      return false
  }
}
