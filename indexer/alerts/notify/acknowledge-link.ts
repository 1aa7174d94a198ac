import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { parsedJson } from '../../../schema/index.ts'

/** A link in a message that lets its reader acknowledge one incident without signing in, for a day. */

export const VALID_FOR = 86_400_000

const claimsSchema = z.tuple([
  z.string().min(1).max(300).describe('The incident.'),
  z.string().min(1).max(300).describe('Whom the message went to.'),
  z.int().describe('The end of its validity, ms.'),
])
export interface Claims {
  readonly incident: string
  readonly to: string
}

const signed = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export function acknowledgeToken(key: Buffer, { incident, to }: Claims, now: number): string {
  const claims = Buffer.from(JSON.stringify([incident, to, now + VALID_FOR])).toString('base64url')
  return `${claims}.${signed(key, claims).toString('base64url')}`
}

/** What a token allows; `expired`, or null if this indexer did not sign it. */
export function claimsOf(key: Buffer, token: string, now: number): Claims | 'expired' | null {
  const [claims = '', signature = '', ...more] = token.split('.')
  const given = Buffer.from(signature, 'base64url')
  const expected = signed(key, claims)
  if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  const parsed = claimsSchema.safeParse(parsedJson(Buffer.from(claims, 'base64url').toString()))
  if (!parsed.success) return null
  const [incident, to, until] = parsed.data
  return now < until ? { incident, to } : 'expired'
}
