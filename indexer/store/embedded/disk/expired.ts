import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { leafHash } from '../../../../schema/index.ts'
import type { Chunk } from './chunks.ts'
import { openDatabase } from './database.ts'
import { opener } from './pack.ts'
import { EXPIRED } from './partition-files.ts'

/** The number of lines that are hashed before the thread serves other work. */
const LINES_AT_ONCE = 8192

/** Leaf hashes of expired lines, of some waybills. */
export interface GoneLeaves {
  readonly waybills: readonly {
    readonly n: number
    readonly positions: readonly number[]
    readonly hashes: Uint8Array
  }[]
  /** Chunks that can't be read. */
  readonly damaged: number
}

/**
 * The leaf hashes of lines of an expired partition whose waybills have other lines that the store has or may have: without them nobody
 * could prove these. `others` are the databases of the other partitions.
 */
export function* goneLeaves(path: string, expired: string, others: readonly string[]): Generator<GoneLeaves> {
  const folder = join(path, 'partitions')
  // Nobody changes the partition any more, and its log is empty. So SQLite need not look for a log or for locks, which another thread may
  // still hold.
  const file = pathToFileURL(join(folder, `${expired}${EXPIRED}`))
  const partition = openDatabase(`${file.href}?immutable=1`, { cache: 1024, readOnly: true })
  try {
    const wanted = sharedBatches(path, partition, others)
    if (wanted.size > 0) yield* hashesOf(partition, wanted)
  } finally {
    partition.close()
  }
}

const numbers = (rows: Iterator<Record<string, unknown>>): IteratorObject<number> =>
  Iterator.from(rows).map(({ n }) => Number(n))

const keyOf = ({ agent, incarnation, sequence }: Record<string, unknown>): string =>
  `${agent}/${incarnation}/${sequence}`

/** The numbers, in this map, of the waybills that a partition has. It has no index of them, so an empty map is not looked up. */
function* ofThese(partition: DatabaseSync, waybills: ReadonlyMap<string, number>): Generator<number> {
  if (waybills.size === 0) return
  for (const row of partition.prepare('SELECT agent, incarnation, sequence FROM batches').iterate()) {
    const n = waybills.get(keyOf(row))
    if (n !== undefined) yield n
  }
}

/** The numbers of batches that also have lines elsewhere and whose hashes are not all kept yet. */
function sharedBatches(path: string, partition: DatabaseSync, others: readonly string[]): Set<number> {
  const shared = new Set<number>()
  const span = partition.prepare('SELECT min(n) AS least, max(n) AS greatest FROM batches').get()
  if (span === undefined || span.least === null) return shared
  const [least, greatest] = [Number(span.least), Number(span.greatest)]
  // There may be millions of both, and hardly one is shared.
  const here = new Uint8Array(greatest - least + 1)
  for (const n of numbers(partition.prepare('SELECT n FROM batches').iterate())) here[n - least] = 1
  const control = openDatabase(join(path, 'control.db'), { cache: 512, readOnly: true })
  try {
    const within = (sql: string): IteratorObject<number> =>
      numbers(control.prepare(sql).iterate(least, greatest)).filter((n) => here[n - least] === 1)
    // A dead letter that is stored at last may come under another number; some hashes of its waybill are kept.
    const key = partition.prepare('SELECT agent, incarnation, sequence FROM batches WHERE n = ?')
    const keptInPart = new Map(
      within('SELECT n FROM leaf_hashes WHERE n BETWEEN ? AND ? AND positions IS NOT NULL').map((n) => [
        keyOf(key.get(n) ?? {}),
        n,
      ]),
    )
    for (const file of others) {
      const other = openDatabase(file, { cache: 512, readOnly: true })
      try {
        const between = other.prepare('SELECT n FROM batches WHERE n BETWEEN ? AND ?')
        for (const n of numbers(between.iterate(least, greatest))) if (here[n - least] === 1) shared.add(n)
        for (const n of ofThese(other, keptInPart)) shared.add(n)
      } finally {
        other.close()
      }
    }
    const letters = control.prepare('SELECT DISTINCT agent, incarnation, sequence FROM dead_letters').all()
    const dead = new Set(letters.map(keyOf))
    for (const [waybill, n] of keptInPart) if (dead.has(waybill)) shared.add(n)
    for (const whole of [
      'SELECT n FROM waybills WHERE n BETWEEN ? AND ? AND length(leaves) > 0',
      'SELECT n FROM leaf_hashes WHERE n BETWEEN ? AND ? AND positions IS NULL',
    ])
      for (const n of within(whole)) shared.delete(n)
    return shared
  } finally {
    control.close()
  }
}

function* hashesOf(partition: DatabaseSync, wanted: ReadonlySet<number>): Generator<GoneLeaves> {
  const chunks = opener(partition)
  const open = (id: number): Chunk | null => {
    try {
      return chunks.open(id).chunk
    } catch {
      return null
    }
  }
  let gathered = new Map<number, { positions: number[]; hashes: Buffer[] }>()
  let lines = 0
  let damaged = 0
  const portion = (): GoneLeaves => {
    const waybills = [...gathered].map(([n, { positions, hashes }]) => ({
      n,
      positions,
      hashes: new Uint8Array(Buffer.concat(hashes)),
    }))
    const made = { waybills, damaged }
    gathered = new Map()
    lines = 0
    damaged = 0
    return made
  }
  for (const { id, n } of partition.prepare('SELECT id, batch AS n FROM chunks ORDER BY id').all()) {
    if (!wanted.has(Number(n))) continue
    const chunk = open(Number(id))
    if (chunk === null) {
      damaged++
      continue
    }
    const its = gathered.get(Number(n)) ?? { positions: [], hashes: [] }
    gathered.set(Number(n), its)
    for (let index = 0; index < chunk.lines; index++) {
      its.positions.push(chunk.position(index))
      its.hashes.push(leafHash(chunk.line(index)))
    }
    lines += chunk.lines
    if (lines >= LINES_AT_ONCE) yield portion()
  }
  yield portion()
}
