import type { Argv } from 'yargs'
import { exportAskedSchema, type REPORT_FORMATS } from '../../schema/api/index.ts'
import { timeText } from '../query/index.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { OUTPUT_RULE, outputFor } from './job-output.ts'
import { beginJob, download, finished } from './jobs.ts'
import { jsonLines, writeLines } from './output.ts'
import { queryPositional, spanOf, spanOptions, withPlace } from './question.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

const PRESETS = exportAskedSchema.shape.preset.unwrap().options
/** An export has rows alone; the others are for reports. */
const FORMATS = [
  'csv',
  'ndjson',
  'json',
  'xlsx',
] as const satisfies readonly (typeof REPORT_FORMATS)[number][]

export function options(cli: Argv) {
  return withConnection(cli)
    .positional('query', queryPositional)
    .options(spanOptions)
    .option('format', {
      alias: 'f',
      choices: FORMATS,
      default: 'csv' as const,
      describe: 'The format of the file',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `The file, ${OUTPUT_RULE}; by default export-TIME.FORMAT`,
    })
    .option('columns', {
      type: 'string',
      requiresArg: true,
      describe: 'Fields, separated by commas: time,user,ip',
    })
    .option('preset', {
      choices: PRESETS,
      requiresArg: true,
      describe: 'Instead: the columns that the export of this system has',
    })
    .option('order', {
      choices: ['newest', 'oldest'] as const,
      default: 'newest' as const,
      describe: 'What comes first',
    })
    .option('own', {
      type: 'boolean',
      default: false,
      describe: "Also find Waybill's own events of searches and views",
    })
    .option('json', jsonOption)
    .epilogue(
      closing(
        [
          [
            "waybill export 'category: security' --from now-30d -o security.csv",
            'Into a file, whole or not at all',
          ],
          ["waybill export 'source: clockify' --preset clockify -f csv", 'With the columns of Clockify'],
        ],
        'The indexer makes the file in the background. A download that breaks goes on where it ended, also with a later `waybill reports download`. For a few events, or for a pipe, use `waybill search --format csv`. Exit codes: 0 done; 1 failed or refused; 2 wrong command line or query; 3 the indexer is not reachable.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly query: readonly string[]
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly format: (typeof FORMATS)[number]
  readonly output?: string | undefined
  readonly columns?: string | undefined
  readonly preset?: (typeof PRESETS)[number] | undefined
  readonly order: 'newest' | 'oldest'
  readonly own: boolean
  readonly json: boolean
}

export async function run(given: Given): Promise<void> {
  const now = Date.now()
  const { from, to } = spanOf(given, now)
  const q = given.query.join(' ')
  const client = connect(given)
  const columns = given.columns?.split(',').map((name) => name.trim())
  try {
    const pathOf = await outputFor(given.output, [given.format])
    const begun = await beginJob(client, {
      makes: 'export',
      formats: [given.format],
      export: {
        q,
        ...(from !== undefined && { from: timeText(from) }),
        ...(to !== undefined && { to: timeText(to) }),
        ...(columns !== undefined && { columns }),
        ...(given.preset !== undefined && { preset: given.preset }),
        order: given.order,
        own: given.own,
      },
    })
    const job = await finished(client, begun)
    const paths = await download(client, job, pathOf)
    const rows = job.files[0]?.rows ?? 0
    await writeLines(
      given.json
        ? jsonLines([{ job: job.id, files: paths, rows }])
        : [`${rows === 1 ? '1 event' : `${rows} events`} in ${harmless(paths[0] ?? '')}.`],
    )
  } catch (error) {
    throw withPlace(error, q, now)
  }
}
