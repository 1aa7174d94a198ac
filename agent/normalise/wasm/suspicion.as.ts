import { isDigit } from './text.as'

const NONE: i32 = -1

/** The halves of three bytes, for eight groups of signs. */
const SET: i32 = 96
/** Behind the halves of bytes of two sets, a bit for each three letters. */
const LETTERS: i32 = 2 * SET

/**
 * Where, from `from` on, the first three letters of a sign of a secret are; `until` where there are none. The table says of the low and
 * of the high half of the first, second and third byte to which groups of signs it fits (two sets of eight groups, each six times 16
 * bytes), and then of each three letters, six bits of each, whether a sign has them. With sixteen groups, one place in fourteen of
 * ordinary records fits a group; with eight it was one in three, and looking these up took longer than the search.
 */
export function suspiciousWord(table: i32, from: i32, until: i32): i32 {
  const low1 = v128.load(table)
  const high1 = v128.load(table, 16)
  const low2 = v128.load(table, 32)
  const high2 = v128.load(table, 48)
  const low3 = v128.load(table, 64)
  const high3 = v128.load(table, 80)
  const otherLow1 = v128.load(table, 96)
  const otherHigh1 = v128.load(table, 112)
  const otherLow2 = v128.load(table, 128)
  const otherHigh2 = v128.load(table, 144)
  const otherLow3 = v128.load(table, 160)
  const otherHigh3 = v128.load(table, 176)
  const half = i8x16.splat(0x0f)
  for (let at = from; at < until; at += 16) {
    const bytes1 = v128.load(at)
    const bytes2 = v128.load(at, 1)
    const bytes3 = v128.load(at, 2)
    const lower1 = v128.and(bytes1, half)
    const lower2 = v128.and(bytes2, half)
    const lower3 = v128.and(bytes3, half)
    const upper1 = v128.and(i16x8.shr_u(bytes1, 4), half)
    const upper2 = v128.and(i16x8.shr_u(bytes2, 4), half)
    const upper3 = v128.and(i16x8.shr_u(bytes3, 4), half)
    const groups = v128.or(
      v128.and(
        v128.and(fitting(low1, high1, lower1, upper1), fitting(low2, high2, lower2, upper2)),
        fitting(low3, high3, lower3, upper3),
      ),
      v128.and(
        v128.and(fitting(otherLow1, otherHigh1, lower1, upper1), fitting(otherLow2, otherHigh2, lower2, upper2)),
        fitting(otherLow3, otherHigh3, lower3, upper3),
      ),
    )
    if (!v128.any_true(groups)) continue
    for (let places = i8x16.bitmask(i8x16.ne(groups, i8x16.splat(0))); places != 0; places &= places - 1) {
      const place = at + ctz(places)
      if (place >= until) return until
      const letters = letter(load<u8>(place)) | (letter(load<u8>(place, 1)) << 6) | (letter(load<u8>(place, 2)) << 12)
      if ((<u32>load<u8>(table + LETTERS + (letters >> 3)) >> (letters & 7)) & 1) return place
    }
  }
  return until
}

/** Six bits, alike for capitals and small letters. */
function letter(byte: u32): u32 {
  return (byte & 31) | ((byte & 64) >> 1)
}

/** Halves are less than 16, so that the relaxed form means the same on every processor. */
function fitting(low: v128, high: v128, lower: v128, upper: v128): v128 {
  return v128.and(i8x16.relaxed_swizzle(low, lower), i8x16.relaxed_swizzle(high, upper))
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
