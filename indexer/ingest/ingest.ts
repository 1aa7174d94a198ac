import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import type { Records, Store } from '../store/port.ts'
import { Agents } from './agents.ts'
import { openChecker } from './checker.ts'
import { type Enrolment, openEnrolment } from './enrolment.ts'
import { Failures } from './failures.ts'
import { Presences } from './presence.ts'
import { openReceiver, type ReceiveMeter, type Receiver } from './receive.ts'
import { EnrolTokens } from './tokens.ts'
import { openTrail, type Trail } from './trail.ts'

/** Everything between the wire and the store. */
export interface Ingest {
  readonly agents: Agents
  readonly presences: Presences
  readonly enrolment: Enrolment
  readonly failures: Failures
  readonly receiver: Receiver
  readonly trail: Trail
  readonly enrichment: Enrichment
  close(): Promise<void>
}

const SAVE_EVERY = 5 * 60_000

export async function openIngest(parts: {
  store: Store
  records: Records
  enrichment: Enrichment
  /** Where the indexer's own key is. */
  folder: string
  namespace: string
  workers: number
  limits: { inFlight: number; idleTimeout: number }
  meter: ReceiveMeter
  log: Logger
  clock: () => number
  random: (bytes: number) => Buffer
}): Promise<Ingest> {
  const { store, records, log, clock, random } = parts
  const agents = await Agents.open(records)
  const presences = await Presences.open(store.records, clock)
  const failures = new Failures(clock)
  const trail = await openTrail({ ...parts, agents })
  const tokens = new EnrolTokens(store.records, random)
  const enrolment = openEnrolment({ ...parts, agents, tokens, failures, trail })
  const checker = openChecker(parts.workers)
  const receiver = openReceiver({ ...parts, agents, presences, checker, trail })

  const save = async (): Promise<void> => {
    try {
      await presences.save()
    } catch (error) {
      log.warn(`When agents were last seen could not be written down: ${reasonOf(error)}`)
    }
  }
  const timer = setInterval(() => void save(), SAVE_EVERY)
  timer.unref()

  return {
    agents,
    presences,
    enrolment,
    failures,
    receiver,
    trail,
    enrichment: parts.enrichment,
    async close() {
      clearInterval(timer)
      await trail.close()
      await save()
      await checker.close()
    },
  }
}
