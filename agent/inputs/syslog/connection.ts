import type { Socket } from 'node:net'
import { Framer } from './framer.ts'
import type { Journal } from './journal.ts'
import type { Origin } from './record.ts'
import { originText } from './record.ts'
import type { Account, Shares } from './shares.ts'

/** Bytes of one connection that may be unsynced: behind them it is not read on, and its sender feels it. */
const WINDOW_BYTES = 256 * 1024

export interface ConnectionParts {
  readonly journal: Journal
  readonly clock: () => number
  /** Memory for messages that are not whole yet, of all connections. */
  readonly memory: Shares
  readonly idle: number
  received(bytes: number): void
  closed(connection: Connection): void
}

/** One sender's stream: taken apart into messages, which go to the journal no faster than that is synced. */
export class Connection {
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  readonly #framer: Framer
  readonly #origin: string
  readonly #account: Account
  #received = 0
  #unsynced = 0
  #waitsForRoom = false
  #ended = false

  constructor(socket: Socket, origin: Origin, parts: ConnectionParts) {
    this.#socket = socket
    this.#parts = parts
    this.#origin = originText(origin)
    this.#account = parts.journal.accountOf('stream', origin.address)
    this.#framer = new Framer((message) => {
      const { bytes, truncated, incomplete } = message
      const about = { received: this.#received, incomplete, truncated }
      this.#unsynced += parts.journal.append(this.#origin, this.#account, about, bytes, this)
      parts.received(bytes.length)
    }, parts.memory.budgetOf(origin.address))
    socket.setTimeout(parts.idle, () => this.#idle())
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.#end(false))
    socket.on('close', () => {
      this.#end(true)
      parts.journal.forgetWaker(this.#wake)
      parts.closed(this)
    })
    // Whatever it is, the connection is closed behind it.
    socket.on('error', () => {})
    this.#regulate()
  }

  /** It is not read at present. */
  get waits(): boolean {
    return this.#waitsForRoom || this.#unsynced > WINDOW_BYTES
  }

  synced(bytes: number): void {
    this.#unsynced -= bytes
    this.#regulate()
  }

  /** Takes what has come already, and lets go. */
  close(): void {
    this.#socket.pause()
    for (let left: unknown = this.#socket.read(); Buffer.isBuffer(left); left = this.#socket.read()) {
      this.#take(left)
    }
    this.#end(true)
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return
    this.#received = this.#parts.clock()
    this.#framer.push(chunk)
    this.#regulate()
  }

  #end(cut: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#received = this.#parts.clock()
    this.#framer.end(cut)
  }

  /** Reads on, or not. */
  #regulate(): void {
    if (this.#ended || this.#socket.destroyed) return
    this.#waitsForRoom = !this.#parts.journal.hasRoom(this.#account, WINDOW_BYTES)
    if (this.#waitsForRoom) this.#parts.journal.whenRoom(this.#wake)
    const isPaused = this.#socket.isPaused()
    if (this.waits) {
      if (!isPaused) this.#socket.pause()
    } else if (isPaused) {
      this.#socket.resume()
    }
  }

  readonly #wake = (): void => this.#regulate()

  /** Nothing came for a long time; unless it is us who keep it waiting. */
  #idle(): void {
    if (this.waits) return
    this.#end(true)
    this.#socket.destroy()
  }
}

/** A sender that is gone without a word is noticed. */
const KEEP_ALIVE_AFTER = 60_000
