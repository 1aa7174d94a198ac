import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import type { Author, Records, Store } from '../store/port.ts'
import { Agents } from './agents.ts'
import { AgentsCa } from './agents-ca.ts'
import { Breaks } from './breaks.ts'
import { openChecker } from './checker.ts'
import { type Enrolment, openEnrolment } from './enrolment.ts'
import { Failures } from './failures.ts'
import { Presences } from './presence.ts'
import { type QuotaLimits, Quotas } from './quota.ts'
import { authorOf, openReceiver, type ReceiveMeter, type Receiver } from './receive.ts'
import type { SecretBox } from './secret-box.ts'
import { Seldom } from './seldom.ts'
import { showAgents } from './shown-agents.ts'
import { EnrolTokens } from './tokens.ts'
import { openTrail, type Trail } from './trail.ts'

/** Everything between the wire and the store. */
export interface Ingest {
  readonly agents: Agents
  readonly agentsCa: AgentsCa
  readonly presences: Presences
  readonly enrolment: Enrolment
  readonly failures: Failures
  readonly breaks: Breaks
  readonly quotas: Quotas
  /** The identity that this agent may report in; null if there is no agent of this id. */
  authorOf(agent: string): Author | null
  readonly receiver: Receiver
  readonly trail: Trail
  readonly enrichment: Enrichment
  close(): Promise<void>
}

const SAVE_EVERY = 5 * 60_000
const TELL_EVERY = 10_000

export async function openIngest(parts: {
  store: Store
  records: Records
  enrichment: Enrichment
  /** The folder of the indexer's own key. */
  folder: string
  namespace: string
  workers: number
  limits: { inFlight: number; idleTimeout: number }
  quota: () => QuotaLimits
  shared: () => readonly string[]
  /** How long an agent's certificate is valid, ms. */
  certificateLifetime: () => number
  meter: ReceiveMeter
  log: Logger
  clock: () => number
  /** The time without contact after which an agent counts as silent, ms. */
  silentAfter: () => number
  /** A clock that never goes back, for what ends by time. */
  lasting: () => number
  random: (bytes: number) => Buffer
  box: SecretBox
}): Promise<Ingest> {
  const { store, records, log, clock, random } = parts
  const agents = await Agents.open(records)
  const presences = await Presences.open(store.records, clock)
  const failures = new Failures(parts.lasting)
  const trail = await openTrail({ ...parts, agents })
  const agentsCa = await AgentsCa.open({ ...parts, trail, lifetime: parts.certificateLifetime })
  const tokens = new EnrolTokens(store.records, random)
  const enrolment = openEnrolment({ ...parts, clock: parts.lasting, agents, tokens, failures, trail })
  const checker = openChecker(parts.workers)
  const seldom = new Seldom(trail, clock)
  const breaks = await Breaks.open({ records, store, trail, clock })
  const quotas = new Quotas(parts.quota, clock)
  const receiver = openReceiver({ ...parts, agents, presences, checker, trail, seldom, breaks, quotas })

  const save = async (): Promise<void> => {
    try {
      await presences.save()
    } catch (error) {
      log.warn(`The times of the last contact with agents could not be stored: ${reasonOf(error)}`)
    }
  }
  const timer = setInterval(() => void save(), SAVE_EVERY)
  timer.unref()
  const telling = setInterval(() => void seldom.flush(), TELL_EVERY)
  telling.unref()
  const showing = showAgents({ ...parts, agents, presences, breaks })

  return {
    agents,
    agentsCa,
    presences,
    enrolment,
    failures,
    breaks,
    quotas,
    authorOf(id) {
      const agent = agents.get(id)
      return agent === undefined ? null : authorOf(agent, parts.shared())
    },
    receiver,
    trail,
    enrichment: parts.enrichment,
    async close() {
      clearInterval(timer)
      clearInterval(telling)
      await showing.close()
      await seldom.flush(true)
      await trail.close()
      await save()
      await checker.close()
    },
  }
}
