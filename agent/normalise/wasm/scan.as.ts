import { isDigit } from './text.as'
import {
  ARRAY,
  ESCAPED,
  FALSE,
  FROM,
  KEY_FROM,
  KEY_TO,
  NEXT,
  NODE,
  NULL,
  NUMBER,
  OBJECT,
  ROW,
  STRING,
  TO,
  TRUE,
} from './rows.as'

const MOST_VALUES: i32 = 256
const DEEPEST: i32 = 8
const LONGEST_KEY: i32 = 256
/** UTF-8 lead bytes from here on may sort otherwise than UTF-16 does. */
const UNSORTED: i32 = 0xee
const NONE: i32 = -1

// The known names of one pipeline, at `table` (`name-table.ts` writes it).
const MASK: usize = 0
const PLACES: usize = 4
const PARENTS: usize = 8
const NAMES_FROM: usize = 12
const NAMES_TO: usize = 16
const SOURCES: usize = 20
const HAS_CHILDREN: usize = 24
const EMPTY_COUNTS: usize = 28
const SEEN: usize = 32
const HITS: usize = 36
const CONSUMED: usize = 40
const SOURCE_LIST: usize = 44
const SOURCE_COUNT: usize = 48
const RECORD: usize = 52
const NODE_COUNT: usize = 56

let rows: i32 = 0
let end: i32 = 0
let to: i32 = 0
let table: usize = 0
let places: usize = 0
let parents: usize = 0
let mask: i32 = 0
let record: i32 = 0

/**
 * Reads one record, a JSON object with nothing but white space around it: one row a value, from `into` on. Gives where the rows end, or
 * -1 wherever the bytes of a value are not already what RFC 8785 writes, or where it is unsure: JSON.parse then decides. So what it
 * accepts needs no second look: strings have no escapes but RFC 8785's own, numbers are as ECMAScript prints them.
 */
export function scan(names: i32, from: i32, until: i32, into: i32): i32 {
  table = names
  places = load<i32>(table, PLACES)
  parents = load<i32>(table, PARENTS)
  mask = load<i32>(table, MASK)
  to = until
  rows = into
  end = into
  forget()
  let at = skip(from)
  if (at >= to || load<u8>(at) != 0x7b) return NONE
  at = value(at, 0, 0, 0, 0)
  if (at == NONE || skip(at) != to) return NONE
  return end
}

/** Nothing is found yet. */
function forget(): void {
  const hits: usize = load<i32>(table, HITS)
  const consumed: usize = load<i32>(table, CONSUMED)
  const list: usize = load<i32>(table, SOURCE_LIST)
  const count = load<i32>(table, SOURCE_COUNT)
  for (let i = 0; i < count; i++) {
    const source = load<i32>(list + (i << 2))
    store<i32>(hits + (source << 2), NONE)
    store<u8>(consumed + source, 0)
  }
  store<i32>(table, 0, SOURCE_COUNT)
  record = load<i32>(table, RECORD) + 1
  if (record < 0) {
    record = 1
    memory.fill(load<i32>(table, SEEN), 0, load<i32>(table, NODE_COUNT) << 2)
  }
  store<i32>(table, record, RECORD)
}

/** Behind white space. */
function skip(from: i32): i32 {
  let at = from
  for (; at < to; at++) {
    const byte = load<u8>(at)
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) break
  }
  return at
}

/** Behind the value that begins at `at`, or -1. */
function value(at: i32, depth: i32, keyFrom: i32, keyTo: i32, node: i32): i32 {
  const row = end
  if (row - rows >= MOST_VALUES * ROW || at >= to) return NONE
  end = row + ROW
  store<i32>(row, keyFrom, KEY_FROM)
  store<i32>(row, keyTo, KEY_TO)
  store<i32>(row, node, NODE)
  store<i32>(row, end, NEXT)
  store<i32>(row, 0, ESCAPED)
  store<i32>(row, at, FROM)
  const first: i32 = load<u8>(at)
  let kind = NUMBER
  let behind: i32
  if (first == 0x22) {
    behind = text(at + 1, row)
    if (behind == NONE) return NONE
    store<i32>(row, STRING)
    store<i32>(row, at + 1, FROM)
    store<i32>(row, behind - 1, TO)
    return behind
  }
  if (first == 0x7b) {
    kind = OBJECT
    behind = members(at + 1, depth + 1, node)
    store<i32>(row, end, NEXT)
  } else if (first == 0x5b) {
    kind = ARRAY
    behind = items(at + 1, depth + 1)
    store<i32>(row, end, NEXT)
  } else if (first == 0x74) {
    kind = TRUE
    behind = load<u32>(at) == 0x65757274 ? at + 4 : NONE
  } else if (first == 0x66) {
    kind = FALSE
    behind = load<u32>(at + 1) == 0x65736c61 ? at + 5 : NONE
  } else if (first == 0x6e) {
    kind = NULL
    behind = load<u32>(at) == 0x6c6c756e ? at + 4 : NONE
  } else behind = number(at)
  store<i32>(row, kind)
  store<i32>(row, behind, TO)
  return behind > to ? NONE : behind
}

/** Behind the quote that ends a string, or -1. */
function text(from: i32, row: i32): i32 {
  const quote = i8x16.splat(0x22)
  const backslash = i8x16.splat(0x5c)
  const space = i8x16.splat(0x20)
  let at = from
  while (at < to) {
    const bytes = v128.load(at)
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)), i8x16.lt_u(bytes, space)),
    )
    if (marks == 0) {
      at += 16
      continue
    }
    at += ctz(marks)
    if (at >= to) return NONE
    const byte = load<u8>(at)
    if (byte == 0x22) return at + 1
    if (byte != 0x5c) return NONE
    // \" \\ \b \f \n \r \t stand in RFC 8785 as they do here; \/ and \u don't.
    const sign = load<u8>(at + 1)
    if (sign != 0x22 && sign != 0x5c && sign != 0x6e && sign != 0x74 && sign != 0x72 && sign != 0x62 && sign != 0x66)
      return NONE
    store<i32>(row, 1, ESCAPED)
    at += 2
  }
  return NONE
}

function members(from: i32, depth: i32, parent: i32): i32 {
  if (depth > DEEPEST) return NONE
  const isKnown = parent != NONE && load<u8>(load<i32>(table, HAS_CHILDREN) + parent) == 1
  let at = skip(from)
  if (load<u8>(at) == 0x7d) return at + 1
  while (true) {
    if (at >= to || load<u8>(at) != 0x22) return NONE
    const keyFrom = ++at
    let hash: i32 = 0
    while (true) {
      if (at >= to) return NONE
      const byte: i32 = load<u8>(at)
      if (byte == 0x22) break
      if (byte < 0x20 || byte == 0x5c || byte >= UNSORTED) return NONE
      if (byte != 0x5f && byte != 0x2d && byte != 0x20) hash = hash * 31 + (byte | 0x20)
      at++
    }
    const keyTo = at++
    if (keyTo == keyFrom || keyTo - keyFrom > LONGEST_KEY) return NONE
    if (load<u8>(at) <= 0x20) at = skip(at)
    if (at >= to || load<u8>(at) != 0x3a) return NONE
    at++
    if (load<u8>(at) <= 0x20) at = skip(at)
    const node = isKnown ? find(parent, keyFrom, keyTo, hash) : NONE
    const row = end
    at = value(at, depth, keyFrom, keyTo, node)
    if (at == NONE || (node != NONE && !note(row, node))) return NONE
    if (load<u8>(at) <= 0x20) at = skip(at)
    if (at >= to) return NONE
    const byte = load<u8>(at)
    if (byte == 0x7d) return at + 1
    if (byte != 0x2c) return NONE
    at++
    if (load<u8>(at) <= 0x20) at = skip(at)
  }
}

function items(from: i32, depth: i32): i32 {
  if (depth > DEEPEST) return NONE
  let at = skip(from)
  if (load<u8>(at) == 0x5d) return at + 1
  while (true) {
    at = value(at, depth, 0, 0, NONE)
    if (at == NONE) return NONE
    if (load<u8>(at) <= 0x20) at = skip(at)
    if (at >= to) return NONE
    const byte = load<u8>(at)
    if (byte == 0x5d) return at + 1
    if (byte != 0x2c) return NONE
    at++
    if (load<u8>(at) <= 0x20) at = skip(at)
  }
}

/** Only numbers that ECMAScript prints as they stand: at most 15 digits, no exponent, no zero too many, not -0. */
function number(from: i32): i32 {
  let at = from
  const negative = load<u8>(at) == 0x2d
  if (negative) at++
  const whole = at
  while (at < to && isDigit(load<u8>(at))) at++
  const wholeDigits = at - whole
  if (wholeDigits == 0 || wholeDigits > 15) return NONE
  const isZero = load<u8>(whole) == 0x30
  if (isZero && wholeDigits > 1) return NONE
  if (at >= to) return NONE
  if (load<u8>(at) == 0x2e) {
    const fraction = ++at
    while (at < to && isDigit(load<u8>(at))) at++
    const digits = at - fraction
    if (digits == 0 || digits > 6 || wholeDigits + digits > 15 || load<u8>(at - 1) == 0x30) return NONE
    if (at >= to) return NONE
  } else if (isZero && negative) return NONE
  const byte = load<u8>(at)
  return byte == 0x65 || byte == 0x45 ? NONE : at
}

/** The node of a key below a parent, or -1; `hash` is that of the folded key. */
function find(parent: i32, from: i32, until: i32, hash: i32): i32 {
  const mixed: i32 = (hash ^ (parent * <i32>0x9e3779b1)) * <i32>0x85ebca6b
  let place: i32 = (mixed ^ (mixed >>> 15)) & mask
  while (true) {
    const node = load<i32>(places + (place << 2)) - 1
    if (node == NONE) return NONE
    if (load<i32>(parents + (node << 2)) == parent && isFolded(node, from, until)) return node
    place = (place + 1) & mask
  }
}

/** Whether bytes, folded, are the name of a node: without `_`, `-`, space and case. */
function isFolded(node: i32, from: i32, until: i32): bool {
  let name = load<i32>(load<i32>(table, NAMES_FROM) + (node << 2))
  const nameTo = load<i32>(load<i32>(table, NAMES_TO) + (node << 2))
  for (let at = from; at < until; at++) {
    let byte: i32 = load<u8>(at)
    if (byte == 0x5f || byte == 0x2d || byte == 0x20) continue
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20
    if (name >= nameTo || load<u8>(name) != byte) return false
    name++
  }
  return name == nameTo
}

/** Notes that a known name has its value in this row; false where it was seen before, and which counts is not for here to say. */
function note(row: i32, node: i32): bool {
  const seen: usize = load<i32>(table, SEEN) + (node << 2)
  if (load<i32>(seen) == record) return false
  store<i32>(seen, record)
  const source = load<i32>(load<i32>(table, SOURCES) + (node << 2))
  if (source == NONE) return true
  const hit: usize = load<i32>(table, HITS) + (source << 2)
  if (load<i32>(hit) != NONE) return false
  store<i32>(hit, row)
  const count = load<i32>(table, SOURCE_COUNT)
  store<i32>(load<i32>(table, SOURCE_LIST) + (count << 2), source)
  store<i32>(table, count + 1, SOURCE_COUNT)
  if (isEmpty(row) && load<u8>(load<i32>(table, EMPTY_COUNTS) + source) == 0)
    store<u8>(load<i32>(table, CONSUMED) + source, 1)
  return true
}

function isEmpty(row: i32): bool {
  const kind = load<i32>(row)
  return kind == NULL || (kind == STRING && load<i32>(row, FROM) == load<i32>(row, TO))
}
