import { createHmac, timingSafeEqual } from 'node:crypto'

/** Time-based one-time passwords (RFC 6238) as all authenticator apps read them: SHA-1, 30 seconds, 6 digits. */
export const STEP_MS = 30_000
const DIGITS = 6
/** A clock may be one step off, to either side. */
const WINDOW = 1
const CODE = /^[0-9]{6}$/

/** HOTP (RFC 4226): the code of one step. */
export function codeAt(secret: Buffer, step: number, digits = DIGITS, algorithm = 'sha1'): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac(algorithm, secret).update(counter).digest()
  const at = mac[mac.length - 1]! & 15
  const number = mac.readUInt32BE(at) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step whose code this is; null where it is none, or one that was used already (`last`), or an older one. */
export function stepOf(secret: Buffer, code: string, now: number, last: number): number | null {
  if (!CODE.test(code)) return null
  const current = Math.floor(now / STEP_MS)
  const given = Buffer.from(code)
  let found: number | null = null
  for (let step = current - WINDOW; step <= current + WINDOW; step++) {
    const same = timingSafeEqual(given, Buffer.from(codeAt(secret, step)))
    if (same && step > last && step >= 0) found = step
  }
  return found
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += BASE32[(held >>> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31]
}

/** What an authenticator app reads from a QR code. */
export function otpauth(secret: Buffer, user: string): string {
  const label = `Waybill:${encodeURIComponent(user)}`
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=Waybill&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`
}
