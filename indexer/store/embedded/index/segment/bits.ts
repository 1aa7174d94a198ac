import { Bytes } from './codec.ts'

/** The number of set bits of each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones++
  return ones
})

/** `bitsAt` reads four bytes at once: behind packed bits come three bytes that nobody uses. */
export const PAD = 3
/** The most bits that `bitsAt` reads. */
const PIECE = 24

/** Powers of two: reading one takes less time than computing it. */
const STEPS = Float64Array.from({ length: 54 }, (_, bits) => 2 ** bits)

export const bitsFor = (greatest: number): number =>
  greatest < 1 ? 0 : greatest < 0x80000000 ? 32 - Math.clz32(greatest) : Math.floor(Math.log2(greatest)) + 1

export const bytesFor = (bits: number): number => Math.ceil(bits / 8)

/** Up to 24 bits from a place on, counted in bits; the lowest bit of a byte is the first. */
export const bitsAt = (bytes: Uint8Array, place: number, width: number): number => {
  const at = place >>> 3
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  return (word >>> (place & 7)) & ((1 << width) - 1)
}

/** Up to 53 bits. */
export function wideBitsAt(bytes: Uint8Array, place: number, width: number): number {
  if (width <= PIECE) return bitsAt(bytes, place, width)
  let value = 0
  let factor = 1
  for (let done = 0; done < width; done += PIECE) {
    value += bitsAt(bytes, place + done, Math.min(PIECE, width - done)) * factor
    factor *= 1 << PIECE
  }
  return value
}

/** Numbers of a fixed number of bits, one behind the other. */
export class BitWriter {
  readonly #bytes = new Bytes(4096)
  #pending = 0
  #filled = 0

  clear(): void {
    this.#bytes.length = 0
    this.#pending = 0
    this.#filled = 0
  }

  put(value: number, width: number): void {
    if (width <= PIECE) {
      this.#put(value, width)
      return
    }
    let rest = value
    for (let left = width; left > 0; left -= PIECE) {
      this.#put(rest % (1 << PIECE), Math.min(PIECE, left))
      rest = Math.floor(rest / (1 << PIECE))
    }
  }

  #put(value: number, width: number): void {
    this.#pending |= value << this.#filled
    this.#filled += width
    if (this.#filled < 8) return
    const bytes = this.#bytes
    bytes.reserve(4)
    while (this.#filled >= 8) {
      bytes.buffer[bytes.length++] = this.#pending & 255
      this.#pending >>>= 8
      this.#filled -= 8
    }
  }

  /** Appends the written bits, in whole bytes, and starts again. */
  endInto(sink: Bytes): void {
    if (this.#filled > 0) this.#put(0, 8 - this.#filled)
    sink.bytes(this.#bytes.view())
    this.clear()
  }
}

/** Appends the first `count` numbers, each in `width` bits, and fills the last byte. */
export function writeBits(sink: Bytes, numbers: Uint32Array, count: number, width: number): void {
  if (width > PIECE) throw new Error(`${width} bits are too many to write at once`)
  sink.reserve(bytesFor(count * width))
  const { buffer } = sink
  let at = sink.length
  let pending = 0
  let filled = 0
  for (let i = 0; i < count; i++) {
    pending |= numbers[i]! << filled
    for (filled += width; filled >= 8; filled -= 8) {
      buffer[at++] = pending & 255
      pending >>>= 8
    }
  }
  if (filled > 0) buffer[at++] = pending
  sink.length = at
}

/**
 * Ascending numbers (Elias-Fano): of each the lower bits as they are, and of all the upper ones as a row of bits. Number `i` with the upper
 * part `h` sets bit `h + i`. That takes two bits a number more than its lower bits, whatever the gaps are, and half a bit more than the
 * least there is.
 */
export interface Ascending {
  readonly count: number
  /** The number of lower bits of each. */
  readonly low: number
  readonly bytes: Uint8Array
  /** The offsets of the lower bits and of the upper ones. */
  readonly lows: number
  readonly highs: number
  readonly end: number
}

/** The length in bytes from which `fill` is quicker than a loop. */
const LONG_FILL = 128

/** The number of lower bits for `count` numbers up to the greatest. */
export const lowBits = (count: number, greatest: number): number =>
  count === 0 ? 0 : Math.max(0, bitsFor(Math.floor((greatest + 1) / count)) - 1)

export const highBytes = (count: number, greatest: number, low: number): number =>
  count === 0 ? 0 : bytesFor(count + Math.floor(greatest / STEPS[low]!) + 1)

export const ascendingBytes = (count: number, greatest: number): number => {
  const low = lowBits(count, greatest)
  return bytesFor(count * low) + highBytes(count, greatest, low)
}

/** Appends numbers, none above `greatest`, less `base`. */
export function writeAscending(
  sink: Bytes,
  numbers: ArrayLike<number>,
  start: number,
  end: number,
  greatest: number,
  base = 0,
): void {
  const count = end - start
  const low = lowBits(count, greatest)
  const highs = sink.length + bytesFor(count * low)
  const stop = highs + highBytes(count, greatest, low)
  sink.reserve(stop - sink.length)
  const { buffer } = sink
  // A call of `fill` takes longer than a short list.
  if (stop - highs > LONG_FILL) buffer.fill(0, highs, stop)
  else for (let i = highs; i < stop; i++) buffer[i] = 0
  let at = sink.length
  let pending = 0
  let filled = 0
  if (low <= PIECE && greatest < 0x80000000) {
    const mask = (1 << low) - 1
    for (let i = start; i < end; i++) {
      const number = numbers[i]! - base
      pending |= (number & mask) << filled
      for (filled += low; filled >= 8; filled -= 8) {
        buffer[at++] = pending & 255
        pending >>>= 8
      }
      const bit = (number >>> low) + i - start
      const place = highs + (bit >>> 3)
      buffer[place] = buffer[place]! | (1 << (bit & 7))
    }
  } else {
    const step = STEPS[low]!
    for (let i = start; i < end; i++) {
      const number = numbers[i]! - base
      const high = Math.floor(number / step)
      let rest = number - high * step
      for (let left = low; left > 0; left -= PIECE) {
        const more = Math.floor(rest / (1 << PIECE))
        pending |= (rest - more * (1 << PIECE)) << filled
        for (filled += Math.min(PIECE, left); filled >= 8; filled -= 8) {
          buffer[at++] = pending & 255
          pending >>>= 8
        }
        rest = more
      }
      const bit = high + i - start
      const place = highs + (bit >>> 3)
      buffer[place] = buffer[place]! | (1 << (bit & 7))
    }
  }
  if (filled > 0) buffer[at] = pending
  sink.length = stop
}

/** Numbers as `writeAscending` wrote them, from a place on. */
export function ascendingAt(bytes: Uint8Array, at: number, count: number, greatest: number): Ascending {
  const low = lowBits(count, greatest)
  const highs = at + bytesFor(count * low)
  const end = highs + highBytes(count, greatest, low)
  if (end > bytes.length) throw new Error('a list of ascending numbers ends too early')
  return { count, low, bytes, lows: at, highs, end }
}

/** The most bits that lie within four bytes wherever in the first byte they begin. */
export const MOST_IN_WORD = 25

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** The numbers. */
export function readAscending(list: Ascending): Uint32Array {
  const { count, low, bytes, lows, highs, end } = list
  const numbers = new Uint32Array(count)
  if (low > MOST_IN_WORD || end + PAD > bytes.length) {
    numbers.set(readWide(list))
    return numbers
  }
  const view = viewOf(bytes)
  const mask = (1 << low) - 1
  let place = lows * 8
  let i = 0
  for (let byte = highs; byte < end; byte++) {
    for (let rest = bytes[byte]!; rest !== 0 && i < count; rest &= rest - 1) {
      const high = (byte - highs) * 8 + 31 - Math.clz32(rest & -rest) - i
      numbers[i++] = (high << low) | ((view.getUint32(place >>> 3, true) >>> (place & 7)) & mask)
      place += low
    }
  }
  if (i !== count) throw new Error('a list of ascending numbers is damaged')
  return numbers
}

/** Numbers of up to 53 bits. */
export function readWide(list: Ascending): Float64Array {
  const { count, low, bytes, lows, highs, end } = list
  const numbers = new Float64Array(count)
  const step = STEPS[low]!
  let place = lows * 8
  let i = 0
  for (let byte = highs; byte < end; byte++) {
    for (let rest = bytes[byte]!; rest !== 0 && i < count; rest &= rest - 1) {
      const high = (byte - highs) * 8 + 31 - Math.clz32(rest & -rest) - i
      numbers[i++] = high * step + wideBitsAt(bytes, place, low)
      place += low
    }
  }
  if (i !== count) throw new Error('a list of ascending numbers is damaged')
  return numbers
}

/** The first number that is not below this one, by its place among all; the count where all are below. */
export function firstNotBelow(list: Ascending, wanted: number): number {
  const { count, low, bytes, lows, highs, end } = list
  const step = STEPS[low]!
  const high = Math.floor(wanted / step)
  const lower = wanted - high * step
  // The numbers with this upper part follow the zero that ends the upper part before it.
  let zeros = 0
  let i = 0
  let byte = highs
  for (; byte < end; byte++) {
    const ones = ONES[bytes[byte]!]!
    if (zeros + 8 - ones >= high) break
    zeros += 8 - ones
    i += ones
  }
  for (let bit = (byte - highs) * 8; byte < end && i < count; bit++) {
    const place = highs + (bit >>> 3)
    if (place >= end) return count
    if ((bytes[place]! & (1 << (bit & 7))) === 0) {
      if (zeros++ === high) return i
      continue
    }
    if (zeros > high || (zeros === high && wideBitsAt(bytes, lows * 8 + i * low, low) >= lower)) return i
    i++
  }
  return count
}

/** One of the numbers whose upper part may be anything: found by going through the upper bits. */
export function numberAt(list: Ascending, index: number): number {
  const { low, bytes, lows, highs, end } = list
  let i = 0
  let byte = highs
  for (; byte < end; byte++) {
    const ones = ONES[bytes[byte]!]!
    if (i + ones > index) break
    i += ones
  }
  for (let rest = bytes[byte] ?? 0; rest !== 0; rest &= rest - 1) {
    if (i++ !== index) continue
    const high = (byte - highs) * 8 + 31 - Math.clz32(rest & -rest) - index
    return high * STEPS[low]! + wideBitsAt(bytes, lows * 8 + index * low, low)
  }
  throw new Error('a list of ascending numbers is damaged')
}
