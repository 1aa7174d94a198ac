import { textAt } from '../../schema/index.ts'
import type { Store } from '../store/port.ts'

/** An act on one thing; with `since`, one that was done then or later. */
interface Asked {
  readonly action: string
  readonly entity: string
  readonly since?: number
}

/** Whether the audit trail tells of it already. */
export async function isRecorded(
  store: Pick<Store, 'search'>,
  { action, entity, since }: Asked,
): Promise<boolean> {
  let after: string | undefined
  do {
    const { events, next } = await store.search({
      query: {
        kind: 'and',
        of: [
          { kind: 'equals', field: 'event.module', value: 'waybill' },
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
