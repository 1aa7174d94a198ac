import type { SourceId } from '../../../schema/index.ts'
import { type Range, reachOf, withRange } from '../../ranges.ts'
import type { Framing } from '../framing.ts'
import { type Head, type Inode, type Mark, type Reader, withMark } from './identify.ts'
import type { FileConfig } from './options.ts'
import type { Oversize } from './oversize.ts'
import type { GenerationRecord, RotatedRecord, SourceRecord } from './record.ts'

/** A file that the agent knows by an id of its own, whatever its name, its inode and its content become. */
export class Source {
  readonly id: SourceId
  /** The path at first sight. */
  readonly path: string
  /** Null while no entry of the configuration leads to it: it is remembered, not read. */
  config: FileConfig | null
  /** The generations that are still to be read or settled, oldest first; the last is the current one. */
  readonly tails: Tail[] = []

  constructor(id: SourceId, path: string, config: FileConfig | null) {
    this.id = id
    this.path = path
    this.config = config
  }

  get current(): Tail {
    const tail = this.tails.at(-1)
    if (tail === undefined) throw new Error(`source ${this.id} has no generation`)
    return tail
  }

  record(): SourceRecord {
    return {
      v: 1,
      path: this.path,
      generations: this.tails.map((tail) => tail.record()),
      gone: this.current.gone,
    }
  }
}

/** A slice that was handed out and is not settled. */
export interface Handed {
  readonly offset: number
  readonly to: number
  readonly records: number
  /** Samples of the content, taken while it was in the buffer. */
  readonly marks: readonly Mark[]
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** One generation of a source: how far it is read and settled, and where its bytes come from at present. */
export class Tail {
  readonly source: Source
  readonly generation: number
  inode: Inode | null
  at: string
  head: Head
  marks: readonly Mark[]
  /** Settled up to here. */
  position: number
  /** Settled as well: what stands between is on its way, or lost on it. */
  beyond: readonly Range[]
  /** Handed out up to here. */
  read: number
  size = 0
  modified = 0n
  header: string | null
  reader: Reader | null = null
  /** The reader is a file's descriptor; hold/ has its own. */
  descriptor: number | null = null
  /** Its bytes are read from hold/. */
  held = false
  /** Up to where hold/ has them. */
  heldTo: number | null = null
  ended: boolean
  /** Its file is compressed: what is read is its content, by way of hold/. */
  packed: GenerationRecord['packed']
  /** When it was found that its file is gone. */
  gone: number | null = null
  /** Earlier generation, all settled: remembered so that its copy isn't read again. */
  finished = false
  /** The last bytes before `read`: still there when more is read, the file is the one that was read before. */
  last: Buffer | null = null
  handed: Handed[] = []
  oversize: Oversize | null = null
  /** Its identity is on the disk; before that nothing is handed out. */
  synced = false
  /** Its content was compared with what is known of it. */
  verified = false
  queued = false
  /** At this size there was no whole record. */
  waitingAt = -1
  /** At this size its quiet end was tried as a record. */
  flushedAt = -1
  /** The sweep that saw it last. */
  seenIn = 0
  /** Since when no path leads to it. */
  lostSince: number | null = null
  changedAt = 0
  lastRead: number | null = null
  problem: string | null = null

  constructor(source: Source, from: GenerationRecord) {
    this.source = source
    this.generation = from.number
    this.inode = from.inode
    this.at = from.at
    this.head = from.head
    this.marks = from.marks
    this.position = from.position
    this.beyond = from.beyond ?? []
    this.read = from.position
    this.header = from.header
    this.ended = from.ended
    this.packed = from.packed
  }

  get framing(): Framing {
    return this.source.config?.framing ?? { kind: 'lines' }
  }

  get isCurrent(): boolean {
    return this.source.tails.at(-1) === this
  }

  get isSettled(): boolean {
    return this.position >= this.size && this.handed.length === 0
  }

  record(): GenerationRecord {
    return {
      number: this.generation,
      inode: this.inode,
      at: this.at,
      head: this.head,
      marks: this.marks,
      position: this.position,
      ...(this.beyond.length > 0 && { beyond: this.beyond }),
      header: this.header,
      held: this.heldTo !== null,
      ended: this.ended,
      packed: this.packed,
    }
  }

  rotatedRecord(): RotatedRecord {
    return { v: 1, path: this.source.path, generation: this.record(), gone: this.gone }
  }

  settle(from: number, to: number): void {
    const index = this.handed.findIndex((one) => one.offset === from)
    const handed = index === -1 ? undefined : this.handed.splice(index, 1)[0]
    for (const mark of handed?.marks ?? []) this.marks = withMark(this.marks, mark)
    if (to <= this.position) return
    const settled = withRange(this.beyond, [from, to])
    this.position = reachOf(this.position, settled)
    this.beyond = settled.filter(([start]) => start > this.position)
  }

  /** What was handed out here did not get where it should: it is read again, and all behind it. */
  lose(from: number): void {
    this.handed = this.handed.filter((one) => one.offset !== from)
    if (from >= this.read) return
    this.read = from
    this.last = null
    this.oversize = null
    this.waitingAt = -1
    this.missBefore(this.size)
  }

  /** The file had bytes up to here that are still to be read: if it is gone, it is looked for once more, and said if it isn't found. */
  missBefore(size: number): void {
    this.size = size
    this.gone = null
  }
}
