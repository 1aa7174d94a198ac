import { createHash, type Hash } from 'node:crypto'
import { LIMITS } from '../../../schema/index.ts'
import type { Budget } from '../journal/index.ts'

/** The output of a framer, in the order of arrival. `bytes` are only valid during the call. */
export interface Framed {
  readonly bytes: Buffer
  /** The size and hash of a message that is longer than the limit. */
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
  /** Whether the stream ended within it. */
  readonly incomplete: boolean
}

const LF = 0x0a
const CR = 0x0d
const NUL = 0x00
const SPACE = 0x20
const LESS = 0x3c
const ZERO = 0x30
/** The digits and the size of an acceptable length; a message cannot be longer. */
const LENGTH_DIGITS = 8
const BELIEVED = 64 * 1024 * 1024
const FIRST_ROOM = 1024

type Framing =
  /** There are too few bytes to decide. */
  | 'unknown'
  /** A length precedes each message (RFC 6587, 3.4.1; RFC 5425). */
  | 'counted'
  /** A newline or a NUL follows each message (RFC 6587, 3.4.2). */
  | 'terminated'

/**
 * Splits the bytes of one connection into messages. The beginning of the stream decides the framing: digits, a blank and `<` are a length;
 * anything else is the first message itself. In a stream with lengths, bytes without a length are read up to the next newline as a
 * message, so that nothing is lost. After it the framer looks for lengths again.
 */
export class Framer {
  readonly #emit: (message: Framed) => void
  readonly #budget: Budget
  #framing: Framing = 'unknown'
  /** The terminator of messages on this connection, known after the first message. */
  #terminator: typeof LF | typeof NUL | null = null
  /** The missing bytes of the current counted message; -1 while its length is not known. */
  #missing = -1
  /** Digits that may be a length, with the blank after them. */
  #digits = ''
  /** Whether the lengths were lost; true up to the next newline. */
  #astray = false
  /** The beginning of the incomplete message. */
  #kept: Buffer = Buffer.alloc(0)
  #length = 0
  /** Set if the message is longer than the limit. */
  #long: { readonly hash: Hash; bytes: number } | null = null

  constructor(emit: (message: Framed) => void, budget: Budget) {
    this.#emit = emit
    this.#budget = budget
  }

  /** Bytes that wait for the rest of their message. */
  get waiting(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#framing === 'terminated' || this.#astray) at = this.#terminated(chunk, at)
      else if (this.#missing >= 0) at = this.#counted(chunk, at)
      else at = this.#count(chunk, at)
    }
  }

  /** Ends the stream: the rest counts as a last message. With `cut`, the connection was interrupted. */
  end(cut: boolean): void {
    const counted = this.#framing === 'counted'
    if (this.#digits !== '') this.#giveUpCounting()
    // A last line without a newline has to count as complete.
    if (this.#length > 0) this.#finish(null, 0, 0, cut || counted || this.#long !== null)
    this.release()
  }

  release(): void {
    this.#budget.give(Math.max(0, this.#kept.length - FIRST_ROOM))
    this.#kept = Buffer.alloc(0)
    this.#length = 0
    this.#long = null
  }

  /** Reads a length, or finds that there is none: then the digits begin a message. */
  #count(chunk: Buffer, from: number): number {
    let at = from
    // Some senders end a counted message with a newline that they don't count.
    while (this.#framing === 'counted' && this.#digits === '' && (chunk[at] === LF || chunk[at] === CR)) at++
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!
      const seen = this.#digits.length
      if (this.#digits.endsWith(' ')) {
        const length = Number(this.#digits)
        if (byte !== LESS || length > BELIEVED) break
        this.#framing = 'counted'
        this.#missing = length
        this.#digits = ''
        return at
      }
      const isDigit = byte >= ZERO && byte <= ZERO + 9 && seen < LENGTH_DIGITS && (seen > 0 || byte !== ZERO)
      if (!isDigit && !(byte === SPACE && seen > 0)) break
      this.#digits += String.fromCharCode(byte)
    }
    if (at < chunk.length) this.#giveUpCounting()
    return at
  }

  #giveUpCounting(): void {
    if (this.#framing === 'counted') this.#astray = true
    else this.#framing = 'terminated'
    const begun = Buffer.from(this.#digits, 'latin1')
    this.#digits = ''
    this.#keep(begun, 0, begun.length)
  }

  #counted(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#missing)
    this.#missing -= end - from
    if (this.#missing > 0) {
      this.#keep(chunk, from, end)
    } else {
      this.#missing = -1
      this.#finish(chunk, from, end, false)
    }
    return end
  }

  #terminated(chunk: Buffer, from: number): number {
    const end = this.#terminatorIn(chunk, from)
    if (end === -1) {
      this.#keep(chunk, from, chunk.length)
      return chunk.length
    }
    this.#astray = false
    this.#finish(chunk, from, end, false)
    return end + 1
  }

  #terminatorIn(chunk: Buffer, from: number): number {
    if (this.#astray) return chunk.indexOf(LF, from)
    if (this.#terminator !== null) return chunk.indexOf(this.#terminator, from)
    const newline = chunk.indexOf(LF, from)
    const stop = newline === -1 ? chunk.length : newline
    // A NUL within a line is content. A NUL at the end of the chunk, or before the next message, ends a message.
    for (let nul = chunk.indexOf(NUL, from); nul !== -1 && nul < stop; nul = chunk.indexOf(NUL, nul + 1)) {
      if (nul + 1 !== chunk.length && chunk[nul + 1] !== LESS) continue
      this.#terminator = NUL
      return nul
    }
    if (newline !== -1) this.#terminator = LF
    return newline
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (this.#long !== null) {
      this.#follow(this.#long, chunk, from, to)
      return
    }
    this.#makeRoom(Math.min(this.#length + to - from, LIMITS.recordBytes))
    const fits = Math.min(to - from, this.#kept.length - this.#length)
    chunk.copy(this.#kept, this.#length, from, from + fits)
    this.#length += fits
    if (fits === to - from) return
    const first = this.#kept.subarray(0, this.#length)
    this.#long = { hash: createHash('sha256').update(first), bytes: first.length }
    this.#follow(this.#long, chunk, from + fits, to)
  }

  #follow(long: { readonly hash: Hash; bytes: number }, chunk: Buffer, from: number, to: number): void {
    long.hash.update(chunk.subarray(from, to))
    long.bytes += to - from
  }

  /** Grows the room for the message as far as the budget allows. The first KiB is always available. */
  #makeRoom(needed: number): void {
    if (needed <= this.#kept.length) return
    let size = Math.min(LIMITS.recordBytes, Math.max(FIRST_ROOM, needed, this.#kept.length * 2))
    const more = size - Math.max(FIRST_ROOM, this.#kept.length)
    if (more > 0 && !this.#budget.take(more)) size = FIRST_ROOM
    if (size <= this.#kept.length) return
    const wider = Buffer.allocUnsafeSlow(size)
    this.#kept.copy(wider, 0, 0, this.#length)
    this.#kept = wider
  }

  /** Emits the kept bytes together with the chunk's part of the message. */
  #finish(chunk: Buffer | null, from: number, to: number, incomplete: boolean): void {
    let bytes: Buffer
    let truncated: Framed['truncated'] = null
    if (this.#length === 0 && this.#long === null && chunk !== null && to - from <= LIMITS.recordBytes) {
      bytes = chunk.subarray(from, to)
    } else {
      if (chunk !== null) this.#keep(chunk, from, to)
      bytes = this.#kept.subarray(0, this.#length)
      if (this.#long !== null) {
        truncated = { bytes: this.#long.bytes, sha256: this.#long.hash.digest('hex') }
      }
    }
    this.#length = 0
    this.#long = null
    if (truncated === null) bytes = this.#trimmed(bytes)
    if (bytes.length > 0) this.#emit({ bytes, truncated, incomplete })
    // Only large messages need a large buffer: idle connections don't keep one.
    if (this.#kept.length > FIRST_ROOM) this.release()
  }

  /** Removes the CR of CR LF and the other terminator: some senders send both. */
  #trimmed(bytes: Buffer): Buffer {
    if (this.#framing === 'counted') return bytes
    const start = bytes[0] === NUL || (this.#terminator === NUL && bytes[0] === LF) ? 1 : 0
    const last = bytes[bytes.length - 1]
    const end = bytes.length > start && (last === CR || last === NUL) ? bytes.length - 1 : bytes.length
    return bytes.subarray(start, end)
  }
}
