import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zstdDecompressSync } from 'node:zlib'
import { packedLines } from './packed-lines.ts'
import { type Documents, readSegment } from './segment.ts'
import { leafHash, type Manifest, merkleRoot, sha256 } from './waybill.ts'

/** A stored line with its seal. */
export interface StoredLine {
  readonly partition: string
  readonly chunk: number
  /** Its number in the chunk. */
  readonly number: number
  readonly line: Buffer
  /** The id of the event; it differs from the sealed one for a revision, or if that id belongs to another agent. */
  readonly id: string
  readonly sealedId: string
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  readonly ingested: number
  /** The enrichment's additions, or null. */
  readonly additions: unknown
}

export interface StoredWaybill {
  readonly manifest: Manifest
  readonly manifestBytes: Buffer
  readonly signature: Buffer
  /**
   * Leaf hashes by position; undefined if the hash is not kept: it is that of a line in the store, or of one that has expired with all
   * others.
   */
  readonly leaves: (Buffer | undefined)[]
  /** By position, the category in which the line was stored, or null for a duplicate and a dead letter; null where the store does not know. */
  readonly fates: (string | null)[] | null
}

const CATEGORIES = ['security', 'activity', 'change', 'system', 'api', 'view']

/** Runs of a number of a fate (1 byte) and a number of lines (2 bytes, little-endian). */
function fatesIn(bytes: Buffer): (string | null)[] {
  const fates: (string | null)[] = []
  for (let at = 0; at < bytes.length; at += 3)
    for (let left = bytes.readUInt16LE(at + 1); left > 0; left--)
      fates.push(bytes[at] === 0 ? null : CATEGORIES[bytes[at]! - 1]!)
  return fates
}

interface PartitionName {
  readonly name: string
  readonly file: string
}

/** The databases of a store that hold. */
function partitionsOf(folder: string): PartitionName[] {
  const control = new DatabaseSync(join(folder, 'control.db'), { readOnly: true })
  const layout = String(control.prepare("SELECT value FROM meta WHERE key = 'layout'").get()?.value)
  if (!['4', '5', '6', '7'].includes(layout)) throw new Error(`the store has the unknown format ${layout}`)
  const listed = new Map(
    control
      .prepare(layout === '4' ? 'SELECT name, 0 AS generation FROM partitions' : 'SELECT * FROM partitions')
      .all()
      .map(({ name, generation }) => [String(name), Number(generation)] as const),
  )
  control.close()
  const found = new Map<string, number[]>()
  for (const file of readdirSync(join(folder, 'partitions'))) {
    const match = /^([^.]+)(?:\.(\d+))?\.db$/.exec(file)
    if (match === null) continue
    found.set(match[1]!, [...(found.get(match[1]!) ?? []), Number(match[2] ?? 0)])
  }
  return [...found]
    .map(([name, there]) => {
      const said = listed.get(name)
      const generation = said !== undefined && there.includes(said) ? said : Math.min(...there)
      const file = generation === 0 ? `${name}.db` : `${name}.${generation}.db`
      return { name, file: join(folder, 'partitions', file) }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Each waybill that is stored, by agent, incarnation and sequence, with the leaf hashes that are kept. */
export function readWaybills(folder: string): Map<string, StoredWaybill> {
  const control = new DatabaseSync(join(folder, 'control.db'), { readOnly: true })
  const has = (table: string): boolean =>
    control.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined
  const waybills = new Map<string, StoredWaybill>()
  const kept = new Map<number, Record<string, unknown>>()
  if (has('leaf_hashes'))
    for (const row of control.prepare('SELECT * FROM leaf_hashes').all()) kept.set(Number(row.n), row)
  const add = (n: number, manifestBytes: Buffer, signature: Buffer, all: Buffer): void => {
    const manifest = JSON.parse(manifestBytes.toString('utf8')) as Manifest
    const leaves = new Array<Buffer | undefined>(manifest.events).fill(undefined)
    const row = kept.get(n)
    const hashes = row === undefined ? all : blob(row.hashes)
    const positions = row === undefined || row.positions === null ? undefined : uint16s(blob(row.positions))
    for (let i = 0; i < hashes.length / 32; i++)
      leaves[positions === undefined ? i : positions[i]!] = hashes.subarray(i * 32, i * 32 + 32)
    const { agent, incarnation, sequence } = manifest
    const told = row?.fates ?? null
    const fates = told === null ? null : fatesIn(blob(told))
    waybills.set(`${agent}/${incarnation}/${sequence}`, { manifest, manifestBytes, signature, leaves, fates })
  }
  for (const row of control.prepare('SELECT * FROM waybills ORDER BY n').all()) {
    const manifest = blob(row.manifest)
    if (sha256(manifest).toString('hex') !== row.hash) throw new Error('a stored hash is another')
    add(Number(row.n), manifest, blob(row.signature), blob(row.leaves))
  }
  if (has('packed_waybills')) {
    for (const row of control.prepare('SELECT bytes FROM packed_waybills').all()) {
      const lines = packedLines(blob(row.bytes))
      let before = ''
      for (let i = 0; i < lines.length; i += 2) {
        const beside = JSON.parse(lines[i + 1]!.toString('utf8')) as { n: number; signature: string }
        // The previous hash is left out if it is that of the line before.
        const manifest = Buffer.from(
          lines[i]!.toString('utf8').replace('"previous":""', `"previous":"${before}"`),
        )
        add(beside.n, manifest, Buffer.from(beside.signature, 'hex'), Buffer.alloc(0))
        before = sha256(manifest).toString('hex')
      }
    }
  }
  control.close()
  return waybills
}

/**
 * Every line of a store: partition by partition, chunk by chunk. With the leaf hashes that are kept, those of the lines of a waybill must
 * give the root that was sealed.
 */
export function* readLines(folder: string): Generator<StoredLine> {
  const waybills = readWaybills(folder)
  const present = new Set<string>()
  for (const { name, file } of partitionsOf(folder)) {
    for (const line of linesOf(name, file)) {
      const key = `${line.agent}/${line.incarnation}/${line.sequence}`
      const waybill = waybills.get(key)
      // A batch that a crash left halfway has no waybill yet: its agent sends it again.
      if (waybill === undefined) continue
      present.add(key)
      const leaf = leafHash(line.line)
      waybill.leaves[line.position] ??= leaf
      if (!waybill.leaves[line.position]?.equals(leaf))
        throw new Error(`${name}, chunk ${line.chunk}: a line is not the one that was sealed`)
      yield line
    }
  }
  for (const key of present) {
    const { leaves, manifest } = waybills.get(key)!
    const all = leaves.filter((leaf) => leaf !== undefined)
    if (all.length !== leaves.length) throw new Error(`${key}: the hash of a line is missing`)
    if (merkleRoot(all).toString('hex') !== manifest.root)
      throw new Error(`${key}: its lines are not those that were sealed`)
  }
}

function* linesOf(partition: string, file: string): Generator<StoredLine> {
  const database = new DatabaseSync(file, { readOnly: true })
  const batches = new Map(
    database
      .prepare('SELECT * FROM batches')
      .all()
      .map((row) => [Number(row.n), row] as const),
  )
  const renamed = blobsOf(database, 'SELECT chunk AS id, lines AS bytes FROM revisions')
  const additions = blobsOf(database, 'SELECT chunk AS id, bytes FROM additions')
  const format = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (format !== 0 && format !== 5) throw new Error(`${file} has the unknown format ${format}`)
  const block = format === 0 ? null : database.prepare('SELECT bytes FROM blocks WHERE id = ?')
  const opened = { id: 0, lines: [] as Buffer[] }
  for (const row of database.prepare('SELECT * FROM chunks ORDER BY id').all()) {
    let lines: Buffer[]
    if (block === null || row.block === null) lines = split(zstdDecompressSync(blob(row.bytes)))
    else {
      const id = Number(row.block)
      if (opened.id !== id) Object.assign(opened, { id, lines: packedLines(blob(block.get(id)?.bytes)) })
      lines = opened.lines.slice(Number(row.line), Number(row.line) + Number(row.lines))
    }
    const chunk = Number(row.id)
    const batch = batches.get(Number(row.batch))
    const marks = new Map(uint16s(renamed.get(chunk)).map((mark) => [mark & 0x3fff, mark >>> 14]))
    const added = additions.get(chunk)
    const texts = added === undefined ? [] : split(zstdDecompressSync(added)).map(String)
    const positions = row.positions === null ? null : uint16s(blob(row.positions))
    for (const [number, line] of lines.entries()) {
      const sealed = JSON.parse(line.toString('utf8')) as { event: { id: string }; agent?: { id?: string } }
      yield {
        partition,
        chunk,
        number,
        line,
        id: idOf(line, sealed.event.id, sealed.agent?.id ?? '', marks.get(number)),
        sealedId: sealed.event.id,
        agent: String(batch?.agent),
        incarnation: String(batch?.incarnation),
        sequence: Number(batch?.sequence),
        position: positions === null ? Number(row.first) + number : positions[number]!,
        ingested: Number(batch?.ingested),
        additions: (texts[number] ?? '') === '' ? null : JSON.parse(texts[number]!),
      }
    }
  }
  database.close()
}

/** Returns the id that follows from a line: the sealed one, or the one that its mark determines. */
function idOf(line: Buffer, sealed: string, agent: string, mark: number | undefined): string {
  if (mark === undefined) return sealed
  const hex = (text: string): string => createHash('sha256').update(text).digest('hex')
  const leaf = leafHash(line).toString('hex')
  if (mark === 0) {
    const id = hex(`waybill/revision/1\n${sealed}\n${leaf}`).slice(0, 40)
    return id.slice(0, 24) + (Number.parseInt(id[24]!, 16) | 8).toString(16) + id.slice(25)
  }
  const own = hex(`waybill/own/1\n${sealed}\n${agent}\n${mark === 2 ? leaf : ''}`)
  return `${own.slice(0, 24)}ffffffffffff${own.slice(24, 28)}`
}

/** The segments of each partition, with where their documents are. */
export function* readSegments(folder: string): Generator<{ partition: string; documents: Documents }> {
  for (const { name, file } of partitionsOf(folder)) {
    const database = new DatabaseSync(file, { readOnly: true })
    for (const row of database.prepare('SELECT id, content FROM segments ORDER BY id').all()) {
      const beside = join(folder, 'partitions', `${name}.${String(row.id)}.segment`)
      if (row.content === null && !existsSync(beside)) throw new Error(`${beside} is missing`)
      const documents = readSegment(row.content === null ? readFileSync(beside) : blob(row.content))
      yield { partition: name, documents }
    }
    database.close()
  }
}

function blob(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new Error('a column holds no bytes')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

const blobsOf = (database: DatabaseSync, sql: string): Map<number, Buffer> =>
  new Map(
    database
      .prepare(sql)
      .all()
      .map(({ id, bytes }) => [Number(id), blob(bytes)] as const),
  )

const uint16s = (bytes: Buffer | undefined): number[] =>
  Array.from({ length: (bytes?.length ?? 0) / 2 }, (_, i) => bytes!.readUInt16LE(i * 2))

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let at = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, at)) {
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return [...lines, bytes.subarray(at)]
}
