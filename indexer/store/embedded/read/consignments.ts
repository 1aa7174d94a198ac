import { leafHash, reasonOf } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import { decodeCursor, encodeCursor, noCursor } from '../../cursor.ts'
import {
  type Consignment,
  type ConsignmentPage,
  type DamagedLines,
  type HeaderPage,
  type KeptLine,
  type KeptWaybill,
  type SealedEvent,
  StoreUnavailableError,
  type WaybillHeader,
} from '../../port.ts'
import type { ListedWaybill, PartitionRow, WaybillList } from '../disk/index.ts'
import { PartitionGoneError, type PartitionView } from './view.ts'

/** Bytes of lines on a page: one waybill more than that has room for. */
const PAGE_BYTES = 6 * 1024 * 1024

/** The last waybill of a page, by the number of its batch, and the next chunk of each partition. */
interface Cursor {
  n: number
  readonly chunks: Map<string, number>
}

/** The next chunk of a partition. */
interface Head {
  readonly view: PartitionView
  chunk: number
  batch: number
}

export interface Context {
  readonly waybills: WaybillList
  /** Lists the partitions. They are listed after the waybills, so a listed waybill has all its lines. */
  readonly partitions: () => readonly PartitionRow[]
  readonly view: (name: string) => PartitionView
}

/**
 * Waybills in the order of their numbers, each with the chunks of its batch. A partition's chunks have ascending numbers, and mostly
 * ascending batches. A chunk with the batch of an earlier waybill, or of none, is a consignment of its own: a dead letter was stored at
 * last, or an indexer was stopped between two partitions.
 */
export function consignmentsPage(
  { after, limit }: { readonly after: string | null; readonly limit: number },
  { waybills, partitions, view }: Context,
): ConsignmentPage {
  const cursor = readCursor(after)
  const consignments: Consignment[] = []
  const damaged: DamagedLines[] = []
  let bytes = 0
  let waybill = waybills.after(cursor.n)
  const heads = partitions().flatMap(({ name }): Head[] => {
    const head = { view: view(name), chunk: cursor.chunks.get(name) ?? 1, batch: 0 }
    return advance(head, cursor) ? [head] : []
  })
  /** Takes the chunks of the first batch within these numbers: its lines, and a partition that knows its key. */
  const take = (most: number, least = 0): { batch: number; lines: KeptLine[]; of: Head['view'] } | null => {
    let first: Head | null = null
    for (const head of heads)
      if (head.batch >= least && head.batch <= most && head.batch < (first?.batch ?? Infinity)) first = head
    if (first === null) return null
    const { batch, view: of } = first
    const lines: KeptLine[] = []
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i]!
      while (head.batch === batch) {
        try {
          for (const line of linesOf(head)) {
            lines.push(line)
            bytes += line.line.length
          }
        } catch (thrown) {
          if (thrown instanceof PartitionGoneError) throw thrown
          const where = `chunk ${head.chunk} of ${head.view.name} (${reasonOf(thrown)})`
          damaged.push({ ...keyOf(head.view, batch), where })
        }
        head.chunk++
        if (advance(head, cursor)) continue
        heads.splice(i--, 1)
        break
      }
    }
    lines.sort((a, b) => a.position - b.position)
    return { batch, lines, of }
  }
  while (waybill !== null && consignments.length < limit && bytes < PAGE_BYTES) {
    const { n, agent, incarnation, sequence, manifest, signature, at, result } = waybill
    const taken = take(n)
    if (taken !== null && taken.batch < n) {
      if (taken.lines.length > 0)
        consignments.push({ ...keyOf(taken.of, taken.batch), waybill: null, lines: taken.lines })
      continue
    }
    const lines = taken?.lines ?? []
    const kept: KeptWaybill = { manifest, signature, at, result, ...hashesOf(waybills, n, lines) }
    consignments.push({ agent, incarnation, sequence, waybill: kept, lines })
    cursor.n = n
    waybill = waybills.after(n)
  }
  /** A batch after the last waybill: a dead letter that was stored at last, or one whose waybill is not settled yet. */
  const isApart = ({ view: of, batch }: Head): boolean => {
    if (batch <= cursor.n) return true
    const { agent, incarnation, sequence } = of.batchOf(batch)
    const settled = waybills.numberOf(agent, incarnation, sequence)
    return settled !== null && settled !== batch
  }
  const apart = (): number => Math.min(...heads.filter(isApart).map(({ batch }) => batch))
  let next = waybill === null ? apart() : Number.POSITIVE_INFINITY
  while (Number.isFinite(next) && consignments.length < limit && bytes < PAGE_BYTES) {
    const taken = take(next, next)
    if (taken !== null && taken.lines.length > 0)
      consignments.push({ ...keyOf(taken.of, taken.batch), waybill: null, lines: taken.lines })
    next = apart()
  }
  const isEnd = waybill === null && !Number.isFinite(next)
  return { consignments, damaged, next: encodeCursor([cursor.n, [...cursor.chunks]]), isEnd }
}

/** The hashes that are kept with a waybill: of these lines, and of all others. */
function hashesOf(
  waybills: WaybillList,
  n: number,
  lines: readonly KeptLine[],
): Pick<KeptWaybill, 'sealed' | 'fates'> & { readonly leaves: Map<number, Buffer> } {
  const { leaves, fates } = waybills.leavesOf(n)
  const sealed = new Map<number, Buffer>()
  for (const { position } of lines) {
    const leaf = leaves.get(position)
    if (leaf === undefined) continue
    sealed.set(position, leaf)
    leaves.delete(position)
  }
  return { leaves, sealed, fates }
}

/** Waybills in the order of their numbers, without their lines. */
export function headersPage(
  { after, limit }: { readonly after: string | null; readonly limit: number },
  waybills: WaybillList,
): HeaderPage {
  const begin = after === null ? 0 : decodeCursor(after)
  if (typeof begin !== 'number') throw noCursor()
  let n = begin
  const headers: WaybillHeader[] = []
  let waybill = waybills.after(n)
  while (waybill !== null && headers.length < limit) {
    const { agent, incarnation, sequence, hash, at, manifest } = waybill
    const { key } = JSON.parse(manifest.toString('utf8')) as Manifest
    n = waybill.n
    headers.push({ agent, incarnation, sequence, hash, key, at, cursor: encodeCursor(n) })
    waybill = waybills.after(n)
  }
  return { headers, next: encodeCursor(n), isEnd: waybill === null }
}

/** A line with its waybill. Leaf hashes that are not kept follow from lines that are here. */
export function sealedEvent(
  { view: its, chunk, line }: { readonly view: PartitionView; readonly chunk: number; readonly line: number },
  { waybills, partitions, view }: Context,
): SealedEvent | null {
  const opened = its.chunk(chunk)
  const { agent, incarnation, sequence } = its.batchOf(opened.batch)
  const waybill = waybills.find(agent, incarnation, sequence)
  if (waybill === null) return null
  const { n, manifest, signature } = waybill
  const { leaves } = waybills.leavesOf(n)
  if (leaves.size < (JSON.parse(manifest.toString('utf8')) as Manifest).events)
    for (const { name } of partitions()) {
      const one = view(name)
      for (const row of one.database.prepare('SELECT id FROM chunks WHERE batch = ?').all(n)) {
        const other = one.chunk(Number(row.id))
        for (let i = 0; i < other.lines; i++) leaves.set(other.position(i), leafHash(other.line(i)))
      }
    }
  return {
    agent,
    incarnation,
    sequence,
    position: opened.position(line),
    line: opened.line(line),
    manifest,
    signature,
    leaves,
  }
}

/** The numbers of the chunks of each batch of a partition, as far as they were read. */
interface ChunkMap {
  next: number
  readonly byBatch: Map<number, number[]>
}
const chunkMaps = new WeakMap<PartitionView, ChunkMap>()

/**
 * Goes through the chunks of one partition. A chunk's waybill says which lines of other partitions it has: where their hashes are not kept,
 * they are computed from these lines.
 */
export function partitionPage(
  { name, after, limit }: { readonly name: string; readonly after: string | null; readonly limit: number },
  { waybills, partitions, view }: Context,
): ConsignmentPage {
  const cursor: Cursor = after === null ? { n: 0, chunks: new Map() } : readCursor(after)
  const names = partitions().map((row) => row.name)
  if (!names.includes(name))
    throw new StoreUnavailableError(`There is no partition ${name} any more: it has expired.`)
  const head: Head = { view: view(name), chunk: cursor.chunks.get(name) ?? 1, batch: 0 }
  const consignments: Consignment[] = []
  const damaged: DamagedLines[] = []
  let bytes = 0
  let isMore = advance(head, cursor)
  while (isMore && consignments.length < limit && bytes < PAGE_BYTES) {
    const { batch } = head
    const lines: KeptLine[] = []
    while (isMore && head.batch === batch) {
      try {
        for (const line of linesOf(head)) {
          lines.push(line)
          bytes += line.line.length
        }
      } catch (thrown) {
        if (thrown instanceof PartitionGoneError) throw thrown
        const where = `chunk ${head.chunk} of ${name} (${reasonOf(thrown)})`
        damaged.push({ ...keyOf(head.view, batch), where })
      }
      head.chunk++
      isMore = advance(head, cursor)
    }
    if (lines.length === 0) continue
    lines.sort((a, b) => a.position - b.position)
    const key = keyOf(head.view, batch)
    const waybill = waybillOf(batch, key, waybills)
    consignments.push({ ...key, lines, waybill: waybill === null ? null : keptOf(waybill, lines) })
  }
  return { consignments, damaged, next: encodeCursor([0, [...cursor.chunks]]), isEnd: !isMore }

  function keptOf(
    { n, manifest, signature, at, result }: ListedWaybill,
    lines: readonly KeptLine[],
  ): KeptWaybill {
    const { leaves, sealed, fates } = hashesOf(waybills, n, lines)
    const { events } = JSON.parse(manifest.toString('utf8')) as Manifest
    const own = new Set(lines.map(({ position }) => position))
    for (const other of names) {
      if (leaves.size + own.size >= events) break
      const there = view(other)
      for (const chunk of chunksOf(there, n))
        for (const { position, line } of linesOf({ view: there, chunk }))
          if (!own.has(position) && !leaves.has(position)) leaves.set(position, leafHash(line))
    }
    return { manifest, signature, at, result, leaves, sealed, fates }
  }
}

function waybillOf(
  batch: number,
  { agent, incarnation, sequence }: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>,
  waybills: WaybillList,
): ListedWaybill | null {
  const isIt = (one: ListedWaybill | null): boolean =>
    one?.agent === agent && one.incarnation === incarnation && one.sequence === sequence
  // A dead letter that was stored at last has a batch of its own.
  const next = waybills.after(batch - 1)
  if (isIt(next)) return next
  const n = waybills.numberOf(agent, incarnation, sequence)
  return n === null ? null : waybills.after(n - 1)
}

/** The chunks of a batch in a partition. No index has them: older versions kept fewer leaf hashes, and only for these are they needed. */
function chunksOf(view: PartitionView, batch: number): readonly number[] {
  let map = chunkMaps.get(view)
  if (map === undefined) {
    map = { next: 1, byBatch: new Map() }
    chunkMaps.set(view, map)
  }
  for (const row of view.database
    .prepare('SELECT id, batch FROM chunks WHERE id >= ? ORDER BY id')
    .iterate(map.next)) {
    const known = map.byBatch.get(Number(row.batch))
    if (known === undefined) map.byBatch.set(Number(row.batch), [Number(row.id)])
    else known.push(Number(row.id))
    map.next = Number(row.id) + 1
  }
  return map.byBatch.get(batch) ?? []
}

export function linesOf({ view, chunk }: Pick<Head, 'view' | 'chunk'>): KeptLine[] {
  const opened = view.chunk(chunk)
  const ingested = Date.parse(view.batchOf(opened.batch).ingested)
  return Array.from({ length: opened.lines }, (_, index) => ({
    position: opened.position(index),
    line: opened.line(index),
    ingested,
    renamed: opened.renaming(index),
    additions: opened.addedText(index),
  }))
}

export function keyOf(
  view: PartitionView,
  batch: number,
): Pick<Consignment, 'agent' | 'incarnation' | 'sequence'> {
  const { agent, incarnation, sequence } = view.batchOf(batch)
  return { agent, incarnation, sequence }
}

/** Goes to the chunk at or after the present number; returns false if there is none. */
function advance(head: Head, { chunks }: Cursor): boolean {
  const row = head.view.database
    .prepare('SELECT id, batch FROM chunks WHERE id >= ? ORDER BY id LIMIT 1')
    .get(head.chunk)
  chunks.set(head.view.name, row === undefined ? head.chunk : Number(row.id))
  if (row === undefined) return false
  head.chunk = Number(row.id)
  head.batch = Number(row.batch)
  return true
}

export function readCursor(text: string | null): Cursor {
  if (text === null) return { n: 0, chunks: new Map() }
  const parts = decodeCursor(text)
  const [n, chunks] = Array.isArray(parts) ? (parts as unknown[]) : []
  if (typeof n !== 'number' || !Array.isArray(chunks)) throw noCursor()
  return { n, chunks: new Map(chunks as [string, number][]) }
}
