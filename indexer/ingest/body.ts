import type { Readable } from 'node:stream'
import { LIMITS } from '../../schema/index.ts'
import { decodeHead, SENDER_WITHIN, senderIn, type WaybillHead } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import type { Share } from './budget.ts'

/** One read of a socket is in memory before the sender is known. */
const FREE_BYTES = 64 * 1024
/** 16 KiB a second: a byte now and then would hold its room for hours. */
const LEAST_BYTES_A_MS = 16

/**
 * The body of a waybill as it comes in: first its head, which names the sender, then the payload. The payload goes
 * into a buffer of its own that can be transferred to a worker; nothing of it is kept before the head was accepted.
 *
 * The source is a request and is never destroyed from here, because the answer goes over the same socket. What is
 * left unread of a refused body flows away unseen.
 */
export class Body {
  readonly #source: Readable
  readonly #idleTimeout: number
  /** The bytes that came and were not yet read. */
  #waiting: Buffer[] = []
  #length = 0
  #ended = false
  #gone = false
  #wake: (() => void) | null = null

  constructor(source: Readable, idleTimeout: number) {
    this.#source = source
    this.#idleTimeout = idleTimeout
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    source.on('error', this.#onGone)
    source.on('close', this.#onGone)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#waiting.push(chunk)
    this.#length += chunk.length
    this.#source.pause()
    this.#wake?.()
  }
  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake?.()
  }
  readonly #onGone = (): void => {
    this.#gone = !this.#ended
    this.#wake?.()
  }

  /** The next piece, or null at the end. */
  async #next(deadline: number): Promise<Buffer | null> {
    const chunk = this.#waiting.shift()
    if (chunk !== undefined) return chunk
    if (!this.#ended && !this.#gone) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => resolve(false), deadline)
      this.#wake = () => resolve(true)
      this.#source.resume()
      const came = await promise
      clearTimeout(timer)
      this.#wake = null
      if (!came) {
        throw new Refusal(
          'WB-WAYBILL-SLOW',
          `The body stopped after ${this.#length} bytes for ${deadline} ms.`,
        )
      }
    }
    const next = this.#waiting.shift()
    if (next !== undefined) return next
    if (this.#gone)
      throw new Refusal('WB-WAYBILL-INVALID', `The connection ended after ${this.#length} bytes.`)
    return null
  }

  /**
   * Reads manifest and signature. The sender is not proven yet, so all of it must arrive within one timeout. `isKnown` decides by the first
   * bytes whether more is read at all; only what exceeds one chunk of the network counts towards the budget.
   */
  async head(
    share: Share,
    isKnown: (sender: { readonly agent: string; readonly key: string }) => boolean,
  ): Promise<WaybillHead> {
    const until = performance.now() + this.#idleTimeout
    let room = Buffer.allocUnsafe(4096)
    let length = 0
    for (;;) {
      const chunk = await this.#next(Math.max(1, Math.round(until - performance.now())))
      if (chunk === null) {
        throw new Refusal(
          'WB-WAYBILL-INVALID',
          `The body ends at byte ${this.#length}, inside the waybill's head.`,
        )
      }
      if (length > 0 && length + chunk.length > FREE_BYTES && !share.take(chunk.length)) throw busy()
      if (length + chunk.length > room.length) {
        // Twice as much each time: a head of many small pieces costs no square of copies.
        const wider = Buffer.allocUnsafe(2 * (length + chunk.length))
        room.copy(wider, 0, 0, length)
        room = wider
      }
      length += chunk.copy(room, length)
      const start = room.subarray(0, length)
      const head = decodeHead(start)
      if (head === null) {
        const sender = length < SENDER_WITHIN ? null : senderIn(start)
        if (length >= SENDER_WITHIN && (sender === null || !isKnown(sender))) throw unknownSender()
        continue
      }
      this.#waiting.unshift(start.subarray(head.payloadStart))
      return {
        ...head,
        // Copies, so that the piece of network they came in does not live as long as they do.
        manifestBytes: Buffer.from(head.manifestBytes),
        signature: Buffer.from(head.signature),
      }
    }
  }

  /** The rest of the body, which must be exactly `length` bytes, and come at a pace that a slow line has. */
  async payload(length: number, share: Share): Promise<ArrayBuffer> {
    if (length > LIMITS.bodyBytes) {
      throw new Refusal(
        'WB-TOO-LARGE',
        `A body may have ${LIMITS.bodyBytes} bytes, and its payload has ${length}.`,
      )
    }
    if (!share.take(length)) throw busy()
    const payload = new ArrayBuffer(length)
    const into = Buffer.from(payload)
    let at = 0
    const until = performance.now() + this.#idleTimeout + length / LEAST_BYTES_A_MS
    for (;;) {
      const left = Math.max(1, Math.round(until - performance.now()))
      const chunk = await this.#next(Math.min(this.#idleTimeout, left))
      if (chunk === null) break
      if (at + chunk.length > length) {
        throw new Refusal('WB-WAYBILL-INVALID', `Bytes follow the payload, which has ${length} bytes.`)
      }
      at += chunk.copy(into, at)
    }
    if (at < length) {
      throw new Refusal('WB-WAYBILL-INVALID', `The payload has ${length} bytes, but only ${at} are there.`)
    }
    return payload
  }

  /** Lets go of the source; what was not read flows away. */
  release(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.off('close', this.#onGone)
    this.#waiting = []
    this.#source.resume()
  }
}

export function busy(): Refusal {
  return new Refusal(
    'WB-INGEST-BUSY',
    'The indexer has no memory for further waybills now; send this one again.',
    {
      retryAfter: 1,
    },
  )
}

const unknownSender = (): Refusal =>
  new Refusal('WB-AGENT-UNKNOWN', 'The manifest names no enrolled agent or key: enroll the agent first.')
