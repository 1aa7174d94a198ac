import { type KeyObject, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { canonical } from '../canonical.ts'
import {
  type AgentId,
  type Incarnation,
  isAgentId,
  isIncarnation,
  isSha256,
  isSourceId,
  type Sha256,
  sha256,
} from '../ids.ts'
import { LIMITS } from '../limits.ts'

/**
 * A batch's waybill: its sender, its number in the chain of its agent and incarnation, the hash of the previous waybill, and the Merkle
 * root over its events. The agent signs it; the counts of unshipped records are sealed with it.
 */
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const hashText = z.string().refine(isSha256, 'expected SHA-256 in hex')
const incarnationText = z.string().refine(isIncarnation, 'expected 32 hex digits')

/** The part of a batch that comes from one source. The events of a batch are ordered by source, in the order of this list. */
export const sourceSliceSchema = z.strictObject({
  source: z.string().refine(isSourceId, 'expected 32 hex digits'),
  generation: count,
  path: z.string(),
  /** The bytes of the source that this slice covers: from its first record to the end of its last. */
  from: count,
  to: count,
  /** The records that were read: `events + filtered`. */
  read: count,
  /** The events that this batch ships. */
  events: count,
  /** Records that a setting excludes from shipping. */
  filtered: count,
  /** Blank lines and CSV headers, which are not records. */
  skipped: count,
  /** Shipped events that were truncated because of the size limit. */
  truncated: count,
  /** Shipped events that did not parse. */
  errors: count,
  /** Messages that were lost before they could be read (UDP). */
  dropped: count,
})
export type SourceSlice = z.infer<typeof sourceSliceSchema>

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  agent: z.string().refine(isAgentId, 'expected an agent id'),
  key: z.string().min(1).max(64),
  incarnation: incarnationText,
  sequence: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  /** The hash of the previous waybill in this incarnation; null for the first. */
  previous: hashText.nullable(),
  /** In the first waybill of an incarnation that follows another: the last waybill of that one that is known to be acknowledged. */
  cites: z
    .strictObject({ incarnation: incarnationText, sequence: count, hash: hashText.nullable() })
    .nullable(),
  /** The time of sealing, by the agent's clock, in ms since 1970. */
  created: count,
  namespace: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.]{0,63}$/, 'expected a-z, 0-9, _ and ., beginning with a letter or digit'),
  /** The version of the central settings that the batch was made under; null if none arrived yet. */
  settings: z.string().max(128).nullable(),
  events: count.max(LIMITS.batchRecords),
  /** The size of the NDJSON before compression, in bytes. */
  bytes: count.max(LIMITS.batchBytes),
  encoding: z.enum(['zstd', 'gzip']),
  root: hashText,
  sources: z.array(sourceSliceSchema).max(LIMITS.batchRecords),
})
export type Manifest = z.infer<typeof manifestSchema>

/** The content type of a request that carries a waybill. */
export const WAYBILL_TYPE = 'application/vnd.waybill.v1'

/** The key that identifies one waybill. */
export interface WaybillKey {
  readonly agent: AgentId
  readonly incarnation: Incarnation
  readonly sequence: number
}

/** Frames: type (one byte), length (four bytes, big-endian), content. */
const FRAME = { manifest: 0x4d, signature: 0x53, payload: 0x50 } as const
const HEADER_BYTES = 5
/** The limit of a signature: one of Ed25519 has 64 bytes; others may be longer. */
const SIGNATURE_BYTES = 512
const SIGNED = 'waybill/manifest/1\n'

export interface SealedWaybill {
  readonly manifest: Manifest
  /** SHA-256 over the manifest's bytes: the next waybill names it as `previous`. */
  readonly hash: Sha256
  readonly manifestBytes: Buffer
  readonly signature: Buffer
  /** The compressed NDJSON. */
  readonly payload: Buffer
}

function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header[0] = type
  header.writeUInt32BE(length, 1)
  return header
}

const signedText = (manifestBytes: Uint8Array): Buffer => Buffer.concat([Buffer.from(SIGNED), manifestBytes])

/** Seals a manifest; the payload stays where it is (`payload` is the last part of the body). */
export function sealManifest(
  manifest: Manifest,
  key: KeyObject,
): { head: Buffer; hash: Sha256; frameOf: (payload: Uint8Array) => Buffer } {
  const bytes = Buffer.from(canonical(manifest))
  const signature = sign(null, signedText(bytes), key)
  const head = Buffer.concat([
    frameHeader(FRAME.manifest, bytes.length),
    bytes,
    frameHeader(FRAME.signature, signature.length),
    signature,
  ])
  return { head, hash: sha256(bytes), frameOf: (payload) => frameHeader(FRAME.payload, payload.length) }
}

/** Encodes a whole request body. */
export function encodeWaybill(
  manifest: Manifest,
  payload: Uint8Array,
  key: KeyObject,
): { body: Buffer; hash: Sha256 } {
  const { head, hash, frameOf } = sealManifest(manifest, key)
  return { body: Buffer.concat([head, frameOf(payload), payload]), hash }
}

/** The body is not a waybill; the sentence gives the fault and its byte. */
export class WaybillFormatError extends Error {
  override name = 'WaybillFormatError'
}

/** Reads a body's frames and its manifest; checks shapes only. The parts are views of `body`. */
export function decodeWaybill(body: Buffer): SealedWaybill {
  const head = decodeHead(body)
  if (head === null) throw new WaybillFormatError(`the body ends at byte ${body.length}, before the payload`)
  const { payloadStart, payloadBytes, ...sealed } = head
  const there = body.length - payloadStart
  if (there < payloadBytes)
    throw new WaybillFormatError(`the payload has ${payloadBytes} bytes, but only ${there} are there`)
  if (there > payloadBytes) {
    throw new WaybillFormatError(
      `${there - payloadBytes} bytes follow the payload, which ends at byte ${payloadStart + payloadBytes}`,
    )
  }
  return { ...sealed, payload: body.subarray(payloadStart) }
}

/** The head before the payload: enough to identify the sender before the rest is read. */
export interface WaybillHead extends Omit<SealedWaybill, 'payload'> {
  readonly payloadStart: number
  readonly payloadBytes: number
}

/**
 * Returns the sender from the first bytes of a manifest, before the rest has arrived: the members are sorted, so that agent and key are at
 * the beginning. Null if more bytes are needed, or if it is not such a manifest.
 */
export function senderIn(start: Buffer): { agent: string; key: string } | null {
  const text = start.toString('latin1', HEADER_BYTES, HEADER_BYTES + SENDER_WITHIN)
  const agent = /^\{"agent":"([a-z0-9-]+)",/.exec(text)?.[1]
  const key = /,"key":"([^"\\]+)",/.exec(text)?.[1]
  return agent === undefined || key === undefined ? null : { agent, key }
}

/** The length of the part before the key is limited. */
export const SENDER_WITHIN = 2048

/** Reads the head of a body from its first bytes; null if more are needed. */
export function decodeHead(start: Buffer): WaybillHead | null {
  let at = 0
  const frame = (type: number, name: string, most: number): number | null => {
    if (start.length > at && start[at] !== type)
      throw new WaybillFormatError(`byte ${at}: expected the ${name}, found frame type ${start[at]}`)
    if (start.length - at < HEADER_BYTES) return null
    const length = start.readUInt32BE(at + 1)
    if (length > most)
      throw new WaybillFormatError(`byte ${at}: the ${name} has ${length} bytes, and may have ${most}`)
    at += HEADER_BYTES
    return length
  }
  const content = (type: number, name: string, most: number): Buffer | null => {
    const length = frame(type, name, most)
    if (length === null || start.length - at < length) return null
    at += length
    return start.subarray(at - length, at)
  }
  const manifestBytes = content(FRAME.manifest, 'manifest', LIMITS.manifestBytes)
  if (manifestBytes === null) return null
  const signature = content(FRAME.signature, 'signature', SIGNATURE_BYTES)
  if (signature === null) return null
  const payloadBytes = frame(FRAME.payload, 'payload', Number.POSITIVE_INFINITY)
  if (payloadBytes === null) return null
  let raw: unknown
  try {
    raw = JSON.parse(manifestBytes.toString('utf8'))
  } catch {
    throw new WaybillFormatError('the manifest is not JSON')
  }
  const parsed = manifestSchema.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new WaybillFormatError(
      `the manifest's ${issue?.path.join('.') || 'content'}: ${issue?.message ?? 'is not valid'}`,
    )
  }
  return {
    manifest: parsed.data,
    hash: sha256(manifestBytes),
    manifestBytes,
    signature,
    payloadStart: at,
    payloadBytes,
  }
}

export const verifyWaybill = (
  { manifestBytes, signature }: Pick<SealedWaybill, 'manifestBytes' | 'signature'>,
  publicKey: KeyObject,
): boolean => verify(null, signedText(manifestBytes), publicKey, signature)
