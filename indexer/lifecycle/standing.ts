import type { StoredPartition } from '../store/port.ts'
import type { Rule } from './table.ts'

/** The archive, as far as retention must know it. */
export interface Archive {
  /** Whether all of the partition's events are in it, for good. */
  holds(partition: StoredPartition): Promise<boolean>
}

/**
 * - `open`: new events go there
 * - `kept`: it holds events that are within their searchable time
 * - `not-archived`: it would expire, but is not in the archive yet
 * - `due`: it may go
 */
export type Standing = 'open' | 'kept' | 'not-archived' | 'due'

/** Events that were taken in before this have had their searchable time. */
export const expiresBefore = (rule: Rule, now: number): number => now - rule.searchable

export async function standingOf(
  partition: StoredPartition,
  { rule, archive, now }: { readonly rule: Rule; readonly archive: Archive; readonly now: number },
): Promise<Standing> {
  if (partition.open) return 'open'
  if (partition.last >= expiresBefore(rule, now)) return 'kept'
  if (rule.archive === null || (await archive.holds(partition))) return 'due'
  return 'not-archived'
}
