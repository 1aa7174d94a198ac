import * as z from 'zod'

/**
 * What a verification finds. A finding is data: its kind, its place, and one sentence for people. The command, the archive, the background
 * verifier, the API and the console use the same shapes.
 */
const count = z.number().int().nonnegative()
const time = z.number().int().describe('Milliseconds since 1970.')

const waybillPlace = z.object({
  agent: z.string(),
  incarnation: z.string(),
  sequence: z.number().int().describe('Its number in the chain of its agent.'),
})
export type WaybillPlace = z.output<typeof waybillPlace>

const eventPlace = waybillPlace.extend({
  position: count.describe('The place of the event in its waybill, from 0.'),
  event: z.string().nullable().describe('The id of the event; null if no copy of its line is available.'),
})
export type EventPlace = z.output<typeof eventPlace>

/**
 * `wrong`: the evidence contradicts itself. `unproved`: what was given does not suffice to prove it. `explained`: something is missing or
 * odd, and a record in the evidence says why.
 */
export const FINDING_WEIGHTS = ['wrong', 'unproved', 'explained'] as const
export type FindingWeight = (typeof FINDING_WEIGHTS)[number]

const common = {
  weight: z.enum(FINDING_WEIGHTS),
  sentence: z.string().describe('For people: what is wrong, and where.'),
}

const changedField = z.object({
  field: z.string(),
  sealed: z
    .string()
    .nullable()
    .describe('The value that was sealed, from another copy; null if it had none.'),
  found: z.string().nullable().describe('The value that is stored now; null if it has none.'),
})
export type ChangedField = z.output<typeof changedField>

export const findingShape = z.discriminatedUnion('kind', [
  // Events.
  z.object({
    kind: z.literal('event-changed'),
    ...common,
    at: eventPlace,
    fields: z
      .array(changedField)
      .nullable()
      .describe('The fields that differ from another copy of the line; null if there was none.'),
  }),
  z.object({ kind: z.literal('event-removed'), ...common, at: eventPlace }),
  z.object({ kind: z.literal('event-inserted'), ...common, at: eventPlace }),
  z.object({ kind: z.literal('events-swapped'), ...common, at: eventPlace, with: eventPlace }),
  z.object({ kind: z.literal('event-moved'), ...common, at: eventPlace, from: eventPlace }),
  z.object({ kind: z.literal('event-placed-wrongly'), ...common, at: eventPlace, where: z.string() }),
  z.object({ kind: z.literal('events-unreadable'), ...common, at: waybillPlace, where: z.string() }),
  // Waybills.
  z.object({
    kind: z.literal('waybills-missing'),
    ...common,
    at: waybillPlace.describe('The first of them.'),
    to: count.describe('The number of the last of them.'),
    namedBy: z.enum(['chain', 'cites', 'log', 'checkpoint']).describe('What shows that they were stored.'),
  }),
  z.object({ kind: z.literal('waybill-changed'), ...common, at: waybillPlace }),
  z.object({ kind: z.literal('waybill-unknown'), ...common, at: waybillPlace, where: z.string() }),
  z.object({ kind: z.literal('root-differs'), ...common, at: waybillPlace }),
  z.object({
    kind: z.literal('leaf-hashes-changed'),
    ...common,
    at: waybillPlace,
    positions: z
      .array(count)
      .describe('Places whose kept hash is not that of the sealed line, if they are known.'),
  }),
  z.object({ kind: z.literal('signature-invalid'), ...common, at: waybillPlace }),
  z.object({
    kind: z.literal('key-unknown'),
    ...common,
    at: waybillPlace,
    key: z.string(),
  }),
  z.object({ kind: z.literal('key-differs'), ...common, agent: z.string(), key: z.string() }),
  z.object({ kind: z.literal('chain-broken'), ...common, at: waybillPlace }),
  z.object({
    kind: z.literal('waybill-rebuilt'),
    ...common,
    at: waybillPlace,
    logged: z.string().describe('The hash of the waybill that the log has.'),
    anchored: time
      .nullable()
      .describe('The time of the oldest checkpoint that has it; null if no trusted one has it.'),
  }),
  z.object({ kind: z.literal('waybills-unlogged'), ...common, at: waybillPlace, to: count }),
  z.object({
    kind: z.literal('counts-differ'),
    ...common,
    at: waybillPlace.nullable(),
    what: z.string(),
    told: count,
    found: count,
  }),
  z.object({
    kind: z.literal('duplicate-untraced'),
    ...common,
    at: eventPlace,
  }),
  z.object({ kind: z.literal('dead-letter-wrong'), ...common, at: eventPlace }),
  // The log.
  z.object({ kind: z.literal('log-missing'), ...common, origin: z.string() }),
  z.object({
    kind: z.literal('log-truncated'),
    ...common,
    origin: z.string(),
    size: count.describe('The statements that the log has now.'),
    trusted: count.describe('The size of the largest trusted checkpoint.'),
  }),
  z.object({
    kind: z.literal('log-rewritten'),
    ...common,
    origin: z.string(),
    after: count
      .nullable()
      .describe('The largest trusted checkpoint with which the log agrees; null if there is none.'),
    trusted: count.describe('The smallest trusted checkpoint with which it does not agree.'),
  }),
  z.object({ kind: z.literal('log-damaged'), ...common, origin: z.string(), where: z.string() }),
  z.object({ kind: z.literal('checkpoint-invalid'), ...common, origin: z.string() }),
  z.object({ kind: z.literal('log-repeats'), ...common, origin: z.string(), index: count }),
  // Retention and the store as a whole.
  z.object({
    kind: z.literal('expired'),
    ...common,
    partition: z.string(),
    events: count,
    at: time.describe('When it was recorded.'),
  }),
  z.object({
    kind: z.literal('partition-missing'),
    ...common,
    partition: z.string(),
    events: count.nullable(),
  }),
  z.object({ kind: z.literal('partition-unlisted'), ...common, partition: z.string() }),
  z.object({
    kind: z.literal('expiry-differs'),
    ...common,
    partition: z.string(),
    told: count,
    found: count,
  }),
  z.object({ kind: z.literal('index-differs'), ...common, partition: z.string(), told: count, found: count }),
  z.object({ kind: z.literal('time-odd'), ...common, at: waybillPlace }),
  // What the archive finds about its objects.
  z.object({ kind: z.literal('archive-damaged'), ...common, object: z.string() }),
  z.object({ kind: z.literal('archive-missing'), ...common, object: z.string() }),
  z.object({ kind: z.literal('archive-unlocked'), ...common, object: z.string() }),
])
export type Finding = z.output<typeof findingShape>
export type FindingKind = Finding['kind']

/** What a verification took on trust, since nothing that it was given proves it. */
export const reservationShape = z.object({
  what: z.enum(['keys', 'log', 'checkpoints', 'duplicates', 'expiry', 'completeness']),
  sentence: z.string(),
})
export type Reservation = z.output<typeof reservationShape>

export const VERDICTS = ['sound', 'findings', 'unverified'] as const

export const evidenceReportShape = z.object({
  version: z.literal(1),
  place: z.string().describe('What was verified.'),
  from: time.describe('When it began.'),
  to: time.describe('When it ended.'),
  verdict: z
    .enum(VERDICTS)
    .describe(
      '`sound`: nothing is wrong. `findings`: something is. `unverified`: it could not be verified to the end.',
    ),
  waybills: count,
  events: count.describe('Lines whose hash was computed again.'),
  proved: count.describe('Waybills whose signed root was computed again.'),
  chains: count,
  logged: count.describe('Statements of logs that were compared.'),
  anchored: count.describe('Statements that a trusted checkpoint covers.'),
  expired: count.describe('Lines that have expired, with a record.'),
  duplicates: count,
  deadLetters: count,
  findings: z.array(findingShape).describe('The first, at most 1,000.'),
  more: count.describe('Findings beyond these.'),
  reservations: z.array(reservationShape),
})
export type EvidenceReport = z.output<typeof evidenceReportShape>

/** What `waybill verify --policy` believes, as an indexer gives it. */
export const policyShape = z.object({
  agents: z.array(z.object({ id: z.string(), keys: z.array(z.string()).describe('Public keys, PEM.') })),
  logs: z.array(
    z.object({
      origin: z.string(),
      keys: z.array(z.string()).describe('Verifier keys of C2SP signed notes.'),
    }),
  ),
  checkpoints: z.array(z.string()).describe('C2SP checkpoints, or files and folders with them.'),
})
export type PolicyShape = z.output<typeof policyShape>

const verified = z.object({
  to: time.nullable().describe('Receipt of the last waybill that was verified.'),
  waybills: count,
  events: count,
})

/** The background verification. An event that was received up to `to` of a pass was verified by it. */
export const evidenceStatusShape = z.object({
  enabled: z.boolean(),
  newest: verified
    .extend({
      from: time.nullable().describe('Receipt of the first one.'),
      at: time.describe('When it ended.'),
    })
    .nullable()
    .describe('The last pass over the newest day; null before the first one.'),
  whole: verified
    .extend({ begun: time })
    .nullable()
    .describe('The pass over the whole store, while one is under way.'),
  finished: verified
    .extend({ at: time })
    .nullable()
    .describe('The last pass over the whole store that ended.'),
  findings: z.array(z.object({ at: time, finding: findingShape })).describe('The newest, at most 100.'),
  more: count.describe('Findings beyond these.'),
  problem: z.string().nullable().describe('Why it does not verify at present.'),
})
export type EvidenceStatus = z.output<typeof evidenceStatusShape>
