import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type ExportAsked, permissionsOf, type ReportParameters } from '../schema/api/index.ts'
import { OperatorError } from '../schema/index.ts'
import {
  type Accounts,
  type Events,
  FULL_VISIBILITY,
  isLockedOut,
  seenWith,
  type User,
  type Visibility,
} from './accounts/index.ts'
import { folderOf, type IndexerConfig } from './config.ts'
import type { Trail } from './ingest/index.ts'
import { Refusal } from './refusal.ts'
import { exportColumns, exportQuery, gatherExport } from './reports/gather/export.ts'
import type { View } from './reports/gather/gathered.ts'
import { JobFiles, Jobs, type Requester, writePlain } from './reports/jobs/index.ts'
import type { Records } from './store/index.ts'

/** Checks what is asked for before a job is made of it. Rejects what can't be made, or not by somebody with this view. */
export interface ReportWork {
  report(
    id: string,
    parameters: ReportParameters,
    visibility: Visibility,
  ): Promise<{ readonly title: string; readonly query: string }>
  export(asked: ExportAsked, visibility: Visibility): void
}

interface ReportsParts {
  readonly settings: () => IndexerConfig
  readonly records: Records
  readonly trail: Trail
  readonly users: Accounts['users']
  readonly sightOf: (user: User) => Visibility
  /** The events of the store, with the fair share of this requester. */
  readonly eventsOf: (requester: { name: string; user: User | null; gone: AbortSignal }) => Events
  readonly closing: (() => Promise<void>)[]
  readonly log: Logger
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
}

/** Reports and exports: the jobs that make them, their schedules, and their delivery. */
export async function openReports(config: IndexerConfig, parts: ReportsParts) {
  const { settings, records, trail, closing, log, clock, random } = parts
  const files = await JobFiles.open(config.reports.folder ?? join(folderOf(config), 'reports'))
  const zone = (): string => settings()['time-zone']
  const reportWork: ReportWork = {
    async report(id) {
      throw new Refusal('WB-NOT-FOUND', `There is no report ${id}.`)
    },
    export(asked, visibility) {
      exportQuery(asked, visibility, clock())
      exportColumns(asked, zone())
    },
  }
  const jobs = Jobs.open({
    records,
    files,
    trail,
    gather: (asked, view, signal) => {
      if (asked.makes === 'export') return gatherExport(asked, view, { zone: zone(), signal })
      throw new OperatorError('WB-NOT-FOUND', `There is no report ${asked.report}`)
    },
    write: writePlain,
    seal: async () => ({ proof: null }),
    viewOf: (requester, permission, gone) => viewOf(requester, permission, gone, parts),
    settings: () => settings().reports,
    host: hostname(),
    self: random(16).toString('hex'),
    clock,
    log,
  })
  closing.push(() => jobs.close())
  return { jobs, reportWork }
}

/** What a requester may see now. Rights of a user may have changed since the job was asked for. */
function viewOf(
  requester: Requester,
  permission: 'report' | 'export',
  gone: AbortSignal,
  { users, sightOf, eventsOf, clock }: ReportsParts,
): View {
  const { name } = requester
  if (requester.user === null) {
    const events = eventsOf({ name, user: null, gone })
    return { events, visibility: FULL_VISIBILITY }
  }
  const user = users.find(name)
  const may =
    user !== undefined &&
    user.id === requester.user &&
    !isLockedOut(user) &&
    users.isVouchedFor(user, clock()) &&
    permissionsOf(user.role).has(permission)
  if (!may)
    throw new OperatorError(
      'WB-FORBIDDEN',
      `${name} may not make this any more: the user is gone or locked, or lost the permission (${permission})`,
    )
  const visibility = sightOf(user)
  return { events: seenWith(visibility, eventsOf({ name, user, gone })), visibility }
}
