import yargs, { type Argv } from 'yargs'
import { noOption } from '../../config/index.ts'
import { VERSION } from '../../config/version.ts'
import { codedText, OperatorError } from '../../schema/index.ts'
import { checkCommand } from './check.ts'
import { enrollCommand } from './enroll.ts'
import { proposeCommand } from './propose.ts'
import { quarantineCommand } from './quarantine.ts'
import { runCommand } from './run.ts'
import { setupCommand } from './setup.ts'
import { spoolCommand } from './spool.ts'
import { statusCommand } from './status.ts'
import { testCommand } from './test.ts'

const USAGE_EXIT = 2

/** Options that may be repeated. yargs makes a list of any repeated option. */
const LISTS: ReadonlySet<string> = new Set(['_', 'column', 'file', 'time-format', 'timeFormat'])

/** A wrong command line: the operator's mistake, shown without a stack trace. */
class UsageError extends Error {}

/** The commands, without what checks a command line: manual pages and completions are made of them, too. */
export const declare = (cli: Argv) =>
  cli
    .scriptName('waybill-agent')
    .usage(
      '$0 <command>\n\nReads audit files, seals their records into batches and ships them to an indexer.',
    )
    .command(setupCommand)
    .command(enrollCommand)
    .command(runCommand)
    .command(checkCommand)
    .command(testCommand)
    .command(proposeCommand)
    .command(statusCommand)
    .command(spoolCommand)
    .command(quarantineCommand)
    .completion('completion', 'Print a completion script: add its output to ~/.bashrc or ~/.zshrc')
    .epilogue(
      'Exit codes: 0 done; 1 failed or refused; 2 wrong command line or settings; 3 the indexer is not reachable; 4 not found.',
    )

const cli = (argv: readonly string[]) =>
  declare(yargs([...argv]))
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
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .fail((message, error) => {
      throw error ?? new UsageError(message)
    })

/** `waybill-agent`: executes a command line and sets the exit code. */
export async function commandLine(argv: readonly string[]): Promise<void> {
  try {
    await cli(argv).parseAsync()
  } catch (error) {
    if (error instanceof UsageError) {
      const message = await sentence(error.message, argv)
      process.stderr.write(`${codedText({ code: 'WB-USAGE', message })}\nSee: waybill-agent --help\n`)
      process.exitCode = USAGE_EXIT
    } else if (error instanceof OperatorError) {
      process.stderr.write(`${codedText(error)}\n`)
      process.exitCode = error.exitCode
    } else {
      process.stderr.write(
        `This is a defect of waybill-agent; please report it:\n${error instanceof Error ? error.stack : error}\n`,
      )
      process.exitCode = 1
    }
  }
}

/** Returns yargs' message about a wrong command line. For an unknown option it adds the option that was probably meant. */
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
