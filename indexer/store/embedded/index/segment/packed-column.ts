import {
  ascendingAt,
  ascendingBytes,
  BitWriter,
  bitsFor,
  bytesFor,
  PAD,
  readAscending,
  wideBitsAt,
  writeAscending,
} from './bits.ts'
import { type Bytes, bytesOf, float64s, uint32s } from './codec.ts'
import { COLUMN_PAGE, Column, type Numbers } from './column.ts'
import { sealed, unsealed } from './seal.ts'
import type { Source } from './source.ts'

/** How a page has its numbers. */
const PACKED = 0
const ASCENDING = 1
const PLAIN = 2

/** Kind, bits a number (both one byte), two unused bytes, the checksum; then the base and the step, as doubles. */
const HEAD = 24
const CHECKED_FROM = 8

/** Where a column is: its pages, and where each begins. */
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

/** Appends a page with these numbers. */
export function writeColumnPage(sink: Bytes, values: ArrayLike<number>, from: number, to: number): void {
  const start = sink.length
  sink.bytes(EMPTY)
  let least = values[from]!
  let greatest = least
  let ascends = true
  let whole = true
  for (let i = from; i < to; i++) {
    const value = values[i]!
    if (!Number.isSafeInteger(value)) whole = false
    if (value < least) least = value
    if (value > greatest) greatest = value
    if (i > from && value < values[i - 1]!) ascends = false
  }
  if (!whole || greatest - least > Number.MAX_SAFE_INTEGER) {
    sink.bytes(bytesOf(Float64Array.from({ length: to - from }, (_, i) => values[from + i]!)))
    endPage(sink, start, PLAIN, 64, 0, 1)
    return
  }
  let step = 0
  for (let i = from; i < to && step !== 1; i++) step = greatestDivisor(values[i]! - least, step)
  if (step === 0) step = 1
  let span = (greatest - least) / step
  if (ascends && ascendingBytes(to - from, span) + 8 < bytesFor((to - from) * bitsFor(span))) {
    const steps = Float64Array.from({ length: to - from }, (_, i) => (values[from + i]! - least) / step)
    sink.bytes(bytesOf(Float64Array.of(span)))
    writeAscending(sink, steps, 0, steps.length, span)
    endPage(sink, start, ASCENDING, 0, least, step)
    return
  }
  if (step === 1 && least > 0 && bitsFor(greatest) === bitsFor(span)) {
    // As they are: without a sum for each.
    span = greatest
    least = 0
  }
  const width = bitsFor(span)
  for (let i = from; i < to; i++) packer.put((values[i]! - least) / step, width)
  packer.endInto(sink)
  endPage(sink, start, PACKED, width, least, step)
}

function endPage(sink: Bytes, start: number, kind: number, width: number, base: number, step: number): void {
  // What reads 32 bits at once may read the word behind the last.
  sink.bytes(new Uint8Array(4 + ((4 - (sink.length % 4)) % 4)))
  const page = sink.buffer.subarray(start, sink.length)
  page[0] = kind
  page[1] = width
  page.writeDoubleLE(base, 8)
  page.writeDoubleLE(step, 16)
  sealed(page, CHECKED_FROM)
}

/** A column that lies in pages of `COLUMN_PAGE` documents, each packed by itself. */
export function packedColumn(source: Source, place: PackedPlace, docs: number): Column {
  const count = Math.ceil(docs / COLUMN_PAGE)
  let starts: Uint32Array | null = null
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
  unsealed(page, CHECKED_FROM, 'a page of a column')
  const kind = page[0]!
  const width = page[1]!
  const base = page.readDoubleLE(8)
  const step = page.readDoubleLE(16)
  if (kind === PACKED) {
    if (HEAD + bytesFor(count * width) + PAD > page.length) throw new Error('a page of a column is too short')
    unpack(page, width, base, step, from, to, values, at)
  } else if (kind === ASCENDING) {
    const steps = new Float64Array(count)
    readAscending(ascendingAt(page, HEAD + 8, count, page.readDoubleLE(HEAD)), steps)
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
  if (width > 32) {
    for (let i = from; i < to; i++) values[at++] = base + wideBitsAt(page, HEAD * 8 + i * width, width) * step
    return
  }
  if (width === 8 && base === 0 && step === 1) {
    values.set(page.subarray(HEAD + from, HEAD + to), at)
    return
  }
  const words = uint32s(page.subarray(HEAD))
  const mask = width === 32 ? -1 : (1 << width) - 1
  if (base === 0 && step === 1 && values.BYTES_PER_ELEMENT <= 4)
    unpackSmall(words, width, mask, from, to, values, at)
  else {
    for (let i = from, place = from * width; i < to; i++, place += width) {
      const shift = place & 31
      let bits = words[place >>> 5]! >>> shift
      if (shift + width > 32) bits |= words[(place >>> 5) + 1]! << (32 - shift)
      values[at++] = base + ((bits & mask) >>> 0) * step
    }
  }
}

function unpackSmall(
  words: Uint32Array,
  width: number,
  mask: number,
  from: number,
  to: number,
  values: Numbers,
  at: number,
): void {
  for (let i = from, place = from * width; i < to; i++, place += width) {
    const shift = place & 31
    let bits = words[place >>> 5]! >>> shift
    if (shift + width > 32) bits |= words[(place >>> 5) + 1]! << (32 - shift)
    values[at++] = bits & mask
  }
}
