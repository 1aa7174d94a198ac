import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { codeOf } from '../../../schema/index.ts'
import type { Catalog } from './catalog.ts'
import { isAt } from './descriptors.ts'
import { explain } from './discover.ts'
import { inodeKey, inodeOf, isReused, statKey } from './identify.ts'
import { areRelated, copyOf, filesIn, isTelling, type Sibling } from './rotate.ts'
import type { Tail } from './source.ts'

/** The files in the same folder as a file, matched by a glob or not: rotation leaves its files there. */
export class Neighbours {
  readonly #catalog: Catalog
  /** Files of a folder, by inode; a sentence if it cannot be listed, null if it does not exist. For one sweep. */
  readonly #folders = new Map<string, Map<string, Sibling> | string | null>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** Forgets the folders, for a new sweep. */
  reset(): void {
    this.#folders.clear()
  }

  /** Finds the same file under its present name. */
  find(tail: Tail): Sibling | string | null {
    // Its inode's number now belongs to a file of another source.
    if (tail.inode !== null && this.#catalog.byInode(inodeKey(tail.inode)) !== tail) return null
    try {
      const stat = statSync(tail.at, { bigint: true, throwIfNoEntry: false })
      if (stat !== undefined && isAt(stat, tail)) return { path: tail.at, stat }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR')
        return `${tail.at} can't be read: ${explain(error)}`
    }
    const files = this.filesBeside(tail.at)
    if (files === null || typeof files === 'string') return files
    return tail.inode === null ? null : (files.get(inodeKey(tail.inode)) ?? null)
  }

  filesBeside(path: string): Map<string, Sibling> | string | null {
    const folder = dirname(path)
    const known = this.#folders.get(folder)
    if (known !== undefined) return known
    let files: Map<string, Sibling> | string | null
    try {
      const listed = filesIn(folder)
      files = listed === null ? null : new Map(listed.map((file) => [statKey(file.stat), file]))
    } catch (error) {
      files = `The folder ${folder} can't be listed: ${explain(error)}`
    }
    this.#folders.set(folder, files)
    return files
  }

  /** Whether no source has this file; a source that had its inode's number before does not count. */
  isStranger(key: string, file: Sibling): boolean {
    const known = this.#catalog.byInode(key)
    return known === undefined || (known.inode !== null && isReused(known.inode, inodeOf(file.stat)))
  }

  /** Finds a file beside it that contains its known content, and that belongs to no other source. */
  findCopy(tail: Tail): Sibling | null {
    const files = this.filesBeside(tail.at)
    if (files === null || typeof files === 'string') return null
    const name = basename(tail.at)
    const telling = isTelling(tail)
    const candidates = [...files]
      .filter(([key, file]) => this.isStranger(key, file))
      .map(([, file]) => file)
      .filter((file) => file.path !== tail.at)
      .filter((file) => telling || (tail.head.bytes > 0 && areRelated(basename(file.path), name)))
    return copyOf(tail, tail.read, candidates)
  }
}
