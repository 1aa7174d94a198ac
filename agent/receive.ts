import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../schema/index.ts'
import { type AgentConfig, integrationPath, type SyslogInputConfig, syslogInputsOf } from './config.ts'
import { type FileConfig, type Listen, listenText, type SyslogListening } from './inputs/index.ts'
import { loadIntegration, type PipelineSpec, type SyslogSpec } from './normalise/index.ts'

/** Converts the settings of `syslog:` entries to the listeners, the journal's readers, and the journal's place. */
export const journalFolder = (data: string): string => join(data, 'journal')
export const journalKeyFile = (data: string): string => join(data, 'journal.key')

/** Whether messages are received, or earlier ones may still wait in the journal. */
export const hasJournal = (config: AgentConfig): boolean =>
  syslogInputsOf(config).length > 0 || existsSync(journalFolder(config.agent.data))

export function listeningOf(config: AgentConfig): SyslogListening[] {
  return syslogInputsOf(config).map((input) => ({
    listens: listensOf(input),
    tls: input.tls === undefined ? null : { ...input.tls, ca: input.tls.ca ?? null },
    limits: {
      connections: input.limits.connections,
      perPeer: input.limits['per-peer'],
      idle: input.limits.idle,
    },
  }))
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

/** The integrations that read an entry's messages. */
export const integrationsOf = (input: Pick<SyslogInputConfig, 'integration' | 'programs'>): string[] => [
  input.integration ?? OTHERWISE,
  ...programsOf(input).map(({ integration }) => integration),
  AUDIT_RECORDS,
]

/** Returns the pipelines of received messages, numbered from `first` on, and the assignment of messages to them. */
export async function syslogPipelines(
  file: string,
  config: AgentConfig,
  first: number,
): Promise<{ pipelines: PipelineSpec[]; syslog?: SyslogSpec }> {
  if (!hasJournal(config)) return { pipelines: [] }
  const entries = syslogInputsOf(config).map((input) => ({
    input,
    listens: listensOf(input).map(listenText),
  }))
  const pipelines: PipelineSpec[] = []
  const inputs: SyslogSpec['inputs'][number][] = []
  for (const { input, listens } of entries.length > 0 ? entries : [{ input: LEFT_OVER, listens: [] }]) {
    const known = new Map<string, number>()
    const pipelineOf = async (name: string): Promise<number> => {
      const integration = integrationPath(name, file)
      const before = known.get(integration)
      if (before !== undefined) return before
      await refuseTables(integration)
      const index = first + pipelines.length
      pipelines.push({
        integration,
        ...(name === input.integration ? { columns: input.columns } : {}),
        framing: { kind: 'journal' },
        tags: input.tags,
        labels: input.labels,
        timeZone: input['time-zone'],
        events: config.events,
      })
      known.set(integration, index)
      return index
    }
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
  return { pipelines, syslog: { inputs } }
}

/** Rejects formats with a header line: a message has none. */
async function refuseTables(integration: string): Promise<void> {
  const { formats, csv, title } = await loadIntegration(integration)
  if (formats.includes('csv') && csv.columns.length === 0) {
    throw new OperatorError(
      'WB-CONFIG-INVALID',
      `syslog: ${title} (${integration}) reads CSV with a header line, which messages don't have. Name its columns (csv: columns:) in your own integration.yml.`,
    )
  }
}
