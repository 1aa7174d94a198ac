import * as z from 'zod'
import { OperatorError } from '../../schema/index.ts'
import { eventRuleSchema, ledgerSchema } from '../../schema/wire/index.ts'

/** What the indexer answers to the commands that look after it. */
const count = z.number()

export const eventAnswer = z.object({
  event: z.record(z.string(), z.unknown()),
  derived: z
    .object({
      previous: z.array(
        z.object({ field: z.string(), old: z.string().nullable(), from: z.string(), at: z.string() }),
      ),
      note: z.string().optional(),
    })
    .nullable(),
})
export type Derived = z.infer<typeof eventAnswer>['derived']

export const agentsAnswer = z.object({
  agents: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      host: z.string(),
      version: z.string(),
      enrolled: z.union([z.number(), z.string()]),
      lastSeen: z.union([z.number(), z.string()]).nullable(),
      revoked: z.union([z.boolean(), z.number(), z.string()]).nullable(),
      lagBytes: count.nullable(),
      oldestPending: count.nullable(),
      ledger: ledgerSchema.nullable(),
      settings: z.string().nullable().default(null),
      notices: z.array(z.string()).default([]),
      hosts: z.array(z.string()).nullable().default([]),
      breaks: z.array(z.object({ incarnation: z.string(), sequence: count, reason: z.string() })).default([]),
      slowed: z
        .object({ since: z.union([z.number(), z.string()]), why: z.string() })
        .nullable()
        .default(null),
      chains: z.array(
        z.object({
          incarnation: z.string(),
          first: count,
          last: count,
          waybills: count,
          events: count,
          gaps: z.array(z.object({ from: count, to: count })),
        }),
      ),
    }),
  ),
})
export type Agent = z.infer<typeof agentsAnswer>['agents'][number]

export const tokenAnswer = z.object({
  token: z.string(),
  expires: z.union([z.number(), z.string()]),
  uses: count,
})

const letter = z.object({
  id: z.string(),
  at: z.union([z.number(), z.string()]),
  kind: z.string(),
  reason: z.string(),
  eventId: z.string(),
  agent: z.string(),
  incarnation: z.string(),
  sequence: count,
  position: count,
  source: z.string(),
  line: z.string(),
  bytes: count,
  whole: z.object({ at: z.object({ path: z.string(), from: count, to: count }).nullable() }).optional(),
})
export const letterAnswer = letter
export type Letter = z.infer<typeof letter>

export const lettersAnswer = z.object({
  letters: z.array(letter),
  next: z.string().nullable(),
  total: count,
})

export const replayAnswer = z.object({ stored: z.boolean(), reason: z.string().optional() })

const limits = z.object({
  entities: z.array(z.string()).nullable(),
  namespaces: z.array(z.string()).nullable(),
})

export const signedInAnswer = z.object({
  name: z.string(),
  role: z.string().nullable(),
  wants: z.string().nullable(),
  expires: count.nullable(),
  token: z.string().nullable(),
})
export type SignedIn = z.infer<typeof signedInAnswer>

export const userAnswer = z.object({
  name: z.string(),
  fullName: z.string(),
  role: z.string(),
  limits,
  secondFactor: z.boolean(),
  oneTimePassword: z.boolean(),
  locked: z.object({ since: count, until: count.nullable(), reason: z.string() }).nullable(),
})
export type User = z.infer<typeof userAnswer>
export const usersAnswer = z.object({ users: z.array(userAnswer) })
export const givenPasswordAnswer = z.object({ user: userAnswer, password: z.string(), expires: count })

const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  scopes: z.array(z.string()),
  created: count,
  expires: count.nullable(),
  expired: z.boolean(),
})
export type ApiToken = z.infer<typeof apiToken>
export const apiTokensAnswer = z.object({ tokens: z.array(apiToken) })
export const madeTokenAnswer = apiToken.extend({ token: z.string() })

const split = <Bucket extends z.ZodType>(bucket: Bucket) =>
  z.object({ buckets: z.array(bucket), distinct: count, others: count, none: count })
const bucket = z.object({ key: z.union([z.string(), z.number()]), count })
export const countAnswer = z.object({
  count,
  split: split(bucket.extend({ split: split(bucket).optional() })).optional(),
  partial: z.object({ reason: z.string(), sentence: z.string() }).nullable(),
})
export type CountAnswer = z.infer<typeof countAnswer>

export const alternativesAnswer = z.object({
  alternatives: z.array(
    z.object({
      q: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      own: z.boolean(),
      difference: z.string(),
      count,
    }),
  ),
})

export const storageAnswer = z.object({
  categories: z.array(
    z.object({
      category: z.string(),
      searchable: count,
      archive: count.nullable(),
      tiers: z.array(z.object({ tier: z.string(), partitions: count, events: count, bytes: count })),
      events: count,
      bytes: count,
      oldest: count.nullable(),
      perDay: count.nullable(),
      expected: count.nullable(),
      notArchived: z.array(z.object({ name: z.string(), events: count, bytes: count, since: count })),
    }),
  ),
  otherBytes: count,
  bytes: count,
  disk: z.object({ total: count, free: count }).nullable(),
  growth: count.nullable(),
  fullInDays: count.nullable(),
  parts: z
    .array(z.object({ part: z.string(), bytes: count }))
    .nullable()
    .optional(),
})
export type StorageAnswer = z.infer<typeof storageAnswer>

export const eventSettingsAnswer = z.object({ version: z.string(), events: z.array(eventRuleSchema) })

export const eventTypesAnswer = z.object({
  version: z.string(),
  types: z.array(
    z.object({
      integration: z.string(),
      system: z.string(),
      id: z.string(),
      title: z.string(),
      group: z.string(),
      mandatory: z.boolean(),
      default: z.boolean(),
      recorded: z.boolean(),
      ruling: eventRuleSchema.nullable(),
      exceptions: z.array(eventRuleSchema),
    }),
  ),
})
export type EventTypeAnswer = z.infer<typeof eventTypesAnswer>['types'][number]

/** The answer in its shape; an indexer of another version is told from a broken one. */
export function understood<Shape extends z.ZodType>(shape: Shape, answer: unknown): z.output<Shape> {
  const parsed = shape.safeParse(answer)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new OperatorError(
    `The indexer's answer is not understood (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); is it of another version than this waybill?`,
  )
}

/** A time of an answer, in ms. */
export const msOf = (time: number | string): number => (typeof time === 'number' ? time : Date.parse(time))

export const agentsCaAnswer = z.object({
  fingerprint: z.string(),
  from: z.number(),
  until: z.number(),
  certificate: z.string(),
  asked: z.boolean(),
})
