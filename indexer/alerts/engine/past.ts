import { ALONE } from '../../../schema/rule.ts'
import { meaningOf, type Query } from '../../query/index.ts'
import type { SearchRequest, Store } from '../../store/port.ts'
import type { ParsedRule } from '../rules.ts'
import { type Fact, type Facts, type GroupOf, inOrder } from './facts.ts'

const PAGE = 1000

/** What a rule has to look up in the store: windows that memory does not hold. */
export class Past {
  readonly #store: Pick<Store, 'search' | 'aggregate'>

  constructor(store: Pick<Store, 'search' | 'aggregate'>) {
    this.#store = store
  }

  /** The facts of a group in a time, in their order: the newest, if there are more than `most`. */
  async facts(
    rule: ParsedRule,
    facts: Facts,
    of: GroupOf,
    { from, to, most }: { from: number; to?: number; most: number },
  ): Promise<{ facts: Fact[]; whole: boolean }> {
    const found: Fact[] = []
    const query = groupQuery(rule, of.group)
    for await (const events of this.#pages({
      query,
      from,
      ...(to !== undefined && { to }),
      order: 'newest',
    })) {
      for (const event of events) {
        const one = facts.of(event)
        if (one?.key === of.key) found.push(one.fact)
      }
      if (found.length > most) return { facts: found.sort(inOrder).slice(-most), whole: false }
    }
    return { facts: found.sort(inOrder), whole: true }
  }

  /** All events of a rule from a time on, page by page. */
  async *events(rule: ParsedRule, from: number) {
    yield* this.#pages({ query: rule.query, from, order: 'oldest' })
  }

  /** When a group had this value of a field, or any value of it, before this fact: the last times, at most this many. */
  async lastTimes(
    rule: ParsedRule,
    facts: Facts,
    of: GroupOf,
    asked: {
      readonly field: string
      readonly value?: string
      readonly from: number
      readonly before: Fact
      readonly most: number
    },
  ): Promise<number[]> {
    const { field, value, from, before, most } = asked
    const condition: Query =
      value === undefined ? { kind: 'exists', field } : { kind: 'equals', field, value }
    const query: Query = { kind: 'and', of: [groupQuery(rule, of.group), condition] }
    const times: number[] = []
    for await (const events of this.#pages({
      query,
      from,
      to: before.at + 1,
      order: 'newest',
      limit: 10 + most,
    }))
      for (const event of events) {
        const one = facts.of(event)
        if (one?.key !== of.key || inOrder(one.fact, before) >= 0) continue
        times.push(one.fact.at)
        if (times.length === most) return times
      }
    return times
  }

  /** The last event of a rule. */
  async last(rule: ParsedRule, from: number) {
    for await (const events of this.#pages({ query: rule.query, from, order: 'newest', limit: 1 }))
      for (const event of events) return event
    return null
  }

  async count(
    rule: ParsedRule,
    group: Readonly<Record<string, string>>,
    { from, last }: { from: number; last: number },
  ): Promise<number> {
    const { count } = await this.#store.aggregate({
      query: groupQuery(rule, group),
      from,
      to: last + 1,
      by: [],
    })
    return count
  }

  async *#pages(request: Omit<SearchRequest, 'limit'> & { limit?: number }) {
    let after: string | null = null
    do {
      const { events, next } = await this.#store.search({
        limit: PAGE,
        ...request,
        ...(after !== null && { after }),
      })
      yield events
      after = next
    } while (after !== null)
  }
}

/** Finds the events of a rule's group; also some whose values differ in the case of letters alone. */
export function groupQuery(rule: ParsedRule, group: Readonly<Record<string, string>>): Query {
  const alone = group[ALONE]
  const of: Query[] = [rule.query]
  if (alone !== undefined && !rule.groupBy.flat().includes(ALONE))
    of.push({ kind: 'equals', field: ALONE, value: alone })
  else
    for (const names of rule.groupBy)
      for (const field of names) {
        const value = group[field]
        if (value !== undefined) {
          of.push(field === 'person' ? meaningOf('person', [value]) : { kind: 'equals', field, value })
          break
        }
        // An earlier name for the same thing would count instead.
        of.push({
          kind: 'not',
          of: field === 'person' ? meaningOf('person', ['', '']) : { kind: 'exists', field },
        })
      }
  return { kind: 'and', of }
}
