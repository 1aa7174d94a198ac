import type { Range } from '../../ranges.ts'
import type { Head, Inode, Mark } from './identify.ts'

/**
 * What is written down of a source: under `source/<id>` its current generation and those before that are not yet settled; under
 * `rotated/<id>/<generation>` each earlier one whose copy may still lie beside it, so that the copy is never read again.
 */
export interface GenerationRecord {
  readonly number: number
  /** Null when its bytes are only in hold/. */
  readonly inode: Inode | null
  /** Where the file was last seen. */
  readonly at: string
  readonly head: Head
  readonly marks: readonly Mark[]
  /** Everything before it is acknowledged. */
  readonly position: number
  /** What is acknowledged beyond it, in order. */
  readonly beyond?: readonly Range[]
  /** The header record of a CSV file. */
  readonly header: string | null
  /** The rest is in hold/. */
  readonly held: boolean
  /** Its writer is gone: what is unfinished at its end is a record. */
  readonly ended: boolean
  /** The file is compressed: its size, and the length of its content once that is known. */
  readonly packed: { readonly bytes: number; readonly content: number | null } | null
}

export interface SourceRecord {
  readonly v: 1
  /** The path at first sight. */
  readonly path: string
  /** The last is the current one. */
  readonly generations: readonly GenerationRecord[]
  /** When the file was found to be gone, ms. */
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

type Plain = Record<string, unknown>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown): value is string => typeof value === 'string'
const isTimeOrNull = (value: unknown): boolean => value === null || isCount(value)

function isInode(value: unknown): value is Inode {
  return isPlain(value) && isText(value.dev) && isText(value.ino) && isText(value.birth)
}

function isHead(value: unknown): value is Head {
  return isPlain(value) && isCount(value.bytes) && isText(value.sha256)
}

function isMark(value: unknown): value is Mark {
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && isText(value[1])
}

function isRange(value: unknown): value is Range {
  return Array.isArray(value) && value.length === 2 && value.every(isCount)
}

function isPacked(value: unknown): value is GenerationRecord['packed'] {
  return isPlain(value) && isCount(value.bytes) && (value.content === null || isCount(value.content))
}

function isGeneration(value: unknown): value is GenerationRecord {
  return (
    isPlain(value) &&
    isCount(value.number) &&
    (value.inode === null || isInode(value.inode)) &&
    isText(value.at) &&
    isHead(value.head) &&
    Array.isArray(value.marks) &&
    value.marks.every(isMark) &&
    isCount(value.position) &&
    (value.beyond === undefined || (Array.isArray(value.beyond) && value.beyond.every(isRange))) &&
    (value.header === null || isText(value.header)) &&
    typeof value.held === 'boolean' &&
    typeof value.ended === 'boolean' &&
    (value.packed === null || isPacked(value.packed))
  )
}

export function isSourceRecord(value: unknown): value is SourceRecord {
  return (
    isPlain(value) &&
    value.v === 1 &&
    isText(value.path) &&
    isTimeOrNull(value.gone) &&
    Array.isArray(value.generations) &&
    value.generations.length > 0 &&
    value.generations.every(isGeneration) &&
    value.generations.every((one, i, all) => i === 0 || one.number > (all[i - 1]?.number ?? -1))
  )
}

export function isRotatedRecord(value: unknown): value is RotatedRecord {
  return (
    isPlain(value) &&
    value.v === 1 &&
    isText(value.path) &&
    isTimeOrNull(value.gone) &&
    isGeneration(value.generation)
  )
}
