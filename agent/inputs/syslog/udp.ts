import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { type Journal, messageLine, originText } from '../journal/index.ts'
import { bindRefusal, type Listen, type ListenerStatus, type Log, listenText } from '../listen/index.ts'

export interface ReceiverParts {
  readonly journal: Journal
  readonly clock: () => number
  readonly log: Log
}

/** The requested receive buffer. It covers the time in which the agent does something else; the system grants at most net.core.rmem_max. */
const BUFFER_BYTES = 8 * 1024 * 1024
const COUNT_EVERY = 1000
/** Losses are reported at most this often. */
const SAY_EVERY = 60_000

/** Receives datagrams. Senders do not wait: datagrams without room are lost, and counted. */
export class DatagramListener {
  readonly listen: Listen
  readonly #parts: ReceiverParts
  readonly #socket: Socket
  readonly #name: string
  #messages = 0
  #bytes = 0
  #dropped = 0
  /** Losses that are not yet noted in the journal. */
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
    const line = messageLine(origin, { received: clock(), incomplete: false, truncated: null })
    journal.append(line, account, bytes, null)
  }

  #lose(count: number): void {
    this.#dropped += count
    this.#unnoted += count
  }

  /** Asks the system for the datagrams that it dropped, and notes all losses in the journal, so that the sealed ledger contains them. */
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
        `syslog: ${this.#name} has lost ${this.#unnoted} messages (${this.#dropped} since the start): they arrived faster than the agent could write them, or the journal is full. Use TCP if nothing may be lost.`,
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

/**
 * Returns how many datagrams the system dropped because a socket's buffer was full: the last column of /proc/net/udp. Null if the system
 * has no such file (only Linux has it) or does not know the socket.
 */
export function kernelDrops(host: string, port: number): number | null {
  const file = isIPv6(host) ? '/proc/net/udp6' : '/proc/net/udp'
  let table: string
  try {
    table = readFileSync(file, 'latin1')
  } catch {
    return null
  }
  return dropsIn(table, hexAddress(host, port))
}

export function dropsIn(table: string, local: string): number | null {
  let drops: number | null = null
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[1] === local) drops = (drops ?? 0) + Number(columns.at(-1))
  }
  return drops
}

/** Returns an address as the kernel writes it: words of four bytes, each in reverse byte order (on the machines that Node runs on). */
export function hexAddress(host: string, port: number): string {
  const bytes = isIPv6(host) ? bytesOfV6(host) : host.split('.').map(Number)
  let hex = ''
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = 3; i >= 0; i--) hex += (bytes[word + i] ?? 0).toString(16).padStart(2, '0')
  }
  return `${hex}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

function bytesOfV6(host: string): number[] {
  // The URL parser writes any form of an address as the shortest one, without dots.
  const [head = '', tail = ''] = new URL(`http://[${host.split('%')[0]}]`).hostname.slice(1, -1).split('::')
  const words = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((word) => Number.parseInt(word, 16))
  const before = words(head)
  const after = words(tail)
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...zeros, ...after].flatMap((word) => [word >> 8, word & 255])
}
