/** What all parts of the kernel do with texts. They read and write up to 15 bytes more than they say. */

export function copy(from: i32, to: i32, out: i32): i32 {
  let at = out
  for (let i = from; i < to; i += 16, at += 16) v128.store(at, v128.load(i))
  return out + to - from
}

export function areSame(from: i32, to: i32, otherFrom: i32, otherTo: i32): bool {
  const length = to - from
  if (length != otherTo - otherFrom) return false
  for (let i = 0; i < length; i++) if (load<u8>(from + i) != load<u8>(otherFrom + i)) return false
  return true
}

export function isDigit(byte: u8): bool {
  return byte - 0x30 < 10
}

/** A text as the inside of a JSON text, as RFC 8785 writes it; six bytes at most for one. */
export function escaped(start: i32, until: i32, out: i32): i32 {
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
    const byte: u32 = load<u8>(from++)
    const sign = signOf(byte)
    if (sign != 0) {
      store<u16>(at, <u16>(0x5c | (sign << 8)))
      at += 2
      continue
    }
    // \u00
    store<u32>(at, 0x3030755c)
    store<u8>(at, hexDigit(byte >> 4), 4)
    store<u8>(at, hexDigit(byte & 15), 5)
    at += 6
  }
  return at - (from > until ? from - until : 0)
}

/** What stands behind the backslash; 0 for those that only their number names. */
function signOf(byte: u32): u32 {
  if (byte >= 0x20) return byte
  if (byte == 0x0a) return 0x6e
  if (byte == 0x0d) return 0x72
  if (byte == 0x09) return 0x74
  if (byte == 0x08) return 0x62
  return byte == 0x0c ? 0x66 : 0
}

export function hexDigit(number: u32): u8 {
  return <u8>(number < 10 ? 0x30 + number : 0x57 + number)
}

/** Whether any of two bytes stands there. */
export function holds(from: i32, until: i32, one: u8, other: u8): bool {
  const first = i8x16.splat(one)
  const second = i8x16.splat(other)
  for (let at = from; at < until; at += 16) {
    const bytes = v128.load(at)
    let marks = i8x16.bitmask(v128.or(i8x16.eq(bytes, first), i8x16.eq(bytes, second)))
    if (until - at < 16) marks &= (1 << (until - at)) - 1
    if (marks != 0) return true
  }
  return false
}
