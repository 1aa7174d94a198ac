import type { AlertShape } from '../../../schema/api/index.ts'
import type { AuditEvent } from '../../../schema/index.ts'
import type { ParsedRule } from '../rules.ts'
import { bareFact, type Fact, Facts, type GroupOf } from './facts.ts'
import type { Findings, Point } from './live-rule.ts'
import type { Past } from './past.ts'
import type { Calendar } from './time-of-day.ts'

/** A group whose last event is older than this many times the wanted time is not missed any more. */
const MISSED_FOR = 10

interface Last {
  readonly of: GroupOf
  readonly fact: Fact
  readonly event: AuditEvent | null
}

/** An event came where one was missed. */
interface End {
  readonly key: string
  readonly ends: (alert: AlertShape) => boolean
  readonly why: string
}

/** A rule about events that do not come. */
export class AbsenceRule {
  readonly rule: ParsedRule
  readonly facts: Facts
  readonly #past: Past
  readonly #for: number
  readonly #since: number
  readonly #last = new Map<string, Last>()
  #ends: End[] = []
  matched = 0
  micros = 0

  constructor(
    rule: ParsedRule,
    { calendar, past, since }: { calendar: Calendar; past: Past; since: number },
  ) {
    this.rule = rule
    this.facts = new Facts(rule, calendar)
    this.#past = past
    this.#since = since
    this.#for = rule.condition.kind === 'absence' ? rule.condition.for : Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#last.size
  }

  /** Reads when each group was last heard of. */
  async warm(from: number): Promise<void> {
    const since = from - MISSED_FOR * this.#for
    if (this.rule.groupBy.length > 0) {
      for await (const events of this.#past.events(this.rule, since))
        for (const event of events) this.#hear(event)
      this.#ends = []
      return
    }
    const last = await this.#past.last(this.rule, since)
    if (last !== null) this.#hear(last)
    this.#ends = []
    if (this.#last.size > 0) return
    // Nothing has come yet: the time runs from when the rule began.
    this.#last.set('[]', { of: { key: '[]', group: {} }, fact: bareFact(this.#since), event: null })
  }

  take(event: AuditEvent): Findings {
    if (this.#hear(event)) this.matched++
    return { points: [], range: null }
  }

  /** The alerts that these events end. */
  takeEnds(): readonly End[] {
    const ends = this.#ends
    this.#ends = []
    return ends
  }

  /** The groups of which nothing has come for too long. */
  due(now: number): Point[] {
    const points: Point[] = []
    for (const [key, { of, fact, event }] of this.#last) {
      const silent = now - fact.at
      if (silent < this.#for) continue
      if (silent > MISSED_FOR * this.#for && this.rule.groupBy.length > 0) {
        this.#last.delete(key)
        continue
      }
      const at = fact.at + this.#for
      const met = {
        fact: { ...fact, at, id: '' },
        from: fact.at,
        count: Math.floor(silent / 60_000),
        facts: fact.id === '' ? [] : [fact],
      }
      points.push({ rule: this.rule, of, met, event: event ?? {} })
    }
    return points
  }

  tidy(): void {}
  shrink(_most: number): void {}

  #hear(event: AuditEvent): boolean {
    const found = this.facts.of(event)
    if (found === null) return false
    const { key, fact } = found
    const { at } = fact
    const last = this.#last.get(key)
    // It was there in time, and only came late.
    this.#ends.push({
      key,
      ends: (alert) => at > alert.from && at <= alert.first,
      why: 'The event that was missed had happened in time, and arrived late.',
    })
    if (last !== undefined && last.fact.at >= at) return true
    this.#ends.push({
      key,
      ends: (alert) => at > alert.first,
      why: 'An event came again.',
    })
    this.#last.set(key, { of: found, fact, event })
    return true
  }
}
