import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { reasonOf } from '../../../schema/index.ts'
import type { Journal, Shares } from '../journal/index.ts'
import {
  Admission,
  bindRefusal,
  clientOf,
  type Listen,
  type ListenerStatus,
  type Log,
  listenText,
  peerOf,
  type StreamLimits,
  secureOptions,
  type TlsOptions,
} from '../listen/index.ts'
import { readBody } from './body.ts'
import { type Answer, type Door, type Head, Refused } from './door.ts'
import { store } from './store.ts'

export interface HttpParts {
  readonly journal: Journal
  readonly clock: () => number
  readonly log: Log
  /** The memory for bodies of all requests. */
  readonly memory: Shares
}

export interface HttpOptions {
  readonly limits: StreamLimits
  readonly tls: TlsOptions | null
  readonly door: Door
}

/** A client that does not finish its handshake, its head or its whole request in these times is disconnected. */
const HANDSHAKE_MS = 10_000
const HEAD_MS = 10_000
const REQUEST_MS = 60_000
const SWEEP_MS = 1000
/** How long open requests may take to end when the agent stops. */
const CLOSE_MS = 5000

/** Loaded on demand, as most agents receive nothing by HTTPS. */
const https = (): typeof import('node:https') => process.getBuiltinModule('node:https')

/** Takes requests, plain or by TLS, up to a limit of connections, and passes them to a door. */
export class HttpListener {
  readonly listen: Listen
  readonly #parts: HttpParts
  readonly #name: string
  readonly #admission: Admission
  readonly #server: Server | SecureServer
  #options: HttpOptions
  #messages = 0
  #bytes = 0
  readonly #open = new Set<Promise<void>>()

  private constructor(listen: Listen, options: HttpOptions, parts: HttpParts) {
    this.listen = listen
    this.#parts = parts
    this.#options = options
    this.#name = listenText(listen)
    this.#admission = new Admission(this.#name, options.limits, parts)
    const { tls } = options
    const times = {
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: SWEEP_MS,
    }
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      const served = this.#serve(request, response).finally(() => this.#open.delete(served))
      this.#open.add(served)
    }
    this.#server =
      tls === null
        ? createServer(times, serve)
        : https().createServer(
            {
              ...times,
              ...secureOptions(tls, listen.transport),
              requestCert: tls.client !== 'none',
              // The code below rejects clients, so that it can report the reason.
              rejectUnauthorized: false,
              handshakeTimeout: HANDSHAKE_MS,
            },
            serve,
          )
    const server = this.#server
    server.on('connection', (socket: Socket) => this.#admission.admits(socket))
    server.on('clientError', (_, socket) => socket.destroy())
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#admission.refuse(socket.remoteAddress, `its TLS handshake failed (${reasonOf(error)})`)
      socket.destroy()
    })
    server.keepAliveTimeout = options.limits.idle
  }

  static async open(listen: Listen, options: HttpOptions, parts: HttpParts): Promise<HttpListener> {
    const listener = new HttpListener(listen, options, parts)
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
    server.on('error', (error) => parts.log.error(`${listener.#name}: ${error.message}`))
    return listener
  }

  /** Changes limits, certificates and what the door does, for later requests. */
  adjust(options: HttpOptions): void {
    this.#options = options
    this.#admission.limits = options.limits
    this.#server.keepAliveTimeout = options.limits.idle
    const { tls } = options
    if (tls !== null && 'setSecureContext' in this.#server)
      this.#server.setSecureContext(secureOptions(tls, this.listen.transport))
  }

  status(): ListenerStatus {
    const address = this.#server.address()
    const { transport, host, port } = this.listen
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
      waiting: this.#open.size,
    }
  }

  /** Takes no more requests, and lets those end that it has. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, CLOSE_MS)
    await Promise.race([Promise.all(this.#open), late.promise])
    clearTimeout(timer)
    for (const socket of [...this.#admission.sockets]) socket.destroy()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away early is no fault.
    response.on('error', () => {})
    const url = URL.parse(`http://agent${request.url?.startsWith('/') === true ? request.url : '/'}`)
    const { method = 'GET', headers, socket } = request
    const head: Head = {
      method,
      headers,
      path: url?.pathname ?? '/',
      query: url?.searchParams ?? new URLSearchParams(),
    }
    const { door } = this.#options
    try {
      send(response, method, await this.#answer(head, request))
    } catch (error) {
      if (request.destroyed && !request.complete) return
      if (!(error instanceof Refused)) this.#parts.log.error(`${this.#name}: ${reasonOf(error)}`)
      const refused =
        error instanceof Refused ? error : new Refused(500, 'The agent failed to handle this request.')
      if (refused.status !== 429) this.#admission.refuse(peerOf(socket), refused.message)
      const answer = door.refusal(refused, head)
      const again = refused.retryAfter === null ? {} : { 'retry-after': String(refused.retryAfter) }
      // The rest of a body that nobody reads would be taken for the next request.
      const rest = request.complete ? {} : { connection: 'close' }
      send(response, method, { ...answer, headers: { ...answer.headers, ...again, ...rest } })
      request.resume()
    }
  }

  async #answer(head: Head, request: IncomingMessage): Promise<Answer> {
    const { door, tls } = this.#options
    const { journal, memory, clock } = this.#parts
    const { socket } = request
    const client = tls === null ? { subject: null, problem: null } : clientOf(socket as TLSSocket, tls.client)
    if (client.problem !== null) throw new Refused(401, client.problem)
    const early = door.admit(head)
    if (early !== null) return early
    const peer = peerOf(socket)
    const { bytes, release } = await readBody(request, memory.budgetOf(peer))
    try {
      return await door.answer(head, {
        bytes,
        store: async (records) => {
          const common = {
            received: clock(),
            door: this.#name,
            from: `${peer.includes(':') ? `[${peer}]` : peer}:${socket.remotePort ?? 0}`,
            subject: client.subject,
          }
          await store(journal, journal.accountOf('stream', peer), common, records)
          this.#messages += records.length
          for (const record of records) this.#bytes += record.bytes.length
        },
      })
    } finally {
      release()
    }
  }
}

function send(response: ServerResponse, method: string, { status, headers, body }: Answer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, { ...headers, 'content-length': String(bytes.length) })
  response.end(method === 'HEAD' ? undefined : bytes)
}
