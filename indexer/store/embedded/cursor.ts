import type { Place } from '../../../schema/index.ts'

/** Where a page ended: behind a place, or (`inclusive`) right before it. */
export interface SearchCursor {
  readonly place: Place
  readonly inclusive: boolean
}

/** A cursor that no page gave. */
export class CursorError extends Error {
  override name = 'CursorError'
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw new CursorError('this is no cursor; give the `next` of the page before, unchanged')
  }
}

export const cursorOf = ({ place, inclusive }: SearchCursor): string =>
  encode([place.timestamp, place.agent, place.sequence, place.id, inclusive ? 1 : 0])

export function placeOfCursor(text: string): SearchCursor {
  const parts = decode(text)
  if (Array.isArray(parts) && parts.length === 5) {
    const [timestamp, agent, sequence, id, inclusive] = parts as unknown[]
    if (
      typeof timestamp === 'number' &&
      typeof agent === 'string' &&
      typeof sequence === 'number' &&
      typeof id === 'string'
    ) {
      return { place: { timestamp, agent, sequence, id }, inclusive: inclusive === 1 }
    }
  }
  throw new CursorError('this is no cursor; give the `next` of the page before, unchanged')
}

/** How far each partition was followed: its chunk, and the line in it to look at next. */
export type ArrivalCursor = ReadonlyMap<string, { readonly chunk: number; readonly line: number }>

export const arrivalCursorOf = (cursor: ArrivalCursor): string =>
  encode([...cursor].map(([partition, { chunk, line }]) => [partition, chunk, line]))

export function arrivalsOfCursor(text: string): ArrivalCursor {
  const parts = decode(text)
  const cursor = new Map<string, { chunk: number; line: number }>()
  if (!Array.isArray(parts))
    throw new CursorError('this is no cursor; give the `next` of the page before, unchanged')
  for (const part of parts as unknown[]) {
    const [partition, chunk, line] = Array.isArray(part) ? (part as unknown[]) : []
    if (typeof partition !== 'string' || typeof chunk !== 'number' || typeof line !== 'number') {
      throw new CursorError('this is no cursor; give the `next` of the page before, unchanged')
    }
    cursor.set(partition, { chunk, line })
  }
  return cursor
}
