import type { Answer } from '../api/ask.ts'
import { at, type Event, inShortWho, text, timeOf } from '../events/event.ts'
import { all, is } from '../events/question.ts'
import type { Tried } from './accounts.ts'

/** Events of high priority, and attempts to sign in, gathered by the address that they came from, or else by the user. */
export interface Group {
  readonly by: 'source.ip' | 'user.name'
  /** Null for the events that name neither. */
  readonly name: string | null
  /** Finds its events of high priority. */
  readonly q: string
  readonly count: number
  /** The most frequent first. */
  readonly actions: readonly { readonly name: string; readonly count: number }[]
  /** Who did it, if it is one user. */
  readonly user: string | null
  readonly users: number
  /** Records of its largest export. */
  readonly records: number
  readonly last: number | null
  readonly tried: Tried
  readonly attempts: Attempts
}

/** What an address did to get in. */
export interface Attempts {
  /** The most accounts that it tried within an hour. */
  readonly accounts: number
  /** Whether it failed often within an hour, or with several accounts. */
  readonly trying: boolean
  /** The first sign-in within an hour of that. */
  readonly entered: Entered | null
}

interface Entered {
  readonly at: number
  readonly as: string
  /** Whether it had tried several accounts. */
  readonly afterSeveral: boolean
}

export const NOBODY_TRIED: Tried = { accounts: [], distinct: 0, none: 0 }
export const NO_ATTEMPTS: Attempts = { accounts: 0, trying: false, entered: null }
/** Somebody who mistypes a password fails less often with one account within an hour. */
const MANY = 5
const HOUR = 3_600_000
/** Records of an export that is large. */
const LARGE = 1000

export const failures = ({ accounts, none }: Tried): number =>
  accounts.reduce((sum, { count }) => sum + count, none)

/** Whether this may be an attempt to find a password: the counts do not say how fast it was. */
export const mayBeTrying = (tried: Tried): boolean => tried.distinct > 1 || failures(tried) >= MANY

/** Reads sign-ins and failures, oldest first, and judges each address by what it did within an hour. */
export function attemptsIn(events: readonly Event[]): ReadonlyMap<string, Attempts> {
  const recent = new Map<string, { at: number; account: string }[]>()
  const known = new Map<string, Attempts>()
  for (const event of events) {
    const [address, time] = [text(event, 'source.ip'), timeOf(event)]
    const before = (recent.get(address) ?? []).filter(({ at: then }) => time - then < HOUR)
    const isFailure = text(event, 'event.outcome') === 'failure'
    if (isFailure) before.push({ at: time, account: accountOf(event) })
    recent.set(address, before)
    const accounts = new Set(before.map(({ account }) => account)).size
    const isTrying = accounts > 1 || before.length >= MANY
    const one = known.get(address) ?? NO_ATTEMPTS
    known.set(address, {
      accounts: Math.max(one.accounts, accounts),
      trying: one.trying || isTrying,
      entered:
        one.entered?.afterSeveral || !isTrying || isFailure || !isStart(event)
          ? one.entered
          : accounts > 1 || one.entered === null
            ? { at: time, as: inShortWho(event), afterSeveral: accounts > 1 }
            : one.entered,
    })
  }
  return known
}

/** Names in any of these fields are of one account; without any, the failure still counts as one of an unknown account. */
const accountOf = (event: Event): string => inShortWho(event).toLowerCase()

function isStart(event: Event): boolean {
  const types = at(event, 'event.type')
  return (
    text(event, 'event.outcome') === 'success' &&
    (types === 'start' || (Array.isArray(types) && types.includes('start')))
  )
}

type Bucket = NonNullable<Answer<'postAggregate'>['split']>['buckets'][number]

/** One group of counted events. */
export function groupOf(by: Group['by'], base: string, bucket: Bucket): Group {
  const name = String(bucket.key)
  const latest = bucket.latest ?? null
  const users = by === 'user.name' ? 1 : (bucket.distinct?.['user.name'] ?? 0)
  return {
    by,
    name,
    q: all(base, is(by, name)),
    count: bucket.count,
    actions: (bucket.split?.buckets ?? []).map(({ key, count }) => ({ name: String(key), count })),
    user: by === 'user.name' ? name : users === 1 && latest !== null ? inShortWho(latest) : null,
    users,
    records: bucket.sums?.['audit.record_count']?.max ?? 0,
    last: latest === null ? null : timeOf(latest),
    tried: NOBODY_TRIED,
    attempts: NO_ATTEMPTS,
  }
}

/** The reason to look at a group; the gravest first. */
export const REASONS = ['entered', 'export', 'locked', 'tries', 'risk'] as const
export type Reason = (typeof REASONS)[number]

export function reasonOf({ attempts, records, actions }: Group): Reason {
  if (attempts.entered?.afterSeveral === true) return 'entered'
  if (records >= LARGE) return 'export'
  if (actions.some(({ name }) => /lock/i.test(name))) return 'locked'
  return attempts.trying ? 'tries' : 'risk'
}

/** The most serious first; of equal ones, those that tried the most accounts, and then the newest. */
export const bySeriousness = (groups: readonly Group[]): Group[] =>
  groups.toSorted(
    (a, b) =>
      REASONS.indexOf(reasonOf(a)) - REASONS.indexOf(reasonOf(b)) ||
      b.attempts.accounts - a.attempts.accounts ||
      (b.last ?? 0) - (a.last ?? 0),
  )
