import { is } from '../events/question.ts'
import { between, intervalOf } from '../time/ranges.ts'

/** A side of a comparison, as the address has it: `user:anna`, `record:C-1`, or nothing for all events. */
export const KINDS = { all: 'All events', user: 'User', record: 'Record' } as const
export type Kind = keyof typeof KINDS

export interface Side {
  readonly kind: Kind
  /** The name of the user or the id of the record; empty for all events. */
  readonly value: string
}

export function readSide(text: string): Side {
  const [, kind, value] = /^(user|record):(.+)$/s.exec(text) ?? []
  return kind === 'user' || kind === 'record' ? { kind, value: value ?? '' } : { kind: 'all', value: '' }
}

export const writeSide = ({ kind, value }: Side): string =>
  kind === 'all' || value === '' ? '' : `${kind}:${value}`

export const isSide = (text: string): boolean => text === '' || /^(user|record):.+$/s.test(text)

export function queryOfSide({ kind, value }: Side): string {
  if (kind === 'all') return ''
  return is(kind === 'user' ? 'user.name' : 'audit.entity.id', value)
}

export const titleOfSide = ({ kind, value }: Side): string => (kind === 'all' ? KINDS.all : value)

/** What has fewer digits is no time of an address. */
const EARLIEST = 10_000

/** The span of the same length right before; the range itself where it has no beginning. */
export function periodBefore(range: string, now: number): string {
  const interval = intervalOf(range, now)
  if (interval === null) return range
  const { from, to } = interval
  return from <= EARLIEST ? range : between(Math.max(EARLIEST, from - (to - from)), from)
}

interface Counted {
  readonly buckets: readonly { readonly key: string | number; readonly count: number }[]
  /** The sum of those that are not among the buckets. */
  readonly others: number
}

/** A value on both sides. A count is null where it is not known: the value is not among the most frequent ones. */
export interface Row {
  readonly key: string
  readonly one: number | null
  readonly other: number | null
  /** The side that alone has the value. */
  readonly only: 'one' | 'other' | null
}

/** The values of two counts side by side: those that differ most come first. */
export function rowsOf(one: Counted, other: Counted): Row[] {
  const [first, second] = [one, other].map(
    ({ buckets }) => new Map(buckets.map(({ key, count }) => [String(key), count])),
  )
  const countIn = (
    counts: Map<string, number> | undefined,
    { others }: Counted,
    key: string,
  ): number | null => counts?.get(key) ?? (others === 0 ? 0 : null)
  const keys = [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])]
  return keys
    .map((key): Row => {
      const counts = { one: countIn(first, one, key), other: countIn(second, other, key) }
      return { key, ...counts, only: counts.other === 0 ? 'one' : counts.one === 0 ? 'other' : null }
    })
    .filter(({ one, other }) => one !== 0 || other !== 0)
    .sort((a, b) => differenceOf(b) - differenceOf(a) || a.key.localeCompare(b.key))
}

const differenceOf = ({ one, other }: Row): number => Math.abs((one ?? 0) - (other ?? 0))
