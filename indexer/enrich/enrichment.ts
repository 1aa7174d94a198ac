import type { Logger } from 'pino'
import { type Additions, reasonOf } from '../../schema/index.ts'
import { type Enriched, Enricher, type EnrichPlan } from './enricher.ts'
import type { PlaceTable } from './place.ts'
import { type FileState, readPlaceFile, stateOf } from './place-file.ts'

/** `enrich` of indexer.yml. */
export interface EnrichSettings {
  readonly geo?: { readonly file: string } | undefined
  readonly 'user-agent': boolean
  readonly related: boolean
}

/** What the indexer adds to events, by settings that may change while it runs. */
export interface Enrichment {
  /** What is to be added now; null where nothing is to be said. */
  readonly plan: EnrichPlan | null
  /** Enriches in this thread: for the few events that come another way than by a waybill. */
  enrich(lines: Buffer): Enriched['additions']
  /** The same for a single event. */
  additionsOf(line: Buffer): Additions | undefined
  /** Says once for each file that looking up places in it failed. */
  report(fault: string | null): void
  /** Builds what other settings ask for, and throws where it can't; what it gives puts that into use. */
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
  /** A state of the file that could not be taken up: it is not tried again before it changes. */
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
    log.error(`${loaded.path} is damaged (${fault}): some events get no place. Put a whole file there.`)
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
      // It is being replaced, or was removed: what is in memory goes on.
      return
    }
    if (state === before.state || state === refused) return
    try {
      const next = await load(current)
      // The settings may have changed meanwhile.
      if (loaded !== before) return
      loaded = next
      plan = planOf()
      refused = null
      log.info(`${before.path} was replaced; places are estimated by the new file.`)
    } catch (error) {
      refused = state
      log.error(`The file of places stays as it was: ${reasonOf(error)}`)
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
