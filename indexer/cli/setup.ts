import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { kibanaObjects, ndjsonOf } from '../../dashboards/kibana/index.ts'
import { alertIndex, type WatchOptions, watchesFor } from '../../dashboards/watches/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { Mask, queryOfLimits } from '../accounts/index.ts'
import { type ParsedRule, readRules, SUPPLIED_RULES } from '../alerts/index.ts'
import { ABSENT, folderOf, type IndexerConfig, readIndexerConfig } from '../config.ts'
import { editedTable, readRetention } from '../lifecycle/index.ts'
import type { Query } from '../query/index.ts'
import { ALERT_MAPPING, justWhat } from '../store/elasticsearch/index.ts'
import {
  type ClusterSetup,
  differenceText,
  openSetup,
  type RememberedOptions,
  type SetupPlan,
  type SetupStep,
  type Withheld,
  whyNoWatcher,
} from '../store/index.ts'
import { type Credentials, credentialsOf } from './cluster-credentials.ts'
import { connect } from './connection.ts'
import { importIntoKibana } from './kibana-import.ts'
import { EXIT, UsageError, writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'
import { indexerUrlOf, makeWatcherToken, type Webhook, webhookOf } from './webhook.ts'

const CONSOLE = 'http://127.0.0.1:8600'

export function options(cli: Argv) {
  const text = { type: 'string', requiresArg: true } as const
  return cli
    .option('config', {
      ...text,
      alias: 'c',
      default: 'indexer.yml',
      describe: 'The settings of the indexer, for cluster, namespace and retention',
    })
    .option('node', {
      ...text,
      describe: 'The cluster, instead of a config file: https://es1.example:9200',
    })
    .option('ca', { ...text, describe: "With --node: PEM of the authority of the cluster's certificates" })
    .option('namespace', { ...text, default: 'default', describe: 'With --node' })
    .option('retention', { ...text, describe: 'With --node: the file with the retention table' })
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Show what would be done, and do nothing',
    })
    .option('shorten', {
      type: 'boolean',
      default: false,
      describe: 'Allow a retention table that keeps stored events for a shorter time',
    })
    .option('new-key', {
      type: 'boolean',
      default: false,
      describe: 'Make a new API key for the indexer, even if there is one',
    })
    .option('key-file', {
      ...text,
      describe: 'Write the new API key to this file rather than to standard output',
    })
    .option('kibana', {
      ...text,
      describe: 'Import the dashboards into this Kibana: https://kibana.example:5601',
    })
    .option('space', {
      ...text,
      describe:
        'The Kibana space of the dashboards and the roles [default: the default space, and roles for all]',
    })
    .option('console', {
      ...text,
      defaultDescription: CONSOLE,
      describe: "With --kibana: the indexer's console, as a browser sees it",
    })
    .option('watcher', {
      type: 'boolean',
      default: false,
      describe: 'Let Elasticsearch run the alert rules that it can',
    })
    .option('rules', {
      ...text,
      defaultDescription: 'those that come with Waybill',
      describe: 'With --watcher: the folder of the rules',
    })
    .option('zone', {
      ...text,
      defaultDescription: 'UTC',
      describe: 'With --watcher: the time zone of the organisation',
    })
    .option('channels', {
      ...text,
      describe:
        'With --watcher: recipients of the channels of the rules: security=soc@acme.example,security=#soc',
    })
    .option('indexer-url', {
      ...text,
      describe:
        "With --watcher: the indexer's address as Elasticsearch reaches it, so that watches report their alerts",
    })
    .option('watcher-token-file', {
      ...text,
      defaultDescription: "watcher-token in the indexer's folder",
      describe:
        'With --indexer-url: the file with the token of the watches. Setup makes a token if there is none (with the access of WAYBILL_URL and `waybill login`). Or give one in WAYBILL_WATCHER_TOKEN',
    })
    .epilogue(
      closing(
        [
          [
            'waybill setup --config indexer.yml --dry-run',
            'Shows what is missing or differs, value by value',
          ],
          [
            'waybill setup --node https://es1.example:9200 --ca ca.pem --key-file /etc/waybill/es-key',
            'For the first setup, without a key',
          ],
        ],
        'Give the user of the setup in WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or a key in WAYBILL_ES_API_KEY; else setup uses those of the config file.\nSetup remembers --channels, --console, --indexer-url, --rules, --space and --zone in the cluster; an empty text forgets one.\nExit codes: 0 done, or nothing to do; 1 failed or refused; 2 wrong command line or settings.',
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
  readonly shorten: boolean
  readonly 'new-key': boolean
  readonly 'key-file'?: string | undefined
  readonly kibana?: string | undefined
  readonly console?: string | undefined
  readonly space?: string | undefined
  readonly watcher: boolean
  readonly rules?: string | undefined
  readonly zone?: string | undefined
  readonly channels?: string | undefined
  readonly 'indexer-url'?: string | undefined
  readonly 'watcher-token-file'?: string | undefined
}

interface Target extends Credentials {
  readonly nodes: readonly string[]
  readonly ca?: string
  readonly namespace: string
  readonly retention: string | undefined
  /** The indexer's own; null if no config file names it. */
  readonly folder: string | null
  /** What masks and limits of the config file hide, by role. */
  readonly withheld: Readonly<Record<string, Withheld>>
}

export async function run(given: Given): Promise<void> {
  const kibana = given.kibana === undefined ? null : urlOf(given.kibana)
  // A wrong one is refused before the cluster is asked.
  if (given.channels !== undefined) channelsOf(given.channels)
  if (given['indexer-url']) indexerUrlOf(given['indexer-url'])
  const target = await targetOf(given)
  const setup = openSetup(target, {
    namespace: target.namespace,
    table: async (records) => editedTable(records, await readRetention(target.retention)),
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
          'WB-WATCHER',
          `${why}. The indexer itself runs the alert rules: set up without --watcher.`,
        )
    }
    demandNoShortening(plan.steps, given)
    const options = await optionsOf(setup, given)
    await carryOut(setup, plan.steps, given)
    if (given.watcher) {
      const webhook = await webhookFor(options['indexer-url'], target, given)
      const watching = {
        namespace: target.namespace,
        zone: options.zone ?? 'UTC',
        channels: channelsOf(options.channels ?? ''),
        ...(webhook !== null && { webhook }),
      }
      await setUpWatches(setup, watching, options.rules ?? SUPPLIED_RULES, given)
    }
    await setUpSecurity(setup, plan, { options, target }, given)
    if (kibana !== null) await setUpKibana(kibana, target, options, given)
    if (!given['dry-run']) await setup.remember(options)
  } finally {
    await setup.close()
  }
}

/** Returns the given options, or else those of the last setup: omitting an option must not undo it. An empty text does. */
async function optionsOf(setup: ClusterSetup, given: Given): Promise<RememberedOptions> {
  const before = await setup.remembered()
  const options: RememberedOptions = {}
  for (const name of ['channels', 'console', 'indexer-url', 'rules', 'space', 'zone'] as const) {
    const value = given[name] ?? before[name]
    if (value === undefined || value === '') continue
    options[name] = name === 'rules' ? resolve(value) : value
    if (given[name] === undefined) say(`As in the last setup: --${name} ${value}`)
  }
  return options
}

/** Refuses to shorten the life of events unless asked to: deleted events can't be recovered. */
function demandNoShortening(steps: readonly SetupStep[], given: Given): void {
  const shortening = steps.filter(({ shortens }) => shortens !== undefined)
  if (shortening.length === 0 || given.shorten || given['dry-run']) return
  throw new OperatorError(
    'WB-RETENTION-SHORTER',
    [
      'Nothing was changed, since the retention table would keep stored events for a shorter time:',
      ...shortening.map(({ kind, name, shortens }) => `  ${kind} ${name} ${shortens}`),
      'Run setup again with --shorten if you mean it, or correct the table.',
    ].join('\n'),
  )
}

const say = (sentence: string): void => void process.stderr.write(`${harmless(sentence)}\n`)

async function carryOut(setup: ClusterSetup, steps: readonly SetupStep[], given: Given): Promise<void> {
  const dry = given['dry-run']
  const lines = steps.flatMap(({ change, kind, name, differences, note, shortens }) => [
    `${dry ? 'would ' : ''}${change} ${kind} ${name}`,
    ...(dry ? differences.flatMap(differenceText).map((line) => `    ${line}`) : []),
    ...(note === undefined ? [] : [`    ${note}`]),
    ...(dry && shortens !== undefined ? [`    This needs --shorten: it ${shortens}.`] : []),
  ])
  if (dry) return writeLines(lines.map((line) => harmless(line)))
  await setup.apply(steps)
  await writeLines(lines.map((line) => harmless(line)))
}

async function setUpSecurity(
  setup: ClusterSetup,
  { cluster, steps: before }: SetupPlan,
  { options: { space }, target }: { readonly options: RememberedOptions; readonly target: Target },
  given: Given,
): Promise<void> {
  const security = await setup.security(cluster, {
    renewKey: given['new-key'],
    space: space ?? null,
    withheld: target.withheld,
  })
  if (security === null) return
  const { steps, key } = security
  for (const notice of security.notices) say(notice)
  await carryOut(setup, steps, given)
  if (key.note !== null) say(key.note)
  if (key.change === 'none') {
    if (before.length + steps.length === 0) say('Nothing to change.')
    return
  }
  if (given['dry-run']) return writeLines([`would ${key.change} API key ${key.name}`])
  const secret = await setup.applyKey(security)
  if (secret === null) return writeLines([`update API key ${key.name}`])
  const file = given['key-file']
  if (file === undefined) {
    say(
      `The API key ${key.name} is shown only once; write it as store.elasticsearch.api-key, and set setup: none:`,
    )
    return writeLines([secret])
  }
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  } catch (error) {
    throw new OperatorError(
      'WB-FILE-UNWRITABLE',
      `The API key ${key.name} was made, but can't be written to ${file} (${reasonOf(error)}): make the file writable, and run setup again with --new-key.`,
      { cause: error },
    )
  }
  await writeLines([`create API key ${key.name}, in ${file}`])
}

const queryOf = ({ query }: ParsedRule) => justWhat(query)

/** Watcher runs the rules that it can; the engine of the indexer runs the others. */
async function setUpWatches(
  setup: ClusterSetup,
  options: WatchOptions,
  rules: string,
  given: Given,
): Promise<void> {
  const read = readRules(rules)
  // The watches of the last setup stay: a slip in a file must not remove the watch of its rule.
  if (read.problems.length > 0)
    throw new OperatorError('WB-RULE-INVALID', read.problems.join('\n'), { exitCode: EXIT.usage })
  const { watches, left } = watchesFor(read.rules, queryOf, options)
  const index = alertIndex(options.namespace)
  await carryOut(setup, await setup.watches({ index, mapping: ALERT_MAPPING, watches }), given)
  say(`Watcher runs ${watches.length} rules: ${watches.map(({ rule }) => rule).join(', ')}.`)
  for (const { rule, why } of left) say(`The indexer runs ${rule}: ${why}.`)
  say(
    'Set `alerts: { run-by: watcher }` in indexer.yml, so that the indexer leaves the rules of Watcher to it.',
  )
}

/** Watches can deliver alerts to the indexer only at an address that they can reach, and only the operator knows it. */
async function webhookFor(
  address: string | undefined,
  target: Target,
  given: Given,
): Promise<Webhook | null> {
  const indexer = address === undefined ? null : indexerUrlOf(address)
  if (indexer === null) {
    say(
      'Watches keep their alerts in the cluster only. To have them in the audit trail too, give the address of the indexer as Elasticsearch reaches it: --indexer-url https://indexer.example:8600',
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
  say(`Watches report their alerts to ${webhook.url}.`)
  return webhook
}

async function setUpKibana(
  kibana: URL,
  target: Target,
  { console = CONSOLE, space }: RememberedOptions,
  given: Given,
): Promise<void> {
  const objects = kibanaObjects({ namespace: target.namespace, console })
  if (given['dry-run']) return writeLines([`would import ${objects.length} objects into ${kibana.origin}`])
  const count = await importIntoKibana(kibana, authorizationOf(target), ndjsonOf(objects), space ?? null)
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
      withheld: {},
      ...own,
      ...(ca !== undefined && { ca: readPem(ca) }),
    }
  }
  const config = await readIndexerConfig(given.config, { beforeSetup: true })
  const { elasticsearch } = config.store
  if (elasticsearch === undefined)
    throw new OperatorError(
      'WB-CONFIG-INVALID',
      `${given.config} has the embedded store, which needs no setup; write store.elasticsearch, or name a cluster with --node.`,
      { exitCode: 2 },
    )
  const { nodes, ca, username, password, 'api-key': apiKey } = elasticsearch
  const isAbsent = [apiKey, password].some((secret) => secret?.reveal() === ABSENT)
  if (isAbsent && Object.keys(own).length === 0)
    throw new UsageError(
      `${given.config} names a key or a password that does not exist yet. Set WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD of a user who may run setup; \`--key-file\` writes the key that setup makes`,
    )
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
    withheld: withheldBy(config),
    ...(Object.keys(own).length > 0 ? own : fromFile),
    ...(ca !== undefined && { ca: readPem(ca) }),
  }
}

/** The roles of Kibana for what `masked` and the limits of the provider's groups hide in the console. */
function withheldBy({ masked, namespace, 'sign-in': { openid } }: IndexerConfig): Record<string, Withheld> {
  const roles: Record<string, Withheld> = {}
  for (const role of KIBANA_ROLES) {
    const mask = new Mask(masked[role] ?? [])
    if (!mask.isEmpty) roles[role] = { of: role, fields: mask.withheld, query: dslOf(mask.only) }
  }
  for (const { group, role, namespaces, entities } of openid?.roles ?? []) {
    const limit = queryOfLimits({ namespaces, entities }, namespace)
    if (limit === null) continue
    const mask = new Mask(masked[role] ?? [])
    roles[group.toLowerCase().replace(/[^a-z0-9_-]+/g, '_')] = {
      of: role === 'manager' || role === 'admin' ? 'manager' : 'viewer',
      fields: mask.withheld,
      query: dslOf(mask.only === null ? limit : { kind: 'and', of: [limit, mask.only] }),
    }
  }
  return roles
}

/** Returns the query for the cluster. A query that the cluster can't decide exactly matches nothing. */
const dslOf = (query: Query | null): Withheld['query'] =>
  query === null ? null : (justWhat(query) ?? { match_none: {} })

const KIBANA_ROLES = ['viewer', 'manager'] as const

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is no URL such as https://es1.example:9200`)
  if (url.username !== '' || url.password !== '')
    throw new UsageError('The URL contains a password; give it in WAYBILL_ES_PASSWORD instead')
  return url
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/** The recipients of the channels of the rules: `security=soc@acme.example,security=#soc`. */
export function channelsOf(given: string): Record<string, { email: string[]; slack: string[] }> {
  const channels: ReturnType<typeof channelsOf> = {}
  for (const text of given.split(',').filter((one) => one !== '')) {
    const [, name, to] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? []
    const kind = to?.startsWith('#') ? 'slack' : to?.includes('@') ? 'email' : null
    if (name === undefined || to === undefined || kind === null)
      throw new UsageError(
        `--channels ${text}: expected a channel of the rules and its recipient, such as security=soc@acme.example or security=#soc`,
      )
    channels[name] ??= { email: [], slack: [] }
    channels[name][kind].push(to)
  }
  return channels
}
