import { basename, dirname, join } from 'node:path'
import { isSourceId, type SourceId } from '../../../schema/index.ts'
import { reachOf } from '../../ranges.ts'
import type { Change } from '../../state/index.ts'
import { type Head, type Inode, inodeKey } from './identify.ts'
import type { FileConfig, FileInputContext } from './options.ts'
import {
  type GenerationRecord,
  ROTATED_PREFIX,
  rotatedRecordShape,
  SOURCE_PREFIX,
  sourceRecordShape,
} from './record.ts'
import { originalsOf } from './rotate.ts'
import { Source, Tail } from './source.ts'

const rotatedKey = (tail: Tail): string => `${ROTATED_PREFIX}${tail.source.id}/${tail.generation}`

/** All known sources and the indexes to find them; `save` stores changes. */
export class Catalog {
  readonly sources = new Map<string, Source>()
  readonly #byInode = new Map<string, Tail>()
  readonly #byPath = new Map<string, Tail>()
  /** Earlier, settled generations, remembered because their copies may still exist. */
  readonly #finished = new Set<Tail>()
  readonly #unsaved = new Set<Source>()
  readonly #unsavedFinished = new Set<Tail>()
  readonly #forgotten = new Set<string>()
  readonly #context: FileInputContext
  readonly #configFor: (path: string) => FileConfig | null

  constructor(context: FileInputContext, configFor: (path: string) => FileConfig | null) {
    this.#context = context
    this.#configFor = configFor
  }

  /** Loads the stored sources; a damaged record is reported and skipped. */
  load(): void {
    const { state, sealed, log } = this.#context
    for (const [key, written] of state.entries<unknown>(SOURCE_PREFIX)) {
      const id = key.slice(SOURCE_PREFIX.length)
      const { data: value } = sourceRecordShape.safeParse(written)
      if (!isSourceId(id) || value === undefined) {
        log.error(
          `The stored state of source ${id} is damaged. If its file still exists, the agent reads it from its start as a new source.`,
        )
        continue
      }
      const at = value.generations.at(-1)?.at ?? value.path
      const source = new Source(id, value.path, this.#configOf(value.path) ?? this.#configFor(at))
      for (const generation of value.generations) {
        const tail = new Tail(source, generation)
        tail.synced = true
        tail.gone = value.gone
        if (generation.held) tail.heldTo = generation.position
        // Bytes that are neither settled nor in the spool are read again, and all bytes after them.
        const known = [...tail.beyond, ...(sealed.get(`${id}/${generation.number}`) ?? [])]
        tail.read = reachOf(tail.position, known)
        const last = Math.max(tail.read, ...known.map(([, to]) => to))
        if (last > tail.read) tail.missBefore(last)
        source.tails.push(tail)
        this.bind(tail)
      }
      this.sources.set(id, source)
    }
    for (const [key, written] of state.entries<unknown>(ROTATED_PREFIX)) {
      const id = key.slice(ROTATED_PREFIX.length).split('/')[0] ?? ''
      const { data: value } = rotatedRecordShape.safeParse(written)
      if (!isSourceId(id) || value === undefined) {
        log.warn(`The stored state of a rotated file (${key}) is damaged, and was removed.`)
        this.#forgotten.add(key)
        continue
      }
      const source = this.sources.get(id) ?? new Source(id, value.path, this.#configOf(value.path))
      const tail = new Tail(source, value.generation)
      tail.size = tail.position
      tail.finished = true
      tail.synced = true
      tail.gone = value.gone
      this.#finished.add(tail)
      if (tail.inode !== null && this.#byInode.has(inodeKey(tail.inode))) tail.inode = null
      this.bind(tail)
    }
  }

  /** The entry that reads a path; for a file that was first seen rotated, the entry that reads its original. */
  #configOf(path: string): FileConfig | null {
    const config = this.#configFor(path)
    if (config !== null) return config
    for (const name of originalsOf(basename(path))) {
      const original = this.#configFor(join(dirname(path), name))
      if (original !== null) return original
    }
    return null
  }

  /** Creates a source for a new file. */
  mint(path: string, config: FileConfig, inode: Inode | null, head: Head): Tail {
    const id = this.#context.random(16).toString('hex') as SourceId
    const source = new Source(id, path, config)
    this.sources.set(id, source)
    return this.begin(source, 0, path, inode, head, 0)
  }

  /** Begins a generation of a source; it may be read once it is saved. */
  begin(source: Source, number: number, at: string, inode: Inode | null, head: Head, from: number): Tail {
    const fresh: GenerationRecord = {
      number,
      inode,
      at,
      head,
      marks: [],
      position: from,
      header: null,
      held: false,
      ended: false,
      packed: null,
    }
    const tail = new Tail(source, fresh)
    tail.verified = true
    source.tails.push(tail)
    this.bind(tail)
    this.changed(source)
    return tail
  }

  bind(tail: Tail): void {
    if (tail.inode !== null) {
      const key = inodeKey(tail.inode)
      const before = this.#byInode.get(key)
      this.#byInode.set(key, tail)
      // An inode belongs to one file: the previous owner of the number has lost it.
      if (before !== undefined && before !== tail) {
        before.inode = null
        this.touched(before)
      }
    }
    this.#byPath.set(tail.at, tail)
  }

  unbind(tail: Tail): void {
    if (tail.inode !== null) {
      const key = inodeKey(tail.inode)
      if (this.#byInode.get(key) === tail) this.#byInode.delete(key)
    }
    if (this.#byPath.get(tail.at) === tail) this.#byPath.delete(tail.at)
  }

  rebind(tail: Tail, inode: Inode, at: string): void {
    this.unbind(tail)
    tail.inode = inode
    tail.at = at
    this.bind(tail)
    this.touched(tail)
  }

  byInode(key: string): Tail | undefined {
    return this.#byInode.get(key)
  }

  byPath(path: string): Tail | undefined {
    return this.#byPath.get(path)
  }

  tailOf(source: string, generation: number): Tail | undefined {
    return this.sources.get(source)?.tails.find((tail) => tail.generation === generation)
  }

  *tails(): IterableIterator<Tail> {
    for (const source of this.sources.values()) yield* source.tails
    yield* this.#finished
  }

  changed(source: Source): void {
    this.#unsaved.add(source)
  }

  touched(tail: Tail): void {
    if (tail.finished) this.#unsavedFinished.add(tail)
    else this.changed(tail.source)
  }

  /** Ends a settled earlier generation: it leaves its source's record, so that the record stays small. */
  finish(tail: Tail): void {
    const { tails } = tail.source
    tails.splice(tails.indexOf(tail), 1)
    tail.finished = true
    // Without an inode it may still reappear compressed.
    if (tail.inode === null && tail.source.config?.gzip !== true) {
      this.unbind(tail)
    } else {
      this.#finished.add(tail)
      this.#unsavedFinished.add(tail)
    }
    this.changed(tail.source)
  }

  /** Reopens a rotated file that has grown: the added bytes belong to its generation. */
  revive(tail: Tail): void {
    this.#finished.delete(tail)
    this.#unsavedFinished.delete(tail)
    this.#forgotten.add(rotatedKey(tail))
    tail.finished = false
    const { tails } = tail.source
    tails.push(tail)
    tails.sort((a, b) => a.generation - b.generation)
    this.changed(tail.source)
  }

  /** Releases a rotated file that is gone, since its name and inode belong to another file; a compressed copy may still exist. */
  releaseFinished(tail: Tail, now: number): void {
    if (tail.source.config?.gzip !== true) {
      this.dropFinished(tail)
      return
    }
    this.unbind(tail)
    tail.inode = null
    tail.gone ??= now
    this.#unsavedFinished.add(tail)
  }

  dropFinished(tail: Tail): void {
    this.#finished.delete(tail)
    this.#unsavedFinished.delete(tail)
    this.unbind(tail)
    this.#forgotten.add(rotatedKey(tail))
  }

  forget(source: Source): void {
    for (const tail of source.tails) this.unbind(tail)
    for (const tail of this.#finished) if (tail.source.id === source.id) this.dropFinished(tail)
    this.sources.delete(source.id)
    this.#unsaved.delete(source)
    this.#forgotten.add(SOURCE_PREFIX + source.id)
  }

  /**
   * Returns the changes that record a source's present state. They include finished generations: without them a copy would be read again.
   */
  changesOf(source: Source): Change[] {
    const changes: Change[] = [{ key: SOURCE_PREFIX + source.id, value: source.record() }]
    for (const tail of this.#unsavedFinished)
      if (tail.source === source) changes.push({ key: rotatedKey(tail), value: tail.rotatedRecord() })
    return changes
  }

  /** Whether some source may be read as soon as it is saved. */
  hasUnsynced(): boolean {
    for (const source of this.#unsaved) if (source.tails.some((tail) => !tail.synced)) return true
    return false
  }

  /** Stores all changes and returns the tails that may be read from now on. */
  async save(): Promise<Tail[]> {
    const sources = [...this.#unsaved]
    const finished = [...this.#unsavedFinished]
    const forgotten = [...this.#forgotten]
    if (sources.length + finished.length + forgotten.length === 0) return []
    this.#unsaved.clear()
    this.#unsavedFinished.clear()
    this.#forgotten.clear()
    const written = sources.flatMap((source) => source.tails)
    try {
      await this.#context.state.write([
        ...sources.map((source) => ({ key: SOURCE_PREFIX + source.id, value: source.record() })),
        ...finished.map((tail) => ({
          key: rotatedKey(tail),
          value: tail.rotatedRecord(),
        })),
        ...forgotten.map((key) => ({ key, value: undefined })),
      ])
    } catch (error) {
      for (const source of sources) if (this.sources.has(source.id)) this.#unsaved.add(source)
      for (const tail of finished) this.#unsavedFinished.add(tail)
      for (const key of forgotten) this.#forgotten.add(key)
      throw error
    }
    const fresh = written.filter((tail) => !tail.synced)
    for (const tail of fresh) tail.synced = true
    return fresh
  }
}
