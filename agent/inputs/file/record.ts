import * as z from 'zod'
import type { Range } from '../../ranges.ts'
import type { Head, Inode, Mark } from './identify.ts'

/**
 * The stored state of a source. `source/<id>` holds its current generation and the earlier ones that are not yet settled.
 * `rotated/<id>/<generation>` holds each earlier generation whose copy may still be beside it, so that the copy is never read again.
 */
export interface GenerationRecord {
  readonly number: number
  /** Null when its bytes are only in hold/. */
  readonly inode: Inode | null
  /** The path where the file was last seen. */
  readonly at: string
  readonly head: Head
  readonly marks: readonly Mark[]
  /** Everything before it is acknowledged. */
  readonly position: number
  /** Acknowledged ranges after the position, in order. */
  readonly beyond?: readonly Range[]
  /** The header record of a CSV file. */
  readonly header: string | null
  /** The rest is in hold/. */
  readonly held: boolean
  /** Its writer is gone: an incomplete end counts as a record. */
  readonly ended: boolean
  /** The file is compressed: its size, and the length of its content once that is known. */
  readonly packed: { readonly bytes: number; readonly content: number | null } | null
}

export interface SourceRecord {
  readonly v: 1
  /** The path where the file was first seen. */
  readonly path: string
  /** The generations; the last is the current one. */
  readonly generations: readonly GenerationRecord[]
  /** The time when the file was found to be gone, in ms. */
  readonly gone: number | null
}

export interface RotatedRecord {
  readonly v: 1
  readonly path: string
  readonly generation: GenerationRecord
  readonly gone: number | null
}

export const SOURCE_PREFIX = 'source/'
export const ROTATED_PREFIX = 'rotated/'

const count = z.int().nonnegative()
const mark = z.tuple([count, z.string()])
const range = z.tuple([count, count])

const generation: z.ZodType<GenerationRecord> = z.object({
  number: count,
  inode: z.object({ dev: z.string(), ino: z.string(), birth: z.string() }).nullable(),
  at: z.string(),
  head: z.object({ bytes: count, sha256: z.string() }),
  marks: z.array(mark),
  position: count,
  beyond: z.array(range).exactOptional(),
  header: z.string().nullable(),
  held: z.boolean(),
  ended: z.boolean(),
  packed: z.object({ bytes: count, content: count.nullable() }).nullable(),
})

const common = { v: z.literal(1), path: z.string(), gone: count.nullable() }

export const sourceRecordShape: z.ZodType<SourceRecord> = z.object({
  ...common,
  generations: z
    .array(generation)
    .min(1)
    .refine((all) => all.every((one, i) => i === 0 || one.number > (all[i - 1]?.number ?? -1))),
})

export const rotatedRecordShape: z.ZodType<RotatedRecord> = z.object({ ...common, generation })
