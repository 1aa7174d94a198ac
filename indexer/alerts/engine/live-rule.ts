import type { AuditEvent } from '../../../schema/index.ts'
import { type Condition, isSingle, partsOf, windowOf } from '../../../schema/rule.ts'
import type { ParsedRule } from '../rules.ts'
import { judgeOf } from './conditions.ts'
import { type Fact, Facts, type GroupOf, hasKind, inOrder, type Placed, valuesAt } from './facts.ts'
import { Group, type Met } from './group.ts'
import type { Past } from './past.ts'
import { type Calendar, sameHours } from './time-of-day.ts'

/** An event with which a rule's condition is met. */
export interface Point {
  readonly rule: ParsedRule
  readonly of: GroupOf
  readonly met: Met
  /** The event, if it is at hand. */
  readonly event: AuditEvent | null
  /** The message, if it is not about an event. */
  readonly message?: string
}

/** In a time, a group's condition is met by these facts and no others: an event that came late has changed it. */
export interface Range {
  readonly rule: ParsedRule
  readonly of: GroupOf
  /** They come after this fact. */
  readonly after: Placed
  /** `@timestamp` of the last, at most. */
  readonly to: number
  readonly met: ReadonlySet<string>
}

/** Whether a range shows that this fact does not meet the condition. */
export const excludes = ({ after, to, met }: Range, fact: Placed): boolean =>
  inOrder(fact, after) > 0 && fact.at <= to && !met.has(fact.id)

/** What an event leads to. */
export interface Findings {
  readonly points: readonly Point[]
  readonly range: Range | null
  /** The event's group and time, for alerts that count it. */
  readonly of?: GroupOf
  readonly at?: number
}

/**
 * Facts of one group at most. A condition on a window with more sees the newest: as many as it needs to be met. Only sums and different
 * values may need more, so they keep more.
 */
const MOST_FACTS = 4096
const MOST_FACTS_OF_VALUES = 65_536
/** Windows of rules are read at the start up to this number of events; of other rules group by group. */
const MOST_WARM = 20_000
/** Events that are out of order by less than this need no look-up. */
const SLACK = 60_000
/** A group without events for this time, by the clock of the indexer, leaves memory. */
const IDLE = 10 * 60_000
const LONGEST_WARM = 86_400_000
const HOUR = 3_600_000

const NOTHING: Findings = { points: [], range: null }

interface Live {
  readonly group: Group
  touched: number
  /** The values that were looked up or seen, so that each is looked up once. */
  readonly values: Set<string>
  /** The group has more facts in its window than memory. */
  isCapped: boolean
  /** The last fact that the store had when the group came into memory, if that matters. */
  readonly newest: Fact | undefined
}

/** One rule, and the windows of its groups. Memory is a cache: what is not in it is read from the store. */
export class LiveRule {
  readonly rule: ParsedRule
  readonly facts: Facts
  readonly #calendar: Calendar
  readonly #past: Past
  readonly #clock: () => number
  readonly #window: number
  readonly #isSingle: boolean
  readonly #single: ReturnType<typeof judgeOf>
  readonly #newValues: readonly Extract<Condition, { readonly kind: 'new-value' }>[]
  readonly #ratios: readonly Extract<Condition, { readonly kind: 'ratio' }>[]
  /** A late event can make an alert wrong. */
  readonly #canLapse: boolean
  readonly #most: number
  readonly #groups = new Map<string, Live>()
  /** All events of this time or later are in memory, for every group. */
  #since = Number.POSITIVE_INFINITY
  #size = 0
  matched = 0
  micros = 0

  constructor(rule: ParsedRule, parts: { calendar: Calendar; past: Past; clock: () => number }) {
    this.rule = rule
    this.facts = new Facts(rule, parts.calendar)
    this.#calendar = parts.calendar
    this.#past = parts.past
    this.#clock = parts.clock
    this.#isSingle = isSingle(rule.condition)
    this.#single = judgeOf(rule.condition, this.facts.fields, parts.calendar)
    this.#newValues = newValuesOf(rule.condition)
    this.#ratios = ratiosOf(rule.condition)
    this.#window = windowOf(inMemory(rule.condition))
    this.#most = mostFacts(rule.condition)
    this.#canLapse = canLapse(rule.condition)
  }

  /** How far an event can matter to others, in ms. */
  get #reach(): number {
    return Math.max(this.#window, ...this.#newValues.map(({ within }) => within))
  }

  /** Facts in memory. */
  get size(): number {
    return this.#size
  }

  get groups(): number {
    return this.#groups.size
  }

  /** Reads the windows that were open at this time, if they are not too many. */
  async warm(from: number): Promise<void> {
    if (this.#isSingle || this.#window > LONGEST_WARM) return
    if (this.#newValues.length > 0 || this.#ratios.length > 0) return
    const since = from - this.#window - SLACK
    let read = 0
    for await (const events of this.#past.events(this.rule, since)) {
      read += events.length
      if (read > MOST_WARM) {
        this.#groups.clear()
        this.#size = 0
        return
      }
      for (const event of events) {
        const found = this.facts.of(event)
        if (found === null) continue
        const live = this.#groups.get(found.key) ?? this.#keep(found.key, since)
        this.#add(live, found.fact)
      }
    }
    this.#since = since
  }

  /** Looks at an event that has arrived, also at one that it knows. */
  take(event: AuditEvent): Findings | Promise<Findings> {
    const found = this.facts.of(event)
    if (found === null) return NOTHING
    this.matched++
    const { fact } = found
    if (this.#isSingle) {
      const isMet = this.#single.judge(fact, 0, { first: 0, at: () => fact }) === 0
      const met = { fact, from: fact.at, count: 1, facts: [fact] }
      return {
        points: isMet ? [{ rule: this.rule, of: found, met, event }] : [],
        range: null,
        of: found,
        at: fact.at,
      }
    }
    const live = this.#groups.get(found.key)
    const needsPast = this.#newValues.length > 0 || this.#ratios.length > 0
    if (live !== undefined && !needsPast && this.#reaches(live, fact))
      return this.#found(found, fact, this.#add(live, fact), event)
    return this.#takeSlowly(found, fact, event)
  }

  async #takeSlowly(of: GroupOf, fact: Fact, event: AuditEvent): Promise<Findings> {
    const live = this.#groups.get(of.key) ?? (await this.#load(of, fact))
    const isBefore = (other: Fact | undefined): boolean => other !== undefined && inOrder(fact, other) < 0
    const isLate =
      !this.#reaches(live, fact) ||
      (this.#newValues.length > 0 && (isBefore(live.newest) || isBefore(live.group.last)))
    if (isLate) return this.#found(of, fact, await this.#reopen(of, fact), event)
    await this.#recall(live, of, fact)
    await this.#recallMeans(live.group, of, [fact])
    return this.#found(of, fact, this.#add(live, fact), event)
  }

  /** Whether memory has the window of a fact. */
  #reaches({ group, isCapped }: Live, fact: Fact): boolean {
    return fact.at - this.#window >= group.since || (isCapped && fact.at >= group.since)
  }

  /** Begins a group in memory with what the store has of its window. */
  async #load(of: GroupOf, fact: Fact): Promise<Live> {
    if (fact.at - this.#window >= this.#since) return this.#keep(of.key, this.#since)
    if (this.#newValues.length > 0) return this.#keep(of.key, fact.at, await this.#newestOf(of, fact))
    if (this.#window === 0) return this.#keep(of.key, fact.at)
    const from = fact.at - this.#window - SLACK
    const { facts, whole } = await this.#past.facts(this.rule, this.facts, of, { from, most: this.#most / 2 })
    const live = this.#keep(of.key, whole ? from : facts[0]!.at)
    live.isCapped = !whole
    await this.#recallMeans(live.group, of, facts)
    for (const one of facts) this.#add(live, one)
    return live
  }

  /** The last fact of a group that the store has: what comes before it is late. */
  async #newestOf(of: GroupOf, { at }: Fact): Promise<Fact | undefined> {
    const span = { from: at, most: this.#most }
    return (await this.#past.facts(this.rule, this.facts, of, span)).facts.at(-1)
  }

  /** Judges the time around a late event by what the store has. */
  async #reopen(of: GroupOf, fact: Fact): Promise<readonly Met[]> {
    const reach = this.#reach
    const { facts } = await this.#past.facts(this.rule, this.facts, of, {
      from: fact.at - reach,
      to: fact.at + reach + 1,
      most: this.#most,
    })
    const group = new Group(this.rule, this.facts.fields, this.#calendar, fact.at - reach)
    await this.#recallMeans(group, of, [...facts, fact])
    // Windows that began before what was read are not whole: only what the event can have changed counts.
    for (const one of facts) group.add(one, 0)
    group.add(fact, 0)
    const live = this.#groups.get(of.key)
    // What a group has forgotten of its values can't be put in order again: it is read anew.
    if (live !== undefined && this.#newValues.length > 0) this.#drop(of.key, live)
    else if (live !== undefined && fact.at >= live.group.since) this.#add(live, fact)
    return group.all().filter((met) => inOrder(met.fact, fact) >= 0)
  }

  /** Judges facts that met the condition once more, by what the store has. */
  async again(of: GroupOf, kept: readonly (readonly [at: number, id: string])[]): Promise<Point[]> {
    const [first, last] = [kept[0], kept.at(-1)]
    if (first === undefined || last === undefined) return []
    const reach = this.#reach
    const span = { from: first[0] - reach, to: last[0] + 1, most: this.#most }
    const { facts } = await this.#past.facts(this.rule, this.facts, of, span)
    const group = new Group(this.rule, this.facts.fields, this.#calendar, span.from)
    await this.#recallMeans(group, of, facts)
    for (const one of facts) group.add(one, 0)
    const ids = new Set(kept.map(([, id]) => id))
    const met = group.all().filter(({ fact }) => ids.has(fact.id))
    return met.map((one) => ({ rule: this.rule, of, met: one, event: null }))
  }

  /** Tells a group's condition of the values that it had before, as far as an event asks for them. */
  async #recall(live: Live, of: GroupOf, fact: Fact): Promise<void> {
    for (const { field, within, atMost = 0 } of this.#newValues) {
      const index = this.facts.fields.indexOf(field)
      const span = { field, from: fact.at - within, before: fact }
      if (!live.values.has(field)) {
        live.values.add(field)
        for (const at of await this.#past.lastTimes(this.rule, this.facts, of, { ...span, most: 1 }))
          live.group.recall(index, null, at)
      }
      for (const value of valuesAt(fact, index)) {
        const known = `${field}\0${value}`
        if (live.values.has(known)) continue
        live.values.add(known)
        const most = atMost + 1
        for (const at of await this.#past.lastTimes(this.rule, this.facts, of, { ...span, value, most }))
          live.group.recall(index, value, at)
      }
    }
  }

  /** Tells a group how many facts it had in the same hours of past weeks, as far as these facts ask for them. */
  async #recallMeans(group: Group, of: GroupOf, facts: readonly Fact[]): Promise<void> {
    for (const { weeks } of this.#ratios)
      for (const { at } of facts) {
        const { hour, before } = sameHours(at, weeks, this.#calendar)
        if (group.knowsMean(hour)) continue
        let sum = 0
        for (const from of before) sum += await this.#count(of, { from, last: from + HOUR - 1 })
        const isKnown = sum > 0 || (await this.#count(of, { from: before.at(-1)!, last: hour - 1 })) > 0
        group.recallMean(hour, isKnown ? sum / weeks : null)
      }
  }

  async #count(of: GroupOf, { from, last }: { from: number; last: number }): Promise<number> {
    const { rule } = this
    if (rule.exceptTimes.length === 0) return this.#past.count(rule, of.group, { from, last })
    const span = { from, to: last + 1, most: this.#most }
    return (await this.#past.facts(rule, this.facts, of, span)).facts.length
  }

  #keep(key: string, since: number, newest?: Fact): Live {
    const live = {
      group: new Group(this.rule, this.facts.fields, this.#calendar, since),
      touched: this.#clock(),
      values: new Set<string>(),
      isCapped: false,
      newest,
    }
    this.#groups.set(key, live)
    return live
  }

  #add(live: Live, fact: Fact): Met[] {
    const { group } = live
    const before = group.size
    const met = group.add(fact, this.#window)
    if (group.size > this.#most && this.#newValues.length === 0) {
      group.keepAtMost(this.#most / 2)
      live.isCapped = true
    }
    this.#size += group.size - before
    live.touched = this.#clock()
    return met
  }

  #found(of: GroupOf, fact: Fact, met: readonly Met[], event: AuditEvent): Findings {
    const points = met.map((one) => ({
      rule: this.rule,
      of,
      met: one,
      event: one.fact.id === fact.id ? event : null,
    }))
    if (!this.#canLapse) return { points, range: null, of, at: fact.at }
    const ids = new Set(met.map((one) => one.fact.id))
    const range = { rule: this.rule, of, after: fact, to: fact.at + this.#reach, met: ids }
    return { points, range, of, at: fact.at }
  }

  /** Forgets what no event in its order can need. */
  tidy(): void {
    const now = this.#clock()
    for (const [key, live] of this.#groups) {
      const last = live.group.last?.at ?? Number.NEGATIVE_INFINITY
      const before = live.group.size
      live.group.forget(last - 2 * this.#window - SLACK)
      this.#size += live.group.size - before
      if (now - live.touched < IDLE || last > now - 2 * this.#window - SLACK) continue
      this.#drop(key, live)
    }
  }

  /** Forgets the groups that were touched longest ago, so that this many facts are left. */
  shrink(most: number): void {
    const oldest = [...this.#groups].sort(([, a], [, b]) => a.touched - b.touched)
    for (const [key, live] of oldest) {
      if (this.#size <= most) return
      this.#drop(key, live)
    }
  }

  #drop(key: string, live: Live): void {
    this.#groups.delete(key)
    this.#size -= live.group.size
    const last = live.group.last?.at
    // From now on a group that is not in memory may have had events until then.
    if (last !== undefined && this.#since !== Number.POSITIVE_INFINITY)
      this.#since = Math.max(this.#since, last + 1)
  }
}

/** Whether a late event can make an alert of this condition wrong. */
export const canLapse = (condition: Condition): boolean =>
  ['new-value', 'travel', 'not', 'lasting'].some((kind) => hasKind(condition, kind as Condition['kind']))

function mostFacts(condition: Condition): number {
  const own =
    condition.kind === 'distinct' || condition.kind === 'sum' || condition.kind === 'lasting'
      ? MOST_FACTS_OF_VALUES
      : condition.kind === 'count'
        ? Math.max(MOST_FACTS, 4 * condition.atLeast)
        : MOST_FACTS
  return Math.max(own, ...partsOf(condition).map(mostFacts))
}

const newValuesOf = (condition: Condition): Extract<Condition, { readonly kind: 'new-value' }>[] =>
  condition.kind === 'new-value' ? [condition] : partsOf(condition).flatMap(newValuesOf)

const ratiosOf = (condition: Condition): Extract<Condition, { readonly kind: 'ratio' }>[] =>
  condition.kind === 'ratio' ? [condition] : partsOf(condition).flatMap(ratiosOf)

/** A condition without its long windows: new values are looked up one by one, and past weeks are counted. */
function inMemory(condition: Condition): Condition {
  if (condition.kind === 'new-value') return { kind: 'event' }
  if (condition.kind === 'ratio') return { kind: 'count', atLeast: condition.minimum, within: HOUR }
  if (condition.kind === 'not') return { kind: 'not', of: inMemory(condition.of) }
  if (condition.kind === 'all' || condition.kind === 'any')
    return { kind: condition.kind, of: condition.of.map(inMemory) }
  return condition
}
