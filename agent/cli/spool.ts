import type { CommandModule } from 'yargs'
import { readAgentConfig } from '../config.ts'
import { listSpool, showBatch } from '../ship/index.ts'
import { batchesText, batchText } from './batches.ts'
import { configOption, jsonOption } from './config-option.ts'

interface SpoolArguments {
  action: 'list' | 'show'
  batch: string | undefined
  config: string
  json: boolean
}

export const spoolCommand: CommandModule<object, SpoolArguments> = {
  command: 'spool [action] [batch]',
  describe: 'Show the sealed batches that are not acknowledged yet',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'show'] as const, default: 'list' as const })
      .positional('batch', { type: 'string', describe: 'Name of a batch, from the list' })
      .options({ ...configOption, ...jsonOption })
      .check((argv) => {
        if (argv.action !== 'list' && argv.batch === undefined)
          throw new Error(`Name the batch: spool ${argv.action} BATCH`)
        return true
      })
      .example('$0 spool list', ''),
  handler: async (argv) => {
    const { data } = (await readAgentConfig(argv.config, { withoutSecrets: true })).agent
    if (argv.action === 'show') {
      const shown = await showBatch(data, argv.batch ?? '')
      process.stdout.write(`${argv.json ? JSON.stringify(shown) : batchText(shown)}\n`)
    } else {
      const batches = await listSpool(data)
      process.stdout.write(
        `${argv.json ? JSON.stringify(batches) : batchesText(batches, 'The spool is empty: all is acknowledged.')}\n`,
      )
    }
  },
}
