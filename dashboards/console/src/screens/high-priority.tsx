import type { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { NO_USER } from '../events/event.ts'
import { all, eventsWith, is, quoted } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { useWho } from '../session/session.tsx'
import { counted, figure } from '../time/format.ts'
import { between, rangeOf } from '../time/ranges.ts'
import { When } from '../time/when.tsx'
import { inWords, useTried } from './accounts.ts'
import {
  type Attempts,
  attemptsIn,
  bySeriousness,
  failures,
  type Group,
  groupOf,
  mayBeTrying,
  NO_ATTEMPTS,
  NOBODY_TRIED,
  type Reason,
  reasonOf,
} from './high-priority.ts'
import { FAILED_SIGN_INS, HIGH_PRIORITY } from './priority.ts'

const SHOWN = 8
const ADDRESSES = 50
const USERS = 20
const ACTIONS = 4
/** Addresses whose sign-ins are read. */
const SUSPECTS = 8
/** Sign-ins and failures that are read to find out who got in. */
const ATTEMPTS = 500

const TAGS: Readonly<Record<Reason, { readonly name: string; readonly sign: string }>> = {
  entered: { name: 'got in', sign: 'error critical' },
  export: { name: 'export', sign: 'error' },
  locked: { name: 'locked', sign: 'error' },
  tries: { name: 'failures', sign: 'warning' },
  risk: { name: 'high risk', sign: 'warning' },
}

/** What is of high priority, by address and by user, so that one intruder is one line. */
export function HighPriority({ range }: { range: string }) {
  const { groups, error, isPending } = useGroups(range)
  if (isPending) return <Loading rows={4} />
  if (error !== null) return <Failed problem={error} />
  if (groups.length === 0) return <p className="quiet">No events of high priority in this period.</p>
  return (
    <>
      <ul className="alert-list" aria-label="High priority, by address and user">
        {groups.slice(0, SHOWN).map((group) => (
          <Line key={`${group.by} ${group.name}`} group={group} range={range} />
        ))}
      </ul>
      {groups.length > SHOWN && (
        <p className="quiet small">
          And {counted(groups.length - SHOWN, 'more address or user', 'more addresses or users')}.
        </p>
      )}
    </>
  )
}

function useGroups(range: string): {
  readonly groups: readonly Group[]
  readonly error: Problem | null
  readonly isPending: boolean
} {
  const { who } = useWho()
  // Masked addresses can't be searched: then users are all that there is.
  const hasAddresses = !who.masked.includes('source.ip')
  const body = { ...rangeOf(range), sums: ['audit.record_count'], latest: true }
  const actions = { kind: 'values', field: 'event.action', top: ACTIONS } as const
  const addresses = useAsk(
    'postAggregate',
    {
      body: {
        q: HIGH_PRIORITY,
        ...body,
        by: [{ kind: 'values', field: 'source.ip', top: ADDRESSES }, actions],
        distinct: ['user.name'],
      },
    },
    { enabled: hasAddresses },
  )
  const rest = hasAddresses ? all(HIGH_PRIORITY, 'not source.ip: *') : HIGH_PRIORITY
  const hasRest = !hasAddresses || (addresses.data?.split?.none ?? 0) > 0
  const users = useAsk(
    'postAggregate',
    { body: { q: rest, ...body, by: [{ kind: 'values', field: 'user.name', top: USERS }, actions] } },
    { enabled: hasRest },
  )
  const tried = useTried(FAILED_SIGN_INS, range, hasAddresses ? 'source.ip' : null)
  const suspects = [...tried]
    .filter(([address, one]) => address !== '' && mayBeTrying(one))
    .sort(([, a], [, b]) => b.distinct - a.distinct || failures(b) - failures(a))
    .slice(0, SUSPECTS)
    .map(([address]) => address)
  const attempts = useFound(
    {
      q: all('event.category: authentication', `source.ip: (${suspects.map(quoted).join(' or ')})`),
      ...rangeOf(range),
      sort: 'newest',
    },
    ATTEMPTS,
    suspects.length > 0,
  )
  const judged = attemptsIn(suspects.length === 0 ? [] : (attempts.data?.events.toReversed() ?? []))
  /** If there are more sign-ins than are read, only the counts are left to judge by. */
  const attemptsOf = (address: string): Attempts => {
    const known = judged.get(address) ?? NO_ATTEMPTS
    const isRead = attempts.data === undefined || attempts.data.next === null
    return isRead || !suspects.includes(address) ? known : { ...known, trying: true }
  }
  const counts = addresses.data?.split?.buckets ?? []
  const rests = hasRest ? users.data?.split : undefined
  const found = counts.map((bucket) => groupOf('source.ip', HIGH_PRIORITY, bucket))
  // Who only tries passwords may have no event of high priority.
  const others = suspects
    .filter((address) => attemptsOf(address).trying && !found.some(({ name }) => name === address))
    .map((address) => triesOf(address))
  const groups = bySeriousness([
    ...[...found, ...others].map((group) => ({
      ...group,
      tried: tried.get(group.name ?? '') ?? NOBODY_TRIED,
      attempts: attemptsOf(group.name ?? ''),
    })),
    ...(rests?.buckets ?? []).map((bucket) => groupOf('user.name', rest, bucket)),
    ...ofNobody(rest, rests?.none ?? 0),
  ])
  return {
    groups,
    error: hasAddresses && addresses.data === undefined ? addresses.error : hasRest ? users.error : null,
    isPending: (hasAddresses && addresses.isPending) || (hasRest && users.isPending),
  }
}

const EMPTY = {
  count: 0,
  actions: [],
  user: null,
  users: 0,
  records: 0,
  last: null,
  tried: NOBODY_TRIED,
  attempts: NO_ATTEMPTS,
}

const triesOf = (address: string): Group => ({
  ...EMPTY,
  by: 'source.ip',
  name: address,
  q: all(FAILED_SIGN_INS, is('source.ip', address)),
})

const ofNobody = (rest: string, count: number): Group[] =>
  count === 0 ? [] : [{ ...EMPTY, by: 'user.name', name: null, q: all(rest, 'not user.name: *'), count }]

function Line({ group, range }: { group: Group; range: string }) {
  const { by, name, q, count, tried, attempts, last } = group
  const { trying, entered } = attempts
  const { name: tag, sign } = TAGS[reasonOf(group)]
  // Who got in did more than what is of high priority: all of it is one click away.
  const to =
    name !== null && (entered !== null || count === 0)
      ? eventsWith(is(by, name), range)
      : eventsWith(q, range)
  return (
    <li>
      <span className={`sign ${sign}`}>{tag}</span>
      <div className="alert-line">
        <Link to={to}>
          <bdi>{name ?? NO_USER}</bdi>
          {by === 'source.ip' && <Users of={group} />}
        </Link>
        <span className="quiet small">
          {trying && (
            <>
              {counted(failures(tried), 'failed sign-in')} to <bdi>{inWords(tried)}</bdi>
              {entered === null ? '. ' : ', '}
            </>
          )}
          {entered !== null && (
            <>
              then signed in as <bdi>{entered.as}</bdi> <When at={entered.at} relative />.{' '}
              <Followed address={name ?? ''} from={entered.at} range={range} />
            </>
          )}
          <Actions of={group} />
        </span>
      </div>
      <span className="quiet small">{last !== null && <When at={last} relative />}</span>
    </li>
  )
}

function Users({ of: { user, users } }: { of: Group }) {
  if (user !== null)
    return (
      <>
        , <bdi>{user}</bdi>
      </>
    )
  return users > 1 ? <>, {counted(users, 'user')}</> : null
}

function Actions({ of: { actions, count, records } }: { of: Group }) {
  if (count === 0) return null
  const named = actions.reduce((sum, one) => sum + one.count, 0)
  return (
    <>
      {counted(count, 'event')} of high priority: <ActionCounts actions={actions} others={count - named} />
      {records > 0 && `, ${counted(records, 'record')} at once`}.
    </>
  )
}

function ActionCounts({ actions, others }: { actions: Group['actions']; others: number }) {
  const said = actions.map(({ name, count }) => (count === 1 ? name : `${name} (${figure(count)})`))
  return <bdi>{[...said, ...(others > 0 ? [counted(others, 'other')] : [])].join(', ')}</bdi>
}

/** What an address did after it got in, beside signing in and out. */
function Followed({ address, from, range }: { address: string; from: number; range: string }) {
  const q = all(is('source.ip', address), 'not event.category: authentication')
  const { to } = rangeOf(range)
  const { data } = useAsk('postAggregate', {
    body: {
      q,
      from: String(from),
      ...(to !== undefined && { to }),
      by: [{ kind: 'values', field: 'event.action', top: ACTIONS }],
    },
  })
  if (data === undefined) return null
  if (data.count === 0) return <>Nothing else followed. </>
  const actions = (data.split?.buckets ?? []).map(({ key, count }) => ({ name: String(key), count }))
  return (
    <>
      <Link to={eventsWith(q, between(from, to === undefined ? Date.now() + DAY : Number(to)))}>
        {counted(data.count, 'event')} followed
      </Link>
      : <ActionCounts actions={actions} others={data.split?.others ?? 0} />.{' '}
    </>
  )
}

/** The linked list has what still happens while somebody reads this. */
const DAY = 86_400_000
