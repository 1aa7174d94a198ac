import { daysIn } from '../integration/time.ts'

/** Reads scalar values from their bytes. */

const MINUS = 0x2d
const ZERO = 0x30

/** Whether it is an integer of up to 15 digits, as `convert` accepts it. */
export function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  if (to === start || to - start > 15) return false
  for (let at = start; at < to; at++) if (bytes[at]! < ZERO || bytes[at]! > ZERO + 9) return false
  return true
}

/** Whether an integer is written as ECMAScript prints it: without leading zeros. */
export function isPrinted(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  return bytes[start] !== ZERO || (to - from === 1 && start === from)
}

/** Whether it consists of four numbers up to 255 without leading zeros, like `isIP`. */
export function isIpv4(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > 15) return false
  let parts = 0
  let digits = 0
  let value = 0
  for (let at = from; at <= to; at++) {
    const byte = at === to ? 0x2e : bytes[at]!
    if (byte === 0x2e) {
      if (digits === 0 || value > 255) return false
      parts++
      digits = 0
      value = 0
    } else if (byte >= 0x30 && byte <= 0x39) {
      if (digits > 0 && value === 0) return false
      value = value * 10 + byte - 0x30
      if (++digits > 3) return false
    } else return false
  }
  return parts === 4
}

/** The length of a time in an event: `2026-01-22T10:45:32.123Z`. */
export const ISO_LENGTH = 24

const two = (bytes: Uint8Array, at: number): number => {
  const tens = bytes[at]! - 0x30
  const ones = bytes[at + 1]! - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/**
 * Writes a time of the most common form (`2026-01-22T10:45:32`, a fraction or none, Z, or nothing if the zone is UTC) into `out`. Returns
 * false for all others.
 */
export function writeIso(
  out: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
  zoneIsUtc: boolean,
): boolean {
  if (to - from < 19) return false
  const century = two(bytes, from)
  const years = two(bytes, from + 2)
  const month = two(bytes, from + 5)
  const day = two(bytes, from + 8)
  const hour = two(bytes, from + 11)
  const minute = two(bytes, from + 14)
  const second = two(bytes, from + 17)
  if (century < 0 || years < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return false
  if (second < 0 || second > 59 || month < 1 || month > 12 || day < 1) return false
  if (day > 28 && day > daysIn(century * 100 + years, month)) return false
  if (bytes[from + 4] !== 0x2d || bytes[from + 7] !== 0x2d) return false
  const separator = bytes[from + 10]
  if (separator !== 0x54 && separator !== 0x20) return false
  if (bytes[from + 13] !== 0x3a || bytes[from + 16] !== 0x3a) return false
  for (let i = 0; i < 19; i++) out[i] = bytes[from + i]!
  out[10] = 0x54
  out[19] = 0x2e
  out[20] = out[21] = out[22] = 0x30
  out[23] = 0x5a
  let at = from + 19
  if (at < to && bytes[at] === 0x2e) {
    at++
    const fraction = at
    while (at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) {
      if (at - fraction < 3) out[20 + at - fraction] = bytes[at]!
      at++
    }
    if (at === fraction || at - fraction > 9) return false
  }
  return at === to ? zoneIsUtc : at + 1 === to && bytes[at] === 0x5a
}

/** Times of this form can be compared by their bytes. */
export function compareIso(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < ISO_LENGTH; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}
