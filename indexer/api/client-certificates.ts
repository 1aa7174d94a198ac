import type { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { type Agent, type Agents, type AgentsCa, keyId } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'

/** The identity in the client certificate of a connection. */
export interface ShownCertificate {
  /** Refuses content that is signed by an agent other than those of the certificate. */
  demandSigner(agent: string): void
}

export interface ClientCertificates {
  /** Refuses a bad certificate, and a missing one if it is required. With `mayLack` an agent may come without one, to get one. */
  of(request: FastifyRequest, mayLack: boolean): ShownCertificate
}

const ANYBODY: ShownCertificate = { demandSigner: () => {} }

/**
 * Certificates are checked on each request, not once a connection: a revoked agent is refused at once on an open connection, and so is a
 * certificate that has expired in the meantime.
 */
export function openClientCertificates(parts: {
  /** The operator's authority, `tls.client-ca`: TLS itself has checked the certificates. */
  operators: boolean
  ca: AgentsCa
  /** The listener asks for certificates. */
  asks: boolean
  /** `agents.certificates: required`, as it is set now. */
  required: () => boolean
  agents: Agents
  clock: () => number
}): ClientCertificates {
  const { operators, ca, asks, required, agents, clock } = parts
  /** Certificates that our authority signed: this does not change with the time. */
  const signed = new WeakSet<X509Certificate>()
  const shownBy = new WeakMap<TLSSocket, X509Certificate>()

  const certificateOf = (socket: unknown): X509Certificate | undefined => {
    if (!(socket instanceof TLSSocket)) return undefined
    const known = shownBy.get(socket) ?? socket.getPeerX509Certificate()
    if (known !== undefined) shownBy.set(socket, known)
    return known
  }

  const demandTime = (certificate: X509Certificate, remedy: string): void => {
    const now = clock()
    const { validFromDate: from, validToDate: to } = certificate
    if (to.getTime() <= now)
      throw refused(`The certificate of ${nameOf(certificate)} expired on ${to.toISOString()}: ${remedy}.`)
    if (from.getTime() > now)
      throw refused(
        `The certificate of ${nameOf(certificate)} is not valid before ${from.toISOString()}: check the clocks.`,
      )
  }

  /**
   * Checks a certificate of the operator's authority. It belongs to an agent if it names the agent's id or host. One that names none
   * belongs to the fleet, and does not bind the signer.
   */
  function ofOperator(socket: unknown): ShownCertificate {
    const certificate = certificateOf(socket)
    if (certificate !== undefined) demandTime(certificate, 'give the agent a new one (tls.cert in agent.yml)')
    if (certificate === undefined || !(socket instanceof TLSSocket) || !socket.authorized)
      throw refused(
        'This indexer requires a client certificate of agents, from the authority in tls.client-ca.',
      )
    const names = new Set(namesIn(certificate))
    const named = agents.list().filter(({ id, host }) => names.has(id) || names.has(host.toLowerCase()))
    // A host that was enrolled again has agents of before, which are revoked.
    const good = named.filter(({ revoked }) => revoked === null)
    const [first] = named
    if (first === undefined) return ANYBODY
    if (good.length === 0) throw isRevoked(first)
    return shown(good)
  }

  const whyNone = (): string => {
    if (ca.certificate === null)
      return 'the indexer has no authority that issues them: `waybill agents ca create` makes it'
    if (!asks) return 'the indexer does not request one until it is restarted: restart it'
    return 'this agent sent none: use https, remove tls.cert from agent.yml, or update the agent'
  }

  function ofOwn(socket: unknown, mayLack: boolean): ShownCertificate {
    const certificate = certificateOf(socket)
    if (certificate === undefined) {
      if (mayLack || !required()) return ANYBODY
      throw refused(`This indexer requires a certificate of agents (agents.certificates), and ${whyNone()}.`)
    }
    const isOurs = signed.has(certificate) || ca.signed(certificate)
    if (isOurs) signed.add(certificate)
    // An agent that requests a new certificate may still have an old one.
    if (mayLack) return ANYBODY
    if (!isOurs)
      throw refused(
        `The certificate of ${nameOf(certificate)} was not issued by this indexer's authority for agents: remove tls.cert from agent.yml, and the agent gets one by itself.`,
      )
    demandTime(certificate, 'the agent asks for a new one with its next heartbeat, if it is not revoked')
    const owner = agents.ofKey(keyId(certificate.publicKey))
    if (owner === undefined)
      throw refused(`The certificate of ${nameOf(certificate)} belongs to no enrolled agent.`)
    if (owner.revoked !== null) throw isRevoked(owner)
    return shown([owner])
  }

  return {
    of: ({ raw: { socket } }, mayLack) => {
      if (operators) return ofOperator(socket)
      return ca.certificate === null && !required() ? ANYBODY : ofOwn(socket, mayLack)
    },
  }
}

const refused = (sentence: string): Refusal => new Refusal('WB-AGENT-CERTIFICATE', sentence)

const isRevoked = ({ id }: Agent): Refusal =>
  new Refusal(
    'WB-AGENT-REVOKED',
    `Agent ${id} was revoked, and its certificate with it; enroll it again with a new key.`,
  )

const shown = (owners: readonly Agent[]): ShownCertificate => ({
  demandSigner(agent) {
    if (owners.some(({ id }) => id === agent)) return
    throw new Refusal(
      'WB-AGENT-MISMATCH',
      `Agent ${agent} signed this, but the certificate of the connection belongs to ${owners.map(({ id }) => id).join(', ')}: each agent needs its own.`,
    )
  },
})

/** The names in a certificate: the common name, and names of hosts. */
function namesIn({ subject, subjectAltName = '' }: X509Certificate): string[] {
  const common = /^CN=(.+)$/m.exec(subject)?.[1] ?? ''
  const hosts = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, host = '']) => host)
  return [common, ...hosts].map((name) => name.toLowerCase())
}

const nameOf = (certificate: X509Certificate): string =>
  JSON.stringify(certificate.subject.replaceAll('\n', ', '))
