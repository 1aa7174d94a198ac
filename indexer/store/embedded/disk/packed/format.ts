import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { DamagedLines } from './bytes.ts'

export const VERSION = 1
/** The version and a checksum of what follows. */
export const HEAD_BYTES = 5
/** How a column is written. Append-only: the numbers are on the disk. */
export const COLUMN = {
  text: 0,
  constant: 1,
  copy: 2,
  dictionary: 3,
  number: 4,
  hex: 5,
  split: 6,
  same: 7,
} as const
export const STREAMS = ['tree', 'codes', 'numbers', 'digits', 'lengths', 'texts'] as const
export type Stream = (typeof STREAMS)[number]

const LEVEL = 9

export const deflated = (bytes: Buffer): Buffer =>
  zstdCompressSync(bytes, {
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
  })

export function inflated(bytes: Buffer, length: number): Buffer {
  try {
    const result = zstdDecompressSync(bytes, {
      chunkSize: Math.min(Math.max(length, 64), 1 << 20),
      maxOutputLength: Math.max(1, length),
    })
    if (result.length === length) return result
  } catch (error) {
    throw new DamagedLines(error instanceof Error ? error.message : String(error))
  }
  throw new DamagedLines('a stream has another length than it should have')
}
