import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import * as z from 'zod'
import { CATEGORIES } from '../../../schema/index.ts'

/**
 * The content of an archive object (docs/formats.md, "Archive objects"): blocks of lines, then parts that find things in them, then the
 * table of contents and a trailer.
 */
export const CONTENT_VERSION = 1
/** Lines of a block before compression. One event is read with its block. */
export const BLOCK_BYTES = 262_144
/** Events of an object. Its index of ids is made in memory, 8 bytes for each. */
export const MOST_EVENTS = 1_000_000
export const TRAILER_BYTES = 16
export const TRAILER_MARK = Buffer.from('wba1')
export const ID_BYTES = 8
export const EXTENSION = '.wba'
/** Beside an object: its key, encrypted anew by a rotation. */
export const KEY_EXTENSION = '.key'

const part = z.strictObject({
  offset: z.number().int().nonnegative(),
  length: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const count = z.number().int().nonnegative()
const time = z.number().int()

export const PARTS = ['blocks', 'filters', 'ids', 'index', 'keys', 'readme'] as const

export const contentsSchema = z.strictObject({
  version: z.literal(CONTENT_VERSION),
  name: z.string(),
  /** A category and a partition of a store, or a query. */
  of: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('partition'),
      category: z.enum(CATEGORIES),
      partition: z.string(),
      part: count,
    }),
    z.strictObject({ kind: z.literal('query'), query: z.string(), part: count }),
  ]),
  namespace: z.string(),
  written: time,
  events: count,
  waybills: count,
  /** `event.ingested` of the first and the last event; null without events. */
  received: z.strictObject({ first: time, last: time }).nullable(),
  /** `@timestamp` of the earliest and the latest event. */
  happened: z.strictObject({ first: time, last: time }).nullable(),
  parts: z.strictObject({ blocks: part, filters: part, ids: part, index: part, keys: part, readme: part }),
})
export type Contents = z.output<typeof contentsSchema>

/** A line of the part `index`: a block. */
export const blockSchema = z
  .tuple([count, count, count, count, count, count, time, time, count])
  .transform(([offset, waybillBytes, placeBytes, lineBytes, lines, waybills, first, last, filter]) => ({
    offset,
    waybillBytes,
    placeBytes,
    lineBytes,
    lines,
    waybills,
    /** `@timestamp` of its earliest and latest event. */
    first,
    last,
    /** Bytes of its filter. */
    filter,
  }))

export const waybillSchema = z.strictObject({
  agent: z.string(),
  incarnation: z.string(),
  sequence: z.number().int(),
  /** Null: lines of a waybill that was never settled. */
  kept: z
    .strictObject({
      at: time,
      manifest: z.base64(),
      signature: z.base64(),
      /** The answer that the agent got, as JSON text. */
      result: z.string(),
      /** What became of each line: the category under which it was stored, or null. Null if that is not known. */
      fates: z.array(z.enum(CATEGORIES).nullable()).nullable(),
      /** Positions of lines that are not in this object, and their leaf hashes. */
      absent: z.array(count),
      hashes: z.base64(),
    })
    .nullable(),
})

export const placeSchema = z.tuple([
  /** The number of the waybill in the object, from 0. */
  count,
  count,
  /** `event.ingested`. */
  time,
  z.enum(['revision', 'own', 'own-revision']).nullable(),
  /** Additions as JSON. */
  z.string(),
])

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A zstd frame that records the size of its content. */
export const packed = (bytes: Buffer): Promise<Buffer> =>
  compress(bytes, {
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_checksumFlag]: 1 },
  })
export const unpacked = (bytes: Buffer): Promise<Buffer> => decompress(bytes)

/** The number by which the index of ids is sorted. */
export const idKey = (id: string): number => hash('sha256', id, 'buffer').readUInt32BE(0)
