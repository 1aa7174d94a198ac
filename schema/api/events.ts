import * as z from 'zod'
import { CATEGORIES, TIERS } from '../index.ts'
import { eventRuleSchema, ledgerSchema, problemSchema } from '../wire/index.ts'

/** What the API answers with, beside what agents and indexer say to each other. */
const count = z.number().int().nonnegative()
const time = z.number().int().describe('Milliseconds since 1970.')

export const eventShape = z
  .record(z.string(), z.unknown())
  .describe('An event of the common schema, as stored.')

export const derivedShape = z
  .object({
    previous: z.array(
      z.object({
        field: z.string(),
        old: z
          .string()
          .nullable()
          .describe('The last value known before the event; null where it was known to be empty.'),
        from: z.string().describe('The event that says so.'),
        at: z.string().describe('When that was.'),
      }),
    ),
    note: z.string().optional().describe('Why something is missing or uncertain.'),
  })
  .describe(
    'Previous values that the source did not give, worked out from earlier events of the same record when the event is read. They are not stored, and not sealed.',
  )
export type DerivedShape = z.infer<typeof derivedShape>

export const eventAnswerShape = z.object({
  event: eventShape,
  derived: derivedShape.nullable().describe('Null where the event gives all its previous values itself.'),
})

export const pageShape = z.object({
  events: z.array(eventShape),
  next: z
    .string()
    .nullable()
    .describe(
      '`after` of the next page; null when there is no more. A page may be short, or empty, and have a next.',
    ),
})

export const arrivalsShape = z.object({
  events: z.array(eventShape),
  next: z.string().describe('`after` of the next question, whether or not something had arrived.'),
})

export const countsShape = z.object({
  counts: z.array(z.object({ hour: time, value: z.string(), count })),
})

export const DIMENSIONS = ['category', 'action', 'user', 'entity', 'outcome'] as const

const chainShape = z.object({
  incarnation: z.string(),
  first: count,
  last: count,
  lastHash: z.string(),
  lastAt: time,
  waybills: count,
  events: count,
  gaps: z.array(z.object({ from: count, to: count })).describe('Runs of waybills that have not arrived.'),
})

export const agentShape = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  version: z.string(),
  enrolled: time,
  lastSeen: time.nullable(),
  revoked: z.boolean(),
  lagBytes: count.nullable(),
  oldestPending: count.nullable().describe('Age in ms of the oldest batch that is not acknowledged.'),
  ledger: ledgerSchema.nullable(),
  settings: z.string().nullable().describe('Version of the central settings that it follows.'),
  notices: z
    .array(z.string())
    .describe('Inputs most of whose records lack a type, a user or a time, in sentences.'),
  clockOffset: z.number().nullable().describe("By how many ms the agent's clock is ahead."),
  chains: z.array(chainShape),
  hosts: z
    .array(z.string())
    .nullable()
    .describe(
      'Hosts that its events may name beside its own; null: any, since an earlier version enrolled it.',
    ),
  breaks: z
    .array(z.object({ incarnation: z.string(), sequence: count, at: time, reason: z.string() }))
    .describe('Waybills that contradict their neighbours in the chain, oldest first.'),
  slowed: z
    .object({ since: time, why: z.string() })
    .nullable()
    .describe('Since when it is slowed down, and which quota it exceeds.'),
})
export type AgentShape = z.infer<typeof agentShape>
export const agentsShape = z.object({ agents: z.array(agentShape) })

const versionShape = z.string().describe('A number and a hash; the same as the ETag.')

export const eventSettingsShape = z.object({
  version: versionShape,
  events: z.array(eventRuleSchema),
  changed: time.nullable(),
  by: z.string().nullable().describe('Who changed them last.'),
})

export const eventTypesShape = z.object({
  version: versionShape,
  types: z.array(
    z.object({
      integration: z.string(),
      system: z.string(),
      id: z.string(),
      title: z.string(),
      group: z.string(),
      mandatory: z.boolean().describe("It is always recorded and can't be switched."),
      default: z.boolean().describe('Whether it is recorded where nobody has said.'),
      recorded: z.boolean().describe('Whether it is recorded now, but for the exceptions.'),
      ruling: eventRuleSchema.nullable().describe('The rule that says so; null where it is the default.'),
      exceptions: z
        .array(eventRuleSchema)
        .describe('Rules for some entities, users or hosts, the strongest first.'),
    }),
  ),
})

export type EventTypeShape = z.infer<typeof eventTypesShape>['types'][number]

const tierUseShape = z.object({ tier: z.enum(TIERS), partitions: count, events: count, bytes: count })

export const storageShape = z.object({
  at: time,
  categories: z.array(
    z.object({
      category: z.enum(CATEGORIES),
      searchable: count.describe('How long its events stay searchable at least, ms.'),
      archive: count
        .nullable()
        .describe('How long the archive keeps them, ms; null where they are not archived.'),
      tiers: z.array(tierUseShape),
      events: count,
      bytes: count,
      oldest: time.nullable().describe('When the oldest event was taken in.'),
      perDay: count
        .nullable()
        .describe('Bytes added in a day, as of the last 30; null where that can not be told yet.'),
      expected: count
        .nullable()
        .describe('Bytes when as much expires as arrives; null where nothing expires.'),
      notArchived: z
        .array(z.object({ name: z.string(), events: count, bytes: count, since: time }))
        .describe('Partitions past their searchable time that are kept, since they are not in the archive.'),
    }),
  ),
  otherBytes: count.describe('What is no event: waybills, dead letters, records, write-ahead logs.'),
  bytes: count,
  disk: z.object({ total: count, free: count }).nullable().describe('`free` is what is left for the store.'),
  growth: count.nullable().describe('Bytes by which all categories that do not expire yet grow in a day.'),
  fullInDays: count.nullable().describe('When the disk is full at this growth.'),
  parts: z
    .array(z.object({ part: z.string(), bytes: count }))
    .nullable()
    .optional()
    .describe(
      'Where the bytes are, the largest part first, with `detail=true`; null where the store can not tell.',
    ),
})

export type StorageShape = z.infer<typeof storageShape>

export const mintedTokenShape = z.object({ token: z.string(), expires: time, uses: count })

const letterFields = {
  id: z.string(),
  at: time,
  kind: z.enum(['invalid', 'collision', 'refused', 'foreign']),
  reason: z.string(),
  eventId: z.string(),
  agent: z.string(),
  incarnation: z.string(),
  sequence: count,
  position: count,
  source: z.string(),
  line: z.string().describe('The shipped line; what is no UTF-8 in it is replaced.'),
  bytes: count.describe('Length of the shipped line.'),
  whole: z
    .object({
      bytes: count,
      leaf: z.string().describe('Its leaf hash, by which the waybill proves which line it was.'),
      at: z
        .object({ path: z.string(), from: count, to: count })
        .nullable()
        .describe('The file that the agent read it from, and between which bytes.'),
    })
    .optional()
    .describe('There where the cluster had no room for all of the line: `line` is only its beginning.'),
}
export const letterShape = z.object(letterFields)
export type LetterShape = z.infer<typeof letterShape>
export const wholeLetterShape = z.object({
  ...letterFields,
  raw: z.string().describe('The shipped line byte for byte, in base64.'),
})
export const lettersShape = z.object({
  letters: z.array(letterShape),
  next: z.string().nullable(),
  total: count,
})
export const replayShape = z.object({ stored: z.boolean(), reason: z.string().optional() })

export const agentsCaShape = z.object({
  fingerprint: z.string().describe('SHA-256 of the certificate.'),
  from: z.number().int(),
  until: z.number().int(),
  certificate: z.string().describe('In PEM.'),
  asked: z
    .boolean()
    .describe(
      'The listener asks agents for certificates. It asks for those of a new authority after a restart.',
    ),
})
export type AgentsCaShape = z.infer<typeof agentsCaShape>

/** A problem as the API answers it: where it is about a query, with the column. */
export const apiProblemSchema = problemSchema.extend({ column: z.number().int().positive().optional() })
