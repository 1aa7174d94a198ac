import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { EXIT } from './exit.ts'

const EXIT_CODES = `Exit codes:
  ${EXIT.done}  done
  ${EXIT.failed}  failed or refused
  ${EXIT.usage}  wrong command line, or a query that can't be understood
  ${EXIT.unreachable}  the indexer is not reachable
  ${EXIT.notFound}  not found`

function version(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown'
}

/** What may come several times: yargs makes a list of any option that does. */
const LISTS: ReadonlySet<string> = new Set(['_', 'query', 'ids', 'types', 'names'])

/** The command line is wrong, in the words of yargs. */
class CommandLine extends Error {}

const cli = (argv: readonly string[]) =>
  yargs([...argv])
    .scriptName('waybill')
    .usage('$0 <command>\n\nSearches audit events, and looks after the indexer that stores them.')
    .command(
      'search [query..]',
      'Search events',
      async (cli) => (await import('./search.ts')).options(cli),
      async (given) => (await import('./search.ts')).run(given),
    )
    .command(
      'count [query..]',
      'Count events, split by time or by the values of a field',
      async (cli) => (await import('./count.ts')).options(cli),
      async (given) => (await import('./count.ts')).run(given),
    )
    .command(
      'show <event-id>',
      'Show one event with its changes and its original line',
      async (cli) => (await import('./show.ts')).options(cli),
      async (given) => (await import('./show.ts')).run(given),
    )
    .command('agents', 'List agents, make enrolment tokens, revoke an agent', async (cli) =>
      (await import('./agents.ts')).commands(cli),
    )
    .command('dead-letters', 'Look after events that could not be stored', async (cli) =>
      (await import('./dead-letters.ts')).commands(cli),
    )
    .command('events', 'Say which event types are recorded, switch them on and off', async (cli) =>
      (await import('./events.ts')).commands(cli),
    )
    .command('rules', 'List the alert rules, try them on their examples and on what is stored', async (cli) =>
      (await import('./rules.ts')).commands(cli),
    )
    .command(
      'setup',
      'Give an Elasticsearch cluster what Waybill needs: policies, templates, roles, a key, dashboards, watches',
      async (cli) => (await import('./setup.ts')).options(cli),
      async (given) => (await import('./setup.ts')).run(given),
    )
    .command(
      'storage',
      'Say how much is stored, how fast it grows, and what retention keeps',
      async (cli) => (await import('./storage.ts')).options(cli),
      async (given) => (await import('./storage.ts')).run(given),
    )
    .command(
      'login',
      'Sign in with name and password',
      async (cli) => (await import('./login.ts')).options(cli),
      async (given) => (await import('./login.ts')).run(given),
    )
    .command(
      'logout',
      'Sign out',
      async (cli) => (await import('./login.ts')).logoutOptions(cli),
      async (given) => (await import('./login.ts')).logout(given),
    )
    .command('users', 'Look after who may sign in, and as what', async (cli) =>
      (await import('./users.ts')).commands(cli),
    )
    .command('tokens', 'Look after tokens for programs', async (cli) =>
      (await import('./tokens.ts')).commands(cli),
    )
    .command(
      'indexer',
      'Run an indexer',
      async (cli) => (await import('./indexer.ts')).options(cli),
      async (given) => (await import('./indexer.ts')).run(given),
    )
    .completion('completion', 'Print a completion script: add its output to ~/.bashrc or ~/.zshrc')
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .check((given) => {
      for (const [option, value] of Object.entries(given))
        if (Array.isArray(value) && !LISTS.has(option)) throw new CommandLine(`--${option} is given twice`)
      return true
    }, true)
    .version(version())
    .alias('h', 'help')
    .epilogue(EXIT_CODES)
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .fail((said, error) => {
      throw error ?? new CommandLine(said)
    })

/** `waybill`: does what a command line says, and sets the exit code. A command's own file is read when it is used, so that `--help` answers at once. */
export async function commandLine(argv: readonly string[]): Promise<void> {
  try {
    await cli(argv).parseAsync()
  } catch (thrown) {
    // yargs has errors of its own about the command line, and throws some past `fail`.
    const isUsage = thrown instanceof CommandLine || (thrown instanceof Error && thrown.name === 'YError')
    const error = isUsage
      ? await (await import('./usage.ts')).usageError(thrown.message, argv, (command) =>
          cli(command).getHelp(),
        )
      : thrown
    if (error instanceof OperatorError) {
      const { harmless } = await import('./terminal.ts')
      process.stderr.write(`waybill: ${harmless(error.message, '\n')}\n`)
      process.exitCode = error.exitCode
    } else {
      const trace = error instanceof Error ? error.stack : reasonOf(error)
      process.stderr.write(`waybill: this is a mistake of waybill itself, please report it:\n${trace}\n`)
      process.exitCode = EXIT.failed
    }
  }
}
