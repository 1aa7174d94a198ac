import yargs, { type Argv } from 'yargs'
import { VERSION } from '../../config/version.ts'
import { codedText, OperatorError, reasonOf } from '../../schema/index.ts'
import { EXIT } from './output.ts'

const EXIT_CODES = `Exit codes:
  ${EXIT.done}  done
  ${EXIT.failed}  failed or refused
  ${EXIT.usage}  wrong command line, or a query that can't be understood
  ${EXIT.unreachable}  the indexer is not reachable
  ${EXIT.notFound}  not found`

/** The options that may be repeated: yargs makes a list of any repeated option. */
const LISTS: ReadonlySet<string> = new Set([
  'paths',
  'channels',
  '_',
  'query',
  'ids',
  'types',
  'name',
  'names',
  'files',
  'event',
  'alert',
])

/** The command line is wrong, in the words of yargs. */
class CommandLine extends Error {}

/** The commands, without what checks a command line: manual pages and completions are made of them, too. */
export const declare = (cli: Argv) =>
  cli
    .scriptName('waybill')
    .usage('$0 <command>\n\nSearches audit events, and manages the indexer that stores them.')
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
      'export [query..]',
      'Export all events of a search into a file',
      async (cli) => (await import('./export.ts')).options(cli),
      async (given) => (await import('./export.ts')).run(given),
    )
    .command('reports', 'Make reports, get their files, and schedule them', async (cli) =>
      (await import('./reports.ts')).commands(cli),
    )
    .command(
      'show <event-id>',
      'Show one event with its changes and its original line',
      async (cli) => (await import('./show.ts')).options(cli),
      async (given) => (await import('./show.ts')).run(given),
    )
    .command(
      'proof <event-id>',
      'Write all that proves one event into a file',
      async (cli) => (await import('./proof.ts')).options(cli),
      async (given) => (await import('./proof.ts')).run(given),
    )
    .command('log', 'Show the transparency log, prove waybills by it, give it a new key', async (cli) =>
      (await import('./log.ts')).commands(cli),
    )
    .command(
      'people',
      'List people with their accounts in all systems, join and part accounts',
      async (cli) => (await import('./people.ts')).commands(cli),
    )
    .command('agents', 'List agents, make enrolment tokens, revoke an agent', async (cli) =>
      (await import('./agents.ts')).commands(cli),
    )
    .command('dead-letters', 'List, replay or discard events that could not be stored', async (cli) =>
      (await import('./dead-letters.ts')).commands(cli),
    )
    .command('events', 'Show which event types are recorded, and switch them on and off', async (cli) =>
      (await import('./events.ts')).commands(cli),
    )
    .command(
      'rules',
      'List, write, check, test and switch the alert rules, and explain why one did not fire',
      async (cli) => (await import('./rules.ts')).commands(cli),
    )
    .command('alerts', 'See and handle alerts', async (cli) => (await import('./alerts.ts')).commands(cli))
    .command('cases', 'Gather events, alerts, searches and notes in cases, and export them', async (cli) =>
      (await import('./cases.ts')).commands(cli),
    )
    .command('channels', 'List the channels by which people hear of incidents, and test them', async (cli) =>
      (await import('./channels.ts')).commands(cli),
    )
    .command('silences', 'List silences, begin and end them', async (cli) =>
      (await import('./silences.ts')).commands(cli),
    )
    .command(
      'setup',
      'Set up an Elasticsearch cluster: policies, templates, roles, a key, dashboards, watches',
      async (cli) => (await import('./setup.ts')).options(cli),
      async (given) => (await import('./setup.ts')).run(given),
    )
    .command(
      'status',
      'Show whether anything is wrong, since when, and where to look',
      async (cli) => (await import('./status.ts')).options(cli),
      async (given) => (await import('./status.ts')).run(given),
    )
    .command(
      'storage',
      'Show how much is stored, how fast it grows, and what retention keeps',
      async (cli) => (await import('./storage.ts')).options(cli),
      async (given) => (await import('./storage.ts')).run(given),
    )
    .command(
      'archive',
      'Archive events, and list, verify, search, restore and export the archive',
      async (cli) => (await import('./archive.ts')).commands(cli),
    )
    .command('hold', 'List, make and end legal holds, which keep events beyond their time', async (cli) =>
      (await import('./hold.ts')).commands(cli),
    )
    .command(
      'up',
      'Set up and start the indexer of this machine: TLS, first administrator, store, retention',
      async (cli) => (await import('./up.ts')).options(cli),
      async (given) => (await import('./up.ts')).run(given),
    )
    .command(
      'size',
      'Estimate disk, cores and machines for a number of events a second',
      async (cli) => (await import('./size.ts')).options(cli),
      async (given) => (await import('./size.ts')).run(given),
    )
    .command(
      'move',
      'Move everything to another store: from the embedded store to a cluster, or back',
      async (cli) => (await import('./move.ts')).options(cli),
      async (given) => (await import('./move.ts')).run(given),
    )
    .command(
      'verify [report]',
      'Verify a store or a report, and name what was changed, removed or inserted',
      async (cli) => (await import('./verify.ts')).options(cli),
      async (given) => (await import('./verify.ts')).run(given),
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
    .command('users', 'List and manage users and their roles', async (cli) =>
      (await import('./users.ts')).commands(cli),
    )
    .command('tokens', 'List, make and revoke tokens for programs', async (cli) =>
      (await import('./tokens.ts')).commands(cli),
    )
    .command(
      'indexer',
      'Run an indexer',
      async (cli) => (await import('./indexer.ts')).options(cli),
      async (given) => (await import('./indexer.ts')).run(given),
    )
    .completion('completion', 'Print a completion script: add its output to ~/.bashrc or ~/.zshrc')
    .epilogue(EXIT_CODES)

const cli = (argv: readonly string[]) =>
  declare(yargs([...argv]))
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .check((given) => {
      for (const [option, value] of Object.entries(given))
        if (Array.isArray(value) && !LISTS.has(option)) throw new CommandLine(`--${option} is given twice`)
      return true
    }, true)
    .version(VERSION)
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .fail((said, error) => {
      throw error ?? new CommandLine(said)
    })

/**
 * `waybill`: runs a command line, and sets the exit code. A command's own file is loaded when it is used, so that `--help` answers at once.
 */
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
      process.stderr.write(`waybill: ${harmless(codedText(error), '\n')}\n`)
      process.exitCode = error.exitCode
    } else {
      const trace = error instanceof Error ? error.stack : reasonOf(error)
      process.stderr.write(`waybill: this is a defect of waybill; please report it:\n${trace}\n`)
      process.exitCode = EXIT.failed
    }
  }
}
