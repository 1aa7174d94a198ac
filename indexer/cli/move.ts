import type { Argv } from 'yargs'
import { OperatorError } from '../../schema/index.ts'
import { folderOf, type IndexerConfig, readIndexerConfig } from '../config.ts'
import { readRetention } from '../lifecycle/index.ts'
import { copyAll, finishedAt, finishMove, type Here, type Side, type Statement } from '../move/index.ts'
import { openStore } from '../open-store.ts'
import {
  openEmbeddedSource,
  type Store,
  StoreFullError,
  type StoreSource,
  StoreUnavailableError,
} from '../store/index.ts'
import { type Credentials, credentialsOf } from './cluster-credentials.ts'
import { UsageError, writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  const text = { type: 'string', requiresArg: true } as const
  return cli
    .option('from', {
      ...text,
      default: 'indexer.yml',
      describe: 'The settings of the indexer as it runs now',
    })
    .option('to', {
      ...text,
      demandOption: true,
      describe: 'The settings for the new place: a copy of the file, with another store',
    })
    .option('finish', {
      type: 'boolean',
      default: false,
      describe: 'After the indexer was stopped: copy the rest, verify everything, close the old store',
    })
    .option('accept-damage', {
      type: 'boolean',
      default: false,
      describe: 'With --finish: leave behind what is damaged in the old store',
    })
    .epilogue(
      closing(
        [
          [
            'waybill move --from indexer.yml --to cluster.yml',
            'Copies while the indexer runs and agents ship; run it again as often as you like',
          ],
          [
            'waybill move --from indexer.yml --to cluster.yml --finish',
            'Once the indexer is stopped; then start it with --config cluster.yml',
          ],
        ],
        "Run it on the indexer's host, as its user. It can be killed at any moment: the next run continues. The old store stays as it is.\nFor a cluster give the user of the setup in WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or a key in WAYBILL_ES_API_KEY; else those of the settings are used.\nExit codes: 0 copied, or with --finish moved and verified; 1 failed or refused; 2 wrong command line or settings.",
      ),
    )
}

interface Given {
  readonly from: string
  readonly to: string
  readonly finish: boolean
  readonly 'accept-damage': boolean
}

const say = (sentence: string): void => void process.stderr.write(`${harmless(sentence)}\n`)

export async function run(given: Given): Promise<void> {
  // The store holds secrets, and its files are for this user only.
  process.umask(0o077)
  const from = await readIndexerConfig(given.from)
  const to = await readIndexerConfig(given.to)
  demandFit(from, to, given)
  const credentials = credentialsOf(process.env)
  try {
    await (given.finish ? finish : copy)(from, to, credentials, given)
  } catch (thrown) {
    const isFull = thrown instanceof StoreFullError
    if (!isFull && !(thrown instanceof StoreUnavailableError)) throw thrown
    throw new OperatorError(
      isFull ? 'WB-STORE-FULL' : 'WB-STORE-UNAVAILABLE',
      `The move was interrupted: ${thrown.message}. Then run it again: it continues where it was`,
      { cause: thrown },
    )
  }
}

function demandFit(from: IndexerConfig, to: IndexerConfig, given: Given): void {
  if (from.namespace !== to.namespace)
    throw new UsageError(
      `${given.from} has namespace ${from.namespace}, and ${given.to} has ${to.namespace}: agents sealed their events for ${from.namespace}, so write namespace: ${from.namespace}`,
    )
  if (placeOf(from) === placeOf(to))
    throw new UsageError(`${given.from} and ${given.to} name the same store: ${placeOf(from)}`)
  if (folderOf(from) === folderOf(to))
    throw new UsageError(
      `${given.from} and ${given.to} name the same folder ${folderOf(from)}: the new indexer needs a folder of its own until the old store is removed`,
    )
}

const placeOf = ({ store: { embedded, elasticsearch }, namespace }: IndexerConfig): string =>
  embedded !== undefined
    ? `the embedded store in ${embedded.path}`
    : `namespace ${namespace} of the cluster at ${elasticsearch?.nodes.join(', ')}`

async function opened(
  config: IndexerConfig,
  credentials: Credentials,
  setup: 'automatic' | 'none',
): Promise<Store> {
  const table = await readRetention(config.retention)
  return openStore(config, { table, log: say, cluster: { ...credentials, setup } })
}

/** A source whose indexer may be running. */
async function openedSource(config: IndexerConfig, credentials: Credentials): Promise<StoreSource> {
  const { embedded } = config.store
  return embedded === undefined ? opened(config, credentials, 'none') : openEmbeddedSource(embedded.path)
}

async function copy(
  from: IndexerConfig,
  to: IndexerConfig,
  credentials: Credentials,
  given: Given,
): Promise<void> {
  const source = await openedSource(from, credentials)
  try {
    const target = await opened(to, credentials, 'automatic')
    try {
      say(`Copying ${placeOf(from)} to ${placeOf(to)}.`)
      const copied = await copyAll({
        source,
        target,
        from: placeOf(from),
        to: placeOf(to),
        now: Date.now,
        report: progress(),
      })
      for (const { agent, incarnation, sequence, where } of copied.damaged)
        say(`Damaged in the source: waybill ${sequence} of ${agent}, incarnation ${incarnation}: ${where}`)
      await writeLines([
        `copied ${copied.waybills} waybills with ${copied.events} events, all that is there now`,
      ])
      say(
        [
          'Agents still ship to the old store. Copy again shortly before the switch, so that little is left.',
          'For the switch: stop the indexer (agents wait, and lose nothing); then run',
          `  waybill move --from ${given.from} --to ${given.to} --finish`,
          `and start the indexer with --config ${given.to}.`,
        ].join('\n'),
      )
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function finish(
  from: IndexerConfig,
  to: IndexerConfig,
  credentials: Credentials,
  given: Given,
): Promise<void> {
  const source = await openedAlone(from, credentials, given, 'none')
  try {
    const target = await openedAlone(to, credentials, given, 'automatic')
    try {
      const sides = { from: sideOf(source, from), to: sideOf(target, to) }
      const at = await finishedAt(sides.from, sides.to)
      const lines =
        at === null
          ? linesOf(
              await finishMove({
                ...sides,
                acceptsDamage: given['accept-damage'],
                now: Date.now,
                say,
                report: progress(),
              }),
              placeOf(from),
              placeOf(to),
            )
          : [`moved and verified at ${new Date(at).toISOString()}: ${placeOf(from)} is now ${placeOf(to)}`]
      await writeLines(lines.map((line) => harmless(line)))
      say(
        `Start the indexer with --config ${given.to}. The old store stays as it is, and no indexer starts on it any more: remove it when you no longer want to compare.`,
      )
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Opens a store that no indexer may use meanwhile. */
async function openedAlone(
  config: IndexerConfig,
  credentials: Credentials,
  given: Given,
  setup: 'automatic' | 'none',
): Promise<Store> {
  try {
    return await opened(config, credentials, setup)
  } catch (thrown) {
    if (!(thrown instanceof OperatorError) || thrown.code !== 'WB-STORE-IN-USE') throw thrown
    throw new OperatorError(
      'WB-STORE-IN-USE',
      `${placeOf(config)} is in use: stop the indexer first (agents wait, and lose nothing), then run this again. Until then copy without --finish: waybill move --from ${given.from} --to ${given.to}`,
      { cause: thrown },
    )
  }
}

const sideOf = (store: Store, config: IndexerConfig): Side => ({
  store,
  place: placeOf(config),
  indexer: { folder: folderOf(config), secretsKey: config['secrets-key']?.reveal() ?? null },
})

const REPORTED_EVERY = 5_000

function progress(): (here: Here) => void {
  let last = performance.now()
  return ({ waybills, events }) => {
    if (performance.now() - last < REPORTED_EVERY) return
    last = performance.now()
    say(`${waybills} waybills with ${events} events copied so far`)
  }
}

function linesOf(moved: Statement, from: string, to: string): string[] {
  const gone = moved.withoutLines > 0 ? `, ${moved.withoutLines} waybills have no line any more` : ''
  return [
    `moved and verified: ${from} is now ${to}`,
    `  waybills      ${moved.waybills} in ${moved.chains} chains, all signatures and answers alike; ${moved.gaps} numbers missing, in both alike`,
    `  events        ${moved.events}, each with its line, id, time of receipt, seal and additions`,
    `  roots         ${moved.proved} computed again from the lines of the new store, all as signed${gone}`,
    `  dead letters  ${moved.deadLetters}`,
    `  records       ${moved.records}: agents, users, tokens, settings, sessions, saved searches`,
    ...moved.damage.map((sentence) => `  damaged in the old store: ${sentence}`),
  ]
}
