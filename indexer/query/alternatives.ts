import { fieldOf } from '../../schema/index.ts'
import { blockOf } from './address.ts'
import { meaningOf } from './meanings.ts'
import { printQuery } from './print.ts'
import type { Query } from './tree.ts'

/** Another question near one that found nothing. */
export interface Alternative {
  readonly query: Query
  /** The difference, for people. */
  readonly difference: string
  /** The start of its time, if it differs from the original one; null is any time. The time then has no end. */
  readonly from?: string | null
  /** A later one of the same group finds at least what an earlier one finds. */
  readonly group: string
}

const DAY = 86_400_000
const LONGER: readonly (readonly [number, string])[] = [
  [1, 'in the last 24 hours'],
  [7, 'in the last 7 days'],
  [30, 'in the last 30 days'],
  [365, 'in the last year'],
]
const MOST_PARTS = 8

/**
 * Suggests questions in place of a query that found nothing, the nearest first: the beginning of a value (`bob*`) or a part of it, the
 * network of an address, each condition left out, a longer time.
 */
export function alternativesTo(
  query: Query,
  {
    from,
    to,
    now,
  }: { readonly from?: number | undefined; readonly to?: number | undefined; readonly now: number },
): Alternative[] {
  const parts = query.kind === 'and' ? query.of : query.kind === 'all' ? [] : [query]
  const few = parts.slice(0, MOST_PARTS)
  const wider = few.flatMap((part, i) =>
    [begun(part), within(part)].flatMap((other): Alternative[] =>
      other === undefined
        ? []
        : [{ query: replaced(parts, i, other), difference: printQuery(other), group: `wider ${i}` }],
    ),
  )
  const without =
    parts.length < 2
      ? []
      : few.map((part, i): Alternative => {
          return {
            query: replaced(parts, i),
            difference: `without ${printQuery(part)}`,
            group: `without ${i}`,
          }
        })
  return [...wider, ...without, ...longer(query, from, to, now)]
}

function longer(query: Query, from: number | undefined, to: number | undefined, now: number): Alternative[] {
  if (from === undefined && to === undefined) return []
  const spans =
    from === undefined
      ? []
      : LONGER.filter(([days]) => now - days * DAY < from).map(([days, difference]): Alternative => {
          return { query, difference, from: `now-${days}d`, group: 'longer' }
        })
  return [...spans, { query, difference: 'at any time', from: null, group: 'longer' }]
}

function replaced(parts: readonly Query[], at: number, by?: Query): Query {
  const of = parts.flatMap((part, i) => (i !== at ? [part] : by === undefined ? [] : [by]))
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'and', of }
}

const isText = (field: string): boolean => {
  const type = fieldOf(field)?.type
  return type === 'keyword' || type === 'flattened' || type === 'text'
}

/** The same condition on the beginnings of values; undefined if it has none. */
const begun = (part: Query): Query | undefined =>
  eased(part, ['', '*'], (one) => {
    if (one.kind === 'words' && !one.prefix) return { ...one, prefix: true }
    if (one.kind !== 'equals') return undefined
    if (fieldOf(one.field)?.type === 'ip') return networkOf(one.field, one.value)
    if (fieldOf(one.field)?.type === 'text') return undefined
    return isText(one.field) ? { kind: 'wildcard', field: one.field, parts: [one.value, ''] } : undefined
  })

/** The same condition on a part of values. */
const within = (part: Query): Query | undefined =>
  eased(part, ['*', '*'], (one) =>
    one.kind === 'equals' && fieldOf(one.field)?.type === 'keyword'
      ? { kind: 'wildcard', field: one.field, parts: ['', one.value, ''] }
      : undefined,
  )

/** `open`: where the text of a person or an object may go on, at its beginning and at its end. */
function eased(
  part: Query,
  open: readonly ['' | '*', '*'],
  ease: (one: Query) => Query | undefined,
): Query | undefined {
  if (part.kind !== 'or' && part.kind !== 'and') return ease(part)
  if (part.kind === 'or' && part.meant !== undefined) {
    const { field, parts } = part.meant
    const [text] = parts
    if (field === 'verb' || parts.length > 1 || text === undefined) return undefined
    return meaningOf(field, open[0] === '*' ? ['', text, ''] : [text, ''])
  }
  const of = part.of.map((one) => eased(one, open, ease))
  if (of.every((one) => one === undefined)) return undefined
  return { kind: part.kind, of: part.of.map((one, i) => of[i] ?? one) }
}

function networkOf(field: string, value: string): Query | undefined {
  const block = blockOf(value.includes(':') ? `${value}/64` : `${value}/24`)
  return block === undefined ? undefined : { kind: 'cidr', field, ...block }
}
