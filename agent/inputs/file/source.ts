import type { SourceId } from '../../../schema/index.ts'
import { type Range, reachOf, withRange } from '../../ranges.ts'
import type { Framing } from '../framing.ts'
import { type Head, type Inode, type Mark, type Reader, withMark } from './identify.ts'
import type { FileConfig } from './options.ts'
import type { Oversize } from './oversize.ts'
import type { GenerationRecord, RotatedRecord, SourceRecord } from './record.ts'

/** A file with a persistent id of the agent, independent of its name, its inode and its content. */
export class Source {
  readonly id: SourceId
  /** The path where the file was first seen. */
  readonly path: string
  /** Null while no entry of the configuration leads to it: it is remembered but not read. */
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

/** A slice that was handed out and is not settled yet. */
export interface Handed {
  readonly offset: number
  readonly to: number
  readonly records: number
  /** Samples of the content, taken while it was in the buffer. */
  readonly marks: readonly Mark[]
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** One generation of a source: its read and settled positions, and the present source of its bytes. */
export class Tail {
  readonly source: Source
  readonly generation: number
  inode: Inode | null
  at: string
  head: Head
  marks: readonly Mark[]
  /** The end of the settled bytes. */
  position: number
  /** Settled ranges after the position. The bytes between them are on their way, or lost on it. */
  beyond: readonly Range[]
  /** The end of the bytes that were handed out. */
  read: number
  size = 0
  modified = 0n
  header: string | null
  reader: Reader | null = null
  /** The reader is a file's descriptor; hold/ has its own. */
  descriptor: number | null = null
  /** Its bytes are read from hold/. */
  held = false
  /** The end of its bytes in hold/. */
  heldTo: number | null = null
  ended: boolean
  /** The file is compressed: its content is read through hold/. */
  packed: GenerationRecord['packed']
  /** The time when its file was found to be gone. */
  gone: number | null = null
  /** Whether it is an earlier generation and all settled: it is remembered so that its copy isn't read again. */
  finished = false
  /** The last bytes before `read`: if they are unchanged at the next reading, the file is the same. */
  last: Buffer | null = null
  handed: Handed[] = []
  oversize: Oversize | null = null
  /** Whether its identity is on the disk; before that nothing is handed out. */
  synced = false
  /** Whether its content was compared with the known content. */
  verified = false
  queued = false
  /** The size at which there was no complete record. */
  waitingAt = -1
  /** The size at which its quiet end was tried as a record. */
  flushedAt = -1
  /** The last sweep that saw it. */
  seenIn = 0
  /** The time since which no path leads to it. */
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

  /** Marks handed-out bytes as lost: they and all bytes after them are read again. */
  lose(from: number): void {
    this.handed = this.handed.filter((one) => one.offset !== from)
    if (from >= this.read) return
    this.read = from
    this.last = null
    this.oversize = null
    this.waitingAt = -1
    this.missBefore(this.size)
  }

  /** Notes that the file had unread bytes up to here. If it is gone, the agent looks for it once more, and reports it if it isn't found. */
  missBefore(size: number): void {
    this.size = size
    this.gone = null
  }
}
