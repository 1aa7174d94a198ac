import { textAt } from '../../schema/index.ts'
import { BY_INDEXER } from '../query/index.ts'
import type { Store } from '../store/port.ts'

/** An act on one thing; with `since`, one that was done then or later. */
export interface Recorded {
  readonly action: string
  readonly entity: string
  readonly since?: number
}

/** Whether the audit trail has this event already. Only events that an indexer sealed count: an agent could have written others. */
export async function isRecorded(
  store: Pick<Store, 'search'>,
  { action, entity, since }: Recorded,
): Promise<boolean> {
  let after: string | undefined
  do {
    const { events, next } = await store.search({
      query: {
        kind: 'and',
        of: [
          BY_INDEXER,
          { kind: 'equals', field: 'event.action', value: action },
          { kind: 'equals', field: 'audit.entity.id', value: entity },
        ],
      },
      ...(since !== undefined && { from: since }),
      order: 'newest',
      limit: 10,
      ...(after !== undefined && { after }),
    })
    // The store finds it in other letters, too.
    if (events.some((event) => textAt(event, 'audit.entity.id') === entity)) return true
    after = next ?? undefined
  } while (after !== undefined)
  return false
}
