import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { VERSION } from '../config/version.ts'
import { cutAt, OperatorError } from '../schema/index.ts'
import type { AgentDetails, AgentSettings, Heartbeat, Ledger, OwnIntegration } from '../schema/wire/index.ts'
import { wrongColumns } from './columns.ts'
import { type AgentConfig, type FileInputConfig, fileInputsOf, hostOf, integrationPath } from './config.ts'
import { type InputEvents, inputEvents } from './event-status.ts'
import {
  createFileInput,
  type FileConfig,
  type Framing,
  type Input,
  type SourceStatus,
} from './inputs/index.ts'
import {
  catalogueOf,
  createNormaliser,
  framingFor,
  loadIntegration,
  type Normaliser,
  type WorkerSetup,
} from './normalise/index.ts'
import { Pump } from './pump.ts'
import { hasJournal, journalFiles, receivedOf, receivedPipelines } from './receive.ts'
import { type ShapedInput, Shapes } from './shapes.ts'
import {
  clockOf,
  createShipper,
  type Identity,
  type SettingsDesk,
  type Shipper,
  sumOf,
} from './ship/index.ts'
import type { FolderLock, State } from './state/index.ts'

/** The parts that a config file and the central settings define. When either changes, a new runtime is built and swapped in. */
export interface Runtime extends Prepared {
  readonly shipper: Shipper
  readonly input: Input
  readonly shapes: Shapes
  readonly pump: Pump
}

/** The parts that can be built without touching the present runtime. */
export interface Prepared {
  readonly config: AgentConfig
  readonly central: AgentSettings | null
  readonly events: readonly InputEvents[]
  readonly normaliser: Normaliser
  /** The operator's own integrations. */
  readonly own: readonly OwnIntegration[]
}

/** The parts that outlive a runtime. */
export interface Held {
  readonly lock: FolderLock
  readonly state: State
  readonly identity: Identity
  readonly desk: SettingsDesk
  /** Returns the key; created at the first call. */
  readonly journalKey: () => Promise<Uint8Array>
}

/** Finds every fault of the settings before anything of the present runtime is touched. */
export async function prepareLine(
  file: string,
  config: AgentConfig,
  central: AgentSettings | null,
  held: Held,
  log: Logger,
): Promise<Prepared> {
  const setup = await workerSetup(file, config, held.identity, central)
  const events = await inputEvents(file, config, central)
  const { told: own, left } = await ownIntegrations(file, config)
  for (const path of left) {
    log.warn(
      `${path} has more event types than fit into a heartbeat. So they can be switched centrally only all together (NAME.*), not one by one.`,
    )
  }
  const key = hasJournal(config) ? { journalKey: await held.journalKey() } : {}
  const normaliser = await createNormaliser({ ...setup, ...key }, { workers: config.workers })
  log.debug(`${config.workers} workers, ${setup.pipelines.length} inputs.`)
  return { config, central, events, normaliser, own }
}

export async function workerSetup(
  file: string,
  config: AgentConfig,
  identity: { agent: string; namespace: string; host?: string },
  central: AgentSettings | null,
): Promise<WorkerSetup> {
  const [wrong] = await wrongColumns(file, config)
  if (wrong !== undefined)
    throw new OperatorError('WB-CONFIG-INVALID', `${wrong.about}: ${wrong.sentence}.`, { exitCode: 2 })
  const files = await Promise.all(
    fileInputsOf(config).map(async (input) => ({
      integration: integrationPath(input.integration, file),
      columns: input.columns,
      framing: await framingOf(input, integrationPath(input.integration, file)),
      tags: input.tags,
      labels: input.labels,
      timeZone: input['time-zone'],
      events: [...config.events, ...input.events],
    })),
  )
  const received = await receivedPipelines(file, config, files.length)
  return {
    agent: { id: identity.agent, name: config.agent.name, version: VERSION },
    host: hostOf(config, identity.host),
    namespace: identity.namespace,
    compression: config.compression,
    events: central?.events ?? [],
    pipelines: [...files, ...received.pipelines],
    ...(received.syslog === undefined ? {} : { syslog: received.syslog, doors: received.doors }),
  }
}

/** How to cut an input's bytes into records: the input's setting, else the format of its integration. */
export async function framingOf(
  input: Pick<FileInputConfig, 'multiline'>,
  integration: string,
): Promise<Framing> {
  const { multiline } = input
  if (multiline === 'json') return { kind: 'json' }
  if (multiline !== undefined) return { kind: 'start', pattern: multiline.start }
  return framingFor(await loadIntegration(integration))
}

export async function startRuntime(
  prepared: Prepared,
  held: Held,
  log: Logger,
  clock: () => number,
): Promise<Runtime> {
  const { config, central, events, normaliser, own } = prepared
  const version = central?.version ?? null
  const data = config.agent.data
  const shapes = new Shapes(shapedInputs(config, normaliser), held.state, log)
  let input: Input | undefined
  const load = loadMeter()
  const shipper = createShipper({
    state: held.state,
    dir: data,
    indexers: config.indexers,
    tls: config.tls,
    allowPlainHttp: config['allow-plain-http'],
    identity: held.identity,
    windowBytes: config.spool.window,
    inFlight: config.spool['in-flight'],
    heartbeatEvery: config.heartbeat,
    heartbeat: () => heartbeatOf(config, version, own, shapes, shipper, input, load),
    settings: () => version,
    central: held.desk,
    clock: clockOf(clock),
    random: randomBytes,
    log,
    hooks: {
      settled: (slices) => input?.settled(slices) ?? [],
      lost: (slices) => input?.readAgain(slices),
    },
  })
  // Nothing is sent before the input exists, which records acknowledgements.
  await shipper.takeUp()
  try {
    input = createFileInput(
      {
        files: filesOf(config, normaliser.setup.pipelines),
        policy: {
          sweepEvery: config.reading.sweep,
          flushAfter: config.reading['flush-after'],
          forgetAfter: config.reading.forget,
          holdBytes: config.hold.limit,
        },
      },
      {
        state: held.state,
        sealed: shipper.sealed(),
        holdDir: join(data, 'hold'),
        clock,
        random: randomBytes,
        log,
      },
    )
    await input.start()
    await shipper.start()
  } catch (error) {
    await input?.close()
    await shipper.close()
    throw error
  }
  const pump = new Pump({
    input,
    normaliser,
    shipper,
    buffers: config.workers + 1,
    shaped: (seen) => shapes.take(seen),
    clock,
    log,
  })
  return { config, central, events, own, shipper, input, normaliser, shapes, pump }
}

/** The inputs by pipeline, with the names in notices: files by their paths, messages as received ones. */
export function shapedInputs(
  config: AgentConfig,
  { setup, expected }: Pick<Normaliser, 'setup' | 'expected'>,
): ShapedInput[] {
  const files = fileInputsOf(config)
  return setup.pipelines.map(({ integration, columns }, i) => {
    const input = files[i]?.paths.join(', ') ?? 'what is received'
    return {
      input,
      integration,
      key: JSON.stringify([input, integration, columns ?? {}]),
      expected: expected[i] ?? 0,
    }
  })
}

/** The files to read: those of the settings, and the journal. */
export function filesOf(
  config: AgentConfig,
  pipelines: readonly { readonly framing: Framing }[],
): FileConfig[] {
  const files: FileConfig[] = fileInputsOf(config).map((input, pipeline) => ({
    paths: input.paths,
    exclude: input.exclude,
    pipeline,
    framing: pipelines[pipeline]!.framing,
    gzip: input.gzip,
    watch: input.watch,
  }))
  const journal = journalFiles(config, files.length)
  return journal === null ? files : [journal, ...files]
}

function heartbeatOf(
  config: AgentConfig,
  settings: string | null,
  own: readonly OwnIntegration[],
  shapes: Shapes,
  shipper: Shipper,
  input: Input | undefined,
  load: Load,
) {
  const sources = input?.status() ?? []
  const shipping = shipper.status()
  return {
    name: config.agent.name,
    host: hostOf(config),
    version: VERSION,
    settings,
    uptime: Math.round(process.uptime() * 1000),
    lagBytes: sources.reduce(
      (sum, source) => sum + Math.max(0, source.size - source.position - source.unfinished),
      0,
    ),
    oldestPending: shipping.oldestPending,
    sources: sources.length,
    quarantinedBatches: shipping.quarantined,
    ledger: shipper.total(),
    notices: [...shapes.notices],
    details: { ...load(), files: shownFiles(sources) },
    ...(own.length === 0 ? {} : { integrations: [...own] }),
  } satisfies Partial<Heartbeat>
}

type Load = () => Pick<AgentDetails, 'cpu' | 'memory'>

/** The processor time since the last call, as a share of one processor, and the memory. */
function loadMeter(): Load {
  let before = { cpu: process.cpuUsage(), at: performance.now() }
  return () => {
    const { user, system } = process.cpuUsage(before.cpu)
    const elapsed = Math.max(1, performance.now() - before.at)
    before = { cpu: process.cpuUsage(), at: performance.now() }
    return { cpu: Math.round((user + system) / elapsed) / 1000, memory: process.memoryUsage.rss() }
  }
}

const MOST_FILES = 50
const LONGEST_PATH = 4096

function shownFiles(sources: readonly SourceStatus[]): AgentDetails['files'] {
  const backlog = ({ size, position, unfinished }: SourceStatus): number =>
    Math.max(0, size - position - unfinished)
  return sources
    .toSorted((a, b) => backlog(b) - backlog(a) || (b.lastRead ?? 0) - (a.lastRead ?? 0))
    .slice(0, MOST_FILES)
    .map(({ path, position, size, state, problem, lastRead }) => ({
      path: cutAt(path, LONGEST_PATH),
      ...{ position, size, state, lastRead },
      problem: problem === null ? null : cutAt(problem, 1024),
    }))
}

export type AccountedSource = SourceStatus & { readonly ledger: Ledger }

/** Every source with its ledger, including those whose file is gone, and the sum of all. */
export function accounts(
  sources: readonly SourceStatus[],
  ledgers: ReadonlyMap<string, Ledger>,
): { sources: readonly AccountedSource[]; total: Ledger } {
  return {
    sources: sources.map((source) => ({ ...source, ledger: ledgers.get(source.source) ?? sumOf([]) })),
    total: sumOf(ledgers.values()),
  }
}

/** The room for this list in a heartbeat. */
const MOST_BYTES = 32 * 1024

/**
 * The event types of the operator's own integrations, reported to the indexer. `left` are those for which there was no room: these can be
 * switched by their group (`shop.*`), but not individually.
 */
async function ownIntegrations(
  file: string,
  config: AgentConfig,
): Promise<{ readonly told: readonly OwnIntegration[]; readonly left: readonly string[] }> {
  const names = [
    ...fileInputsOf(config).map(({ integration }) => integration),
    ...receivedOf(config).flatMap(({ integrations }) => integrations),
  ]
  // The other integrations are identified by name alone.
  const paths = [...new Set(names.map((name) => integrationPath(name, file)))].filter((path) =>
    path.includes('/'),
  )
  const told: OwnIntegration[] = []
  const left: string[] = []
  let room = MOST_BYTES
  for (const path of paths) {
    const { integration, title, types } = catalogueOf(await loadIntegration(path))
    if (told.some((known) => known.integration === integration)) continue
    // Types that come from another integration (`like`) are switched under their names there.
    const named = types.filter(({ id }) => id.startsWith(`${integration}.`))
    const own = {
      integration,
      title: cut(title),
      types: named.map((type) => ({ ...type, title: cut(type.title), group: cut(type.group) })),
    }
    const bytes = Buffer.byteLength(JSON.stringify(own))
    if (bytes > room || named.length > MOST_TYPES) left.push(path)
    else {
      room -= bytes
      told.push(own)
    }
  }
  return { told, left }
}

const MOST_TYPES = 512
const cut = (text: string): string => cutAt(text, 256)
