/**
 * What the writing thread does with each byte of a line, in AssemblyScript: it reads an event as our agents write them into its terms and
 * places of values. `npm run kernels` compiles it to `module.wasm`. `line-memory.ts` says what lies where, `members.ts` writes what is known of the
 * schema's members, `terms.ts` says what a term is. A line's last byte is followed by a newline, which no value goes beyond.
 */

import { beginChanges, endChanges, takeChange } from './changes.as'
export { prepareChanges } from './changes.as'
export { group, takeTerms } from './merge.as'
export { sort, writeTerms } from './terms.as'

export const QUOTE: i32 = 0x22
export const BACKSLASH: i32 = 0x5c
export const COMMA: i32 = 0x2c
const COLON: i32 = 0x3a
const OPEN: i32 = 0x7b
const CLOSE: i32 = 0x7d
export const OPEN_LIST: i32 = 0x5b
export const CLOSE_LIST: i32 = 0x5d
const DEEPEST: i32 = 32
const NONE: i32 = -1

// A member of the schema. `members.ts` has the same.
const NAME: usize = 0
const NAME_LENGTH: usize = 4
const KIND: usize = 8
const CAPTURE: usize = 12
export const SEED: usize = 16
const WORDS: usize = 20
const PRESENCE: usize = 24
const HELD: usize = 28
const PLACE: usize = 32
const CHILDREN: usize = 36
const EXACT: usize = 40
/** What came behind it last time: lines of one source have the same members. */
const FOLLOWER: usize = 44

// An object's members: what came first last time, the mask of its table, then the table: addresses of members by the hash of their names.
const FIRST: usize = 0
const MASK: usize = 4
const TABLE: usize = 8

const KEYWORD: i32 = 1
const TEXT: i32 = 2
const ADDRESS: i32 = 3
const DATE: i32 = 4
const NUMBER: i32 = 5
const BOOLEAN: i32 = 6
const FLATTENED: i32 = 7
const CHANGES: i32 = 8
const FACET: i32 = 9
const SKIP: i32 = 10

const CAPTURE_TIME: i32 = 1
const CAPTURE_ID: i32 = 2
const CAPTURE_SEQUENCE: i32 = 3
const CAPTURE_USER: i32 = 4
const CAPTURE_CHANGE: i32 = 6
const CAPTURE_SEAL: i32 = 7
/** The bytes of `{"received":true` as numbers. */
const RECEIVED_FIRST: u64 = 0x766965636572227b
const RECEIVED_NEXT: u64 = 0x657572743a226465

const PRIME: i32 = 0x01000193
const WORD_SEED: i32 = <i32>0x811c9dc5
const LONGEST_WORD: i32 = 64
const FIELD_REGION: u32 = 64000

// What lies where in the memory (`line-memory.ts`).
const CLASSES: usize = 1024
const LETTERS: usize = 1280
const HEX: usize = 1536
const ESCAPED: usize = 1792
const POWERS: usize = 2048
const MAGNITUDES: usize = 2560
const RESULT: usize = 4096
const PRESENT: usize = RESULT + 64
const PLACES: usize = RESULT + 128
const ID_BYTES: usize = RESULT + 1024
const HELD_PLACES: usize = 8192
const REST: usize = 24576
const HIGH: usize = 65536
const LOW: usize = HIGH + 32768

// The result: numbers of eight bytes, then of four.
const TIME: usize = RESULT
const SEQUENCE: usize = RESULT + 8
const ID: usize = RESULT + 16
const USER: usize = RESULT + 20
const USER_END: usize = RESULT + 24
const TERM_COUNT: usize = RESULT + 28
const WORD_COUNT: usize = RESULT + 32
const HELD_COUNT: usize = RESULT + 36
const REST_COUNT: usize = RESULT + 40

/** Lines with more are read the plain way. */
const MOST_TERMS: i32 = 8192 - 512
const MOST_HELD: i32 = 1024
const MOST_REST: i32 = 1024

let root: usize = 0
export let indexedLength: i32 = 0
let places: i32 = 0
let earliest: f64 = 0
let latest: f64 = 0

let terms: i32 = 0
let words: i32 = 0
let held: i32 = 0
let rests: i32 = 0
let hash: i32 = 0
/** The line says itself what its changes are found by. */
let hasChangeIndex: bool = false

export function prepare(members: i32, placeCount: i32, mostIndexed: i32, from: f64, until: f64): void {
  root = members
  places = placeCount
  indexedLength = mostIndexed
  earliest = from
  latest = until
}

/** Reads the line; 0 where the plain way must. */
export function scan(from: i32, to: i32): i32 {
  terms = 0
  words = 0
  held = 0
  rests = 0
  hasChangeIndex = false
  beginChanges()
  for (let at = PRESENT; at < PRESENT + 64; at += 16) v128.store(at, i64x2.splat(0))
  for (let at = PLACES; at < PLACES + (places << 3); at += 8) store<i64>(at, -1)
  store<f64>(TIME, NaN)
  store<f64>(SEQUENCE, 0)
  store<i32>(ID, 0)
  store<i32>(USER, 0)
  store<i32>(USER_END, 0)
  if (members(root, from, 0) != to) return 0
  if (isNaN(load<f64>(TIME)) || load<i32>(ID) == 0) return 0
  endChanges()
  store<i32>(TERM_COUNT, terms)
  store<i32>(WORD_COUNT, words)
  store<i32>(HELD_COUNT, held)
  store<i32>(REST_COUNT, rests)
  return 1
}

/** An object of the schema, which begins at `from`; behind it, or -1. */
function members(node: usize, from: i32, depth: i32): i32 {
  let at = from
  if (load<u8>(at++) != OPEN) return NONE
  if (load<u8>(at) == CLOSE) return at + 1
  let previous = 0
  let previousEnd = 0
  let before: usize = 0
  while (true) {
    const start = at + 1
    let guess: usize = 0
    if (before != 0) guess = load<u32>(before, FOLLOWER)
    else if (previous == 0) guess = load<u32>(node, FIRST)
    if (guess != 0 && isNext(guess, at)) {
      // The one before it was found to stand before it when this was learnt.
      before = guess
      at += load<i32>(guess, NAME_LENGTH)
      previous = start
      previousEnd = at - 2
      at = member(guess, at, depth)
    } else {
      at = name(at)
      if (at == NONE) return NONE
      const end = at - 2
      if (previous != 0 && !ascends(previous, previousEnd, start, end)) return NONE
      const found = memberOf(node, start - 1, at - start + 1)
      if (found == 0) {
        before = 0
        at = skip(at, depth + 1)
      } else {
        if (before != 0) store<u32>(before, found, FOLLOWER)
        else if (previous == 0) store<u32>(node, found, FIRST)
        before = found
        at = member(found, at, depth)
      }
      previous = start
      previousEnd = end
    }
    if (at == NONE) return NONE
    const next: i32 = load<u8>(at++)
    if (next == CLOSE) return at
    if (next != COMMA) return NONE
  }
}

/** Whether this member's name stands here with its quotes and colon. */
@inline
function isNext(known: usize, at: i32): bool {
  const text: usize = load<u32>(known, NAME)
  let left = load<i32>(known, NAME_LENGTH)
  let i = 0
  for (; left >= 8; left -= 8, i += 8) if (load<u64>(at + i) != load<u64>(text + i)) return false
  if (left == 0) return true
  return (load<u64>(at + i) ^ load<u64>(text + i)) << (64 - (left << 3)) == 0
}

function memberOf(node: usize, from: i32, length: i32): usize {
  const mask = load<i32>(node, MASK)
  let slot = hash & mask
  while (true) {
    const found: usize = load<u32>(node + TABLE + (slot << 2))
    if (found == 0) return 0
    if (load<i32>(found, NAME_LENGTH) == length && isNext(found, from)) return found
    slot = (slot + 1) & mask
  }
}

/** Behind a name and its colon, or -1; its hash is in `hash`. */
function name(from: i32): i32 {
  let at = from
  if (load<u8>(at++) != QUOTE) return NONE
  hash = 0
  while (true) {
    const c: i32 = load<u8>(at++)
    if (c == QUOTE) break
    if (c == BACKSLASH || c < 0x20 || c > 0x7e) return NONE
    hash = hash * 31 + c
  }
  return load<u8>(at) == COLON ? at + 1 : NONE
}

/** Names in canonical order stand once each. */
function ascends(from: i32, to: i32, nextFrom: i32, nextTo: i32): bool {
  let at = from
  let next = nextFrom
  while (at < to && next < nextTo) {
    const difference = <i32>load<u8>(next++) - <i32>load<u8>(at++)
    if (difference != 0) return difference > 0
  }
  return next < nextTo
}

function member(known: usize, at: i32, depth: i32): i32 {
  const capture = load<i32>(known, CAPTURE)
  if (capture != 0 && !captured(capture, at)) return NONE
  const c: i32 = load<u8>(at)
  if (c == 0x6e) return skip(at, depth)
  const kind = load<i32>(known, KIND)
  if (kind == 0) {
    const children: usize = load<u32>(known, CHILDREN)
    return children != 0 && c == OPEN ? members(children, at, depth + 1) : skip(at, depth + 1)
  }
  if (kind == SKIP) return skip(at, depth + 1)
  if (kind == FACET) {
    const end = skip(at, depth + 1)
    putPlace(load<i32>(known, PLACE), at, end)
    return end
  }
  present(known)
  const end =
    kind == FLATTENED
      ? leaves(known, load<i32>(known, SEED), true, at, depth + 1)
      : kind == CHANGES
        ? changes(at, depth + 1)
        : values(known, at, depth + 1)
  const column = load<i32>(known, HELD)
  if (column != NONE && end != NONE) {
    if (held == MOST_HELD) return NONE
    const place = HELD_PLACES + held++ * 12
    store<i32>(place, column)
    store<i32>(place, at, 4)
    store<i32>(place, end, 8)
  }
  return end
}

/** An event has this field. */
export function present(known: usize): void {
  const presence = load<i32>(known, PRESENCE)
  const bits = PRESENT + ((presence / 30) << 2)
  store<i32>(bits, load<i32>(bits) | (1 << presence % 30))
}

/** Where the value of a facet's field stands. */
export function putPlace(number: i32, from: i32, to: i32): void {
  const place = PLACES + ((<usize>number) << 3)
  store<i32>(place, from)
  store<i32>(place, to, 4)
}

function captured(capture: i32, at: i32): bool {
  switch (capture) {
    case CAPTURE_TIME: {
      const time = timeAt(at)
      store<f64>(TIME, time)
      return time >= earliest && time < latest
    }
    case CAPTURE_ID: {
      if (load<u8>(at) != QUOTE || load<u8>(at, 41) != QUOTE) return false
      for (let i = 0; i < 40; i += 2) {
        const high = digit(load<u8>(at + i, 1))
        const low = digit(load<u8>(at + i, 2))
        if ((high | low) > 15) return false
        store<u8>(ID_BYTES + i / 2, (high << 4) | low)
      }
      store<i32>(ID, 1)
      return true
    }
    case CAPTURE_SEQUENCE: {
      const c: i32 = load<u8>(at)
      if (c == 0x2d) return false
      if (!isDigit(c)) return true
      const end = digitsEnd(at)
      if (end == NONE) return false
      store<f64>(SEQUENCE, numberOf(at, end))
      return true
    }
    case CAPTURE_USER: {
      if (load<u8>(at) != QUOTE) return true
      const end = plainEnd(at + 1)
      if (load<u8>(end) == QUOTE) {
        store<i32>(USER, at + 1)
        store<i32>(USER_END, end)
        return true
      }
      // Escapes, or what is beyond ASCII: given with its quotes.
      const behind = skipString(at)
      if (behind == NONE) return false
      store<i32>(USER, at)
      store<i32>(USER_END, behind)
      return true
    }
    case CAPTURE_CHANGE: {
      hasChangeIndex = true
      return true
    }
    // The one thing that an agent may set here: `{"received":true}`, in these bytes.
    case CAPTURE_SEAL:
      return (
        load<u64>(at) == RECEIVED_FIRST && load<u64>(at, 8) == RECEIVED_NEXT && load<u8>(at, 16) == CLOSE
      )
  }
  // What only the indexer may add.
  return false
}

@inline
function digit(c: i32): i32 {
  return isDigit(c) ? c - 0x30 : c >= 0x61 && c <= 0x66 ? c - 0x57 : 16
}

@inline
function isDigit(c: i32): bool {
  return <u32>(c - 0x30) < 10
}

/** Behind a number of at most 15 digits and nothing else; -1 for all others. */
function digitsEnd(from: i32): i32 {
  let at = from
  while (isDigit(load<u8>(at))) at++
  const c: i32 = load<u8>(at)
  if (at - from > 15 || c == 0x2e || c == 0x65 || c == 0x45) return NONE
  return at
}

function numberOf(from: i32, to: i32): f64 {
  let number: u64 = 0
  for (let at = from; at < to; at++) number = number * 10 + (load<u8>(at) - 0x30)
  return <f64>number
}

/** Two digits; less than 0 where they are none. */
@inline
function two(at: i32): i32 {
  const tens = <i32>load<u8>(at) - 0x30
  const ones = <i32>load<u8>(at, 1) - 0x30
  return <u32>tens > 9 || <u32>ones > 9 ? -1000000 : tens * 10 + ones
}

/** `"YYYY-MM-DDTHH:MM:SS.sssZ"`, and nothing else: NaN. */
function timeAt(quote: i32): f64 {
  if (
    load<u8>(quote) != QUOTE ||
    load<u8>(quote, 5) != 0x2d ||
    load<u8>(quote, 8) != 0x2d ||
    load<u8>(quote, 11) != 0x54 ||
    load<u8>(quote, 14) != COLON ||
    load<u8>(quote, 17) != COLON ||
    load<u8>(quote, 20) != 0x2e ||
    load<u8>(quote, 24) != 0x5a ||
    load<u8>(quote, 25) != QUOTE
  )
    return NaN
  const year = two(quote + 1) * 100 + two(quote + 3)
  const month = two(quote + 6)
  const day = two(quote + 9)
  const hours = two(quote + 12)
  const minutes = two(quote + 15)
  const seconds = two(quote + 18)
  const hundreds = <i32>load<u8>(quote, 21) - 0x30
  const rest = two(quote + 22)
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return NaN
  if (<u32>hours > 23 || <u32>minutes > 59 || <u32>seconds > 59 || <u32>hundreds > 9 || rest < 0) return NaN
  // Days since 1970: years begin in March, so that the day of a leap year is the last.
  const y = month > 2 ? year : year - 1
  const era = y / 400
  const ofEra = y - era * 400
  const ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  const days = era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468
  return <f64>days * 86400000 + <f64>(hours * 3600000 + minutes * 60000 + seconds * 1000 + hundreds * 100 + rest)
}

function daysOf(year: i32, month: i32): i32 {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
}

/** A value or a list of values. */
function values(known: usize, from: i32, depth: i32): i32 {
  const seed = load<i32>(known, SEED)
  if (load<u8>(from) != OPEN_LIST) return value(known, seed, from, depth)
  let at = from + 1
  if (load<u8>(at) == CLOSE_LIST) return at + 1
  while (true) {
    at = load<u8>(at) == OPEN_LIST ? skip(at, depth + 1) : value(known, seed, at, depth)
    if (at == NONE) return NONE
    const next: i32 = load<u8>(at++)
    if (next == CLOSE_LIST) return at
    if (next != COMMA) return NONE
  }
}

function value(known: usize, seed: i32, at: i32, depth: i32): i32 {
  const kind = load<i32>(known, KIND)
  const asWords = load<i32>(known, WORDS) != 0
  const c: i32 = load<u8>(at)
  if (c == QUOTE) {
    const end = plainEnd(at + 1)
    if (load<u8>(end) == QUOTE) {
      if (kind == KEYWORD || kind == FLATTENED || kind == TEXT) {
        if (!indexed(seed, at + 1, end, kind != TEXT && end - at - 1 <= indexedLength, asWords || kind == TEXT)) return NONE
        return end + 1
      }
      if (kind == ADDRESS) {
        const form = addressForm(at + 1, end)
        if (form == DOTTED || (form == NO_ADDRESS && asWords)) {
          if (!indexed(seed, at + 1, end, true, true)) return NONE
          return end + 1
        }
      }
    }
    const behind = skipString(at)
    return behind != NONE && rest(known, seed, at, behind) ? behind : NONE
  }
  const behind = skip(at, depth)
  // An object counts as no value; nor does null.
  if (behind == NONE || c == OPEN || c == OPEN_LIST || c == 0x6e) return behind
  const isLiteral = c == 0x74 || c == 0x66
  const isPlain = isLiteral || (isDigit(c) && digitsEnd(at) != NONE)
  if (isPlain && (kind == KEYWORD || kind == FLATTENED)) return indexed(seed, at, behind, true, asWords) ? behind : NONE
  if (isPlain && !asWords) {
    if (kind == BOOLEAN) return indexed(seed, at, behind, true, false) ? behind : NONE
    if (kind == NUMBER && !isLiteral) {
      magnitude(seed, numberOf(at, behind))
      if (load<i32>(known, EXACT) != 0 && !indexed(seed, at, behind, true, false)) return NONE
      return behind
    }
  }
  return rest(known, seed, at, behind) ? behind : NONE
}

/** A value for the other side: how it is found is more than bytes say. */
export function rest(known: usize, seed: i32, from: i32, to: i32): bool {
  if (rests == MOST_REST) return false
  const place = REST + (rests++ << 4)
  store<u32>(place, known)
  store<i32>(place, seed, 4)
  store<i32>(place, from, 8)
  store<i32>(place, to, 12)
  return true
}

/** The term of a number's magnitude: `m` and which of the half octaves, by the least numbers of each. */
function magnitude(seed: i32, number: f64): void {
  let half = 0
  if (number > 0) {
    // The exponent says the octave, and so nearly the place.
    half = ((<i32>(reinterpret<u64>(number) >> 52) - 1023) << 1) + 41
    while (half < 141 && load<f64>(MAGNITUDES + ((half + 1 - 40) << 3)) <= number) half++
    while (half > 41 && load<f64>(MAGNITUDES + ((half - 40) << 3)) > number) half--
  }
  let value = seed * PRIME + 0x6d
  if (half > 99) value = value * PRIME + (0x30 + half / 100)
  if (half > 9) value = value * PRIME + (0x30 + (half / 10) % 10)
  addValue(value * PRIME + (0x30 + half % 10))
}

const DOTTED: i32 = 1
const NO_ADDRESS: i32 = 2
const COLONS: i32 = 3

/** Digits and dots alone, as IPv4 is; a text with colons, as IPv6 is; another. */
function addressForm(from: i32, to: i32): i32 {
  let form = DOTTED
  for (let at = from; at < to; at++) {
    const c: i32 = load<u8>(at)
    if (c == COLON) return COLONS
    if (!isDigit(c) && c != 0x2e) form = NO_ADDRESS
  }
  return form
}

/** The first byte from here on that is a quote, a backslash, a control character or beyond ASCII. */
export function plainEnd(from: i32): i32 {
  let at = from
  while (true) {
    const sixteen = v128.load(at)
    const special = v128.or(
      v128.or(i8x16.eq(sixteen, i8x16.splat(<i8>QUOTE)), i8x16.eq(sixteen, i8x16.splat(<i8>BACKSLASH))),
      // Signed: what is beyond ASCII is below, too.
      i8x16.lt_s(sixteen, i8x16.splat(0x20)),
    )
    const mask = i8x16.bitmask(special)
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

/** Adds the terms of plain ASCII: of all of it as a value, and of its words. False where there are too many. */
export function indexed(seed: i32, from: i32, to: i32, asValue: bool, asWords: bool): bool {
  let value = seed
  let at = from
  if (!asWords) {
    for (; at < to; at++) {
      const c: i32 = load<u8>(at)
      const folded: i32 = load<u8>(CLASSES + c)
      value = value * PRIME + (folded != 0 ? folded : c)
    }
  } else {
    if (terms + ((to - from) >> 1) > MOST_TERMS) return false
    const before = terms
    while (at < to) {
      const c: i32 = load<u8>(at)
      let folded: i32 = load<u8>(CLASSES + c)
      if (folded == 0) {
        value = value * PRIME + c
        at++
        continue
      }
      const word = at
      const start = value
      do {
        value = value * PRIME + folded
        at++
        folded = at < to ? <i32>load<u8>(CLASSES + load<u8>(at)) : 0
      } while (folded != 0)
      addWord(word, at - word, start, value)
    }
    words += terms - before
  }
  if (asValue) {
    if (terms >= MOST_TERMS) return false
    addValue(value)
  }
  return true
}

/** A word of ASCII in a value; the value's hash before and behind it says the word's. */
@inline
function addWord(from: i32, length: i32, before: i32, behind: i32): void {
  let own = behind
  if (length <= LONGEST_WORD) own = behind + (WORD_SEED - before) * load<i32>(POWERS + (length << 2))
  else {
    own = WORD_SEED
    for (let i = 0; i < LONGEST_WORD; i++) own = own * PRIME + <i32>load<u8>(CLASSES + load<u8>(from + i))
  }
  let spelled: i32 = <i32>load<u8>(LETTERS + load<u8>(from)) * 1600
  if (length > 1) spelled += <i32>load<u8>(LETTERS + load<u8>(from, 1)) * 40
  if (length > 2) spelled += <i32>load<u8>(LETTERS + load<u8>(from, 2))
  const bits: u32 = mixed(own)
  add((spelled << 16) | (bits >>> 16), bits)
}

@inline
function mixed(from: i32): i32 {
  let h: u32 = from
  h ^= h >>> 16
  h = h * 0x85ebca6b
  h ^= h >>> 13
  h = h * 0xc2b2ae35
  return h ^ (h >>> 16)
}

function addValue(value: i32): void {
  const bits: u32 = mixed(value)
  const more: u32 = mixed(value ^ 0x5bd1e995)
  add(((FIELD_REGION + (more >>> 16) % 1536) << 16) | (bits >>> 16), bits)
}

@inline
function add(high: u32, low: u32): void {
  store<u32>(HIGH + (terms << 2), high)
  store<u16>(LOW + (terms << 1), low)
  terms++
}

/** The values below a flattened field, each with the hash of its path. */
function leaves(known: usize, seed: i32, atRoot: bool, from: i32, depth: i32): i32 {
  if (depth > DEEPEST) return NONE
  const c: i32 = load<u8>(from)
  let at = from + 1
  if (c == OPEN_LIST) {
    if (load<u8>(at) == CLOSE_LIST) return at + 1
    while (true) {
      at = leaves(known, seed, atRoot, at, depth + 1)
      if (at == NONE) return NONE
      const next: i32 = load<u8>(at++)
      if (next == CLOSE_LIST) return at
      if (next != COMMA) return NONE
    }
  }
  if (c != OPEN) return value(known, seed, from, depth)
  if (load<u8>(at) == CLOSE) return at + 1
  let previous = 0
  let previousEnd = 0
  while (true) {
    const start = at + 1
    at = name(at)
    if (at == NONE) return NONE
    const end = at - 2
    if (previous != 0 && !ascends(previous, previousEnd, start, end)) return NONE
    previous = start
    previousEnd = end
    let below = atRoot ? seed : seed * PRIME + 0x2e
    for (let i = start; i < end; i++) below = below * PRIME + <i32>load<u8>(i)
    at = leaves(known, below, atRoot && end == start, at, depth + 1)
    if (at == NONE) return NONE
    const next: i32 = load<u8>(at++)
    if (next == CLOSE) return at
    if (next != COMMA) return NONE
  }
}

function changes(from: i32, depth: i32): i32 {
  if (load<u8>(from) != OPEN_LIST) return skip(from, depth)
  let at = from + 1
  if (load<u8>(at) == CLOSE_LIST) return at + 1
  while (true) {
    at = load<u8>(at) == OPEN ? change(at, depth + 1) : skip(at, depth + 1)
    if (at == NONE) return NONE
    const next: i32 = load<u8>(at++)
    if (next == CLOSE_LIST) return at
    if (next != COMMA) return NONE
  }
}

/** In canonical order the field comes first of the three; without one it is no change. */
function change(from: i32, depth: i32): i32 {
  let at = from + 1
  if (load<u8>(at) == CLOSE) return at + 1
  let field = 0
  let fieldEnd = 0
  let old = 0
  let oldEnd = 0
  let now = 0
  let nowEnd = 0
  let previous = 0
  let previousEnd = 0
  while (true) {
    const start = at + 1
    at = name(at)
    if (at == NONE) return NONE
    const end = at - 2
    if (previous != 0 && !ascends(previous, previousEnd, start, end)) return NONE
    previous = start
    previousEnd = end
    const length = end - start
    const value = at
    const isText = load<u8>(at) == QUOTE
    const isField = isText && length == 5 && load<u32>(start) == 0x6c656966 && load<u8>(start, 4) == 0x64
    const three: u32 = load<u32>(start) & 0xffffff
    const isOld = field != 0 && length == 3 && three == 0x646c6f
    const isNow = field != 0 && length == 3 && three == 0x77656e
    if (isField || (isText && (isOld || isNow))) {
      const behind = plainEnd(at + 1)
      if (load<u8>(behind) == QUOTE) {
        if (!indexed(0, at + 1, behind, false, true)) return NONE
        at = behind + 1
      } else {
        at = skipString(value)
        if (at == NONE || !rest(0, 0, value, at)) return NONE
      }
    } else {
      at = skip(at, depth + 1)
      if (at == NONE) return NONE
      // Other values than texts and null may be equal in other ways than by their bytes.
      if ((isOld || isNow) && load<u8>(value) != 0x6e) return NONE
    }
    if (isField) {
      field = value
      fieldEnd = at
    } else if (isOld) {
      old = value
      oldEnd = at
    } else if (isNow) {
      now = value
      nowEnd = at
    }
    const next: i32 = load<u8>(at++)
    if (next == CLOSE) break
    if (next != COMMA) return NONE
  }
  if (field == 0 || hasChangeIndex) return at
  return takeChange(field, fieldEnd, old, oldEnd, now, nowEnd) ? at : NONE
}

/** Passes a value of any kind, and makes sure that it is one; behind it, or -1. */
function skip(at: i32, depth: i32): i32 {
  const c: i32 = load<u8>(at)
  if (c == QUOTE) return skipString(at)
  if (c == OPEN || c == OPEN_LIST) return skipNested(at, c, depth)
  if (c == 0x74) return load<u32>(at) == 0x65757274 ? at + 4 : NONE
  if (c == 0x66) return load<u32>(at, 1) == 0x65736c61 ? at + 5 : NONE
  if (c == 0x6e) return load<u32>(at) == 0x6c6c756e ? at + 4 : NONE
  return skipNumber(at)
}

export function skipString(from: i32): i32 {
  let at = from + 1
  while (true) {
    const sixteen = v128.load(at)
    const special = v128.or(
      v128.or(i8x16.eq(sixteen, i8x16.splat(<i8>QUOTE)), i8x16.eq(sixteen, i8x16.splat(<i8>BACKSLASH))),
      i8x16.lt_u(sixteen, i8x16.splat(0x20)),
    )
    const mask = i8x16.bitmask(special)
    if (mask == 0) {
      at += 16
      continue
    }
    at += ctz(mask)
    const c: i32 = load<u8>(at)
    if (c == QUOTE) return at + 1
    if (c != BACKSLASH) return NONE
    const escaped: i32 = load<u8>(at, 1)
    if (escaped == 0x75) {
      for (let i = 2; i < 6; i++) if (load<u8>(HEX + load<u8>(at + i)) == 0) return NONE
      at += 6
    } else {
      if (load<u8>(ESCAPED + escaped) == 0) return NONE
      at += 2
    }
  }
}

function skipNested(from: i32, open: i32, depth: i32): i32 {
  if (depth > DEEPEST) return NONE
  const close = open + 2
  let at = from + 1
  if (load<u8>(at) == close) return at + 1
  while (true) {
    if (open == OPEN) {
      if (load<u8>(at) != QUOTE) return NONE
      at = skipString(at)
      if (at == NONE || load<u8>(at++) != COLON) return NONE
    }
    at = skip(at, depth + 1)
    if (at == NONE) return NONE
    const next: i32 = load<u8>(at++)
    if (next == close) return at
    if (next != COMMA) return NONE
  }
}

function skipNumber(from: i32): i32 {
  let at = from
  if (load<u8>(at) == 0x2d) at++
  if (load<u8>(at) == 0x30) at++
  else {
    at = digits(at)
    if (at == NONE) return NONE
  }
  if (load<u8>(at) == 0x2e) {
    at = digits(at + 1)
    if (at == NONE) return NONE
  }
  const c: i32 = load<u8>(at)
  if (c == 0x65 || c == 0x45) {
    at++
    const sign: i32 = load<u8>(at)
    if (sign == 0x2b || sign == 0x2d) at++
    return digits(at)
  }
  return at
}

/** Behind at least one digit, or -1. */
function digits(from: i32): i32 {
  let at = from
  while (isDigit(load<u8>(at))) at++
  return at == from ? NONE : at
}

// Facets that were met, by the bytes of their values: a table of addresses, then one entry behind the other, each a multiple of eight bytes.

const FACET_SLOTS: usize = 393216
const FACET_MASK: u32 = 0x7fff
const FACETS: usize = FACET_SLOTS + 131072
/** Values can be chosen so that their hashes agree: then some are taken for new, rather than all looked through. */
const MOST_PROBES: i32 = 16
// Of an entry: its length, its number, its hash, and from here on what must be equal.
const ENTRY_KEY: usize = 16

let facetCount: i32 = 0
let facetEnd: usize = FACETS

/** All facets are new. */
export function forgetFacets(): void {
  memory.fill(FACET_SLOTS, 0, FACETS - FACET_SLOTS)
  facetCount = 0
  facetEnd = FACETS
}

/** Where the next entry comes to lie. */
export function facetsEnd(): i32 {
  return <i32>facetEnd
}

/**
 * The facet of the line that was read whose values stand at these places, in this context, with the presence of fields where `presentNumbers` is
 * not 0: its number, or -1 - its number where it is new.
 */
export function facet(first: i32, count: i32, context: i32, presentNumbers: i32): i32 {
  const entry = facetEnd
  let at = entry + ENTRY_KEY
  store<i32>(at, (first << 20) | context)
  at += 4
  for (let i = 0; i < presentNumbers; i++, at += 4) store<i32>(at, load<i32>(PRESENT + ((<usize>i) << 2)))
  for (let i = first; i < first + count; i++) {
    const place = PLACES + ((<usize>i) << 3)
    const start = load<i32>(place)
    const length = start == NONE ? 0 : load<i32>(place, 4) - start
    store<i32>(at, length)
    at += 4
    // Values are short: a call to copy each would take longer. What is copied too much is written over.
    for (let done = 0; done < length; done += 8) store<u64>(at + done, load<u64>(start + done))
    at += length
  }
  store<u64>(at, 0)
  const to = (at + 7) & ~7
  let mixed: u64 = 0x9e3779b97f4a7c15
  for (let i = entry + ENTRY_KEY; i < to; i += 8) {
    mixed = (mixed ^ load<u64>(i)) * 0xff51afd7ed558ccd
    mixed ^= mixed >> 32
  }
  const own = <u32>(mixed >> 20)
  const length = <i32>(to - entry)
  let slot = own & FACET_MASK
  for (let probe = 0; probe < MOST_PROBES; probe++, slot = (slot + 1) & FACET_MASK) {
    const known: usize = load<u32>(FACET_SLOTS + (slot << 2))
    if (known == 0) break
    if (load<u32>(known, 8) == own && load<i32>(known) == length && isSame(known, entry, length)) return load<i32>(known, 4)
  }
  if (load<u32>(FACET_SLOTS + (slot << 2)) != 0) slot = own & FACET_MASK
  store<i32>(entry, length)
  store<i32>(entry, facetCount, 4)
  store<u32>(entry, own, 8)
  store<u32>(FACET_SLOTS + (slot << 2), <u32>entry)
  facetEnd = to
  return -1 - facetCount++
}

function isSame(one: usize, other: usize, length: i32): bool {
  for (let i: usize = ENTRY_KEY; i < <usize>length; i += 8) if (load<u64>(one + i) != load<u64>(other + i)) return false
  return true
}
