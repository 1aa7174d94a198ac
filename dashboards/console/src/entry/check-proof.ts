import type { Answer } from '../api/ask.ts'

export type Proof = Answer<'getEventsIdProof'>

/** What this browser computed again by itself; null where it could not. */
export interface Checked {
  /** The line leads to the root that the manifest names. */
  readonly line: boolean | null
  /** The key of the agent signed the manifest. */
  readonly signature: boolean | null
}

/** What a manifest says that people want to see. */
export interface Sealed {
  readonly agent: string
  readonly key: string
  readonly incarnation: string
  readonly sequence: number
  readonly events: number
  readonly created: number
  readonly root: string
}

const SIGNED = 'waybill/manifest/1\n'
const encoder = new TextEncoder()

export const sealedIn = ({ manifest }: Proof): Sealed => JSON.parse(manifest) as Sealed

/** The number of the statement in the log, and the size of the checkpoint that covers it. */
export function placeInLog({ log }: Proof): { index: number; size: number; origin: string } | null {
  const [head = '', ...note] = log.split('\n\n')
  const index = /^index (\d+)$/m.exec(head)?.[1]
  const [origin = '', size = ''] = (note[0] ?? '').split('\n')
  return index === undefined || !/^\d+$/.test(size)
    ? null
    : { index: Number(index), size: Number(size), origin }
}

/** Computes again what the proof says, without the indexer (RFC 9162, section 2.1.3.2). */
export async function check(proof: Proof): Promise<Checked> {
  // Over plain http a browser has no cryptography, except for its own machine.
  if (!isSecureContext) return { line: null, signature: null }
  const { root, events } = sealedIn(proof)
  const reached = await rootFrom(proof, events)
  return { line: reached === root, signature: await isSigned(proof) }
}

async function rootFrom({ line, position, path }: Proof, size: number): Promise<string | null> {
  let at = position
  let last = size - 1
  if (at > last) return null
  let hash = await sha256(joined([Uint8Array.of(0), encoder.encode(line)]))
  for (const text of path) {
    if (last === 0) return null
    const other = bytesOf(text)
    if (at % 2 === 1 || at === last) {
      hash = await sha256(joined([Uint8Array.of(1), other, hash]))
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else hash = await sha256(joined([Uint8Array.of(1), hash, other]))
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('') : null
}

async function isSigned({ manifest, signature, agentKey }: Proof): Promise<boolean | null> {
  try {
    const der = base64(agentKey.replaceAll(/-----[^-]+-----|\s/g, ''))
    const key = await crypto.subtle.importKey('spki', der, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify(
      'Ed25519',
      key,
      base64(signature),
      encoder.encode(`${SIGNED}${manifest}`),
    )
  } catch {
    // Some browsers have no Ed25519.
    return null
  }
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

const base64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.codePointAt(0) ?? 0)
