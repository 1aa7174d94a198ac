import type { Client } from '@elastic/elasticsearch'
import type { Chain } from '../port.ts'
import type { Commit } from './commits.ts'
import type { Names } from './names.ts'
import { WHOLE } from './search.ts'

const MOST_GAPS = 100
const MOST_INCARNATIONS = 1000
/** The number of parts into which an incomplete run of numbers is divided. */
const PARTS = 64

/** An agent's chains, from its settled waybills. Numbers begin with 1: missing ones before the first are a gap, too. */
export async function chainsOf(client: Client, names: Names, agent: string): Promise<Chain[]> {
  await client.indices.refresh({ index: names.waybills })
  const settled = [{ term: { kind: 'waybill' } }, { term: { agent } }, { term: { state: 'stored' } }]
  const answer = await client.search<Commit, { incarnations: Incarnations }>({
    index: names.waybills,
    ...WHOLE,
    size: 0,
    query: { bool: { filter: settled } },
    aggregations: {
      incarnations: {
        terms: { field: 'incarnation', size: MOST_INCARNATIONS },
        aggregations: {
          first: { min: { field: 'sequence' } },
          events: { sum: { field: 'events' } },
          last: {
            top_hits: {
              size: 1,
              sort: [{ sequence: 'desc' }],
              _source: { includes: ['sequence', 'hash', 'at'] },
            },
          },
        },
      },
    },
  })
  const chains: Chain[] = []
  for (const bucket of answer.aggregations?.incarnations.buckets ?? []) {
    const newest = bucket.last.hits.hits[0]?._source
    if (newest === undefined) continue
    const first = bucket.first.value ?? newest.sequence
    const present = { from: 1, to: newest.sequence, count: bucket.doc_count }
    chains.push({
      incarnation: bucket.key,
      first,
      last: newest.sequence,
      lastHash: newest.hash,
      lastAt: newest.at,
      waybills: bucket.doc_count,
      events: bucket.events.value ?? 0,
      gaps: await gapsOf(client, names, [...settled, { term: { incarnation: bucket.key } }], present),
    })
  }
  return chains.sort((a, b) => a.lastAt - b.lastAt || (a.incarnation < b.incarnation ? -1 : 1))
}

interface Incarnations {
  readonly buckets: readonly {
    readonly key: string
    readonly doc_count: number
    readonly first: { readonly value: number | null }
    readonly events: { readonly value: number | null }
    readonly last: {
      readonly hits: {
        readonly hits: readonly { readonly _source?: Pick<Commit, 'sequence' | 'hash' | 'at'> }[]
      }
    }
  }[]
}

interface Run {
  readonly from: number
  readonly to: number
  /** The number of present sequence numbers. */
  readonly count: number
}

interface Gap {
  from: number
  to: number
}

type Filter = { readonly term: { readonly [field: string]: string } }

/** Finds the missing numbers of a run: it divides each part that is neither whole nor empty again and again. */
export async function gapsOf(
  client: Client,
  names: Names,
  filter: readonly Filter[],
  run: Run,
): Promise<Gap[]> {
  const gaps: Gap[] = []
  const add = (from: number, to: number): void => {
    const before = gaps.at(-1)
    if (before !== undefined && before.to === from - 1) before.to = to
    else if (gaps.length < MOST_GAPS) gaps.push({ from, to })
  }
  const look = async ({ from, to, count }: Run): Promise<void> => {
    if (count >= to - from + 1 || gaps.length >= MOST_GAPS) return
    if (count === 0) {
      add(from, to)
      return
    }
    for (const part of await counted(client, names, filter, divided(from, to))) await look(part)
  }
  await look(run)
  return gaps
}

function divided(from: number, to: number): { from: number; to: number }[] {
  const step = Math.ceil((to - from + 1) / PARTS)
  const parts: { from: number; to: number }[] = []
  for (let at = from; at <= to; at += step) parts.push({ from: at, to: Math.min(to, at + step - 1) })
  return parts
}

async function counted(
  client: Client,
  names: Names,
  filter: readonly Filter[],
  parts: readonly { from: number; to: number }[],
): Promise<Run[]> {
  const answer = await client.search<
    unknown,
    { parts: { readonly buckets: readonly { readonly doc_count: number }[] } }
  >({
    index: names.waybills,
    ...WHOLE,
    size: 0,
    query: { bool: { filter: [...filter] } },
    aggregations: {
      // Its ends are exclusive.
      parts: { range: { field: 'sequence', ranges: parts.map(({ from, to }) => ({ from, to: to + 1 })) } },
    },
  })
  const buckets = answer.aggregations?.parts.buckets ?? []
  return parts.map((part, i) => ({ ...part, count: buckets[i]?.doc_count ?? 0 }))
}
