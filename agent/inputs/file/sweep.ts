import { type BigIntStats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { codeOf } from '../../../schema/index.ts'
import type { Catalog } from './catalog.ts'
import { isIntact } from './cut.ts'
import { type Descriptors, type FileReader, isAt } from './descriptors.ts'
import { type Discovery, explain, type Seen } from './discover.ts'
import type { Gunzip } from './gzip.ts'
import type { Hold } from './hold.ts'
import {
  HEAD_BYTES,
  type Head,
  hasHead,
  headKey,
  headOf,
  inodeKey,
  inodeOf,
  isReused,
  type Likeness,
  likeness,
  statKey,
} from './identify.ts'
import type { Keeper } from './keeper.ts'
import type { FileConfig, FileInputContext, Policy } from './options.ts'
import {
  areRelated,
  copyOf,
  filesIn,
  isPrefixOf,
  isRotationOf,
  isTelling,
  originalsOf,
  type Sibling,
  withFile,
} from './rotate.ts'
import type { Source, Tail } from './source.ts'

/** After so many files the event loop gets a turn. */
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
  /** There is something to read. */
  ready(tail: Tail): void
  /** Look again soon. */
  soon(): void
}

/**
 * Compares what is on the disk with what is known, and decides what it means: the same file, grown; a file under another name;
 * one that was truncated; one that is gone; one that was never seen. First come the files that are known by their inode, then those
 * that are missing, then the strangers: so a stranger can be told from a file that only changed its place.
 */
export class Sweeper {
  readonly #parts: SweepParts
  #number = 0
  /** Files of a folder, by inode; for one sweep. */
  #folders = new Map<string, Map<string, Sibling> | string | null>()
  /** Missing files by their head; for one sweep. */
  #missingByHead: Map<string, Tail> | null = null
  /** Files that were rotated away before they were ever seen; for one sweep. */
  #between: Seen[] = []
  /** Paths that can't be read, with the reason. */
  readonly #problems = new Map<string, string>()
  #saidShortage = false

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#problems
  }

  async sweep(found: Discovery): Promise<void> {
    const { catalog, context, gunzip } = this.#parts
    let looks = 0
    const turn = async (): Promise<void> => {
      looks += 1
      if (looks % TURN === 0) await setImmediate()
    }
    this.#number += 1
    this.#folders = new Map()
    this.#missingByHead = null
    this.#between = []
    this.#sayProblems(found)
    const strangers: Seen[] = []
    for (const [key, seen] of found.files) {
      const tail = catalog.byInode(key)
      // It was moved to where another entry finds it.
      if (tail !== undefined) tail.source.config ??= seen.config
      const isKnown = tail !== undefined && this.#safely(tail, () => this.present(tail, seen.path, seen.stat))
      if (!isKnown) strangers.push(seen)
      await turn()
    }
    for (const tail of [...catalog.tails()]) {
      if (tail.seenIn === this.#number) continue
      this.#safely(tail, () => this.#missing(tail))
      await turn()
    }
    for (const seen of [...strangers, ...this.#between]) {
      // In the meantime it may have turned out to be the copy of a known one.
      if (this.#isStranger(statKey(seen.stat), seen)) this.#stranger(seen)
      await turn()
    }
    gunzip.swept()
    this.#tidy(context.clock())
  }

  /** A disk that fails under one file must not keep the others from being looked at. */
  #safely<Result>(tail: Tail, look: () => Result): Result | true {
    try {
      return look()
    } catch (error) {
      this.blocked(tail, error)
      return true
    }
  }

  /** A known file is at this path; false when it turns out to be another one. */
  present(tail: Tail, path: string, stat: BigIntStats): boolean {
    const { catalog } = this.#parts
    if (tail.at !== path) {
      // Reading by several names: stay with the one it has.
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
      // Its inode may have been given to another file in the meantime.
      tail.verified = false
      tail.gone = null
      catalog.touched(tail)
    }
    return this.inspect(tail, stat)
  }

  /** Takes note of a known file's present size; false when its content says that it is another file. */
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
        // It grew, or it was truncated and has grown past its old size.
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

  /** Compares content; null when the file can't be looked into now. */
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
      // Replaced since it was looked at: the next sweep tells.
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

  /** Says once why a file can't be read; it is tried again at each sweep. */
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

  /** The file is there again whose rest was put into hold/. */
  #leaveHold(tail: Tail): void {
    tail.reader?.close()
    tail.reader = null
    tail.held = false
    tail.ended = false
  }

  /** Its writer cut the file: from here on it is a new generation; what was cut off may be in a copy. */
  #truncated(tail: Tail, stat: BigIntStats, verdict: Likeness): void {
    const { catalog, descriptors, context, keeper } = this.#parts
    if (keeper.isCopying(tail)) {
      this.#parts.soon()
      return
    }
    const { source, inode, at } = tail
    const size = Number(stat.size)
    const copy = verdict === 'other' ? this.#findCopy(tail) : null
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

  /** A file beside it that holds what is known of it, and that is not known as something else. */
  #findCopy(tail: Tail): Sibling | null {
    const files = this.#filesBeside(tail.at)
    if (files === null || typeof files === 'string') return null
    const name = basename(tail.at)
    const telling = isTelling(tail)
    const candidates = [...files]
      .filter(([key, file]) => this.#isStranger(key, file))
      .map(([, file]) => file)
      .filter((file) => file.path !== tail.at)
      .filter((file) => telling || (tail.head.bytes > 0 && areRelated(basename(file.path), name)))
    return copyOf(tail, tail.read, candidates)
  }

  /**
   * A log that is found rotated may have been rotated more than once since the last look: the files between it and the present one
   * were never seen under the name that the glob knows.
   */
  #noteBetween(tail: Tail, rotated: Sibling): void {
    const { isExcluded } = this.#parts
    const { config, path } = tail.source
    const files = this.#filesBeside(rotated.path)
    if (config === null || files === null || typeof files === 'string') return
    for (const [key, file] of files) {
      if (!this.#isStranger(key, file) || file.stat.mtimeNs < rotated.stat.mtimeNs) continue
      if (file.path === rotated.path || !isRotationOf(basename(file.path), basename(path))) continue
      if (!isExcluded(config, file.path)) this.#between.push({ ...file, config })
    }
  }

  /** No source has this file; one that had its inode's number before is another. */
  #isStranger(key: string, file: Sibling): boolean {
    const known = this.#parts.catalog.byInode(key)
    return known === undefined || (known.inode !== null && isReused(known.inode, inodeOf(file.stat)))
  }

  /** From now on its bytes come from this file. */
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

  /** What was known to be there and was not read is lost: never without a word. */
  #lose(tail: Tail, what: string): void {
    const { context } = this.#parts
    const unread = tail.size - tail.read
    if (tail.size === 0 && tail.read > 0)
      context.log[what === 'is gone' ? 'info' : 'warn'](
        `${tail.at} ${what} while the agent was stopped, and no copy was found beside it: whether anything was written behind byte ${tail.read} can't be told.`,
      )
    if (unread > 0)
      context.log.error(
        `${tail.at} ${what} before its last ${unread} bytes (from ${tail.read}) were read, and no copy of them was found beside it.`,
      )
    tail.size = tail.read
  }

  /** No glob leads to the file: it may have been renamed, or it is gone. */
  #missing(tail: Tail): void {
    const { catalog, descriptors, context } = this.#parts
    if (tail.inode === null || tail.held) return
    if (tail.gone !== null && tail.reader === null) return
    const beside = this.#findBeside(tail)
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
      const copy = this.#findCopy(tail)
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

  #findBeside(tail: Tail): Sibling | string | null {
    // Its inode's number has gone to a file of another source.
    if (tail.inode !== null && this.#parts.catalog.byInode(inodeKey(tail.inode)) !== tail) return null
    try {
      const stat = statSync(tail.at, { bigint: true, throwIfNoEntry: false })
      if (stat !== undefined && isAt(stat, tail)) return { path: tail.at, stat }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR')
        return `${tail.at} can't be read: ${explain(error)}`
    }
    const files = this.#filesBeside(tail.at)
    if (files === null || typeof files === 'string') return files
    return tail.inode === null ? null : (files.get(inodeKey(tail.inode)) ?? null)
  }

  #filesBeside(path: string): Map<string, Sibling> | string | null {
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

  /** Only the open descriptor leads to it. Its writer may go on for a while. */
  #lost(tail: Tail): void {
    const { descriptors, context, keeper, policy, catalog, hold } = this.#parts
    const now = context.clock()
    tail.lostSince ??= now
    const reader = tail.reader as FileReader
    const stat = reader.stat()
    if (Number(stat.size) > tail.size) this.#take(tail, stat)
    const quiet = now - Math.max(tail.changedAt, tail.lostSince)
    if (tail.read < tail.size && quiet >= policy.activeFor) {
      // Without a writer the last line gets no end any more.
      tail.ended = true
      tail.waitingAt = -1
      this.#queueUnread(tail)
    }
    keeper.consider(tail, now)
    if (keeper.isCopying(tail) || quiet < policy.activeFor) return
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

  #stranger(seen: Seen): void {
    const { path, stat, config } = seen
    const size = Number(stat.size)
    if (size === 0) return
    let reader: FileReader
    try {
      reader = this.#parts.descriptors.borrow(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      this.#problem(path, `${path} can't be read: ${explain(error)}`)
      return
    }
    try {
      if (statKey(reader.stat()) !== statKey(stat)) {
        this.#parts.soon()
        return
      }
      this.#problems.delete(path)
      if (isGzip(reader)) {
        if (config.gzip === true) this.#parts.gunzip.consider(seen)
        else
          this.#problem(
            path,
            `${path} is compressed with gzip and is passed over: what was in it was read before. Set "gzip: true" for files that are only there compressed.`,
            'info',
          )
        return
      }
      const known = this.#movedHere(seen, reader, size)
      if (known !== null && this.#parts.keeper.isCopying(known)) {
        this.#parts.soon()
        return
      }
      if (known !== null) {
        this.#parts.descriptors.close(known)
        known.source.config ??= config
        this.#attach(known, seen)
        return
      }
      if (this.#isCopyInTheMaking(path, reader, size)) return
      const fresh = this.#parts.catalog.mint(path, config, inodeOf(stat), headOf(reader, size))
      fresh.seenIn = this.#number
      this.#take(fresh, stat)
    } catch (error) {
      this.#problem(path, `${path} can't be read: ${explain(error)}`)
    } finally {
      reader.close()
    }
  }

  /**
   * A source whose file is missing and whose content is here: a data folder that was copied to another disk, a machine that
   * numbers its disks anew, a file moved across file systems.
   */
  #movedHere(seen: Seen, reader: FileReader, size: number): Tail | null {
    const { catalog } = this.#parts
    const isMissing = (tail: Tail): boolean =>
      tail.seenIn !== this.#number && !tail.held && !tail.finished && tail.isCurrent
    const here = catalog.byPath(seen.path)
    if (
      here !== undefined &&
      isMissing(here) &&
      size >= here.size &&
      likeness(reader, size, here, here.read) === 'same'
    ) {
      const short = here.head.bytes < HEAD_BYTES
      const otherDisk = here.inode !== null && here.inode.dev !== String(seen.stat.dev)
      // Of a short file its beginning alone says little: a new log may begin like the old one.
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

  /** A rotation that copies and then truncates is under way: the copy is not a file of its own. */
  #isCopyInTheMaking(path: string, reader: FileReader, size: number): boolean {
    const { catalog, soon } = this.#parts
    for (const name of originalsOf(basename(path))) {
      const original = catalog.byPath(join(dirname(path), name))
      if (original === undefined || original.inode === null || !original.isCurrent) continue
      const verdict = withFile(original.at, (other) => {
        const stat = other.stat()
        if (!isAt(stat, original)) return false
        if (Number(stat.size) >= size) return isPrefixOf(reader, size, other, original)
        // Longer than the original: a copy only if the original was truncated a moment ago.
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

  #sayProblems(found: Discovery): void {
    for (const [path, sentence] of found.problems) this.#problem(path, sentence)
    if (this.#problems.size === found.problems.size) return
    const there = new Set([...found.files.values()].map((seen) => seen.path))
    for (const path of this.#problems.keys())
      if (!found.problems.has(path) && !there.has(path)) this.#problems.delete(path)
  }

  /** Lets go of what is done: settled generations, what is in hold/ and settled, sources long gone. */
  #tidy(now: number): void {
    const { catalog, descriptors, hold, keeper, policy } = this.#parts
    const isOld = (tail: Tail): boolean => tail.gone !== null && now - tail.gone > policy.forgetAfter
    const forgotten: Source[] = []
    for (const tail of [...catalog.tails()]) {
      if (tail.finished) {
        if (isOld(tail)) catalog.dropFinished(tail)
        continue
      }
      if (tail.heldTo !== null && tail.isSettled && (tail.held || tail.descriptor === null)) {
        if (keeper.isCopying(tail)) continue
        tail.reader?.close()
        tail.reader = null
        tail.held = false
        tail.heldTo = null
        void hold.remove(tail.source.id, tail.generation)
        if (tail.packed === null && tail.seenIn !== this.#number) tail.gone ??= now
        catalog.touched(tail)
      }
      if (!tail.isCurrent && tail.ended && tail.isSettled && !keeper.isCopying(tail)) {
        descriptors.close(tail)
        catalog.finish(tail)
      } else if (tail.isCurrent && isOld(tail) && tail.isSettled) {
        forgotten.push(tail.source)
      } else if (
        tail.descriptor !== null &&
        tail.lostSince === null &&
        tail.read >= tail.size &&
        now - tail.changedAt > policy.activeFor
      ) {
        descriptors.close(tail)
      }
    }
    for (const source of forgotten) catalog.forget(source)
  }
}

const magic = Buffer.allocUnsafe(2)

export function isGzip(reader: FileReader): boolean {
  return reader.read(magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b
}
