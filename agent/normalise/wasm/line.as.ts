import { FROM, NEXT, NULL, ROW, TO } from './rows.as'
import { copy, escaped } from './text.as'

// How a leaf's value is to be written; `values.ts` has the same.
const ABSENT: i32 = 0
const PLAIN_TEXT: i32 = 1
const QUOTED: i32 = 2
const JSON: i32 = 3
const LIST: i32 = 4
const SINGLE: i32 = 5
const ORIGINAL: i32 = 6
const OFFSET: i32 = 7
const ID: i32 = 8
const MESSAGE: i32 = 9
const PROGRAM: i32 = 10
const CHANGES: i32 = 11
/** From here on: what is asked for, and follows from the rest. It is not written. */
const FOLLOWING: i32 = 12

// What a line is made of, at `line` (`writer.ts` writes it).
const LEAVES: usize = 0
const HOWS: usize = 4
const FROMS: usize = 8
const TOS: usize = 12
/** By pair of leaves: where the text between them stands, and its length; 0 where it is not known yet. */
const GAPS: usize = 16
/** A list of lists of leaves, each list with its length in front. */
const MESSAGE_LISTS: usize = 20
const LONGEST_MESSAGE: usize = 24
const CHANGE_COUNT: usize = 28
const FIELDS_FROM: usize = 32
const FIELDS_TO: usize = 36
const OLDS: usize = 40
const NOWS: usize = 44
const ID_FROM: usize = 48
const ID_TO: usize = 52

/** A change's value that is not there; less is one that is nothing where its neighbour is something. */
const ABSENT_VALUE: i32 = -1

const NONE: i32 = -1

let line: usize = 0
let hows: usize = 0
let froms: usize = 0
let tos: usize = 0

/**
 * Writes the event of a record as one line of canonical JSON. Gives where the line ends; -1 where its message is too long; or less: of
 * which pair of leaves the text between is missing (-2 less the pair's number). Reads and writes up to 15 bytes more than it says.
 */
export function writeLine(parts: i32, out: i32, place: f64): i32 {
  const offset = <i64>place
  line = parts
  hows = load<i32>(line, HOWS)
  froms = load<i32>(line, FROMS)
  tos = load<i32>(line, TOS)
  const gaps: usize = load<i32>(line, GAPS)
  const leaves = load<i32>(line, LEAVES)
  let at = out
  let previous = 0
  for (let leaf = present(0, leaves); leaf <= leaves; leaf = present(leaf + 1, leaves)) {
    const how: i32 = leaf == leaves ? JSON : load<u8>(hows + leaf)
    if (how >= FOLLOWING) continue
    const pair = previous * (leaves + 1) + leaf
    const gap = load<i32>(gaps + (pair << 3))
    if (gap == 0) return -2 - pair
    at = copy(gap, gap + load<i32>(gaps + (pair << 3), 4), at)
    previous = leaf + 1
    if (leaf == leaves) break
    const from = load<i32>(froms + (leaf << 2))
    const to = load<i32>(tos + (leaf << 2))
    switch (how) {
      case JSON:
        at = copy(from, to, at)
        break
      case PLAIN_TEXT:
        // With its quotes.
        at = copy(from - 1, to + 1, at)
        break
      case QUOTED:
        at = quoted(from, to, at)
        break
      case LIST:
        at = list(from, at)
        break
      case SINGLE:
        store<u8>(at, 0x5b)
        at = quoted(load<i32>(from, FROM), load<i32>(from, TO), at + 1)
        store<u8>(at++, 0x5d)
        break
      case ORIGINAL:
        store<u8>(at, 0x22)
        at = escaped(from, to, at + 1)
        store<u8>(at++, 0x22)
        break
      case OFFSET:
        at = decimal(at, offset)
        break
      case ID:
        store<u8>(at, 0x22)
        at = copy(load<i32>(line, ID_FROM), load<i32>(line, ID_TO), at + 1)
        at = hex16(at, offset)
        store<u8>(at++, 0x22)
        break
      case MESSAGE:
        at = message(at)
        if (at == NONE) return NONE
        break
      case PROGRAM:
        at = run(from, to, at)
        break
      default:
        at = changes(at)
    }
  }
  store<u8>(at, 0x0a)
  return at + 1
}

/** The first leaf from this one on that is there, of the many that an event may have; their number where none is. */
function present(from: i32, leaves: i32): i32 {
  const absent = i8x16.splat(<i8>ABSENT)
  for (let leaf = from; leaf < leaves; leaf += 16) {
    const marks = i8x16.bitmask(i8x16.ne(v128.load(hows + leaf), absent))
    if (marks != 0) return min(leaf + ctz(marks), leaves)
  }
  return max(from, leaves)
}

function quoted(from: i32, to: i32, out: i32): i32 {
  store<u8>(out, 0x22)
  const at = copy(from, to, out + 1)
  store<u8>(at, 0x22)
  return at + 1
}

/** A row that is a list of scalars, as texts. */
function list(row: i32, out: i32): i32 {
  const behind = load<i32>(row, NEXT)
  let at = out
  store<u8>(at++, 0x5b)
  for (let item = row + ROW; item < behind; item = load<i32>(item, NEXT)) {
    if (item > row + ROW) store<u8>(at++, 0x2c)
    at = quoted(load<i32>(item, FROM), load<i32>(item, TO), at)
  }
  store<u8>(at, 0x5d)
  return at + 1
}

/** Whether a leaf has a text: a text, or what becomes one; not a structure. */
function hasText(leaf: i32): bool {
  const how: i32 = load<u8>(hows + leaf)
  if (how == PLAIN_TEXT || how == QUOTED) return true
  if (how != JSON) return false
  const from = load<i32>(froms + (leaf << 2))
  const first = load<u8>(from)
  return first != 0x5b && first != 0x7b && load<i32>(tos + (leaf << 2)) - from > (first == 0x22 ? 2 : 0)
}

function textFrom(leaf: i32): i32 {
  const from = load<i32>(froms + (leaf << 2))
  return load<u8>(hows + leaf) == JSON && load<u8>(from) == 0x22 ? from + 1 : from
}

function textTo(leaf: i32): i32 {
  const to = load<i32>(tos + (leaf << 2))
  return load<u8>(hows + leaf) == JSON && load<u8>(load<i32>(froms + (leaf << 2))) == 0x22 ? to - 1 : to
}

/** Of each list the first leaf that has a text, with spaces between. */
function message(out: i32): i32 {
  let at = out
  store<u8>(at++, 0x22)
  const start = at
  let lists: usize = load<i32>(line, MESSAGE_LISTS)
  let count = load<i32>(lists)
  lists += 4
  for (; count > 0; count--) {
    const length = load<i32>(lists)
    for (let i = 0; i < length; i++) {
      const leaf = load<i32>(lists + 4 + (i << 2))
      if (!hasText(leaf)) continue
      if (at > start) store<u8>(at++, 0x20)
      at = copy(textFrom(leaf), textTo(leaf), at)
      break
    }
    lists += 4 + (length << 2)
  }
  if (at - start > load<i32>(line, LONGEST_MESSAGE)) return NONE
  store<u8>(at, 0x22)
  return at + 1
}

/** Each entry of a program is an address and a length, to be copied. */
function run(from: i32, to: i32, out: i32): i32 {
  let at = out
  for (let entry = from; entry < to; entry += 8) {
    const start = load<i32>(entry)
    at = copy(start, start + load<i32>(entry, 4), at)
  }
  return at
}

function numberAt(list: usize, index: i32): i32 {
  return load<i32>(load<i32>(line + list) + (index << 2))
}

/** Whether this is a value with a text: not absent, not null. */
function isValue(row: i32): bool {
  return row >= 0 && load<i32>(row) != NULL
}

function field(change: i32, out: i32): i32 {
  return copy(numberAt(FIELDS_FROM, change), numberAt(FIELDS_TO, change), out)
}

function changes(out: i32): i32 {
  const count = load<i32>(line, CHANGE_COUNT)
  let at = out
  store<u8>(at++, 0x5b)
  for (let i = 0; i < count; i++) {
    if (i > 0) store<u8>(at++, 0x2c)
    // {"field":"
    store<u64>(at, 0x22646c656966227b)
    store<u16>(at + 8, 0x223a)
    at = field(i, at + 10)
    store<u8>(at++, 0x22)
    // ,"new": and ,"old":
    at = changeValue(0x3a2277656e222c, numberAt(NOWS, i), at)
    at = changeValue(0x3a22646c6f222c, numberAt(OLDS, i), at)
    store<u8>(at++, 0x7d)
  }
  store<u8>(at, 0x5d)
  return at + 1
}

function changeValue(name: u64, row: i32, out: i32): i32 {
  if (row == ABSENT_VALUE) return out
  store<u64>(out, name)
  if (isValue(row)) return quoted(load<i32>(row, FROM), load<i32>(row, TO), out + 7)
  // null
  store<u32>(out + 7, 0x6c6c756e)
  return out + 11
}

function decimal(at: i32, number: i64): i32 {
  let digits = 1
  for (let power: i64 = 10; power <= number; power *= 10) digits++
  let rest = number
  for (let i = at + digits - 1; i >= at; i--) {
    const next = rest / 10
    store<u8>(i, <u8>(0x30 + (rest - next * 10)))
    rest = next
  }
  return at + digits
}

function hex16(at: i32, number: i64): i32 {
  let rest = number
  for (let i = at + 15; i >= at; i--) {
    const digit = <u8>(rest & 15)
    store<u8>(i, digit < 10 ? 0x30 + digit : 0x57 + digit)
    rest >>= 4
  }
  return at + 16
}
