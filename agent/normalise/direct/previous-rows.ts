import { DEEPEST, isPreviousName, tellsPrevious } from '../previous.ts'
import type { Found } from './found.ts'
import { KIND, ROW } from './rows.ts'

/** As `previous.ts` has it, over the rows of a record. */
export const mayHoldPrevious = (found: Found): boolean =>
  isWithin(found, found.root, 0) || found.added.some((source) => isIn(found, found.hit(source), 0))

function isWithin(found: Found, row: number, depth: number): boolean {
  const kind = found.kind(row)
  if (kind === KIND.string) return isTold(found, row)
  if ((kind !== KIND.object && kind !== KIND.array) || depth === DEEPEST) return false
  const end = found.next(row)
  for (let member = row + ROW; member < end; member = found.next(member)) {
    if (depth === 0 && found.isRemoved(member)) continue
    if (kind === KIND.object ? isIn(found, member, depth) : isWithin(found, member, depth + 1)) return true
  }
  return false
}

/** Of a member. */
function isIn(found: Found, row: number, depth: number): boolean {
  if (found.isEmpty(row)) return false
  const kind = found.kind(row)
  if ((kind === KIND.object || kind === KIND.array) && row + ROW === found.next(row)) return false
  return isPreviousName(found.name(row)) || isWithin(found, row, depth + 1)
}

const SPACE = 0x20
const GREATER = 0x3e
const BACKSLASH = 0x5c
const NOT_ASCII = 0x80
const SHORTEST = 5

/** Most texts hold nothing by which they could tell it. */
function isTold(found: Found, row: number): boolean {
  const { bytes } = found
  const to = found.to(row)
  let at = found.from(row)
  if (to - at < SHORTEST) return false
  for (; at < to; at++) {
    const byte = bytes[at]!
    if (byte === SPACE || byte === GREATER || byte === BACKSLASH || byte >= NOT_ASCII)
      return tellsPrevious(found.text(row))
  }
  return false
}
