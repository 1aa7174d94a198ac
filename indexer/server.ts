import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { openSupervisor } from '../config/index.ts'
import { permissionsOf } from '../schema/api/index.ts'
import { logged, reasonOf } from '../schema/index.ts'
import { isForWatcher } from '../schema/rule.ts'
import {
  type Cost,
  type FirstSignIn,
  isLockedOut,
  LastingClock,
  maskedWith,
  openAccounts,
  seenWith,
} from './accounts/index.ts'
import {
  AlertBook,
  AlertEngine,
  type Calendar,
  faresOf,
  ledgerSampler,
  type ParsedRule,
  RuleBook,
  readRule,
  ruleWithPeople,
  SUPPLIED_RULES,
} from './alerts/index.ts'
import { Notifier, secretsOf, serveAcknowledge } from './alerts/notify/index.ts'
import {
  AlertDesk,
  closeWithin,
  createApp,
  createMetrics,
  FairShares,
  listen,
  listenWhileWaiting,
  openAccess,
  openClientCertificates,
  openCookies,
  openReadings,
  Refusals,
  readTls,
  renewTls,
  type TlsFiles,
  type WaitingServer,
} from './api/index.ts'
import { Cases } from './cases/index.ts'
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
import { openIngest, openSecretBox } from './ingest/index.ts'
import { archiveSecrets } from './lifecycle/archive/settings.ts'
import { readRetention } from './lifecycle/index.ts'
import { serveWitness } from './log/index.ts'
import { announceMove, demandAtHome } from './move/index.ts'
import { openKeeping } from './open-keeping.ts'
import { openReports } from './open-reports.ts'
import { openStore } from './open-store.ts'
import { People, withPeople } from './people/index.ts'
import { derivedOf } from './previous/index.ts'
import { ReportLibrary, type ReportSources } from './reports/index.ts'
import { reportSecrets } from './reports/settings.ts'
import { EventSettings, openCatalogue } from './settings/index.ts'
import { justWhat, SharedRecords, type Store, StoreFullError, StoreUnavailableError } from './store/index.ts'

/** The folder where `npm run build:console` puts the console, in a clone and in the published package. */
const CONSOLE = fileURLToPath(new URL('../dashboards/console/built', import.meta.url))

export interface RunningIndexer {
  /** The address that it listens on, with the actual port. */
  readonly url: string
  /** The first admin, if it was made at this start. */
  readonly firstSignIn: FirstSignIn | null
  /** Applies settings that can change while it runs; returns the names of changed settings that wait for a restart. */
  reload(next: IndexerConfig): Promise<string[]>
  /** Stops accepting, finishes what was begun, closes the store. */
  close(): Promise<void>
}

export interface IndexerParts {
  readonly log: Logger
  readonly clock?: () => number
  /** A clock in ms from any start, which nobody can set. With a test's clock it stays at 0 by default. */
  readonly elapsed?: () => number
  readonly random?: (bytes: number) => Buffer
  /** The user that this process runs as; undefined if the system has no such numbers. */
  readonly uid?: () => number
  /** A store that is there already, in place of the one in the config; the indexer closes it. */
  readonly store?: Store
  /** Whether pages and counts end when their time is up. The default is true. */
  readonly isTimed?: boolean
  /** How often the background verification looks for work, ms. The default is a minute. */
  readonly watchesEvery?: number
  /** Whether the alert rules run. The default is true. */
  readonly runsRules?: boolean
  /** Called when it listens, though its store can't be reached yet. */
  readonly waits?: () => void
  /** The cost of hashing a password. */
  readonly passwordCost?: Cost
}

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 15_000

/**
 * Starts an indexer in this process. If the store can't be reached, the indexer listens nevertheless, answers 503 with the reason, and
 * keeps trying: a host that starts before its cluster needs no intervention. Returns null if it was stopped before the store came.
 */
export async function startIndexer(config: IndexerConfig, parts: IndexerParts): Promise<RunningIndexer>
export async function startIndexer(
  config: IndexerConfig,
  parts: IndexerParts,
  stopped: AbortSignal,
): Promise<RunningIndexer | null>
export async function startIndexer(
  config: IndexerConfig,
  parts: IndexerParts,
  stopped?: AbortSignal,
): Promise<RunningIndexer | null> {
  const { log } = parts
  checkIndexerConfig(config)
  const tls = readTls(config.tls)
  let waiting: WaitingServer | null = null
  try {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await startParts(config, parts, tls, async () => {
          await waiting?.close()
          waiting = null
        })
      } catch (thrown) {
        if (!isStoreAway(thrown)) throw thrown
        const reason = `The indexer waits for its store. ${thrown.message}`
        if (waiting?.reason !== reason) log.warn(reason)
        waiting ??= await listenWhileWaiting(config.listen, tls, reason)
        parts.waits?.()
        waiting.reason = reason
      }
      await setTimeout(pause, undefined, { signal: stopped }).catch(() => {})
      if (stopped?.aborted === true) return null
    }
  } finally {
    await waiting?.close()
  }
}

const isStoreAway = (thrown: unknown): thrown is Error =>
  thrown instanceof StoreUnavailableError || thrown instanceof StoreFullError

const calendarOf = ({ 'time-zone': zone, holidays }: IndexerConfig): Calendar => ({
  zone,
  holidays: new Set(holidays),
})

/** `beforeListening` frees the port. */
async function startParts(
  config: IndexerConfig,
  parts: IndexerParts,
  tls: TlsFiles | null,
  beforeListening: () => Promise<void>,
): Promise<RunningIndexer> {
  const { log, clock = Date.now, random = randomBytes } = parts
  const table = await readRetention(config.retention)
  const enrichment = await openEnrichment(config.enrich, { log })
  // Closes in reverse order of opening: also if the start fails half-way.
  const closing: (() => Promise<void>)[] = [async () => enrichment.close()]
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  let current = config
  let calendar = calendarOf(config)
  try {
    const stored =
      parts.store ??
      (await openStore(config, {
        table,
        log: (sentence) => log.warn(sentence),
        now: clock,
        isTimed: parts.isTimed ?? true,
      }))
    closing.push(() => stored.close())
    await demandAtHome(stored.records)
    const records = await SharedRecords.open(stored.records, (sentence) => log.warn(sentence))
    closing.push(async () => records.close())
    const elapsed = parts.elapsed ?? (parts.clock === undefined ? () => performance.now() : () => 0)
    const exposures = exposuresOf(folderOf(config), (parts.uid ?? process.getuid)?.())
    for (const sentence of exposures) log.warn(sentence)
    const people = await People.open({
      store: stored,
      records,
      // The trail writes into the store that is made here.
      trail: { record: (...acts) => ingest.trail.record(...acts) },
      file: () => current.people ?? null,
      clock,
      random,
      log,
    })
    closing.push(() => people.close())
    const store = withPeople(stored, people)
    const lasting = await LastingClock.open({ records: store.records, clock, elapsed, log })
    closing.push(() => lasting.close())
    const box = await openSecretBox({
      folder: folderOf(config),
      setting: config['secrets-key']?.reveal() ?? null,
      random,
    })
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
      silentAfter: () => current.agents['silent-after'],
      lasting: lasting.now,
      random,
      box,
    })
    closing.push(() => ingest.close())
    await announceMove(store.records, ingest.trail)
    const shippedTypes = openCatalogue(log)
    const settings = await EventSettings.open({
      records,
      catalogue: async () => (await shippedTypes()).with(ingest.presences.ownIntegrations()),
      trail: ingest.trail,
      clock,
    })
    const kept = await openKeeping(config, {
      store,
      records,
      ingest,
      table,
      mail: () => current.mail,
      closing,
      log,
      clock,
      random,
      ...(parts.isTimed !== undefined && { isTimed: parts.isTimed }),
      ...(parts.watchesEvery !== undefined && { watchesEvery: parts.watchesEvery }),
    })
    const { lifecycle, retention } = kept
    metrics.watch({
      store,
      ...ingest,
      ...kept,
      clock,
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
      isDemo: (address) => config.demo && isLoopback(address),
      ...(parts.passwordCost === undefined ? {} : { passwordCost: parts.passwordCost }),
      log,
      clock: lasting.now,
      wallClock: clock,
      random,
      box,
    })
    const operatorsCa = config.tls?.['client-ca'] !== undefined
    const { agentsCa } = ingest
    // Ask only if there is an authority, or is to be one: a browser that has certificates asks its user to choose one.
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
    const rules = await RuleBook.open({
      records,
      trail: ingest.trail,
      folder: config.rules ?? SUPPLIED_RULES,
      log,
      clock,
    })
    closing.push(async () => rules.close())
    const alertDesk = new AlertDesk({
      ruleOf: (id) => rules.get(id)?.rule ?? readRule(current.rules ?? SUPPLIED_RULES, id),
      store,
      trail: ingest.trail,
    })
    const book: AlertBook = await AlertBook.open({
      store,
      records,
      trail: ingest.trail,
      tell: (news) => notifier.tell(news),
      clock,
      log,
    })
    records.follow(() => book.reload())
    const notifier = await Notifier.open({
      records: store.records,
      trail: ingest.trail,
      settings: () => current,
      zone: () => current['time-zone'],
      incidentOf: (id) => book.incident(id),
      alertOf: (id) => book.get(id),
      acknowledge: (incident, by) => book.acknowledgeIncident(incident, by),
      namedByRules: () => rules.all().flatMap(({ rule }) => rule?.channels ?? []),
      linkKey: box.keyFor('acknowledge-link'),
      clock,
      random,
      log,
    })
    closing.push(() => notifier.close())
    const runByWatcher = (rule: ParsedRule): boolean =>
      current.alerts['run-by'] === 'watcher' &&
      isForWatcher(rule) &&
      justWhat(rule.query) !== null &&
      // A watch knows no holidays.
      (rule.condition.kind !== 'schedule' || current.holidays.length === 0)
    const withPersons = ruleWithPeople(people)
    const engine = new AlertEngine({
      store,
      book,
      rules: () =>
        rules
          .all()
          .flatMap(({ rule, enabled }) =>
            enabled && rule !== null && !runByWatcher(rule) ? [withPersons(rule)] : [],
          ),
      sample: ledgerSampler({ store, ...ingest, clock }),
      calendar: () => calendar,
      horizon: () => current.alerts.horizon,
      clock,
      log,
      self: random(16).toString('hex'),
    })
    closing.push(() => engine.close())
    if (parts.runsRules !== false) engine.start()
    people.start()
    const library = new ReportLibrary(
      () => current.reports,
      (problem) => log.warn(problem),
    )
    const reportSources: ReportSources = {
      ...ingest,
      ...kept,
      store,
      alerts: book,
      rules,
      settings,
      silentAfter: () => current.agents['silent-after'],
      calendar: () => calendar,
      organisation: () => library.organisation,
      reports: () => library.reports,
      controls: () => library.controls,
      clock,
      log,
    }
    const fair = new FairShares(store)
    const reports = await openReports(config, {
      settings: () => current,
      records: store.records,
      trail: ingest.trail,
      notifier,
      sources: reportSources,
      users: accounts.users,
      apiTokens: accounts.apiTokens,
      sightOf: access.sightOf,
      eventsOf: (requester) => fair.of(requester),
      closing,
      log,
      clock,
      random,
    })
    const cases = new Cases({
      records,
      trail: ingest.trail,
      eventOf: async (id, restored) => {
        if (restored === undefined) return store.get(id)
        return kept.restores === null ? null : (await kept.restores.store(restored)).get(id)
      },
      alertOf: (id) => book.get(id),
      investigatorNamed: (name) => {
        const user = accounts.users.find(name)
        return user === undefined || isLockedOut(user) || !permissionsOf(user.role).has('respond')
          ? null
          : { name: user.name, user: user.id }
      },
      clock,
      random,
    })
    const stopping = new AbortController()
    const app = createApp(
      {
        ...ingest,
        store,
        eventsFor: (asker) => seenWith(asker.visibility, fair.of(asker)),
        // This reads the whole store: a limited client does not see whether recording was off in between, but it counts all the same.
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
        ...kept,
        reportSources,
        isLogPublic: config['transparency-log'].public,
        alertDesk,
        rules,
        alerts: book,
        cases,
        people,
        fares: faresOf({ engine, book, rules, runByWatcher, clock }),
        calendar: () => calendar,
        notifier,
        ...reports,
        records,
        metrics,
        firstAgentIsFree: () => accessRules(current).enroll === 'open-on-loopback',
        asksForCertificates,
        operatorsCa,
        tokenLifetime: () => current.agents['token-lifetime'],
        silentAfter: () => current.agents['silent-after'],
        clock,
        elapsed,
        log,
        stopping: stopping.signal,
      },
      tlsFor(tls),
      config.proxies,
    )
    serveAcknowledge(app, notifier)
    if (kept.witness !== null) serveWitness(app, kept.witness, (sentence) => log.error(sentence))
    serveConsole(app, readBundle(CONSOLE))
    // Requests wait for this: a command on this machine would otherwise find the token of the last start, or none, and be refused.
    const published = Promise.withResolvers<void>()
    app.addHook('onRequest', () => published.promise)
    closing.push(async () => {
      stopping.abort()
      await closeWithin(app, current.shutdown.grace)
    })
    await beforeListening()
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
        // The change is recorded before it takes effect: nobody can loosen the rules unseen.
        const names = changed.length === 0 ? 'nothing changed' : changed.join(', ')
        await ingest.trail.record({
          action: 'settings-reload',
          category: 'system',
          message: `The indexer's settings were read again: ${names}.`,
          outcome: 'success',
          by: { name: 'operator' },
        })
        retention.takeFile(nextTable)
        await lifecycle.change(retention.current.table)
        current = next
        calendar = calendarOf(next)
        log.level = next.log.level
        renewTls(app, tlsFor(renewed))
        enrichAsNow()
        rules.reload(next.rules ?? SUPPLIED_RULES)
        people.readList()
        library.look()
        const started = NEEDS_RESTART.filter((key) => !isDeepStrictEqual(config[key], next[key]))
        const otherMode = tls === null ? next.tls !== undefined : next.tls === undefined
        const otherFolder = config.reports.folder !== next.reports.folder
        return [...started, ...(otherMode ? ['tls'] : []), ...(otherFolder ? ['reports.folder'] : [])]
      },
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** The fields that reveal the record and the values of an event. */
const DERIVED_FROM = ['audit.changes', 'audit.entity.type', 'audit.entity.id', 'organization.id'] as const

const NEEDS_RESTART = [
  'archive',
  'listen',
  'proxies',
  'namespace',
  'store',
  'ingest',
  'secrets-key',
  'transparency-log',
  'verify',
] as const

/** Secrets are compared by what they hold, and only their setting's name comes out. */
function changedKeys(before: IndexerConfig, after: IndexerConfig): string[] {
  const plain = ({ tokens, store, ...rest }: IndexerConfig): Record<string, unknown> => ({
    ...rest,
    'secrets-key': rest['secrets-key']?.reveal(),
    archive: [rest.archive, archiveSecrets(rest.archive)],
    'transparency-log': [
      rest['transparency-log'],
      rest['transparency-log'].anchors.s3.map((s3) => [
        s3['access-key-id']?.reveal(),
        s3['secret-access-key']?.reveal(),
      ]),
    ],
    channels: [rest.channels, secretsOf(rest)],
    reports: [rest.reports, reportSecrets(rest.reports)],
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
        : `The settings of ${configFile} are in use, except those that need a restart: ${waiting.join(', ')}.`,
    )
  } catch (error) {
    log.error(logged(error), `The previous settings stay in use: ${reasonOf(error)}`)
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
  const stopped = new AbortController()
  const onStop = (signal: NodeJS.Signals): void => {
    // A second signal finds no handler any more, and ends the process at once.
    for (const name of STOP_SIGNALS) process.off(name, onStop)
    log.info(`${signal}: finishing requests in progress.`)
    stopped.abort()
    stop.resolve()
  }
  for (const name of STOP_SIGNALS) process.on(name, onStop)
  const begun = Promise.withResolvers<RunningIndexer>()
  let reloading: Promise<void> = Promise.resolve()
  const onHangup = (): void => {
    reloading = reloading.then(async () => reload(await begun.promise, configFile, log))
  }
  process.on('SIGHUP', onHangup)

  const supervisor = openSupervisor({
    environment: process.env,
    isAlive: () => true,
    warn: (sentence) => log.warn(sentence),
  })
  const indexer = await startIndexer(config, { log, waits: () => supervisor.ready() }, stopped.signal)
  if (indexer === null) {
    log.info('Stopped.')
    return 0
  }
  begun.resolve(indexer)
  supervisor.ready()
  const { firstSignIn } = indexer
  // A terminal is looked at once and forgotten; a log is kept, so it only names the file.
  if (firstSignIn !== null && process.stderr.isTTY) {
    const { name, password, file } = firstSignIn
    process.stderr.write(
      `\nThe first sign-in: user ${name}, password ${password} (also in ${file}).\nIt works for one sign-in; the user must then change it.\n\n`,
    )
  }

  await stop.promise
  supervisor.stopping()
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
