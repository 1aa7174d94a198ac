import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '../../../config/index.ts'
import { Refused } from './door.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in a time that does not depend on where the texts differ, nor on their lengths. */
export const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

/**
 * Lets in who shows one of these tokens, in the forms that shippers can send: `Bearer TOKEN`, `ApiKey TOKEN`, `ApiKey` with base64 of
 * `id:TOKEN`, or `Basic` with the token as password. Without tokens everybody may send: the settings allow that on loopback only.
 */
export function expectToken(headers: IncomingHttpHeaders, tokens: readonly Secret[]): void {
  if (tokens.length === 0) return
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').trim().split(/\s+/, 2)
  const shown = shownIn(scheme.toLowerCase(), credentials)
  // All are compared, whichever fits.
  const fits = tokens.map((token) => shown.map((one) => isSame(one, token.reveal())).includes(true))
  if (!fits.includes(true)) {
    throw new Refused(
      401,
      credentials === ''
        ? 'The request has no Authorization header. Send one of the tokens that the agent expects.'
        : 'The token in the Authorization header is not one that the agent expects.',
    )
  }
}

function shownIn(scheme: string, credentials: string): readonly string[] {
  const decoded = Buffer.from(credentials, 'base64').toString('utf8')
  const secret = decoded.slice(decoded.indexOf(':') + 1)
  switch (scheme) {
    case 'bearer':
      return [credentials]
    case 'apikey':
      return decoded.includes(':') ? [credentials, secret] : [credentials]
    case 'basic':
      return decoded.includes(':') ? [secret] : []
    default:
      return []
  }
}
