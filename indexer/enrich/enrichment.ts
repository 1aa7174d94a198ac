import { open, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { type Additions, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Enriched, Enricher, type EnrichPlan } from './enricher.ts'
import { Places, type PlaceTable } from './place.ts'

/** `enrich` of indexer.yml. */
export interface EnrichSettings {
  readonly geo?: { readonly file: string } | undefined
  readonly 'user-agent': boolean
  readonly related: boolean
}

/** The indexer's additions to events, by settings that may change while it runs. */
export interface Enrichment {
  /** The additions to make now; null if there are none. */
  readonly plan: EnrichPlan | null
  /** Enriches in this thread: for the few events that do not come in a waybill. */
  enrich(lines: Buffer): Enriched['additions']
  /** The same for a single event. */
  additionsOf(line: Buffer): Additions | undefined
  /** Reports a failed lookup of places, once for each file. */
  report(fault: string | null): void
  /** Prepares other settings, and throws if it can't; the returned function puts them into use. */
  prepare(next: EnrichSettings): Promise<() => void>
  /** Looks whether the file of places was replaced, and takes it up. Called by a timer. */
  look(): Promise<void>
  close(): void
}

const LOOK_EVERY = 30_000

interface Loaded {
  readonly path: string
  readonly table: PlaceTable
  readonly state: FileState
}

export async function openEnrichment(
  settings: EnrichSettings,
  parts: { readonly log: Logger; readonly lookEvery?: number },
): Promise<Enrichment> {
  const { log } = parts
  const enricher = new Enricher()
  let current = settings
  let loaded = await load(settings)
  /** The state of a file that could not be loaded: it is not tried again before it changes. */
  let refused: FileState | null = null
  let faulty = 0
  let looking: Promise<void> | null = null

  async function load({ geo }: EnrichSettings): Promise<Loaded | null> {
    if (geo === undefined) return null
    const { table, state } = await readPlaceFile(geo.file)
    return { path: geo.file, table, state }
  }

  function planOf(): EnrichPlan | null {
    const places = loaded?.table ?? null
    const { 'user-agent': userAgent, related } = current
    return places === null && !userAgent && related ? null : { places, userAgent, related }
  }
  let plan = planOf()

  function report(fault: string | null): void {
    if (fault === null || loaded === null || faulty === loaded.table.version) return
    faulty = loaded.table.version
    log.error(`${loaded.path} is damaged (${fault}): some events get no place. Replace the file.`)
  }

  function enrich(lines: Buffer): Enriched['additions'] {
    if (plan === null) return null
    const { additions, fault } = enricher.enrich(lines, plan)
    report(fault)
    return additions
  }

  async function lookOnce(): Promise<void> {
    const before = loaded
    if (before === null) return
    let state: FileState
    try {
      state = await stateOf(before.path)
    } catch {
      // It is being replaced, or was removed: what is in memory continues.
      return
    }
    if (state === before.state || state === refused) return
    try {
      const next = await load(current)
      // The settings may have changed in the meantime.
      if (loaded !== before) return
      loaded = next
      plan = planOf()
      refused = null
      log.info(`${before.path} was replaced; places are estimated by the new file.`)
    } catch (error) {
      refused = state
      log.error(`The previous file of places stays in use: ${reasonOf(error)}`)
    }
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = null
    })
    return looking
  }

  const timer = setInterval(() => void look(), parts.lookEvery ?? LOOK_EVERY)
  timer.unref()

  return {
    get plan() {
      return plan
    },
    enrich,
    additionsOf(line) {
      const additions = enrich(line)
      return additions === null ? undefined : (JSON.parse(additions.lines.toString('utf8')) as Additions)
    },
    report,
    async prepare(next) {
      const table = await load(next)
      return () => {
        current = next
        loaded = table
        refused = null
        plan = planOf()
      }
    },
    look,
    close: () => clearInterval(timer),
  }
}

/** Identifies the state of a file: it changes when the file is replaced or written to. */
type FileState = string

async function stateOf(path: string): Promise<FileState> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
  return `${dev}/${ino}/${size}/${mtimeNs}`
}

let tables = 0

/** Addresses of well-known name servers: a damaged file mostly shows when something is looked up in it. */
const PROBES = ['1.1.1.1', '8.8.8.8', '9.9.9.9', '2606:4700:4700::1111', '2001:4860:4860::8888']

/** Reads a file of places whole, and makes sure that it is one. */
async function readPlaceFile(path: string): Promise<{ table: PlaceTable; state: FileState }> {
  const state = await stateOf(path).catch((error: unknown) => {
    throw new OperatorError(
      'WB-PLACES',
      `enrich.geo.file: ${path} can't be read (${reasonOf(error)}); check the path and its permissions, or remove enrich.geo`,
      { cause: error, exitCode: 2 },
    )
  })
  try {
    const table = { bytes: await bytesOf(path), version: ++tables }
    const places = new Places(table)
    for (const address of PROBES) places.of(address)
    return { table, state }
  } catch (error) {
    throw new OperatorError(
      'WB-PLACES',
      `enrich.geo.file: ${path} is not a MaxMind DB file, or is damaged (${reasonOf(error)}); it must be an unpacked .mmdb of MaxMind or DB-IP`,
      { cause: error, exitCode: 2 },
    )
  }
}

async function bytesOf(path: string): Promise<SharedArrayBuffer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = new SharedArrayBuffer(size)
    const view = Buffer.from(bytes)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(view, at, Math.min(size - at, 16 * 1024 * 1024), at)
      if (bytesRead === 0) throw new Error('it became shorter while it was read')
      at += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}
