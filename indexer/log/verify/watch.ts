import { hash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import * as z from 'zod'
import {
  type EvidenceStatus,
  type Finding,
  findingShape,
  type WaybillPlace,
} from '../../../schema/api/index.ts'
import { canonical, logged, reasonOf } from '../../../schema/index.ts'
import { inTurn, type Trail } from '../../ingest/index.ts'
import type { Records } from '../../store/port.ts'
import { explanationOf } from './expiries.ts'
import { AgentKeys } from './keys.ts'
import { timeName, waybillName } from './names.ts'
import { pagesFrom, readable } from './pages.ts'
import { Run } from './run.ts'
import type { WatchSettings } from './settings.ts'
import type { EvidenceSource } from './source.ts'

const DAY = 86_400_000
/** A pass over the whole store begins this long after the one before began, so each event is verified within a week. */
const WHOLE_EVERY = 6 * DAY
/** How long a part of the whole store is read before its place is noted. */
const PART = 60_000
const LOOKED_AT_EVERY = 60_000
/** A waybill gets into the log within seconds. */
const LOGGED_WITHIN = 10 * 60_000
const MOST_FINDINGS = 1000
const MOST_MARKS = 48

const KIND = 'evidence'
const PLACE = 'place'
const FOUND = 'finding-'
export const FINDING_ACTION = 'evidence-finding'

const passSchema = z.object({
  begun: z.number(),
  /** Receipt of the last waybill that was verified; null if there was none yet. */
  to: z.number().nullable(),
  waybills: z.number(),
  events: z.number(),
})
const placeSchema = z.object({
  version: z.literal(1),
  /** The indexer that verifies, and until when it says so: with several on a cluster, one does. */
  by: z.string(),
  until: z.number(),
  newest: passSchema.extend({ from: z.number().nullable(), at: z.number() }).nullable(),
  whole: passSchema.extend({ place: z.string().nullable() }).nullable(),
  /** The last pass over the whole store that came to its end. */
  finished: passSchema.extend({ at: z.number() }).nullable(),
  /** Ends of earlier passes, the oldest first: the next one over the newest day begins at one of these. */
  marks: z.array(z.object({ place: z.string(), at: z.number() })),
})
type Place = z.infer<typeof placeSchema>

const foundSchema = z.object({ at: z.number(), finding: findingShape })

export interface WatchParts {
  readonly open: () => Promise<EvidenceSource>
  readonly records: Pick<Records, 'get' | 'put' | 'list'>
  readonly trail: Trail
  /** The manifest hash that the log has of a waybill; null if the log does not have it, undefined if the log can't be asked. */
  readonly loggedAs: (waybill: WaybillPlace) => Promise<string | null | undefined>
  readonly settings: WatchSettings
  readonly log: Logger
  readonly clock: () => number
  /** How often it looks for work, ms. */
  readonly looksEvery?: number
  /** Distinguishes this process from other indexers. */
  readonly self: string
}

/**
 * Verifies the store in the background: the newest day each hour, and the whole store in a week. It works a small share of the time, and
 * notes its place, so a restart costs a minute of work. What it finds is an event of the trail, once.
 */
export class EvidenceWatch {
  readonly #parts: WatchParts
  readonly #turn = inTurn()
  readonly #stopping = new AbortController()
  readonly #found = new Map<string, { readonly at: number; readonly finding: Finding }>()
  #place: Place | null = null
  #problem: string | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  start(): void {
    if (!this.#parts.settings.enabled) return
    const every = this.#parts.looksEvery ?? LOOKED_AT_EVERY
    const again = (wait: number): void => {
      this.#timer = setTimeout(async () => {
        await this.round()
        if (!this.#stopping.signal.aborted) again(every)
      }, wait)
      this.#timer.unref()
    }
    again(every)
  }

  /** Does what is due. */
  round(): Promise<void> {
    return this.#turn(async () => {
      try {
        await this.#work()
        this.#problem = null
      } catch (thrown) {
        if (this.#stopping.signal.aborted) return
        const sentence = `The evidence can't be verified at present: ${reasonOf(thrown)}`
        if (sentence !== this.#problem) this.#parts.log.error(logged(thrown), sentence)
        this.#problem = sentence
      }
    })
  }

  status(): EvidenceStatus {
    const { newest = null, whole = null, finished = null } = this.#place ?? {}
    const found = [...this.#found.values()].sort((a, b) => b.at - a.at)
    return {
      enabled: this.#parts.settings.enabled,
      newest: newest && {
        from: newest.from,
        to: newest.to,
        at: newest.at,
        waybills: newest.waybills,
        events: newest.events,
      },
      whole: whole && { begun: whole.begun, to: whole.to, waybills: whole.waybills, events: whole.events },
      finished: finished && {
        to: finished.to,
        at: finished.at,
        waybills: finished.waybills,
        events: finished.events,
      },
      findings: found.slice(0, 100),
      more: Math.max(0, found.length - 100),
      problem: this.#problem,
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    // Another indexer may go on at once.
    await this.#turn(async () => {
      if (this.#place?.by === this.#parts.self) await this.#note({ until: 0 })
    })
  }

  async #work(): Promise<void> {
    const { clock, settings, records } = this.#parts
    for (const { key, value } of await records.list(KIND)) {
      const found = foundSchema.safeParse(value).data
      if (key.startsWith(FOUND) && found !== undefined) this.#found.set(key, found)
    }
    if (!(await this.#takeTurn())) return
    const source = await this.#parts.open()
    try {
      while (!this.#stopping.signal.aborted) {
        const place = this.#place
        if (place === null) return
        if (place.newest === null || clock() - place.newest.begun >= settings.every)
          await this.#newest(source)
        else if (place.whole !== null || (place.finished?.begun ?? 0) <= clock() - WHOLE_EVERY)
          await this.#part(source)
        else return
        if (!(await this.#takeTurn())) return
      }
    } finally {
      await source.close()
    }
  }

  /** Reads the noted place, and says that this indexer verifies; returns false if another one does. */
  async #takeTurn(): Promise<boolean> {
    const { records, clock, self } = this.#parts
    const record = await records.get(KIND, PLACE)
    const known = placeSchema.safeParse(record?.value).data
    if (known !== undefined && known.by !== self && known.until > clock()) {
      this.#place = known
      return false
    }
    const fresh: Place = {
      version: 1,
      by: self,
      until: 0,
      newest: null,
      whole: null,
      finished: null,
      marks: [],
    }
    const mine = { ...(known ?? fresh), by: self, until: clock() + 10 * LOOKED_AT_EVERY }
    if (!(await records.put(KIND, PLACE, mine, record?.version ?? null))) return false
    this.#place = mine
    return true
  }

  async #note(change: Partial<Place>): Promise<void> {
    const { records } = this.#parts
    const record = await records.get(KIND, PLACE)
    if (this.#place === null || record === null) return
    this.#place = { ...this.#place, ...change }
    await records.put(KIND, PLACE, this.#place, record.version)
  }

  /** Verifies what was received within the last day. */
  async #newest(source: EvidenceSource): Promise<void> {
    const { clock } = this.#parts
    const begun = clock()
    const marks = this.#place?.marks ?? []
    const since = begun - DAY
    const from =
      marks.findLast(({ at }) => at <= since)?.place ??
      (await source.placeAt?.(since)) ??
      marks[0]?.place ??
      null
    const read = await this.#range(source, from, Number.POSITIVE_INFINITY)
    const next = read.place === null ? marks : [...marks, { place: read.place, at: begun }]
    const needed = next.findLastIndex(({ at }) => at <= begun - DAY)
    await this.#note({
      newest: {
        begun,
        from: read.from,
        to: read.to,
        at: clock(),
        waybills: read.waybills,
        events: read.events,
      },
      marks: next.slice(Math.max(0, needed, next.length - MOST_MARKS)),
    })
  }

  /** Verifies a part of the whole store. */
  async #part(source: EvidenceSource): Promise<void> {
    const { clock } = this.#parts
    const whole = this.#place?.whole ?? { begun: clock(), to: null, waybills: 0, events: 0, place: null }
    const read = await this.#range(source, whole.place, clock() + PART)
    const next = {
      begun: whole.begun,
      to: read.to ?? whole.to,
      waybills: whole.waybills + read.waybills,
      events: whole.events + read.events,
    }
    if (read.isEnd) await this.#note({ whole: null, finished: { ...next, at: clock() } })
    else await this.#note({ whole: { ...next, place: read.place } })
  }

  /** Verifies waybills from a place on, until a time or the end. */
  async #range(source: EvidenceSource, from: string | null, until: number) {
    const { clock, settings, loggedAs } = this.#parts
    const keys = new AgentKeys(await source.keys())
    const explanations = (await source.trail?.())?.flatMap((event) => explanationOf(event) ?? []) ?? []
    const counted = await source.counted()
    // Counts and dead letters of the whole are not those of a part.
    const run = new Run({
      source: { ...source, deadLetters: null },
      keys,
      logs: [],
      explanations,
      counted,
      hasCopy: false,
    })
    run.findings.add(...keys.findings)
    let place = from
    let first: number | null = null
    let to: number | null = null
    let isEnd = true
    let begun = performance.now()
    for await (const page of pagesFrom(source, from)) {
      for (const one of readable(page, run)) {
        const examined = await run.enter(one)
        if (examined === null) continue
        const { at, manifest, received } = examined
        first ??= received
        to = received
        if (manifest === null || clock() - received < LOGGED_WITHIN) continue
        const known = await loggedAs(at)
        if (known === undefined || known === manifest.hash) continue
        run.findings.add(
          known === null
            ? {
                kind: 'waybills-unlogged',
                weight: 'wrong',
                at,
                to: at.sequence,
                sentence: `${waybillName(at)} is not in the transparency log, and was received at ${timeName(received)}.`,
              }
            : {
                kind: 'waybill-rebuilt',
                weight: 'wrong',
                at,
                logged: known,
                anchored: null,
                sentence: `${waybillName(at)} was rebuilt after it was logged: the transparency log has another one under its number.`,
              },
        )
      }
      place = page.next
      if (clock() >= until || this.#stopping.signal.aborted) {
        isEnd = false
        break
      }
      const worked = performance.now() - begun
      await pause((worked * (1 - settings.share)) / settings.share, undefined, {
        signal: this.#stopping.signal,
      }).catch(() => {})
      begun = performance.now()
    }
    run.judgeMissing()
    run.endLines({ isPart: true })
    run.findings.add(...run.chains.between(clock()))
    await this.#tell(run.findings.end().listed)
    return { place, from: first, to, isEnd, waybills: run.waybills, events: run.events }
  }

  /** Records each finding once: in the trail first, so that a crash can't lose it. */
  async #tell(findings: readonly Finding[]): Promise<void> {
    const { records, trail, clock } = this.#parts
    for (const finding of findings) {
      if (finding.weight !== 'wrong') continue
      const { sentence: _, ...known } = finding
      const key = `${FOUND}${hash('sha256', canonical(known)).slice(0, 32)}`
      if (this.#found.has(key) || this.#found.size >= MOST_FINDINGS) continue
      await trail.record({
        action: FINDING_ACTION,
        category: 'security',
        message: `Verification found: ${finding.sentence}`,
        outcome: 'failure',
        reason: finding.kind,
        by: { name: 'verifier' },
        entity: { type: 'evidence', id: key.slice(FOUND.length), name: finding.kind },
      })
      this.#found.set(key, { at: clock(), finding })
      await records.put(KIND, key, { at: clock(), finding }, null)
    }
  }
}
