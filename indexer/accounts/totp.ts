import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SecretBox } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'

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

/** Returns the step that has this code; null if there is none, or if it was used already (`last`) or is older. */
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

/** The text of the QR code for an authenticator app. */
export function otpauth(secret: Buffer, user: string): string {
  const label = `Waybill:${encodeURIComponent(user)}`
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=Waybill&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`
}

/** The context of a sealed secret: the secret of one user is useless for another. */
export const contextOf = (user: string): string => `second-factor/${user}`

/** The secret of a user's second factor; a refusal where another key encrypted it. */
export function secretOf(box: SecretBox, user: string, { secret }: { readonly secret: string }): Buffer {
  const opened = box.open(secret, contextOf(user))
  if (opened !== null) return opened
  throw new Refusal(
    'WB-SECRETS-KEY',
    `This indexer can't read the second factor of ${user}: it was encrypted with another key. Give all indexers of the cluster the same secrets-key, or let an administrator remove the second factor.`,
  )
}
