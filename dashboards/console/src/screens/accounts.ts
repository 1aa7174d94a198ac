import { useAsk } from '../api/use-ask.ts'
import { all, is } from '../events/question.ts'
import { rangeOf } from '../time/ranges.ts'

/** An account, and the count of its events. */
export interface Account {
  readonly name: string
  readonly count: number
  /** Finds its events. */
  readonly q: string
}

/** The accounts that were tried. */
export interface Tried {
  /** The most frequent first. */
  readonly accounts: readonly Account[]
  /** The number of all accounts, shown or not. */
  readonly distinct: number
  /** Events that name no account. */
  readonly none: number
}

const NOBODY: Tried = { accounts: [], distinct: 0, none: 0 }
/**
 * The fields that name the account: a source that does not know the user names the account by its address, or as the target of the attempt.
 */
const NAME = 'user.name'
const OTHERS = ['user.email', 'user.target.name', 'user.id'] as const
const TOP = 8
const ADDRESSES = 50

/** The tried accounts of all events that a query finds (key ''), or of each address. */
export function useTried(q: string, range: string, per: 'source.ip' | null): ReadonlyMap<string, Tried> {
  const nameless = all(q, `not ${NAME}: *`)
  const neither = all(nameless, `not ${OTHERS[0]}: *`)
  const none = all(neither, `not ${OTHERS[1]}: *`)
  const named = useLevel(q, range, per, NAME, true)
  const mailed = useLevel(nameless, range, per, OTHERS[0], leavesSome(named))
  const targeted = useLevel(neither, range, per, OTHERS[1], leavesSome(mailed))
  const known = useLevel(none, range, per, OTHERS[2], leavesSome(targeted))
  const together = new Map<string, Tried>()
  for (const level of [named, mailed, targeted, known])
    for (const [key, { accounts, distinct, none: left }] of level) {
      const before = together.get(key) ?? NOBODY
      together.set(key, {
        accounts: [...before.accounts, ...accounts].sort((a, b) => b.count - a.count),
        distinct: before.distinct + distinct,
        // Events without a name at one level are asked for at the next; the last one has the rest.
        none: left,
      })
    }
  return together
}

const leavesSome = (level: ReadonlyMap<string, Tried>): boolean =>
  [...level.values()].some(({ none }) => none > 0)

function useLevel(
  q: string,
  range: string,
  per: 'source.ip' | null,
  field: string,
  enabled: boolean,
): ReadonlyMap<string, Tried> {
  const values = { kind: 'values', field, top: TOP } as const
  const by = per === null ? [values] : [{ kind: 'values', field: per, top: ADDRESSES } as const, values]
  const { data } = useAsk('postAggregate', { body: { q, ...rangeOf(range), by } }, { enabled })
  if (!enabled || data?.split === undefined) return new Map()
  const triedIn = (split: Split): Tried => ({
    accounts: split.buckets.map(({ key, count }) => ({
      name: String(key),
      count,
      q: all(q, is(field, String(key))),
    })),
    distinct: split.distinct,
    none: split.none,
  })
  if (per === null) return new Map([['', triedIn(data.split)]])
  return new Map(
    data.split.buckets.flatMap(({ key, split }) =>
      split === undefined ? [] : [[String(key), triedIn(split)]],
    ),
  )
}

interface Split {
  readonly buckets: readonly { readonly key: string | number; readonly count: number }[]
  readonly distinct: number
  readonly none: number
}

/** The first few by name: `root, admin and 12 more`. */
export function inWords({ accounts, distinct, none }: Tried, most = 3): string {
  const names = accounts.slice(0, most).map(({ name }) => name)
  const more = distinct - names.length
  const said = [names.join(', '), ...(more > 0 ? [`${more} more`] : [])].join(' and ')
  if (said === '') return 'no user given'
  return none > 0 ? `${said}; ${none} without a user` : said
}
