import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { OperatorError, reasonOf } from '../schema/index.ts'
import {
  type Cost,
  type FirstSignIn,
  LastingClock,
  maskedWith,
  openAccounts,
  seenWith,
} from './accounts/index.ts'
import { readRule, SUPPLIED_RULES } from './alerts/index.ts'
import {
  AlertDesk,
  closeWithin,
  createApp,
  createMetrics,
  FairShares,
  listen,
  openAccess,
  openClientCertificates,
  openCookies,
  openReadings,
  Refusals,
  readTls,
  renewTls,
} from './api/index.ts'
import {
  accessRules,
  checkIndexerConfig,
  folderOf,
  type IndexerConfig,
  isLoopback,
  readIndexerConfig,
} from './config.ts'
import { readBundle, serveConsole } from './console/index.ts'
import { openEnrichment } from './enrich/index.ts'
import { exposuresOf } from './exposure.ts'
import { openIngest } from './ingest/index.ts'
import { openLifecycle, type RetentionTable, readRetention, searchableOf } from './lifecycle/index.ts'
import { derivedOf } from './previous/index.ts'
import { EventSettings, openCatalogue } from './settings/index.ts'
import { openElasticsearchStore, openEmbeddedStore, SharedRecords, type Store } from './store/index.ts'

/** Where `npm run build:console` leaves the console, in a clone as in what is published. */
const CONSOLE = fileURLToPath(new URL('../dashboards/console/built', import.meta.url))

export interface RunningIndexer {
  /** Where it listens, with the port that it got. */
  readonly url: string
  /** Where it made the first admin at this start. */
  readonly firstSignIn: FirstSignIn | null
  /** Takes up what can change while it runs; the names of changed settings that wait for a restart. */
  reload(next: IndexerConfig): Promise<string[]>
  /** Stops accepting, finishes what was begun, closes the store. */
  close(): Promise<void>
}

export interface IndexerParts {
  readonly log: Logger
  readonly clock?: () => number
  /** ms since whenever, which nobody can set; of a clock that a test turns none pass. */
  readonly elapsed?: () => number
  readonly random?: (bytes: number) => Buffer
  /** The user that this process runs as; undefined where the system has no such numbers. */
  readonly uid?: () => number
  /** A store that is there already, in place of the one in the config; the indexer closes it. */
  readonly store?: Store
  /** Whether pages and counts end when their time is up. The default is true. */
  readonly isTimed?: boolean
  /** What hashing a password costs. */
  readonly passwordCost?: Cost
}

/** Starts an indexer in this process. */
export async function startIndexer(config: IndexerConfig, parts: IndexerParts): Promise<RunningIndexer> {
  const { log, clock = Date.now, random = randomBytes } = parts
  checkIndexerConfig(config)
  const tls = readTls(config.tls)
  const table = await readRetention(config.retention)
  const enrichment = await openEnrichment(config.enrich, { log })
  // In reverse order of opening: also where the start fails half-way.
  const closing: (() => Promise<void>)[] = [async () => enrichment.close()]
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  let current = config
  try {
    const store = parts.store ?? (await openStore(config, table, log, clock, parts.isTimed ?? true))
    closing.push(() => store.close())
    const records = await SharedRecords.open(store.records, (sentence) => log.warn(sentence))
    closing.push(async () => records.close())
    const elapsed = parts.elapsed ?? (parts.clock === undefined ? () => performance.now() : () => 0)
    const exposures = exposuresOf(folderOf(config), (parts.uid ?? process.getuid)?.())
    for (const sentence of exposures) log.warn(sentence)
    const lasting = await LastingClock.open({ records: store.records, clock, elapsed, log })
    closing.push(() => lasting.close())
    const metrics = createMetrics()
    const ingest = await openIngest({
      store,
      records,
      enrichment,
      folder: folderOf(config),
      namespace: config.namespace,
      workers: config.ingest.workers,
      limits: { inFlight: config.ingest['in-flight'], idleTimeout: config.ingest['body-timeout'] },
      quota: () => {
        const { events, bytes, 'new-values': newValues } = current.agents.quota
        return { events, bytes, newValues }
      },
      shared: () => current.agents['shared-exports'],
      certificateLifetime: () => current.agents['certificate-lifetime'],
      meter: metrics.meter,
      log,
      clock,
      lasting: lasting.now,
      random,
    })
    closing.push(() => ingest.close())
    const shippedTypes = openCatalogue(log)
    const settings = await EventSettings.open({
      records,
      catalogue: async () => (await shippedTypes()).with(ingest.presences.ownIntegrations()),
      trail: ingest.trail,
      clock,
    })
    const lifecycle = await openLifecycle({ store, trail: ingest.trail, table, archive: null, log, clock })
    closing.push(() => lifecycle.close())
    metrics.watch({
      store,
      ...ingest,
      exposures: exposures.length,
      silentAfter: () => current.agents['silent-after'],
    })
    const sessionTimes = () => current.sessions
    const accounts = await openAccounts({
      records,
      trail: ingest.trail,
      folder: folderOf(config),
      times: sessionTimes,
      provider: () => current['sign-in'].openid ?? null,
      ...(parts.passwordCost === undefined ? {} : { passwordCost: parts.passwordCost }),
      log,
      clock: lasting.now,
      wallClock: clock,
      random,
    })
    const operatorsCa = config.tls?.['client-ca'] !== undefined
    const { agentsCa } = ingest
    // Only where there is an authority, or is to be: a browser that has certificates asks its user for one wherever it is asked.
    const asksForCertificates =
      tls !== null &&
      (operatorsCa || agentsCa.certificate !== null || config.agents.certificates === 'required')
    const tlsFor = (files: typeof tls): typeof tls => {
      if (files === null || operatorsCa) return files
      const ca = agentsCa.certificate?.toString()
      return { ...files, requestCert: asksForCertificates, ...(ca !== undefined && { ca }) }
    }
    const listenerOnLoopback = isLoopback(config.listen.host)
    const cookies = openCookies(!config.listen.secure && listenerOnLoopback)
    const access = openAccess({
      rules: () => accessRules(current),
      masked: () => current.masked,
      namespace: config.namespace,
      listenerOnLoopback,
      certificates: openClientCertificates({
        operators: operatorsCa,
        ca: agentsCa,
        asks: asksForCertificates,
        required: () => current.agents.certificates === 'required',
        agents: ingest.agents,
        clock: lasting.now,
      }),
      accounts,
      cookies,
      failures: ingest.failures,
      clock: lasting.now,
    })
    const readings = openReadings(ingest.trail, clock)
    closing.push(async () => readings.close())
    const refusals = new Refusals(ingest.trail, clock)
    closing.push(async () => refusals.close())
    const alertDesk = new AlertDesk({
      ruleOf: (id) => readRule(current.rules ?? SUPPLIED_RULES, id),
      store,
      trail: ingest.trail,
    })
    const fair = new FairShares(store)
    const stopping = new AbortController()
    const app = createApp(
      {
        ...ingest,
        store,
        eventsFor: (asker) => seenWith(asker.visibility, fair.of(asker)),
        // Asked of the whole store: whether recording was off in between is hidden from whom is limited, and counts all the same.
        derivedFor: async (asker, event) =>
          DERIVED_FROM.some((field) => asker.visibility.mask.hides(field))
            ? null
            : derivedOf(
                maskedWith(asker.visibility.mask, {
                  ...fair.of(asker),
                  chains: (agent) => store.chains(agent),
                }),
                event,
                clock,
              ),
        readings,
        refusals,
        accounts,
        cookies,
        sessionTimes,
        maskedFor: (role) => current.masked[role] ?? [],
        random,
        access,
        settings,
        lifecycle,
        alertDesk,
        records,
        metrics,
        firstAgentIsFree: () => accessRules(current).enroll === 'open-on-loopback',
        asksForCertificates,
        operatorsCa,
        tokenLifetime: () => current.agents['token-lifetime'],
        clock,
        log,
        stopping: stopping.signal,
      },
      tlsFor(tls),
      config.proxies,
    )
    serveConsole(app, readBundle(CONSOLE))
    // A command on this machine that was answered earlier would find the token of the last start, or none, and be refused.
    const published = Promise.withResolvers<void>()
    app.addHook('onRequest', () => published.promise)
    closing.push(async () => {
      stopping.abort()
      await closeWithin(app, current.shutdown.grace)
    })
    const url = await listen(app, config.listen)
    await accounts.localToken.publish(url)
    published.resolve()
    closing.push(() => accounts.localToken.withdraw())
    log.info(`The indexer listens on ${url}.`)

    return {
      url,
      firstSignIn: accounts.firstSignIn,
      async reload(next) {
        checkIndexerConfig(next)
        const renewed = readTls(next.tls)
        const nextTable = await readRetention(next.retention)
        const enrichAsNow = await enrichment.prepare(next.enrich)
        const changed = changedKeys(current, next)
        // Recorded before it holds: who loosens the rules can't do it unseen.
        const names = changed.length === 0 ? 'nothing changed' : changed.join(', ')
        await ingest.trail.record({
          action: 'settings-reload',
          category: 'system',
          message: `The indexer's settings were read again: ${names}.`,
          outcome: 'success',
          by: { name: 'operator' },
        })
        await lifecycle.change(nextTable)
        current = next
        log.level = next.log.level
        renewTls(app, tlsFor(renewed))
        enrichAsNow()
        const started = NEEDS_RESTART.filter((key) => !isDeepStrictEqual(config[key], next[key]))
        const otherMode = tls === null ? next.tls !== undefined : next.tls === undefined
        return otherMode ? [...started, 'tls'] : started
      },
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function openStore(
  config: IndexerConfig,
  table: RetentionTable,
  log: Logger,
  clock: () => number,
  isTimed: boolean,
): Promise<Store> {
  const { embedded, elasticsearch } = config.store
  if (embedded !== undefined) {
    const { path, 'min-free': minimumFree } = embedded
    return openEmbeddedStore({
      path,
      minimumFree,
      searchable: searchableOf(table),
      now: clock,
      isTimed,
      log: (sentence) => log.warn(sentence),
    })
  }
  if (elasticsearch === undefined) throw new Error('the settings were not checked: there is no store')
  const { nodes, 'api-key': apiKey, username, password, ca, setup } = elasticsearch
  return openElasticsearchStore({
    namespace: config.namespace,
    nodes,
    setup,
    table,
    now: clock,
    isTimed,
    ...(apiKey !== undefined && { apiKey: apiKey.reveal() }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: password.reveal() }),
    ...(ca !== undefined && { ca: readPem(ca) }),
  })
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new OperatorError(`store.elasticsearch.ca: ${file} can't be read (${reasonOf(thrown)})`, {
      cause: thrown,
    })
  }
}

/** What tells of which record and of which values an event is. */
const DERIVED_FROM = ['audit.changes', 'audit.entity.type', 'audit.entity.id', 'organization.id'] as const

const NEEDS_RESTART = ['listen', 'proxies', 'namespace', 'store', 'ingest'] as const

/** Secrets are compared by what they hold, and only their setting's name comes out. */
function changedKeys(before: IndexerConfig, after: IndexerConfig): string[] {
  const plain = ({ tokens, store, ...rest }: IndexerConfig): Record<string, unknown> => ({
    ...rest,
    'sign-in': [rest['sign-in'], rest['sign-in'].openid?.['client-secret'].reveal()],
    store: [store, store.elasticsearch?.['api-key']?.reveal(), store.elasticsearch?.password?.reveal()],
    tokens: tokens.map(({ name, token, scopes }) => [name, token.reveal(), scopes]),
  })
  const [old, now] = [plain(before), plain(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (key) => !isDeepStrictEqual(old[key], now[key]),
  )
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

async function reload(indexer: RunningIndexer, configFile: string, log: Logger): Promise<void> {
  try {
    const waiting = await indexer.reload(await readIndexerConfig(configFile))
    log.info(
      waiting.length === 0
        ? `The settings of ${configFile} are in use.`
        : `The settings of ${configFile} are in use, but ${waiting.join(', ')} will change at the next start.`,
    )
  } catch (error) {
    const details = error instanceof OperatorError ? {} : { err: error }
    log.error(details, `The settings stay as they were: ${reasonOf(error)}`)
  }
}

/** `waybill indexer`: runs until SIGTERM or SIGINT; the number is the exit code. */
export async function runIndexer(configFile: string): Promise<number> {
  // The store holds events, secrets of second factors and hashes of passwords, also where its folder was made by somebody else.
  process.umask(0o077)
  const config = await readIndexerConfig(configFile)
  const log = pino({
    level: config.log.level,
    base: { service: 'waybill-indexer' },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
  // Before anything is begun: a signal without a handler ends the process at once, and a supervisor may send one at any time.
  const stop = Promise.withResolvers<void>()
  const onStop = (signal: NodeJS.Signals): void => {
    // A second signal finds no handler any more, and ends the process at once.
    for (const name of STOP_SIGNALS) process.off(name, onStop)
    log.info(`${signal}: finishing what was begun.`)
    stop.resolve()
  }
  for (const name of STOP_SIGNALS) process.on(name, onStop)
  const begun = Promise.withResolvers<RunningIndexer>()
  let reloading: Promise<void> = Promise.resolve()
  const onHangup = (): void => {
    reloading = reloading.then(async () => reload(await begun.promise, configFile, log))
  }
  process.on('SIGHUP', onHangup)

  const indexer = await startIndexer(config, { log })
  begun.resolve(indexer)
  const { firstSignIn } = indexer
  // A terminal is looked at once and forgotten; a log is kept, so it only names the file.
  if (firstSignIn !== null && process.stderr.isTTY) {
    const { name, password, file } = firstSignIn
    process.stderr.write(
      `\nThe first sign-in: user ${name}, password ${password} (also in ${file}).\nIt is good for one sign-in, at which it must be changed.\n\n`,
    )
  }

  await stop.promise
  try {
    await reloading
    await indexer.close()
  } catch (error) {
    log.error(`Stopping failed: ${reasonOf(error)}`)
    return 1
  } finally {
    process.off('SIGHUP', onHangup)
  }
  log.info('Stopped.')
  return 0
}
