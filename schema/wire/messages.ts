import { type KeyObject, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { canonical } from '../canonical.ts'
import { noticeSchema } from './notices.ts'
import { settingsVersionSchema } from './settings.ts'

/** What agent and indexer say to each other besides waybills, as zod schemas: both sides check with them. */
const count = z.number().int().nonnegative()

/** What became of one source's events in a waybill; in the order of the manifest's `sources`. */
export const sliceAnswerSchema = z.object({ stored: count, duplicate: count, dead: count })
export type SliceAnswer = z.infer<typeof sliceAnswerSchema>

/** 200 to `POST /v1/waybills`: everything in it is stored, known before, or in the dead letters. */
export const acknowledgementSchema = z.object({
  acknowledged: z.literal(true),
  hash: z.string(),
  /** This waybill was acknowledged before; the counts are those of the first time. */
  again: z.boolean(),
  stored: count,
  duplicate: count,
  dead: count,
  sources: z.array(sliceAnswerSchema),
  /** The first dead letters of this waybill; the others are listed at `/v1/dead-letters`. */
  reasons: z.array(z.object({ position: count, id: z.string(), reason: z.string() })).max(20),
})
export type Acknowledgement = z.infer<typeof acknowledgementSchema>

/** Any answer that is no success: RFC 9457's problem details, with a code a program can act on. */
export const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum([
    'bad-request',
    'bad-query',
    'unauthorised',
    'forbidden',
    'revoked',
    'not-found',
    'fork',
    'too-large',
    'refused',
    'changed',
    'precondition-required',
    'busy',
    'full',
    'internal',
  ]),
})
export type Problem = z.infer<typeof problemSchema>

export const enrollRequestSchema = z.strictObject({
  token: z.string().max(512).optional(),
  /** Ed25519 public key, SPKI in PEM. */
  publicKey: z.string().max(4096),
  name: z.string().min(1).max(256),
  host: z.string().max(256),
  version: z.string().max(64),
})
export type EnrollRequest = z.infer<typeof enrollRequestSchema>

export const enrollAnswerSchema = z.object({ agent: z.string(), key: z.string(), namespace: z.string() })
export type EnrollAnswer = z.infer<typeof enrollAnswerSchema>

/** Where an agent asks for a certificate, by a question that it signs. */
export const AGENT_CERTIFICATE_PATH = '/v1/agent/certificate'
/** In PEM, for the key that the agent signs with. */
export const agentCertificateSchema = z.object({ certificate: z.string().max(16_384) })

/** The ledger of one source: `read = stored + duplicate + filtered + dead + quarantined + discarded + pending`. */
export const ledgerSchema = z.object({
  read: count,
  stored: count,
  duplicate: count,
  filtered: count,
  dead: count,
  quarantined: count,
  discarded: count,
  pending: count,
  skipped: count,
  truncated: count,
  errors: count,
  dropped: count,
})
export type Ledger = z.infer<typeof ledgerSchema>

const label = z.string().min(1).max(256)

/**
 * What an integration of the operator's own can record. Those that come with Waybill the indexer knows; of these it hears from the agents
 * that have them, so that their types can be switched by name, too.
 */
export const ownIntegrationSchema = z.strictObject({
  integration: z.string().regex(/^[a-z0-9_-]{1,64}$/),
  title: label,
  types: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9_.-]{1,160}$/),
        title: label,
        group: label,
        mandatory: z.boolean(),
        recorded: z.boolean(),
      }),
    )
    .max(512),
})
export type OwnIntegration = z.infer<typeof ownIntegrationSchema>

export const heartbeatSchema = z.strictObject({
  agent: z.string(),
  key: z.string(),
  incarnation: z.string(),
  /** Counts up within an incarnation, so that an old heartbeat can't be replayed. */
  beat: count,
  sent: count,
  name: z.string(),
  host: z.string(),
  version: z.string(),
  settings: z.string().nullable(),
  /** Last waybill sealed. */
  sequence: count,
  uptime: count,
  /** Bytes behind, over all sources, and the age in ms of the oldest batch not yet acknowledged. */
  lagBytes: count,
  oldestPending: count.nullable(),
  sources: count,
  quarantinedBatches: count,
  ledger: ledgerSchema,
  /** Absent where the agent has none. */
  integrations: z.array(ownIntegrationSchema).max(64).optional(),
  /** Said only to an indexer that takes notices: an earlier one refuses a heartbeat with a member that it doesn't know. */
  notices: z.array(noticeSchema).max(64).optional(),
})
export type Heartbeat = z.infer<typeof heartbeatSchema>

export const heartbeatAnswerSchema = z.object({
  now: count,
  /** Version of the central settings; an indexer of an earlier version has none. */
  settings: settingsVersionSchema.optional(),
  /** The indexer takes `notices` in heartbeats; an indexer of an earlier version doesn't say so. */
  takesNotices: z.boolean().optional(),
  /** The indexer has an authority that gives agents certificates. */
  givesCertificates: z.boolean().optional(),
})
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>

const SIGNED_HEARTBEAT = 'waybill/heartbeat/1\n'

/** A heartbeat is JSON with its signature beside it: `{ heartbeat, signature }`. */
export const signedHeartbeatSchema = z.strictObject({ heartbeat: heartbeatSchema, signature: z.string() })

export function signHeartbeat(
  heartbeat: Heartbeat,
  key: KeyObject,
): { heartbeat: Heartbeat; signature: string } {
  return {
    heartbeat,
    signature: sign(null, Buffer.from(SIGNED_HEARTBEAT + canonical(heartbeat)), key).toString('base64'),
  }
}

export function verifyHeartbeat(
  signed: z.infer<typeof signedHeartbeatSchema>,
  publicKey: KeyObject,
): boolean {
  const text = Buffer.from(SIGNED_HEARTBEAT + canonical(signed.heartbeat))
  return verify(null, text, publicKey, Buffer.from(signed.signature, 'base64'))
}
