import * as z from 'zod'
import { age, size } from '../../config/index.ts'
import { s3Schema } from '../lifecycle/archive/settings.ts'

const DAY = 86_400_000
const MIB = 1024 * 1024

/** Where a schedule may put its reports, besides sending them. */
const placeSchema = z
  .strictObject({ folder: z.string().min(1).optional(), s3: s3Schema.optional() })
  .refine(({ folder, s3 }) => (folder === undefined) !== (s3 === undefined), 'write either folder or s3')
export type PlaceSetting = z.output<typeof placeSchema>

/** Reports and exports: where their files are, how long they stay, and where schedules put them. */
export const reportsSchema = z.strictObject({
  /** The files of jobs; by default `reports` in the data folder. */
  folder: z.string().min(1).optional(),
  /** The folder of the organisation's own reports. */
  own: z.string().min(1).optional(),
  /** What the first page of a report shows. */
  organisation: z
    .strictObject({
      name: z.string().min(1).max(200),
      /** A PNG or SVG file. */
      logo: z.string().min(1).optional(),
    })
    .optional(),
  /** How long files stay after they were made. */
  keep: z
    .strictObject({
      exports: age({ min: 60_000 }).default(7 * DAY),
      reports: age({ min: 60_000 }).default(90 * DAY),
    })
    .prefault({}),
  /** All files together have at most this size. */
  room: size({ min: MIB }).default(10 * 1024 * MIB),
  /** Jobs that this indexer runs at once. */
  'at-once': z.int().min(1).max(16).default(1),
  /** Jobs of one user that wait or run. */
  waiting: z.int().min(1).max(1000).default(20),
  /** Larger files are not attached to mails; the mail then has a link. */
  attach: size({ min: 0 }).default(10 * MIB),
  places: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a name of a-z, 0-9, _ and -'),
      placeSchema,
    )
    .default({}),
})
export type ReportsConfig = z.output<typeof reportsSchema>

/** The settings with absolute paths. */
export const locatedReports = (reports: ReportsConfig, at: (path: string) => string): ReportsConfig => ({
  ...reports,
  ...(reports.folder !== undefined && { folder: at(reports.folder) }),
  ...(reports.own !== undefined && { own: at(reports.own) }),
  ...(reports.organisation !== undefined && {
    organisation: {
      ...reports.organisation,
      ...(reports.organisation.logo !== undefined && { logo: at(reports.organisation.logo) }),
    },
  }),
  places: Object.fromEntries(
    Object.entries(reports.places).map(([name, { folder, s3 }]) => [
      name,
      {
        ...(folder !== undefined && { folder: at(folder) }),
        ...(s3 !== undefined && { s3: s3.ca === undefined ? s3 : { ...s3, ca: at(s3.ca) } }),
      },
    ]),
  ),
})

/** The secrets of the settings, to notice that one has changed. */
export const reportSecrets = ({ places }: ReportsConfig): readonly (string | undefined)[] =>
  Object.values(places).flatMap(({ s3 }) => [
    s3?.['access-key-id']?.reveal(),
    s3?.['secret-access-key']?.reveal(),
  ])
