import type { EnrollAnswer, EnrollRequest } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import { inTurn } from '../turn.ts'
import { type Agents, readPublicKey } from './agents.ts'
import type { Failures } from './failures.ts'
import type { EnrolTokens, MintedToken } from './tokens.ts'
import type { Trail } from './trail.ts'

/** The origin of an enrolment. */
export interface Applicant {
  readonly address: string
  /** This asker may enroll without a token, if it is the first agent of all. */
  readonly mayBeFirst: boolean
}

export interface Enrolment {
  enroll(request: EnrollRequest, from: Applicant): Promise<EnrollAnswer>
  mint(wanted: {
    lifetime: number
    uses: number
    hosts?: readonly string[] | undefined
  }): Promise<MintedToken>
}

/** Registers agents by their public keys. One at a time, so that only one can be the first. */
export function openEnrolment(parts: {
  agents: Agents
  tokens: EnrolTokens
  failures: Failures
  trail: Trail
  namespace: string
  clock: () => number
  random: (bytes: number) => Buffer
}): Enrolment {
  const { agents, tokens, failures, trail, namespace, clock, random } = parts
  const turn = inTurn()

  async function enroll(request: EnrollRequest, from: Applicant): Promise<EnrollAnswer> {
    const key = readPublicKey(request.publicKey)
    const known = agents.ofKey(key.id)
    if (known !== undefined) {
      if (known.own) throw new Refusal('WB-AGENT-MISMATCH', "This is the indexer's own key.")
      if (known.revoked !== null) {
        throw new Refusal('WB-AGENT-REVOKED', `Agent ${known.id} was revoked; enroll with a new key.`)
      }
      // Nothing new is granted: the answer to an earlier enrolment was lost.
      return { agent: known.id, key: key.id, namespace }
    }
    const asFirst = request.token === undefined
    const granted = asFirst
      ? (whyNotFirst(agents, from) ?? { hosts: [] })
      : await tokens.use(request.token ?? '', { key: key.id, host: request.host, now: clock() })
    if (typeof granted === 'string') {
      // A good token is never refused because of bad ones from the same address.
      failures.check(from.address)
      failures.count(from.address)
      throw new Refusal('WB-ENROL-TOKEN', granted)
    }
    const agent = {
      id: `a-${random(8).toString('hex')}`,
      name: request.name,
      host: request.host,
      version: request.version,
      enrolled: clock(),
      keys: [key],
      revoked: null,
      own: false,
      hosts: [...granted.hosts],
    }
    const how = asFirst ? 'as the first agent, from loopback without a token' : 'with an enrolment token'
    await trail.record({
      action: 'agent-enroll',
      category: 'security',
      message: `Agent ${agent.name} on ${agent.host} was enrolled as ${agent.id}, ${how}.`,
      outcome: 'success',
      by: { name: 'agent', address: from.address },
      entity: { type: 'agent', id: agent.id, name: agent.name },
    })
    await agents.add(agent)
    return { agent: agent.id, key: key.id, namespace }
  }

  return {
    enroll: (request, from) => turn(() => enroll(request, from)),
    mint: (wanted) => tokens.mint(clock(), wanted),
  }
}

function whyNotFirst(agents: Agents, from: Applicant): string | null {
  const remedy = 'make a token with `waybill agents token`'
  if (!from.mayBeFirst) return `Enrolment needs a token: ${remedy}.`
  if (agents.list().length > 0)
    return `Only the first agent may enroll without a token, and one is enrolled: ${remedy}.`
  return null
}
