import { codeAt, STEP_MS } from '../../accounts/totp.ts'

/** For tests only: what an authenticator app does with the key that is typed into it. */
export const codeOf = (key: string, now: number): string =>
  codeAt(fromBase32(key.replaceAll(' ', '')), Math.floor(now / STEP_MS))

export function fromBase32(text: string): Buffer {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
