import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { reasonOf } from '../../../schema/index.ts'
import type { Log, StreamLimits, TlsOptions } from './options.ts'

/** Refusals are reported at most this often. */
const SAY_EVERY = 60_000

/** Counts the open connections of an address, in total and per peer, and says who was refused and why. */
export class Admission {
  /** Every open socket, including those whose handshake is not finished. */
  readonly sockets = new Set<Socket>()
  readonly #byPeer = new Map<string, number>()
  readonly #name: string
  readonly #log: Log
  readonly #clock: () => number
  limits: StreamLimits
  refused = 0
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(name: string, limits: StreamLimits, parts: { log: Log; clock: () => number }) {
    this.#name = name
    this.limits = limits
    this.#log = parts.log
    this.#clock = parts.clock
  }

  /** Whether one more connection is accepted; destroys it if not. */
  admits(socket: Socket): boolean {
    const peer = peerOf(socket)
    const ofPeer = this.#byPeer.get(peer) ?? 0
    // An error without a listener would end the process.
    socket.on('error', () => {})
    if (this.sockets.size >= this.limits.connections || ofPeer >= this.limits.perPeer) {
      const which =
        ofPeer >= this.limits.perPeer
          ? `has ${ofPeer} connections already (limits.per-peer)`
          : `finds ${this.sockets.size} connections open (limits.connections)`
      this.refuse(peer, `it ${which}`)
      socket.destroy()
      return false
    }
    this.sockets.add(socket)
    this.#byPeer.set(peer, ofPeer + 1)
    socket.once('close', () => {
      this.sockets.delete(socket)
      const left = (this.#byPeer.get(peer) ?? 1) - 1
      if (left > 0) this.#byPeer.set(peer, left)
      else this.#byPeer.delete(peer)
    })
    return true
  }

  refuse(peer: string | undefined, why: string): void {
    this.refused += 1
    if (this.#clock() - this.#saidAt < SAY_EVERY) return
    this.#saidAt = this.#clock()
    this.#log.warn(`${this.#name} refused ${peer ?? 'a client'}: ${why}. ${this.refused} refusals so far.`)
  }
}

export const peerOf = (socket: Socket): string =>
  (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')

/** Who a client is by its certificate, and why it may not come in. */
export function clientOf(
  socket: TLSSocket,
  client: TlsOptions['client'],
): { readonly subject: string | null; readonly problem: string | null } {
  const certificate = client === 'none' ? null : socket.getPeerCertificate()
  const isShown = certificate !== null && Object.keys(certificate).length > 0
  if (isShown && !socket.authorized)
    return {
      subject: null,
      problem: `its certificate is not accepted (${reasonOf(socket.authorizationError)})`,
    }
  if (client === 'required' && !isShown)
    return { subject: null, problem: 'it shows no certificate, and tls.client is required' }
  return { subject: isShown ? subjectText(certificate.subject) : null, problem: null }
}

/** `CN=web-1, O=Acme`. */
function subjectText(subject: object | undefined): string {
  return Object.entries(subject ?? {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ')
}
