import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import * as z from 'zod'
import { type AlertAction, type AlertShape, alertShape, type IncidentShape } from '../../schema/api/index.ts'
import { reasonOf } from '../../schema/index.ts'
import { type Act, isRecorded, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records, Store } from '../store/index.ts'
import { type GroupOf, inOrder } from './engine/facts.ts'
import type { Met } from './engine/group.ts'
import { canLapse, excludes, type Point, type Range } from './engine/live-rule.ts'
import { AlertEvidence, dueOf, type Gathered, isGathered, NOT_GATHERED } from './evidence.ts'
import { INCIDENT_SPAN, incidentOf, namesIn } from './incidents.ts'
import { worded } from './message.ts'
import type { News, TellNews } from './news.ts'
import type { ParsedRule } from './rules.ts'

const storedAlert = alertShape.extend({
  accounts: z.array(z.string()).default([]),
  /** Its group, as the engine compares it. */
  key: z.string(),
  /** Alerts of the group within this time are the same one. */
  throttle: z.number(),
  /** It is in the audit trail, and the notifications have it. */
  told: z.boolean(),
  /** The event with which the condition was met first: of several at one time the one with the least id. */
  firstId: z.string().default(''),
  /** `count` is that of all events until `last`. */
  counted: z.boolean().default(true),
  /** The facts that met the condition, for conditions that a late event can make untrue. */
  points: z.array(z.tuple([z.number(), z.string()])).default([]),
  /** When it ends by itself, unless its condition holds again before, and why. */
  ending: z.object({ at: z.number(), why: z.string() }).nullable().default(null),
  /** How much of its evidence is kept. */
  gathered: z.object({ events: z.boolean(), until: z.number() }).default(NOT_GATHERED),
})
type StoredAlert = z.output<typeof storedAlert>

/** An alert some of whose points are wrong. */
export interface Lapse {
  readonly id: string
  readonly rule: ParsedRule
  readonly of: GroupOf
  /** Ids of the events that do not meet the condition after all. */
  readonly wrong: ReadonlySet<string>
  /** Times and ids of the others. */
  readonly kept: readonly (readonly [number, string])[]
  /** The others are not one alert any more, or not the one of this id. */
  readonly isDivided: boolean
}

interface Entry {
  alert: StoredAlert
  version: number
}

const KIND = 'alert'
const LOOK = 'alerts-seen'
const lookSchema = z.object({ at: z.number() })
export const ALERT_ACTION = 'alert'
/** An alert that was raised this long after its events is late. */
const LATE = 10 * 60_000
const MOST_NAMED = 100
const MOST_POINTS = 64
const MOST_STEPS = 200
const AT_ONCE = 16
const MOST_SHOWN = 1000
/** After a start, alerts of this time are shown again: the last process may have died before. */
const SHOWN_AGAIN = 7 * 86_400_000
const TRIES = 10
/** Records of resolved alerts are kept for this time; their events in the trail have their own retention. */
const KEPT = 400 * 86_400_000

interface BookParts {
  readonly store: Pick<Store, 'search' | 'get' | 'showAlerts'>
  readonly records: Records
  readonly trail: Trail
  readonly tell: TellNews
  readonly clock: () => number
  readonly log: Logger
}

/** Returns the alert's id: the same for each order in which its events arrive. */
export function alertId(
  rule: Pick<ParsedRule, 'id' | 'version' | 'throttle'>,
  key: string,
  first: number,
): string {
  const window = Math.floor(first / rule.throttle)
  const hash = createHash('sha256').update(JSON.stringify([rule.id, rule.version, key, window]))
  return `${rule.id}.${hash.digest('hex').slice(0, 16)}`
}

/**
 * All alerts, as records of the store. The engine raises them; people act on them. An alert exists once, whatever crashes: its id follows
 * from what it is about, and each change of its record is made upon the record as it is.
 */
export class AlertBook {
  readonly #parts: BookParts
  readonly #entries = new Map<string, Entry>()
  /** Ids by rule and group. */
  readonly #groups = new Map<string, Set<string>>()
  /** Ids by incident. */
  readonly #incidents = new Map<string, Set<string>>()
  /** The last incident of each person and address, and its time. */
  readonly #names = new Map<string, { incident: string; first: number; last: number }>()
  readonly #recount = new Set<string>()
  /** Ids of alerts that this process has made: nobody else can have told them. */
  readonly #own = new Set<string>()
  readonly #isAlone: boolean
  /** Ids of alerts that other programs, such as Kibana, do not have as they are now. */
  readonly #unshown = new Set<string>()
  #cannotShow = false
  /** Ids of alerts whose evidence is not kept yet. */
  readonly #ungathered = new Set<string>()
  /** Ids of alerts that end soon. */
  readonly #ending = new Set<string>()
  readonly evidence: AlertEvidence

  private constructor(parts: BookParts, isAlone: boolean) {
    this.#parts = parts
    this.#isAlone = isAlone
    this.evidence = new AlertEvidence(parts)
  }

  static async open(parts: BookParts): Promise<AlertBook> {
    const book = new AlertBook(parts, (await parts.records.version()) === null)
    await book.reload()
    return book
  }

  /** Reads all records: another indexer may have changed them. */
  async reload(): Promise<void> {
    const found = await this.#parts.records.list(KIND)
    this.#entries.clear()
    this.#own.clear()
    this.#groups.clear()
    this.#incidents.clear()
    this.#names.clear()
    this.#ungathered.clear()
    this.#ending.clear()
    const before = this.#parts.clock() - KEPT
    const entries: Entry[] = []
    for (const { key, value, version } of found) {
      const read = storedAlert.safeParse(value)
      if (!read.success) {
        this.#parts.log.error(`The record of the alert ${key} can't be read: ${reasonOf(read.error)}`)
        continue
      }
      const { state, last } = read.data
      if (state === 'resolved' && last < before) {
        await this.evidence.remove(key)
        await this.#parts.records.remove(KIND, key)
      } else entries.push({ alert: read.data, version })
    }
    for (const entry of entries.sort((a, b) => a.alert.raised - b.alert.raised)) {
      this.#keep(entry)
      if (!entry.alert.counted) this.#recount.add(entry.alert.id)
      if (entry.alert.state !== 'resolved' || entry.alert.last > this.#parts.clock() - SHOWN_AGAIN)
        this.#unshown.add(entry.alert.id)
    }
  }

  get(id: string): AlertShape | null {
    const alert = this.#entries.get(id)?.alert
    return alert === undefined ? null : shown(alert)
  }

  /** All alerts that stand, the newest first. */
  all(): AlertShape[] {
    return [...this.#entries.values()]
      .filter(({ alert }) => alert.resolution?.by !== 'merged')
      .map(({ alert }) => shown(alert))
      .toSorted((a, b) => b.last - a.last || (a.id < b.id ? 1 : -1))
  }

  incident(id: string): IncidentShape | null {
    const alerts = [...(this.#incidents.get(id) ?? [])].flatMap((one) => this.#entries.get(one)?.alert ?? [])
    return alerts.length === 0 ? null : incidentOf(alerts)
  }

  /** When a rule last raised an alert, and how many since a time. */
  firedSince(rule: string, since: number): { last: number | null; fired: number } {
    let last: number | null = null
    let fired = 0
    for (const { alert } of this.#entries.values()) {
      if (alert.rule.id !== rule || isMergedOrWrong(alert)) continue
      if (last === null || alert.raised > last) last = alert.raised
      if (alert.raised >= since) fired++
    }
    return { last, fired }
  }

  /** When this user last looked at the alerts; 0 if never. */
  async lastLook(owner: string): Promise<number> {
    return lookSchema.safeParse((await this.#parts.records.get(LOOK, owner))?.value).data?.at ?? 0
  }

  async look(owner: string): Promise<void> {
    const { records } = this.#parts
    const known = await records.get(LOOK, owner)
    // If somebody else was faster, it was the same user at the same time.
    await records.put(LOOK, owner, { at: this.#parts.clock() }, known?.version ?? null)
  }

  async acknowledgeIncident(incident: string, by: Act['by']): Promise<void> {
    const ids = [...(this.#incidents.get(incident) ?? [])].filter((id) => this.get(id)?.state === 'open')
    if (ids.length > 0) await this.act({ do: 'acknowledge', ids, note: '' }, by)
  }

  /** Shows alerts to other programs as they are now; what fails is tried again with the next. */
  async show(): Promise<void> {
    const { store, log } = this.#parts
    if (store.showAlerts === undefined || this.#unshown.size === 0) return
    const ids = [...this.#unshown].slice(0, MOST_SHOWN)
    try {
      await store.showAlerts(ids.flatMap((id) => this.get(id) ?? []))
      for (const id of ids) this.#unshown.delete(id)
      this.#cannotShow = false
    } catch (thrown) {
      if (!this.#cannotShow) log.warn(`Kibana does not show the alerts as they are now: ${reasonOf(thrown)}`)
      this.#cannotShow = true
    }
  }

  /** Keeps evidence that is due, of this many alerts; returns whether there may be more. */
  async gather(most: number): Promise<boolean> {
    const now = this.#parts.clock()
    let done = 0
    for (const id of this.#ungathered) {
      const alert = this.#entries.get(id)?.alert
      const due = alert === undefined ? null : dueOf(alert, now)
      if (alert === undefined || due === null) continue
      if (done++ === most) return true
      const gathered = await this.evidence.gather(shown(alert), due)
      await this.#change(id, (one) => ({ ...one, gathered: later(one.gathered, gathered) }))
    }
    return false
  }

  /** Alerts whose events have to be counted again. */
  takeRecounts(most: number): StoredAlert[] {
    const ids = [...this.#recount].slice(0, most)
    for (const id of ids) this.#recount.delete(id)
    return ids.flatMap((id) => this.#entries.get(id)?.alert ?? [])
  }

  /** An event has come that the alerts of its group may count. */
  countAgain(rule: Pick<ParsedRule, 'id' | 'version'>, key: string, at: number): void {
    for (const id of this.#groups.get(nameOf(rule, key)) ?? []) {
      const alert = this.#entries.get(id)?.alert
      if (alert !== undefined && alert.from <= at && at <= alert.last && !isMergedOrWrong(alert))
        this.#recount.add(id)
    }
  }

  async counted(id: string, count: number): Promise<void> {
    await this.#change(id, (alert) => ({ ...alert, count, counted: true }))
  }

  /**
   * Raises the alerts that these points belong to, and lets known ones go on, except those that are divided: their points are among these.
   * It is durable when it resolves.
   */
  async raise(points: readonly Point[], divided: ReadonlySet<string> = new Set()): Promise<void> {
    const byGroup = Map.groupBy(points, ({ rule, of }) => nameOf(rule, of.key))
    const changed: string[] = []
    await inLots([...byGroup.values()], async (of) => {
      // Of one event the last finding counts: it knows of more events around it.
      const byEvent = new Map(of.map((point) => [point.met.fact.id, point]))
      const sorted = [...byEvent.values()].sort((a, b) => inOrder(a.met.fact, b.met.fact))
      // The last part of a divided alert first: the first part may take its record, and then nothing tells of the others after a crash.
      for (const points of [...runs(sorted)].reverse())
        changed.push(...(await this.#raiseRun(points, divided)))
    })
    await this.#tellAll(changed)
  }

  /** The alerts that events that came late have shown to be wrong, wholly or in part. */
  lapses(ranges: readonly Range[]): Lapse[] {
    const found = new Map<string, { of: GroupOf; rule: ParsedRule; wrong: Set<string> }>()
    for (const range of ranges) {
      const { rule, of } = range
      for (const id of this.#groups.get(nameOf(rule, of.key)) ?? []) {
        const alert = this.#entries.get(id)?.alert
        if (alert === undefined || isMergedOrWrong(alert)) continue
        const wrong = alert.points.filter(([at, id]) => excludes(range, { at, id }))
        if (wrong.length === 0) continue
        const known = found.get(id) ?? { of, rule, wrong: new Set<string>() }
        found.set(id, known)
        for (const [, fact] of wrong) known.wrong.add(fact)
      }
    }
    return [...found].map(([id, { of, rule, wrong }]) => {
      const { alert } = this.#entries.get(id)!
      const kept = alert.points.filter(([, fact]) => !wrong.has(fact))
      const isWhole =
        kept[0]?.[1] === alert.firstId &&
        kept.every(([at], index) => index === 0 || at - kept[index - 1]![0] < alert.throttle)
      return { id, of, rule, wrong, kept, isDivided: kept.length > 0 && !isWhole }
    })
  }

  /** Withdraws what is wrong. The parts of a divided alert have been raised before. */
  async lapse({ id, wrong, isDivided }: Lapse): Promise<void> {
    if (!this.#entries.get(id)?.alert.points.some(([, fact]) => wrong.has(fact))) return
    await this.#change(id, (alert) => {
      const points = alert.points.filter(([, fact]) => !wrong.has(fact))
      const last = points.at(-1)
      if (last !== undefined && !isDivided) return { ...alert, points, last: last[0], counted: false }
      const why = isDivided
        ? 'An event that arrived late shows that it is several alerts.'
        : 'An event that arrived late shows that its condition was not met.'
      return resolved({ ...alert, points }, 'withdrawn', why, this.#parts.clock())
    })
    if (this.#entries.get(id)?.alert.counted === false) this.#recount.add(id)
    await this.#tellEnd(id)
  }

  /** Ends the open alerts of a rule whose condition no longer holds: now, or once it has not held for as long as the rule says. */
  async settle(
    rule: Pick<ParsedRule, 'id' | 'version' | 'keepFiring'>,
    key: string | null,
    holds: (alert: AlertShape) => boolean,
    why: string,
  ): Promise<void> {
    const ids = key === null ? [...this.#entries.keys()] : [...(this.#groups.get(nameOf(rule, key)) ?? [])]
    for (const id of ids) {
      const alert = this.#entries.get(id)?.alert
      if (alert === undefined || alert.rule.id !== rule.id || alert.state === 'resolved' || holds(alert))
        continue
      if (rule.keepFiring === 0) await this.#end(id, why)
      else {
        const at = this.#parts.clock() + rule.keepFiring
        await this.#change(id, (one) => ({ ...one, ending: one.ending ?? { at, why } }))
      }
    }
  }

  /** Ends the alerts whose condition has not held for as long as their rule says. */
  async settleDue(): Promise<void> {
    const now = this.#parts.clock()
    for (const id of this.#ending) {
      const ending = this.#entries.get(id)?.alert.ending
      if (ending !== null && ending !== undefined && ending.at <= now) await this.#end(id, ending.why)
    }
  }

  async #end(id: string, why: string): Promise<void> {
    const now = this.#parts.clock()
    await this.#change(id, (one) =>
      one.state === 'resolved' ? null : { ...resolved(one, 'condition', why, now), ending: null },
    )
    await this.#tellEnd(id)
  }

  /** Tells what an earlier process raised, and had no time to tell. */
  async tellRest(): Promise<void> {
    await this.#tellAll(
      [...this.#entries.values()].filter(({ alert }) => !alert.told).map(({ alert }) => alert.id),
    )
  }

  /** Does what a person wants with alerts; each act is in the audit trail before it takes effect. */
  async act(action: AlertAction, by: Act['by']): Promise<AlertShape[]> {
    const unknown = action.ids.filter((id) => !this.#entries.has(id))
    if (unknown.length > 0)
      throw new Refusal('WB-ALERT-UNKNOWN', `There is no alert ${unknown.slice(0, 3).join(', ')}.`)
    const at = this.#parts.clock()
    if (action.do === 'snooze' && action.until <= at)
      throw new Refusal('WB-REQUEST-INVALID', 'An alert can only be snoozed until a time to come.')
    const ids = [...new Set(action.ids)]
    await this.#parts.trail.record(...ids.map((id) => actOf(action, this.#entries.get(id)!.alert, by)))
    await inLots(ids, (id) => this.#change(id, (alert) => acted(alert, action, by.name, at)))
    if (action.do === 'resolve') await inLots(ids, (id) => this.#tellEnd(id))
    if (action.do === 'reopen') await inLots(ids, (id) => this.#tellAgain(id))
    await this.show()
    return ids.flatMap((id) => this.get(id) ?? [])
  }

  /** Raises or lengthens the alert of points of one group that belong together; returns the ids of what is new. */
  async #raiseRun(points: readonly Point[], divided: ReadonlySet<string>): Promise<string[]> {
    const [{ rule, of, met, event, message }] = points as [Point, ...Point[]]
    const first = met.fact.at
    const last = points.at(-1)!.met.fact.at
    const known = [...(this.#groups.get(nameOf(rule, of.key)) ?? [])]
      .flatMap((id) => this.#entries.get(id)?.alert ?? [])
      .filter((alert) => !isMergedOrWrong(alert) && !divided.has(alert.id))
      .filter((alert) => first - alert.last < rule.throttle && alert.first - last < rule.throttle)
      .toSorted((a, b) => a.first - b.first)
    const [earliest] = known
    const now = this.#parts.clock()
    const begin = Math.min(first, earliest?.first ?? first)
    const id = alertId(rule, of.key, begin)
    const isFirst =
      earliest === undefined ||
      first < earliest.first ||
      (first === earliest.first && met.fact.id <= earliest.firstId)
    const completing = isFirst
      ? (event ?? (message === undefined ? await this.#parts.store.get(met.fact.id) : null))
      : null
    const mine = isFirst
      ? {
          from: met.from,
          first,
          firstId: met.fact.id,
          count: met.count,
          message: message ?? worded(rule, completing ?? {}, met.count),
          events: met.facts.map((fact) => fact.id),
        }
      : null
    const grown = (alert: StoredAlert): StoredAlert => grow(alert, known, points, mine, now)
    const entry = this.#entries.get(id)
    const isNew = entry === undefined || isMergedOrWrong(entry.alert) || divided.has(id)
    if (isNew) {
      const base = earliest ?? this.#blank(rule, of.key, of.group, met, now)
      const incident = earliest?.incident ?? this.#incidentFor(id, points)
      const alert = grown({ ...base, id, incident, told: false, gathered: NOT_GATHERED })
      await this.#write(id, alert, entry?.version ?? null, grown)
      if (entry === undefined && this.#isAlone) this.#own.add(id)
    } else await this.#change(id, grown)
    for (const other of known)
      if (other.id !== id)
        await this.#change(other.id, (alert) =>
          resolved(alert, 'merged', `It is part of the alert ${id}.`, now),
        )
    if (this.#entries.get(id)?.alert.counted === false) this.#recount.add(id)
    return isNew ? [id] : []
  }

  #blank(
    rule: ParsedRule,
    key: string,
    group: Readonly<Record<string, string>>,
    met: Met,
    now: number,
  ): StoredAlert {
    return {
      id: '',
      rule: {
        id: rule.id,
        name: rule.name,
        version: rule.version,
        ...(rule.author !== undefined && { author: rule.author }),
      },
      priority: rule.priority,
      message: '',
      response: rule.response,
      channels: [...rule.channels],
      group: { ...group },
      from: met.from,
      first: met.fact.at,
      last: met.fact.at,
      raised: now,
      late: now - met.fact.at > LATE,
      count: met.count,
      events: [],
      accounts: [],
      users: [],
      addresses: [],
      state: 'open',
      assignee: null,
      snoozedUntil: null,
      resolution: null,
      incident: '',
      timeline: [{ at: now, by: 'waybill', did: 'opened', note: '' }],
      key,
      throttle: rule.throttle,
      told: false,
      firstId: met.fact.id,
      counted: true,
      points: [],
      gathered: NOT_GATHERED,
      ending: null,
    }
  }

  /** The incident of an alert that names one of the same people or addresses at about the same time; a new one, if there is none. */
  #incidentFor(id: string, points: readonly Point[]): string {
    const names = namesIn(points.flatMap(({ met }) => met.facts))
    const first = points[0]!.met.from
    const last = points.at(-1)!.met.fact.at
    let incident = `incident.${id}`
    for (const name of names) {
      const known = this.#names.get(name)
      if (known === undefined || last < known.first - INCIDENT_SPAN || first > known.last + INCIDENT_SPAN)
        continue
      incident = known.incident
      break
    }
    // At once: the next alert of the same page belongs to it, too.
    this.#name(names, { incident, first, last })
    return incident
  }

  #name(
    names: Iterable<string>,
    { incident, first, last }: { incident: string; first: number; last: number },
  ) {
    for (const name of names) {
      const known = this.#names.get(name)
      if (known?.incident !== incident) this.#names.set(name, { incident, first, last })
      else {
        known.first = Math.min(known.first, first)
        known.last = Math.max(known.last, last)
      }
    }
  }

  /** Records new alerts in the trail, and hands them to the notifications. To repeat this for an alert changes nothing. */
  async #tellAll(ids: readonly string[]): Promise<void> {
    const { trail, store, tell, clock } = this.#parts
    const untold = [...new Set(ids)].flatMap((id) => {
      const entry = this.#entries.get(id)
      return entry === undefined || entry.alert.told ? [] : [entry.alert]
    })
    if (untold.length === 0) return
    const acts: Act[] = []
    await inLots(untold, async (alert) => {
      // A process that was killed may have written it, and another indexer may be a moment faster.
      const isThere =
        !this.#own.has(alert.id) && (await isRecorded(store, { action: ALERT_ACTION, entity: alert.id }))
      this.#own.delete(alert.id)
      if (!isThere && !isMergedOrWrong(alert)) acts.push(alertAct(alert))
    })
    if (acts.length > 0) await trail.record(...acts)
    const incidents = new Map<string, IncidentShape>()
    await inLots(untold, async (alert) => {
      if (!isMergedOrWrong(alert)) await tell(this.#news('opened', alert, clock(), incidents))
    })
    // The trail may still hold events in memory, and a crash would lose them. Then the next process repeats this step.
    if (trail.waiting === 0)
      await inLots(untold, ({ id }) =>
        this.#change(id, (alert) => (alert.told ? null : { ...alert, told: true })),
      )
  }

  async #tellEnd(id: string): Promise<void> {
    const alert = this.#entries.get(id)?.alert
    if (alert?.state === 'resolved')
      await this.#parts.tell(this.#news('resolved', alert, this.#parts.clock()))
  }

  async #tellAgain(id: string): Promise<void> {
    const alert = this.#entries.get(id)?.alert
    if (alert?.state === 'open') await this.#parts.tell(this.#news('reopened', alert, this.#parts.clock()))
  }

  #news(
    kind: News['kind'],
    alert: StoredAlert,
    at: number,
    incidents = new Map<string, IncidentShape>(),
  ): News {
    const turn = kind === 'opened' ? '' : `.${alert.timeline.length}`
    const incident =
      incidents.get(alert.incident) ?? this.incident(alert.incident) ?? incidentOf([shown(alert)])
    incidents.set(alert.incident, incident)
    return { key: `${kind}.${alert.id}${turn}`, kind, at, alert: shown(alert), incident }
  }

  #keep(entry: Entry): void {
    const { alert } = entry
    this.#entries.set(alert.id, entry)
    if (alert.ending === null || alert.state === 'resolved') this.#ending.delete(alert.id)
    else this.#ending.add(alert.id)
    if (isGathered(alert) || isMergedOrWrong(alert)) this.#ungathered.delete(alert.id)
    else this.#ungathered.add(alert.id)
    add(this.#groups, nameOf({ id: alert.rule.id, version: alert.rule.version }, alert.key), alert.id)
    if (isMergedOrWrong(alert)) return
    add(this.#incidents, alert.incident, alert.id)
    this.#name(namesIn([alert]), { incident: alert.incident, first: alert.from, last: alert.last })
  }

  /** Changes a record as it is now: null leaves it. */
  async #change(id: string, change: (alert: StoredAlert) => StoredAlert | null): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    const next = change(entry.alert)
    if (next !== null && !isDeepStrictEqual(next, entry.alert))
      await this.#write(id, next, entry.version, change)
  }

  async #write(
    id: string,
    first: StoredAlert,
    version: number | null,
    change: (alert: StoredAlert) => StoredAlert | null,
  ): Promise<void> {
    const { records } = this.#parts
    let next: StoredAlert | null = first
    let known = version
    for (let tries = 0; tries < TRIES && next !== null; tries++) {
      if (await records.put(KIND, id, next, known)) {
        const stored = await records.get(KIND, id)
        this.#keep({ alert: next, version: stored?.version ?? (known ?? 0) + 1 })
        this.#unshown.add(id)
        return
      }
      // Somebody else was faster: the change is made upon what they wrote.
      const stored = await records.get(KIND, id)
      const read = stored === null ? undefined : storedAlert.parse(stored.value)
      known = stored?.version ?? null
      next = read === undefined ? first : change(read)
      if (read !== undefined) this.#keep({ alert: read, version: stored!.version })
    }
    if (next !== null) throw new Error(`The alert ${id} is changed by others all the time.`)
  }
}

const nameOf = (rule: { readonly id: string; readonly version: string }, key: string): string =>
  `${rule.id}\0${rule.version}\0${key}`

function add(map: Map<string, Set<string>>, name: string, id: string): void {
  const ids = map.get(name)
  if (ids === undefined) map.set(name, new Set([id]))
  else ids.add(id)
}

const later = (a: Gathered, b: Gathered): Gathered => ({
  events: a.events || b.events,
  until: Math.max(a.until, b.until),
})

/** Splits points in their order where there is more than the throttle between two. */
function* runs(sorted: readonly Point[]): Generator<Point[]> {
  let run: Point[] = []
  for (const point of sorted) {
    const last = run.at(-1)
    if (last !== undefined && point.met.fact.at - last.met.fact.at >= point.rule.throttle) {
      yield run
      run = []
    }
    run.push(point)
  }
  if (run.length > 0) yield run
}

const isMergedOrWrong = ({ resolution }: StoredAlert): boolean =>
  resolution?.by === 'merged' || resolution?.by === 'withdrawn'

/** What an alert knows once these points, and the alerts that they connect, belong to it; the same in whatever order they come. */
function grow(
  alert: StoredAlert,
  known: readonly StoredAlert[],
  points: readonly Point[],
  mine: Partial<StoredAlert> | null,
  now: number,
): StoredAlert {
  const named = [...known, alert, ...points.flatMap(({ met }) => met.facts)]
  const last = Math.max(alert.last, points.at(-1)!.met.fact.at, ...known.map((one) => one.last))
  const isKept = canLapse(points[0]!.rule.condition)
  const kept = [
    ...new Map(
      [
        ...alert.points,
        ...known.flatMap((one) => one.points),
        ...(isKept ? points.map(({ met }): [number, string] => [met.fact.at, met.fact.id]) : []),
      ].map((point) => [point[1], point] as const),
    ).values(),
  ]
    .toSorted((a, b) => a[0] - b[0])
    .slice(-MOST_POINTS)
  const isEarlier =
    mine !== null &&
    (mine.first! < alert.first || (mine.first === alert.first && mine.firstId! <= alert.firstId))
  const grown: StoredAlert = {
    ...alert,
    ...(isEarlier ? mine : {}),
    last,
    counted: false,
    ending: null,
    points: kept,
    accounts: union(named.flatMap(({ accounts }) => accounts)),
    users: union(named.flatMap(({ users }) => users)),
    addresses: union(named.flatMap(({ addresses }) => addresses)),
  }
  // What goes on after somebody resolved it is open again.
  const end = alert.resolution
  if (end === null || (end.by !== 'person' && end.by !== 'condition') || last <= alert.last || last <= end.at)
    return grown
  return stepped({ ...grown, state: 'open', resolution: null }, now, 'waybill', 'reopened', 'It goes on.')
}

const union = (values: readonly string[]): string[] => [...new Set(values)].toSorted().slice(0, MOST_NAMED)

function stepped(
  alert: StoredAlert,
  at: number,
  by: string,
  did: StoredAlert['timeline'][number]['did'],
  note: string,
): StoredAlert {
  return { ...alert, timeline: [...alert.timeline, { at, by, did, note }].slice(-MOST_STEPS) }
}

function resolved(
  alert: StoredAlert,
  by: NonNullable<StoredAlert['resolution']>['by'],
  reason: string,
  at: number,
): StoredAlert {
  const did = by === 'withdrawn' || by === 'merged' ? by : 'resolved'
  return stepped({ ...alert, state: 'resolved', resolution: { by, reason, at } }, at, 'waybill', did, reason)
}

function acted(alert: StoredAlert, action: AlertAction, by: string, at: number): StoredAlert {
  const { note } = action
  switch (action.do) {
    case 'acknowledge':
      return stepped(
        { ...alert, state: 'acknowledged', resolution: null, assignee: alert.assignee ?? by },
        at,
        by,
        'acknowledged',
        note,
      )
    case 'assign':
      return stepped(
        { ...alert, assignee: action.to },
        at,
        by,
        'assigned',
        note === '' ? action.to : `${action.to}: ${note}`,
      )
    case 'resolve':
      return stepped(
        { ...alert, state: 'resolved', snoozedUntil: null, resolution: { by: 'person', reason: note, at } },
        at,
        by,
        'resolved',
        note,
      )
    case 'reopen':
      return stepped({ ...alert, state: 'open', resolution: null }, at, by, 'reopened', note)
    case 'snooze':
      return stepped({ ...alert, snoozedUntil: action.until }, at, by, 'snoozed', note)
    case 'note':
      return stepped(alert, at, by, 'noted', note)
  }
}

const DONE: Readonly<Record<AlertAction['do'], string>> = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  resolve: 'resolved',
  reopen: 'reopened',
  snooze: 'snoozed',
  note: 'commented on',
}

const actOf = (action: AlertAction, alert: StoredAlert, by: Act['by']): Act => ({
  action: `alert-${action.do}`,
  category: 'security',
  message: `${by.name} ${DONE[action.do]} the alert "${alert.message}".`,
  outcome: 'success',
  ...(action.note !== '' && { reason: action.note }),
  by,
  entity: { type: 'alert', id: alert.id, name: alert.rule.name },
  ...(action.do === 'assign' && {
    changes: [{ field: 'assignee', ...(alert.assignee !== null && { old: alert.assignee }), new: action.to }],
  }),
  payload: { rule: alert.rule.id },
})

/** The alert as an event of the trail. */
function alertAct(alert: StoredAlert): Act {
  const { id, rule, message, first, from, group, events, users, addresses, count, priority, late } = alert
  const values = Object.entries(group)
  return {
    action: ALERT_ACTION,
    category: 'security',
    message,
    outcome: 'unknown',
    by: { name: 'waybill', channel: 'engine' },
    rule: { id: rule.id, name: rule.name, risk: priority },
    entity: { type: 'alert', id, name: rule.name },
    about: { users, addresses },
    count,
    payload: {
      at: new Date(first).toISOString(),
      from: new Date(from).toISOString(),
      version: rule.version,
      ...(rule.author !== undefined && { author: rule.author }),
      ...(late && { late: 'true' }),
      ...(values.length > 0 && { group: values.map(([field, value]) => `${field}=${value}`).join(' ') }),
      ...(events.length > 0 && { events: events.join(' ') }),
    },
  }
}

function shown({
  key: _,
  throttle: _throttle,
  told: _told,
  firstId: _first,
  counted: _counted,
  points: _points,
  gathered: _gathered,
  ending: _ending,
  ...alert
}: StoredAlert): AlertShape {
  return alert
}

/** A few at once: records are written one by one, and a flood has many. */
async function inLots<One>(all: readonly One[], work: (one: One) => Promise<unknown>): Promise<void> {
  const waiting = all.values()
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, all.length) }, async () => {
      for (const one of waiting) await work(one)
    }),
  )
}
