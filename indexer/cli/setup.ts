import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Argv } from 'yargs'
import { kibanaObjects, ndjsonOf } from '../../dashboards/kibana/index.ts'
import { ALERT_MAPPING, alertIndex, type WatchOptions, watchesFor } from '../../dashboards/watches/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { readRules, SUPPLIED_RULES } from '../alerts/index.ts'
import { folderOf, readIndexerConfig } from '../config.ts'
import { readRetention } from '../lifecycle/index.ts'
import {
  type ClusterSetup,
  differenceText,
  openSetup,
  type SetupPlan,
  type SetupStep,
  whyNoWatcher,
} from '../store/index.ts'
import { channelsOf } from './channels.ts'
import { connect } from './connection.ts'
import { UsageError } from './exit.ts'
import { importIntoKibana } from './kibana-import.ts'
import { writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'
import { indexerUrlOf, makeWatcherToken, type Webhook, webhookOf } from './webhook.ts'

export function options(cli: Argv) {
  const text = { type: 'string', requiresArg: true } as const
  return cli
    .option('config', {
      ...text,
      alias: 'c',
      default: 'indexer.yml',
      describe: 'The settings of the indexer: which cluster, namespace and retention',
    })
    .option('node', {
      ...text,
      describe: 'The cluster itself, in place of a config file: https://es1.example:9200',
    })
    .option('ca', { ...text, describe: "With --node: PEM of the authority of the cluster's certificates" })
    .option('namespace', { ...text, default: 'default', describe: 'With --node' })
    .option('retention', { ...text, describe: 'With --node: the file with the retention table' })
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Say what would be done, and do nothing',
    })
    .option('new-key', {
      type: 'boolean',
      default: false,
      describe: 'Make a new API key for the indexer, though there is one',
    })
    .option('key-file', {
      ...text,
      describe: 'Write the new API key to this file rather than to standard output',
    })
    .option('kibana', {
      ...text,
      describe: 'Import the dashboards into this Kibana: https://kibana.example:5601',
    })
    .option('console', {
      ...text,
      default: 'http://127.0.0.1:8600',
      describe: "With --kibana: the indexer's console, as a browser sees it",
    })
    .option('watcher', {
      type: 'boolean',
      default: false,
      describe: 'Have Elasticsearch run the alert rules that it can',
    })
    .option('rules', {
      ...text,
      default: SUPPLIED_RULES,
      defaultDescription: 'those that come with Waybill',
      describe: 'With --watcher: the folder of the rules',
    })
    .option('zone', {
      ...text,
      default: 'UTC',
      describe: 'With --watcher: the time zone of the organisation',
    })
    .option('channels', {
      ...text,
      default: '',
      describe: 'With --watcher: whom channels of the rules reach: security=soc@acme.example,security=#soc',
    })
    .option('indexer-url', {
      ...text,
      describe:
        'With --watcher: where Elasticsearch reaches the indexer, so that watches tell it their alerts',
    })
    .option('watcher-token-file', {
      ...text,
      defaultDescription: "watcher-token in the indexer's folder",
      describe:
        'With --indexer-url: the token of the watches; made (by whom WAYBILL_URL and `waybill login` say) and kept here where there is none. Or name it in WAYBILL_WATCHER_TOKEN',
    })
    .epilogue(
      closing(
        [
          [
            'waybill setup --config indexer.yml --dry-run',
            'What is missing or other than it should be, value by value',
          ],
          [
            'waybill setup --node https://es1.example:9200 --ca ca.pem --key-file /etc/waybill/es-key',
            'Before there is a key',
          ],
        ],
        'Who sets up is said in WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or WAYBILL_ES_API_KEY; else it is who the config file names.\nExit codes: 0 done, or nothing to do; 1 failed or refused; 2 wrong command line or settings.',
      ),
    )
}

interface Given {
  readonly config: string
  readonly node?: string | undefined
  readonly ca?: string | undefined
  readonly namespace: string
  readonly retention?: string | undefined
  readonly 'dry-run': boolean
  readonly 'new-key': boolean
  readonly 'key-file'?: string | undefined
  readonly kibana?: string | undefined
  readonly console: string
  readonly watcher: boolean
  readonly rules: string
  readonly zone: string
  readonly channels: string
  readonly 'indexer-url'?: string | undefined
  readonly 'watcher-token-file'?: string | undefined
}

interface Credentials {
  readonly username?: string
  readonly password?: string
  readonly apiKey?: string
}

interface Target extends Credentials {
  readonly nodes: readonly string[]
  readonly ca?: string
  readonly namespace: string
  readonly retention: string | undefined
  /** The indexer's own; null where no config file names it. */
  readonly folder: string | null
}

export async function run(given: Given): Promise<void> {
  const kibana = given.kibana === undefined ? null : urlOf(given.kibana)
  const channels = channelsOf(given.channels)
  const indexer = given['indexer-url'] === undefined ? null : indexerUrlOf(given['indexer-url'])
  const target = await targetOf(given)
  const setup = openSetup(target, {
    namespace: target.namespace,
    table: await readRetention(target.retention),
  })
  try {
    const plan = await setup.plan()
    const { name, version, license } = plan.cluster
    say(`${name}: Elasticsearch ${version}${license === null ? '' : `, licence ${license.type}`}.`)
    for (const notice of plan.notices) say(notice)
    if (given.watcher) {
      const why = whyNoWatcher(plan.cluster)
      if (why !== null)
        throw new OperatorError(
          `${why}, so nobody would run the alert rules: set up without --watcher, and run them over what is stored with \`waybill rules backtest\`.`,
        )
    }
    await carryOut(setup, plan.steps, given)
    if (given.watcher) {
      const webhook = await webhookFor(indexer, target, given)
      const options = { namespace: target.namespace, zone: given.zone, channels }
      await setUpWatches(setup, webhook === null ? options : { ...options, webhook }, given)
    }
    await setUpSecurity(setup, plan, given)
    if (kibana !== null) await setUpKibana(kibana, target, given)
  } finally {
    await setup.close()
  }
}

const say = (sentence: string): void => void process.stderr.write(`${harmless(sentence)}\n`)

async function carryOut(setup: ClusterSetup, steps: readonly SetupStep[], given: Given): Promise<void> {
  const dry = given['dry-run']
  const lines = steps.flatMap(({ change, kind, name, differences, note }) => [
    `${dry ? 'would ' : ''}${change} ${kind} ${name}`,
    ...(dry ? differences.flatMap(differenceText).map((line) => `    ${line}`) : []),
    ...(note === undefined ? [] : [`    ${note}`]),
  ])
  if (dry) return writeLines(lines.map((line) => harmless(line)))
  await setup.apply(steps)
  await writeLines(lines.map((line) => harmless(line)))
}

async function setUpSecurity(
  setup: ClusterSetup,
  { cluster, steps: before }: SetupPlan,
  given: Given,
): Promise<void> {
  const security = await setup.security(cluster, given['new-key'])
  if (security === null) return
  const { steps, key } = security
  await carryOut(setup, steps, given)
  if (key.note !== null) say(key.note)
  if (key.change === 'none') {
    if (before.length + steps.length === 0) say('All is as it should be.')
    return
  }
  if (given['dry-run']) return writeLines([`would ${key.change} API key ${key.name}`])
  const secret = await setup.applyKey(security)
  if (secret === null) return writeLines([`update API key ${key.name}`])
  const file = given['key-file']
  if (file === undefined) {
    say(
      `The API key ${key.name} is told this once; write it as store.elasticsearch.api-key, and set setup: none:`,
    )
    return writeLines([secret])
  }
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  } catch (error) {
    throw new OperatorError(
      `The API key ${key.name} was made and can't be written to ${file} (${reasonOf(error)}): make the file writable, and set up again with --new-key.`,
      { cause: error },
    )
  }
  await writeLines([`create API key ${key.name}, in ${file}`])
}

/** Watcher runs the rules that it can; nobody runs the others. */
async function setUpWatches(setup: ClusterSetup, options: WatchOptions, given: Given): Promise<void> {
  const { watches, left } = watchesFor(readRules(given.rules), options)
  const index = alertIndex(options.namespace)
  await carryOut(setup, await setup.watches({ index, mapping: ALERT_MAPPING, watches }), given)
  say(`Watcher runs ${watches.length} rules: ${watches.map(({ rule }) => rule).join(', ')}.`)
  for (const { rule, why } of left)
    say(
      `Nobody runs ${rule}: ${why}. \`waybill rules backtest ${rule} --from -1d\` says what it would have found.`,
    )
}

/** Watches tell the indexer only where they can reach it: only the operator knows where that is. */
async function webhookFor(indexer: URL | null, target: Target, given: Given): Promise<Webhook | null> {
  if (indexer === null) {
    say(
      'Watches keep their alerts in the cluster and tell the indexer none: name where Elasticsearch reaches it with --indexer-url https://indexer.example:8600, and alerts stand in the audit trail, too.',
    )
    return null
  }
  const { folder } = target
  const file = given['watcher-token-file'] ?? (folder === null ? undefined : join(folder, 'watcher-token'))
  const token = process.env.WAYBILL_WATCHER_TOKEN || undefined
  const webhook = await webhookOf(
    { indexer, token, file, dryRun: given['dry-run'] },
    () => makeWatcherToken(connect({})),
    say,
  )
  say(`Watches tell their alerts to ${webhook.url}.`)
  return webhook
}

async function setUpKibana(kibana: URL, target: Target, given: Given): Promise<void> {
  const objects = kibanaObjects({ namespace: target.namespace, console: given.console })
  if (given['dry-run']) return writeLines([`would import ${objects.length} objects into ${kibana.origin}`])
  const count = await importIntoKibana(kibana, authorizationOf(target), ndjsonOf(objects))
  await writeLines([`import ${count} objects into ${kibana.origin}`])
}

function authorizationOf({ username, password, apiKey }: Credentials): string | null {
  if (apiKey !== undefined) return `ApiKey ${apiKey}`
  if (username === undefined || password === undefined) return null
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function targetOf(given: Given): Promise<Target> {
  const own = credentialsOf(process.env)
  if (given.node !== undefined) {
    const { node, ca, namespace, retention } = given
    return {
      nodes: [urlOf(node).href],
      namespace,
      retention,
      folder: null,
      ...own,
      ...(ca !== undefined && { ca: readPem(ca) }),
    }
  }
  const config = await readIndexerConfig(given.config)
  const { elasticsearch } = config.store
  if (elasticsearch === undefined)
    throw new OperatorError(
      `${given.config} has the embedded store, which needs no setup; write store.elasticsearch, or name a cluster with --node.`,
      { exitCode: 2 },
    )
  const { nodes, ca, username, password, 'api-key': apiKey } = elasticsearch
  const fromFile: Credentials = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: password.reveal() }),
    ...(apiKey !== undefined && { apiKey: apiKey.reveal() }),
  }
  return {
    nodes,
    namespace: config.namespace,
    retention: config.retention,
    folder: folderOf(config),
    ...(Object.keys(own).length > 0 ? own : fromFile),
    ...(ca !== undefined && { ca: readPem(ca) }),
  }
}

function credentialsOf(env: NodeJS.ProcessEnv): Credentials {
  const { WAYBILL_ES_USERNAME: username, WAYBILL_ES_PASSWORD: password, WAYBILL_ES_API_KEY: apiKey } = env
  if (apiKey !== undefined) return { apiKey }
  if ((username === undefined) !== (password === undefined))
    throw new UsageError('WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD go together')
  return username === undefined || password === undefined ? {} : { username, password }
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is no URL such as https://es1.example:9200`)
  if (url.username !== '' || url.password !== '')
    throw new UsageError('A URL carries a password; give it in WAYBILL_ES_PASSWORD instead')
  return url
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError(`${file} can't be read: ${reasonOf(error)}`, { cause: error })
  }
}
