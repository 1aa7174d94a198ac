import * as z from 'zod'
import { CATEGORIES, TIERS } from '../index.ts'
import {
  agentDetailsSchema,
  eventRuleSchema,
  eventRulesSchema,
  ledgerSchema,
  problemSchema,
} from '../wire/index.ts'

/** The answers of the API, except the messages between agents and indexer. */
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
        old: z.string().nullable().describe('The last known value before the event; null if it was empty.'),
        from: z.string().describe('The event that it comes from.'),
        at: z.string().describe('When that was.'),
      }),
    ),
    note: z.string().optional().describe('Why something is missing or uncertain.'),
  })
  .describe(
    'Previous values that the source did not give, worked out from earlier events of the same record when the event is read. They are neither stored nor sealed.',
  )
export type DerivedShape = z.infer<typeof derivedShape>

export const eventAnswerShape = z.object({
  event: eventShape,
  derived: derivedShape.nullable().describe('Null if the event gives all its previous values itself.'),
})

export const pageShape = z.object({
  events: z.array(eventShape),
  next: z
    .string()
    .nullable()
    .describe(
      '`after` of the next page; null when there is no more. A page may be short, or empty, and have a next.',
    ),
  restored: z
    .object({ id: z.string(), until: time })
    .optional()
    .describe('Present if these events are of a restore of the archive, which ends then.'),
})

export const arrivalsShape = z.object({
  events: z.array(eventShape),
  next: z.string().describe('`after` of the next request, whether or not something has arrived.'),
})

export type ArrivalsShape = z.infer<typeof arrivalsShape>

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
  settings: z.string().nullable().describe('Version of the central settings that the agent follows.'),
  notices: z
    .array(z.string())
    .describe('Inputs most of whose records lack a type, a user or a time, in sentences.'),
  details: agentDetailsSchema
    .nullable()
    .describe(
      'Processor, memory and files, as the agent last reported them to this indexer; null if it did not.',
    ),
  clockOffset: z.number().nullable().describe("By how many ms the agent's clock is ahead."),
  chains: z.array(chainShape),
  hosts: z
    .array(z.string())
    .nullable()
    .describe(
      'Hosts that its events may name besides its own; null: any, since an earlier version enrolled it.',
    ),
  breaks: z
    .array(z.object({ incarnation: z.string(), sequence: count, at: time, reason: z.string() }))
    .describe('Waybills that do not match their neighbours in the chain, oldest first.'),
  slowed: z
    .object({ since: time, why: z.string() })
    .nullable()
    .describe('Since when the agent is slowed down, and which quota it exceeds.'),
})
export type AgentShape = z.infer<typeof agentShape>
/** Host names from an operator: `*` matches any characters. */
const hostNamesShape = z.array(z.string().trim().min(1).max(256)).max(1000)
export const hostsChangeShape = z.strictObject({ hosts: hostNamesShape })
export const agentHostsShape = z.object({ id: z.string(), hosts: z.array(z.string()) })
export const revokedShape = z.object({ id: z.string(), revoked: z.literal(true) })
export const agentsShape = z.object({ agents: z.array(agentShape) })

const versionShape = z.string().describe('A number and a hash; the same as the ETag.')

export const eventRulesChangeShape = z.strictObject({ events: eventRulesSchema })
export const eventSettingsShape = z.object({
  version: versionShape,
  events: z.array(eventRuleSchema),
  changed: time.nullable(),
  by: z.string().nullable().describe('The user who changed them last.'),
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
      category: z
        .enum(CATEGORIES)
        .nullable()
        .describe(
          "The category of its events; null if the record decides, or the integration is an agent's own.",
        ),
      mandatory: z.boolean().describe("It is always recorded and can't be switched."),
      default: z.boolean().describe('Whether it is recorded without any rule.'),
      recorded: z.boolean().describe('Whether it is recorded now, apart from exceptions.'),
      ruling: eventRuleSchema.nullable().describe('The rule that decides; null for the default.'),
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
        .describe('How long the archive keeps them, ms; null if they are not archived.'),
      tiers: z.array(tierUseShape),
      events: count,
      bytes: count,
      oldest: time.nullable().describe('When the oldest event was received.'),
      perDay: count
        .nullable()
        .describe('Bytes added per day, on average over the last 30 days; null if that is not known yet.'),
      expected: count
        .nullable()
        .describe('The expected size when as much expires as arrives, in bytes; null if nothing expires.'),
      notArchived: z
        .array(z.object({ name: z.string(), events: count, bytes: count, since: time }))
        .describe('Partitions past their searchable time that are kept because they are not in the archive.'),
      archived: z
        .object({
          objects: count,
          events: count,
          bytes: count,
          damaged: count.describe('Objects that were damaged when they were last read back.'),
        })
        .nullable()
        .describe('What the archive has of it; null without an archive.'),
      archiveStatus: z
        .enum(['none', 'absent', 'failing', 'damaged', 'waiting', 'current'])
        .describe(
          '`none`: it is not archived. `absent`: it should be, and the settings name no archive. `failing`: the last run failed. `damaged`: an object is. `waiting`: events wait for it. `current`: all is there.',
        ),
    }),
  ),
  otherBytes: count.describe('Bytes of other data: waybills, dead letters, records, write-ahead logs.'),
  bytes: count,
  disk: z.object({ total: count, free: count }).nullable().describe('`free` is available to the store.'),
  archive: z
    .object({
      place: z.string(),
      capacity: count.nullable().describe('How much may be in it, as the settings say; null if they do not.'),
      bytes: count,
      problem: z.string().nullable().describe('Why the last run failed.'),
    })
    .nullable()
    .describe('The archive; null if the settings name none.'),
  growth: count.nullable().describe('Bytes per day by which all categories that do not expire yet grow.'),
  fullInDays: count.nullable().describe('Days until the disk is full at this growth.'),
  parts: z
    .array(z.object({ part: z.string(), bytes: count }))
    .nullable()
    .optional()
    .describe(
      'The sizes of the parts, the largest first, with `detail=true`; null if the store does not know them.',
    ),
})

export type StorageShape = z.infer<typeof storageShape>

export const newEnrolmentTokenShape = z.strictObject({
  ttlSeconds: z
    .number()
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  uses: z.number().int().min(1).max(10_000).default(1),
  hosts: hostNamesShape
    .min(1)
    .optional()
    .describe(
      'Hosts that agents may enroll on with this token, and that their events may name; * matches any characters.',
    ),
})
export const mintedTokenShape = z.object({ token: z.string(), expires: time, uses: count })

/** A dead letter; the store keeps the same members, with the line as bytes. */
export const deadLetterShape = z.object({
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
  line: z.string().describe('The shipped line; bytes that are not UTF-8 are replaced.'),
  bytes: count.describe('Length of the shipped line.'),
  whole: z
    .object({
      bytes: count,
      leaf: z.string().describe('Its leaf hash, by which the waybill proves the line.'),
      at: z
        .object({ path: z.string(), from: count, to: count })
        .nullable()
        .describe('The file that the agent read it from, and between which bytes.'),
    })
    .optional()
    .describe('Present if the cluster had no room for the whole line: `line` is only its beginning.'),
})
export type DeadLetterShape = z.infer<typeof deadLetterShape>
export const wholeDeadLetterShape = deadLetterShape.extend({
  raw: z.string().describe('The shipped line byte for byte, in base64.'),
})
export const deadLettersShape = z.object({
  letters: z.array(deadLetterShape),
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

/** A problem in an answer of the API; with the column if it concerns a query. */
export const apiProblemSchema = problemSchema.extend({ column: z.number().int().positive().optional() })

export const aliveShape = z.object({ alive: z.literal(true) })
export const readyShape = z.object({ ready: z.literal(true), warnings: z.array(z.string()).optional() })
