import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { reasonOf } from '../../../../schema/index.ts'
import {
  Admission,
  bindRefusal,
  clientOf,
  type Listen,
  type ListenerStatus,
  listenText,
  peerOf,
  type StreamLimits,
  secureOptions,
  type TlsOptions,
} from '../../listen/index.ts'
import { MOST_BYTES } from '../body.ts'
import { Refused } from '../door.ts'
import type { HttpParts } from '../listener.ts'
import { store } from '../store.ts'
import { groupsOfProtobuf } from './from-protobuf.ts'
import { CODE, CODES, type OtlpDoor, resultOf, statusOf, stored } from './otlp.ts'

export interface GrpcOptions {
  readonly limits: StreamLimits
  readonly tls: TlsOptions | null
  readonly door: OtlpDoor
}

const EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
/** A byte that says whether the message is packed, and four with its length. */
const PREFIX = 5
const CALL_MS = 60_000
const HANDSHAKE_MS = 10_000
const CLOSE_MS = 5000
/** Calls of one connection at the same time. */
const MOST_CALLS = 32

/** Loaded on demand: few agents receive by gRPC. */
const http2 = (): typeof import('node:http2') => process.getBuiltinModule('node:http2')

/** OTLP's logs by gRPC: one method, of unary calls, over HTTP/2. */
export class GrpcListener {
  readonly listen: Listen
  readonly #parts: HttpParts
  readonly #name: string
  readonly #admission: Admission
  readonly #server: Http2Server | Http2SecureServer
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #calls = new Set<Promise<void>>()
  #options: GrpcOptions
  #messages = 0
  #bytes = 0

  private constructor(listen: Listen, options: GrpcOptions, parts: HttpParts) {
    this.listen = listen
    this.#parts = parts
    this.#options = options
    this.#name = listenText(listen)
    this.#admission = new Admission(this.#name, options.limits, parts)
    const { tls } = options
    const settings = { settings: { maxConcurrentStreams: MOST_CALLS } }
    this.#server =
      tls === null
        ? http2().createServer(settings)
        : http2().createSecureServer({
            ...settings,
            ...secureOptions(tls, 'otlp'),
            requestCert: tls.client !== 'none',
            // The code below rejects clients, so that it can report the reason.
            rejectUnauthorized: false,
            handshakeTimeout: HANDSHAKE_MS,
          })
    const server = this.#server
    server.on('connection', (socket: Socket) => this.#admission.admits(socket))
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#admission.refuse(socket.remoteAddress, `its TLS handshake failed (${reasonOf(error)})`)
      socket.destroy()
    })
    server.on('sessionError', () => {})
    server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
      session.setTimeout(this.#options.limits.idle, () => session.close())
    })
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const call = this.#serve(stream, headers).finally(() => this.#calls.delete(call))
      this.#calls.add(call)
    })
  }

  static async open(listen: Listen, options: GrpcOptions, parts: HttpParts): Promise<GrpcListener> {
    const listener = new GrpcListener(listen, options, parts)
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
    server.on('error', (error: Error) => parts.log.error(`${listener.#name}: ${error.message}`))
    return listener
  }

  adjust(options: GrpcOptions): void {
    this.#options = options
    this.#admission.limits = options.limits
    if (options.tls !== null && 'setSecureContext' in this.#server)
      this.#server.setSecureContext(secureOptions(options.tls, 'otlp'))
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
      waiting: this.#calls.size,
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) session.close()
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, CLOSE_MS)
    await Promise.race([Promise.all(this.#calls), late.promise])
    clearTimeout(timer)
    for (const socket of [...this.#admission.sockets]) socket.destroy()
    await closed
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    // A client that goes away early is no fault.
    stream.on('error', () => {})
    stream.setTimeout(CALL_MS, () => stream.close(http2().constants.NGHTTP2_CANCEL))
    const socket = stream.session?.socket as Socket | undefined
    const peer = socket === undefined ? '' : peerOf(socket)
    try {
      const rejected = await this.#export(stream, headers, peer)
      if (stream.destroyed) return
      const result = resultOf(rejected)
      const prefix = Buffer.alloc(PREFIX)
      prefix.writeUInt32BE(result.length, 1)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(CODE.ok) }))
      stream.end(Buffer.concat([prefix, result]))
    } catch (error) {
      if (stream.destroyed || stream.aborted) return
      if (!(error instanceof Refused)) this.#parts.log.error(`${this.#name}: ${reasonOf(error)}`)
      const refused =
        error instanceof Refused ? error : new Refused(500, 'The agent failed to handle this request.')
      if (refused.status !== 429) this.#admission.refuse(peer, refused.message)
      const code = CODES[refused.status] ?? CODE.internal
      const details = statusOf(code, refused.message, refused.retryAfter).toString('base64')
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': String(code),
          'grpc-message': encodeURIComponent(refused.message).replaceAll('%20', ' '),
          'grpc-status-details-bin': details.replace(/=+$/, ''),
        },
        { endStream: true },
      )
      // The rest of a message that nobody reads.
      stream.resume()
    }
  }

  async #export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: string): Promise<number> {
    const { door, tls } = this.#options
    const { journal, memory, clock } = this.#parts
    const socket = stream.session?.socket
    const client = tls === null ? { subject: null, problem: null } : clientOf(socket as TLSSocket, tls.client)
    if (client.problem !== null) throw new Refused(401, client.problem)
    door.expectToken(headers as Record<string, string | undefined>)
    if (headers[':method'] !== 'POST' || headers[':path'] !== EXPORT)
      throw new Refused(404, 'The agent takes logs only. Send traces and metrics elsewhere.')
    const budget = memory.budgetOf(peer)
    let taken = 0
    const collect = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
      const pieces: Buffer[] = []
      let length = 0
      for await (const piece of source) {
        length += piece.length
        if (length > MOST_BYTES + PREFIX)
          throw new Refused(
            413,
            `The message has more than ${MOST_BYTES} bytes. Send fewer records at a time.`,
          )
        if (!budget.take(piece.length))
          throw new Refused(429, 'Too many requests are being read. Send it again.', 1)
        taken += piece.length
        pieces.push(piece)
      }
      return Buffer.concat(pieces, length)
    }
    try {
      const encoding = String(headers['grpc-encoding'] ?? 'identity')
      const bytes = await messageIn(await collect(stream), encoding, collect)
      return await stored(bytes, groupsOfProtobuf, async (records) => {
        const common = {
          received: clock(),
          door: this.#name,
          from: `${peer.includes(':') ? `[${peer}]` : peer}:${socket?.remotePort ?? 0}`,
          subject: client.subject,
        }
        await store(journal, journal.accountOf('stream', peer), common, records)
        this.#messages += records.length
        for (const record of records) this.#bytes += record.bytes.length
      })
    } finally {
      budget.give(taken)
    }
  }
}

/** The one message of a unary call. */
async function messageIn(
  body: Buffer,
  encoding: string,
  collect: (source: AsyncIterable<Buffer>) => Promise<Buffer>,
): Promise<Buffer> {
  if (body.length < PREFIX || body.length - PREFIX !== body.readUInt32BE(1))
    throw new Refused(400, 'The call has no whole message.')
  const message = body.subarray(PREFIX)
  if (body[0] === 0) return message
  if (encoding !== 'gzip')
    throw new Refused(415, `The message is packed as ${encoding.slice(0, 64)}. Send it as gzip or plain.`)
  const unpacker = createGunzip()
  unpacker.end(message)
  try {
    return await collect(unpacker)
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(400, 'The message is not gzip, as the call says.')
  }
}
