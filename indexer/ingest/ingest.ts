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
import { Seldom } from './seldom.ts'
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
  /** For whom this agent may speak; null where there is none of this id. */
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
  /** Where the indexer's own key is. */
  folder: string
  namespace: string
  workers: number
  limits: { inFlight: number; idleTimeout: number }
  quota: () => QuotaLimits
  shared: () => readonly string[]
  /** How long an agent's certificate is good, ms. */
  certificateLifetime: () => number
  meter: ReceiveMeter
  log: Logger
  clock: () => number
  /** A clock that never goes back, for what ends by time. */
  lasting: () => number
  random: (bytes: number) => Buffer
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
      log.warn(`When agents were last seen could not be written down: ${reasonOf(error)}`)
    }
  }
  const timer = setInterval(() => void save(), SAVE_EVERY)
  timer.unref()
  const telling = setInterval(() => void seldom.flush(), TELL_EVERY)
  telling.unref()

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
      await seldom.flush(true)
      await trail.close()
      await save()
      await checker.close()
    },
  }
}
