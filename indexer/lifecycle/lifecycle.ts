import type { Logger } from 'pino'
import { CATEGORIES, reasonOf } from '../../schema/index.ts'
import { inTurn, type Trail } from '../ingest/index.ts'
import type { Store } from '../store/port.ts'
import { Expiry } from './expiry.ts'
import { type Archive, standingOf } from './standing.ts'
import { type Judged, type StorageReport, storageReport } from './storage.ts'
import { type RetentionTable, ruleText, searchableOf } from './table.ts'

/** Windows are a tenth of the searchable time; a twentieth of that is soon enough. */
const ROUND_EVERY = 15 * 60_000
const KIND = 'retention'
const KEY = 'table'

export interface Lifecycle {
  /** Brings to an end what was interrupted, and removes what has had its time; the names of what has gone. */
  round(): Promise<string[]>
  report(): Promise<StorageReport>
  /** Another table holds from now on. */
  change(table: RetentionTable): Promise<void>
  close(): Promise<void>
}

export async function openLifecycle(parts: {
  store: Store
  trail: Trail
  table: RetentionTable
  archive: Archive | null
  log: Logger
  clock: () => number
}): Promise<Lifecycle> {
  const { store, trail, log, clock } = parts
  const archive: Archive = parts.archive ?? { holds: async () => false }
  const expiry = new Expiry(parts)
  const turn = inTurn()
  let table = parts.table
  let closed = false

  /** Who edits the file while no indexer runs is seen at the next start. */
  async function holdTable(next: RetentionTable): Promise<void> {
    const record = await store.records.get(KIND, KEY)
    const before = textsOf(record?.value)
    const now = Object.fromEntries(CATEGORIES.map((category) => [category, ruleText(next[category])]))
    const changes = CATEGORIES.flatMap((category) =>
      before[category] === now[category]
        ? []
        : [{ field: category, old: before[category] ?? null, new: now[category] ?? null }],
    )
    if (changes.length > 0) {
      if (record !== null) {
        // Recorded before it holds.
        await trail.record({
          action: 'retention-change',
          category: 'security',
          message: `Retention was changed for ${changes.map(({ field }) => field).join(', ')}.`,
          outcome: 'success',
          by: { name: 'operator' },
          entity: { type: 'retention', id: 'retention' },
          changes,
        })
      }
      await store.records.put(KIND, KEY, now, record?.version ?? null)
    }
    table = next
    await store.keepFor(searchableOf(next))
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
    await store.keepFor(searchableOf(table))
    await expiry.resume()
    const gone: string[] = []
    for (const { partition, standing } of (await judged()).all) {
      if (closed) break
      if (standing !== 'due') continue
      if (!(await expiry.expire(partition, table[partition.category]))) continue
      gone.push(partition.name)
      log.info(`Partition ${partition.name} expired: ${partition.events} events are removed.`)
    }
    return gone
  }

  async function roundOnTime(): Promise<void> {
    try {
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
    async report() {
      const { stored, all } = await judged()
      return storageReport(stored, all, { table, archived: parts.archive !== null, now: clock() })
    },
    change: (next) => turn(() => holdTable(next)),
    async close() {
      closed = true
      clearInterval(timer)
      // What has begun comes to its end while the store is still there.
      await turn(async () => {})
    },
  }
}

/** The table as it was when an indexer last ran, in words. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
