import { existsSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { CommandModule } from 'yargs'
import { OperatorError } from '../../schema/index.ts'
import {
  type Column,
  Coverage,
  columnProblem,
  type Examined,
  examine,
  formatProblem,
  framingFor,
  INTEGRATIONS,
  type Integration,
  isIntegrationPath,
  loadIntegration,
  optimise,
  withColumns,
} from '../normalise/index.ts'
import { jsonOption } from './config-option.ts'
import { examinedText, neverMatchedText } from './examined-text.ts'
import { betterFor } from './first-look.ts'
import { readSample } from './sample.ts'

interface TestArguments {
  integration: string
  file: string | undefined
  json: boolean
  line: number | undefined
  'time-zone': string
  column: string[]
  'time-format': string[]
  all: boolean
}

export const testCommand: CommandModule<object, TestArguments> = {
  command: 'test <integration> [file]',
  describe: 'Show the event of each record of a file, field by field',
  builder: (yargs) =>
    yargs
      .positional('integration', {
        type: 'string',
        demandOption: true,
        describe: 'A name, or the path of an integration.yml',
      })
      .positional('file', {
        type: 'string',
        describe: "A file of the system [default: the integration's samples]",
      })
      .options({
        line: { type: 'number', describe: 'Only the record that this line belongs to' },
        'time-zone': { type: 'string', default: 'UTC', describe: 'Zone of times without one' },
        all: {
          type: 'boolean',
          default: false,
          describe: 'List all paths and types that no record matched',
        },
        column: {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'The column of a field, as under columns: in agent.yml: user.name=Bearbeiter',
        },
        'time-format': {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'The format of the times in a --column, such as "DD.MM.YYYY HH:mm"',
        },
        ...jsonOption,
      })
      .example('$0 test clockify audit-log.csv', 'before the agent reads the file')
      .example('$0 test ./shop.yml shop.log --line 17', 'one record, and why it fails'),
  handler: async (argv) => {
    // This command processes up to 256 MiB. An idle agent needs no compiler.
    optimise()
    const named = await loadIntegration(argv.integration)
    const integration = withColumns(named, columnsOf(argv.column, argv['time-format'], named))
    const files = argv.file === undefined ? samplesOf(argv.integration) : [argv.file]
    const coverage = new Coverage(integration, named.like === null ? null : await loadIntegration(named.like))
    let failed = false
    for (const file of files) {
      const bytes = read(file, argv['time-zone'])
      const about = { path: file, timeZone: argv['time-zone'], host: hostname(), now: Date.now() }
      const records = examine(integration, bytes, { ...about, framing: framingFor(integration), coverage })
      const chosen = argv.line === undefined ? records : [recordAt(records, argv.line, file)]
      failed ||= chosen.some(({ outcome }) => outcome === 'failed')
      if (argv.json)
        for (const record of chosen) process.stdout.write(`${JSON.stringify(asData(file, record))}\n`)
      else
        process.stdout.write(examinedText(file, chosen, process.stdout.isTTY ? process.stdout.columns : null))
      const other = argv.file === undefined ? null : await betterFor(integration, bytes, about)
      if (other !== null) process.stderr.write(`${file}: ${other}.\n`)
    }
    if (argv.line === undefined) {
      const never = coverage.neverMatched()
      process.stdout.write(
        argv.json ? `${JSON.stringify({ neverMatched: never })}\n` : neverMatchedText(never, argv.all),
      )
    }
    if (failed) process.exitCode = 1
  },
}

function columnsOf(
  said: readonly string[],
  formats: readonly string[],
  integration: Integration,
): Record<string, Column> {
  const wrong = formats.flatMap((format) => formatProblem(format) ?? [])[0]
  if (wrong !== undefined) throw new OperatorError('WB-USAGE', `--time-format: ${wrong}.`, { exitCode: 2 })
  const columns: Record<string, Column> = {}
  for (const one of said) {
    const [, name = '', column = ''] = /^([^=]+)=(.+)$/s.exec(one) ?? []
    const problem =
      column === '' ? `expected NAME=COLUMN, such as user.name=Bearbeiter` : columnProblem(integration, name)
    if (problem !== null) throw new OperatorError('WB-USAGE', `--column ${one}: ${problem}.`, { exitCode: 2 })
    const isTime = columnProblem(integration, name, ['auto']) === null
    columns[name] = {
      names: [...(columns[name]?.names ?? []), column],
      format: isTime ? formats : [],
    }
  }
  if (formats.length > 0 && Object.values(columns).every(({ format }) => format.length === 0))
    throw new OperatorError(
      'WB-USAGE',
      '--time-format needs a --column for a time, such as --column @timestamp=Datum.',
      {
        exitCode: 2,
      },
    )
  return columns
}

function read(file: string, timeZone: string): Buffer {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new OperatorError(
      'WB-USAGE',
      `${timeZone} is not a time zone; name one such as Europe/Berlin or UTC.`,
      {
        exitCode: 2,
      },
    )
  }
  return readSample(file)
}

/** The samples beside an integration. */
function samplesOf(nameOrPath: string): string[] {
  const folder = join(
    isIntegrationPath(nameOrPath) ? dirname(nameOrPath) : join(INTEGRATIONS, nameOrPath),
    'samples',
  )
  if (!existsSync(folder)) {
    throw new OperatorError(
      'WB-SAMPLE-UNUSABLE',
      `${nameOrPath} has no samples (${folder}): name a file to read.`,
      { exitCode: 2 },
    )
  }
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}

function recordAt(records: readonly Examined[], line: number, file: string): Examined {
  const found = records.findLast((record) => record.line <= line)
  if (found === undefined)
    throw new OperatorError('WB-SAMPLE-UNUSABLE', `${file} has no record at line ${line}.`, { exitCode: 4 })
  return found
}

const asData = (file: string, { masked, ...record }: Examined): unknown => ({
  file,
  ...record,
  masked: Object.fromEntries(masked),
})
