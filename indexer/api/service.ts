import type { Logger } from 'pino'
import type { Enrichment } from '../enrich/index.ts'
import type { Agents, Enrolment, Presences, Receiver, Trail } from '../ingest/index.ts'
import type { Lifecycle } from '../lifecycle/index.ts'
import type { EventSettings } from '../settings/index.ts'
import type { Store } from '../store/port.ts'
import type { Access } from './access.ts'
import type { Metrics } from './metrics.ts'

/** What the routes stand on. */
export interface Service {
  readonly store: Store
  readonly agents: Agents
  readonly presences: Presences
  readonly enrolment: Enrolment
  readonly receiver: Receiver
  readonly trail: Trail
  readonly enrichment: Enrichment
  readonly settings: EventSettings
  readonly lifecycle: Lifecycle
  readonly access: Access
  readonly metrics: Metrics
  /** The first agent may enroll without a token, where it comes from this machine. */
  readonly firstAgentIsFree: () => boolean
  readonly tokenLifetime: () => number
  readonly clock: () => number
  readonly log: Logger
  /** Fires when the indexer stops: streams end. */
  readonly stopping: AbortSignal
}
