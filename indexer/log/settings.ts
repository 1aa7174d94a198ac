import * as z from 'zod'
import { duration } from '../../config/index.ts'
import { lockedBucketSchema } from '../lifecycle/archive/settings.ts'
import { isKeyName, readVerifierKey } from './note.ts'

const DAY = 86_400_000

/** A program with its arguments. */
export const command = z.tuple([z.string().min(1)], z.string())

const verifierKeyText = z.string().refine((text) => {
  try {
    readVerifierKey(text)
    return true
  } catch {
    return false
  }
}, 'expected a verifier key, NAME+ID+KEY, as `waybill log status` and witnesses print it')

const address = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === ''
}, 'expected a URL such as https://witness.example')

/** The places for checkpoints. All are optional. */
const anchorsSchema = z.strictObject({
  every: duration({ min: 100, max: 30 * DAY }).default(10 * 60_000),
  /** The age of the newest anchor that is an alert. */
  'late-after': duration({ min: 1000, max: 365 * DAY }).default(DAY),
  witnesses: z.array(z.strictObject({ url: address, keys: z.array(verifierKeyText).min(1) })).default([]),
  folders: z.array(z.string().min(1)).default([]),
  s3: z.array(lockedBucketSchema).default([]),
  timestamps: z
    .array(
      z.strictObject({
        url: address,
        ca: z.string().min(1),
        every: duration({ min: 100, max: 30 * DAY }).default(DAY / 24),
      }),
    )
    .default([]),
  mail: z
    .strictObject({
      to: z.array(z.email()).default([]),
      every: duration({ min: 100, max: 30 * DAY }).default(DAY),
    })
    .prefault({}),
})
export type AnchorSettings = z.infer<typeof anchorsSchema>

/** Being a witness of other logs. */
const witnessSchema = z.strictObject({
  name: z.string().max(200).refine(isKeyName, 'expected a name such as audit.acme.example/witness'),
  keys: z.string().min(1).optional(),
  logs: z.array(verifierKeyText).min(1),
})

/** The settings under `transparency-log`. */
export const logSchema = z.strictObject({
  /** The name of the log, by which checkpoints and witnesses know it. */
  origin: z
    .string()
    .max(200)
    .refine(isKeyName, 'expected a name such as audit.acme.example/waybill, without spaces and plus signs')
    .optional(),
  /** The folder of the private keys, or the command that signs with them. */
  keys: z.union([z.string().min(1), z.strictObject({ command })]).optional(),
  /** How often a checkpoint is made while waybills come. */
  every: duration({ min: 100, max: DAY }).default(1000),
  /** How long the old key signs beside a new one. */
  overlap: duration({ min: 0, max: 365 * DAY }).default(30 * DAY),
  /** Whether everybody who can reach the indexer may read the log. */
  public: z.boolean().default(false),
  anchors: anchorsSchema.prefault({}),
  witness: witnessSchema.optional(),
})
export type LogSettings = z.infer<typeof logSchema>
