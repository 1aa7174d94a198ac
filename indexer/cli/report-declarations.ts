import { statSync } from 'node:fs'
import { reportsShape } from '../../schema/api/index.ts'
import { codeOf, reasonOf } from '../../schema/index.ts'
import { type BookReport, readControls, readReport, reportsIn, SUPPLIED_REPORTS } from '../reports/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect } from './connection.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'

/** The reports that an indexer can make. */
export async function listReports(given: ConnectionGiven & { readonly json: boolean }): Promise<void> {
  const { reports, problem } = understood(reportsShape, await connect(given).json('/v1/reports'))
  if (given.json) return writeLines(jsonLines(reports))
  const rows = reports.map(({ id, title, about, needs, problem }) => [
    id,
    title,
    harmless(problem ?? (needs.length === 0 ? about : `${about} Needs --users.`)),
  ])
  await writeLines([
    ...table(['REPORT', 'TITLE', 'WHAT IT SHOWS'], rows, terminalWidth(), paintFor(process.stdout)),
    ...(problem === null ? [] : ['', harmless(problem)]),
  ])
}

/** Checks files of reports before an indexer reads them; without any, those that come with Waybill. */
export async function checkReports({
  files,
}: {
  readonly files?: readonly string[] | undefined
}): Promise<void> {
  const places = files === undefined || files.length === 0 ? [SUPPLIED_REPORTS] : files
  const reports = places.flatMap(reportsAt)
  const controls = places.filter(isFolder).flatMap((place) => readControls(place).problems)
  const problems = [...reports.flatMap(({ problem }) => problem ?? []), ...controls]
  await writeLines([
    ...problems.map((problem) => harmless(problem, '\n')),
    `${reports.length} ${reports.length === 1 ? 'report' : 'reports'}, ${problems.length === 0 ? 'all of them in order' : `${problems.length} with mistakes`}`,
  ])
  if (problems.length > 0) process.exitCode = EXIT.failed
}

const reportsAt = (place: string): BookReport[] =>
  isFolder(place) ? reportsIn(place, 'own') : [readReport(place)]

function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new UsageError(`There is no file ${place}`, 'WB-FILE-MISSING')
    throw new UsageError(`${place} can't be read: ${reasonOf(error)}`, 'WB-FILE-UNREADABLE')
  }
}
