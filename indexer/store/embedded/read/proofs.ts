import { zstdDecompressSync } from 'node:zlib'
import { HASH_BYTES, isIndexerAgent, leavesOf, merkleRoot, reasonOf } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import { encodeCursor } from '../../cursor.ts'
import type { Consignment, DamagedLines, KeptLine, Proof } from '../../port.ts'
import { CHUNK_BYTES, fatesOf, type ListedWaybill } from '../disk/index.ts'
import { type Context, keyOf, linesOf, readCursor } from './consignments.ts'
import { PartitionGoneError, type PartitionView } from './view.ts'

/**
 * The path for verifying everything. `consignmentsPage` makes an object of each line; this path only hashes lines where they were
 * decompressed. It answers with a few numbers for a waybill that is in order, and as `consignmentsPage` does for any other.
 */

const NEWLINE = 10
/** Events of a span, about: a thread reads one at a time. */
const SPAN_EVENTS = 20_000
const SPAN_WAYBILLS = 512

/** Consecutive waybills, and the chunks of their lines. */
export interface Span {
  readonly waybills: readonly ListedWaybill[]
  /** By partition, the first chunk and the one after the last. */
  readonly chunks: readonly (readonly [partition: string, from: number, to: number])[]
  readonly next: string
  readonly isEnd: boolean
}

export interface ProvedSpan {
  /** In the order of the span's waybills; between them lines apart from their waybills. */
  readonly proofs: readonly (Proof | Consignment)[]
  readonly damaged: readonly DamagedLines[]
}

/** Finds the next waybills and their chunks, without reading lines. */
export function nextSpan(after: string | null, { waybills, partitions, view }: Context): Span {
  const cursor = readCursor(after)
  const listed: ListedWaybill[] = []
  let events = 0
  for (
    let waybill = waybills.after(cursor.n);
    waybill !== null && events < SPAN_EVENTS && listed.length < SPAN_WAYBILLS;
    waybill = waybills.after(waybill.n)
  ) {
    listed.push(waybill)
    events += waybill.result.stored
  }
  const n = listed.at(-1)?.n ?? cursor.n
  const chunks: [string, number, number][] = []
  const next = new Map(cursor.chunks)
  for (const { name } of listed.length === 0 ? [] : partitions()) {
    const from = cursor.chunks.get(name) ?? 1
    const { database } = view(name)
    const first = database.prepare('SELECT id FROM chunks WHERE id >= ? AND batch > ? ORDER BY id LIMIT 1')
    const last = database.prepare('SELECT max(id) AS id FROM chunks')
    const to = Number(first.get(from, n)?.id ?? Number(last.get()?.id ?? 0) + 1)
    if (to > from) chunks.push([name, from, to])
    next.set(name, to)
  }
  return { waybills: listed, chunks, next: encodeCursor([n, [...next]]), isEnd: listed.length === 0 }
}

/** The place before the span with the first waybill that was received at this time or later. */
export function placeAt(time: number, context: Context): string | null {
  for (let place: string | null = null; ; ) {
    const span = nextSpan(place, context)
    if (span.isEnd || span.waybills.some(({ at }) => at >= time)) return place
    place = span.next
  }
}

/** A partition within a span, at its next chunk. */
interface Head {
  readonly view: PartitionView
  readonly rows: Iterator<Record<string, unknown>>
  row: Record<string, unknown> | null
  batch: number
}

const SELECT = `SELECT id, batch, first, positions, bytes, block, line, lines FROM chunks
  WHERE id >= ? AND id < ? ORDER BY id`

/** Hashes all lines of a span. */
export function provedSpan(
  { waybills, chunks }: Span,
  { waybills: list, partitions, view }: Context,
): ProvedSpan {
  const proofs: (Proof | Consignment)[] = []
  const damaged: DamagedLines[] = []
  const there = new Set(partitions().map(({ name }) => name))
  const heads = chunks.flatMap(([name, from, to]): Head[] => {
    // It has expired meanwhile.
    if (!there.has(name)) return []
    const its = view(name)
    const head = { view: its, rows: its.database.prepare(SELECT).iterate(from, to), row: null, batch: 0 }
    return step(head) ? [head] : []
  })
  for (const waybill of waybills) {
    for (const head of heads)
      while (head.row !== null && head.batch < waybill.n) {
        const lines = fullLines(head.view, Number(head.row.id), head.batch, damaged)
        if (lines.length > 0) proofs.push({ ...keyOf(head.view, head.batch), waybill: null, lines })
        step(head)
      }
    proofs.push(proofOf(waybill, heads, list, damaged))
  }
  return { proofs, damaged }
}

function step(head: Head): boolean {
  const { value, done } = head.rows.next()
  head.row = done === true ? null : value
  head.batch = done === true ? 0 : Number(value.batch)
  return head.row !== null
}

function fullLines(view: PartitionView, chunk: number, batch: number, damaged: DamagedLines[]): KeptLine[] {
  try {
    return linesOf({ view, chunk })
  } catch (thrown) {
    if (thrown instanceof PartitionGoneError) throw thrown
    damaged.push({
      ...keyOf(view, batch),
      where: `chunk ${chunk} of ${view.name} (${reasonOf(thrown)})`,
    })
    return []
  }
}

/** Hashes lines in memory that is used again. */
class Hashing {
  #lines: Buffer = Buffer.alloc(CHUNK_BYTES + 8192)
  #room: Buffer = Buffer.alloc(1024 * HASH_BYTES)

  /** The leaf hashes of the lines of a chunk. They are overwritten by the next ones. */
  of({ view, row }: Head): Buffer {
    if (row === null) return this.#room.subarray(0, 0)
    if (row.block !== null) {
      const chunk = view.chunk(Number(row.id))
      let end = 1
      for (let i = 0; i < chunk.lines; ) {
        const to = chunk.write(i, this.#lines, end)
        if (to === -1 || to === this.#lines.length) this.#grow()
        else {
          this.#lines[to] = NEWLINE
          end = to + 1
          i++
        }
      }
      return this.#hashed(end)
    }
    const lines = zstdDecompressSync(row.bytes as Uint8Array, { chunkSize: this.#lines.length - 1 })
    // The hash of a line begins with the byte before it.
    if (lines.length + 1 > this.#lines.length) this.#lines = Buffer.alloc(2 * lines.length)
    lines.copy(this.#lines, 1)
    return this.#hashed(lines.length + 1)
  }

  #hashed(end: number): Buffer {
    const { leaves, room } = leavesOf(this.#lines, 1, end, this.#room)
    this.#room = room
    return leaves
  }

  #grow(): void {
    const lines = Buffer.alloc(2 * this.#lines.length)
    this.#lines.copy(lines)
    this.#lines = lines
  }
}

const hashing = new Hashing()

function proofOf(
  waybill: ListedWaybill,
  heads: readonly Head[],
  list: Context['waybills'],
  damaged: DamagedLines[],
): Proof | Consignment {
  const { n, agent, incarnation, sequence, manifest, signature, at, result } = waybill
  const { events, root } = manifestIn(manifest)
  const found = Buffer.alloc(events * HASH_BYTES)
  const here = new Uint8Array(events)
  const taken: { readonly view: PartitionView; readonly chunk: number }[] = []
  let lines = 0
  // The lines of the trail are read, too.
  let isPlain = !isIndexerAgent(agent)
  for (const head of heads)
    for (; head.batch === n; step(head)) {
      taken.push({ view: head.view, chunk: Number(head.row?.id) })
      if (!isPlain) continue
      try {
        const leaves = hashing.of(head)
        const count = leaves.length / HASH_BYTES
        lines += count
        isPlain = enter(leaves, count, head.row, found, here)
      } catch (thrown) {
        if (thrown instanceof PartitionGoneError) throw thrown
        isPlain = false
      }
    }
  const kept = list.keptOf(n)
  const absent = isPlain ? completed(found, here, lines, kept) : null
  if (absent !== null && merkleRoot(found).toString('hex') === root) {
    const fates = absent.length === 0 || kept.fates === null ? null : fatesOf(kept.fates)
    const told = fates?.length === events ? fates : null
    return {
      agent,
      incarnation,
      sequence,
      manifest,
      signature,
      at,
      result,
      lines,
      absent: absent.map((position) => ({
        position,
        leaf: found.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES),
        fate: told === null ? undefined : told[position],
      })),
      hasFates: absent.length === 0 ? kept.fates !== null : told !== null,
    }
  }
  const all = taken.flatMap(({ view, chunk }) => fullLines(view, chunk, n, damaged))
  all.sort((a, b) => a.position - b.position)
  const { leaves, fates } = list.leavesOf(n)
  const sealed = new Map<number, Buffer>()
  for (const { position } of all) {
    const leaf = leaves.get(position)
    if (leaf === undefined) continue
    sealed.set(position, leaf)
    leaves.delete(position)
  }
  return {
    agent,
    incarnation,
    sequence,
    waybill: { manifest, signature, at, result, leaves, sealed, fates },
    lines: all,
  }
}

/**
 * Completes the hashes of lines that were found with the kept ones of the others. Returns the positions of these; null if hashes are
 * missing, or if a line does not have its kept hash.
 */
function completed(
  found: Buffer,
  here: Uint8Array,
  lines: number,
  { all, some }: ReturnType<Context['waybills']['keptOf']>,
): number[] | null {
  if (all !== null && all.length !== found.length) return null
  if (lines === here.length && all !== null) return all.equals(found) ? [] : null
  const absent: number[] = []
  for (let position = 0; position < here.length; position++) {
    const place = position * HASH_BYTES
    const leaf = all?.subarray(place, place + HASH_BYTES) ?? some.get(position)
    if (here[position] === 0) {
      if (leaf === undefined) return null
      leaf.copy(found, place)
      absent.push(position)
    } else if (leaf !== undefined && leaf.compare(found, place, place + HASH_BYTES) !== 0) return null
  }
  return absent
}

/** Puts the hashes of a chunk into their places; false if a place is not in the waybill, or has a line already. */
function enter(leaves: Buffer, count: number, row: Head['row'], found: Buffer, here: Uint8Array): boolean {
  const listed = row?.positions
  const positions = listed instanceof Uint8Array ? new Uint16Array(new Uint8Array(listed).buffer) : null
  const first = Number(row?.first)
  for (let i = 0; i < count; i++) {
    const position = positions === null ? first + i : positions[i]!
    if (here[position] !== 0) return false
    here[position] = 1
    if (positions !== null) leaves.copy(found, position * HASH_BYTES, i * HASH_BYTES, (i + 1) * HASH_BYTES)
  }
  if (positions === null) leaves.copy(found, first * HASH_BYTES, 0, count * HASH_BYTES)
  return true
}

function manifestIn(bytes: Buffer): Pick<Manifest, 'events' | 'root'> {
  try {
    const { events, root } = JSON.parse(bytes.toString('utf8')) as Manifest
    if (Number.isInteger(events) && events >= 0 && events <= 0xffff) return { events, root }
  } catch {
    // The examination of the waybill finds that out.
  }
  return { events: 0, root: '' as Manifest['root'] }
}
