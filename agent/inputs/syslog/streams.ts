import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { reasonOf } from '../../../schema/index.ts'
import type { Origin, Shares } from '../journal/index.ts'
import {
  Admission,
  bindRefusal,
  clientOf,
  type Listen,
  type ListenerStatus,
  listenName,
  listenText,
  tls as nodeTls,
  peerOf,
  type StreamLimits,
  secureOptions,
  type TlsOptions,
} from '../listen/index.ts'
import { Connection } from './connection.ts'
import type { ReceiverParts } from './udp.ts'

export interface StreamParts extends ReceiverParts {
  readonly memory: Shares
}

/** A client that does not finish its handshake in this time is disconnected. */
const HANDSHAKE_MS = 10_000

/** Receives streams, plain or by TLS: up to a limit of connections, and a lower limit per address. */
export class StreamListener {
  readonly listen: Listen
  readonly #parts: StreamParts
  readonly #name: string
  readonly #server: Server | TlsServer
  readonly #admission: Admission
  #tls: TlsOptions | null
  readonly #connections = new Set<Connection>()
  #messages = 0
  #bytes = 0

  private constructor(listen: Listen, limits: StreamLimits, tls: TlsOptions | null, parts: StreamParts) {
    this.listen = listen
    this.#parts = parts
    this.#admission = new Admission(listenName(listen), limits, parts)
    this.#tls = tls
    this.#name = listenText(listen)
    if (tls === null) {
      this.#server = createServer((socket) => {
        if (this.#admission.admits(socket)) this.#begin(socket, null)
      })
      return
    }
    const server = nodeTls().createServer({
      ...secureOptions(tls, 'syslog'),
      requestCert: tls.client !== 'none',
      // The code below rejects clients, so that it can report the reason.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    })
    server.on('connection', (socket: Socket) => this.#admission.admits(socket))
    server.on('secureConnection', (socket) => this.#secured(socket))
    server.on('tlsClientError', (error, socket) => {
      this.#admission.refuse(socket.remoteAddress, `its TLS handshake failed (${reasonOf(error)})`)
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
    server.on('error', (error) => parts.log.error(`${listenName(listen)}: ${error.message}`))
    return listener
  }

  /** Changes limits and certificates for later connections. */
  adjust(limits: StreamLimits, tls: TlsOptions | null): void {
    this.#admission.limits = limits
    this.#tls = tls
    if (tls !== null && 'setSecureContext' in this.#server)
      this.#server.setSecureContext(secureOptions(tls, 'syslog'))
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
      connections: this.#admission.sockets.size,
      messages: this.#messages,
      bytes: this.#bytes,
      dropped: 0,
      refused: this.#admission.refused,
      waiting,
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of [...this.#connections]) connection.close()
    for (const socket of [...this.#admission.sockets]) socket.destroy()
    await closed
  }

  #secured(socket: TLSSocket): void {
    const { subject, problem } = clientOf(socket, this.#tls?.client ?? 'none')
    if (problem === null) this.#begin(socket, subject)
    else {
      this.#admission.refuse(peerOf(socket), problem)
      socket.destroy()
    }
  }

  #begin(socket: Socket, subject: string | null): void {
    const { journal, clock, memory } = this.#parts
    const origin: Origin = {
      transport: this.#tls === null ? 'tcp' : 'tls',
      listen: this.#name,
      address: peerOf(socket),
      port: socket.remotePort ?? 0,
      subject,
    }
    const connection = new Connection(socket, origin, {
      journal,
      clock,
      memory,
      idle: this.#admission.limits.idle,
      received: (bytes) => {
        this.#messages += 1
        this.#bytes += bytes
      },
      closed: (one) => this.#connections.delete(one),
    })
    this.#connections.add(connection)
  }
}
