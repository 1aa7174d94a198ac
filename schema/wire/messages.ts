import { type KeyObject, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { canonical } from '../canonical.ts'
import { noticeSchema } from './notices.ts'
import { settingsVersionSchema } from './settings.ts'

/** The messages between agent and indexer, except waybills, as zod schemas: both sides check with them. */
const count = z.number().int().nonnegative()

/** The outcome of one source's events in a waybill; in the order of the manifest's `sources`. */
export const sliceAnswerSchema = z.object({ stored: count, duplicate: count, dead: count })
export type SliceAnswer = z.infer<typeof sliceAnswerSchema>

/** 200 to `POST /v1/waybills`: every event is stored, was already known, or is in the dead letters. */
export const acknowledgementSchema = z.object({
  acknowledged: z.literal(true),
  hash: z.string(),
  /** Whether this waybill was acknowledged before; then the counts are those of the first time. */
  again: z.boolean(),
  stored: count,
  duplicate: count,
  dead: count,
  sources: z.array(sliceAnswerSchema),
  /** The first dead letters of this waybill; the others are listed at `/v1/dead-letters`. */
  reasons: z.array(z.object({ position: count, id: z.string(), reason: z.string() })).max(20),
})
export type Acknowledgement = z.infer<typeof acknowledgementSchema>

/** Any answer other than success: RFC 9457's problem details, with a code for programs. */
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
  /** The entry of docs/errors.md, such as WB-FORK. Older indexers give none, newer ones may give an unknown one. */
  error: z.string().max(64).optional(),
})
export type Problem = z.infer<typeof problemSchema>

export const enrollRequestSchema = z.strictObject({
  token: z.string().max(512).optional(),
  /** The Ed25519 public key, SPKI in PEM. */
  publicKey: z.string().max(4096),
  name: z.string().min(1).max(256),
  host: z.string().max(256),
  version: z.string().max(64),
})
export type EnrollRequest = z.infer<typeof enrollRequestSchema>

export const enrollAnswerSchema = z.object({ agent: z.string(), key: z.string(), namespace: z.string() })
export type EnrollAnswer = z.infer<typeof enrollAnswerSchema>

/** The path where an agent requests a certificate with a signed request. */
export const AGENT_CERTIFICATE_PATH = '/v1/agent/certificate'
/** The certificate in PEM, for the key that the agent signs with. */
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
 * The types that an operator's own integration can record. The indexer knows the integrations that come with Waybill. It learns of these
 * from the agents that have them, so that their types can be switched by name, too.
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

/** What an operator wants to see of an agent beside its account. */
export const agentDetailsSchema = z.strictObject({
  /** The share of one processor that the agent took since its last heartbeat: 1 is all of one. */
  cpu: z.number().nonnegative(),
  /** Bytes that its process has in memory. */
  memory: count,
  /** The files with the largest backlog first, then those that were read last. */
  files: z
    .array(
      z.strictObject({
        path: z.string().max(4096),
        /** Acknowledged bytes. */
        position: count,
        size: count,
        state: z.enum(['reading', 'idle', 'held', 'blocked', 'gone']),
        problem: z.string().max(1024).nullable(),
        /** When something was last read of it, ms. */
        lastRead: count.nullable(),
      }),
    )
    .max(50),
})
export type AgentDetails = z.infer<typeof agentDetailsSchema>

export const heartbeatSchema = z.strictObject({
  agent: z.string(),
  key: z.string(),
  incarnation: z.string(),
  /** The counter within an incarnation, so that an old heartbeat can't be replayed. */
  beat: count,
  sent: count,
  name: z.string(),
  host: z.string(),
  version: z.string(),
  settings: z.string().nullable(),
  /** The last sealed waybill. */
  sequence: count,
  uptime: count,
  /** The unread bytes of all sources, and the age in ms of the oldest batch that is not acknowledged yet. */
  lagBytes: count,
  oldestPending: count.nullable(),
  sources: count,
  quarantinedBatches: count,
  ledger: ledgerSchema,
  /** Absent if the agent has none. */
  integrations: z.array(ownIntegrationSchema).max(64).optional(),
  /** Only sent to an indexer that accepts notices: an earlier one rejects a heartbeat with an unknown member. */
  notices: z.array(noticeSchema).max(64).optional(),
  /** Only sent to an indexer that accepts details, as above. */
  details: agentDetailsSchema.optional(),
})
export type Heartbeat = z.infer<typeof heartbeatSchema>

export const heartbeatAnswerSchema = z.object({
  now: count,
  /** The version of the central settings; an indexer of an earlier version has none. */
  settings: settingsVersionSchema.optional(),
  /** Whether the indexer accepts `notices` in heartbeats; absent from an indexer of an earlier version. */
  takesNotices: z.boolean().optional(),
  /** The same for `details`. */
  takesDetails: z.boolean().optional(),
  /** Whether the indexer has an authority that issues certificates to agents. */
  givesCertificates: z.boolean().optional(),
})
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>

const SIGNED_HEARTBEAT = 'waybill/heartbeat/1\n'

/** A heartbeat is JSON with its signature: `{ heartbeat, signature }`. */
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
