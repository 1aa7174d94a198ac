import { decodeCursor, encodeCursor, noCursor } from '../cursor.ts'

/** How far each partition was followed: its chunk, and the line in it to look at next. */
export type ArrivalCursor = ReadonlyMap<string, { readonly chunk: number; readonly line: number }>

export const arrivalCursorOf = (cursor: ArrivalCursor): string =>
  encodeCursor([...cursor].map(([partition, { chunk, line }]) => [partition, chunk, line]))

export function arrivalsOfCursor(text: string): ArrivalCursor {
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
