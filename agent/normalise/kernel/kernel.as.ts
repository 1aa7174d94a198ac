/**
 * The passes over bytes that every record goes through, in AssemblyScript: looking for what may be a secret, reading a JSON record into
 * rows, and writing an event from places in the memory. `npm run kernels` compiles it to `kernel.wasm`. What fields mean is decided outside, in TypeScript. All
 * addresses are of the one memory that both sides share; `memory.ts` says what lies where.
 */

// A row: kind, start and end of the value (a string's without its quotes), start and end of its key, node of its name, row behind it,
// whether a string has an escape. `rows.ts` has the same.
const ROW: i32 = 32
const FROM: usize = 4
const TO: usize = 8
const KEY_FROM: usize = 12
const KEY_TO: usize = 16
const NODE: usize = 20
const NEXT: usize = 24
const ESCAPED: usize = 28

const STRING: i32 = 1
const NUMBER: i32 = 2
const TRUE: i32 = 3
const FALSE: i32 = 4
const NULL: i32 = 5
const OBJECT: i32 = 6
const ARRAY: i32 = 7

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

function isDigit(byte: u8): bool {
  return byte - 0x30 < 10
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
const RELATED: i32 = 10
const PROGRAM: i32 = 11
const CHANGES: i32 = 12
const CHANGE_FIELDS: i32 = 13
const CHANGE_BEFORE: i32 = 14
const CHANGE_AFTER: i32 = 15

// What a line is made of, at `line` (`writer.ts` writes it).
const LEAVES: usize = 0
const HOWS: usize = 4
const FROMS: usize = 8
const TOS: usize = 12
/** By pair of leaves: where the text between them stands, and its length; 0 where it is not known yet. */
const GAPS: usize = 16
/** By leaf: the leaves whose texts it repeats, as a list with its length in front; or 0. */
const RELATED_LISTS: usize = 20
/** A list of lists of leaves, each list with its length in front. */
const MESSAGE_LISTS: usize = 24
const LONGEST_MESSAGE: usize = 28
const CHANGE_COUNT: usize = 32
const FIELDS_FROM: usize = 36
const FIELDS_TO: usize = 40
const OLDS: usize = 44
const NOWS: usize = 48
const ID_FROM: usize = 52
const ID_TO: usize = 56

/** A change's value that is not there; and one that is nothing where its neighbour is something. */
const ABSENT_VALUE: i32 = -1
const NULL_VALUE: i32 = -2

let line: usize = 0
let hows: usize = 0
let froms: usize = 0
let tos: usize = 0

/**
 * Writes the event of a record as one line of canonical JSON. Gives where the line ends; -1 where its message is too long; or less: of
 * which pair of leaves the text between is missing (-2 less the pair's number). Reads and writes up to 15 bytes more than it says.
 */
export function writeLine(parts: i32, out: i32, offset: i64): i32 {
  line = parts
  hows = load<i32>(line, HOWS)
  froms = load<i32>(line, FROMS)
  tos = load<i32>(line, TOS)
  const gaps: usize = load<i32>(line, GAPS)
  const leaves = load<i32>(line, LEAVES)
  let at = out
  let previous = 0
  for (let leaf = 0; leaf <= leaves; leaf++) {
    const how: i32 = leaf == leaves ? JSON : load<u8>(hows + leaf)
    if (how == ABSENT || (how >= CHANGE_FIELDS && !isIndexed(how))) continue
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
      case RELATED:
        at = related(load<i32>(load<i32>(line, RELATED_LISTS) + (leaf << 2)), at)
        break
      case PROGRAM:
        at = run(from, to, at)
        break
      case CHANGES:
        at = changes(at)
        break
      case CHANGE_FIELDS:
        at = changedFields(at)
        break
      default:
        at = changedValues(load<i32>(line + (how == CHANGE_BEFORE ? OLDS : NOWS)), at)
    }
  }
  store<u8>(at, 0x0a)
  return at + 1
}

function copy(from: i32, to: i32, out: i32): i32 {
  let at = out
  for (let i = from; i < to; i += 16, at += 16) v128.store(at, v128.load(i))
  return out + to - from
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

/** Whether a leaf has a text: a text, or what becomes one; not a list. */
function hasText(leaf: i32): bool {
  const how: i32 = load<u8>(hows + leaf)
  if (how == PLAIN_TEXT || how == QUOTED) return true
  if (how != JSON) return false
  const from = load<i32>(froms + (leaf << 2))
  const first = load<u8>(from)
  return first != 0x5b && load<i32>(tos + (leaf << 2)) - from > (first == 0x22 ? 2 : 0)
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

/** Each text once, in the order of the leaves. */
function related(leaves: i32, out: i32): i32 {
  const length = load<i32>(leaves)
  let at = out
  store<u8>(at++, 0x5b)
  for (let i = 1; i <= length; i++) {
    const leaf = load<i32>(leaves + (i << 2))
    if (!hasText(leaf)) continue
    const from = textFrom(leaf)
    const to = textTo(leaf)
    let isNew = true
    for (let k = 1; k < i && isNew; k++) {
      const other = load<i32>(leaves + (k << 2))
      if (hasText(other) && areSame(textFrom(other), textTo(other), from, to)) isNew = false
    }
    if (!isNew) continue
    if (at > out + 1) store<u8>(at++, 0x2c)
    at = quoted(from, to, at)
  }
  store<u8>(at, 0x5d)
  return at + 1
}

function areSame(from: i32, to: i32, otherFrom: i32, otherTo: i32): bool {
  const length = to - from
  if (length != otherTo - otherFrom) return false
  for (let i = 0; i < length; i++) if (load<u8>(from + i) != load<u8>(otherFrom + i)) return false
  return true
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

/** Whether old and new of a change are one text: it is listed, and not indexed. */
function isUnchanged(change: i32): bool {
  const old = numberAt(OLDS, change)
  const now = numberAt(NOWS, change)
  if (old == ABSENT_VALUE || now == ABSENT_VALUE) return false
  const oldIsNull = old == NULL_VALUE || load<i32>(old) == NULL
  const nowIsNull = now == NULL_VALUE || load<i32>(now) == NULL
  if (oldIsNull || nowIsNull) return oldIsNull && nowIsNull
  return areSame(load<i32>(old, FROM), load<i32>(old, TO), load<i32>(now, FROM), load<i32>(now, TO))
}

/** Whether `audit.change.*` has anything: a change whose values are the same has no part in it. */
function isIndexed(how: i32): bool {
  const count = load<i32>(line, CHANGE_COUNT)
  for (let i = 0; i < count; i++) {
    if (isUnchanged(i)) continue
    if (how == CHANGE_FIELDS) return true
    if (isValue(numberAt(how == CHANGE_BEFORE ? OLDS : NOWS, i))) return true
  }
  return false
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

function changedFields(out: i32): i32 {
  const count = load<i32>(line, CHANGE_COUNT)
  let at = out
  store<u8>(at++, 0x5b)
  for (let i = 0; i < count; i++) {
    if (isUnchanged(i) || isFieldBefore(i)) continue
    if (at > out + 1) store<u8>(at++, 0x2c)
    store<u8>(at, 0x22)
    at = field(i, at + 1)
    store<u8>(at++, 0x22)
  }
  store<u8>(at, 0x5d)
  return at + 1
}

function isFieldBefore(change: i32): bool {
  const from = numberAt(FIELDS_FROM, change)
  const to = numberAt(FIELDS_TO, change)
  for (let i = 0; i < change; i++)
    if (!isUnchanged(i) && areSame(numberAt(FIELDS_FROM, i), numberAt(FIELDS_TO, i), from, to)) return true
  return false
}

/** `field=value`, for each change that has one. */
function changedValues(values: i32, out: i32): i32 {
  const count = load<i32>(line, CHANGE_COUNT)
  let at = out
  store<u8>(at++, 0x5b)
  for (let i = 0; i < count; i++) {
    const row = load<i32>(values + (i << 2))
    if (isUnchanged(i) || !isValue(row)) continue
    if (at > out + 1) store<u8>(at++, 0x2c)
    store<u8>(at, 0x22)
    at = field(i, at + 1)
    store<u8>(at++, 0x3d)
    at = copy(load<i32>(row, FROM), load<i32>(row, TO), at)
    store<u8>(at++, 0x22)
  }
  store<u8>(at, 0x5d)
  return at + 1
}

/** The record as the inside of a JSON text. It has been scanned: of bytes below 0x20 there are only line ends and tabs. */
function escaped(start: i32, until: i32, out: i32): i32 {
  const quote = i8x16.splat(0x22)
  const backslash = i8x16.splat(0x5c)
  const space = i8x16.splat(0x20)
  let from = start
  let at = out
  while (from < until) {
    const bytes = v128.load(from)
    v128.store(at, bytes)
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)), i8x16.lt_u(bytes, space)),
    )
    if (marks == 0) {
      from += 16
      at += 16
      continue
    }
    const before = ctz(marks)
    from += before
    at += before
    if (from >= until) break
    const byte = load<u8>(from++)
    const sign: u32 = byte >= 0x20 ? byte : byte == 0x0a ? 0x6e : byte == 0x0d ? 0x72 : 0x74
    store<u16>(at, <u16>(0x5c | (sign << 8)))
    at += 2
  }
  return at - (from > until ? from - until : 0)
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

/**
 * Where, from `from` on, three bytes stand with which a suspicious word may begin; `until` where none do. The table says of the low and
 * of the high half of the first, second and third byte to which of eight groups of words it fits: six times 16 bytes.
 */
export function suspiciousWord(table: i32, from: i32, until: i32): i32 {
  const low1 = v128.load(table)
  const high1 = v128.load(table, 16)
  const low2 = v128.load(table, 32)
  const high2 = v128.load(table, 48)
  const low3 = v128.load(table, 64)
  const high3 = v128.load(table, 80)
  for (let at = from; at < until; at += 16) {
    const groups = v128.and(
      v128.and(fitting(low1, high1, v128.load(at)), fitting(low2, high2, v128.load(at, 1))),
      fitting(low3, high3, v128.load(at, 2)),
    )
    if (!v128.any_true(groups)) continue
    const places = i8x16.bitmask(i8x16.ne(groups, i8x16.splat(0)))
    return min(at + ctz(places), until)
  }
  return until
}

function fitting(low: v128, high: v128, bytes: v128): v128 {
  const half = i8x16.splat(0x0f)
  return v128.and(
    i8x16.swizzle(low, v128.and(bytes, half)),
    i8x16.swizzle(high, v128.and(i16x8.shr_u(bytes, 4), half)),
  )
}

const CARD_LEAST: i32 = 13

/** Where, from `from` on, a run of 13 digits or more begins, single blanks and dashes among them; `until` where none does. */
export function longNumber(from: i32, until: i32): i32 {
  const zero = i8x16.splat(0x30)
  const ten = i8x16.splat(10)
  const blank = i8x16.splat(0x20)
  const dash = i8x16.splat(0x2d)
  for (let at = from; at < until; at += 16) {
    const bytes = v128.load(at)
    const marks = i8x16.bitmask(
      v128.or(i8x16.lt_u(i8x16.sub(bytes, zero), ten), v128.or(i8x16.eq(bytes, blank), i8x16.eq(bytes, dash))),
    )
    // Of 13 bytes in a row at least 7 begin a block, or end it, or they are its middle.
    if ((marks & 0x007f) == 0x007f) {
      const start = numberAround(at + 3, from, until)
      if (start != NONE) return start
    }
    if ((marks & 0x1ff8) == 0x1ff8) {
      const start = numberAround(at + 8, from, until)
      if (start != NONE) return start
    }
    if ((marks & 0xfe00) == 0xfe00) {
      const start = numberAround(at + 12, from, until)
      if (start != NONE) return start
    }
  }
  return until
}

/** Where the number begins that stands at this place, if it has digits enough. */
function numberAround(place: i32, from: i32, until: i32): i32 {
  if (place >= until || !isInNumber(place)) return NONE
  let start = place
  while (start > from && isInNumber(start - 1)) start--
  let digits = 0
  for (let at = start; at < until && isInNumber(at); at++) if (isDigit(load<u8>(at))) digits++
  return digits >= CARD_LEAST ? start : NONE
}

function isInNumber(at: i32): bool {
  const byte = load<u8>(at)
  if (isDigit(byte)) return true
  return (byte == 0x20 || byte == 0x2d) && (isDigit(load<u8>(at - 1)) || isDigit(load<u8>(at + 1)))
}
