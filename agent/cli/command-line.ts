import yargs from 'yargs'
import { noOption } from '../../config/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { VERSION } from '../version.ts'
import { checkCommand } from './check.ts'
import { enrollCommand } from './enroll.ts'
import { proposeCommand } from './propose.ts'
import { quarantineCommand } from './quarantine.ts'
import { runCommand } from './run.ts'
import { spoolCommand } from './spool.ts'
import { statusCommand } from './status.ts'
import { testCommand } from './test.ts'

const USAGE_EXIT = 2

/** What may come several times: yargs makes a list of any option that does. */
const LISTS: ReadonlySet<string> = new Set(['_', 'column', 'time-format', 'timeFormat'])

/** A wrong command line: not our mistake, and no stack trace. */
class UsageError extends Error {}

const cli = (argv: readonly string[]) =>
  yargs([...argv])
    .scriptName('waybill-agent')
    .usage(
      '$0 <command>\n\nReads audit files, seals their records into batches and ships them to an indexer.',
    )
    .command(enrollCommand)
    .command(runCommand)
    .command(checkCommand)
    .command(testCommand)
    .command(proposeCommand)
    .command(statusCommand)
    .command(spoolCommand)
    .command(quarantineCommand)
    .completion('completion', 'Print a completion script: add its output to ~/.bashrc or ~/.zshrc')
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .check((given) => {
      for (const [option, value] of Object.entries(given)) {
        if (Array.isArray(value) && !LISTS.has(option)) throw new UsageError(`--${option} is given twice.`)
        if (Number.isNaN(value)) throw new UsageError(`--${option} takes a number.`)
      }
      return true
    }, true)
    .version(VERSION)
    .alias('h', 'help')
    .epilogue(
      'Exit codes: 0 done; 1 failed or refused; 2 wrong command line or settings; 3 the indexer is not reachable; 4 not found.',
    )
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .fail((message, error) => {
      throw error ?? new UsageError(message)
    })

/** `waybill-agent`: does what a command line says, and sets the exit code. */
export async function commandLine(argv: readonly string[]): Promise<void> {
  try {
    await cli(argv).parseAsync()
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${await sentence(error.message, argv)}\nSee: waybill-agent --help\n`)
      process.exitCode = USAGE_EXIT
    } else if (error instanceof OperatorError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = error.exitCode
    } else {
      process.stderr.write(
        `This is a mistake of waybill-agent itself, please report it:\n${error instanceof Error ? error.stack : error}\n`,
      )
      process.exitCode = 1
    }
  }
}

/** What yargs says about a wrong command line; of an option that does not exist, with the one that was probably meant. */
async function sentence(said: string, given: readonly string[]): Promise<string> {
  const unknown = /^Unknown arguments?: (.+)/.exec(said)?.[1]?.split(', ') ?? []
  if (
    unknown.length === 0 ||
    !unknown.some((name) =>
      given.some((word) => /^--?/.test(word) && word.replace(/^--?|=.*$/g, '') === name),
    )
  )
    return said
  const words = given.filter((word) => /^[a-z]+$/.test(word)).slice(0, 1)
  return noOption(unknown, await cli(words).getHelp())
}
