import * as z from 'zod'
import {
  exportAskedSchema,
  JOB_STATES,
  type JobShape,
  type Permission,
  REPORT_FORMATS,
  reportParametersSchema,
  scheduleBodySchema,
} from '../../../schema/api/index.ts'

import type { Visibility } from '../../accounts/index.ts'
import { printQuery } from '../../query/index.ts'

/** A job as its record has it. docs/formats.md describes it. */

/** The kind of the records. */
export const JOB_KIND = 'report-job'

const count = z.int().nonnegative()
const time = z.number()

const fileSchema = z.object({
  name: z.string(),
  format: z.enum(REPORT_FORMATS),
  bytes: count,
  rows: count,
  sha256: z.string(),
  /** The name of the file with its proof; null if it has none, or has it within. */
  proof: z.string().nullable(),
  /** The bytes of that file. */
  proofBytes: count,
})
export type JobFile = z.output<typeof fileSchema>

/** Who asked for it. It sees what this requester may see when it runs. */
const requesterSchema = z.object({
  name: z.string(),
  /** The id of the user; null for tokens of no user, and for the operator of this machine. */
  user: z.string().nullable(),
})
export type Requester = z.output<typeof requesterSchema>

export const recipientSchema = scheduleBodySchema.shape.to.unwrap().element
export type Recipient = z.output<typeof recipientSchema>

const deliverySchema = z.object({
  /** For people: an address, `channel ops`, `place board`. */
  to: z.string(),
  by: recipientSchema,
  state: z.enum(['waiting', 'sent', 'failed']),
  reason: z.string().nullable(),
  attempts: count,
  /** When it is tried next. */
  due: time,
})
export type Delivery = z.output<typeof deliverySchema>

export const jobSchema = z.object({
  format: z.literal(1),
  work: z.discriminatedUnion('makes', [
    z.object({ makes: z.literal('report'), report: z.string(), parameters: reportParametersSchema }),
    z.object({ makes: z.literal('export'), export: exportAskedSchema }),
  ]),
  title: z.string(),
  query: z.string(),
  period: z.object({ from: time.nullable(), to: time.nullable() }),
  formats: z.array(z.enum(REPORT_FORMATS)).min(1),
  requester: requesterSchema,
  schedule: z.string().nullable(),
  late: z.boolean(),
  /** When the run before of its schedule was. */
  previous: time.nullable(),
  /** Who gets it. */
  recipients: z.array(recipientSchema),
  created: time,
  begun: time.nullable(),
  finished: time.nullable(),
  state: z.enum(JOB_STATES),
  /** How often it was begun, without those times when the indexer was stopped in good order. */
  tries: count,
  /** It is not begun before. */
  notBefore: time,
  /** The process that runs it, and until when nobody else takes it over. */
  lease: z.object({ by: z.string(), until: time }).nullable(),
  progress: z.object({ rows: count, of: count.nullable() }),
  reason: z.string().nullable(),
  verdict: z.object({ complete: z.boolean(), sentence: z.string() }).nullable(),
  files: z.array(fileSchema),
  /** What its requester could see when it was made; null until then. */
  sight: z.string().nullable(),
  /** When its files are removed. */
  until: time.nullable(),
  /** The indexer that has its files. */
  holder: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** Null until it is known who gets it: roles are resolved when it is done. */
  deliveries: z.array(deliverySchema).nullable(),
  downloads: z.array(z.object({ by: z.string(), file: z.string(), at: time })),
})
export type JobRecord = z.output<typeof jobSchema>
export type Job = JobRecord & { readonly id: string }

/** A text that is the same for the same view: limits and masked fields. */
export const sightOf = ({ only, mask }: Visibility): string =>
  JSON.stringify([only === null ? null : printQuery(only), mask.named.toSorted()])

/** The permission that making and reading it needs. */
export const permissionFor = ({ work }: Pick<JobRecord, 'work'>): Extract<Permission, 'report' | 'export'> =>
  work.makes

export const isOver = ({ state }: Pick<JobRecord, 'state'>): boolean =>
  state !== 'waiting' && state !== 'running'

/** A job for a client; `here` is the id of this indexer. */
export function shapeOf(job: Job, here: string): JobShape {
  return {
    id: job.id,
    makes: job.work.makes,
    title: job.title,
    report: job.work.makes === 'report' ? job.work.report : null,
    query: job.query,
    period: job.period,
    formats: job.formats,
    state: job.state,
    by: job.requester.name,
    schedule: job.schedule,
    late: job.late,
    created: job.created,
    begun: job.begun,
    finished: job.finished,
    progress: job.progress,
    reason: job.reason,
    verdict: job.verdict,
    files: job.files.map(({ proofBytes: _, ...file }) => file),
    until: job.until,
    holder: job.holder?.name ?? '',
    here: job.holder?.id === here,
    deliveries: (job.deliveries ?? []).map(({ to, state, reason }) => ({ to, state, reason })),
    downloads: job.downloads,
  }
}
