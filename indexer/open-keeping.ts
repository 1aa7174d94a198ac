import { join } from 'node:path'
import type { Logger } from 'pino'
import { logged, reasonOf } from '../schema/index.ts'
import { type MailSettings, sendMail } from './alerts/notify/index.ts'
import { folderOf, type IndexerConfig } from './config.ts'
import type { Ingest } from './ingest/index.ts'
import { Archive, bucketOf, destinationOf, KeyRing, Restores } from './lifecycle/archive/index.ts'
import { Holds, openLifecycle, RetentionBook, type RetentionTable } from './lifecycle/index.ts'
import { Anchors, keyFolder, loggedAs, RunningLog, Witness } from './log/index.ts'
import { EvidenceWatch } from './log/verify/index.ts'
import { openEvidenceOf } from './open-evidence.ts'
import { restorePlace } from './open-store.ts'
import type { SharedRecords, Store } from './store/index.ts'

/** How often restored events whose time is over are looked for. */
const RESTORES_EVERY = 60_000

interface KeepingParts {
  readonly store: Store
  readonly records: SharedRecords
  readonly ingest: Pick<Ingest, 'trail' | 'agents'>
  /** The retention table of the file. */
  readonly table: RetentionTable
  readonly mail: () => MailSettings | undefined
  /** Takes what has to be closed, in the order in which it was opened. */
  readonly closing: (() => Promise<void>)[]
  readonly log: Logger
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
  readonly isTimed?: boolean
  readonly watchesEvery?: number
}

/** What keeps events for their time, and what proves them. */
export const openKeeping = async (config: IndexerConfig, parts: KeepingParts) => ({
  ...(await openRetention(config, parts)),
  ...(await openProofs(config, parts)),
})

/** Retention, holds, the archive, and what is restored from it. */
async function openRetention(config: IndexerConfig, parts: KeepingParts) {
  const { store, records, ingest, table, closing, log, clock, random, isTimed = true } = parts
  const { trail } = ingest
  const retention = await RetentionBook.open(records, table, { clock, log })
  const holds = new Holds({ store, trail, clock, random })
  const archive =
    config.archive === undefined
      ? null
      : new Archive({
          store,
          trail,
          agents: ingest.agents,
          destination: destinationOf(config.archive, clock),
          keys: new KeyRing(config.archive.keys, random),
          holds,
          logFolder: join(folderOf(config), 'log'),
          deletesAfter: config.archive['delete-after'],
          capacity: config.archive.capacity ?? null,
          exports: config.archive.exports,
          namespace: config.namespace,
          table: () => retention.current.table,
          log,
          clock,
          random,
        })
  const lifecycle = await openLifecycle({
    store,
    trail,
    table: retention.current.table,
    archive,
    holds,
    log,
    clock,
  })
  closing.push(() => lifecycle.close())
  if (archive !== null) closing.push(() => archive.close())
  records.follow(async () => {
    const { version } = retention.current
    const current = await retention.read()
    if (current.version !== version)
      await lifecycle.change(current.table, { name: current.changed?.by ?? 'operator' })
  })
  const restores =
    archive === null
      ? null
      : new Restores({
          records: store.records,
          archive,
          place: restorePlace(config, {
            table: retention.current.table,
            log: (sentence) => log.warn(sentence),
            now: clock,
            isTimed,
          }),
          trail,
          clock,
          random,
          log,
        })
  if (restores !== null) {
    closing.push(() => restores.close())
    await restores.round()
    const timer = setInterval(() => {
      restores.round().catch((thrown) => log.error(logged(thrown), `No restore can end: ${reasonOf(thrown)}`))
    }, RESTORES_EVERY)
    timer.unref()
    closing.push(async () => clearInterval(timer))
  }
  return { retention, holds, archive, lifecycle, restores }
}

/** The transparency log, the places of its checkpoints, and the verification in the background. */
async function openProofs(config: IndexerConfig, parts: KeepingParts) {
  const { store, ingest, mail, closing, log, clock, random, watchesEvery } = parts
  const { trail } = ingest
  const transparencyLog = new RunningLog({
    store,
    trail,
    folder: folderOf(config),
    settings: config['transparency-log'],
    log,
    clock,
    random,
  })
  closing.push(() => transparencyLog.close())
  transparencyLog.start()
  const anchors = await Anchors.open({
    log: transparencyLog,
    folder: folderOf(config),
    settings: config['transparency-log'].anchors,
    trail,
    say: log,
    clock,
    bucketOf: (s3) => bucketOf(s3, clock),
    send: async (one, gone) => {
      const server = mail()
      if (server === undefined) throw new Error('the settings have no mail server any more')
      await sendMail(server, { ...one, at: clock() }, gone)
    },
  })
  closing.push(() => anchors.close())
  anchors.start()
  const witnessSettings = config['transparency-log'].witness
  const witness =
    witnessSettings === undefined
      ? null
      : new Witness({
          settings: witnessSettings,
          source: keyFolder(witnessSettings.keys ?? join(folderOf(config), 'witness-keys')),
          folder: join(folderOf(config), 'witness'),
          clock,
        })
  const evidenceWatch = new EvidenceWatch({
    open: () => openEvidenceOf(config, store),
    records: store.records,
    trail,
    loggedAs: (waybill) => loggedAs(transparencyLog, waybill),
    settings: config.verify,
    log,
    clock,
    self: random(16).toString('hex'),
    ...(watchesEvery !== undefined && { looksEvery: watchesEvery }),
  })
  closing.push(() => evidenceWatch.close())
  evidenceWatch.start()
  return { transparencyLog, anchors, witness, evidenceWatch }
}
