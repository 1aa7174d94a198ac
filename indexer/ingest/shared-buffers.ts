/** Usual batches have 3 to 4 MB of lines. What is never written to takes no memory. */
const ROOM_BYTES = 8 * 1024 * 1024
const MOST = 16

/** Memory for the lines of one batch, seen by all threads that work on it. */
export type Room = SharedArrayBuffer

/**
 * Shared buffers for lines on the way from the thread that checks them to the one that stores them. A buffer of megabytes that moves from
 * thread to thread is counted by each of them, and made each of them collect garbage every few batches: a sixth of all processor time. No
 * thread counts SharedBuffers; they are reused, and so stay in the processor's cache; there are never more than a few. A batch that is too
 * large, or one too many, goes without.
 */
export class SharedBuffers {
  readonly #free: Room[] = []
  #made = 0

  /** Takes a room for this many bytes; null if there is none. */
  take(bytes: number): Room | null {
    if (bytes > ROOM_BYTES) return null
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#made === MOST) return null
    this.#made++
    return new SharedArrayBuffer(ROOM_BYTES)
  }

  /** Gives a room back: nobody uses its content any more. */
  give(room: Room | null): void {
    if (room !== null) this.#free.push(room)
  }
}
