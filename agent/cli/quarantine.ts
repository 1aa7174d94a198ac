import type { CommandModule } from 'yargs'
import { readAgentConfig } from '../config.ts'
import { askAgent } from '../control.ts'
import { createLog } from '../log.ts'
import { decideOffline, listQuarantine, showBatch } from '../ship/index.ts'
import { batchesText, batchText } from './batches.ts'
import { configOption, jsonOption } from './config-option.ts'

interface QuarantineArguments {
  action: 'list' | 'show' | 'retry' | 'discard'
  batch: string | undefined
  config: string
  json: boolean
}

export const quarantineCommand: CommandModule<object, QuarantineArguments> = {
  command: 'quarantine [action] [batch]',
  describe: 'Show, retry or discard batches that the indexer refused for good',
  builder: (yargs) =>
    yargs
      .positional('action', {
        choices: ['list', 'show', 'retry', 'discard'] as const,
        default: 'list' as const,
      })
      .positional('batch', { type: 'string', describe: 'Name of a batch, from the list' })
      .options({ ...configOption, ...jsonOption })
      .check((argv) => {
        if (argv.action !== 'list' && argv.batch === undefined) {
          throw new Error(`Name the batch: quarantine ${argv.action} BATCH`)
        }
        return true
      })
      .example('$0 quarantine list', '')
      .example('$0 quarantine retry BATCH', 'send it again, after the cause was corrected')
      .example('$0 quarantine discard BATCH', 'give it up; the ledger counts its events'),
  handler: async (argv) => {
    const { data } = (await readAgentConfig(argv.config, { withoutSecrets: true })).agent
    const batch = argv.batch ?? ''
    switch (argv.action) {
      case 'list': {
        const batches = await listQuarantine(data)
        process.stdout.write(
          `${argv.json ? JSON.stringify(batches) : batchesText(batches, 'Nothing is in quarantine.')}\n`,
        )
        return
      }
      case 'show': {
        const shown = await showBatch(data, batch)
        process.stdout.write(`${argv.json ? JSON.stringify(shown) : batchText(shown)}\n`)
        return
      }
      case 'retry':
      case 'discard': {
        const path = `/quarantine/${encodeURIComponent(batch)}/${argv.action}`
        const decision =
          (await askAgent(data, 'POST', path)) ??
          (await decideOffline(data, batch, argv.action, { log: createLog('warn') }))
        const done =
          argv.action === 'retry'
            ? `${batch} is back in the spool; the agent sends it again.`
            : `${batch} is discarded; the ledger counts its events as discarded.`
        process.stdout.write(`${argv.json ? JSON.stringify(decision) : done}\n`)
      }
    }
  },
}
