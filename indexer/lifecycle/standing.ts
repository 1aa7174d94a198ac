import type { Category } from '../../schema/index.ts'
import type { StoredPartition } from '../store/port.ts'
import type { Rule } from './table.ts'

/** What is in the archive. */
export interface ArchiveUse {
  readonly place: string
  /** How much may be in it; null if the settings do not say. */
  readonly capacity: number | null
  readonly bytes: number
  /** Why the last run failed; null if it did not. */
  readonly problem: string | null
  readonly categories: Readonly<Partial<Record<Category, ArchivedCategory>>>
}

export interface ArchivedCategory {
  readonly objects: number
  readonly events: number
  readonly bytes: number
  /** Objects that were damaged when they were last read back. */
  readonly damaged: number
}

/** The archive, as far as retention must know it. */
export interface Archive {
  /** Whether a partition leaves the store once its searchable time is over and it is in the archive. */
  readonly deletesAfter: boolean
  /** Whether all of the partition's events are in it. */
  holds(partition: StoredPartition): Promise<boolean>
  /** What is in it; null if there is none. */
  use(): Promise<ArchiveUse | null>
  /** Archives what is not in it yet, and removes from it what is past its time. */
  round(): Promise<unknown>
  /** Makes sure of that, just before the partition is removed. Rejects with what is wrong. */
  confirm(partition: StoredPartition): Promise<void>
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
  if (rule.archive === null) return 'due'
  if (!archive.deletesAfter) return 'kept'
  if (await archive.holds(partition)) return 'due'
  return 'not-archived'
}
