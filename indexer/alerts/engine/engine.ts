import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import * as z from 'zod'
import { type AuditEvent, reasonOf } from '../../../schema/index.ts'
import { isLedgerCondition, type LedgerCondition, type LedgerSample } from '../../../schema/rule.ts'
import { type Query, QueryIndex } from '../../query/index.ts'
import type { Store } from '../../store/index.ts'
import type { AlertBook } from '../book.ts'
import { foundIn } from '../ledger.ts'
import type { ParsedRule } from '../rules.ts'
import { AbsenceRule } from './absence.ts'
import { timeOf } from './facts.ts'
import { Lease } from './lease.ts'
import { ledgerPoints } from './ledger-points.ts'
import { excludes, type Findings, LiveRule, type Point, type Range } from './live-rule.ts'
import { Past } from './past.ts'
import type { Calendar } from './time-of-day.ts'

/** How far the engine has come, and what it knows beside the events. */
const placeSchema = z.object({
  after: z.string(),
  at: z.number(),
  /** Since when each rule has been judged, by its version. */
  since: z.record(z.string(), z.number()),
  samples: z.array(z.object({ at: z.number(), deadLetters: z.number() })),
  /** Since when numbers of an agent's waybills have been missing. */
  missing: z.record(z.string(), z.number()),
})
type Place = z.output<typeof placeSchema>

const KIND = 'alert-engine'
const KEY = 'place'
const PAGE = 500
/** The pause when nothing has arrived, ms. */
const IDLE = 1_000
const AFTER_FAILURE = 10_000
/** An engine without news writes its place this often. */
const SAVE_EVERY = 15_000
const SAMPLE_EVERY = 30_000
const TIDY_EVERY = 30_000
/** Counts of alerts that went on, a turn. */
const RECOUNTS = 20
/** Alerts whose evidence is gathered, a turn. */
const GATHERED = 5
/** With more rules than this, the store need not look at each event by all of them: the index of rules does. */
const MOST_ASKED = 64
/** All rules together keep this many facts in memory; what is beyond it is read again when it is needed. */
const MOST_FACTS = 1_500_000

export interface EngineParts {
  readonly store: Pick<Store, 'arrivals' | 'arrivalsEnd' | 'search' | 'aggregate' | 'records'>
  readonly book: AlertBook
  /** The rules that the engine runs. */
  readonly rules: () => readonly ParsedRule[]
  /** The state of the agents and the dead letters; `missing` is what the last sample found. */
  readonly sample: (missing: Readonly<Record<string, number>>) => Promise<LedgerSample>
  readonly calendar: () => Calendar
  /** An event that happened longer ago, in ms, is not judged: an import of old events is no alarm. */
  readonly horizon: () => number
  readonly clock: () => number
  readonly log: Logger
  /** The name of this process among the indexers of a cluster. */
  readonly self: string
}

/** How a rule fares since the start. */
export interface Fare {
  readonly judged: number
  readonly matched: number
  readonly micros: number
}

interface Running {
  readonly rule: ParsedRule
  readonly live: LiveRule | AbsenceRule
  judged: number
}

/**
 * Judges events as they arrive, in event time: windows are of `@timestamp`, and an event that comes late is judged with those around it.
 * Its place among the arrivals is a record, so it goes on after a restart where it stopped. Whatever it does twice counts once. Of several
 * indexers one runs it, by a lease.
 */
export class AlertEngine {
  readonly #parts: EngineParts
  readonly #past: Past
  readonly #lease: Lease
  readonly #stopping = new AbortController()
  #running = new Map<string, Running>()
  #routes = new QueryIndex<Running>([])
  #asked: Query = { kind: 'all' }
  #calendar: Calendar | null = null
  #place: Place | null = null
  #placeVersion: number | null = null
  #savedAt = 0
  #sampledAt = 0
  #tidiedAt = 0
  #done: Promise<void> = Promise.resolve()
  /** Events that were too old to be judged. */
  tooOld = 0
  /** Why the rules wait; null while this indexer or another one runs them. */
  problem: string | null = null

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#past = new Past(parts.store)
    this.#lease = new Lease(parts.store.records, `${KIND}-lease`, parts.self, parts.clock)
  }

  start(): void {
    this.#done = this.#run()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  fareOf(rule: string): Fare | null {
    const running = this.#running.get(rule)
    if (running === undefined) return null
    const { judged, live } = running
    return { judged, matched: live.matched, micros: Math.round(live.micros) }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { log } = this.#parts
    while (!signal.aborted) {
      let wait = IDLE
      try {
        if (await this.#lease.hold()) {
          if (await this.turn()) wait = 0
        } else this.#forget()
        this.problem = null
      } catch (thrown) {
        const problem = `The alert rules wait: ${reasonOf(thrown)}`
        if (this.problem !== problem) log.error(problem)
        this.problem = problem
        this.#forget()
        wait = AFTER_FAILURE
      }
      if (wait > 0) await pause(wait, undefined, { signal, ref: false }).catch(() => {})
    }
    await this.#lease.release()
  }

  /** Judges what has arrived since the last turn; returns whether there may be more. */
  async turn(): Promise<boolean> {
    const { store, book, clock } = this.#parts
    const place = await this.#open()
    await this.#load(place)
    const { events, next } = await store.arrivals({ query: this.#asked, after: place.after, limit: PAGE })
    const found: Findings[] = []
    for (const event of events) await this.#judge(event, found)
    const { points, ranges } = settled(found)
    points.push(...(await this.#due(place)))
    const lapses = book.lapses(ranges)
    const divided = lapses.filter(({ isDivided }) => isDivided)
    // New points must not join what is wrong. A divided alert stays until its parts are there.
    for (const one of lapses) if (!one.isDivided) await book.lapse(one)
    for (const { rule, of, kept } of divided) {
      const live = this.#running.get(rule.id)?.live
      if (live instanceof LiveRule) points.push(...(await live.again(of, kept)))
    }
    await book.raise(points, new Set(divided.map(({ id }) => id)))
    for (const one of divided) await book.lapse(one)
    const moved = next !== null && next !== place.after
    place.after = next ?? place.after
    place.at = clock()
    const isDue = clock() - this.#savedAt >= SAVE_EVERY
    if (isDue ? moved : events.length > 0 && points.length > 0) await this.#save(place)
    const recounts = book.takeRecounts(RECOUNTS)
    for (const alert of recounts) {
      const rule = this.#running.get(alert.rule.id)?.rule
      if (rule?.version === alert.rule.version)
        await book.counted(alert.id, await this.#past.count(rule, alert.group, alert))
    }
    await book.settleDue()
    const hasUngathered = await book.gather(GATHERED)
    await book.show()
    if (clock() - this.#tidiedAt >= TIDY_EVERY) this.#tidy()
    return events.length >= PAGE || recounts.length >= RECOUNTS || hasUngathered
  }

  async #judge(event: AuditEvent, all: Findings[]): Promise<void> {
    if (this.#parts.clock() - timeOf(event) > this.#parts.horizon()) {
      this.tooOld++
      return
    }
    for (const running of this.#routes.of(event)) {
      running.judged++
      const begun = performance.now()
      const found = running.live.take(event)
      const findings = found instanceof Promise ? await found : found
      running.live.micros += (performance.now() - begun) * 1000
      if (findings.points.length > 0 || findings.range !== null) all.push(findings)
      if (findings.of !== undefined && findings.at !== undefined)
        this.#parts.book.countAgain(running.rule, findings.of.key, findings.at)
      if (running.live instanceof AbsenceRule)
        for (const end of running.live.takeEnds())
          await this.#parts.book.settle(running.rule, end.key, (alert) => !end.ends(alert), end.why)
    }
  }

  /** What time alone brings: absences, and the state of the agents. */
  async #due(place: Place): Promise<Point[]> {
    const now = this.#parts.clock()
    const points: Point[] = []
    for (const { live } of this.#running.values())
      if (live instanceof AbsenceRule) points.push(...live.due(now))
    if (now - this.#sampledAt < SAMPLE_EVERY) return points
    this.#sampledAt = now
    const ledger = [...this.#running.values()].filter(({ rule }) => isLedgerCondition(rule.condition))
    if (ledger.length === 0) return points
    const sample = await this.#parts.sample(place.missing)
    place.missing = Object.fromEntries(
      sample.agents.flatMap(({ id, missingSince }) => (missingSince === null ? [] : [[id, missingSince]])),
    )
    const longest = Math.max(
      ...ledger.map(({ rule }) => ('within' in rule.condition ? rule.condition.within : 0)),
    )
    place.samples = [...place.samples, { at: now, deadLetters: sample.deadLetters }].filter(
      ({ at }) => now - at <= longest,
    )
    const samples = [...place.samples.slice(0, -1).map((one) => ({ ...one, agents: [] })), sample]
    for (const { rule } of ledger) {
      const found = foundIn(rule.condition as LedgerCondition, samples)
      const known = ledgerPoints(rule, found, sample.at)
      points.push(...known)
      const keys = new Set(known.map(({ of }) => JSON.stringify(of.group)))
      await this.#parts.book.settle(
        rule,
        null,
        ({ group }) => keys.has(JSON.stringify(group)),
        'The condition no longer holds.',
      )
    }
    return points
  }

  async #open(): Promise<Place> {
    if (this.#place !== null) return this.#place
    const { store, book, clock } = this.#parts
    const record = await store.records.get(KIND, KEY)
    if (record === null) {
      const after = await store.arrivalsEnd()
      this.#place = { after, at: clock(), since: {}, samples: [], missing: {} }
      await this.#save(this.#place)
    } else {
      this.#place = placeSchema.parse(record.value)
      this.#placeVersion = record.version
      await book.reload()
      await book.tellRest()
    }
    return this.#place
  }

  /** Takes up the rules as they are now. */
  async #load(place: Place): Promise<void> {
    const rules = this.#parts.rules()
    const calendar = this.#parts.calendar()
    // Another time zone or another holiday changes the hours of every rule.
    if (calendar !== this.#calendar) this.#running = new Map()
    this.#calendar = calendar
    const isSame =
      rules.length === this.#running.size && rules.every((rule) => this.#running.get(rule.id)?.rule === rule)
    if (isSame) return
    const { clock } = this.#parts
    const running = new Map<string, Running>()
    for (const rule of rules) {
      const before = this.#running.get(rule.id)
      if (
        before?.rule.version === rule.version &&
        before.rule.message === rule.message &&
        before.rule.persons?.stamp === rule.persons?.stamp
      ) {
        running.set(rule.id, before)
        continue
      }
      const name = `${rule.id} ${rule.version}`
      const since = place.since[name] ?? clock()
      place.since[name] = since
      const parts = { calendar, past: this.#past, clock, since }
      const live =
        rule.condition.kind === 'absence' ? new AbsenceRule(rule, parts) : new LiveRule(rule, parts)
      await live.warm(place.at)
      running.set(rule.id, { rule, live, judged: 0 })
    }
    const current = new Set(rules.map(({ id, version }) => `${id} ${version}`))
    for (const key of Object.keys(place.since)) if (!current.has(key)) delete place.since[key]
    this.#running = running
    this.#routes = new QueryIndex([...running.values()].map((one) => [one, one.rule.query] as const))
    const of = rules.map(({ query }) => query).filter(({ kind }) => kind !== 'none')
    this.#asked =
      of.length === 0 ? { kind: 'none' } : of.length <= MOST_ASKED ? { kind: 'or', of } : { kind: 'all' }
  }

  async #save(place: Place): Promise<void> {
    const { records } = this.#parts.store
    if (!(await records.put(KIND, KEY, place, this.#placeVersion)))
      throw new Error('another indexer has taken over the alert rules')
    this.#placeVersion = (await records.get(KIND, KEY))?.version ?? null
    this.#savedAt = this.#parts.clock()
  }

  #tidy(): void {
    this.#tidiedAt = this.#parts.clock()
    const lives = [...this.#running.values()].map(({ live }) => live)
    for (const live of lives) live.tidy()
    const size = lives.reduce((sum, live) => sum + live.size, 0)
    if (size <= MOST_FACTS) return
    // Each rule keeps its share.
    for (const live of lives) live.shrink(Math.floor((live.size * MOST_FACTS) / size))
  }

  /** What another indexer does meanwhile is read again before the next turn. */
  #forget(): void {
    this.#place = null
    this.#placeVersion = null
    this.#running = new Map()
  }
}

/**
 * What is left of the findings of several events once all of them are known: a later one can show that an earlier one was wrong, and
 * that a still earlier one was right after all.
 */
function settled(found: readonly Findings[]): { points: Point[]; ranges: Range[] } {
  const ranges: Range[] = []
  if (found.every(({ range }) => range === null))
    return { points: found.flatMap(({ points }) => points), ranges }
  const points: Point[] = []
  const groups = new Map<string, { met: Set<string>; ranges: Range[] }>()
  for (const one of found.toReversed()) {
    const [first] = one.points
    const of = one.range ?? first
    if (of === undefined) continue
    const name = `${of.rule.id}\0${of.of.key}`
    const later = groups.get(name) ?? { met: new Set<string>(), ranges: [] }
    groups.set(name, later)
    const standing = one.points.filter(
      ({ met: { fact } }) => !later.ranges.some((range) => excludes(range, fact)),
    )
    points.push(...standing)
    if (one.range !== null) {
      const range = { ...one.range, met: new Set([...one.range.met, ...later.met]) }
      ranges.push(range)
      later.ranges.push(range)
    }
    for (const { met } of standing) later.met.add(met.fact.id)
  }
  return { points: points.reverse(), ranges }
}
