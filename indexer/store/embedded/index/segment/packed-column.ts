import {
  ascendingAt,
  ascendingBytes,
  BitWriter,
  bitsAt,
  bitsFor,
  bytesFor,
  MOST_IN_WORD,
  PAD,
  readAscending,
  readWide,
  viewOf,
  wideBitsAt,
  writeAscending,
} from './bits.ts'
import { type Bytes, bytesOf, float64s, uint16s, uint32s } from './codec.ts'
import { COLUMN_PAGE, Column, type Numbers } from './column.ts'
import { checkSeal, seal } from './seal.ts'
import type { Source } from './source.ts'

/** The kinds of pages. */
const PACKED = 0
const ASCENDING = 1
const PLAIN = 2

/** Checksum (4 bytes), kind, bits a number (1 byte each), two unused bytes, then the base and the step as doubles. */
const HEAD = 24

/** The place of a column: its pages, and the start of each. */
export interface PackedPlace {
  /** Bytes of a number in memory. */
  readonly width: 1 | 2 | 4 | 8
  readonly pages: number
  readonly starts: number
}

const EMPTY = new Uint8Array(HEAD)
const packer = new BitWriter()

function greatestDivisor(a: number, b: number): number {
  let one = a
  let other = b
  while (other !== 0) {
    const rest = one % other
    one = other
    other = rest
  }
  return one
}

/**
 * Appends a page with these numbers. Counts read whole columns of ordinals. So `counted` columns take whole bytes, which are copied;
 * unpacking bits would take half as long again.
 */
export function writeColumnPage(
  sink: Bytes,
  values: ArrayLike<number>,
  from: number,
  to: number,
  counted = false,
): void {
  writePage(sink, copied(values, from, to), counted)
}

const room = new Float64Array(COLUMN_PAGE)

/** The numbers of a page as doubles: taken from arrays of many kinds, each read took several times as long. */
function copied(values: ArrayLike<number>, from: number, to: number): Float64Array {
  const page = room.subarray(0, to - from)
  for (let i = from; i < to; i++) page[i - from] = values[i]!
  return page
}

function writePage(sink: Bytes, values: Float64Array, counted: boolean): void {
  const count = values.length
  const start = sink.length
  sink.bytes(EMPTY)
  let least = values[0]!
  let greatest = least
  let ascends = true
  let whole = true
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    if (!Number.isSafeInteger(value)) whole = false
    if (value < least) least = value
    if (value > greatest) greatest = value
    if (i > 0 && value < values[i - 1]!) ascends = false
  }
  if (!whole || greatest - least > Number.MAX_SAFE_INTEGER) {
    sink.bytes(bytesOf(values))
    endPage(sink, start, PLAIN, 64, 0, 1)
    return
  }
  let step = 0
  for (let i = 0; i < count && step !== 1; i++) step = greatestDivisor(values[i]! - least, step)
  if (step === 0) step = 1
  const span = (greatest - least) / step
  if (!counted && ascends && ascendingBytes(count, span) + 8 < bytesFor(count * bitsFor(span))) {
    for (let i = 0; i < count; i++) values[i] = (values[i]! - least) / step
    sink.bytes(bytesOf(Float64Array.of(span)))
    writeAscending(sink, values, 0, count, span)
    endPage(sink, start, ASCENDING, 0, least, step)
    return
  }
  if (counted && span > 0) {
    step = 1
    least = 0
  }
  const bits = bitsFor((greatest - least) / step)
  const width = counted ? Math.ceil(bits / 8) * 8 : bits
  for (let i = 0; i < count; i++) packer.put((values[i]! - least) / step, width)
  packer.endInto(sink)
  endPage(sink, start, PACKED, width, least, step)
}

function endPage(sink: Bytes, start: number, kind: number, width: number, base: number, step: number): void {
  // Pages begin at multiples of four, and packed bits are read four bytes at once.
  sink.bytes(new Uint8Array(4 + ((4 - (sink.length % 4)) % 4)))
  const page = sink.buffer.subarray(start, sink.length)
  page[4] = kind
  page[5] = width
  page.writeDoubleLE(base, 8)
  page.writeDoubleLE(step, 16)
  seal(page)
}

/** A column in pages of `COLUMN_PAGE` documents, each packed separately. */
export function packedColumn(source: Source, place: PackedPlace, docs: number): Column {
  const count = Math.ceil(docs / COLUMN_PAGE)
  let starts: Uint32Array | null = null
  /** Each page's checksum is worked out once: for a column of whole bytes it takes longer than all else. */
  const checked = new Uint8Array(count)
  return new Column((from, to) => {
    const values = roomFor(place.width, to - from)
    if (from >= to) return values
    starts ??= uint32s(source.read(place.starts, (count + 1) * 4))
    const first = Math.floor(from / COLUMN_PAGE)
    const last = Math.floor((to - 1) / COLUMN_PAGE)
    const base = starts[first]!
    const bytes = source.read(place.pages + base, starts[last + 1]! - base)
    for (let page = first; page <= last; page++) {
      const begin = page * COLUMN_PAGE
      const own = bytes.subarray(starts[page]! - base, starts[page + 1]! - base)
      if (checked[page] === 0) {
        checkSeal(own, 'a page of a column')
        checked[page] = 1
      }
      const low = Math.max(from, begin)
      const high = Math.min(to, begin + COLUMN_PAGE)
      readPage(own, low - begin, high - begin, Math.min(COLUMN_PAGE, docs - begin), values, low - from)
    }
    return values
  }, docs)
}

const roomFor = (width: 1 | 2 | 4 | 8, count: number): Numbers =>
  width === 1
    ? new Uint8Array(count)
    : width === 2
      ? new Uint16Array(count)
      : width === 4
        ? new Uint32Array(count)
        : new Float64Array(count)

/** Puts the numbers of a page from `from` up to but without `to` into `values` from `at` on. */
function readPage(page: Buffer, from: number, to: number, count: number, values: Numbers, at: number): void {
  const kind = page[4]!
  const width = page[5]!
  const base = page.readDoubleLE(8)
  const step = page.readDoubleLE(16)
  if (kind === PACKED) {
    if (HEAD + bytesFor(count * width) + PAD > page.length) throw new Error('a page of a column is too short')
    unpack(page, width, base, step, from, to, values, at)
  } else if (kind === ASCENDING) {
    const span = page.readDoubleLE(HEAD)
    const list = ascendingAt(page, HEAD + 8, count, span)
    const steps = span <= 0xffffffff ? readAscending(list) : readWide(list)
    for (let i = from; i < to; i++) values[at++] = base + steps[i]! * step
  } else if (kind === PLAIN) {
    values.set(float64s(page.subarray(HEAD + from * 8, HEAD + to * 8)), at)
  } else throw new Error(`a page of a column is of the unknown kind ${kind}`)
}

function unpack(
  page: Buffer,
  width: number,
  base: number,
  step: number,
  from: number,
  to: number,
  values: Numbers,
  at: number,
): void {
  if (width === 0) {
    values.fill(base, at, at + to - from)
    return
  }
  if (base === 0 && step === 1 && (width === 8 || width === 16)) {
    const bytes = page.subarray(HEAD + (from * width) / 8, HEAD + (to * width) / 8)
    values.set(width === 8 ? bytes : uint16s(bytes), at)
    return
  }
  if (width > MOST_IN_WORD) {
    for (let i = from; i < to; i++) values[at++] = base + wideBitsAt(page, HEAD * 8 + i * width, width) * step
    return
  }
  const view = viewOf(page)
  const place = HEAD * 8 + from * width
  const end = at + to - from
  // One function for each kind of array: one for all takes several times as long.
  if (values instanceof Float64Array) unpackDoubles(view, place, width, base, step, values, at, end)
  else if (step !== 1) {
    for (let bit = place; at < end; bit += width) values[at++] = base + bitsAt(page, bit, width) * step
  } else if (values instanceof Uint32Array) unpack32(view, place, width, base, values, at, end)
  else if (values instanceof Uint16Array) unpack16(view, place, width, base, values, at, end)
  else unpack8(view, place, width, base, values, at, end)
}

function unpackDoubles(
  view: DataView,
  place: number,
  width: number,
  base: number,
  step: number,
  values: Float64Array,
  at: number,
  end: number,
): void {
  const mask = (1 << width) - 1
  for (let bit = place, i = at; i < end; i++, bit += width)
    values[i] = base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask) * step
}

function unpack32(
  view: DataView,
  place: number,
  width: number,
  base: number,
  values: Uint32Array,
  at: number,
  end: number,
): void {
  const mask = (1 << width) - 1
  for (let bit = place, i = at; i < end; i++, bit += width)
    values[i] = base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask)
}

function unpack16(
  view: DataView,
  place: number,
  width: number,
  base: number,
  values: Uint16Array,
  at: number,
  end: number,
): void {
  const mask = (1 << width) - 1
  for (let bit = place, i = at; i < end; i++, bit += width)
    values[i] = base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask)
}

function unpack8(
  view: DataView,
  place: number,
  width: number,
  base: number,
  values: Uint8Array,
  at: number,
  end: number,
): void {
  const mask = (1 << width) - 1
  for (let bit = place, i = at; i < end; i++, bit += width)
    values[i] = base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask)
}
