import { closed, member, NONE, piece } from './records.as'
import { holds } from './text.as'

const BAR: u8 = 0x7c
const BACKSLASH: u8 = 0x5c
const PARTS: i32 = 7
const MOST_CELLS: i32 = 128
/** A cell: where its name stands, and its value. */
const CELL: i32 = 16

let cells: i32 = 0
let count: i32 = 0
/** Room for values without their escapes. */
let spare: i32 = 0

/**
 * Writes a CEF record as a JSON object. `names` are those of what stands before it and of its header's parts, `room` is for cells and
 * texts. Gives where the object ends, or -1 where the record is not plainly CEF.
 */
export function readCef(names: usize, room: i32, from: i32, until: i32, out: i32): i32 {
  if (holds(from, until, 0, 0)) return NONE
  cells = room
  count = 0
  spare = room + MOST_CELLS * CELL
  const start = beginning(from, until)
  if (start == NONE) return NONE
  if (!prefix(names, from, start)) return NONE
  let at = start + (load<u8>(start + 4) == 0x20 ? 5 : 4)
  for (let part = 1; part <= PARTS; part++) {
    let end = at
    let isEscaped = false
    while (end < until && load<u8>(end) != BAR) {
      if (load<u8>(end) == BACKSLASH) {
        isEscaped = true
        end++
      }
      end++
    }
    if (end >= until && part < PARTS) return NONE
    if (end > until) end = until
    const name = load<i32>(names + (part << 3))
    const nameTo = name + load<i32>(names + (part << 3), 4)
    if (isEscaped) {
      const text = spare
      spare = unescapedPart(at, end, text)
      if (!add(name, nameTo, text, spare)) return NONE
    } else if (!add(name, nameTo, at, end)) return NONE
    at = end + 1
  }
  return extension(at, until) ? written(out) : NONE
}

/** Where `CEF:` stands with a digit behind it, perhaps behind a blank. */
function beginning(from: i32, until: i32): i32 {
  for (let at = from; at + 5 <= until; at++) {
    if (load<u32>(at) != 0x3a464543) continue
    const digit = load<u8>(at + 4) == 0x20 ? at + 5 : at + 4
    if (digit < until && load<u8>(digit) - 0x30 < 10) return at
  }
  return NONE
}

function prefix(names: usize, from: i32, until: i32): bool {
  let start = from
  let end = until
  while (start < end && isSpace(load<u8>(start))) start++
  while (end > start && isSpace(load<u8>(end - 1))) end--
  if (start == end) return true
  // There are blanks beyond ASCII.
  if (load<u8>(start) >= 0x80 || load<u8>(end - 1) >= 0x80) return false
  const name = load<i32>(names)
  return add(name, name + load<i32>(names, 4), start, end)
}

/** The next name found: where it begins, its sign of assignment, and where the value before it ends. */
let nameFrom: i32 = 0
let nameTo: i32 = 0
let before: i32 = 0

function extension(first: i32, until: i32): bool {
  let found = nextName(first, first, until)
  while (found == 1) {
    const from = nameFrom
    const to = nameTo
    const value = to + 1
    found = nextName(value, first, until)
    let end = found == 1 ? before : until
    while (end > value && (load<u8>(end - 1) == 0x20 || load<u8>(end - 1) == 0x09)) end--
    if (holds(value, end, BACKSLASH, BACKSLASH)) {
      const text = spare
      spare = unescaped(value, end, text)
      if (!add(from, to, text, spare)) return false
    } else if (!add(from, to, value, end)) return false
  }
  return found == 0
}

/** 1 where there is a name, of pairs that begin at `first`; 0 where there is none; -1 where blanks beyond ASCII make it uncertain. */
function nextName(from: i32, first: i32, until: i32): i32 {
  for (let equals = from; equals < until; equals++) {
    if (load<u8>(equals) != 0x3d) continue
    let start = equals
    while (start > from && isNameSign(load<u8>(start - 1))) start--
    if (start == equals) continue
    nameFrom = start
    nameTo = equals
    before = start
    if (start == first) return 1
    if (start <= from) continue
    const byte = load<u8>(start - 1)
    if (byte >= 0x80) return NONE
    before = start - 1
    if (isSpace(byte)) return 1
  }
  return 0
}

function add(from: i32, to: i32, valueFrom: i32, valueTo: i32): bool {
  if (count == MOST_CELLS) return false
  const cell = cells + count++ * CELL
  store<i32>(cell, from)
  store<i32>(cell, to, 4)
  store<i32>(cell, valueFrom, 8)
  store<i32>(cell, valueTo, 12)
  return true
}

/** Custom fields go by their labels: `cs1=x cs1Label=Policy`. Of two members of one name `scan` or the payload declines. */
function written(out: i32): i32 {
  let at = out
  store<u8>(at++, 0x7b)
  for (let i = 0; i < count; i++) {
    const cell = cells + i * CELL
    let name = load<i32>(cell)
    let to = load<i32>(cell, 4)
    if (isLabel(name, to)) {
      // Of whatever is no custom field, or not there, the label is a member like others.
      if (fieldOf(name, to) != NONE) continue
    } else {
      const label = labelOf(name, to)
      if (label != NONE) {
        const text = load<i32>(label, 8)
        const end = load<i32>(label, 12)
        if (end > text && named(text, end) == NONE) {
          name = text
          to = end
        }
      }
    }
    at = member(name, to, load<i32>(cell, 8), load<i32>(cell, 12), at)
  }
  return closed(out, at)
}

/** `...Label` */
function isLabel(from: i32, to: i32): bool {
  return to - from >= 5 && load<u32>(to - 5) == 0x6562614c && load<u8>(to - 1) == 0x6c
}

/** Of a label, the cell of the custom field that it is for. */
function fieldOf(from: i32, to: i32): i32 {
  return isCustom(from, to - 5) ? named(from, to - 5) : NONE
}

/** The first cell that is the label of a custom field. */
function labelOf(from: i32, to: i32): i32 {
  if (!isCustom(from, to)) return NONE
  const length = to - from
  for (let i = 0; i < count; i++) {
    const cell = cells + i * CELL
    const name = load<i32>(cell)
    const end = load<i32>(cell, 4)
    if (end - name == length + 5 && isLabel(name, end) && areSame(name, from, length)) return cell
  }
  return NONE
}

function named(from: i32, to: i32): i32 {
  const length = to - from
  for (let i = 0; i < count; i++) {
    const cell = cells + i * CELL
    const name = load<i32>(cell)
    if (load<i32>(cell, 4) - name == length && areSame(name, from, length)) return cell
  }
  return NONE
}

function areSame(one: i32, other: i32, length: i32): bool {
  for (let i = 0; i < length; i++) if (load<u8>(one + i) != load<u8>(other + i)) return false
  return true
}

/** `cs1`, `cn2`, `cfp1`, `c6a3`, `flexString1`, `deviceCustomDate1`: as `formats/cef.ts` has it. */
function isCustom(from: i32, to: i32): bool {
  const length = to - from
  if (length < 3 || load<u8>(to - 1) - 0x30 >= 10) return false
  const second = load<u8>(from + 1)
  if (load<u8>(from) == 0x63) {
    const isShort = second == 0x6e || second == 0x73 || second == 0x66
    if (!isShort && !(second == 0x36 && load<u8>(from + 2) == 0x61 && length > 3)) return false
  } else if (!isFlex(from, length) && !isCustomDate(from, length)) return false
  for (let at = from; at < to; at++) {
    const byte = load<u8>(at)
    if (!(isLetterOrDigit(byte) || byte == 0x5f)) return false
  }
  return true
}

/** `flexString`, `flexNumber`, `flexDate` */
function isFlex(from: i32, length: i32): bool {
  if (length < 9 || load<u32>(from) != 0x78656c66) return false
  if (load<u32>(from + 4) == 0x65746144) return true
  if (length < 11) return false
  const tail = load<u16>(from + 8)
  return (
    (load<u32>(from + 4) == 0x69727453 && tail == 0x676e) || (load<u32>(from + 4) == 0x626d754e && tail == 0x7265)
  )
}

/** `deviceCustomDate` */
function isCustomDate(from: i32, length: i32): bool {
  return (
    length > 16 && load<u64>(from) == 0x7543656369766564 && load<u64>(from + 8) == 0x657461446d6f7473
  )
}

function isLetterOrDigit(byte: u8): bool {
  return byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26
}

function isNameSign(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x5f || byte == 0x2e || byte == 0x2d || byte == 0x5b || byte == 0x5d
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || byte - 0x09 < 5
}

/** Of a header's part: a bar or a backslash behind a backslash. */
function unescapedPart(from: i32, until: i32, out: i32): i32 {
  let at = out
  for (let i = from; i < until; i++) {
    if (load<u8>(i) == BACKSLASH && i + 1 < until && (load<u8>(i + 1) == BAR || load<u8>(i + 1) == BACKSLASH)) i++
    store<u8>(at++, load<u8>(i))
  }
  return at
}

function unescaped(from: i32, until: i32, out: i32): i32 {
  let at = out
  for (let i = from; i < until; i++) {
    let byte = load<u8>(i)
    if (byte == BACKSLASH && i + 1 < until) {
      byte = load<u8>(++i)
      if (byte == 0x6e) byte = 0x0a
      else if (byte == 0x72) byte = 0x0d
    }
    store<u8>(at++, byte)
  }
  return at
}
