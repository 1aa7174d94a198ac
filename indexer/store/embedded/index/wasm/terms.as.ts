// The dictionary of a new segment. `term-lists.ts` fills in pairs: a term's 48 bits, then the document's 16.

const DIGIT_BITS: u64 = 12
const DIGIT_MASK: u64 = 0xfff
const DIGITS: i32 = 4
const DIGIT_COUNTS: usize = 65536
const COUNTS_OF_DIGIT: usize = 4096 << 2
const PAGE_BUFFER: usize = DIGIT_COUNTS + (<usize>DIGITS) * COUNTS_OF_DIGIT
/** How many terms and pages there are. */
const LISTS: usize = 4096

const PAGE_BYTES: usize = 4096
/** The longest list that is kept within its page. */
const SHORT_LIST: i32 = 512
/** From this number of documents on, a list takes less room as bits. */
const DENSE: i32 = 8192
const BITS_BYTES: usize = 8192

/**
 * Sorts `count` pairs by their bits from `shift` on: a stable radix sort of twelve bits a pass, the lowest first. Returns the address of the
 * sorted pairs: `pairs` or `spare`.
 */
export function sort(pairs: i32, spare: i32, count: i32, shift: i32): i32 {
  let from: usize = pairs
  let to: usize = spare
  const bytes: usize = (<usize>count) << 3
  memory.fill(DIGIT_COUNTS, 0, (<usize>DIGITS) * COUNTS_OF_DIGIT)
  for (let at = from; at < from + bytes; at += 8) {
    let key = load<u64>(at) >> shift
    for (let digit = 0; digit < DIGITS; digit++) {
      const place = DIGIT_COUNTS + (<usize>digit) * COUNTS_OF_DIGIT + ((<usize>(key & DIGIT_MASK)) << 2)
      store<u32>(place, load<u32>(place) + 1)
      key >>= DIGIT_BITS
    }
  }
  for (let digit = 0; digit < DIGITS; digit++) {
    const counts = DIGIT_COUNTS + (<usize>digit) * COUNTS_OF_DIGIT
    const bits = (<u64>shift) + (<u64>digit) * DIGIT_BITS
    // All have the same here.
    if (count > 0 && load<u32>(counts + ((<usize>((load<u64>(from) >> bits) & DIGIT_MASK)) << 2)) == <u32>count) continue
    let place: u32 = <u32>to
    for (let at = counts; at < counts + COUNTS_OF_DIGIT; at += 4) {
      const own = load<u32>(at)
      store<u32>(at, place)
      place += own << 3
    }
    for (let at = from; at < from + bytes; at += 8) {
      const pair = load<u64>(at)
      const slot = counts + ((<usize>((pair >> bits) & DIGIT_MASK)) << 2)
      const target: usize = load<u32>(slot)
      store<u64>(target, pair)
      store<u32>(slot, (<u32>target) + 8)
    }
    const sorted = to
    to = from
    from = sorted
  }
  return <i32>from
}

/**
 * Writes the terms of sorted pairs with their documents, each once, as pages and long lists, from `out` on: `write.ts` says how they look. `directory`
 * gets the first key, the offset and the length of each page, eight bytes each. Gives where it ends; how many terms and pages there are is in the result.
 */
export function writeTerms(pairs: i32, count: i32, out: i32, directory: i32): i32 {
  const end: usize = (<usize>pairs) + ((<usize>count) << 3)
  let to: usize = out
  let page: usize = PAGE_BUFFER
  let terms = 0
  let pages = 0
  let previous: u64 = 0
  let at: usize = pairs
  while (at < end) {
    const key = load<u64>(at) >> 16
    // The documents of a term, each once, take the place of its pairs.
    const list = at
    let last = -1
    let docs = 0
    for (; at < end; at += 8) {
      const pair = load<u64>(at)
      if (pair >> 16 != key) break
      const doc: i32 = <i32>(pair & 0xffff)
      if (doc == last) continue
      last = doc
      store<u32>(list + ((<usize>docs) << 2), doc)
      docs++
    }
    if (page == PAGE_BUFFER) {
      const entry = (<usize>directory) + (<usize>pages) * 24
      store<f64>(entry, <f64>key)
      previous = key
      pages++
    }
    page = varint(page, key - previous)
    previous = key
    terms++
    if (docs > SHORT_LIST) {
      const offset = to
      to = longList(to, list, docs)
      page = varint(page, (docs << 1) + 1)
      page = varint(page, offset - out)
      page = varint(page, to - offset)
    } else {
      page = varint(page, docs << 1)
      page = differences(page, list, docs)
    }
    if (page - PAGE_BUFFER >= PAGE_BYTES || at >= end) {
      const length = page - PAGE_BUFFER
      const entry = (<usize>directory) + (<usize>(pages - 1)) * 24
      store<f64>(entry, <f64>(to - out), 8)
      store<f64>(entry, <f64>length, 16)
      memory.copy(to, PAGE_BUFFER, length)
      to += length
      page = PAGE_BUFFER
    }
  }
  store<i32>(LISTS, terms)
  store<i32>(LISTS, pages, 4)
  return <i32>to
}

@inline
function varint(at: usize, value: u64): usize {
  let to = at
  let rest = value
  while (rest > 127) {
    store<u8>(to++, <u8>(rest & 127) | 128)
    rest >>= 7
  }
  store<u8>(to++, <u8>rest)
  return to
}

/** Ascending documents as their differences. */
function differences(at: usize, list: usize, count: i32): usize {
  let to = at
  let previous: u32 = 0
  for (let i = 0; i < count; i++) {
    const doc = load<u32>(list + ((<usize>i) << 2))
    let rest = doc - previous
    previous = doc
    while (rest > 127) {
      store<u8>(to++, <u8>(rest & 127) | 128)
      rest >>= 7
    }
    store<u8>(to++, <u8>rest)
  }
  return to
}

/** A list of its own: all in one window, as its differences or, where it is long, as bits. */
function longList(at: usize, list: usize, count: i32): usize {
  store<u32>(at, 1)
  store<u32>(at, 0, 4)
  store<u32>(at, count, 8)
  store<u32>(at, 0, 12)
  const to = at + 16
  if (count < DENSE) return differences(to, list, count)
  memory.fill(to, 0, BITS_BYTES)
  for (let i = 0; i < count; i++) {
    const doc = load<u32>(list + ((<usize>i) << 2))
    const place = to + ((doc >> 5) << 2)
    store<u32>(place, load<u32>(place) | (1 << (doc & 31)))
  }
  return to + BITS_BYTES
}
