import { LIMITS } from '../../../schema/index.ts'
import type { TaskSlice } from '../../normalise/task.ts'
import type { Filled } from '../input.ts'
import { type Cut, cut, cutAgain, NOTHING, type Room } from './cut.ts'
import type { Descriptors } from './descriptors.ts'
import type { FileInputContext, Policy } from './options.ts'
import type { Handed, Tail } from './source.ts'

export interface QueueParts {
  readonly descriptors: Descriptors
  readonly policy: Policy
  readonly context: FileInputContext
  /** The file is no longer the one that was read: it must be inspected. */
  changed(tail: Tail): void
  blocked(tail: Tail, error: unknown): void
}

interface GivenBack {
  readonly tail: Tail
  readonly handed: Handed
}

/** The minimum room in a buffer that is worth another reading. */
const CRUMB = 4096
/** The minimum of records of one source in one round. */
const RECORDS_AT_LEAST = 256

/**
 * The order of reading. Every source with unread records is in the queue once. Each time it takes at most its quantum and moves to the end
 * of the queue, so that an endless source cannot keep the others waiting. Slices that were given back come first.
 */
export class Queue {
  readonly #parts: QueueParts
  #line: Tail[] = []
  #head = 0
  #again: GivenBack[] = []
  #idle: Tail[] = []

  constructor(parts: QueueParts) {
    this.#parts = parts
  }

  get hasWork(): boolean {
    const [again] = this.#again
    if (again !== undefined) return again.tail.verified && again.tail.problem === null
    return this.#head < this.#line.length
  }

  /** Returns false if it is already queued. */
  add(tail: Tail): boolean {
    if (tail.queued) return false
    tail.queued = true
    this.#line.push(tail)
    return true
  }

  giveBack(given: readonly GivenBack[]): void {
    this.#again = [...given, ...this.#again]
  }

  /** Returns the tails that had nothing more to read, since the last call. */
  takeIdle(): Tail[] {
    const idle = this.#idle
    this.#idle = []
    return idle
  }

  /** Whether a long record is being followed, and nothing was found to hand out. */
  isFollowing = false

  fill(buffer: Buffer, limits: { bytes: number; records: number }): Filled | null {
    const filling = new Filling(buffer, limits)
    this.isFollowing = false
    this.#fillAgain(filling)
    if (this.#again.length === 0) this.#fillInTurn(filling)
    return filling.slices.length === 0 ? null : filling.filled()
  }

  #fillAgain(filling: Filling): void {
    while (this.#again.length > 0 && filling.hasRoom) {
      const [{ tail, handed }] = this.#again as [GivenBack]
      if (tail.reader === null && (tail.inode === null || tail.gone !== null)) {
        this.#again.shift()
        // The lost records must not block later ones that are settled.
        tail.settle(handed.offset, handed.to)
        this.#parts.context.log.error(
          `The bytes ${handed.offset} to ${handed.to} of ${tail.at} had to be read a second time, but the file was removed.`,
        )
        continue
      }
      if (!tail.verified || !this.#opened(tail)) return
      const taken = this.#cut(tail, this.#room(filling, 1), handed)
      if (taken.kind === 'changed') this.#parts.changed(tail)
      if (taken.kind !== 'slice') return
      filling.add(tail, taken.handed, taken.end)
      tail.handed.push(taken.handed)
      if (taken.handed.to >= handed.to) this.#again.shift()
      else this.#again[0] = { tail, handed: { ...handed, offset: taken.handed.to, marks: [] } }
    }
  }

  #fillInTurn(filling: Filling): void {
    // Each source that is queued at the start gets one fair share; later ones share the rest.
    while (this.#head < this.#line.length && filling.hasRoom) {
      const tail = this.#line[this.#head] as Tail
      const inLine = this.#line.length - this.#head
      if (!tail.verified || !this.#opened(tail)) {
        this.#leave(tail)
        continue
      }
      const taken = this.#cut(tail, this.#room(filling, inLine))
      if (taken.kind === 'crowded') break
      this.#leave(tail)
      if (taken.kind === 'slice') {
        tail.handed.push(taken.handed)
        filling.add(tail, taken.handed, taken.end)
        tail.waitingAt = -1
        if (tail.read < tail.size) this.add(tail)
        else this.#idle.push(tail)
      } else if (taken.kind === 'following') {
        this.add(tail)
        this.isFollowing = true
        // A long record is followed one step per filling: the other sources and the event loop get their turn.
        if (filling.sawLong(tail)) break
      } else if (taken.kind === 'nothing') {
        tail.waitingAt = tail.size
        this.#idle.push(tail)
      } else {
        this.#parts.changed(tail)
      }
    }
    if (this.#head > 1024 && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head)
      this.#head = 0
    }
  }

  /** A disk error under one file must not stop the others. */
  #cut(tail: Tail, room: Room, again: Handed | null = null): Cut {
    try {
      return again === null ? cut(tail, room) : cutAgain(tail, again, room)
    } catch (error) {
      this.#parts.blocked(tail, error)
      return NOTHING
    }
  }

  #leave(tail: Tail): void {
    this.#head += 1
    tail.queued = false
    if (this.#head === this.#line.length) {
      this.#line = []
      this.#head = 0
    }
  }

  #room(filling: Filling, inLine: number): Room {
    const { policy, context } = this.#parts
    const left = filling.bytesLeft
    return {
      buffer: filling.buffer,
      at: filling.at,
      quantum: Math.max(CRUMB, Math.min(left, Math.max(policy.quantum, Math.floor(left / inLine)))),
      records: Math.min(
        filling.recordsLeft,
        Math.max(RECORDS_AT_LEAST, Math.floor(filling.recordsLeft / inLine)),
      ),
      now: context.clock(),
      flushAfter: policy.flushAfter,
    }
  }

  #opened(tail: Tail): boolean {
    if (tail.held) return tail.reader !== null
    // A compressed file is only read from hold/: until it is unpacked there, its bytes are no records.
    if (tail.inode === null || tail.packed !== null) return false
    const { descriptors, changed, blocked } = this.#parts
    const opened = descriptors.open(tail)
    if (opened.kind === 'open') {
      tail.problem = null
      return true
    }
    if (opened.kind === 'moved') changed(tail)
    else blocked(tail, opened.error)
    return false
  }
}

/** A buffer that is being filled. */
class Filling {
  readonly buffer: Buffer
  readonly slices: TaskSlice[] = []
  at = 0
  readonly #limits: { bytes: number; records: number }
  #records = 0
  readonly #followed = new Set<Tail>()

  constructor(buffer: Buffer, limits: { bytes: number; records: number }) {
    this.buffer = buffer
    this.#limits = limits
  }

  get bytesLeft(): number {
    return Math.min(this.#limits.bytes, this.buffer.length) - this.at
  }

  get recordsLeft(): number {
    return this.#limits.records - this.#records
  }

  get hasRoom(): boolean {
    const fits = this.at === 0 || this.bytesLeft >= CRUMB
    return fits && this.recordsLeft > 0 && this.slices.length < LIMITS.batchSources
  }

  sawLong(tail: Tail): boolean {
    if (this.#followed.has(tail)) return true
    this.#followed.add(tail)
    return false
  }

  add(tail: Tail, handed: Handed, end: number): void {
    const { config } = tail.source
    if (config === null) throw new Error(`source ${tail.source.id} is read without a configuration`)
    this.slices.push({
      source: tail.source.id,
      generation: tail.generation,
      path: tail.source.path,
      pipeline: config.pipeline,
      start: this.at,
      end,
      offset: handed.offset,
      to: handed.to,
      header: handed.offset === 0 ? null : tail.header,
      truncated: handed.truncated,
    })
    this.at = end
    this.#records += handed.records
  }

  filled(): Filled {
    return { slices: this.slices, bytes: this.at, records: this.#records }
  }
}
