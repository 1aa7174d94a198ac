import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { codeOf, leavesOf, merkleRoot, reasonOf } from '../../schema/index.ts'

/** What a signed manifest says of its payload. */
export interface ContentTask {
  readonly payload: ArrayBuffer
  readonly encoding: 'zstd' | 'gzip'
  readonly bytes: number
  readonly events: number
  readonly root: string
}

export type ContentResult =
  /** `lines` begins at its second byte: the first belongs to the hashing. */
  | { readonly ok: true; readonly lines: ArrayBuffer; readonly leaves: ArrayBuffer }
  | { readonly ok: false; readonly reason: string }

const POOLED = 64 * 1024

/**
 * Unpacks a payload and holds it against its manifest: as many bytes, as many lines, the same Merkle root. It never
 * unpacks more than the manifest names, so a small body can't fill the memory.
 */
export function checkContent(task: ContentTask): ContentResult {
  const refuse = (reason: string): ContentResult => ({ ok: false, reason })
  let unpacked: Buffer
  try {
    unpacked = unpack(task)
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE')
      return refuse(`the payload unpacks to more than the ${task.bytes} bytes that the manifest names`)
    return refuse(`the payload is no ${task.encoding}: ${reasonOf(error)}`)
  }
  if (unpacked.length !== task.bytes)
    return refuse(`the payload unpacks to ${unpacked.length} bytes, and the manifest names ${task.bytes}`)

  const lines = new ArrayBuffer(task.bytes + 1)
  const bytes = Buffer.from(lines)
  bytes.set(unpacked, 1)
  // Megabytes that the collector would let gather; a small one may lie in a pool with others.
  if (unpacked.length > POOLED && unpacked.buffer instanceof ArrayBuffer) unpacked.buffer.transfer(0)
  const { leaves, count } = leavesOf(bytes, 1, bytes.length)
  if (count !== task.events)
    return refuse(`the payload has ${count} lines, and the manifest names ${task.events} events`)
  const root = merkleRoot(leaves).toString('hex')
  if (root !== task.root)
    return refuse(`the Merkle root over the lines is ${root}, and the manifest names ${task.root}`)
  const kept = new ArrayBuffer(leaves.length)
  leaves.copy(Buffer.from(kept))
  return { ok: true, lines, leaves: kept }
}

function unpack(task: ContentTask): Buffer {
  const payload = Buffer.from(task.payload)
  if (payload.length === 0) return payload
  // One piece more than is named would be the proof of a lie; zlib wants room for at least one byte. In one piece, so that
  // nothing is put together afterwards; the room behind the end tells zlib that it is the end.
  const options = { maxOutputLength: Math.max(1, task.bytes), chunkSize: task.bytes + 64 }
  return task.encoding === 'zstd'
    ? zstdDecompressSync(payload, { ...options, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
    : gunzipSync(payload, options)
}
