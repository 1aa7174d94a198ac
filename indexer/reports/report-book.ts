import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, parseConfig } from '../../config/index.ts'
import { reasonOf } from '../../schema/index.ts'
import { type Declaration, declarationSchema } from './declaration.ts'

/** The reports that come with Waybill. */
export const SUPPLIED_REPORTS: string = fileURLToPath(new URL('../../config/reports', import.meta.url))

const SUFFIX = '.yml'

/** A declared report, or what is wrong with its file. */
export interface BookReport {
  readonly id: string
  readonly file: string
  readonly origin: 'supplied' | 'own'
  readonly declaration: Declaration | null
  /** Each mistake with file and line; null if there is none. */
  readonly problem: string | null
}

export interface ReportBook {
  /** By title. */
  readonly reports: readonly BookReport[]
  /** Why the folder of own reports can't be read; null if it can, or none is named. */
  readonly problem: string | null
}

/** Reads all reports: the supplied ones, and those of a folder of the operator's own, which may replace a supplied one of the same name. */
export function readReports(own: string | undefined): ReportBook {
  const reports = new Map<string, BookReport>()
  for (const report of reportsIn(SUPPLIED_REPORTS, 'supplied')) reports.set(report.id, report)
  let problem: string | null = null
  if (own !== undefined) {
    try {
      for (const report of reportsIn(own, 'own')) {
        const supplied = reports.get(report.id)
        // A mistake in a file must not take a supplied report away.
        reports.set(
          report.id,
          report.declaration === null && supplied !== undefined
            ? { ...supplied, problem: `${report.problem}\nUntil then the supplied report is made.` }
            : report,
        )
      }
    } catch (error) {
      problem = `The folder ${own} of the reports can't be read: ${reasonOf(error)}. Correct reports.own in indexer.yml, or make the folder.`
    }
  }
  const title = ({ id, declaration }: BookReport): string => declaration?.title ?? id
  return { reports: [...reports.values()].sort((a, b) => (title(a) < title(b) ? -1 : 1)), problem }
}

export function reportsIn(folder: string, origin: BookReport['origin']): BookReport[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => readReport(join(folder, name), origin))
}

export function readReport(file: string, origin: BookReport['origin'] = 'own'): BookReport {
  const id = basename(file, SUFFIX)
  const wrong = (problem: string): BookReport => ({ id, file, origin, declaration: null, problem })
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
    return wrong(
      `${file}: rename this file; the name of a report has up to 64 small letters, digits and "-", and begins with a letter or digit`,
    )
  try {
    const text = readFileSync(file, 'utf8')
    return {
      id,
      file,
      origin,
      declaration: { id, ...parseConfig(text, file, declarationSchema) },
      problem: null,
    }
  } catch (error) {
    if (error instanceof ConfigError)
      return wrong(
        error.problems
          .map(({ line, path, problem }) => `${file}:${line}: ${path === '' ? '' : `${path}: `}${problem}`)
          .join('\n'),
      )
    return wrong(`${file} can't be read: ${reasonOf(error)}`)
  }
}

/** The files of a folder of reports; none if it can't be read. */
export function reportFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => join(folder, name))
  } catch {
    // `readReports` says so.
    return []
  }
}
