import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** A part begins with the CRC-32 of all that follows. */
export const CHECKSUM_BYTES = 4

export function seal(part: Buffer): void {
  part.writeUInt32LE(crc32(part.subarray(CHECKSUM_BYTES)))
}

export function checkSeal(part: Buffer, what: string): void {
  if (part.length < CHECKSUM_BYTES || part.readUInt32LE(0) !== crc32(part.subarray(CHECKSUM_BYTES)))
    throw damaged(what)
}

export const damaged = (what: string): Error =>
  new Error(`${what} of a segment is damaged; restore the partition from a backup`)

/** Bytes of a segment that are compressed as a whole. */
export interface Packet {
  readonly offset: number
  readonly length: number
}

/** Levels above take several times as long for a fiftieth less. */
const PARAMS = {
  params: { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_checksumFlag]: 1 },
}

/** Bytes that are read as a whole, compressed (zstd) with a checksum. */
export const packedBytes = (bytes: Uint8Array): Buffer => zstdCompressSync(bytes, PARAMS)

export function unpackedBytes(bytes: Uint8Array, what: string): Buffer {
  try {
    return zstdDecompressSync(bytes)
  } catch {
    throw damaged(what)
  }
}
