import * as z from 'zod'
import { formatProblem } from './normalise/index.ts'

/** Settings that entries of all kinds have. */

export const timeZone = z.string().refine((zone) => {
  // A shortcut for the most common zone, so that not all time zones are loaded.
  if (zone === 'UTC') return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}, 'expected a time zone such as Europe/Berlin or UTC')

const column = z.string().min(1, 'expected the name of a column').max(256, 'expected at most 256 characters')

const columnNames = z.union([
  column.transform((one) => [one]),
  z.array(column).min(1, 'expected at least one column'),
])

const timeFormats = z
  .union([z.string().transform((one) => [one]), z.array(z.string()).min(1).max(16)], {
    error: 'expected the format of its times, such as "DD.MM.YYYY HH:mm"',
  })
  .superRefine((formats, context) => {
    for (const message of formats.flatMap((format) => formatProblem(format) ?? []))
      context.addIssue({ code: 'custom', message })
  })

/** Column names in the records for a field, or for a name that the integration knows: one or several, with a format for times. */
export const columns = z
  .record(
    z.string(),
    z.union([
      columnNames.transform((names) => ({ names, format: [] as string[] })),
      z
        .strictObject({
          from: columnNames,
          format: timeFormats,
        })
        .transform(({ from, format }) => ({ names: from, format })),
    ]),
  )
  .default({})
