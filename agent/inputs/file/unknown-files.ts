import { statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../../../schema/index.ts'
import { type FileReader, isAt } from './descriptors.ts'
import { explain, type Seen } from './discover.ts'
import { HEAD_BYTES, headKey, headOf, inodeOf, likeness, statKey } from './identify.ts'
import { isPrefixOf, originalsOf, withFile } from './rotate.ts'
import type { Tail } from './source.ts'
import type { SweepParts } from './sweep.ts'

/** Identifies a file that belongs to no source: a known file at another place, a copy, or a new source. */
export class UnknownFiles {
  readonly #parts: SweepParts
  #sweep = 0
  /** Missing files by their head; for one sweep. */
  #missingByHead: Map<string, Tail> | null = null
  /** Unreadable paths, with the reason. */
  readonly #problems = new Map<string, string>()

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#problems
  }

  /** Takes the unknown files of a sweep, and its problems. */
  reset(sweep: number, problems: ReadonlyMap<string, string>, unknown: Iterable<Seen>): void {
    this.#sweep = sweep
    this.#missingByHead = null
    for (const [path, sentence] of problems) this.#problem(path, sentence)
    if (this.#problems.size === problems.size) return
    const there = new Set<string>()
    for (const { path } of unknown) there.add(path)
    for (const path of this.#problems.keys())
      if (!problems.has(path) && !there.has(path)) this.#problems.delete(path)
  }

  /** Returns the source of this file, a known or a new one; null if it has none, or none yet. */
  identify(seen: Seen): Tail | null {
    const { path, stat, config } = seen
    const size = Number(stat.size)
    if (size === 0) return null
    let reader: FileReader
    try {
      reader = this.#parts.descriptors.borrow(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      this.#problem(path, `${path} can't be read: ${explain(error)}`)
      return null
    }
    try {
      if (statKey(reader.stat()) !== statKey(stat)) {
        this.#parts.soon()
        return null
      }
      this.#problems.delete(path)
      if (isGzip(reader)) {
        if (config.gzip === true) this.#parts.gunzip.consider(seen)
        else
          this.#problem(
            path,
            `${path} is compressed with gzip, so the agent ignores it: it read the content before. Set "gzip: true" for files that exist only compressed.`,
            'info',
          )
        return null
      }
      const known = this.#movedHere(seen, reader, size)
      if (known !== null && this.#parts.keeper.isCopying(known)) {
        this.#parts.soon()
        return null
      }
      if (known !== null) {
        this.#parts.descriptors.close(known)
        known.source.config ??= config
        return known
      }
      if (this.#isCopyInTheMaking(path, reader, size)) return null
      return this.#parts.catalog.mint(path, config, inodeOf(stat), headOf(reader, size))
    } catch (error) {
      this.#problem(path, `${path} can't be read: ${explain(error)}`)
      return null
    } finally {
      reader.close()
    }
  }

  /**
   * Finds a source whose file is missing and whose content is here: a data folder that was copied to another disk, a machine that
   * renumbers its disks, a file that was moved across file systems.
   */
  #movedHere(seen: Seen, reader: FileReader, size: number): Tail | null {
    const { catalog } = this.#parts
    const isMissing = (tail: Tail): boolean =>
      tail.seenIn !== this.#sweep && !tail.held && !tail.finished && tail.isCurrent
    const here = catalog.byPath(seen.path)
    if (
      here !== undefined &&
      isMissing(here) &&
      size >= here.size &&
      likeness(reader, size, here, here.read) === 'same'
    ) {
      const short = here.head.bytes < HEAD_BYTES
      const otherDisk = here.inode !== null && here.inode.dev !== String(seen.stat.dev)
      // The head of a short file alone proves little: a new log may begin like the old one.
      if (!short || otherDisk || (here.read > 0 && here.read === size)) return here
    }
    if (size < HEAD_BYTES) return null
    if (this.#missingByHead === null) {
      this.#missingByHead = new Map()
      for (const tail of catalog.tails())
        if (isMissing(tail) && tail.head.bytes === HEAD_BYTES)
          this.#missingByHead.set(headKey(tail.head), tail)
    }
    const moved = this.#missingByHead.get(headKey(headOf(reader, size)))
    if (moved === undefined || !isMissing(moved)) return null
    const beyondHead = moved.marks.some((mark) => mark[0] > HEAD_BYTES)
    return beyondHead && likeness(reader, size, moved, moved.read) === 'same' ? moved : null
  }

  /** Whether a copy-and-truncate rotation is under way, so that this file is the copy and no source of its own. */
  #isCopyInTheMaking(path: string, reader: FileReader, size: number): boolean {
    const { catalog, soon } = this.#parts
    for (const name of originalsOf(basename(path))) {
      const original = catalog.byPath(join(dirname(path), name))
      if (original === undefined || original.inode === null || !original.isCurrent) continue
      const verdict = withFile(original.at, (other) => {
        const stat = other.stat()
        if (!isAt(stat, original)) return false
        if (Number(stat.size) >= size) return isPrefixOf(reader, size, other, original)
        // The file is longer than the original: it is a copy only if the original was truncated a moment ago.
        const like = likeness(other, Number(stat.size), original, original.read)
        return like !== 'same' && likeness(reader, size, original, original.read) === 'same'
      })
      if (verdict === true) {
        const now = statSync(original.at, { bigint: true, throwIfNoEntry: false })
        if (now !== undefined && Number(now.size) < size) soon()
        return true
      }
    }
    return false
  }

  #problem(path: string, sentence: string, level: 'info' | 'warn' = 'warn'): void {
    if (this.#problems.get(path) !== sentence) this.#parts.context.log[level](sentence)
    this.#problems.set(path, sentence)
  }
}

const magic = Buffer.allocUnsafe(2)

export function isGzip(reader: FileReader): boolean {
  return reader.read(magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b
}
