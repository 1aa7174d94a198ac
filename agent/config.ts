import { isIP } from 'node:net'
import { availableParallelism, hostname } from 'node:os'
import * as z from 'zod'
import {
  beside,
  duration,
  isLoopbackHost,
  keptBeside,
  type LineOf,
  readConfig,
  secret,
  size,
} from '../config/index.ts'
import { eventRulesSchema } from '../schema/wire/index.ts'
import type { SenderName } from './inputs/index.ts'
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

const certificates = z.strictObject({
  cert: z.string().min(1),
  key: z.string().min(1),
  ca: z.string().min(1).optional(),
  client: z.enum(['none', 'optional', 'required']).default('none'),
})

const serverTls = certificates.extend({ listen }).optional()

const tlsProblem = 'expected ca: the PEM file with the authority that signs the certificates of clients'
const hasCa = (tls: { readonly client: string; readonly ca?: string | undefined } | undefined): boolean =>
  tls === undefined || tls.client === 'none' || tls.ca !== undefined

/** The settings of every input that receives. */
const receiving = {
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
}

const syslogInput = z
  .strictObject({
    udp: listen.optional(),
    tcp: listen.optional(),
    tls: serverTls,
    /** By default: `linux-auth` for the programs that it knows, `plain` for all others. */
    integration: z.string().min(1).optional(),
    columns,
    programs: z.record(z.string().min(1), program).default({}),
    ...receiving,
  })
  .refine(({ udp, tcp, tls }) => udp !== undefined || tcp !== undefined || tls !== undefined, {
    message: 'expected at least one of udp, tcp and tls: the address to listen on',
  })
  .refine(({ integration, columns }) => integration !== undefined || Object.keys(columns).length === 0, {
    path: ['columns'],
    message: 'expected integration: columns are those of its messages',
  })
  .refine(({ tls }) => hasCa(tls), { path: ['tls', 'ca'], message: tlsProblem })

/** One token, or several while one replaces another. */
const tokens = z.union([secret().transform((one) => [one]), z.array(secret()).min(1)]).default([])

/** The settings of every input that receives by HTTP. */
const http = {
  listen: listen.optional(),
  tls: serverTls,
  'allow-plain-http': z.boolean().default(false),
  ...receiving,
}

type HttpSettings = z.infer<z.ZodObject<typeof http>>

/** What is wrong with the addresses and the protection of an HTTP input; null if nothing is. */
function httpProblem(
  { listen: plain, tls, 'allow-plain-http': allowPlain }: HttpSettings,
  tokens: readonly unknown[] | null,
): { readonly path: string[]; readonly message: string } | null {
  if (plain === undefined && tls === undefined)
    return { path: ['listen'], message: 'expected listen or tls: the address to listen on' }
  if (!hasCa(tls)) return { path: ['tls', 'ca'], message: tlsProblem }
  if (plain !== undefined && !isLocal(plain.host) && !allowPlain) {
    return {
      path: ['listen'],
      message: `${plain.host} is reached by others, and plain HTTP is readable by them: use tls, or set allow-plain-http: true where the network itself is trusted`,
    }
  }
  const isOpen =
    (plain !== undefined && !isLocal(plain.host)) ||
    (tls !== undefined && !isLocal(tls.listen.host) && tls.client !== 'required')
  if (tokens !== null && tokens.length === 0 && isOpen)
    return { path: ['tokens'], message: 'expected tokens: whoever can reach this address may send otherwise' }
  return null
}

const isLocal = (host: string): boolean => isLoopbackHost(host) || host === '::1'

/** Checks the settings of an HTTP input. */
const protectedHttp =
  (tokensOf: (settings: HttpSettings) => readonly unknown[] | null) =>
  (settings: HttpSettings, context: z.RefinementCtx): void => {
    const problem = httpProblem(settings, tokensOf(settings))
    if (problem !== null) context.addIssue({ code: 'custom', ...problem, input: settings })
  }

const integration = z.string().min(1)

const bulkInput = z
  .strictObject({
    ...http,
    tokens,
    integration: integration.default('generic-json'),
    columns,
    /** The integration for records of some indices; `*` for any characters. */
    indices: z.record(z.string().min(1).max(255), integration).default({}),
  })
  .superRefine((settings, context) => protectedHttp(() => settings.tokens)(settings, context))

export type BulkInputConfig = z.infer<typeof bulkInput>

export type SyslogInputConfig = z.infer<typeof syslogInput>

const { listen: _listen, tls: _tls, ...httpApart } = http

const otlpInput = z
  .strictObject({
    http: listen.optional(),
    grpc: listen.optional(),
    tls: certificates.extend({ http: listen.optional(), grpc: listen.optional() }).optional(),
    ...httpApart,
    tokens,
    integration: integration.default('opentelemetry'),
    columns,
  })
  .superRefine((settings, context) => {
    const { http, grpc, tls } = settings
    const addresses = [[http, tls?.http, 'http'] as const, [grpc, tls?.grpc, 'grpc'] as const]
    const named = addresses.filter(([plain, secure]) => plain !== undefined || secure !== undefined)
    if (named.length === 0) {
      const message = 'expected at least one of http, grpc, tls.http and tls.grpc: the address to listen on'
      context.addIssue({ code: 'custom', path: ['http'], message, input: settings })
    }
    for (const [listen, secure, name] of named) {
      const { http: _http, grpc: _grpc, ...rest } = tls ?? NO_TLS
      const one = { ...settings, listen, tls: secure === undefined ? undefined : { ...rest, listen: secure } }
      const problem = httpProblem(one, settings.tokens)
      if (problem === null) continue
      const path = problem.path[0] === 'listen' ? [name] : problem.path
      context.addIssue({ code: 'custom', ...problem, path, input: settings })
    }
  })

const NO_TLS = { cert: '', key: '', client: 'none' as const, http: undefined, grpc: undefined }

export type OtlpInputConfig = z.infer<typeof otlpInput>

const fetching = {
  /** Names the place of this fetcher: under another name it begins anew. */
  name: z.string().regex(/^[\w.-]{1,64}$/, 'expected a name of letters, digits, - . and _'),
  every: duration({ min: 1000, max: 86_400_000 }).default(60_000),
  /** Where a fetcher begins that has fetched nothing yet; by default now. */
  since: z.iso
    .datetime({ offset: true, error: 'expected a time such as 2026-01-01T00:00:00Z' })
    .transform(Date.parse)
    .optional(),
  integration: integration.optional(),
  columns,
  'allow-plain-http': z.boolean().default(false),
  'time-zone': receiving['time-zone'],
  tags: receiving.tags,
  labels: receiving.labels,
}

const address = z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
  message: 'expected a URL such as https://acme.okta.com',
})

const fetchInput = z
  .discriminatedUnion('from', [
    z.strictObject({ from: z.literal('okta'), url: address, token: secret(), ...fetching }),
    z.strictObject({
      from: z.literal('github'),
      url: address.default('https://api.github.com'),
      /** `orgs/NAME` or `enterprises/NAME`. */
      owner: z
        .string()
        .regex(/^(?:orgs|enterprises)\/[\w.-]{1,100}$/, 'expected orgs/NAME or enterprises/NAME'),
      token: secret(),
      ...fetching,
    }),
    z.strictObject({
      from: z.literal('clockify'),
      url: address.default('https://auditlog-api.api.clockify.me'),
      workspace: z.string().min(1).max(64),
      token: secret(),
      ...fetching,
    }),
    z.strictObject({
      from: z.literal('aws-cloudtrail'),
      bucket: z.string().min(3).max(63),
      /** The folder with one folder for each region: `AWSLogs/123456789012/CloudTrail/`. */
      prefix: z.string().max(512).default(''),
      region: z.string().min(1).max(32),
      /** Another store that speaks S3. */
      url: address.optional(),
      'access-key-id': secret(),
      'secret-access-key': secret(),
      'session-token': secret().optional(),
      ...fetching,
    }),
  ])
  .superRefine((settings, context) => {
    const url = settings.url === undefined ? null : new URL(settings.url)
    if (url === null || url.protocol === 'https:' || isLoopbackHost(url.hostname)) return
    if (settings['allow-plain-http']) return
    const message =
      'plain HTTP shows the token to others: use https, or set allow-plain-http: true where the network itself is trusted'
    context.addIssue({ code: 'custom', path: ['url'], message, input: settings.url })
  })

export type FetchInputConfig = z.infer<typeof fetchInput>

/** The systems whose webhooks are understood. */
const senders = ['clockify', 'github', 'okta', 'strapi'] as const satisfies readonly SenderName[]

const hook = z.strictObject({
  from: z.enum(senders),
  /** One secret, or several: while one replaces another, or where each webhook of a system has its own. */
  secret: z.union([secret().transform((one) => [one]), z.array(secret()).min(1)]),
  integration: integration.optional(),
})

const webhookInput = z
  .strictObject({
    ...http,
    /** By path. */
    hooks: z
      .record(
        z
          .string()
          .regex(/^\/[\w./~-]{0,200}$/, 'expected a path such as /github, of letters, digits, - . _ ~ and /'),
        hook,
      )
      .refine((hooks) => Object.keys(hooks).length > 0, 'expected at least one webhook'),
  })
  // Each webhook proves itself by its secret.
  .superRefine(protectedHttp(() => null))

export type WebhookInputConfig = z.infer<typeof webhookInput>

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
