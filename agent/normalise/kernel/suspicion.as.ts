import { isDigit } from './text.as'

const NONE: i32 = -1

/** Behind the halves of bytes, a bit for each three letters. */
const LETTERS: i32 = 96

/**
 * Where, from `from` on, three letters stand that a sign of a secret has; `until` where none do. The table says of the low and of the high
 * half of the first, second and third byte to which of eight groups of signs it fits (six times 16 bytes), and then of each three letters,
 * six bits of each, whether a sign has them.
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
