import { type AuditEvent, foldKeyword, textAt, valuesOf } from '../../../schema/index.ts'
import { ALONE, type Condition, isSingle, partsOf } from '../../../schema/rule.ts'
import { accountOf } from '../../people/index.ts'
import { matches, numberOf } from '../../query/index.ts'
import type { ParsedRule } from '../rules.ts'
import { type Place, placeOf } from './distance.ts'
import { type Calendar, isExcepted } from './time-of-day.ts'

/** What a rule's condition has to know of an event: an event itself would take too much memory. */
export interface Fact {
  readonly at: number
  readonly id: string
  /** The values of the fields that the condition reads, in the order of `Facts.fields`. */
  readonly values: readonly (readonly string[])[]
  readonly place: Place | undefined
  /** The steps of a sequence that the event is, one bit each. */
  readonly steps: number
  /** The accounts, one name each. */
  readonly accounts: readonly string[]
  /** All names, ids and addresses of mail of these accounts, as `related.user` has them. */
  readonly users: readonly string[]
  readonly addresses: readonly string[]
}

/** Events with the same values are judged together. */
export interface GroupOf {
  /** The same for values that a query takes as equal. */
  readonly key: string
  readonly group: Readonly<Record<string, string>>
}

const NONE: readonly string[] = []

/** Takes from events what one rule has to know of them. */
export class Facts {
  readonly #rule: ParsedRule
  readonly #calendar: Calendar
  /** The fields that the condition reads. */
  readonly fields: readonly string[]
  readonly #needsPlace: boolean
  readonly #isSingle: boolean

  constructor(rule: ParsedRule, calendar: Calendar) {
    this.#rule = rule
    this.#calendar = calendar
    this.fields = [...new Set(fieldsOf(rule.condition))]
    this.#needsPlace = hasKind(rule.condition, 'travel')
    this.#isSingle = isSingle(rule.condition)
  }

  /** Returns null for an event that the rule does not look at: its query, its group or its time is missing. */
  of(event: AuditEvent): (GroupOf & { readonly fact: Fact }) | null {
    if (!matches(this.#rule.query, event)) return null
    const at = timeOf(event)
    const group = this.groupOf(event)
    if (Number.isNaN(at) || group === null || isExcepted(this.#rule.exceptTimes, at, this.#calendar))
      return null
    return { ...group, fact: this.#factOf(event, at) }
  }

  groupOf(event: AuditEvent): GroupOf | null {
    const group: Record<string, string> = {}
    const folded: string[] = []
    for (const names of this.#rule.groupBy) {
      const found = this.#valueOf(names, event)
      if (found === null) {
        if (!this.#isSingle) return null
        const id = textAt(event, ALONE) ?? ''
        return { key: JSON.stringify([ALONE, id]), group: { [ALONE]: id } }
      }
      const { field, value } = found
      group[field] = value
      folded.push(foldKeyword(value))
    }
    return { key: JSON.stringify(folded), group }
  }

  /** The first of several names for one thing that the event has a value of. */
  #valueOf(names: readonly string[], event: AuditEvent): { field: string; value: string } | null {
    for (const field of names) {
      const value =
        field === 'person'
          ? (this.#rule.persons?.of(event) ?? accountOf(event))
          : (valuesOf(event, field)[0] ?? null)
      if (value !== null) return { field, value }
    }
    return null
  }

  #factOf(event: AuditEvent, at: number): Fact {
    let steps = 0
    this.#rule.steps.forEach((query, index) => {
      if (matches(query, event)) steps |= 1 << index
    })
    return {
      at,
      id: textAt(event, 'event.id') ?? '',
      values: this.fields.map((field) => valuesOf(event, field)),
      place: this.#needsPlace ? placeOf(event) : undefined,
      steps,
      accounts: ['user', 'user.target'].flatMap((who) => {
        const [name = valuesOf(event, `${who}.id`)[0]] = valuesOf(event, `${who}.name`)
        return name === undefined ? [] : [name]
      }),
      users: valuesOf(event, 'related.user'),
      addresses: valuesOf(event, 'related.ip'),
    }
  }
}

/** `@timestamp` in ms; NaN if there is none. */
export const timeOf = (event: AuditEvent): number => Date.parse(textAt(event, '@timestamp') ?? '')

/** What the order of facts depends on. */
export type Placed = Pick<Fact, 'at' | 'id'>

/** A fact without an event: only its time counts. */
export const bareFact = (at: number, id = ''): Fact => ({
  at,
  id,
  values: [],
  place: undefined,
  steps: 0,
  accounts: [],
  users: [],
  addresses: [],
})

/** The order in which a rule looks at events: the order of their arrival does not matter. */
export const inOrder = (a: Placed, b: Placed): number =>
  a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

export const valuesAt = (fact: Fact, field: number): readonly string[] => fact.values[field] ?? NONE

/** The number that a field's values add up to. */
export function amountAt(fact: Fact, field: number): number {
  let sum = 0
  for (const text of valuesAt(fact, field)) sum += numberOf(text) ?? 0
  return sum
}

export function hasKind(condition: Condition, kind: Condition['kind']): boolean {
  return condition.kind === kind || partsOf(condition).some((part) => hasKind(part, kind))
}

function fieldsOf(condition: Condition): string[] {
  const own = 'field' in condition ? [condition.field] : []
  return [...own, ...partsOf(condition).flatMap(fieldsOf)]
}
