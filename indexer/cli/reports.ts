import type { Argv } from 'yargs'
import { type JobShape, PERIODS } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { AnswerError } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { begunSentence, JOB_HEAD, jobRows, jobsOf, outcomeLines, wholeId } from './job-list.ts'
import { OUTPUT_RULE, outputFor, type PathOf } from './job-output.ts'
import { beginJob, download, finished, jobOf, jobPath } from './jobs.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { withPlace } from './question.ts'
import { checkReports, listReports } from './report-declarations.ts'
import {
  type FilterGiven,
  filterOptions,
  filtersOf,
  formatOption,
  formatsOf,
  mailOf,
  names,
  reportProofOptions,
} from './report-options.ts'
import { scheduleCommands } from './report-schedules.ts'
import { tallTable } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      'list',
      'List the reports that can be made',
      (list) => list,
      (given) => listReports(given),
    )
    .command(
      'check [files..]',
      'Check files of reports: mistakes are named with their lines',
      (check) =>
        check.positional('files', {
          type: 'string',
          array: true,
          describe: 'Files or folders; by default the reports that come with Waybill',
        }),
      (given) => checkReports(given),
    )
    .command(
      'verify <report>',
      'Verify a report by its proof; `waybill verify` does the same',
      (verify) =>
        verify
          .positional('report', { type: 'string', demandOption: true, describe: 'The file' })
          .options(reportProofOptions),
      async (given) =>
        (await import('./verify-report.ts')).verifyReportFile(given.report, {
          ...given,
          format: given.json ? 'json' : 'text',
        }),
    )
    .command(
      'run <report>',
      'Make a report, and get its files',
      (run) =>
        run
          .positional('report', { type: 'string', demandOption: true, describe: 'The name of the report' })
          .option('from', {
            type: 'string',
            requiresArg: true,
            describe:
              'Events of this time or later: 2026-01-15 (from its beginning, in the zone of the report), now-30d',
          })
          .option('to', {
            type: 'string',
            requiresArg: true,
            describe: 'Events before this time; of a date, that day is covered too. By default now',
          })
          .option('last', {
            choices: PERIODS,
            requiresArg: true,
            describe:
              'In place of --from and --to: the last period of this kind that is over. Without all three: the last month',
          })
          .options(filterOptions)
          .option('format', { ...formatOption, default: 'pdf' })
          .option('output', {
            ...outputOption,
            describe: `${OUTPUT}; by default the name of the report with its period`,
          })
          .option('mail', names('Also send it to this address when it is ready'))
          .option('wait', {
            type: 'boolean',
            default: true,
            describe: 'With --no-wait only begin it; `waybill reports download` gets it later',
          }),
      (given) => run(given),
    )
    .command(
      'jobs',
      'List the reports and exports that are made, or were made lately',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'download <id>',
      'Get the files of a job; goes on where an earlier attempt ended',
      (get) =>
        identified(get).option('output', {
          ...outputOption,
          describe: `${OUTPUT}; by default the name that the indexer gave it`,
        }),
      (given) => get(given),
    )
    .command(
      'cancel <id>',
      'End a job that waits or runs',
      (cancel) => identified(cancel),
      (given) => cancel(given),
    )
    .command(
      'remove <id>',
      'Remove a job that is over, with its files',
      (remove) => identified(remove),
      (given) => remove(given),
    )
    .command('schedule', 'List, add, change, remove and run schedules of reports', (schedule) =>
      scheduleCommands(schedule),
    )
    .demandCommand(1, 'Name a command.')
    .epilogue(
      closing(
        [
          ['waybill reports run user-access --last month -f pdf', 'The report of last month, as PDF'],
          [
            'waybill reports run admin-activity --from 2026-10-01 --to 2026-10-07 -f pdf,csv',
            'Of a week, in two formats',
          ],
          ['waybill reports schedule add access --like monthly-access', 'Every month from now on'],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line or query; 3 the indexer is not reachable; 4 not found.',
      ),
    )
}

const outputOption = { alias: 'o', type: 'string', requiresArg: true } as const
const OUTPUT = `The file, ${OUTPUT_RULE}. With several formats each file has its own ending: -f pdf,csv -o may makes may.pdf and may.csv`

const identified = <Given>(cli: Argv<Given>) =>
  cli.positional('id', {
    type: 'string',
    demandOption: true,
    describe: 'The id of the job, as `waybill reports jobs` lists it, or its beginning',
  })

interface Given extends ConnectionGiven {
  readonly json: boolean
}
interface Identified extends Given {
  readonly id: string
}
interface RunGiven extends Given, FilterGiven {
  readonly report: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly last?: (typeof PERIODS)[number] | undefined
  readonly format: string
  readonly output?: string | undefined
  readonly mail?: string | undefined
  readonly wait: boolean
}

async function run(given: RunGiven): Promise<void> {
  const { from, to, last } = given
  if (last !== undefined && (from !== undefined || to !== undefined))
    throw new UsageError('--last can not be combined with --from and --to')
  const formats = formatsOf(given.format)
  const pathOf = await outputFor(given.output, formats)
  const client = connect(given)
  const asked = {
    makes: 'report',
    report: given.report,
    parameters: {
      ...filtersOf(given),
      ...(last !== undefined && { last }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    },
    formats,
    ...(given.mail !== undefined && { mail: true, mailTo: mailOf('--mail', given.mail) }),
  }
  const begun = await beginJob(client, asked).catch((error: unknown) => {
    throw withPlace(error, given.q ?? '', Date.now())
  })
  if (!given.wait) return writeLines(given.json ? jsonLines([begun]) : [begunSentence(begun)])
  await show(given, await finished(client, begun), pathOf)
}

async function get(given: Identified & { readonly output?: string | undefined }): Promise<void> {
  const client = connect(given)
  const job = await known(given, async () => jobOf(client, await wholeId(client, given.id)))
  const pathOf = await outputFor(given.output, job.formats)
  await show(given, await finished(client, job), pathOf)
}

async function show(given: Given, job: JobShape, pathOf: PathOf): Promise<void> {
  const paths = await download(connect(given), job, pathOf)
  if (given.json)
    return writeLines(jsonLines([{ job: job.id, files: paths, period: job.period, verdict: job.verdict }]))
  await writeLines([...paths, ...outcomeLines(job)].map((line) => harmless(line)))
}

async function list(given: Given): Promise<void> {
  const jobs = await jobsOf(connect(given))
  if (given.json) return writeLines(jsonLines(jobs))
  if (jobs.length === 0) {
    process.stderr.write('There is no job.\n')
    return
  }
  await writeLines(tallTable(JOB_HEAD, jobRows(jobs), terminalWidth(), paintFor(process.stdout)))
}

async function cancel(given: Identified): Promise<void> {
  const client = connect(given)
  const id = await wholeId(client, given.id)
  const job = await known({ id }, () => client.json(`${jobPath(id)}/cancel`, { method: 'POST' }))
  await writeLines(given.json ? jsonLines([job]) : [`The job ${harmless(id)} is cancelled.`])
}

async function remove(given: Identified): Promise<void> {
  const client = connect(given)
  const id = await wholeId(client, given.id)
  await known({ id }, () => client.json(jobPath(id), { method: 'DELETE' }))
  await writeLines(given.json ? jsonLines([{ id, removed: true }]) : [`The job ${harmless(id)} is removed.`])
}

async function known<Result>({ id }: { readonly id: string }, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no job ${harmless(id)}; \`waybill reports jobs\` lists them`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
}
