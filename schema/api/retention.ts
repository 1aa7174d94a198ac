import * as z from 'zod'
import { CATEGORIES, type Category } from '../categories.ts'

const age = z.string().max(20)
const rule = z.strictObject({
  searchable: age.describe('How long events stay searchable at least, such as 90d or 2y.'),
  archive: age.describe('How long the archive keeps them; `none`: they are not archived.'),
  warm: age.describe('When they move to cheaper nodes of a cluster; `none`: never.'),
  cold: age,
})
type Texts = z.output<typeof rule>
const byCategory = Object.fromEntries(CATEGORIES.map((category) => [category, rule])) as Record<
  Category,
  typeof rule
>
/** The retention table as retention.yml has it. */
export const retentionTableShape = z.strictObject(byCategory)
export type RetentionTableShape = Readonly<Record<Category, Texts>>

const time = z.number().describe('ms since 1970')
export const retentionShape = z.object({
  table: retentionTableShape,
  origin: z.enum(['file', 'console']).describe('`console`: somebody edited it, and the file does not count.'),
  version: z.int().nonnegative().describe('Of the table in the store; 0 if nobody has edited it.'),
  changed: z.object({ at: time, by: z.string() }).nullable(),
  earlier: z
    .array(z.object({ at: time, by: z.string(), table: z.record(z.string(), z.unknown()) }))
    .describe('Tables of before, the newest first.'),
  warnings: z.array(z.string()).describe('What outside of Waybill would delete events earlier.'),
})
export type RetentionShape = z.output<typeof retentionShape>

export const retentionAskedSchema = z.strictObject({ table: retentionTableShape })
export const newRetentionSchema = z.strictObject({
  table: retentionTableShape.nullable().describe('Null: the table of the file counts again.'),
  version: z.int().nonnegative().describe('The version that you change.'),
})

const count = z.int().nonnegative()
export const retentionPreviewShape = z.object({
  table: retentionTableShape.describe('As it would be saved.'),
  changes: z.array(z.object({ category: z.enum(CATEGORIES), before: z.string(), after: z.string() })),
  removed: z
    .array(
      z.object({
        name: z.string(),
        category: z.enum(CATEGORIES),
        events: count,
        bytes: count,
        first: time,
        last: time,
      }),
    )
    .describe('Partitions that would be removed from the store at the next round, within 15 minutes.'),
  waiting: z
    .array(z.object({ name: z.string(), category: z.enum(CATEGORIES), events: count, bytes: count }))
    .describe('Partitions whose time would be over, and which wait for the archive or a hold.'),
})
export type RetentionPreviewShape = z.output<typeof retentionPreviewShape>
