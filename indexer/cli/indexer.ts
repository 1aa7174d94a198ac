import type { Argv } from 'yargs'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return cli
    .option('config', {
      alias: 'c',
      type: 'string',
      default: 'indexer.yml',
      requiresArg: true,
      describe: 'The settings of the indexer',
    })
    .epilogue(
      closing(
        [
          [
            'waybill indexer --config /etc/waybill/indexer.yml',
            'Runs until SIGTERM or Ctrl-C; SIGHUP reads the settings again',
          ],
        ],
        'Exit codes: 0 stopped by a signal; 1 failed; 2 wrong command line or settings.',
      ),
    )
}

export async function run(given: { readonly config: string }): Promise<void> {
  // The server with all it needs is loaded only here: the other commands only ask it.
  const { runIndexer } = await import('../server.ts')
  process.exitCode = await runIndexer(given.config)
}
