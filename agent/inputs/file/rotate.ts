import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../../schema/index.ts'
import { type FileReader, openFile } from './descriptors.ts'
import { HEAD_BYTES, hasMark, type Known, likeness, MARK_BYTES, type Reader } from './identify.ts'

/** The effects of rotation on names and contents, and decisions about files that look alike. */
export interface Sibling {
  readonly path: string
  readonly stat: BigIntStats
}

/** The files of a folder; null if it does not exist. An unlistable folder is an error. */
export function filesIn(folder: string): Sibling[] | null {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
  const files: Sibling[] = []
  for (const name of names) {
    const path = join(folder, name)
    try {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (stat?.isFile()) files.push({ path, stat })
    } catch {
      // A file that is inaccessible or just deleted is no candidate.
    }
  }
  return files
}

/**
 * Names that a rotated file may have had before: app.log for app.log.1, app.log-20260101, app.1.log and app-2026-01-01.log, with
 * or without .gz.
 */
export function originalsOf(name: string): string[] {
  const plain = name.replace(/\.(gz|old|bak)$/, '')
  const found = new Set<string>()
  if (plain !== name) found.add(plain)
  found.add(plain.replace(/[.\-_]\d[\d.\-_T:]*$/, ''))
  found.add(plain.replace(/[.\-_]\d[\d.\-_T:]*(?=\.[^.]+$)/, ''))
  found.delete(name)
  found.delete('')
  return [...found]
}

export const isRotationOf = (name: string, original: string): boolean => originalsOf(name).includes(original)

/** Whether two names may belong to one log: app.log, app.log.1 and app.log.2.gz do. */
export function areRelated(a: string, b: string): boolean {
  const names = new Set([a, ...originalsOf(a)])
  return [b, ...originalsOf(b)].some((name) => names.has(name))
}

/** Runs with the file open; null if it cannot be opened now. */
export function withFile<Result>(path: string, look: (reader: FileReader) => Result): Result | null {
  let reader: FileReader
  try {
    reader = openFile(path)
  } catch {
    return null
  }
  try {
    return look(reader)
  } finally {
    reader.close()
  }
}

/** Whether enough is known of a source that another file cannot have the same content by chance. */
export function isTelling(known: Known): boolean {
  return known.head.bytes >= HEAD_BYTES || known.marks.some((mark) => mark[0] >= MARK_BYTES)
}

/** The largest candidate with the known content of a source: the copy that was made before it was truncated. */
export function copyOf(known: Known, read: number, candidates: readonly Sibling[]): Sibling | null {
  let best: Sibling | null = null
  for (const candidate of candidates) {
    const size = Number(candidate.stat.size)
    if (size < known.head.bytes || size === 0) continue
    if (best !== null && size <= Number(best.stat.size)) continue
    const like = withFile(candidate.path, (reader) => likeness(reader, size, known, read))
    if (like === 'same' || like === 'shortened') best = candidate
  }
  return best
}

const one = Buffer.allocUnsafe(HEAD_BYTES)
const other = Buffer.allocUnsafe(HEAD_BYTES)

/** Whether the content of a file of `size` bytes is a prefix of the original, as far as samples show. */
export function isPrefixOf(reader: Reader, size: number, original: Reader, known: Known): boolean {
  const equal = (offset: number, length: number): boolean =>
    reader.read(one, 0, length, offset) === length &&
    original.read(other, 0, length, offset) === length &&
    one.compare(other, 0, length, 0, length) === 0
  if (!equal(0, Math.min(HEAD_BYTES, size))) return false
  const end = Math.min(MARK_BYTES, size)
  if (!equal(size - end, end)) return false
  return known.marks.every((mark) => mark[0] > size || hasMark(reader, mark))
}
