import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { leavesOf, merkleRoot, reasonOf } from '../../schema/index.ts'
import { decodeWaybill, type Manifest } from '../../schema/wire/index.ts'

/** Describes how a sealed batch differs from its sealed state; null if it is unchanged. */
export function faultIn(body: Buffer): string | null {
  try {
    const { manifest, payload } = decodeWaybill(body)
    const lines = unpacked(manifest, payload, Math.max(1, manifest.bytes))
    // The hashing borrows a byte before the first line.
    const { leaves, count } = leavesOf(Buffer.concat([Buffer.alloc(1), lines]), 1, lines.length + 1)
    if (count !== manifest.events) return `it has ${count} events where it had ${manifest.events}`
    return merkleRoot(leaves).toString('hex') === manifest.root
      ? null
      : 'its events are not those that were sealed'
  } catch (problem) {
    return `it can't be unpacked: ${reasonOf(problem)}`
  }
}

/** The events of a batch before compression; an error if they exceed this many bytes. */
export function unpacked({ encoding }: Manifest, payload: Buffer, maxOutputLength: number): Buffer {
  if (payload.length === 0) return payload
  return encoding === 'zstd'
    ? zstdDecompressSync(payload, { maxOutputLength })
    : gunzipSync(payload, { maxOutputLength })
}
