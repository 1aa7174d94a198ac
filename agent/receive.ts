import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../schema/index.ts'
import {
  type AgentConfig,
  integrationPath,
  receives,
  type SyslogInputConfig,
  syslogInputsOf,
} from './config.ts'
import { doorEntriesOf, fetchingOf } from './doors.ts'
import {
  type FileConfig,
  type Listen,
  type Listening,
  listenText,
  type Places,
  type Reception,
} from './inputs/index.ts'
import { type DoorSpec, loadIntegration, type PipelineSpec, type SyslogSpec } from './normalise/index.ts'

/** Converts the settings of entries that receive to the listeners, the journal's readers, and the journal's place. */
export const journalFolder = (data: string): string => join(data, 'journal')
export const journalKeyFile = (data: string): string => join(data, 'journal.key')

/** Whether anything is received, or earlier ones may still wait in the journal. */
export const hasJournal = (config: AgentConfig): boolean =>
  receives(config) || existsSync(journalFolder(config.agent.data))

export function listeningOf(config: AgentConfig): Listening[] {
  const syslog = syslogInputsOf(config).map((input) => ({
    door: null,
    listens: listensOf(input),
    tls: input.tls === undefined ? null : { ...input.tls, ca: input.tls.ca ?? null },
    limits: {
      connections: input.limits.connections,
      perPeer: input.limits['per-peer'],
      idle: input.limits.idle,
    },
  }))
  return [...syslog, ...doorEntriesOf(config).flatMap(({ listenings }) => listenings)]
}

/** Receives and fetches what the settings say. */
export async function receive(reception: Reception, config: AgentConfig, places: Places): Promise<void> {
  const { limit, sync } = config.journal
  await reception.listen(listeningOf(config), { limit, syncEvery: sync })
  await reception.fetch(fetchingOf(config), places)
}

export function listensOf({ udp, tcp, tls }: SyslogInputConfig): Listen[] {
  return [
    ...(udp === undefined ? [] : [{ transport: 'udp' as const, ...udp }]),
    ...(tcp === undefined ? [] : [{ transport: 'tcp' as const, ...tcp }]),
    ...(tls === undefined ? [] : [{ transport: 'tls' as const, ...tls.listen }]),
  ]
}

/** The segments of the journal as files to read; null if there are none and never will be. */
export function journalFiles(config: AgentConfig, pipeline: number): FileConfig | null {
  if (!hasJournal(config)) return null
  return {
    paths: [join(journalFolder(config.agent.data), '*.journal')],
    exclude: [],
    pipeline,
    framing: { kind: 'journal' },
    passing: true,
  }
}

/** An entry for the rest of the journal when nothing is received any more. */
const LEFT_OVER: Pick<
  SyslogInputConfig,
  'integration' | 'columns' | 'programs' | 'time-zone' | 'tags' | 'labels'
> = {
  integration: 'plain',
  columns: {},
  programs: {},
  'time-zone': 'UTC',
  tags: [],
  labels: {},
}

/** Programs whose messages concern sign-ins and permissions. */
const SIGN_IN_PROGRAMS: readonly string[] = [
  ...['sshd', 'sshd-session', 'sshd-auth', 'sudo', 'su', 'runuser', 'login', 'polkitd', 'pkexec'],
  ...['useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'gpasswd', 'newusers'],
  ...['passwd', 'chpasswd', 'chgpasswd', 'chage', 'chfn', 'chsh', 'adduser', 'deluser'],
  ...['systemd-logind', 'cron', 'crond', 'crontab'],
]

/** The operator's settings for programs come first. Without settings for all other programs, their sign-ins are recognised. */
function programsOf({ integration, programs }: Pick<SyslogInputConfig, 'integration' | 'programs'>) {
  const said = Object.entries(programs).map(([program, { integration, hosts }]) => ({
    program,
    integration,
    hosts,
  }))
  const usual = integration === undefined ? SIGN_IN_PROGRAMS : []
  return [...said, ...usual.map((program) => ({ program, integration: 'linux-auth', hosts: [] }))]
}

const OTHERWISE = 'plain'
/** Linux audit records are recognised by their form. */
const AUDIT_RECORDS = 'auditd'

/** The integrations that read the messages of a `syslog:` entry. */
const syslogIntegrations = (input: Pick<SyslogInputConfig, 'integration' | 'programs'>): string[] => [
  input.integration ?? OTHERWISE,
  ...programsOf(input).map(({ integration }) => integration),
  AUDIT_RECORDS,
]

/** What each entry receives: its addresses, and the integrations that read it. */
export const receivedOf = (
  config: AgentConfig,
): { readonly kind: string; readonly name: string; readonly integrations: readonly string[] }[] => [
  ...syslogInputsOf(config).map((input) => ({
    kind: 'syslog',
    name: listensOf(input).map(listenText).join(', '),
    integrations: syslogIntegrations(input),
  })),
  ...doorEntriesOf(config).map(({ kind, names, integration, routes }) => ({
    kind,
    name: names.join(', '),
    integrations: [...new Set([integration, ...Object.values(routes)])],
  })),
]

/** Returns the pipelines of what is received, numbered from `first` on, and the assignment of records to them. */
export async function receivedPipelines(
  file: string,
  config: AgentConfig,
  first: number,
): Promise<{ pipelines: PipelineSpec[]; syslog?: SyslogSpec; doors: DoorSpec[] }> {
  if (!hasJournal(config)) return { pipelines: [], doors: [] }
  const list = new PipelineList(file, config, first)
  const entries = syslogInputsOf(config).map((input) => ({
    input,
    listens: listensOf(input).map(listenText),
  }))
  const inputs: SyslogSpec['inputs'][number][] = []
  for (const { input, listens } of entries.length > 0 ? entries : [{ input: LEFT_OVER, listens: [] }]) {
    const pipelineOf = list.forEntry('syslog', input, input.integration, input.columns)
    const pipeline = await pipelineOf(input.integration ?? OTHERWISE)
    const programs: SyslogSpec['inputs'][number]['programs'][number][] = []
    for (const { program, integration, hosts } of programsOf(input)) {
      programs.push({ program, pipeline: await pipelineOf(integration), hosts })
    }
    inputs.push({
      listens,
      timeZone: input['time-zone'],
      pipeline,
      programs,
      audit: await pipelineOf(AUDIT_RECORDS),
    })
  }
  const doors: DoorSpec[] = []
  for (const { kind, names, integration, routes, columns, settings } of doorEntriesOf(config)) {
    const pipelineOf = list.forEntry(kind, settings, integration, columns)
    const pipeline = await pipelineOf(integration)
    const read: DoorSpec['routes'][number][] = []
    for (const [route, name] of Object.entries(routes)) read.push({ route, pipeline: await pipelineOf(name) })
    for (const door of names) doors.push({ door, routes: read, pipeline })
  }
  return { pipelines: list.pipelines, syslog: { inputs }, doors }
}

class PipelineList {
  readonly pipelines: PipelineSpec[] = []
  readonly #file: string
  readonly #config: AgentConfig
  readonly #first: number

  constructor(file: string, config: AgentConfig, first: number) {
    this.#file = file
    this.#config = config
    this.#first = first
  }

  /** Gives an entry's integrations their pipelines, one each. Its columns are those of the integration that it names. */
  forEntry(
    kind: string,
    settings: Pick<SyslogInputConfig, 'time-zone' | 'tags' | 'labels'>,
    named: string | undefined,
    columns: PipelineSpec['columns'] & object,
  ): (name: string) => Promise<number> {
    const known = new Map<string, number>()
    return async (name) => {
      const integration = integrationPath(name, this.#file)
      const before = known.get(integration)
      if (before !== undefined) return before
      await refuseTables(kind, integration)
      const index = this.#first + this.pipelines.length
      this.pipelines.push({
        integration,
        ...(name === named ? { columns } : {}),
        framing: { kind: 'journal' },
        tags: settings.tags,
        labels: settings.labels,
        timeZone: settings['time-zone'],
        events: this.#config.events,
      })
      known.set(integration, index)
      return index
    }
  }
}

/** Rejects formats with a header line: a record by itself has none. */
async function refuseTables(kind: string, integration: string): Promise<void> {
  const { formats, csv, title } = await loadIntegration(integration)
  if (formats.includes('csv') && !formats.includes('json') && csv.columns.length === 0) {
    throw new OperatorError(
      'WB-CONFIG-INVALID',
      `${kind}: ${title} (${integration}) reads CSV with a header line, which received records don't have. Name its columns (csv: columns:) in your own integration.yml.`,
    )
  }
}
