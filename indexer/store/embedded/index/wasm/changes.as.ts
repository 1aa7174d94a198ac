import {
  BACKSLASH,
  CLOSE_LIST,
  COMMA,
  indexed,
  indexedLength,
  OPEN_LIST,
  plainEnd,
  present,
  putPlace,
  QUOTE,
  rest,
  SEED,
  skipString,
} from './module.as'

/**
 * What a line's changes are found by, where it doesn't say so itself: the fields that changed, as the value of a facet, and `field=value` of what was
 * before and is now. `changeIndexOf` of the schema says the same in TypeScript.
 */

/** The list of fields, then the texts that are for the other side. `line-memory.ts` has the same. */
const LIST: usize = 128 * 65536
const TEXTS: usize = LIST + 16384
const END: usize = LIST + 65536
/** Units of a text as bytes of its JSON, at most. */
const WIDEST: i32 = 6

let fieldsPlace: i32 = 0
let before: usize = 0
let after: usize = 0
let listEnd: usize = LIST
let textsEnd: usize = TEXTS

/** The place of the fields' facet, and the members of what was before and is now. */
export function prepareChanges(place: i32, beforeMember: i32, afterMember: i32): void {
  fieldsPlace = place
  before = beforeMember
  after = afterMember
}

export function beginChanges(): void {
  listEnd = LIST
  textsEnd = TEXTS
}

export function endChanges(): void {
  if (listEnd == LIST) return
  store<u8>(listEnd, CLOSE_LIST)
  putPlace(fieldsPlace, <i32>LIST, <i32>listEnd + 1)
}

/**
 * Takes a change: where its field, what it was and what it is stand, texts with their quotes, and 0 for what is not said. False where the plain way
 * must: for forms of a text that two texts may be one in, and where there is no room.
 */
export function takeChange(field: i32, fieldEnd: i32, old: i32, oldEnd: i32, now: i32, nowEnd: i32): bool {
  if (!hasOneForm(field, fieldEnd) || !hasOneForm(old, oldEnd) || !hasOneForm(now, nowEnd)) return false
  if (old != 0 && now != 0 && isSame(old, oldEnd, now, nowEnd)) return true
  return (
    listed(field, fieldEnd) && valued(before, field, fieldEnd, old, oldEnd) && valued(after, field, fieldEnd, now, nowEnd)
  )
}

/** Whether these texts are written as RFC 8785 has it, as far as it matters: a sign that is escaped by its number may be another one's escape. */
function hasOneForm(from: i32, to: i32): bool {
  for (let at = from; at < to; at++) {
    if (load<u8>(at) != BACKSLASH) continue
    const escaped: i32 = load<u8>(++at)
    if (escaped == 0x75 || escaped == 0x2f) return false
  }
  return true
}

function isSame(from: i32, to: i32, other: i32, otherTo: i32): bool {
  return to - from == otherTo - other && memory.compare(from, other, to - from) == 0
}

/** Puts a field into the list, once. */
function listed(field: i32, end: i32): bool {
  const length = end - field
  let at = LIST + 1
  while (at < listEnd) {
    const behind: usize = skipString(<i32>at)
    if (<i32>(behind - at) == length && memory.compare(at, field, length) == 0) return true
    at = behind + 1
  }
  if (listEnd + length + 2 > TEXTS) return false
  store<u8>(listEnd, listEnd == LIST ? OPEN_LIST : COMMA)
  memory.copy(listEnd + 1, field, length)
  listEnd += length + 1
  return true
}

function valued(known: usize, field: i32, fieldEnd: i32, value: i32, valueEnd: i32): bool {
  // Nothing is said, or null.
  if (value == 0 || load<u8>(value) != QUOTE) return true
  present(known)
  const length = fieldEnd - field + (valueEnd - value) - 3
  if (length > WIDEST * indexedLength + 2) return true
  if (textsEnd + length + 18 > END) return false
  let at = textsEnd
  memory.copy(at, field, fieldEnd - field - 1)
  at += fieldEnd - field - 1
  store<u8>(at++, 0x3d)
  memory.copy(at, value + 1, valueEnd - value - 1)
  at += valueEnd - value - 1
  const from = <i32>textsEnd
  const end = <i32>at
  const seed = load<i32>(known, SEED)
  if (plainEnd(from + 1) == end - 1) return end - from - 2 > indexedLength || indexed(seed, from + 1, end - 1, true, false)
  textsEnd = at
  return rest(known, seed, from, end)
}
