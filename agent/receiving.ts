import { isIP } from 'node:net'
import * as z from 'zod'
import { duration, isLoopbackHost, secret } from '../config/index.ts'
import type { SenderName } from './inputs/index.ts'
import { columns, timeZone } from './settings.ts'

/** The settings of entries that listen: syslog, _bulk, webhooks and OTLP. */

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

export const certificates = z.strictObject({
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
export const receiving = {
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

export const syslogInput = z
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

export const integration = z.string().min(1)

export const bulkInput = z
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

export const otlpInput = z
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

/** The systems whose webhooks are understood. */
const senders = ['clockify', 'github', 'okta', 'strapi'] as const satisfies readonly SenderName[]

const hook = z.strictObject({
  from: z.enum(senders),
  /** One secret, or several: while one replaces another, or where each webhook of a system has its own. */
  secret: z.union([secret().transform((one) => [one]), z.array(secret()).min(1)]),
  integration: integration.optional(),
})

export const webhookInput = z
  .strictObject({
    ...http,
    /** By path. */
    hooks: z
      .record(z.string(), hook)
      .superRefine((hooks, context) => {
        for (const path of Object.keys(hooks)) {
          if (/^\/[\w./~-]{0,200}$/.test(path)) continue
          const message = 'expected a path such as /github, of letters, digits, - . _ ~ and /'
          context.addIssue({ code: 'custom', path: [path], message, input: path })
        }
      })
      .refine((hooks) => Object.keys(hooks).length > 0, 'expected at least one webhook'),
  })
  // Each webhook proves itself by its secret.
  .superRefine(protectedHttp(() => null))

export type WebhookInputConfig = z.infer<typeof webhookInput>
