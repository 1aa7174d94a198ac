import * as z from 'zod'
import { age, duration, secret, size } from '../../../config/index.ts'
import { parseQuery, QueryError } from '../../query/index.ts'

const DAY = 86_400_000

const keyId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected a name of letters, digits, ".", "_" and "-"')

const keySchema = z.union([
  z.strictObject({
    id: keyId,
    key: secret().refine(
      (key) => /^[0-9a-fA-F]{64}$/.test(key.reveal().trim()),
      'expected a key of 64 hex digits, such as `openssl rand -hex 32` prints',
    ),
  }),
  z.strictObject({ id: keyId, command: z.array(z.string().min(1)).min(1) }),
])
export type ArchiveKeySetting = z.output<typeof keySchema>

/** A bucket of S3, or of a store that speaks the same. */
const s3Members = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket, such as audit-archive'),
  /** The beginning of all names in it; it ends with a slash, if it is not empty. */
  prefix: z
    .string()
    .regex(/^(?:[A-Za-z0-9._-]+\/)*$/, 'expected a path that ends with /, such as waybill/')
    .default(''),
  region: z.string().min(1).default('us-east-1'),
  endpoint: z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && URL.parse(text)?.pathname === '/',
      'expected an address such as https://s3.example:9000',
    )
    .optional(),
  'path-style': z.boolean().optional(),
  'access-key-id': secret().optional(),
  'secret-access-key': secret().optional(),
  profile: z.string().min(1).optional(),
  ca: z.string().min(1).optional(),
  lock: z.enum(['compliance', 'governance', 'none']).default('compliance'),
  encryption: z.enum(['AES256', 'aws:kms', 'none']).default('none'),
  'kms-key': z.string().min(1).optional(),
})

const hasBothKeys = (s3: { 'access-key-id'?: unknown; 'secret-access-key'?: unknown }): boolean =>
  (s3['access-key-id'] === undefined) === (s3['secret-access-key'] === undefined)
const BOTH_KEYS = 'access-key-id and secret-access-key go together'

export const s3Schema = s3Members.refine(hasBothKeys, BOTH_KEYS)
export type S3Config = z.output<typeof s3Schema>

/** A bucket for checkpoints of the transparency log: without a lock it would prove nothing. */
export const lockedBucketSchema = s3Members
  .extend({ retain: duration({ min: DAY, max: 36_500 * DAY }).default(3650 * DAY) })
  .refine(hasBothKeys, BOTH_KEYS)
  .refine(({ lock }) => lock !== 'none', 'expected lock: compliance or governance')
export type LockedBucketConfig = z.output<typeof lockedBucketSchema>

function understood(query: string, context: z.core.$RefinementCtx): void {
  try {
    parseQuery(query, { now: 0 })
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown
    context.addIssue({ code: 'custom', message: thrown.message, input: query })
  }
}

/** A query that is exported again and again, each time the events that were received in a period. */
const exportSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a name of small letters, digits, ".", "_" and "-"'),
  query: z.string().max(10_000).default('').superRefine(understood),
  every: z.enum(['day', 'month']).default('month'),
  /** How long the archive keeps each of them. */
  keep: age({ min: 60_000 }).optional(),
})
export type ScheduledExport = z.output<typeof exportSchema>

/** Where the archive is, and what encrypts it. */
export const archiveSchema = z.strictObject({
  folder: z.string().min(1).optional(),
  s3: s3Schema.optional(),
  /** New objects use the first one; the others read older objects. */
  keys: z.array(keySchema).min(1, 'expected at least one key'),
  /** Whether events leave the store once their searchable time is over and they are in the archive. */
  'delete-after': z.boolean().default(true),
  exports: z.array(exportSchema).default([]),
  /** How much may be in the archive, for the storage report. */
  capacity: size({ min: 1 }).optional(),
})
export type ArchiveConfig = z.output<typeof archiveSchema>

/** What the schema can't see. */
export function whatArchiveLacks(archive: ArchiveConfig | undefined): string | null {
  if (archive === undefined) return null
  if ((archive.folder === undefined) === (archive.s3 === undefined))
    return 'archive: write either folder or s3 under it.'
  const names = archive.exports.map(({ name }) => name)
  const again = names.find((name, index) => names.indexOf(name) !== index)
  if (again !== undefined)
    return `archive.exports: two exports are named "${again}"; give them distinct names.`
  const ids = archive.keys.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  return twice === undefined
    ? null
    : `archive.keys: two keys are named "${twice}"; each object names the key that opens it.`
}

/** The settings with absolute paths. */
export const locatedArchive = (archive: ArchiveConfig, at: (path: string) => string): ArchiveConfig => ({
  ...archive,
  ...(archive.folder !== undefined && { folder: at(archive.folder) }),
  ...(archive.s3?.ca !== undefined && { s3: { ...archive.s3, ca: at(archive.s3.ca) } }),
})

/** The secrets of the settings, to notice that one has changed. */
export const archiveSecrets = (archive: ArchiveConfig | undefined): readonly (string | undefined)[] => [
  ...(archive?.keys.map((key) => ('key' in key ? key.key.reveal() : key.command.join(' '))) ?? []),
  archive?.s3?.['access-key-id']?.reveal(),
  archive?.s3?.['secret-access-key']?.reveal(),
]
