import * as z from 'zod'
import { mailAddress } from './accounts.ts'

/** Reports, exports, the jobs that make them, and their schedules. */

const count = z.int().nonnegative()
const time = z.number().int().describe('Milliseconds since 1970.')
const texts = z.array(z.string())

export const REPORT_FORMATS = ['pdf', 'html', 'csv', 'xlsx', 'json', 'ndjson'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** The periods of calendars that a report may cover; each is over when the report is made. */
export const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const
export type Period = (typeof PERIODS)[number]

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a-z, 0-9, _ and -, beginning with a letter or digit')

const values = z.array(z.string().min(1).max(1000)).max(100).default([])

/** What one report is asked for. */
export const reportParametersSchema = z.strictObject({
  from: z.string().max(64).optional().describe('Events of this time or later: a date, a date-time, now-30d.'),
  to: z.string().max(64).optional().describe('Events before this time.'),
  last: z
    .enum(PERIODS)
    .optional()
    .describe('In place of from and to: the last period of this kind that is over.'),
  zone: z.string().max(64).optional().describe('An IANA time zone; by default the one of the organisation.'),
  users: values.describe('Only what these users did, by name, id or mail address.'),
  people: values.describe(
    'Only what these people did, with all their accounts: by name, id, mail address or `system/account`.',
  ),
  entities: values.describe('Only events about records of these kinds.'),
  systems: values.describe('Only events of these sources.'),
  outcomes: z
    .array(z.enum(['success', 'failure', 'unknown']))
    .max(3)
    .default([])
    .describe('Only these outcomes; none: all.'),
  q: z.string().max(10_000).default('').describe("A further condition, in Kibana's language."),
  paper: z.enum(['a4', 'letter']).default('a4'),
})
export type ReportParameters = z.output<typeof reportParametersSchema>

const controlShape = z.object({
  framework: z.string(),
  control: z.string(),
  demands: z.string(),
  support: z.string(),
})

export const reportShape = z.object({
  id: z.string(),
  title: z.string(),
  about: z.string(),
  origin: z.enum(['supplied', 'own']).describe('`own`: a file of the folder that the settings name.'),
  needs: z.array(z.enum(['users'])).describe('Parameters that it can not be made without.'),
  columns: texts.describe('The titles of its rows; empty if it has none.'),
  sections: texts.describe('The titles of its findings.'),
  controls: z.array(controlShape),
  problem: z.string().nullable().describe('What is wrong with its file; null if nothing is.'),
})
export type ReportShape = z.output<typeof reportShape>

export const reportsShape = z.object({
  reports: z.array(reportShape),
  problem: z.string().nullable().describe('Why the folder of the reports can not be read; null if it can.'),
  zone: z
    .string()
    .describe('The time zone of the organisation, in which periods are unless another is given.'),
})

const cell = z.union([z.string(), z.number(), z.null()])
const columnKind = z.enum(['text', 'number', 'time', 'duration', 'share', 'id'])
const column = z.object({ title: z.string(), kind: columnKind })
const rowColumn = column.extend({ field: z.string() })
const section = z.object({
  title: z.string(),
  note: z.string(),
  chart: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('time'),
        unit: z.enum(['hour', 'day', 'week', 'month']),
        points: z.array(z.object({ at: time, count })),
      }),
      z.object({
        kind: z.literal('bars'),
        bars: z.array(z.object({ label: z.string(), count })),
        others: count,
      }),
    ])
    .nullable(),
  table: z.object({ columns: z.array(column), rows: z.array(z.array(cell)), more: count }).nullable(),
  events: z
    .object({
      query: z.string().describe('Finds the events of the section, within the period of the report.'),
      by: z.string().nullable().describe('The field whose values name the rows and the bars.'),
      rows: texts.describe('A further condition of each row; empty if it has none.'),
    })
    .optional()
    .describe('Where its figures come from; without it, it is not made of events.'),
})

/** A report on the screen: all of it but the rows, of which it has the first. */
export const reportPreviewShape = z.object({
  title: z.string(),
  about: z.string(),
  scope: z.string(),
  query: z.string(),
  zone: z.string(),
  period: z.object({ from: time, to: time }),
  requested: z.object({ by: z.string(), at: time }),
  facts: z.array(z.object({ name: z.string(), text: z.string() })),
  verdict: z.object({ complete: z.boolean(), sentence: z.string(), reasons: texts }),
  account: z.array(section),
  checkpoint: z.string().nullable(),
  findings: z.array(section),
  rows: z
    .object({
      columns: z.array(rowColumn),
      count,
      order: z.enum(['newest', 'oldest']),
      first: z.array(z.array(cell)).describe('The first rows.'),
    })
    .nullable(),
  controls: z.array(controlShape),
})
export type ReportPreviewShape = z.output<typeof reportPreviewShape>

export const reportAskedSchema = z.strictObject({
  report: z.string().min(1).max(100),
  parameters: reportParametersSchema.prefault({}),
})

/** An export of a search. */
export const exportAskedSchema = z.strictObject({
  q: z.string().max(10_000).default(''),
  from: z.string().max(64).optional(),
  to: z.string().max(64).optional(),
  own: z.boolean().default(false),
  columns: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(100)
    .optional()
    .describe('By default the usual ones.'),
  preset: z
    .enum(['clockify', 'strapi'])
    .optional()
    .describe('In place of columns: those that the export of this system has.'),
  order: z.enum(['newest', 'oldest']).default('newest'),
})
export type ExportAsked = z.output<typeof exportAskedSchema>

const formats = z.array(z.enum(REPORT_FORMATS)).min(1).max(REPORT_FORMATS.length)

export const newJobSchema = z.discriminatedUnion('makes', [
  z.strictObject({
    makes: z.literal('report'),
    report: z.string().min(1).max(100),
    parameters: reportParametersSchema.prefault({}),
    formats: formats.default(['pdf']),
    mail: z.boolean().default(false).describe('Sends a mail when it is ready.'),
    mailTo: mailAddress.optional().describe('By default your own address, if the indexer knows it.'),
  }),
  z.strictObject({
    makes: z.literal('export'),
    export: exportAskedSchema.prefault({}),
    formats: formats.default(['csv']),
    mail: z.boolean().default(false),
    mailTo: mailAddress.optional(),
  }),
])
export type NewJob = z.output<typeof newJobSchema>

export const JOB_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

const jobFile = z.object({
  name: z.string(),
  format: z.enum(REPORT_FORMATS),
  bytes: count,
  rows: count,
  sha256: z.string(),
  proof: z.string().nullable().describe('The name of its proof; null if the file has it within.'),
})

export const jobShape = z.object({
  id: z.string(),
  makes: z.enum(['report', 'export']),
  title: z.string(),
  report: z.string().nullable(),
  query: z.string(),
  period: z.object({ from: time.nullable(), to: time.nullable() }),
  formats,
  state: z.enum(JOB_STATES),
  by: z.string(),
  schedule: z.string().nullable().describe('The schedule that it was made for.'),
  late: z.boolean().describe('Made up: the indexer did not run when it was due.'),
  created: time,
  begun: time.nullable(),
  finished: time.nullable(),
  /** Rows written, of all rows of all files. */
  progress: z.object({ rows: count, of: count.nullable() }),
  reason: z.string().nullable().describe('Why it failed.'),
  verdict: z.object({ complete: z.boolean(), sentence: z.string() }).nullable(),
  files: z.array(jobFile),
  until: time.nullable().describe('When its files are removed.'),
  holder: z.string().describe('The indexer that has its files.'),
  here: z.boolean().describe('Whether this indexer has its files.'),
  deliveries: z.array(
    z.object({ to: z.string(), state: z.enum(['sent', 'failed', 'waiting']), reason: z.string().nullable() }),
  ),
  downloads: z.array(z.object({ by: z.string(), file: z.string(), at: time })),
})
export type JobShape = z.output<typeof jobShape>

export const jobsShape = z.object({ jobs: z.array(jobShape).describe('The newest first.') })

export const scheduleBodySchema = z.strictObject({
  title: z.string().min(1).max(200),
  report: z.string().min(1).max(100),
  parameters: reportParametersSchema.omit({ from: true, to: true, last: true }).prefault({}),
  covers: z.enum(PERIODS).describe('Each run covers the last such period that is over.'),
  cron: z
    .string()
    .min(1)
    .max(100)
    .describe('Minute, hour, day of the month, month, day of the week, on the clock of `zone`: 0 6 * * *.'),
  zone: z.string().max(64).optional(),
  formats: formats.default(['pdf']),
  to: z
    .array(
      z.union([
        z.strictObject({ mail: mailAddress }),
        z.strictObject({ role: z.enum(['viewer', 'auditor', 'manager', 'admin']) }),
        z.strictObject({ channel: z.string().min(1).max(64) }),
        z.strictObject({ place: name.describe('A destination of `reports.places` in the settings.') }),
      ]),
    )
    .max(50)
    .default([]),
  enabled: z.boolean().default(true),
})
export type ScheduleBody = z.output<typeof scheduleBodySchema>

export const putScheduleSchema = z.strictObject({
  schedule: scheduleBodySchema,
  version: z
    .int()
    .nonnegative()
    .optional()
    .describe('The version that it changes; without it, it must be new.'),
})

export const scheduleShape = z.object({
  id: name,
  schedule: scheduleBodySchema,
  version: z.int(),
  by: z.string().describe('It sees what this user may see.'),
  next: time.nullable().describe('When it runs next; null if it is switched off.'),
  last: z.object({ at: time, job: z.string(), state: z.enum(JOB_STATES) }).nullable(),
  problem: z.string().nullable().describe('Why it does not run.'),
})
export type ScheduleShape = z.output<typeof scheduleShape>
export const schedulesShape = z.object({
  schedules: z.array(scheduleShape),
  templates: z
    .array(z.object({ id: name, schedule: scheduleBodySchema }))
    .describe('Schedules to begin with, which are not made yet.'),
})

/** Schedules to begin with. */
export const SCHEDULE_TEMPLATES = {
  'monthly-access': {
    title: 'Monthly user access',
    report: 'user-access',
    covers: 'month',
    cron: '0 6 1 * *',
    formats: ['pdf'],
    to: [{ role: 'manager' }],
  },
  'weekly-security': {
    title: 'Weekly security summary',
    report: 'security-event',
    covers: 'week',
    cron: '0 6 * * mon',
    formats: ['pdf'],
    to: [{ role: 'admin' }],
  },
  'daily-admin': {
    title: 'Daily activity of administrators',
    report: 'admin-activity',
    covers: 'day',
    cron: '0 6 * * *',
    formats: ['pdf'],
    to: [{ role: 'admin' }],
  },
} as const satisfies Record<string, z.input<typeof scheduleBodySchema>>

export const SCHEDULE_TEMPLATE_NAMES = Object.keys(SCHEDULE_TEMPLATES) as [
  keyof typeof SCHEDULE_TEMPLATES,
  ...(keyof typeof SCHEDULE_TEMPLATES)[],
]

/** Which requirements have evidence in a period. */
export const coverageShape = z.object({
  period: z.object({ from: time, to: time }),
  frameworks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      version: z.string(),
      controls: z.array(
        z.object({
          control: z.string(),
          demands: z.string(),
          state: z
            .enum(['evidence', 'no-report', 'no-source'])
            .describe(
              '`no-report`: events are there, and no report was made; `no-source`: nothing reports such events.',
            ),
          events: count.describe('Events of the period that its reports would show.'),
          reports: z.array(
            z.object({
              id: z.string(),
              title: z.string(),
              support: z.string(),
              last: z.object({ job: z.string(), at: time, complete: z.boolean() }).nullable(),
            }),
          ),
          lacks: z.string().nullable().describe('What is missing, in a sentence.'),
        }),
      ),
    }),
  ),
})
export type CoverageShape = z.output<typeof coverageShape>
