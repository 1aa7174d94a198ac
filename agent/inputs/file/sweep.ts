import type { BigIntStats } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { codeOf } from '../../../schema/index.ts'
import type { Catalog } from './catalog.ts'
import { isIntact } from './cut.ts'
import { type Descriptors, type FileReader, isAt } from './descriptors.ts'
import { type Discoverer, type Discovery, explain, type Seen } from './discover.ts'
import type { Gunzip } from './gzip.ts'
import type { Hold } from './hold.ts'
import {
  HEAD_BYTES,
  type Head,
  hasHead,
  headOf,
  inodeOf,
  isReused,
  type Likeness,
  likeness,
  statKey,
} from './identify.ts'
import type { Keeper } from './keeper.ts'
import { Neighbours } from './neighbours.ts'
import type { FileConfig, FileInputContext, Policy } from './options.ts'
import { isRotationOf, type Sibling, withFile } from './rotate.ts'
import type { Tail } from './source.ts'
import { tidy } from './tidy.ts'
import { UnknownFiles } from './unknown-files.ts'

/** After this many files the event loop gets a turn. */
const TURN = 250

export interface SweepParts {
  readonly catalog: Catalog
  readonly descriptors: Descriptors
  readonly hold: Hold
  readonly keeper: Keeper
  readonly gunzip: Gunzip
  readonly policy: Policy
  readonly context: FileInputContext
  isExcluded(config: FileConfig, path: string): boolean
  /** Called when there are bytes to read. */
  ready(tail: Tail): void
  /** Requests another sweep soon. */
  soon(): void
}

/**
 * Compares the disk with the known sources, and decides what each difference means: the same file, grown; a file under another name; a
 * truncated one; one that is gone; a new one. It handles files that are known by their inode first, then the missing ones, then the
 * unknown ones: so an unknown file can be distinguished from a file that only moved.
 */
export class Sweeper {
  readonly #parts: SweepParts
  #number = 0
  readonly #neighbours: Neighbours
  readonly #unknown: UnknownFiles
  /** Files that were rotated before they were ever seen; for one sweep. */
  #between: Seen[] = []
  #saidShortage = false

  constructor(parts: SweepParts) {
    this.#parts = parts
    this.#neighbours = new Neighbours(parts.catalog)
    this.#unknown = new UnknownFiles(parts)
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#unknown.problems
  }

  async sweep(discoverer: Discoverer): Promise<Discovery> {
    const { catalog, context, gunzip } = this.#parts
    let looks = 0
    const turn = async (): Promise<void> => {
      looks += 1
      if (looks % TURN === 0) await setImmediate()
    }
    this.#number += 1
    this.#neighbours.reset()
    this.#between = []
    const unknown = new Map<string, Seen>()
    const found = await discoverer.discover((seen) => this.#see(seen, unknown))
    this.#unknown.reset(this.#number, found.problems, unknown.values())
    for (const tail of [...catalog.tails()]) {
      if (tail.seenIn === this.#number) continue
      this.#safely(tail, () => this.#missing(tail))
      await turn()
    }
    for (const seen of [...unknown.values(), ...this.#between]) {
      // In the meantime it may have been identified as the copy of a known file.
      if (this.#neighbours.isStranger(statKey(seen.stat), seen)) {
        const tail = this.#unknown.identify(seen)
        if (tail !== null) this.#attach(tail, seen)
      }
      await turn()
    }
    gunzip.swept()
    tidy(this.#parts, this.#number, context.clock())
    return found
  }

  /** Handles known files at once and stores nothing about them. A file that several paths lead to counts as one file. */
  #see(seen: Seen, unknown: Map<string, Seen>): void {
    const key = statKey(seen.stat)
    const tail = this.#parts.catalog.byInode(key)
    if (tail?.seenIn === this.#number || unknown.has(key)) return
    // The file was moved to a path of another entry.
    if (tail !== undefined) tail.source.config ??= seen.config
    const isKnown = tail !== undefined && this.#safely(tail, () => this.present(tail, seen.path, seen.stat))
    if (!isKnown) unknown.set(key, seen)
  }

  /** A disk error under one file must not stop the inspection of the others. */
  #safely<Result>(tail: Tail, look: () => Result): Result | true {
    try {
      return look()
    } catch (error) {
      this.blocked(tail, error)
      return true
    }
  }

  /** Handles a known file at this path; false if it is another file. */
  present(tail: Tail, path: string, stat: BigIntStats): boolean {
    const { catalog } = this.#parts
    if (tail.at !== path) {
      // If several paths lead to the file, it keeps its present one.
      const stays = tail.seenIn === this.#number
      if (!stays) {
        catalog.unbind(tail)
        tail.at = path
        catalog.bind(tail)
        catalog.touched(tail)
      }
    }
    tail.seenIn = this.#number
    tail.lostSince = null
    if (tail.gone !== null) {
      // In the meantime its inode may have been given to another file.
      tail.verified = false
      tail.gone = null
      catalog.touched(tail)
    }
    return this.inspect(tail, stat)
  }

  /** Takes note of a known file's present size; false if its content shows that it is another file. */
  inspect(tail: Tail, stat: BigIntStats): boolean {
    if (tail.packed !== null) return this.#inspectPacked(tail, stat)
    const { catalog, descriptors, context } = this.#parts
    const size = Number(stat.size)
    const touched = size !== tail.size || stat.mtimeNs !== tail.modified
    if (tail.verified && !tail.held) {
      if (!touched) {
        this.#queueUnread(tail)
        return true
      }
      if (size > tail.size && size >= tail.read && !tail.finished) {
        descriptors.keep(tail)
        // It grew, or it was truncated and has grown beyond its old size.
        if (tail.reader !== null && isIntact(tail)) {
          this.#take(tail, stat)
          return true
        }
      }
    }
    if (size === 0 && tail.read === 0 && tail.head.bytes === 0) {
      tail.verified = true
      this.#take(tail, stat)
      return true
    }
    const verdict = this.#compare(tail, stat)
    if (verdict === null) return true
    tail.verified = true
    if (verdict === 'same') {
      if (tail.held) this.#leaveHold(tail)
      if (tail.finished && size > tail.position) catalog.revive(tail)
      this.#take(tail, stat)
      if (tail.reader !== null && tail.read >= size) descriptors.close(tail)
      return true
    }
    if (tail.held) return false
    if (tail.finished) {
      catalog.releaseFinished(tail, context.clock())
      return false
    }
    if (!tail.isCurrent) {
      if (verdict === 'shortened') {
        tail.size = tail.read
        return true
      }
      this.#lose(tail, 'was overwritten')
      return false
    }
    if (verdict === 'other' && isReused(tail.inode ?? inodeOf(stat), inodeOf(stat))) {
      // The file was deleted, and its inode's number was given to a new one.
      this.#lose(tail, 'was deleted')
      catalog.unbind(tail)
      tail.inode = null
      tail.gone = context.clock()
      catalog.touched(tail)
      return false
    }
    this.#truncated(tail, stat, verdict)
    return true
  }

  #inspectPacked(tail: Tail, stat: BigIntStats): boolean {
    const { catalog, gunzip } = this.#parts
    const isOther = tail.inode !== null && isReused(tail.inode, inodeOf(stat))
    if (tail.packed === null || Number(stat.size) !== tail.packed.bytes || isOther) {
      catalog.unbind(tail)
      tail.inode = null
      catalog.touched(tail)
      return false
    }
    const { content } = tail.packed
    if (content !== null) tail.size = content
    const config = tail.source.config
    if (!tail.held && !tail.finished && config !== null && (content === null || tail.read < content))
      gunzip.consider({ path: tail.at, stat, config }, tail)
    return true
  }

  /** Compares content; null if the file cannot be opened now. */
  #compare(tail: Tail, stat: BigIntStats): Likeness | null {
    const size = Number(stat.size)
    const compare = (reader: FileReader): Likeness => {
      const like = likeness(reader, size, tail, tail.read)
      if (like !== 'same' || tail.last === null || tail.held) return like
      const own = tail.reader
      tail.reader = reader
      const intact = isIntact(tail)
      tail.reader = own
      return intact ? 'same' : 'other'
    }
    let reader: FileReader
    try {
      reader = this.#parts.descriptors.borrow(tail.at)
    } catch (error) {
      this.blocked(tail, error)
      return null
    }
    try {
      // The file was replaced after it was inspected: the next sweep handles it.
      if (statKey(reader.stat()) !== statKey(stat)) {
        this.#parts.soon()
        return null
      }
      tail.problem = null
      return compare(reader)
    } finally {
      reader.close()
    }
  }

  /** Reports once why a file cannot be read; each sweep tries again. */
  blocked(tail: Tail, error: unknown): void {
    const { context } = this.#parts
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    const problem = `${tail.at} can't be read: ${explain(error)}`
    // A lack of descriptors is one problem, not one of each file.
    const isShortage = code === 'EMFILE' || code === 'ENFILE'
    if (tail.problem !== problem && !(isShortage && this.#saidShortage)) context.log.warn(problem)
    this.#saidShortage ||= isShortage
    tail.problem = problem
  }

  #take(tail: Tail, stat: BigIntStats): void {
    const { catalog, context } = this.#parts
    const size = Number(stat.size)
    if (size !== tail.size) tail.changedAt = context.clock()
    tail.size = size
    tail.modified = stat.mtimeNs
    if (tail.head.bytes < HEAD_BYTES && size > tail.head.bytes) {
      const grown = withFile(tail.at, (reader) =>
        isAt(reader.stat(), tail) && hasHead(reader, tail.head) ? headOf(reader, size) : null,
      )
      if (grown !== null && grown.bytes > tail.head.bytes) {
        tail.head = grown
        catalog.touched(tail)
      }
    }
    this.#queueUnread(tail)
  }

  #queueUnread(tail: Tail): void {
    if (tail.size <= tail.read || tail.finished || tail.source.config === null) return
    if (!tail.held && tail.inode !== null) this.#parts.descriptors.keep(tail)
    if (tail.size !== tail.waitingAt) this.#parts.ready(tail)
  }

  /** Leaves hold/, since the file whose rest is there has reappeared. */
  #leaveHold(tail: Tail): void {
    tail.reader?.close()
    tail.reader = null
    tail.held = false
    tail.ended = false
  }

  /** Begins a new generation after the writer truncated the file; a copy may contain the truncated part. */
  #truncated(tail: Tail, stat: BigIntStats, verdict: Likeness): void {
    const { catalog, descriptors, context, keeper } = this.#parts
    if (keeper.isCopying(tail)) {
      this.#parts.soon()
      return
    }
    const { source, inode, at } = tail
    const size = Number(stat.size)
    const copy = verdict === 'other' ? this.#neighbours.findCopy(tail) : null
    const head: Head = withFile(at, (reader) => headOf(reader, size)) ?? { bytes: 0, sha256: '' }
    descriptors.close(tail)
    catalog.unbind(tail)
    tail.oversize = null
    tail.ended = true
    if (copy === null) {
      if (verdict === 'other') this.#lose(tail, 'was truncated')
      tail.size = tail.read
      tail.inode = null
    } else {
      this.#noteBetween(tail, copy)
      this.#attach(tail, copy)
    }
    const from = verdict === 'shortened' ? size : 0
    const fresh = catalog.begin(source, tail.generation + 1, at, inode, head, from)
    fresh.seenIn = this.#number
    fresh.size = size
    fresh.modified = stat.mtimeNs
    fresh.changedAt = context.clock()
    this.#queueUnread(fresh)
  }

  /**
   * A log that is found rotated may have been rotated more than once since the last look: the files between it and the present one were
   * never seen under a name that the glob matches.
   */
  #noteBetween(tail: Tail, rotated: Sibling): void {
    const { isExcluded } = this.#parts
    const { config, path } = tail.source
    const files = this.#neighbours.filesBeside(rotated.path)
    if (config === null || files === null || typeof files === 'string') return
    for (const [key, file] of files) {
      if (!this.#neighbours.isStranger(key, file) || file.stat.mtimeNs < rotated.stat.mtimeNs) continue
      if (file.path === rotated.path || !isRotationOf(basename(file.path), basename(path))) continue
      if (!isExcluded(config, file.path)) this.#between.push({ ...file, config })
    }
  }

  /** Reads its bytes from this file from now on. */
  #attach(tail: Tail, file: Sibling): void {
    const { catalog, context } = this.#parts
    catalog.rebind(tail, inodeOf(file.stat), file.path)
    tail.seenIn = this.#number
    tail.size = Math.max(Number(file.stat.size), tail.read)
    tail.modified = file.stat.mtimeNs
    tail.changedAt = context.clock()
    tail.verified = true
    tail.lostSince = null
    tail.gone = null
    this.#queueUnread(tail)
  }

  /** Reports bytes that were known but not read as lost. A loss is never silent. */
  #lose(tail: Tail, what: string): void {
    const { context } = this.#parts
    const unread = tail.size - tail.read
    if (tail.size === 0 && tail.read > 0 && tail.source.config?.passing !== true)
      context.log[what === 'is gone' ? 'info' : 'warn'](
        `${tail.at} ${what} while the agent was stopped, and there is no copy of it in the folder: records behind byte ${tail.read} may be lost.`,
      )
    if (unread > 0)
      context.log.error(
        `${tail.at} ${what} before its last ${unread} bytes (from ${tail.read}) were read, and there is no copy of them in the folder.`,
      )
    tail.size = tail.read
  }

  /** Handles a file that no glob finds: it may have been renamed, or it is gone. */
  #missing(tail: Tail): void {
    const { catalog, descriptors, context } = this.#parts
    if (tail.inode === null || tail.held) return
    if (tail.gone !== null && tail.reader === null) return
    const beside = this.#neighbours.find(tail)
    if (typeof beside === 'string') {
      if (tail.problem !== beside) context.log.warn(beside)
      tail.problem = beside
      return
    }
    if (beside !== null) {
      if (beside.path !== tail.at) this.#noteBetween(tail, beside)
      if (this.present(tail, beside.path, beside.stat)) return
    }
    if (tail.descriptor !== null && tail.reader !== null) {
      this.#lost(tail)
      return
    }
    if (tail.isCurrent && tail.read > 0 && !tail.finished) {
      const copy = this.#neighbours.findCopy(tail)
      if (copy !== null && Number(copy.stat.size) >= tail.read) {
        this.#attach(tail, copy)
        return
      }
    }
    if (!tail.finished) this.#lose(tail, 'is gone')
    descriptors.close(tail)
    tail.gone = context.clock()
    tail.problem = null
    catalog.touched(tail)
  }

  /** Handles a file that only has its open descriptor. Its writer may continue for a while. */
  #lost(tail: Tail): void {
    const { descriptors, context, keeper, policy, catalog, hold } = this.#parts
    const now = context.clock()
    tail.lostSince ??= now
    const reader = tail.reader as FileReader
    const stat = reader.stat()
    if (Number(stat.size) > tail.size) this.#take(tail, stat)
    const quiet = now - Math.max(tail.changedAt, tail.lostSince)
    if (tail.read < tail.size && quiet >= policy.activeFor) {
      // Without a writer the last line never gets its end.
      tail.ended = true
      tail.waitingAt = -1
      this.#queueUnread(tail)
    }
    keeper.consider(tail, now)
    const mayEnd = tail.source.config?.passing === true && tail.isSettled
    if (keeper.isCopying(tail) || (quiet < policy.activeFor && !mayEnd)) return
    if (tail.isSettled) {
      descriptors.close(tail)
      tail.lostSince = null
      tail.gone = now
      catalog.touched(tail)
    } else if (tail.heldTo !== null && tail.heldTo >= tail.size) {
      const held = hold.read(tail.source.id, tail.generation)
      if (held === null) return
      descriptors.close(tail)
      tail.lostSince = null
      tail.reader = held
      tail.held = true
    }
  }
}
