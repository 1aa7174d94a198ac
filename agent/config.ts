import { isIP } from 'node:net'
import { availableParallelism, hostname } from 'node:os'
import * as z from 'zod'
import { beside, duration, keptBeside, type LineOf, readConfig, secret, size } from '../config/index.ts'
import { eventRulesSchema } from '../schema/wire/index.ts'
import { formatProblem, isIntegrationPath } from './normalise/index.ts'

const url = z.string().transform((text, context) => {
  const parsed = URL.parse(text)
  if (parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed.origin
  context.addIssue({
    code: 'custom',
    message: 'expected a URL such as https://indexer.example:8600',
    input: text,
  })
  return z.NEVER
})

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

const timeZone = z.string().refine((zone) => {
  // A shortcut for the most common zone, so that not all time zones are loaded.
  if (zone === 'UTC') return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}, 'expected a time zone such as Europe/Berlin or UTC')

const column = z.string().min(1, 'expected the name of a column').max(256, 'expected at most 256 characters')

const columnNames = z.union([
  column.transform((one) => [one]),
  z.array(column).min(1, 'expected at least one column'),
])

const timeFormats = z
  .union([z.string().transform((one) => [one]), z.array(z.string()).min(1).max(16)], {
    error: 'expected the format of its times, such as "DD.MM.YYYY HH:mm"',
  })
  .superRefine((formats, context) => {
    for (const message of formats.flatMap((format) => formatProblem(format) ?? []))
      context.addIssue({ code: 'custom', message })
  })

/** Column names in the records for a field, or for a name that the integration knows: one or several, with a format for times. */
const columns = z
  .record(
    z.string(),
    z.union([
      columnNames.transform((names) => ({ names, format: [] as string[] })),
      z
        .strictObject({
          from: columnNames,
          format: timeFormats,
        })
        .transform(({ from, format }) => ({ names: from, format })),
    ]),
  )
  .default({})

const fileInput = z.strictObject({
  paths: z.array(z.string().min(1)).min(1, 'expected at least one path or glob'),
  exclude: z.array(z.string().min(1)).default([]),
  integration: z.string().min(1),
  columns,
  /** How lines form records, if the integration does not define it. */
  multiline: z
    .union([
      z.literal('json'),
      z.strictObject({ start: z.string().refine(isPattern, 'expected a regular expression') }),
    ])
    .optional(),
  gzip: z.boolean().default(false),
  watch: z.boolean().default(true),
  'time-zone': timeZone.default('UTC'),
  tags: z.array(z.string().min(1).max(256)).default([]),
  labels: z.record(z.string().min(1).max(256), z.string().max(1024)).default({}),
  events: eventRulesSchema.default([]),
})

export type FileInputConfig = z.infer<typeof fileInput>

const listen = z.string().transform((text, context) => {
  const found = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3])
  if (found !== null && port <= 65_535) return { host: found[1] ?? found[2]!, port }
  context.addIssue({
    code: 'custom',
    message: 'expected an address and a port such as 0.0.0.0:514 or [::]:514',
    input: text,
  })
  return z.NEVER
})

const isNetwork = (text: string): boolean => {
  const [address = '', bits] = text.split('/')
  if (bits === undefined) return true
  const version = isIP(address)
  return version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

/** The integration that reads the messages of a program. It can be limited to hosts if the program's name alone is not trusted. */
const program = z.union([
  z
    .string()
    .min(1)
    .transform((integration) => ({ integration, hosts: [] as string[] })),
  z.strictObject({
    integration: z.string().min(1),
    hosts: z
      .array(
        z
          .string()
          .min(1)
          .refine(isNetwork, 'expected a host name, an address, or a network such as 10.0.0.0/8'),
      )
      .default([]),
  }),
])

const syslogInput = z
  .strictObject({
    udp: listen.optional(),
    tcp: listen.optional(),
    tls: z
      .strictObject({
        listen,
        cert: z.string().min(1),
        key: z.string().min(1),
        ca: z.string().min(1).optional(),
        client: z.enum(['none', 'optional', 'required']).default('none'),
      })
      .optional(),
    /** By default: `linux-auth` for the programs that it knows, `plain` for all others. */
    integration: z.string().min(1).optional(),
    columns,
    programs: z.record(z.string().min(1), program).default({}),
    'time-zone': timeZone.default('UTC'),
    tags: z.array(z.string().min(1).max(256)).default([]),
    labels: z.record(z.string().min(1).max(256), z.string().max(1024)).default({}),
    limits: z
      .strictObject({
        connections: z.number().int().min(1).max(65_536).default(1000),
        'per-peer': z.number().int().min(1).max(65_536).default(100),
        idle: duration({ min: 1000, max: 30 * 86_400_000 }).default(3_600_000),
      })
      .prefault({}),
  })
  .refine(({ udp, tcp, tls }) => udp !== undefined || tcp !== undefined || tls !== undefined, {
    message: 'expected at least one of udp, tcp and tls: the address to listen on',
  })
  .refine(({ integration, columns }) => integration !== undefined || Object.keys(columns).length === 0, {
    path: ['columns'],
    message: 'expected integration: columns are those of its messages',
  })
  .refine(({ tls }) => tls === undefined || tls.client === 'none' || tls.ca !== undefined, {
    path: ['tls', 'ca'],
    message: 'expected ca: the PEM file with the authority that signs the certificates of clients',
  })

export type SyslogInputConfig = z.infer<typeof syslogInput>

export const agentConfigSchema = z.strictObject({
  agent: z.strictObject({
    name: z.string().min(1).max(256),
    data: z.string().min(1),
    host: z.string().min(1).max(256).optional(),
    token: secret().optional(),
  }),
  indexers: z.array(url).min(1, 'expected at least one indexer'),
  'allow-plain-http': z.boolean().default(false),
  tls: z
    .strictObject({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })
    .default({}),
  inputs: z
    .array(z.union([z.strictObject({ file: fileInput }), z.strictObject({ syslog: syslogInput })]))
    .min(1, 'expected at least one input'),
  events: eventRulesSchema.default([]),
  spool: z
    .strictObject({
      window: size({ min: 4 * 1024 * 1024 }).default(64 * 1024 * 1024),
      'in-flight': z.number().int().min(1).max(64).default(8),
    })
    .prefault({}),
  reading: z
    .strictObject({
      sweep: duration({ min: 100, max: 3_600_000 }).default(5000),
      'flush-after': duration({ min: 100, max: 3_600_000 }).default(1000),
      forget: duration({ min: 60_000 }).default(30 * 86_400_000),
    })
    .prefault({}),
  journal: z
    .strictObject({
      limit: size({ min: 16 * 1024 * 1024 }).default(1024 ** 3),
      sync: duration({ min: 1, max: 1000 }).default(10),
    })
    .prefault({}),
  hold: z.strictObject({ limit: size().default(1024 ** 3) }).prefault({}),
  workers: z.number().int().min(1).max(64).default(Math.min(2, availableParallelism())),
  compression: z
    .strictObject({
      encoding: z.enum(['zstd', 'gzip']).default('zstd'),
      level: z.number().int().min(1).max(9).default(1),
    })
    .prefault({}),
  heartbeat: duration({ min: 1000, max: 3_600_000 }).default(15_000),
  metrics: z.strictObject({ listen: url }).optional(),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
})

export type AgentConfig = z.infer<typeof agentConfigSchema> & {
  /** Finds the line of a setting in agent.yml. */
  readonly lineOf: LineOf
}

/**
 * The host name in events: the setting, else the host at the agent's enrolment. A machine may change its name (a container gets a new one
 * at each start), and the indexer accepts events of the enrolled host.
 */
export const hostOf = ({ agent }: AgentConfig, enrolled?: string): string =>
  agent.host ?? enrolled ?? hostname()

export const fileInputsOf = (config: AgentConfig): FileInputConfig[] =>
  config.inputs.flatMap((input) => ('file' in input ? [input.file] : []))

export const syslogInputsOf = (config: AgentConfig): SyslogInputConfig[] =>
  config.inputs.flatMap((input) => ('syslog' in input ? [input.syslog] : []))

/** The contents of an agent's data folder. */
const KEPT = ['identity.json', 'key.pem', 'state']

/**
 * Reads agent.yml. All relative paths in it begin at its folder. `withoutSecrets` is for commands that neither ship nor enrol, which a user
 * without the agent's environment may run.
 */
export async function readAgentConfig(
  file: string,
  { withoutSecrets = false }: { readonly withoutSecrets?: boolean } = {},
): Promise<AgentConfig> {
  const { value, lineOf } = await readConfig(
    file,
    agentConfigSchema,
    withoutSecrets ? { absent: 'a value that this command does not need' } : {},
  )
  const { ca, cert, key } = value.tls
  return {
    ...value,
    agent: { ...value.agent, data: keptBeside(file, 'agent.data', value.agent.data, KEPT) },
    tls: {
      ...(ca !== undefined && { ca: beside(file, ca) }),
      ...(cert !== undefined && { cert: beside(file, cert) }),
      ...(key !== undefined && { key: beside(file, key) }),
    },
    inputs: value.inputs.map((input) =>
      'file' in input
        ? { file: fileInputAt(file, input.file) }
        : { syslog: syslogInputAt(file, input.syslog) },
    ),
    lineOf,
  }
}

const fileInputAt = (file: string, { paths, exclude, ...rest }: FileInputConfig): FileInputConfig => ({
  ...rest,
  paths: paths.map((path) => beside(file, path)),
  exclude: exclude.map((glob) => (isAnywhere(glob) ? glob : beside(file, glob))),
})

/** Whether a glob is a name, or begins with any folders, so that it matches files in any place. */
const isAnywhere = (glob: string): boolean => !glob.includes('/') || glob.startsWith('**')

const syslogInputAt = (file: string, { tls, ...rest }: SyslogInputConfig): SyslogInputConfig => ({
  ...rest,
  ...(tls !== undefined && {
    tls: {
      ...tls,
      cert: beside(file, tls.cert),
      key: beside(file, tls.key),
      ...(tls.ca !== undefined && { ca: beside(file, tls.ca) }),
    },
  }),
})

/** Resolves an integration given by a path (`./my-integration/integration.yml`, `shop.yml`). */
export const integrationPath = (name: string, configFile: string): string =>
  isIntegrationPath(name) ? beside(configFile, name) : name
