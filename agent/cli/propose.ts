import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { CommandModule } from 'yargs'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { examine, framingFor, likelierText, mostLikely, optimise } from '../normalise/index.ts'
import { type Proposal, propose, slugOf } from '../propose/index.ts'
import { examinedText } from './examined-text.ts'
import { readSample } from './sample.ts'
import { harmless, table } from './table.ts'

interface ProposeArguments {
  file: string
  name: string | undefined
  output: string
  show: number
  yes: boolean
  overwrite: boolean
}

export const proposeCommand: CommandModule<object, ProposeArguments> = {
  command: 'propose <file>',
  describe: 'Propose an integration for a new source, from a sample file',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'Some records of the source' })
      .options({
        name: {
          type: 'string',
          requiresArg: true,
          describe: "The integration's name [default: from the file's name]",
        },
        output: {
          type: 'string',
          requiresArg: true,
          default: 'integration.yml',
          describe: 'The file to write',
        },
        show: { type: 'number', default: 3, describe: 'How many records to show' },
        yes: {
          type: 'boolean',
          default: false,
          describe: 'Write it without asking, unless the file exists',
        },
        overwrite: { type: 'boolean', default: false, describe: 'Replace an existing file' },
      })
      .example('$0 propose audit.json', 'shows the result, and asks')
      .example('$0 propose export.csv --name shop --output shop/integration.yml --yes', 'for a script'),
  handler: async (argv) => {
    optimise()
    const name = nameOf(argv)
    const bytes = readSample(argv.file)
    const proposal = await propose(argv.file, bytes, { name, now: Date.now() })
    if (proposal.records === 0)
      throw new OperatorError(
        'WB-SAMPLE-UNUSABLE',
        `${argv.file} has no readable record (${proposal.form}).`,
        {
          exitCode: 2,
        },
      )
    const known = await mostLikely(bytes, {
      path: argv.file,
      timeZone: 'UTC',
      host: hostname(),
      now: Date.now(),
    })
    process.stdout.write(shown(argv.file, bytes, proposal, argv.show))
    if (known !== null) process.stderr.write(`${argv.file}: ${likelierText(known, proposal.integration)}.\n`)
    await write(argv, proposal)
  },
}

function nameOf({ name, file }: ProposeArguments): string {
  const slug = slugOf(name ?? basename(file).replace(/\.[^.]*$/, ''))
  if (name !== undefined && slug !== name)
    throw new OperatorError(
      'WB-USAGE',
      `--name ${name}: expected a-z, 0-9 and _, such as ${slug === '' ? 'shop' : slug}.`,
      { exitCode: 2 },
    )
  return slug === '' ? 'source' : slug
}

function shown(
  file: string,
  bytes: Buffer,
  { integration, text, found, form, records }: Proposal,
  show: number,
): string {
  const about = { path: file, timeZone: 'UTC', host: hostname(), now: Date.now() }
  const examined = examine(integration, bytes, { ...about, framing: framingFor(integration) })
  const first = examined.filter(({ outcome }) => outcome !== 'skipped').slice(0, Math.max(0, show))
  const rows = found.map(({ field, from, why }) => [field, from, why])
  return [
    `${harmless(file)}: ${form}, ${records} records.`,
    '',
    rows.length === 0
      ? 'No member could be recognised by its name or values.'
      : table(['FIELD', 'FROM', 'WHY'], rows),
    missing(found.map(({ field }) => field)),
    '',
    text.replace(/[^\P{Cc}\n]/gu, '\ufffd'),
    'Events of the first records:',
    '',
    examinedText(file, first, process.stdout.isTTY ? process.stdout.columns : null),
  ].join('\n')
}

const WANTED: readonly (readonly [name: string, fields: readonly string[]])[] = [
  ['time', ['@timestamp']],
  ['user', ['user.name', 'user.email', 'user.id']],
  ['address', ['source.ip']],
  ['action', ['event.action']],
]

function missing(fields: readonly string[]): string {
  const names = WANTED.filter(([, any]) => !any.some((field) => fields.includes(field))).map(([name]) => name)
  return names.length === 0
    ? ''
    : `Not found: ${names.join(', ')}. Name the members under fields: by hand, if the records have them.`
}

async function write({ output, yes, overwrite }: ProposeArguments, { text }: Proposal): Promise<void> {
  const isThere = existsSync(output)
  const next = `Then: waybill-agent test ./${output} FILE`
  if (!yes && !overwrite) {
    if (!process.stdin.isTTY || !process.stdout.isTTY) {
      process.stderr.write(
        `Nothing was written, since there is no terminal to ask. --yes writes ${output}.\n`,
      )
      return
    }
    const question = isThere ? `${output} already exists. Replace it?` : `Write this to ${output}?`
    if (!(await isAgreed(question))) {
      process.stderr.write('Nothing was written.\n')
      return
    }
  } else if (isThere && !overwrite) {
    throw new OperatorError(
      'WB-FILE-EXISTS',
      `${output} already exists: use --overwrite to replace it, or --output for another file.`,
    )
  }
  try {
    mkdirSync(dirname(output), { recursive: true })
    writeFileSync(output, text)
  } catch (error) {
    throw new OperatorError('WB-FILE-UNWRITABLE', `${output} can't be written: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  process.stderr.write(`${output} was written. ${next.replace('././', './').replace('.//', '/')}\n`)
}

async function isAgreed(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(?:es)?$/i.test((await asking.question(`${question} [y/N] `)).trim())
  } finally {
    asking.close()
  }
}
