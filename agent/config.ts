import { availableParallelism, hostname } from 'node:os'
import * as z from 'zod'
import { beside, duration, keptBeside, type LineOf, readConfig, secret, size } from '../config/index.ts'
import { eventRulesSchema } from '../schema/wire/index.ts'
import { type FetchInputConfig, fetchInput } from './fetching.ts'
import { isIntegrationPath } from './normalise/index.ts'
import {
  type BulkInputConfig,
  bulkInput,
  type certificates,
  type OtlpInputConfig,
  otlpInput,
  type SyslogInputConfig,
  syslogInput,
  type WebhookInputConfig,
  webhookInput,
} from './receiving.ts'
import { columns, timeZone } from './settings.ts'

export type { BulkInputConfig, FetchInputConfig, OtlpInputConfig, SyslogInputConfig, WebhookInputConfig }

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

export const agentConfigSchema = z.strictObject({
  agent: z.strictObject({
    name: z.string().min(1).max(256).default(hostname),
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
    .array(
      z.union([
        z.strictObject({ file: fileInput }),
        z.strictObject({ syslog: syslogInput }),
        z.strictObject({ bulk: bulkInput }),
        z.strictObject({ webhook: webhookInput }),
        z.strictObject({ otlp: otlpInput }),
        z.strictObject({ fetch: fetchInput }),
      ]),
    )
    .min(1, 'expected at least one input')
    .superRefine((inputs, context) => {
      const names = inputs.map((input) => ('fetch' in input ? input.fetch.name : null))
      for (const [at, name] of names.entries()) {
        if (name === null || names.indexOf(name) === at) continue
        const message = `${name} is the name of another entry as well: each keeps its place under its name`
        context.addIssue({ code: 'custom', path: [at, 'fetch', 'name'], message, input: name })
      }
    }),
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

export const bulkInputsOf = (config: AgentConfig): BulkInputConfig[] =>
  config.inputs.flatMap((input) => ('bulk' in input ? [input.bulk] : []))

export const webhookInputsOf = (config: AgentConfig): WebhookInputConfig[] =>
  config.inputs.flatMap((input) => ('webhook' in input ? [input.webhook] : []))

export const otlpInputsOf = (config: AgentConfig): OtlpInputConfig[] =>
  config.inputs.flatMap((input) => ('otlp' in input ? [input.otlp] : []))

export const fetchInputsOf = (config: AgentConfig): FetchInputConfig[] =>
  config.inputs.flatMap((input) => ('fetch' in input ? [input.fetch] : []))

/** Whether anything arrives by the network. */
export const receives = (config: AgentConfig): boolean => config.inputs.some((input) => !('file' in input))

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
    inputs: value.inputs.map((input) => inputAt(file, input)),
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

type InputConfig = z.infer<typeof agentConfigSchema>['inputs'][number]

function inputAt(file: string, input: InputConfig): InputConfig {
  if ('file' in input) return { file: fileInputAt(file, input.file) }
  if ('syslog' in input) return { syslog: withTlsAt(file, input.syslog) }
  if ('bulk' in input) return { bulk: withTlsAt(file, input.bulk) }
  if ('webhook' in input) return { webhook: withTlsAt(file, input.webhook) }
  return 'otlp' in input ? { otlp: withTlsAt(file, input.otlp) } : input
}

function withTlsAt<Input extends { readonly tls?: z.infer<typeof certificates> | undefined }>(
  file: string,
  { tls, ...rest }: Input,
): Input {
  const placed = tls && {
    ...tls,
    cert: beside(file, tls.cert),
    key: beside(file, tls.key),
    ...(tls.ca !== undefined && { ca: beside(file, tls.ca) }),
  }
  return { ...rest, ...(placed !== undefined && { tls: placed }) } as Input
}

/** Resolves an integration given by a path (`./my-integration/integration.yml`, `shop.yml`). */
export const integrationPath = (name: string, configFile: string): string =>
  isIntegrationPath(name) ? beside(configFile, name) : name
