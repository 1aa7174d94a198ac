import type { Place } from '../../schema/index.ts'

/** The end of a page: after a place, or (`inclusive`) right before it. */
export interface SearchCursor {
  readonly place: Place
  readonly inclusive: boolean
}

/** The cursor is invalid: no page gave it. */
export class CursorError extends Error {
  override name = 'CursorError'
}

export const noCursor = (): CursorError =>
  new CursorError('this is no cursor; give the `next` of the page before, unchanged')

export const encodeCursor = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

/** The parts are checked by hand, so that the threads of the embedded store need not load zod for this. */
export function decodeCursor(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw noCursor()
  }
}

export const cursorOf = ({ place, inclusive }: SearchCursor): string =>
  encodeCursor([place.timestamp, place.agent, place.sequence, place.id, inclusive ? 1 : 0])

export function placeOfCursor(text: string): SearchCursor {
  const parts = decodeCursor(text)
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
  throw noCursor()
}
