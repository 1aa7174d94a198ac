/** What the bytes of a value say of it. */

const MINUS = 0x2d
const ZERO = 0x30

/** Up to 15 digits, as `convert` takes them. */
export function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  if (to === start || to - start > 15) return false
  for (let at = start; at < to; at++) if (bytes[at]! < ZERO || bytes[at]! > ZERO + 9) return false
  return true
}

/** Whether an integer is written as ECMAScript prints it: without zeros in front. */
export function isPrinted(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  return bytes[start] !== ZERO || (to - from === 1 && start === from)
}

/** Four numbers to 255, none with a zero in front, as `isIP` has it. */
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
