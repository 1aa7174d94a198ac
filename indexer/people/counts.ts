import { foldKeyword, OperatorError } from '../../schema/index.ts'
import { isMeant, type MeantField, meaningOf, objectOf, type Query, VERB_QUERIES } from '../query/index.ts'
import type { Aggregate, AggregateRequest, Bucket, Store, ValueSplit } from '../store/port.ts'
import type { People } from './people.ts'

/** Counts by a field that no event has: by person, by verb, by object. */

type Counter = Pick<Store, 'aggregate'>
type Base = Omit<AggregateRequest, 'by' | 'sums' | 'distinct' | 'latest'>

interface Counted {
  readonly key: string
  readonly count: number
}
interface Groups {
  readonly groups: readonly Counted[]
  /** Null where each event is in one group at most: the groups leave the rest of the whole. */
  readonly none: number | null
  readonly partial: Aggregate['partial']
}

/** The values of one field and of another within each that one question brings. */
const TOP = 1000

export const meantSplit = ({
  by,
}: AggregateRequest): (ValueSplit & { readonly field: MeantField }) | null => {
  const [first, second] = by
  if (second?.kind === 'values' && isMeant(second.field))
    throw new OperatorError(
      'WB-FIELD-UNCOUNTABLE',
      `${second.field} can only be the first field to count by: ${second.field}, and then the other`,
    )
  return first?.kind === 'values' && isMeant(first.field) ? { ...first, field: first.field } : null
}

/** Answers a request whose first split is by such a field. */
export async function countedBy(
  counter: Counter,
  people: People,
  request: AggregateRequest,
  split: ValueSplit & { readonly field: MeantField },
): Promise<Aggregate> {
  const { by, sums, distinct, latest, ...base } = request
  const inner = by.slice(1)
  const measures = {
    ...(sums !== undefined && { sums }),
    ...(distinct !== undefined && { distinct }),
    ...(latest !== undefined && { latest }),
  }
  const [whole, found] = await Promise.all([
    counter.aggregate({ ...base, by: [], ...measures }),
    groupsOf(counter, people, base, split.field),
  ])
  const prefix = foldKeyword(split.prefix ?? '')
  const wanted = found.groups
    .filter(({ key, count }) => count > 0 && (prefix === '' || isBegun(people, split.field, key, prefix)))
    .toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
  const shown = wanted.slice(0, split.top)
  const needsMore = inner.length > 0 || Object.keys(measures).length > 0
  const buckets = await Promise.all(
    shown.map(async ({ key, count }): Promise<Bucket> => {
      if (!needsMore) return { key, count }
      const query: Query = { kind: 'and', of: [base.query, people.resolved(meaningOf(split.field, [key]))] }
      const { partial: _, ...group } = await counter.aggregate({ ...base, query, by: inner, ...measures })
      return { ...group, key, count }
    }),
  )
  return {
    ...whole,
    partial: whole.partial ?? found.partial,
    split: {
      buckets,
      distinct: wanted.length,
      others: total(wanted.slice(split.top)),
      none: found.none ?? Math.max(0, whole.count - total(found.groups)),
    },
  }
}

const total = (groups: readonly Counted[]): number => groups.reduce((sum, { count }) => sum + count, 0)

/** A person is also found by the beginning of the name, and of each of its words. */
function isBegun(people: People, field: MeantField, key: string, prefix: string): boolean {
  if (foldKeyword(key).startsWith(prefix)) return true
  const name = field === 'person' ? foldKeyword(people.get(key)?.name ?? '') : ''
  return name.startsWith(prefix) || name.includes(` ${prefix}`)
}

async function groupsOf(counter: Counter, people: People, base: Base, field: MeantField): Promise<Groups> {
  switch (field) {
    case 'verb':
      return byVerb(counter, base)
    case 'object':
      return byObject(counter, base)
    case 'person':
      return byPerson(counter, people, base)
  }
}

const narrowed = (base: Base, ...conditions: readonly Query[]): Base => ({
  ...base,
  query: { kind: 'and', of: [base.query, ...conditions] },
})

async function byVerb(counter: Counter, base: Base): Promise<Groups> {
  const counted = await Promise.all(
    [...VERB_QUERIES].map(async ([key, query]) => ({
      key,
      answer: await counter.aggregate({ ...narrowed(base, query), by: [] }),
    })),
  )
  const verbs = [...VERB_QUERIES.values()]
  const rest = await counter.aggregate({
    ...narrowed(base, { kind: 'not', of: { kind: 'or', of: verbs } }),
    by: [],
  })
  return {
    groups: counted.map(({ key, answer }) => ({ key, count: answer.count })),
    none: rest.count,
    partial: counted.find(({ answer }) => answer.partial !== null)?.answer.partial ?? rest.partial,
  }
}

const values = (field: string): ValueSplit => ({ kind: 'values', field, top: TOP })

async function byObject(counter: Counter, base: Base): Promise<Groups> {
  const type = 'audit.entity.type'
  const [answer, without] = await Promise.all([
    counter.aggregate({ ...base, by: [values('event.module'), values(type)] }),
    counter.aggregate({ ...narrowed(base, { kind: 'not', of: { kind: 'exists', field: type } }), by: [] }),
  ])
  const tally = new Tally()
  for (const { key: system, split } of answer.split?.buckets ?? [])
    for (const { key, count } of split?.buckets ?? []) tally.add(objectOf(String(system), String(key)), count)
  return { groups: tally.counted(), none: without.count, partial: answer.partial ?? without.partial }
}

/**
 * First the events of accounts that are kept apart, then those with a name of somebody known, then those without by address, then by id:
 * each event is counted for one person. A name that belongs to nobody alone is passed on to the address and the id.
 */
async function byPerson(counter: Counter, people: People, base: Base): Promise<Groups> {
  const tally = new Tally()
  let partial: Aggregate['partial'] = null
  let rest = base
  for (const { query, person } of people.apart) {
    const { count } = await counter.aggregate({ ...narrowed(rest, query), by: [] })
    tally.add(person.id, count)
    rest = narrowed(rest, { kind: 'not', of: query })
  }
  for (const field of ['user.name', 'user.email', 'user.id'] as const) {
    const answer = await counter.aggregate({ ...rest, by: [values('event.module'), values(field)] })
    partial ??= answer.partial
    const passed: Query[] = [{ kind: 'not', of: { kind: 'exists', field } }]
    for (const { key: system, split } of answer.split?.buckets ?? [])
      for (const { key, count } of split?.buckets ?? []) {
        const value = String(key)
        const id = people.idWithValue(String(system), field, value)
        if (id !== null) tally.add(id, count)
        else
          passed.push({
            kind: 'and',
            of: [
              { kind: 'equals', field: 'event.module', value: String(system) },
              { kind: 'equals', field, value },
            ],
          })
      }
    rest = narrowed(rest, { kind: 'or', of: passed })
  }
  return { groups: tally.counted(), none: null, partial }
}

class Tally {
  readonly #counts = new Map<string, number>()

  add(key: string, count: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }

  counted(): Counted[] {
    return [...this.#counts].map(([key, count]) => ({ key, count }))
  }
}
