/**
 * Lines of a partition at rest, packed column by column. Lines of one source have the same keys and repeat the same values: in
 * their fields, their `message` and their `event.original`. So each line is taken apart into a skeleton and the pieces in its holes; the
 * pieces in the same hole of all lines with that skeleton are a column, and each column is written as suits it. Pieces are taken apart
 * again. Audit lines take a quarter of the room that zstd alone needs.
 *
 * A block:
 *
 *     1   version: 1
 *     4   CRC-32 of all that follows, little-endian
 *     v   number of lines, at most 2^20
 *     v   bytes of the longest line
 *     1   which streams follow: bit i is set for the i-th of tree, codes, numbers, digits, lengths, texts. Others are empty.
 *         For each stream that follows, in this order:
 *     v     its bytes
 *     v     0, and they follow as they are; or the bytes of the zstd frame that follows and holds them
 *
 * `v` is a number of 7 bits a byte, the lowest first; the highest bit of a byte is set if another byte follows. `z` is a `v` that holds
 * 2n for n from 0 and -2n-1 for n below 0. A `text` is a `v` with its length, and its bytes.
 *
 * `tree` describes columns, one inside another, in the order in which a line is read. It begins with the column of the whole lines, if
 * there are any. A column has a text for each of its `rows`. Columns are numbered from 0 as they begin. `codes` and `numbers` hold
 * planes: of n numbers of b bytes the n lowest bytes, then the n next higher ones, and so on. Each reader takes what it needs of a stream
 * from where the column before ended.
 *
 *     0 text         lengths: v of each row; texts: the bytes, one behind the other
 *     1 constant     tree: the text of all rows
 *     2 copy         tree: v, how far back in the numbering the column is that has the same text on the same line
 *     3 dictionary   tree: v, the number of entries, and each as a text; codes: of each row the number of its entry, in planes of 0 bytes
 *                    where there is 1 entry, 1 byte up to 256 and 2 bytes above
 *     4 number       tree: 1 byte radix (10 or 16), 1 byte width, 1 byte 0 (plain) or 1 (steps), of steps a v with the first number, then z
 *                    least, v by, 1 byte b; numbers: planes of b bytes. Plain: each row is least + by * n. Steps: each row but the first is
 *                    the row before + least + by * n. The text is the number in that radix (lower case), with zeros in front up to the width.
 *     5 hex          tree: v, the digits of each text, or 0: then lengths has a v of each row; digits: two a byte, the high half first, with no
 *                    gap between rows. Only the column's last byte may have an unused half, which is 0.
 *     6 split        tree: v, the number of skeletons k; of each v, the number of holes, and the holes + 1 texts around them; codes: of each
 *                    row 0 or 1 + the number of its skeleton, in planes as of a dictionary with k + 1 entries. Then the rows with 0 as a column
 *                    of kind 0 that has neither number nor kind (nothing where there is none); then of each skeleton the columns of
 *                    its holes, each with the rows of that skeleton. A text is the texts around the holes with the columns' texts between.
 *     7 same         tree: v as of a copy, 1 byte radix of that column's text, 1 byte radix, 1 byte width: the same number written thus
 *     8 lines        the whole lines only; texts: all of them, with a newline between
 *
 * A writer may choose any columns that give the lines again, byte for byte.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { DamagedLines } from './bytes.ts'

export const VERSION = 1
export const MOST_LINES = 1 << 20
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
  lines: 8,
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
