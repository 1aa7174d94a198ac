import * as z from 'zod'
import { AGGREGATE_LIMITS as LIMITS } from '../index.ts'
import { eventShape } from './events.ts'

/** The requests and answers of counts. The store's port explains their meaning. */
const count = z.number().int().nonnegative()

const field = z.string().min(1).max(256).describe('A field by its full or its short name, such as `user`.')
const zone = z
  .string()
  .max(64)
  .default('UTC')
  .describe('An IANA time zone, such as Europe/Berlin: where its days begin.')

export const splitShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('values'),
    field,
    top: z
      .number()
      .int()
      .min(1)
      .max(LIMITS.top)
      .default(10)
      .describe('How many of its values, the most frequent first; among equals the least value first.'),
    prefix: z
      .string()
      .max(256)
      .optional()
      .describe('Only values with this beginning (A to Z equal a to z); all others are ignored.'),
  }),
  z.strictObject({
    kind: z.literal('time'),
    every: z
      .union([z.enum(['hour', 'day', 'week', 'month', 'year']), z.number().int().min(1)])
      .describe(
        'Days, weeks (from Monday), months and years of the zone; `hour`, or a number of ms, counted from 1970 in UTC.',
      ),
    zone,
  }),
  z.strictObject({ kind: z.literal('hour-of-day'), zone }),
  z.strictObject({ kind: z.literal('day-of-week'), zone }),
])

export const aggregateAsked = z.strictObject({
  q: z
    .string()
    .max(10_000)
    .default('')
    .describe("A query in Kibana's language; an empty query finds all events."),
  from: z.string().max(64).optional().describe('Events of this time or later, as for /v1/search.'),
  to: z.string().max(64).optional().describe('Events before this time.'),
  own: z
    .boolean()
    .default(false)
    .describe("Also counts Waybill's own events of searches and views, as for /v1/search."),
  by: z
    .array(splitShape)
    .max(LIMITS.splits)
    .default([])
    .describe('How to split the count; the second split is within each bucket of the first.'),
  sums: z.array(field).max(LIMITS.fields).optional().describe('Numeric fields to add up.'),
  distinct: z.array(field).max(LIMITS.fields).optional().describe('Fields whose different values to count.'),
  latest: z.boolean().optional().describe('Give the last event of each bucket.'),
  budget: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.longestBudget)
    .default(LIMITS.budget)
    .describe('The time limit, ms; when it is over, the answer is partial and says so.'),
})

const key = z
  .union([z.string(), z.number()])
  .describe(
    'The value; the start of the interval, ms; the hour of the day (0 to 23); the day of the week (1 is Monday).',
  )
const split = <Inner extends z.ZodType>(bucket: Inner) =>
  z.object({
    buckets: z.array(bucket),
    distinct: count.describe('How many buckets there are in all, shown or not.'),
    others: count.describe('Sum of the counts of those that are not shown.'),
    none: count.describe('Events without a value.'),
  })
const metrics = {
  sums: z
    .record(
      z.string(),
      z.object({
        values: count,
        sum: z.number(),
        min: z.number().nullable(),
        max: z.number().nullable(),
        avg: z.number().nullable(),
      }),
    )
    .optional(),
  distinct: z.record(z.string(), count).optional(),
  latest: eventShape.nullable().optional(),
}
const innerBucket = z.object({ key, count })
const bucket = z.object({ key, count, split: split(innerBucket).optional(), ...metrics })

const partial = z
  .object({ reason: z.enum(['time', 'values']), sentence: z.string() })
  .nullable()
  .describe('Why the answer is partial; null if it is complete.')

export const aggregateShape = z.object({
  count: count.describe('The number of events found.'),
  split: split(bucket).optional(),
  ...metrics,
  partial,
})

export type AggregateShape = z.infer<typeof aggregateShape>

export const fieldsShape = z.object({
  fields: z.array(
    z.object({
      name: z.string(),
      short: z.string().nullable().describe('The short name for queries.'),
      type: z.string(),
      many: z.boolean().describe('An event may have several values.'),
      countable: z.boolean().describe('Its values can be counted and completed.'),
      about: z.string(),
    }),
  ),
})

export const fieldValuesShape = z.object({
  field: z.string(),
  values: z.array(z.object({ value: z.union([z.string(), z.number()]), count })),
  distinct: count.describe('How many values there are in all.'),
  partial,
})

export const alternativeShape = z.object({
  q: z.string().describe('The query.'),
  from: z.string().nullable().describe('Its `from`; null means from the first event.'),
  to: z.string().nullable().describe('Its `to`; null means to the last event.'),
  own: z.boolean(),
  difference: z.string().describe('The difference, for people.'),
  count,
})
export const alternativesShape = z.object({ alternatives: z.array(alternativeShape) })
