import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { codeOf } from '../../../schema/index.ts'
import type { Catalog } from './catalog.ts'
import { isAt } from './descriptors.ts'
import { explain } from './discover.ts'
import { inodeKey, inodeOf, isReused, statKey } from './identify.ts'
import { areRelated, copyOf, filesIn, isTelling, type Sibling } from './rotate.ts'
import type { Tail } from './source.ts'

/** What lies in the same folder as a file, whether a glob names it or not: there rotation leaves its files. */
export class Neighbours {
  readonly #catalog: Catalog
  /** Files of a folder, by inode; a sentence where it can't be listed, null where it isn't there. For one sweep. */
  readonly #folders = new Map<string, Map<string, Sibling> | string | null>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** A new sweep looks anew. */
  reset(): void {
    this.#folders.clear()
  }

  /** The same file, under the name it has now. */
  find(tail: Tail): Sibling | string | null {
    // Its inode's number has gone to a file of another source.
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

  /** No source has this file; one that had its inode's number before is another. */
  isStranger(key: string, file: Sibling): boolean {
    const known = this.#catalog.byInode(key)
    return known === undefined || (known.inode !== null && isReused(known.inode, inodeOf(file.stat)))
  }

  /** A file beside it that holds what is known of it, and that is not known as something else. */
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
