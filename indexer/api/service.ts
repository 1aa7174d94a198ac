import type { Logger } from 'pino'
import type { Role } from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import type { Accounts, Events, SessionTimes } from '../accounts/index.ts'
import type { AlertBook, Calendar, Fares, RuleBook } from '../alerts/index.ts'
import type { Notifier } from '../alerts/notify/index.ts'
import type { Cases } from '../cases/index.ts'
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
import type { Archive, Restores } from '../lifecycle/archive/index.ts'
import type { Holds, Lifecycle, RetentionBook } from '../lifecycle/index.ts'
import type { Anchors, RunningLog, Witness } from '../log/index.ts'
import type { EvidenceWatch } from '../log/verify/index.ts'
import type { CheckWork, SealedFile } from '../open-reports.ts'
import type { People } from '../people/index.ts'
import type { Derived } from '../previous/index.ts'
import type { MadeReport, ReportSources } from '../reports/index.ts'
import type { Jobs } from '../reports/jobs/index.ts'
import type { Schedules } from '../reports/schedules/index.ts'
import type { EventSettings } from '../settings/index.ts'
import type { Author, SharedRecords, Store } from '../store/index.ts'
import type { Access, Asker } from './access.ts'
import type { AlertDesk } from './alert-desk.ts'
import type { Cookies } from './cookies.ts'
import type { Metrics } from './metrics.ts'
import type { Readings } from './readings.ts'
import type { Refusals } from './refusals.ts'

/** The parts that the routes use. */
export interface Service {
  /** Without its questions about events: routes ask those through `eventsFor`. */
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
  /** The identity that an agent may report in; null if there is no agent of this id. */
  authorOf(agent: string): Author | null
  readonly enrolment: Enrolment
  readonly receiver: Receiver
  readonly trail: Trail
  readonly enrichment: Enrichment
  readonly settings: EventSettings
  readonly lifecycle: Lifecycle
  readonly retention: RetentionBook
  readonly transparencyLog: RunningLog
  readonly anchors: Anchors
  /** Null if this indexer is no witness. */
  readonly witness: Witness | null
  readonly evidenceWatch: EvidenceWatch
  /** Everybody may read the log. */
  readonly isLogPublic: boolean
  /** Null if the settings name none. */
  readonly archive: Archive | null
  readonly restores: Restores | null
  readonly holds: Holds
  /** What reports are made from. */
  readonly reportSources: ReportSources
  /** The reports that were made, for coverage. */
  readonly madeReports: () => Promise<readonly MadeReport[]>
  readonly alertDesk: AlertDesk
  readonly alerts: AlertBook
  readonly cases: Cases
  readonly people: People
  readonly rules: RuleBook
  readonly fares: Fares
  /** The clock and the calendar of the organisation. */
  readonly calendar: () => Calendar
  readonly notifier: Notifier
  readonly jobs: Jobs
  readonly schedules: Schedules
  readonly checkWork: CheckWork
  /** Refuses where the settings name no mail server. */
  readonly demandMail: () => void
  readonly sealedFile: SealedFile
  readonly records: Pick<SharedRecords, 'look'>
  readonly access: Access
  readonly metrics: Metrics
  /** Whether the first agent may enroll without a token if it comes from this machine. */
  readonly firstAgentIsFree: () => boolean
  readonly tokenLifetime: () => number
  /** When an agent counts as silent, ms after its last contact. */
  readonly silentAfter: () => number
  readonly clock: () => number
  /** A clock in ms from any start, which nobody can set. */
  readonly elapsed: () => number
  readonly log: Logger
  /** Fires when the indexer stops: streams end. */
  readonly stopping: AbortSignal
}
