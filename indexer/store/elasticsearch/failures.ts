import { errors, type estypes } from '@elastic/elasticsearch'
import * as z from 'zod'
import { reasonOf } from '../../../schema/index.ts'
import { CancelledError, StoreFullError, StoreUnavailableError } from '../port.ts'

/** The failure of an item of a bulk answer, or of a whole request. */
export type Failure =
  /** The same bytes at the same place may succeed later. */
  | {
      readonly kind: 'busy'
      readonly reason: string
      /** The connection was cut during the request: some proxies do that with a large one instead of answering 413. */
      readonly cut?: true
      /** The cluster has no room for so much at once (429): its queues and its memory for requests are bounded. */
      readonly rejected?: true
    }
  /** Disks are at the flood-stage watermark: nothing can be written until there is room. */
  | { readonly kind: 'full'; readonly reason: string }
  /** This index takes no writes any more: blocked, closed, or gone. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** The request is larger than the cluster takes. */
  | { readonly kind: 'too-large'; readonly reason: string }
  | { readonly kind: 'denied'; readonly reason: string }
  /** The document itself is refused, now and always. */
  | { readonly kind: 'refused'; readonly reason: string }

type Cause = Pick<estypes.ErrorCause, 'type' | 'reason'> & { readonly caused_by?: Cause | undefined }

const TRANSIENT = new Set([
  'es_rejected_execution_exception',
  'circuit_breaking_exception',
  'unavailable_shards_exception',
  'no_shard_available_action_exception',
  'process_cluster_event_timeout_exception',
  'master_not_discovered_exception',
  'not_master_exception',
  'no_master_block_exception',
  'node_closed_exception',
  'node_not_connected_exception',
  'node_disconnected_exception',
  'shard_not_in_primary_mode_exception',
  'index_shard_not_started_exception',
  'illegal_index_shard_state_exception',
  'already_closed_exception',
  'timeout_exception',
  'search_phase_execution_exception',
])

/** Classifies a failure by an error's status and its body; `reason` is a sentence for people. */
export function failureOf(status: number, cause: Cause): Failure {
  const reason = sentenceOf(cause)
  switch (cause.type) {
    case 'cluster_block_exception':
      return blocked(reason)
    case 'index_closed_exception':
    case 'index_not_found_exception':
      return { kind: 'closed', reason }
    case 'security_exception':
    case 'authorization_exception':
      return { kind: 'denied', reason }
  }
  if (status === 413) return { kind: 'too-large', reason }
  if (status === 401 || status === 403) return { kind: 'denied', reason }
  if (status === 429) return { kind: 'busy', reason, rejected: true }
  if (status >= 500 || TRANSIENT.has(cause.type)) return { kind: 'busy', reason }
  return { kind: 'refused', reason }
}

/** Classifies a block; only its text shows the kind: `index [x] blocked by: [FORBIDDEN/8/index write (api)];` */
function blocked(reason: string): Failure {
  if (/flood-stage|\/12\//.test(reason)) return { kind: 'full', reason }
  if (/\/(5|8)\/index /.test(reason)) return { kind: 'closed', reason }
  if (/\/4\/index closed/.test(reason)) return { kind: 'closed', reason }
  return { kind: 'busy', reason }
}

/** Returns the outer reason, and the innermost if it adds anything. */
function sentenceOf(cause: Cause): string {
  let inner: Cause = cause
  while (inner.caused_by !== undefined) inner = inner.caused_by
  const outer = cause.reason ?? cause.type
  return inner === cause ||
    inner.reason === undefined ||
    inner.reason === null ||
    outer.includes(inner.reason)
    ? outer
    : `${outer}: ${inner.reason}`
}

/** The message for a proxy that answers with a page of its own. */
const TOO_LARGE = 'it is larger than the cluster, or a proxy in front of it, accepts (413)'

/** A request with more bytes than this is taken for too large when its connection was cut so often in a row. */
export const CUT_FOR_SIZE = { bytes: 64 * 1024, times: 3 } as const

/** The messages of Node and undici for a cut connection. A refused connection or a timeout is something else. */
const CUT = /other side closed|ECONNRESET|EPIPE|socket hang up/

/** Classifies a thrown error of the client; null if the cluster did not cause it. */
export function failureOfThrown(thrown: unknown): Failure | null {
  if (thrown instanceof errors.ResponseError) {
    const status = thrown.statusCode ?? 0
    const cause = causeIn(thrown.body)
    if (cause === null && status === 413) return { kind: 'too-large', reason: TOO_LARGE }
    return failureOf(status, cause ?? { type: `HTTP ${status}`, reason: thrown.message })
  }
  if (thrown instanceof errors.ConnectionError && CUT.test(thrown.message))
    return { kind: 'busy', reason: reasonOf(thrown), cut: true }
  if (thrown instanceof errors.ConnectionError || thrown instanceof errors.TimeoutError)
    return { kind: 'busy', reason: reasonOf(thrown) }
  if (thrown instanceof errors.NoLivingConnectionsError) return { kind: 'busy', reason: 'no node answers' }
  return null
}

const refusalShape = z.object({
  error: z.object({
    type: z.string(),
    reason: z.string().optional().catch(undefined),
    root_cause: z.array(z.unknown()).catch([]),
  }),
})

function causeIn(body: unknown): Cause | null {
  const refusal = refusalShape.safeParse(body)
  if (!refusal.success) return null
  // The error of a search has the real cause in the shards' reasons.
  const {
    type,
    reason = type,
    root_cause: [root],
  } = refusal.data.error
  const deeper = causeIn({ error: root })
  return {
    type,
    reason,
    ...(deeper !== null && deeper.reason !== reason && { caused_by: deeper }),
  }
}

/** The sentence that an operator and the agents get. */
export function errorOf(failure: Failure): Error {
  switch (failure.kind) {
    case 'full':
      return new StoreFullError(
        `Elasticsearch has no room: ${failure.reason} Free disk space or add a node; writing then continues by itself.`,
      )
    case 'denied':
      return new StoreUnavailableError(
        `Elasticsearch refuses the indexer: ${failure.reason} Check store.elasticsearch's api-key or user and its privileges.`,
      )
    case 'closed':
      return new StoreUnavailableError(
        `An index of Elasticsearch refuses writes: ${failure.reason} Remove the block, or roll its alias over.`,
      )
    default:
      return new StoreUnavailableError(`Elasticsearch does not answer correctly: ${failure.reason}`)
  }
}

/** Runs an operation, and turns a failure of the cluster into an error of the store. */
export async function asking<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (thrown) {
    if (thrown instanceof errors.RequestAbortedError) throw new CancelledError()
    const failure = failureOfThrown(thrown)
    throw failure === null ? thrown : errorOf(failure)
  }
}

export const statusOf = (thrown: unknown): number =>
  thrown instanceof errors.ResponseError ? (thrown.statusCode ?? 0) : 0

/** Turns an error at the start into a sentence of the store. */
export function atStart(thrown: unknown): unknown {
  const failure = failureOfThrown(thrown)
  return failure === null ? thrown : errorOf(failure)
}
