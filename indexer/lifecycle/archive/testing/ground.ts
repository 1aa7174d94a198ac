import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { Secret } from '../../../../config/index.ts'
import type { AuditEvent } from '../../../../schema/index.ts'
import type { Act, Trail } from '../../../ingest/index.ts'
import { openEmbeddedStore, type Store } from '../../../store/index.ts'
import { batchOf, eventAt, INGESTED } from '../../../store/testing/batches.ts'
import { Holds } from '../../holds.ts'
import { type RetentionTable, searchableOf, USUAL_TABLE } from '../../table.ts'
import { Archive } from '../archive.ts'
import { type Destination, Folder } from '../destination.ts'
import { KeyRing } from '../keys.ts'
import type { ScheduledExport } from '../settings.ts'

export const DAY = 86_400_000
export const TABLE: RetentionTable = {
  ...USUAL_TABLE,
  change: { searchable: 20 * DAY, archive: 100 * DAY, warm: null, cold: null },
  security: { searchable: 20 * DAY, archive: 100 * DAY, warm: null, cold: null },
  view: { searchable: 20 * DAY, archive: null, warm: null, cold: null },
}

export const KEY = 'ab'.repeat(32)
export const ring = (key = KEY, id = 'first'): KeyRing =>
  new KeyRing([{ id, key: new Secret(key) }], randomBytes)

/** Acts, as far as an archive records them. */
export function actsOnly(): { readonly trail: Trail; readonly acts: Act[] } {
  const acts: Act[] = []
  const trail: Trail = {
    record: async (...some) => void acts.push(...some),
    note: () => {},
    waiting: 0,
    close: async () => {},
  }
  return { trail, acts }
}

export interface Ground {
  readonly store: Store
  readonly trail: Trail
  readonly archive: Archive
  readonly holds: Holds
  readonly destination: Destination
  readonly keys: KeyRing
  readonly acts: readonly Act[]
  now: number
  close(): Promise<void>
}

/** An archive of an embedded store, in a folder, with a clock of its own. */
export async function ground(
  folder: string,
  own: {
    readonly destination?: Destination
    readonly keys?: KeyRing
    readonly now?: number
    readonly logFolder?: string
    readonly exports?: readonly ScheduledExport[]
    readonly troubled?: (store: Store) => Store
  } = {},
): Promise<Ground> {
  const parts = { now: own.now ?? INGESTED }
  const real = await openEmbeddedStore({
    path: join(folder, 'store'),
    searchable: searchableOf(TABLE),
    now: () => parts.now,
  })
  const store = own.troubled?.(real) ?? real
  const destination = own.destination ?? new Folder(join(folder, 'archive'))
  const keys = own.keys ?? ring()
  const { trail, acts } = actsOnly()
  const holds = new Holds({ store, trail, clock: () => parts.now, random: randomBytes })
  const archive = new Archive({
    store,
    trail,
    agents: { get: () => undefined },
    destination,
    keys,
    deletesAfter: true,
    capacity: null,
    exports: own.exports ?? [],
    holds,
    namespace: 'default',
    logFolder: own.logFolder ?? null,
    table: () => TABLE,
    log: pino({ level: 'silent' }),
    clock: () => parts.now,
    random: randomBytes,
  })
  return Object.assign(parts, {
    store: real,
    trail,
    archive,
    holds,
    destination,
    keys,
    acts,
    async close() {
      await archive.close()
      await real.close()
    },
  })
}

/** Stores some days of changes and sign-ins, three days in a partition. */
export async function fillDays(store: Store, days: number, each = 20): Promise<void> {
  let offset = 0
  for (let day = 0; day < days; day++) {
    const events: AuditEvent[] = Array.from({ length: each }, (_, i) =>
      eventAt(offset++ * 10 + day * DAY, { audit: { category: i % 4 === 0 ? 'security' : 'change' } }),
    )
    await store.write(batchOf(2 * day + 1, events.slice(0, each / 2), { ingested: INGESTED + day * DAY }))
    await store.write(batchOf(2 * day + 2, events.slice(each / 2), { ingested: INGESTED + day * DAY + 1000 }))
  }
}

/** All files of a folder, as paths with `/`. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
