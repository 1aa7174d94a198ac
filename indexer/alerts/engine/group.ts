import type { Condition } from '../../../schema/rule.ts'
import { type Judge, judgeOf, type Seen } from './conditions.ts'
import { type Fact, inOrder } from './facts.ts'
import type { Calendar } from './time-of-day.ts'

/** A fact meets the condition, together with those before it. */
export interface Met {
  readonly fact: Fact
  /** `@timestamp` of the first fact with which it was met. */
  readonly from: number
  /** The number of facts from the first to this one. */
  readonly count: number
  /** The first of them, at most 20. */
  readonly facts: readonly Fact[]
}

const MOST_NAMED = 20
const HOUR = 3_600_000

/** The facts of one group of a rule, in their order, and which of them meet the condition. */
export class Group implements Seen {
  readonly #condition: Condition
  readonly #fields: readonly string[]
  readonly #calendar: Calendar
  readonly #facts: Fact[] = []
  /** For each fact the number of the first one with which it meets the condition, or -1. */
  readonly #starts: number[] = []
  #judge: Judge
  readonly #recalled: { readonly field: number; readonly value: string | null; readonly at: number }[] = []
  readonly #means = new Map<number, number | null>()
  /** The number of the first fact here: those before it are gone. */
  first = 0
  /** All facts of this time or later are here. */
  since: number

  constructor(rule: { condition: Condition }, fields: readonly string[], calendar: Calendar, since: number) {
    this.#condition = rule.condition
    this.#fields = fields
    this.#calendar = calendar
    this.#judge = judgeOf(rule.condition, fields, calendar)
    this.since = since
  }

  get size(): number {
    return this.#facts.length
  }

  get last(): Fact | undefined {
    return this.#facts.at(-1)
  }

  at(number: number): Fact {
    return this.#facts[number - this.first]!
  }

  /** Tells of a value that the group had before all facts that are here. */
  recall(field: number, value: string | null, at: number): void {
    this.#recalled.push({ field, value, at })
    this.#judge.recall?.(field, value, at)
  }

  /** Tells how many facts the group had in the same hour of past weeks. */
  recallMean(hour: number, mean: number | null): void {
    this.#means.set(hour, mean)
    this.#judge.recallMean?.(hour, mean)
  }

  knowsMean(hour: number): boolean {
    return this.#means.has(hour)
  }

  /** Adds a fact, which may be here already; returns what meets the condition from it on, as far as it can reach. */
  add(fact: Fact, window: number): Met[] {
    const facts = this.#facts
    let index = facts.length
    while (index > 0 && inOrder(facts[index - 1]!, fact) > 0) index--
    const before = facts[index - 1]
    if (before !== undefined && inOrder(before, fact) === 0)
      return this.#met(index - 1, this.#reach(index - 1, window))
    facts.splice(index, 0, fact)
    if (index === facts.length - 1) this.#starts.push(this.#judge.judge(fact, this.first + index, this))
    else this.#judgeAgain()
    return this.#met(index, this.#reach(index, window))
  }

  /** The end of what a fact can have changed. */
  #reach(index: number, window: number): number {
    const facts = this.#facts
    let end = index + 1
    while (end < facts.length && facts[end]!.at - facts[index]!.at <= window) end++
    // The next one has another one before it, however much later it is.
    return Math.max(end, Math.min(index + 2, facts.length))
  }

  /** Forgets the facts before this time. */
  forget(before: number): void {
    const facts = this.#facts
    let gone = 0
    while (gone < facts.length && facts[gone]!.at < before) gone++
    this.#drop(gone)
    for (const hour of this.#means.keys()) if (hour < before - HOUR) this.#means.delete(hour)
    this.since = Math.max(this.since, before)
  }

  /** Forgets the oldest facts, so that this many are left. */
  keepAtMost(most: number): void {
    const gone = this.#facts.length - most
    if (gone <= 0) return
    this.since = Math.max(this.since, this.#facts[gone]!.at)
    this.#drop(gone)
    // What its windows counted may be gone.
    this.#judgeAgain()
  }

  /** All that meet the condition. */
  all(): Met[] {
    return this.#met(0, this.#facts.length)
  }

  #drop(gone: number): void {
    this.#facts.splice(0, gone)
    this.#starts.splice(0, gone)
    this.first += gone
  }

  #judgeAgain(): void {
    this.#judge = judgeOf(this.#condition, this.#fields, this.#calendar)
    for (const [hour, mean] of this.#means) this.#judge.recallMean?.(hour, mean)
    for (const { field, value, at } of this.#recalled) this.#judge.recall?.(field, value, at)
    this.#facts.forEach((fact, index) => {
      this.#starts[index] = this.#judge.judge(fact, this.first + index, this)
    })
  }

  #met(from: number, to: number): Met[] {
    const met: Met[] = []
    for (let index = from; index < to; index++) {
      const start = this.#starts[index]!
      if (start < 0) continue
      const begin = Math.max(start - this.first, 0)
      met.push({
        fact: this.#facts[index]!,
        from: this.#facts[begin]!.at,
        count: index - begin + 1,
        facts: this.#facts.slice(begin, Math.min(index + 1, begin + MOST_NAMED)),
      })
    }
    return met
  }
}
