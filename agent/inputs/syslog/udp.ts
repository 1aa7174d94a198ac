import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Journal } from './journal.ts'
import { kernelDrops } from './kernel-drops.ts'
import { type Listen, type ListenerStatus, type Log, listenText } from './options.ts'
import { originText } from './record.ts'
import { bindRefusal } from './refusal.ts'

export interface ReceiverParts {
  readonly journal: Journal
  readonly clock: () => number
  readonly log: Log
}

/** What is asked of the system for the time in which the agent does something else; it gives at most net.core.rmem_max. */
const BUFFER_BYTES = 8 * 1024 * 1024
const COUNT_EVERY = 1000
/** Losses are said at most this often. */
const SAY_EVERY = 60_000

/** Receives datagrams. Nobody waits for it: what it has no room for is lost, and counted. */
export class DatagramListener {
  readonly listen: Listen
  readonly #parts: ReceiverParts
  readonly #socket: Socket
  readonly #name: string
  #messages = 0
  #bytes = 0
  #dropped = 0
  /** Lost, and not yet noted in the journal. */
  #unnoted = 0
  #kernel = 0
  #timer: NodeJS.Timeout | null = null
  #saidAt = Number.NEGATIVE_INFINITY

  private constructor(listen: Listen, parts: ReceiverParts, socket: Socket) {
    this.listen = listen
    this.#parts = parts
    this.#socket = socket
    this.#name = listenText(listen)
    socket.on('message', (bytes, from) => this.#take(bytes, from))
    socket.on('error', (error) => parts.log.error(`syslog: ${this.#name}: ${error.message}`))
    this.#kernel = this.#kernelDrops() ?? 0
    this.#timer = setInterval(() => this.#count(), COUNT_EVERY)
    this.#timer.unref()
  }

  static async open(listen: Listen, parts: ReceiverParts): Promise<DatagramListener> {
    const socket = createSocket({ type: isIPv6(listen.host) ? 'udp6' : 'udp4', recvBufferSize: BUFFER_BYTES })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ port: listen.port, address: listen.host, exclusive: true }, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      socket.close()
      throw bindRefusal(listen, error)
    }
    return new DatagramListener(listen, parts, socket)
  }

  status(): ListenerStatus {
    const { address, port } = this.#socket.address()
    return {
      listen: this.#name,
      address: listenText({ transport: 'udp', host: address, port }),
      connections: 0,
      messages: this.#messages,
      bytes: this.#bytes,
      dropped: this.#dropped,
      refused: 0,
      waiting: 0,
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#count()
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  #take(bytes: Buffer, from: RemoteInfo): void {
    if (bytes.length === 0) return
    const { journal, clock } = this.#parts
    const address = from.address.replace(/^::ffff:(?=\d+\.)/, '')
    const account = journal.accountOf('datagram', address)
    if (!journal.hasRoom(account, bytes.length)) {
      this.#lose(1)
      return
    }
    this.#messages += 1
    this.#bytes += bytes.length
    const origin = originText({
      transport: 'udp',
      listen: this.#name,
      address,
      port: from.port,
      subject: null,
    })
    journal.append(origin, account, { received: clock(), incomplete: false, truncated: null }, bytes, null)
  }

  #lose(count: number): void {
    this.#dropped += count
    this.#unnoted += count
  }

  /** Asks the system what it threw away, and notes all losses in the journal, from where they come into the sealed account. */
  #count(): void {
    const drops = this.#kernelDrops()
    if (drops !== null && drops > this.#kernel) {
      this.#lose(drops - this.#kernel)
      this.#kernel = drops
    }
    if (this.#unnoted === 0) return
    const { journal, clock, log } = this.#parts
    if (clock() - this.#saidAt >= SAY_EVERY) {
      this.#saidAt = clock()
      log.warn(
        `syslog: ${this.#name} has lost ${this.#unnoted} messages (${this.#dropped} since the start): they came faster than they could be written, or the journal is full. Use TCP where nothing may be lost.`,
      )
    }
    if (journal.status().problem !== null) return
    journal.appendDropped(this.#unnoted)
    this.#unnoted = 0
  }

  #kernelDrops(): number | null {
    const { address, port } = this.#socket.address()
    return kernelDrops(address, port)
  }
}
