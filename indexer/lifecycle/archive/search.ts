import { type AuditEvent, eventWords } from '../../../schema/index.ts'
import { matches, type Query } from '../../query/index.ts'
import { mayMatch } from './filter.ts'
import type { ArchiveObject } from './read.ts'

export interface ArchiveSearch {
  readonly query: Query
  /** `@timestamp` in ms, at or after, and before. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export interface Searched {
  /** Blocks of this object. */
  readonly blocks: number
  /** Those that had to be read. */
  readonly read: number
}

/** The events of an object that a query finds, in the order of receipt. Blocks that surely have none are not read. */
export async function* searchObject(
  object: ArchiveObject,
  { query, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: ArchiveSearch,
  report: (searched: Searched) => void = () => {},
): AsyncGenerator<AuditEvent> {
  const { happened } = object.contents
  if (happened === null || happened.last < from || happened.first >= to) return
  const filters = await object.part('filters')
  let read = 0
  for (const [i, block] of object.blocks.entries()) {
    const filter = filters.subarray(block.filterAt, block.filterAt + block.filter)
    if (block.lines > 0 && block.last >= from && block.first < to && mayMatch(query, filter)) {
      read++
      for (const event of await object.events(block)) {
        const time = Date.parse(String(event['@timestamp']))
        if (time >= from && time < to && matches(query, event)) yield event
      }
    }
    report({ blocks: i + 1, read })
  }
}

/** The event as searches show it. */
export function withWords(event: AuditEvent): AuditEvent {
  const audit = event.audit as Record<string, unknown>
  audit.words = eventWords(event).join(' ')
  return event
}
