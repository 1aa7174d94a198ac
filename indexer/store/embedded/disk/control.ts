import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Category, OperatorError } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import type {
  Chain,
  DeadLetter,
  DeadReason,
  Links,
  NewDeadLetter,
  StoreBatch,
  WriteResult,
} from '../../port.ts'
import { inTransaction } from './database.ts'
import { type KeptLeaves, WAYBILL_TABLES, Waybills } from './waybills.ts'

/**
 * `control.db`: the facts about the whole store. A waybill's row is written after all its partitions, so it proves that the whole batch is
 * stored.
 */
const CONTROL_TABLES = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
${WAYBILL_TABLES}CREATE TABLE IF NOT EXISTS chains (
  agent TEXT NOT NULL, incarnation TEXT NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, last_hash TEXT NOT NULL, last_at INTEGER NOT NULL,
  waybills INTEGER NOT NULL, events INTEGER NOT NULL,
  PRIMARY KEY (agent, incarnation)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain_runs (
  agent TEXT NOT NULL, incarnation TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (agent, incarnation, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, event_id TEXT NOT NULL,
  agent TEXT NOT NULL, incarnation TEXT NOT NULL, sequence INTEGER NOT NULL, position INTEGER NOT NULL,
  source TEXT NOT NULL, line BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partitions (
  name TEXT PRIMARY KEY, category TEXT NOT NULL,
  least REAL NOT NULL, greatest REAL NOT NULL, events INTEGER NOT NULL, generation INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
`

/** The format of a store as a whole. Partitions and segments name their own. */
const FORMAT = '7'
/** Formats that are converted to this one in place. */
const OLDER = ['4', '5', '6']
/** Formats that can be read as they are. */
const READABLE = ['6', FORMAT]

/**
 * Makes the tables of a new store, or brings those of an older format up to this one. A store of a format that this version does not know
 * is left as it is: read as if it were of this one, searches would miss events in silence.
 */
export function prepareControl(database: DatabaseSync, folder: string): void {
  inTransaction(database, () => {
    const isNew = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get() === undefined
    database.exec(CONTROL_TABLES)
    const named = database.prepare("SELECT value FROM meta WHERE key = 'layout'").get()
    const isEmpty = database.prepare('SELECT 1 FROM waybills LIMIT 1').get() === undefined
    const found = named === undefined ? (isNew ? FORMAT : isEmpty ? '4' : '1') : text(named.value)
    if (found === '4')
      database.exec('ALTER TABLE partitions ADD COLUMN generation INTEGER NOT NULL DEFAULT 0')
    else if (found === '6') database.exec('ALTER TABLE leaf_hashes ADD COLUMN fates BLOB')
    else if (found !== FORMAT && !OLDER.includes(found))
      throw new OperatorError(
        'WB-STORE-FORMAT',
        `the store in ${folder} has format ${found}, and this version of waybill reads formats ${OLDER.join(', ')} and ${FORMAT}; open it with the version that wrote it, or give this version a folder of its own`,
      )
    database.prepare("INSERT OR REPLACE INTO meta VALUES ('layout', ?)").run(FORMAT)
  })
}

/** Refuses to read a store of a format that must be converted first: an indexer of this version converts it when it starts. */
export function demandCurrent(database: DatabaseSync, folder: string): void {
  const layout = database.prepare("SELECT value FROM meta WHERE key = 'layout'").get()
  if (!READABLE.includes(String(layout?.value)))
    throw new OperatorError(
      'WB-STORE-FORMAT',
      `the store in ${folder} has format ${String(layout?.value ?? 'unknown')}, and this version of waybill reads formats ${READABLE.join(' and ')}: start an indexer of this version on it once`,
    )
}

export interface PartitionRow {
  readonly name: string
  readonly category: Category
  readonly least: number
  readonly greatest: number
  readonly events: number
  /** The generation of the partition's valid database. */
  readonly generation: number
}

const text = (value: unknown): string => String(value)
const bytes = (value: unknown): Buffer =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0)

export function letterOf(row: Record<string, unknown>): DeadLetter {
  return {
    id: text(row.id),
    at: Number(row.at),
    kind: text(row.kind) as DeadReason,
    reason: text(row.reason),
    eventId: text(row.event_id),
    agent: text(row.agent),
    incarnation: text(row.incarnation),
    sequence: Number(row.sequence),
    position: Number(row.position),
    source: text(row.source),
    line: bytes(row.line),
  }
}

export function partitionsOf(database: DatabaseSync): PartitionRow[] {
  return database
    .prepare('SELECT name, category, least, greatest, events, generation FROM partitions')
    .all()
    .map((row) => ({
      name: text(row.name),
      category: text(row.category) as Category,
      least: Number(row.least),
      greatest: Number(row.greatest),
      events: Number(row.events),
      generation: Number(row.generation),
    }))
}

const MOST_GAPS = 100

/** An agent's chains. Numbers begin with 1, so missing ones before the first that came are a gap, too. */
export function chainsOf(database: DatabaseSync, agent: string): Chain[] {
  const runs = database.prepare(
    'SELECT first, last FROM chain_runs WHERE agent = ? AND incarnation = ? ORDER BY first LIMIT ?',
  )
  return database
    .prepare('SELECT * FROM chains WHERE agent = ? ORDER BY last_at, incarnation')
    .all(agent)
    .map((row) => {
      const incarnation = String(row.incarnation)
      const gaps: { from: number; to: number }[] = []
      let expected = 1
      for (const run of runs.all(agent, incarnation, MOST_GAPS + 1)) {
        const first = Number(run.first)
        if (first > expected && gaps.length < MOST_GAPS) gaps.push({ from: expected, to: first - 1 })
        expected = Number(run.last) + 1
      }
      return {
        incarnation,
        first: Number(row.first),
        last: Number(row.last),
        lastHash: String(row.last_hash),
        lastAt: Number(row.last_at),
        waybills: Number(row.waybills),
        events: Number(row.events),
        gaps,
      }
    })
}

const previousIn = (manifest: Buffer): string | null =>
  (JSON.parse(manifest.toString('utf8')) as Pick<Manifest, 'previous'>).previous

/** The statements of the thread that writes. */
export class Control {
  readonly database: DatabaseSync
  readonly waybills: Waybills
  readonly #letter: StatementSync
  readonly #partition: StatementSync
  readonly #meta: StatementSync
  readonly #chain: StatementSync
  readonly #runAt: StatementSync
  readonly #runBefore: StatementSync
  readonly #runPut: StatementSync
  readonly #runDrop: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    const prepare = (sql: string): StatementSync => database.prepare(sql)
    this.waybills = new Waybills(database)
    this.#letter = prepare(`INSERT INTO dead_letters
      (at, kind, reason, event_id, agent, incarnation, sequence, position, source, line)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#partition = prepare('INSERT OR REPLACE INTO partitions VALUES (?, ?, ?, ?, ?, ?)')
    this.#meta = prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
    this.#chain = prepare(`INSERT INTO chains VALUES (?1, ?2, ?3, ?3, ?4, ?5, 1, ?6)
      ON CONFLICT DO UPDATE SET
        first = min(first, excluded.first),
        last_hash = CASE WHEN excluded.last > last THEN excluded.last_hash ELSE last_hash END,
        last_at = CASE WHEN excluded.last > last THEN excluded.last_at ELSE last_at END,
        last = max(last, excluded.last), waybills = waybills + 1, events = events + excluded.events`)
    this.#runAt = prepare('SELECT last FROM chain_runs WHERE agent = ? AND incarnation = ? AND first = ?')
    this.#runBefore = prepare(`SELECT first, last FROM chain_runs
      WHERE agent = ? AND incarnation = ? AND first < ? ORDER BY first DESC LIMIT 1`)
    this.#runPut = prepare('INSERT OR REPLACE INTO chain_runs VALUES (?, ?, ?, ?)')
    this.#runDrop = prepare('DELETE FROM chain_runs WHERE agent = ? AND incarnation = ? AND first = ?')
  }

  linksOf({ agent, incarnation, sequence, cites }: Manifest): Links {
    const hashOf = (its: string, number: number): string | null =>
      this.waybills.find(agent, its, number)?.hash ?? null
    const behind = this.waybills.find(agent, incarnation, sequence + 1)
    return {
      before: hashOf(incarnation, sequence - 1),
      ...(behind !== null && { after: previousIn(behind.manifest) }),
      cited: cites === null ? null : hashOf(cites.incarnation, cites.sequence),
    }
  }

  addWaybill(
    n: number,
    batch: StoreBatch,
    { result, letters, kept }: { result: WriteResult; letters: readonly NewDeadLetter[]; kept: KeptLeaves },
  ): void {
    const { agent, incarnation, sequence, events } = batch.manifest
    const { hash, ingested } = batch
    this.waybills.add(n, batch, result, kept)
    for (const letter of letters) this.addLetter({ ...letter, at: ingested, agent, incarnation, sequence })
    this.#chain.run(agent, incarnation, sequence, hash, ingested, events)
    this.#joinRun(agent, incarnation, sequence)
  }

  addLetter(letter: Omit<DeadLetter, 'id' | 'whole'>): void {
    const { at, kind, reason, eventId, agent, incarnation, sequence, position, source, line } = letter
    this.#letter.run(at, kind, reason, eventId, agent, incarnation, sequence, position, source, line)
  }

  /** Numbers that have arrived, as runs: the gaps lie between them. */
  #joinRun(agent: string, incarnation: string, sequence: number): void {
    let first = sequence
    let last = sequence
    const before = this.#runBefore.get(agent, incarnation, sequence)
    if (before !== undefined && Number(before.last) === sequence - 1) first = Number(before.first)
    const after = this.#runAt.get(agent, incarnation, sequence + 1)
    if (after !== undefined) {
      last = Number(after.last)
      this.#runDrop.run(agent, incarnation, sequence + 1)
    }
    this.#runPut.run(agent, incarnation, first, last)
  }

  putPartition(row: PartitionRow): void {
    this.#partition.run(row.name, row.category, row.least, row.greatest, row.events, row.generation)
  }

  dropPartition(name: string): void {
    this.database.prepare('DELETE FROM partitions WHERE name = ?').run(name)
  }

  setMeta(key: string, value: string): void {
    this.#meta.run(key, value)
  }

  meta(key: string): string | undefined {
    const row = this.database.prepare('SELECT value FROM meta WHERE key = ?').get(key)
    return row === undefined ? undefined : text(row.value)
  }
}
