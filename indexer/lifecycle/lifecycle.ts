import type { Logger } from 'pino'
import * as z from 'zod'
import type { RetentionPreviewShape } from '../../schema/api/index.ts'
import { CATEGORIES, logged, reasonOf } from '../../schema/index.ts'
import { type Act, inTurn, type Trail } from '../ingest/index.ts'
import type { Store, StoredPartition } from '../store/port.ts'
import { Expiry } from './expiry.ts'
import type { Holds } from './holds.ts'
import { type Archive, standingOf } from './standing.ts'
import { type Judged, type StorageReport, storageReport } from './storage.ts'
import { type RetentionTable, ruleText, searchableOf } from './table.ts'

/** Windows are a tenth of the searchable time; a twentieth of that is soon enough. */
const ROUND_EVERY = 15 * 60_000
const KIND = 'retention'
const KEY = 'table'

export interface Lifecycle {
  /** Completes interrupted expiries, and removes partitions whose time is over; returns the names of the removed ones. */
  round(): Promise<string[]>
  report(): Promise<StorageReport>
  /** Sentences about deletions before their time by anything outside of Waybill. */
  readonly warnings: readonly string[]
  /** Applies another table from now on. */
  change(table: RetentionTable, by?: Act['by']): Promise<void>
  /** What another table would do. */
  preview(table: RetentionTable): Promise<Pick<RetentionPreviewShape, 'changes' | 'removed' | 'waiting'>>
  close(): Promise<void>
}

export async function openLifecycle(parts: {
  store: Store
  trail: Trail
  table: RetentionTable
  archive: Archive | null
  holds: Pick<Holds, 'of'>
  log: Logger
  clock: () => number
}): Promise<Lifecycle> {
  const { store, trail, holds, log, clock } = parts
  const archive: Archive = parts.archive ?? NO_ARCHIVE
  const expiry = new Expiry(parts)
  const turn = inTurn()
  let table = parts.table
  let closed = false
  let isArchiving = false
  let warnings: readonly string[] = []

  /** The next start notices changes of the file that were made while no indexer ran. */
  async function holdTable(next: RetentionTable, by: Act['by'] = { name: 'operator' }): Promise<void> {
    const record = await store.records.get(KIND, KEY)
    const before = textsShape.parse(record?.value)
    const now = Object.fromEntries(CATEGORIES.map((category) => [category, ruleText(next[category])]))
    const changes = CATEGORIES.flatMap((category) =>
      before[category] === now[category]
        ? []
        : [{ field: category, old: before[category] ?? null, new: now[category] ?? null }],
    )
    if (changes.length > 0) {
      if (record !== null) {
        // Recorded before the table takes effect.
        await trail.record({
          action: 'retention-change',
          category: 'security',
          message: `Retention was changed for ${changes.map(({ field }) => field).join(', ')}.`,
          outcome: 'success',
          by,
          entity: { type: 'retention', id: 'retention' },
          changes,
        })
      }
      await store.records.put(KIND, KEY, now, record?.version ?? null)
    }
    table = next
    await hold()
  }

  /** Logs and records new warnings; they remain warnings until they are corrected. */
  async function hold(): Promise<void> {
    const found = await store.keepFor(searchableOf(table))
    const fresh = found.filter((sentence) => !warnings.includes(sentence))
    warnings = found
    for (const sentence of fresh) {
      log.warn(sentence)
      await trail.record({
        action: 'retention-shorter',
        category: 'system',
        message: sentence,
        outcome: 'failure',
        by: { name: 'indexer' },
        entity: { type: 'retention', id: 'retention' },
      })
    }
  }

  async function judged(): Promise<{ stored: Awaited<ReturnType<Store['storage']>>; all: Judged[] }> {
    const stored = await store.storage()
    const now = clock()
    const all: Judged[] = []
    for (const partition of stored.partitions) {
      const rule = table[partition.category]
      all.push({ partition, standing: await standingOf(partition, { rule, archive, now }) })
    }
    return { stored, all }
  }

  async function round(): Promise<string[]> {
    await hold()
    await expiry.resume()
    const gone: string[] = []
    for (const { partition, standing } of (await judged()).all) {
      if (closed) break
      if (standing !== 'due') continue
      const hold = await holds.of(partition)
      if (hold !== null) {
        log.info(
          `Partition ${partition.name} stays in the store: the legal hold "${hold.case}" has events in it.`,
        )
        continue
      }
      if (!(await isConfirmed(partition))) continue
      if (!(await expiry.expire(partition, table[partition.category]))) continue
      gone.push(partition.name)
      log.info(`Partition ${partition.name} expired: ${partition.events} events are removed.`)
    }
    return gone
  }

  /** A copy that is damaged or gone keeps the partition in the store. */
  async function isConfirmed(partition: StoredPartition): Promise<boolean> {
    if (table[partition.category].archive === null) return true
    try {
      await archive.confirm(partition)
      return true
    } catch (thrown) {
      log.error(
        logged(thrown),
        `Partition ${partition.name} stays in the store, since its archive could not be read back: ${reasonOf(thrown)}`,
      )
      return false
    }
  }

  async function archiveOnTime(): Promise<void> {
    isArchiving = true
    try {
      await archive.round()
    } catch (thrown) {
      log.error(logged(thrown), `Nothing can be archived at present: ${reasonOf(thrown)}`)
    } finally {
      isArchiving = false
    }
  }

  async function roundOnTime(): Promise<void> {
    try {
      // A long run of the archive delays no expiry: only what is in the archive already expires.
      if (!closed && !isArchiving) void archiveOnTime()
      if (!closed) await turn(round)
    } catch (error) {
      log.error(`Nothing can expire at present: ${reasonOf(error)}`)
    }
  }

  await holdTable(table)
  const timer = setInterval(() => void roundOnTime(), ROUND_EVERY)
  timer.unref()
  void roundOnTime()

  return {
    round: () => turn(round),
    get warnings() {
      return warnings
    },
    async report() {
      const { stored, all } = await judged()
      return storageReport(stored, all, {
        table,
        archive: await archive.use(),
        expires: parts.archive !== null && archive.deletesAfter,
        now: clock(),
      })
    },
    change: (next, by) => turn(() => holdTable(next, by)),
    async preview(next) {
      const now = clock()
      const removed: RetentionPreviewShape['removed'] = []
      const waiting: RetentionPreviewShape['waiting'] = []
      for (const { partition, standing } of (await judged()).all) {
        const { name, category, events, bytes, first, last } = partition
        const then = await standingOf(partition, { rule: next[category], archive, now })
        if (then === standing) continue
        if (then === 'due') removed.push({ name, category, events, bytes, first, last })
        else if (then !== 'kept' && then !== 'open') waiting.push({ name, category, events, bytes })
      }
      const changes = CATEGORIES.flatMap((category) => {
        const [before, after] = [ruleText(table[category]), ruleText(next[category])]
        return before === after ? [] : [{ category, before, after }]
      })
      return { changes, removed, waiting }
    },
    async close() {
      closed = true
      clearInterval(timer)
      // Work that has begun ends while the store is still open.
      await turn(async () => {})
    },
  }
}

/** Without an archive, what should be in it stays in the store. */
const NO_ARCHIVE: Archive = {
  deletesAfter: true,
  use: async () => null,
  holds: async () => false,
  confirm: async () => {},
  round: async () => [],
}

/** The table as it was when an indexer last ran, in words. */
const textsShape = z.record(z.string(), z.string()).catch({})
