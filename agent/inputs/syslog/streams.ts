import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { reasonOf } from '../../../schema/index.ts'
import { Connection } from './connection.ts'
import {
  type Listen,
  type ListenerStatus,
  listenText,
  type StreamLimits,
  type TlsOptions,
} from './options.ts'
import type { Origin } from './record.ts'
import { bindRefusal, secureOptions } from './refusal.ts'
import type { Shares } from './shares.ts'
import { tls as nodeTls } from './tls.ts'
import type { ReceiverParts } from './udp.ts'

export interface StreamParts extends ReceiverParts {
  readonly memory: Shares
}

/** A client that does not finish its handshake in this time is disconnected. */
const HANDSHAKE_MS = 10_000
/** Refusals are reported at most this often. */
const SAY_EVERY = 60_000

/** Receives streams, plain or by TLS: up to a limit of connections, and a lower limit per address. */
export class StreamListener {
  readonly listen: Listen
  readonly #parts: StreamParts
  readonly #name: string
  readonly #server: Server | TlsServer
  #limits: StreamLimits
  #tls: TlsOptions | null
  readonly #connections = new Set<Connection>()
  /** Every open socket, by address, including those whose handshake is not finished. */
  readonly #byPeer = new Map<string, number>()
  readonly #sockets = new Set<Socket>()
  #messages = 0
  #bytes = 0
  #refused = 0
  #saidAt = Number.NEGATIVE_INFINITY

  private constructor(listen: Listen, limits: StreamLimits, tls: TlsOptions | null, parts: StreamParts) {
    this.listen = listen
    this.#parts = parts
    this.#limits = limits
    this.#tls = tls
    this.#name = listenText(listen)
    if (tls === null) {
      this.#server = createServer((socket) => {
        if (this.#admits(socket)) this.#begin(socket, null)
      })
      return
    }
    const server = nodeTls().createServer({
      ...secureOptions(tls),
      requestCert: tls.client !== 'none',
      // The code below rejects clients, so that it can report the reason.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    })
    server.on('connection', (socket: Socket) => this.#admits(socket))
    server.on('secureConnection', (socket) => this.#secured(socket))
    server.on('tlsClientError', (error, socket) => {
      this.#refuse(socket.remoteAddress, `its TLS handshake failed (${reasonOf(error)})`)
      socket.destroy()
    })
    this.#server = server
  }

  static async open(
    listen: Listen,
    limits: StreamLimits,
    tls: TlsOptions | null,
    parts: StreamParts,
  ): Promise<StreamListener> {
    const listener = new StreamListener(listen, limits, tls, parts)
    const server = listener.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port: listen.port, host: listen.host, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    }).catch((error) => {
      throw bindRefusal(listen, error)
    })
    server.on('error', (error) => parts.log.error(`syslog: ${listener.#name}: ${error.message}`))
    return listener
  }

  /** Changes limits and certificates for later connections. */
  adjust(limits: StreamLimits, tls: TlsOptions | null): void {
    this.#limits = limits
    this.#tls = tls
    if (tls !== null && 'setSecureContext' in this.#server) this.#server.setSecureContext(secureOptions(tls))
  }

  status(): ListenerStatus {
    const address = this.#server.address()
    const { transport, host, port } = this.listen
    let waiting = 0
    for (const connection of this.#connections) if (connection.waits) waiting += 1
    return {
      listen: this.#name,
      address: listenText(
        typeof address === 'object' && address !== null
          ? { transport, host: address.address, port: address.port }
          : { transport, host, port },
      ),
      connections: this.#sockets.size,
      messages: this.#messages,
      bytes: this.#bytes,
      dropped: 0,
      refused: this.#refused,
      waiting,
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of [...this.#connections]) connection.close()
    for (const socket of [...this.#sockets]) socket.destroy()
    await closed
  }

  /** Whether one more connection is accepted. */
  #admits(socket: Socket): boolean {
    const peer = peerOf(socket)
    const ofPeer = this.#byPeer.get(peer) ?? 0
    // An error without a listener would end the process.
    socket.on('error', () => {})
    if (this.#sockets.size >= this.#limits.connections || ofPeer >= this.#limits.perPeer) {
      const which =
        ofPeer >= this.#limits.perPeer
          ? `has ${ofPeer} connections already (limits.per-peer)`
          : `finds ${this.#sockets.size} connections open (limits.connections)`
      this.#refuse(peer, `it ${which}`)
      socket.destroy()
      return false
    }
    this.#sockets.add(socket)
    this.#byPeer.set(peer, ofPeer + 1)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      const left = (this.#byPeer.get(peer) ?? 1) - 1
      if (left > 0) this.#byPeer.set(peer, left)
      else this.#byPeer.delete(peer)
    })
    return true
  }

  #secured(socket: TLSSocket): void {
    const client = this.#tls?.client ?? 'none'
    const certificate = client === 'none' ? null : socket.getPeerCertificate()
    const isShown = certificate !== null && Object.keys(certificate).length > 0
    const problem =
      isShown && !socket.authorized
        ? `its certificate is not accepted (${reasonOf(socket.authorizationError)})`
        : client === 'required' && !isShown
          ? 'it shows no certificate, and tls.client is required'
          : null
    if (problem !== null) {
      this.#refuse(peerOf(socket), problem)
      socket.destroy()
      return
    }
    this.#begin(socket, isShown ? subjectText(certificate.subject) : null)
  }

  #begin(socket: Socket, subject: string | null): void {
    const { journal, clock, memory } = this.#parts
    const origin: Origin = {
      transport: this.listen.transport,
      listen: this.#name,
      address: peerOf(socket),
      port: socket.remotePort ?? 0,
      subject,
    }
    const connection = new Connection(socket, origin, {
      journal,
      clock,
      memory,
      idle: this.#limits.idle,
      received: (bytes) => {
        this.#messages += 1
        this.#bytes += bytes
      },
      closed: (one) => this.#connections.delete(one),
    })
    this.#connections.add(connection)
  }

  #refuse(peer: string | undefined, why: string): void {
    this.#refused += 1
    const { clock, log } = this.#parts
    if (clock() - this.#saidAt < SAY_EVERY) return
    this.#saidAt = clock()
    log.warn(`syslog: ${this.#name} refused ${peer ?? 'a client'}: ${why}. ${this.#refused} refusals so far.`)
  }
}

const peerOf = (socket: Socket): string => (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')

/** `CN=web-1, O=Acme`. */
function subjectText(subject: object | undefined): string {
  return Object.entries(subject ?? {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ')
}
