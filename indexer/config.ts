import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import * as z from 'zod'
import { beside, duration, keptBeside, readConfig, secret, size } from '../config/index.ts'
import { ROLES, SCOPES } from '../schema/api/index.ts'
import { LIMITS, OperatorError } from '../schema/index.ts'
import { isMaskable, openIdSchema } from './accounts/index.ts'
import {
  channelsSchema,
  locatedChannels,
  mailSchema,
  rotasSchema,
  wrongChannels,
} from './alerts/notify/settings.ts'
import { archiveSchema, locatedArchive, whatArchiveLacks } from './lifecycle/archive/settings.ts'
import { logSchema } from './log/settings.ts'
import { watchSchema } from './log/verify/settings.ts'
import { locatedReports, reportsSchema } from './reports/settings.ts'

/** The address that the indexer listens on: scheme, host and port of a URL without other parts. */
const listen = z.string().transform((text, context) => {
  const parsed = URL.parse(text)
  if (
    parsed !== null &&
    (parsed.protocol === 'http:' || parsed.protocol === 'https:') &&
    parsed.pathname === '/' &&
    parsed.search === '' &&
    parsed.username === ''
  ) {
    const secure = parsed.protocol === 'https:'
    const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1')
    // A URL drops the port that is its scheme's own.
    const port = parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port)
    return { secure, host, port }
  }
  context.addIssue({
    code: 'custom',
    message: 'expected scheme, host and port such as http://127.0.0.1:8600 or https://0.0.0.0:8600',
    input: text,
  })
  return z.NEVER
})

/** An address, or a network such as 192.0.2.0/24. */
const network = z.string().refine((text) => {
  const [address = '', bits, ...more] = text.split('/')
  const most = isIP(address) === 4 ? 32 : 128
  return (
    isIP(address) !== 0 &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most))
  )
}, 'expected the address of a proxy, or a network such as 192.0.2.0/24')

const access = z.enum(['open-on-loopback', 'token'])
export type AccessMode = z.infer<typeof access>

const accessToken = z.strictObject({
  name: z.string().min(1).max(256),
  token: secret().refine(
    (token) => token.reveal().length >= 16,
    'expected a token of at least 16 characters, such as `openssl rand -hex 32` prints',
  ),
  scopes: z.array(z.enum(SCOPES)).min(1, `expected at least one of ${SCOPES.join(', ')}`),
})
export type AccessToken = z.infer<typeof accessToken>

/** The address of a node of Elasticsearch; credentials are separate settings, so that they do not end up in logs. */
const node = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === ''
}, 'expected a URL such as https://es1.example:9200, without user and password')

const embedded = z.strictObject({
  path: z.string().min(1),
  'min-free': size().default(256 * 1024 * 1024),
})

const elasticsearch = z.strictObject({
  nodes: z.array(node).min(1),
  'api-key': secret().optional(),
  username: z.string().min(1).optional(),
  password: secret().optional(),
  ca: z.string().min(1).optional(),
  path: z.string().min(1),
  setup: z.enum(['automatic', 'none']).default('automatic'),
})
export type ElasticsearchConfig = z.infer<typeof elasticsearch>

/** The largest waybill a protocol constant allows, as it came and as it is unpacked. */
const LARGEST_WAYBILL = LIMITS.bodyBytes + LIMITS.batchBytes

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const maskedField = z
  .string()
  .refine(
    isMaskable,
    'expected a field of docs/fields.md, or a group such as user; the identity of an event is never masked',
  )

export const indexerConfigSchema = z.strictObject({
  listen,
  'allow-plain-http': z.boolean().default(false),
  tls: z
    .strictObject({
      cert: z.string().min(1),
      key: z.string().min(1),
      'client-ca': z.string().min(1).optional(),
    })
    .optional(),
  /** Proxies whose X-Forwarded-For is believed. */
  proxies: z.array(network).default([]),
  namespace: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.]{0,63}$/, 'expected a-z, 0-9, _ and ., beginning with a letter or digit')
    .default('default'),
  /** Encrypts secrets in the store. Indexers that share a cluster share it; one alone has a key of its own in its folder. */
  'secrets-key': secret()
    .refine(
      (key) => key.reveal().length >= 32,
      'expected a key of at least 32 characters, such as `openssl rand -hex 32` prints',
    )
    .optional(),
  enroll: access.optional(),
  read: access.optional(),
  manage: access.optional(),
  tokens: z.array(accessToken).default([]),
  sessions: z
    .strictObject({
      idle: duration({ min: 1000, max: 30 * DAY }).default(30 * MINUTE),
      absolute: duration({ min: 1000, max: 90 * DAY }).default(12 * 60 * MINUTE),
    })
    .prefault({}),
  /** A trial on this machine: its first admin may look before choosing a password. */
  demo: z.boolean().default(false),
  'sign-in': z.strictObject({ openid: openIdSchema.optional() }).prefault({}),
  masked: z.partialRecord(z.enum(ROLES), z.array(maskedField)).default({}),
  store: z.strictObject({ embedded: embedded.optional(), elasticsearch: elasticsearch.optional() }),
  /** The file with the retention table; what holds without one is in lifecycle/table.ts. */
  retention: z.string().min(1).optional(),
  archive: archiveSchema.optional(),
  /** The folder of the alert rules; by default those that come with Waybill. */
  rules: z.string().min(1).optional(),
  /** The list of people and their accounts. */
  people: z.string().min(1).optional(),
  alerts: z
    .strictObject({
      /** What runs the rules that both can run; the engine runs all others. */
      'run-by': z.enum(['engine', 'watcher']).default('engine'),
      /** An event that happened longer ago is not judged when it arrives. */
      horizon: duration({ min: 60 * MINUTE, max: 90 * DAY }).default(7 * DAY),
    })
    .prefault({}),
  reports: reportsSchema.prefault({}),
  /** The clock of the organisation, which rules, rotas and quiet hours go by. */
  'time-zone': z
    .string()
    .refine(isTimeZone, 'expected a time zone such as Europe/Berlin')
    .default(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
  /** Dates that count as Sundays in the hours of rules. */
  holidays: z.array(z.iso.date('expected a date such as 2026-12-25')).max(1000).default([]),
  /** The address at which people open the console, for links in messages. */
  'console-url': z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && URL.parse(text)?.search === '',
      'expected an address such as https://audit.example:8600',
    )
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
  mail: mailSchema.optional(),
  channels: channelsSchema,
  rotas: rotasSchema,
  ingest: z
    .strictObject({
      workers: z
        .number()
        .int()
        .min(1)
        .max(64)
        .default(Math.min(4, Math.max(1, availableParallelism() - 1))),
      'in-flight': size({ min: LARGEST_WAYBILL }).default(192 * 1024 * 1024),
      'body-timeout': duration({ min: 100, max: 10 * MINUTE }).default(15_000),
    })
    .prefault({}),
  enrich: z
    .strictObject({
      geo: z.strictObject({ file: z.string().min(1) }).optional(),
      'user-agent': z.boolean().default(true),
      related: z.boolean().default(true),
    })
    .prefault({}),
  agents: z
    .strictObject({
      'token-lifetime': duration({ min: MINUTE, max: 30 * DAY }).default(60 * MINUTE),
      'silent-after': duration({ min: 1000 }).default(5 * MINUTE),
      'shared-exports': z
        .array(z.string().regex(/^[a-z0-9_-]{1,64}$/, 'expected the name of an integration'))
        .default([]),
      quota: z
        .strictObject({
          events: z.number().int().min(100).default(100_000),
          bytes: size({ min: 1024 * 1024 }).default(256 * 1024 * 1024),
          'new-values': z.number().int().min(100).default(100_000),
        })
        .prefault({}),
      certificates: z.enum(['optional', 'required']).default('optional'),
      'certificate-lifetime': duration({ min: 60 * MINUTE, max: 398 * DAY }).default(90 * DAY),
    })
    .prefault({}),
  'transparency-log': logSchema.prefault({}),
  verify: watchSchema.prefault({}),
  shutdown: z.strictObject({ grace: duration({ min: 100, max: 10 * MINUTE }).default(10_000) }).prefault({}),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
})

export type IndexerConfig = z.infer<typeof indexerConfigSchema>

/** The files that an indexer keeps in its folder. */
const KEPT = ['indexer-key.pem']

/** A placeholder for secrets that do not exist yet. */
export const ABSENT = 'this secret does not exist yet'

/** Reads indexer.yml. All relative paths in it begin at its folder. `beforeSetup`: setup makes a key that the file may name already. */
export async function readIndexerConfig(
  file: string,
  { beforeSetup = false }: { readonly beforeSetup?: boolean } = {},
): Promise<IndexerConfig> {
  const { value } = await readConfig(file, indexerConfigSchema, beforeSetup ? { absent: ABSENT } : {})
  checkIndexerConfig(value, file)
  const {
    archive,
    enrich: { geo },
    mail,
    people,
    retention,
    rules,
    tls,
  } = value
  const { embedded, elasticsearch } = value.store
  const at = (path: string): string => beside(file, path)
  const transparencyLog = value['transparency-log']
  const kept = (key: string, path: string): string => keptBeside(file, key, path, KEPT)
  return {
    ...value,
    ...(archive !== undefined && { archive: locatedArchive(archive, at) }),
    ...(retention !== undefined && { retention: at(retention) }),
    ...(rules !== undefined && { rules: at(rules) }),
    ...(people !== undefined && { people: at(people) }),
    ...(mail?.ca !== undefined && { mail: { ...mail, ca: at(mail.ca) } }),
    channels: locatedChannels(value.channels, at),
    reports: locatedReports(value.reports, at),
    ...(tls !== undefined && {
      tls: {
        cert: at(tls.cert),
        key: at(tls.key),
        ...(tls['client-ca'] !== undefined && { 'client-ca': at(tls['client-ca']) }),
      },
    }),
    'transparency-log': {
      ...transparencyLog,
      ...(typeof transparencyLog.keys === 'string' && { keys: at(transparencyLog.keys) }),
      anchors: {
        ...transparencyLog.anchors,
        folders: transparencyLog.anchors.folders.map(at),
        s3: transparencyLog.anchors.s3.map((one) =>
          one.ca === undefined ? one : { ...one, ca: at(one.ca) },
        ),
        timestamps: transparencyLog.anchors.timestamps.map((one) => ({ ...one, ca: at(one.ca) })),
      },
      ...(transparencyLog.witness?.keys !== undefined && {
        witness: { ...transparencyLog.witness, keys: at(transparencyLog.witness.keys) },
      }),
    },
    enrich: { ...value.enrich, ...(geo !== undefined && { geo: { file: at(geo.file) } }) },
    store: {
      ...(embedded !== undefined && {
        embedded: { ...embedded, path: kept('store.embedded.path', embedded.path) },
      }),
      ...(elasticsearch !== undefined && {
        elasticsearch: {
          ...elasticsearch,
          ...(elasticsearch.ca !== undefined && { ca: at(elasticsearch.ca) }),
          path: kept('store.elasticsearch.path', elasticsearch.path),
        },
      }),
    },
  }
}

/** The folder that the indexer itself keeps things in, its key first of all. */
export function folderOf({ store: { embedded, elasticsearch } }: IndexerConfig): string {
  const store = embedded ?? elasticsearch
  if (store === undefined)
    throw new OperatorError('WB-CONFIG-INVALID', 'store: write embedded or elasticsearch under it.')
  return store.path
}

/** Checks settings that are wrong only in combination. */
export function checkIndexerConfig(config: IndexerConfig, file = 'The settings'): void {
  const wrong = whatDoesNotGoTogether(config)
  if (wrong !== null) throw new OperatorError('WB-CONFIG-INVALID', `${file}: ${wrong}`)
}

function whatDoesNotGoTogether(config: IndexerConfig): string | null {
  const { host, secure } = config.listen
  if (secure && config.tls === undefined)
    return 'listen is https, so tls.cert and tls.key must name PEM files.'
  if (!secure && config.tls !== undefined) return 'tls is set, but listen is http: write listen: https://...'
  if (!secure && config.agents.certificates === 'required')
    return 'agents.certificates: required needs https: write listen: https://... with tls.'
  const { demo, proxies, store } = config
  if (demo && (!isLoopback(host) || proxies.length > 0 || store.embedded === undefined))
    return 'demo is only for a trial on one machine: it needs a listen address on loopback, an embedded store and no proxies. Remove demo.'
  if (!isLoopback(host)) {
    if (!secure && !config['allow-plain-http'])
      return `listen is plain http on ${host}, which others can read: use https with tls, or set allow-plain-http: true.`
    const open = (['enroll', 'read', 'manage'] as const).find((key) => config[key] === 'open-on-loopback')
    if (open !== undefined)
      return `${open}: open-on-loopback needs a listener on loopback, which ${host} is not: write ${open}: token.`
  }
  const wrong = whatStoreLacks(config.store) ?? whatArchiveLacks(config.archive) ?? wrongChannels(config)
  if (wrong !== null) return wrong
  if (config['transparency-log'].anchors.mail.to.length > 0 && config.mail === undefined)
    return 'transparency-log.anchors.mail: there is no mail server; write mail.'
  const names = config.tokens.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined
    ? null
    : `tokens: two tokens are named "${twice}"; the audit trail needs distinct names.`
}

function whatStoreLacks({ embedded, elasticsearch }: IndexerConfig['store']): string | null {
  if ((embedded === undefined) === (elasticsearch === undefined))
    return 'store: write either embedded or elasticsearch under it; events are in one place.'
  if (elasticsearch === undefined) return null
  const { 'api-key': apiKey, username, password } = elasticsearch
  if ((username === undefined) !== (password === undefined))
    return 'store.elasticsearch: username and password go together.'
  if (apiKey !== undefined && username !== undefined)
    return 'store.elasticsearch: write api-key, or username and password, not both.'
  return null
}

/** An address or name of this machine that no other machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^::ffff:/, '')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** What is open and what requires a token, with the defaults filled in. */
export interface AccessRules {
  readonly enroll: AccessMode
  readonly read: AccessMode
  readonly manage: AccessMode
  readonly tokens: readonly AccessToken[]
}

export function accessRules(config: IndexerConfig): AccessRules {
  return {
    // An agent that enrolls gets no right to read anything.
    enroll: config.enroll ?? (isLoopback(config.listen.host) ? 'open-on-loopback' : 'token'),
    read: config.read ?? 'token',
    manage: config.manage ?? 'token',
    tokens: config.tokens,
  }
}
