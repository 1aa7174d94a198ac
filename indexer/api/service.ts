import type { Logger } from 'pino'
import type { Role } from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import type { Accounts, Events, SessionTimes } from '../accounts/index.ts'
import type { Enrichment } from '../enrich/index.ts'
import type {
  Agents,
  AgentsCa,
  Breaks,
  Enrolment,
  Presences,
  Quotas,
  Receiver,
  Trail,
} from '../ingest/index.ts'
import type { Lifecycle } from '../lifecycle/index.ts'
import type { Derived } from '../previous/index.ts'
import type { EventSettings } from '../settings/index.ts'
import type { Author, SharedRecords, Store } from '../store/index.ts'
import type { Access, Asker } from './access.ts'
import type { AlertDesk } from './alert-desk.ts'
import type { Cookies } from './cookies.ts'
import type { Metrics } from './metrics.ts'
import type { Readings } from './readings.ts'
import type { Refusals } from './refusals.ts'

/** What the routes stand on. */
export interface Service {
  /** Without its questions about events: those are asked of what the asker sees. */
  readonly store: Omit<Store, keyof Events>
  /** The events that this asker may see, as they may be seen. */
  eventsFor(asker: Asker): Events
  /** Previous values that the event does not give, unless what they are worked out from is masked for this asker. */
  derivedFor(asker: Asker, event: AuditEvent): Promise<Derived | null>
  readonly readings: Readings
  readonly refusals: Refusals
  readonly accounts: Accounts
  readonly cookies: Cookies
  readonly sessionTimes: () => SessionTimes
  /** Fields that this role sees masked, as the settings name them now. */
  readonly maskedFor: (role: Role) => readonly string[]
  readonly random: (bytes: number) => Buffer
  readonly agents: Agents
  readonly agentsCa: AgentsCa
  /** The listener asks agents for certificates; a new authority makes it do so from the next start. */
  readonly asksForCertificates: boolean
  /** Agents' certificates are of the operator's authority. */
  readonly operatorsCa: boolean
  readonly presences: Presences
  readonly breaks: Breaks
  readonly quotas: Quotas
  /** For whom an agent may speak; null where there is none of this id. */
  authorOf(agent: string): Author | null
  readonly enrolment: Enrolment
  readonly receiver: Receiver
  readonly trail: Trail
  readonly enrichment: Enrichment
  readonly settings: EventSettings
  readonly lifecycle: Lifecycle
  readonly alertDesk: AlertDesk
  readonly records: Pick<SharedRecords, 'look'>
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
