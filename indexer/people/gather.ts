import type { Query } from '../query/index.ts'
import type { AggregateRequest, Bucket, Store } from '../store/port.ts'
import type { Seen } from './joins.ts'

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

/** `since` and `until`: only events that were ingested then or later, and before, ms. */
export async function gather(
  store: Pick<Store, 'aggregate'>,
  { since, until }: { readonly since?: number; readonly until?: number },
): Promise<Gathered> {
  const seen: Seen[] = []
  let partial: string | null = null
  const within: Query[] =
    since === undefined && until === undefined
      ? []
      : [
          {
            ...{ kind: 'range', field: 'event.ingested' },
            ...(since !== undefined && { gte: since }),
            ...(until !== undefined && { lt: until }),
          },
        ]
  const ask = async (request: AggregateRequest): Promise<readonly Bucket[]> => {
    const answer = await store.aggregate({ ...request, budget: BUDGET })
    partial ??= answer.partial?.sentence ?? null
    return answer.split?.buckets ?? []
  }
  const all: Query = within.length === 0 ? { kind: 'all' } : { kind: 'and', of: within }
  const systems = await ask({ query: all, by: [{ kind: 'values', field: 'event.module', top: TOP }] })
  for (const { key: system } of systems) {
    const query: Query = {
      kind: 'and',
      of: [...within, { kind: 'equals', field: 'event.module', value: String(system) }],
    }
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
