import type { Logger } from 'pino'
import type { Events, Visibility } from '../../accounts/index.ts'
import type { AlertBook, Calendar, RuleBook } from '../../alerts/index.ts'
import type { Agents, Breaks, Presences } from '../../ingest/index.ts'
import type { Archive } from '../../lifecycle/archive/index.ts'
import type { Holds, Lifecycle, RetentionBook } from '../../lifecycle/index.ts'
import type { Anchors, RunningLog } from '../../log/index.ts'
import type { EvidenceWatch } from '../../log/verify/index.ts'
import type { EventSettings } from '../../settings/index.ts'
import type { Store } from '../../store/index.ts'
import type { ControlBook } from '../controls.ts'
import type { Logo } from '../document.ts'
import type { ReportBook } from '../report-book.ts'

/** What reports are made from. */
export interface ReportSources {
  readonly store: Pick<Store, 'chains' | 'deadLetters' | 'search'>
  readonly agents: Agents
  readonly presences: Presences
  readonly breaks: Breaks
  readonly alerts: AlertBook
  readonly rules: RuleBook
  readonly holds: Holds
  readonly lifecycle: Lifecycle
  readonly retention: RetentionBook
  readonly archive: Archive | null
  readonly anchors: Anchors
  readonly evidenceWatch: EvidenceWatch
  readonly transparencyLog: RunningLog
  readonly settings: EventSettings
  readonly silentAfter: () => number
  readonly calendar: () => Calendar
  readonly organisation: () => { readonly name: string; readonly logo: Logo | null } | null
  readonly reports: () => ReportBook
  readonly controls: () => ControlBook
  readonly clock: () => number
  readonly log: Logger
}

/** How much the requester sees: the report shows no more. */
export interface View {
  readonly events: Events
  readonly visibility: Visibility
}
