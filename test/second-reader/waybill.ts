import { createHash, createPublicKey, verify } from 'node:crypto'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

export interface Manifest {
  readonly version: number
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly previous: string | null
  readonly events: number
  readonly bytes: number
  readonly encoding: string
  readonly root: string
  readonly sources: readonly { readonly source: string; readonly events: number; readonly read: number }[]
}

export const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest()
export const leafHash = (line: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.of(0), line]))

/** The root over a list of hashes. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256('')
  if (leaves.length === 1) return leaves[0]!
  let left = 1
  while (left * 2 < leaves.length) left *= 2
  const halves = [leaves.slice(0, left), leaves.slice(left)].map(merkleRoot)
  return sha256(Buffer.concat([Buffer.of(1), ...halves]))
}

/** JSON as RFC 8785 writes it. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

export interface Waybill {
  readonly manifest: Manifest
  /** The hash that the next waybill names as the previous one. */
  readonly hash: string
  readonly lines: readonly Buffer[]
  readonly leaves: readonly Buffer[]
}

/** Reads a waybill, which is also a file of the spool, and checks all its statements about itself with the agent's public key (PEM). */
export function readWaybill(body: Buffer, publicKey: string): Waybill {
  let at = 0
  const frame = (type: string): Buffer => {
    if (body.toString('latin1', at, at + 1) !== type) throw new Error(`byte ${at}: there is no frame ${type}`)
    const length = body.readUInt32BE(at + 1)
    at += 5 + length
    if (at > body.length) throw new Error(`frame ${type} ends behind the file`)
    return body.subarray(at - length, at)
  }
  const [manifestBytes, signature, payload] = [frame('M'), frame('S'), frame('P')]
  if (at !== body.length) throw new Error('something follows the payload')
  const signed = Buffer.concat([Buffer.from('waybill/manifest/1\n'), manifestBytes])
  if (!verify(null, signed, createPublicKey(publicKey), signature))
    throw new Error('the signature is not of this key')
  const text = manifestBytes.toString('utf8')
  const manifest = JSON.parse(text) as Manifest
  if (manifest.version !== 1) throw new Error(`the manifest has the unknown version ${manifest.version}`)
  if (canonical(manifest) !== text) throw new Error('the manifest is not in canonical form')
  const ndjson = unpacked(manifest, payload)
  if (ndjson.length !== manifest.bytes) throw new Error('the payload has another length than was sealed')
  const lines = linesOf(ndjson)
  if (lines.length !== manifest.events) throw new Error('the payload has another number of lines')
  const leaves = lines.map(leafHash)
  if (merkleRoot(leaves).toString('hex') !== manifest.root) throw new Error('the root is another')
  return { manifest, hash: sha256(manifestBytes).toString('hex'), lines, leaves }
}

function unpacked({ encoding }: Manifest, payload: Buffer): Buffer {
  if (payload.length === 0) return Buffer.alloc(0)
  return encoding === 'gzip' ? gunzipSync(payload) : zstdDecompressSync(payload)
}

/** Each line ends with a newline. */
function linesOf(ndjson: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; at < ndjson.length; ) {
    const end = ndjson.indexOf(10, at)
    if (end === -1) throw new Error('the last line has no end')
    lines.push(ndjson.subarray(at, end))
    at = end + 1
  }
  return lines
}
