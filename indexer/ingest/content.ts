import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { codeOf, HASH_BYTES, leafHash, leavesOf, merkleRoot, reasonOf } from '../../schema/index.ts'

/** The facts in a signed manifest about its payload. */
export interface ContentTask {
  readonly payload: ArrayBuffer
  readonly encoding: 'zstd' | 'gzip'
  readonly bytes: number
  readonly events: number
  readonly root: string
}

export type ContentResult =
  /** Each buffer may be longer than its content: lines have the manifest's `bytes`, leaves 32 bytes an event. */
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
    return refuse(`the payload is not ${task.encoding}: ${reasonOf(error)}`)
  }
  if (unpacked.length !== task.bytes)
    return refuse(`the payload unpacks to ${unpacked.length} bytes, and the manifest names ${task.bytes}`)

  const lines = ownBufferOf(unpacked)
  const bytes = Buffer.from(lines, 0, task.bytes)
  const { leaves, count } = leavesOfLines(bytes, task.events)
  if (count !== task.events)
    return refuse(`the payload has ${count} lines, and the manifest names ${task.events} events`)
  const root = merkleRoot(leaves).toString('hex')
  if (root !== task.root)
    return refuse(`the Merkle root over the lines is ${root}, and the manifest names ${task.root}`)
  return { ok: true, lines, leaves: ownBufferOf(leaves) }
}

/** Returns the buffer of these bytes: their own if it holds nothing else, so that megabytes are not copied. */
function ownBufferOf(bytes: Buffer): ArrayBuffer {
  const { buffer, byteOffset, length } = bytes
  if (byteOffset === 0 && length > POOLED && buffer instanceof ArrayBuffer) return buffer
  const own = new ArrayBuffer(length)
  bytes.copy(Buffer.from(own))
  return own
}

/** The first line has no byte before it to lend to the hashing. */
function leavesOfLines(bytes: Buffer, expected: number): { leaves: Buffer; count: number } {
  const room = Buffer.allocUnsafeSlow((expected + 1) * HASH_BYTES)
  if (bytes.length === 0) return { leaves: room.subarray(0, 0), count: 0 }
  const newline = bytes.indexOf(10)
  const end = newline === -1 ? bytes.length : newline
  leafHash(bytes.subarray(0, end)).copy(room)
  const { count } = leavesOf(bytes, end + 1, bytes.length, room.subarray(HASH_BYTES))
  return { leaves: room.subarray(0, (count + 1) * HASH_BYTES), count: count + 1 }
}

function unpack(task: ContentTask): Buffer {
  const payload = Buffer.from(task.payload)
  if (payload.length === 0) return payload
  // Output that exceeds the named size would prove the manifest wrong; zlib needs room for at least one byte. The output is one chunk, so
  // nothing is joined afterwards; the room after the end lets zlib see the end.
  const options = { maxOutputLength: Math.max(1, task.bytes), chunkSize: task.bytes + 64 }
  return task.encoding === 'zstd'
    ? zstdDecompressSync(payload, { ...options, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
    : gunzipSync(payload, options)
}
