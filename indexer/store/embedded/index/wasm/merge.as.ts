/**
 * Merging dictionaries. `segment/term-merger.ts` has the terms of several segments put together as pairs, a range of keys at a time: above, the
 * key less the first one of the range; below, 20 bits of a document's new number.
 */
const DOC_BITS: u64 = 20
const DOC_MASK: u64 = 0xfffff
/** Keys from here on are of values, and have only their upper 32 bits in a merged segment (`packed-terms.ts`). */
const FIRST_VALUE: u64 = 64000 << 32
/** Longer lists are put in order by bits. */
const MOST_INSERTED: usize = 64

// How far a dictionary of version 1 was read; `term-merger.ts` has the same.
const KEY: usize = 0
const AT: usize = 8
const END: usize = 12
const RENUMBERED: usize = 16
const OUT: usize = 20
const HEAD: usize = 24

const PAGE_END: i32 = 0
const RANGE_END: i32 = 1
const LONG_LIST: i32 = 2

let at: usize = 0

@inline
function varint(): u64 {
  let byte: u64 = load<u8>(at++)
  let value = byte & 127
  for (let shift: u64 = 7; byte > 127; shift += 7) {
    byte = load<u8>(at++)
    value |= (byte & 127) << shift
  }
  return value
}

/**
 * Adds a pair for each document of the terms of this page whose keys are below `until`. It stops at the end of the page, at the first term of the
 * next range, or behind the head of a long list, which stands elsewhere.
 */
export function takeTerms(walk: i32, base: f64, until: f64): i32 {
  const place: usize = walk
  const first = <u64>base
  const limit = <u64>until
  const end: usize = load<u32>(place, END)
  const renumbered: usize = load<u32>(place, RENUMBERED)
  let key = <u64>load<f64>(place, KEY)
  let out: usize = load<u32>(place, OUT)
  at = load<u32>(place, AT)
  let state = PAGE_END
  while (at < end) {
    const start = at
    const next = key + varint()
    if (next >= limit) {
      at = start
      state = RANGE_END
      break
    }
    key = next
    const head = <u32>varint()
    if ((head & 1) != 0) {
      store<u32>(place, head, HEAD)
      state = LONG_LIST
      break
    }
    const above = ((key < FIRST_VALUE ? key : key & ~0xffff) - first) << DOC_BITS
    let doc: u32 = 0
    for (let left = head >> 1; left > 0; left--) {
      doc += <u32>varint()
      store<u64>(out, above | load<u32>(renumbered + ((<usize>doc) << 2)))
      out += 8
    }
  }
  store<f64>(place, <f64>key, KEY)
  store<u32>(place, <u32>at, AT)
  store<u32>(place, <u32>out, OUT)
  return state
}

/**
 * Takes sorted pairs apart: the documents of each term, ascending and each once, take the place of the pairs; `keys` gets the keys (doubles), `ends`
 * the number of documents up to the end of each. `bits` has room for a bit for each document, all 0. Gives the number of terms.
 */
export function group(pairs: i32, count: i32, base: f64, keys: i32, ends: i32, bits: i32): i32 {
  const first = <u64>base
  const docs: usize = pairs
  const end = docs + ((<usize>count) << 3)
  let to: usize = docs
  let terms: usize = 0
  for (let from = docs; from < end; ) {
    const start = to
    const key = load<u64>(from) >> DOC_BITS
    let last: i32 = -1
    let isSorted = true
    do {
      const pair = load<u64>(from)
      if (pair >> DOC_BITS != key) break
      const doc = <i32>(pair & DOC_MASK)
      if (doc <= last) isSorted = false
      store<u32>(to, doc)
      last = doc
      to += 4
      from += 8
    } while (from < end)
    if (!isSorted) to = to - start > MOST_INSERTED << 2 ? sortedByBits(start, to, bits) : sortedByInsertion(start, to)
    store<f64>(<usize>keys + (terms << 3), <f64>(first + key))
    store<u32>(<usize>ends + (terms << 2), <u32>((to - docs) >> 2))
    terms++
  }
  return <i32>terms
}

/** Sorts documents, and keeps each once: two values with the same key may be of one document. */
function sortedByInsertion(start: usize, end: usize): usize {
  let kept = start
  for (let from = start; from < end; from += 4) {
    const doc = load<u32>(from)
    let place = kept
    while (place > start && load<u32>(place - 4) > doc) place -= 4
    if (place > start && load<u32>(place - 4) == doc) continue
    for (let moved = kept; moved > place; moved -= 4) store<u32>(moved, load<u32>(moved - 4))
    store<u32>(place, doc)
    kept += 4
  }
  return kept
}

function sortedByBits(start: usize, end: usize, bits: usize): usize {
  let least: u32 = 0xffffffff
  let greatest: u32 = 0
  for (let from = start; from < end; from += 4) {
    const doc = load<u32>(from)
    const word = doc >> 6
    if (word < least) least = word
    if (word > greatest) greatest = word
    const place = bits + ((<usize>word) << 3)
    store<u64>(place, load<u64>(place) | ((<u64>1) << (doc & 63)))
  }
  let to = start
  for (let word = least; word <= greatest; word++) {
    const place = bits + ((<usize>word) << 3)
    let rest = load<u64>(place)
    if (rest == 0) continue
    store<u64>(place, 0)
    for (; rest != 0; rest &= rest - 1) {
      store<u32>(to, (word << 6) | <u32>ctz(rest))
      to += 4
    }
  }
  return to
}
