import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { type NewJob, permissionsOf, permissionsOfScopes } from '../schema/api/index.ts'
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
import { channelOf, type Notifier } from './alerts/notify/index.ts'
import { accessRules, folderOf, type IndexerConfig } from './config.ts'
import type { Trail } from './ingest/index.ts'
import { bucketOf } from './lifecycle/archive/index.ts'
import { Refusal } from './refusal.ts'
import { Deliveries, Places } from './reports/delivery/index.ts'
import {
  type Asked,
  demandAsked,
  gather,
  type MadeReport,
  type ReportSources,
  type SealRequest,
  type Span,
  sealFile,
  type View,
} from './reports/index.ts'
import { JobFiles, Jobs, type Requester } from './reports/jobs/index.ts'
import { Schedules } from './reports/schedules/index.ts'
import { openWriters, type WriteRequest } from './reports/writers/index.ts'
import type { Records } from './store/index.ts'

/** What is asked for, checked. */
export interface CheckedWork {
  readonly title: string
  readonly query: string
  readonly period: Span
}

/** Checks what is asked for before a job is made of it: rejects what can't be made, or not by somebody with this view. */
export type CheckWork = (
  work:
    | Pick<Extract<NewJob, { makes: 'report' }>, 'makes' | 'report' | 'parameters'>
    | Pick<Extract<NewJob, { makes: 'export' }>, 'makes' | 'export'>,
  view: View,
) => CheckedWork

/** Writes a file that is no job's, and seals it; resolves the name of the file beside it that has its proof, if there is one. */
export type SealedFile = (request: Omit<WriteRequest, 'report'>) => Promise<{ readonly proof: string | null }>

interface ReportsParts {
  readonly settings: () => IndexerConfig
  readonly records: Records
  readonly trail: Trail
  readonly notifier: Notifier
  readonly sources: ReportSources
  readonly users: Accounts['users']
  readonly apiTokens: Accounts['apiTokens']
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
  const { settings, records, trail, sources, closing, log, clock, random } = parts
  const files = await JobFiles.open(config.reports.folder ?? join(folderOf(config), 'reports'))
  const zone = (): string => settings()['time-zone']
  const checkWork: CheckWork = (work, view) => {
    const asked: Asked = { id: '', requested: { by: '', at: clock() }, ...work }
    const { query, span } = demandAsked(asked, sources, view)
    return { title: titleOf(work, sources), query, period: span }
  }
  const writers = openWriters()
  closing.push(() => writers.close())
  const places = new Places(
    () => settings().reports.places,
    (s3) => bucketOf(s3, clock),
  )
  const seal = (request: Omit<SealRequest, 'made' | 'sign'>) =>
    sealFile({ ...request, made: clock(), sign: (text) => sources.transparencyLog.signNote(text) })
  let deliveries: Deliveries | null = null
  const jobs = Jobs.open({
    records,
    files,
    trail,
    gather: (asked, view) => gather(asked, sources, view),
    write: (request) => writers.write(request),
    seal,
    viewOf: (requester, permission, gone) => viewOf(requester, permission, gone, parts),
    settings: () => settings().reports,
    host: hostname(),
    self: random(16).toString('hex'),
    onDone: () => deliveries?.wake(),
    clock,
    log,
  })
  closing.push(() => jobs.close())
  const opened = Deliveries.open({
    jobs,
    trail,
    notifier: parts.notifier,
    places,
    settings: () => {
      const { mail, reports, 'console-url': console = null } = settings()
      return { mail, console, attach: reports.attach, zone: zone() }
    },
    addressesOf: (role) =>
      parts.users
        .list()
        .flatMap((user) =>
          user.role === role && !isLockedOut(user) && user.email !== undefined ? [user.email] : [],
        ),
    clock,
    log,
  })
  deliveries = opened
  closing.push(() => opened.close())
  /** Refuses to promise a mail that can't be sent. */
  const demandMail = (): void => {
    if (settings().mail === undefined)
      throw new Refusal(
        'WB-REQUEST-INVALID',
        'indexer.yml has no mail server: write mail there, with its host and from, or do without the mail.',
      )
  }
  const schedules = Schedules.open({
    records,
    jobs,
    trail,
    describe: async ({ report, parameters }, owner) => {
      const view = viewOf(owner, 'report', NEVER, parts)
      return checkWork({ makes: 'report', report, parameters: { ...parameters, last: 'month' } }, view)
    },
    demandRecipients: (to) => {
      for (const one of to) {
        if ('mail' in one) demandMail()
        if ('place' in one) places.demand(one.place)
        if ('channel' in one && channelOf(one.channel, settings().channels) === undefined)
          throw new Refusal('WB-REQUEST-INVALID', `to: indexer.yml has no channel ${one.channel}.`)
      }
    },
    zone,
    random,
    clock,
    log,
  })
  closing.push(() => schedules.close())
  const sealedFile: SealedFile = async (request) => {
    const written = await writers.write({ ...request, report: () => {} })
    const { proof } = await seal({ ...request, name: basename(request.path), written })
    return { proof }
  }
  return { jobs, schedules, checkWork, demandMail, madeReports: () => madeReports(jobs), sealedFile }
}

const NEVER = new AbortController().signal

function titleOf(work: Parameters<CheckWork>[0], sources: ReportSources): string {
  if (work.makes === 'export') return 'Export of events'
  const known = sources.reports().reports.find(({ id }) => id === work.report)
  return known?.declaration?.title ?? work.report
}

/** The reports that were made, for coverage: also those whose files are gone. */
async function madeReports(jobs: Jobs): Promise<MadeReport[]> {
  return (await jobs.list()).flatMap(({ id, work, state, finished, verdict, files, period: { from, to } }) =>
    work.makes === 'report' && state === 'done' && finished !== null && from !== null && to !== null
      ? [
          {
            job: id,
            report: work.report,
            at: finished,
            complete: verdict?.complete === true,
            rows: Math.max(0, ...files.map(({ rows }) => rows)),
            period: { from, to },
          },
        ]
      : [],
  )
}

/** What a requester may see now. Rights of a user may have changed since the job was asked for. */
function viewOf(
  requester: Requester,
  permission: 'report' | 'export',
  gone: AbortSignal,
  parts: ReportsParts,
): View {
  const { users, sightOf, eventsOf, clock } = parts
  const { name } = requester
  if (requester.user === null) {
    if (!mayProgram(name, permission, parts))
      throw new OperatorError(
        'WB-FORBIDDEN',
        `${name} may not make this any more: the token is gone, or lost the permission (${permission})`,
      )
    return { events: eventsOf({ name, user: null, gone }), visibility: FULL_VISIBILITY }
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

/** The operator of this machine, or a token of this name that belongs to no user. */
function mayProgram(
  name: string,
  permission: 'report' | 'export',
  { settings, apiTokens, clock }: ReportsParts,
): boolean {
  if (name === 'local') return true
  const { read, tokens } = accessRules(settings())
  if (name === 'loopback') return read === 'open-on-loopback'
  return (
    tokens.some((token) => token.name === name && permissionsOfScopes(token.scopes).has(permission)) ||
    apiTokens
      .list()
      .some(
        (token) =>
          token.owner === null &&
          token.name === name &&
          token.permissions.includes(permission) &&
          (token.expires === null || token.expires > clock()),
      )
  )
}
