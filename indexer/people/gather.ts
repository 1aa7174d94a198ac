import type { Query } from '../query/index.ts'
import type { AggregateRequest, Bucket, Store } from '../store/port.ts'
import { accountIn, type Seen } from './joins.ts'

/** Reads from the store which names, ids and e-mail addresses of users events carry together. */

/** The values of one field that are asked for at once, and of another one beside each of them. */
const TOP = 1000
const BESIDE = 20
const BUDGET = 30_000
const FIELDS = { name: 'user.name', id: 'user.id', email: 'user.email' } as const
type Member = keyof typeof FIELDS
/** Each pair once; the first of each also brings events that carry nothing else. */
const PAIRS: readonly (readonly [Member, Member])[] = [
  ['name', 'email'],
  ['email', 'id'],
  ['id', 'name'],
]

export interface Gathered {
  readonly seen: readonly Seen[]
  /** Why some accounts may be missing; null if none is. */
  readonly partial: string | null
}

/** What all stored events carry. */
export async function gather(store: Pick<Store, 'aggregate'>): Promise<Gathered> {
  const seen: Seen[] = []
  let partial: string | null = null
  const ask = async (request: AggregateRequest): Promise<readonly Bucket[]> => {
    const answer = await store.aggregate({ ...request, budget: BUDGET })
    partial ??= answer.partial?.sentence ?? null
    return answer.split?.buckets ?? []
  }
  const systems = await ask({
    query: { kind: 'all' },
    by: [{ kind: 'values', field: 'event.module', top: TOP }],
  })
  for (const { key: system } of systems) {
    const query: Query = { kind: 'equals', field: 'event.module', value: String(system) }
    for (const [one, other] of PAIRS) {
      let after: string | number | undefined
      for (;;) {
        const buckets = await ask({
          query,
          by: [
            {
              ...{ kind: 'values', field: FIELDS[one], top: TOP, order: 'ascending' },
              ...(after !== undefined && { after }),
            },
            { kind: 'values', field: FIELDS[other], top: BESIDE },
          ],
        })
        for (const bucket of buckets) seen.push(...rowsOf(String(system), one, other, bucket))
        after = buckets.at(-1)?.key
        if (buckets.length < TOP || after === undefined) break
      }
    }
  }
  return { seen, partial }
}

function rowsOf(system: string, one: Member, other: Member, { key, count, split }: Bucket): Seen[] {
  const row = { system, name: null, id: null, email: null, [one]: String(key) }
  return [
    { ...row, count },
    ...(split?.buckets ?? []).map((inner) => ({ ...row, [other]: String(inner.key), count: inner.count })),
  ]
}

const PAGE = 1000
/** Of more events than this at once the rest is left out until all are looked at again. */
const MOST_PAGES = 20

/** What the events carry that arrived after a place. */
export async function arrived(
  store: Pick<Store, 'arrivals'>,
  after: string,
): Promise<{ readonly seen: readonly Seen[]; readonly place: string; readonly isEnd: boolean }> {
  const seen: Seen[] = []
  let place = after
  for (let page = 0; page < MOST_PAGES; page++) {
    const { events, next } = await store.arrivals({ query: { kind: 'all' }, after: place, limit: PAGE })
    for (const event of events) {
      const account = accountIn(event)
      const { name, id, email } = account
      if (name !== null || id !== null || email !== null) seen.push({ ...account, count: 1 })
    }
    place = next ?? place
    if (events.length < PAGE) return { seen, place, isEnd: true }
  }
  return { seen, place, isEnd: false }
}

/** Each row once, with the sum of its counts. */
export function merged(all: readonly Seen[]): Seen[] {
  const rows = new Map<string, Seen>()
  for (const row of all) {
    const key = JSON.stringify([row.system, row.name, row.id, row.email])
    const before = rows.get(key)
    rows.set(key, before === undefined ? row : { ...before, count: before.count + row.count })
  }
  return [...rows.values()]
}
