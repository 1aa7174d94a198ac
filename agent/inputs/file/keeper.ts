import { read } from 'node:fs'
import { promisify } from 'node:util'
import { reasonOf } from '../../../schema/index.ts'
import { CHUNK_BYTES, type Hold, HoldFullError } from './hold.ts'
import type { Log, Policy } from './options.ts'
import type { Tail } from './source.ts'

const readAt = promisify(read)

/**
 * Saves files that no path leads to any more. Their bytes exist while the agent has the file open, but a restart would lose them.
 * Unsettled bytes are copied to hold/, unless they are shipped soon.
 */
export class Keeper {
  readonly #hold: Hold
  readonly #policy: Policy
  readonly #log: Log
  readonly #kept: (tail: Tail) => void
  readonly #copying = new Map<Tail, Promise<void>>()
  readonly #warned = new WeakSet<Tail>()

  constructor(hold: Hold, policy: Policy, log: Log, kept: (tail: Tail) => void) {
    this.#hold = hold
    this.#policy = policy
    this.#log = log
    this.#kept = kept
  }

  isCopying(tail: Tail): boolean {
    return this.#copying.has(tail)
  }

  consider(tail: Tail, now: number): void {
    if (tail.lostSince === null || now - tail.lostSince < this.#policy.holdAfter) return
    if (tail.descriptor === null || tail.held || tail.position >= tail.size) return
    if (tail.heldTo !== null && tail.heldTo >= tail.size) return
    if (this.#copying.has(tail)) return
    const copying = this.#copy(tail, tail.descriptor).finally(() => this.#copying.delete(tail))
    this.#copying.set(tail, copying)
  }

  /** Resolves when nothing is being copied. */
  async idle(): Promise<void> {
    while (this.#copying.size > 0) await Promise.all(this.#copying.values())
  }

  async #copy(tail: Tail, descriptor: number): Promise<void> {
    const { id } = tail.source
    try {
      const writer = await this.#hold.write(id, tail.generation)
      try {
        const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
        for (let offset = Math.max(writer.end ?? 0, tail.position); offset < tail.size; ) {
          const { bytesRead } = await readAt(descriptor, buffer, 0, buffer.length, offset)
          if (bytesRead === 0) break
          await writer.append(offset, buffer.subarray(0, bytesRead))
          offset += bytesRead
        }
      } finally {
        await writer.close()
      }
      tail.heldTo = writer.end ?? tail.position
      if (this.#warned.delete(tail)) tail.problem = null
      this.#kept(tail)
      this.#log.info(
        `${tail.at} was removed or moved away before all of it was shipped; the rest is kept in ${this.#hold.pathOf(id, tail.generation)}.`,
      )
    } catch (error) {
      const why =
        error instanceof HoldFullError
          ? `hold/ has reached its limit of ${this.#policy.holdBytes} bytes (hold: limit)`
          : reasonOf(error)
      tail.problem = `The rest of ${tail.at}, which was removed or moved away before it was shipped, can't be kept in hold/: ${why}. Its bytes from ${tail.position} to ${tail.size} can be read only while this agent runs: don't stop it before they are shipped, or make room.`
      if (!this.#warned.has(tail)) this.#log.error(tail.problem)
      this.#warned.add(tail)
    }
  }
}
