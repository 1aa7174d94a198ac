import type { AuditEvent } from '../../../../schema/index.ts'
import { matcherOf } from '../../../query/index.ts'
import { decodeCursor, encodeCursor, noCursor } from '../../cursor.ts'
import type { ArrivalsRequest } from '../../port.ts'
import type { PartitionRow } from '../disk/index.ts'
import type { SearchContext } from './search.ts'
import { asStored, type PartitionView } from './view.ts'

/** The position in each partition: its chunk, and the line in it to look at next. */
type ArrivalCursor = ReadonlyMap<string, { readonly chunk: number; readonly line: number }>

interface Followed {
  readonly view: PartitionView
  /** Number of the batch that its next chunk came with: what orders partitions among each other. */
  batch: number
  chunk: number
  line: number
}

/** Returns the chunk at or after this one, or null if there is none. */
function chunkFrom(view: PartitionView, chunk: number): { id: number; batch: number } | null {
  const row = view.database
    .prepare('SELECT id, batch FROM chunks WHERE id >= ? ORDER BY id LIMIT 1')
    .get(chunk)
  return row === undefined ? null : { id: Number(row.id), batch: Number(row.batch) }
}

/**
 * Returns events in the order in which they were stored. A partition's chunks are numbered as they come. So a cursor is a place in each
 * partition, and later arrivals always come after it. There is always a next page: it may be empty for now.
 */
export function arrivalsPage(
  request: ArrivalsRequest,
  context: SearchContext,
): { events: AuditEvent[]; next: string } {
  const cursor = new Map(request.after === null ? [] : arrivalsOfCursor(request.after))
  const events: AuditEvent[] = []
  const isAsked = matcherOf(request.query)
  const followed: Followed[] = []
  for (const { name } of context.partitions) {
    const { chunk, line } = cursor.get(name) ?? { chunk: 1, line: 0 }
    const view = context.view(name)
    const next = chunkFrom(view, chunk)
    if (next !== null)
      followed.push({ view, batch: next.batch, chunk: next.id, line: next.id === chunk ? line : 0 })
  }
  while (followed.length > 0 && events.length < request.limit) {
    let first = followed[0]!
    for (const one of followed) if (one.batch < first.batch) first = one
    const { view, chunk } = first
    const { lines } = view.chunk(chunk)
    while (first.line < lines && events.length < request.limit) {
      const event = view.event(chunk, first.line++)
      if (isAsked(event)) events.push(asStored(event))
    }
    cursor.set(view.name, {
      chunk: first.line < lines ? chunk : chunk + 1,
      line: first.line < lines ? first.line : 0,
    })
    if (first.line >= lines) {
      const next = chunkFrom(view, chunk + 1)
      if (next === null) followed.splice(followed.indexOf(first), 1)
      else Object.assign(first, { batch: next.batch, chunk: next.id, line: 0 })
    }
    if (context.late()) break
  }
  return { events, next: arrivalCursorOf(cursor) }
}

export function endOfArrivals(
  partitions: readonly PartitionRow[],
  view: (name: string) => PartitionView,
): string {
  return arrivalCursorOf(
    new Map(
      partitions.map(({ name }) => {
        const row = view(name).database.prepare('SELECT max(id) AS last FROM chunks').get()
        return [name, { chunk: Number(row?.last ?? 0) + 1, line: 0 }]
      }),
    ),
  )
}

const arrivalCursorOf = (cursor: ArrivalCursor): string =>
  encodeCursor([...cursor].map(([partition, { chunk, line }]) => [partition, chunk, line]))

function arrivalsOfCursor(text: string): ArrivalCursor {
  const parts = decodeCursor(text)
  const cursor = new Map<string, { chunk: number; line: number }>()
  if (!Array.isArray(parts)) throw noCursor()
  for (const part of parts as unknown[]) {
    const [partition, chunk, line] = Array.isArray(part) ? (part as unknown[]) : []
    if (typeof partition !== 'string' || typeof chunk !== 'number' || typeof line !== 'number') {
      throw noCursor()
    }
    cursor.set(partition, { chunk, line })
  }
  return cursor
}
