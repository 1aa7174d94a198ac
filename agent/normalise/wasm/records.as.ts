import { copy, escaped } from './text.as'

/** What the readers of records that are no JSON share: they write down as JSON what a record says, for `scan` to read. */

export const NONE: i32 = -1

/** Texts that the other side gives: an address and a length each. */
export function piece(pieces: usize, index: i32, out: i32): i32 {
  const from = load<i32>(pieces + (index << 3))
  return copy(from, from + load<i32>(pieces + (index << 3), 4), out)
}

/** `"name":"value",` */
export function member(nameFrom: i32, nameTo: i32, from: i32, until: i32, out: i32): i32 {
  store<u8>(out, 0x22)
  let at = escaped(nameFrom, nameTo, out + 1)
  // ":"
  store<u32>(at, 0x223a22)
  at = escaped(from, until, at + 3)
  // ",
  store<u16>(at, 0x2c22)
  return at + 2
}

/** In place of the comma behind the last member. */
export function closed(out: i32, at: i32): i32 {
  if (at == out + 1) {
    store<u8>(at, 0x7d)
    return at + 1
  }
  store<u8>(at - 1, 0x7d)
  return at
}

/** Whether names may stand there as they are in JSON: printable ASCII without quotes and backslashes. */
export function isPlainName(from: i32, until: i32): bool {
  for (let at = from; at < until; at++) {
    const byte = load<u8>(at)
    if (byte <= 0x20 || byte >= 0x7f || byte == 0x22 || byte == 0x5c) return false
  }
  return true
}

/**
 * Whether a text is one of a list. The list has, by length up to 31, where its texts of that length stand and how many they are
 * (`name-lists.ts` writes it).
 */
export function isListed(list: usize, from: i32, until: i32): bool {
  const length = until - from
  if (length > 31) return false
  let text: i32 = load<i32>(list + (length << 3))
  for (let count = load<i32>(list + (length << 3), 4); count > 0; count--) {
    let i = 0
    while (i < length && load<u8>(from + i) == load<u8>(text + i)) i++
    if (i == length) return true
    text += length
  }
  return false
}
