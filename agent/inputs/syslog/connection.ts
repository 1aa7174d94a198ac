import type { Socket } from 'node:net'
import {
  type Account,
  type Journal,
  messageLine,
  type Origin,
  originText,
  type Shares,
} from '../journal/index.ts'
import { Framer } from './framer.ts'

/** The limit of unsynced bytes of one connection: beyond it the connection is not read, and its sender has to wait. */
const WINDOW_BYTES = 256 * 1024

export interface ConnectionParts {
  readonly journal: Journal
  readonly clock: () => number
  /** The memory for incomplete messages of all connections. */
  readonly memory: Shares
  readonly idle: number
  received(bytes: number): void
  closed(connection: Connection): void
}

/** The stream of one sender. It is split into messages, which go to the journal no faster than they are synced. */
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
      const line = messageLine(this.#origin, { received: this.#received, incomplete, truncated })
      this.#unsynced += parts.journal.append(line, this.#account, bytes, this)
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
    // After any error the connection is closed.
    socket.on('error', () => {})
    this.#regulate()
  }

  /** Whether it is not read at present. */
  get waits(): boolean {
    return this.#waitsForRoom || this.#unsynced > WINDOW_BYTES
  }

  synced(bytes: number): void {
    this.#unsynced -= bytes
    this.#regulate()
  }

  /** Takes the bytes that have arrived, and closes. */
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

  /** Resumes or pauses reading. */
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

  /** Closes a connection that was silent for a long time, unless the agent itself keeps it waiting. */
  #idle(): void {
    if (this.waits) return
    this.#end(true)
    this.#socket.destroy()
  }
}

/** The time after which keep-alive checks for a sender that has disappeared. */
const KEEP_ALIVE_AFTER = 60_000
