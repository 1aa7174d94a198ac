import * as z from 'zod'
import { CATEGORIES } from '../categories.ts'

/** The archive, and legal holds. */
const count = z.number().int().nonnegative()
const time = z.number().int().describe('Milliseconds since 1970.')
const span = z.object({ first: time, last: time })

export const archiveObjectShape = z.object({
  name: z.string(),
  of: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('partition'),
      category: z.enum(CATEGORIES),
      partition: z.string(),
      part: count,
    }),
    z.object({ kind: z.literal('query'), query: z.string(), part: count }),
  ]),
  place: z.string(),
  events: count,
  waybills: count,
  bytes: count,
  sha256: z.string().describe('Of the encrypted object.'),
  received: span.nullable().describe('When its first and last events were received.'),
  happened: span.nullable().describe('`@timestamp` of its earliest and latest events.'),
  written: time,
  verified: time.describe('When it was last read back as a whole.'),
  problem: z.string().nullable().describe('What was wrong then.'),
  until: time.nullable().describe('The end of its archive time.'),
  lockedUntil: time.nullable().describe('The end of its lock; null if its place does not lock.'),
  key: z.string().describe('The name of the key that encrypts it.'),
})
export type ArchiveObjectShape = z.infer<typeof archiveObjectShape>

export const archiveShape = z.object({
  place: z.string(),
  locks: z.boolean().describe('The place refuses to delete an object before its time.'),
  deletesAfter: z
    .boolean()
    .describe('Events leave the store once they are in the archive and their searchable time is over.'),
  key: z.string().describe('The name of the key that encrypts new objects.'),
  work: z
    .object({ what: z.string(), events: count, of: count })
    .nullable()
    .describe('What is archived now: so far `events` of `of`.'),
  ran: time.nullable().describe('When the last run ended, since the indexer started.'),
  problem: z.string().nullable().describe('Why the last run failed.'),
  objects: z.array(archiveObjectShape),
})
export type ArchiveShape = z.infer<typeof archiveShape>

export const archiveRunShape = z.object({ archived: z.array(z.string()).describe('Partitions.') })
export const archiveObjectNameShape = z.strictObject({ object: z.string().min(1).max(1000) })

const until = time.nullable().describe('When it ends by itself; null: when somebody ends it.')

export const newExportShape = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'expected a name of small letters, digits, ".", "_" and "-"'),
  query: z.string().max(10_000),
  until: time.nullable().default(null).describe('How long the archive keeps it; null: for ever.'),
})
export const exportedShape = z.object({ objects: z.array(archiveObjectShape) })

export const restoreShape = z.object({
  id: z.string(),
  objects: z.array(z.string()),
  by: z.string(),
  made: time,
  until: time,
  events: count.describe('So far.'),
  of: count,
  state: z.enum(['copying', 'ready', 'failed']),
  problem: z.string().nullable(),
})
export type RestoreShape = z.infer<typeof restoreShape>
export const restoresShape = z.object({ restores: z.array(restoreShape) })
export const newRestoreShape = z.strictObject({
  from: time.describe('Objects with events that were received at this time or later.'),
  to: time.describe('And before this time.'),
  categories: z.array(z.enum(CATEGORIES)).min(1).nullable().default(null),
  until: time.describe('The restored events are removed then. They stay in the archive.'),
})

export const holdShape = z.object({
  id: z.string(),
  query: z.string().describe('What it finds stays; its times count from when the hold was made.'),
  case: z.string(),
  by: z.string(),
  made: time,
  until,
  ended: z.object({ at: time, by: z.string() }).nullable(),
})
export type HoldShape = z.infer<typeof holdShape>
export const holdsShape = z.object({ holds: z.array(holdShape).describe('The newest first.') })
export const newHoldShape = z.strictObject({
  query: z.string().max(10_000),
  case: z.string().min(1).max(200),
  until: time.nullable().default(null),
})
export const holdChangeShape = z.strictObject({ until })
export const rotatedShape = z.object({ objects: count })
