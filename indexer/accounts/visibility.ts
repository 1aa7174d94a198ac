import type { Limits } from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import { BY_INDEXER, FIELDS_MEANT, isMeant, matches, type Query, withoutJoins } from '../query/index.ts'
import { Refusal } from '../refusal.ts'
import {
  type Aggregate,
  type AggregateRequest,
  askedThrough,
  type CountDimension,
  type CountRequest,
  type CountRow,
  type Group,
  type Moment,
  type Page,
  type SearchRequest,
  type Store,
} from '../store/port.ts'
import { type Mask, NO_MASK } from './masks.ts'

/** The events and fields that a client sees. */
export interface Visibility {
  /** And-ed to each query; null sees all events. */
  readonly only: Query | null
  readonly mask: Mask
}

export const FULL_VISIBILITY: Visibility = { only: null, mask: NO_MASK }

export const isFull = (visibility: Visibility): boolean => visibility.only === null && visibility.mask.isEmpty

/** The questions of the store that are about events. Routes ask them of what somebody sees, never of the store. */
export type Events = Pick<
  Store,
  'search' | 'arrivals' | 'arrivalsEnd' | 'get' | 'counts' | 'aggregate' | 'moment'
>

const FIELD_OF: Readonly<Record<CountDimension, string>> = {
  category: 'audit.category',
  action: 'event.action',
  user: 'user.name',
  entity: 'audit.entity.type',
  outcome: 'event.outcome',
}

/** The store as a client sees it: hidden events are not found, counted or shown, and nobody can query by masked fields. */
export function seenWith(visibility: Visibility, store: Events): Events {
  if (isFull(visibility)) return store
  const { mask } = visibility
  const only = onlyOf(visibility)
  const asked = (query: Query): Query => {
    const own = askedAlone(visibility, query)
    mask.demand(own)
    return within(own, only)
  }
  const shown = (page: Page): Page => shownIn(page, mask)
  const seen = (at: Pick<Store, 'search' | 'aggregate'>) => ({
    async search(request: SearchRequest): Promise<Page> {
      return shown(await at.search({ ...request, query: asked(request.query) }))
    },
    async aggregate(request: AggregateRequest): Promise<Aggregate> {
      for (const field of fieldsOf(request)) mask.demandValues(field)
      if (request.by.some((split) => split.kind === 'values' && split.field === 'person'))
        throw new Refusal(
          'WB-LIMITED-VIEW',
          'Your access is limited to some events or fields, and people are worked out of all of them: count by user.name.',
        )
      const answer = await at.aggregate({ ...request, query: asked(request.query) })
      return { ...shownGroup(answer, mask), partial: answer.partial }
    },
  })
  return {
    ...seen(store),
    async moment(): Promise<Moment> {
      const moment = await store.moment()
      return askedThrough(moment, seen(moment))
    },
    async arrivals(request): Promise<Page> {
      return shown(await store.arrivals({ ...request, query: asked(request.query) }))
    },
    arrivalsEnd: () => store.arrivalsEnd(),
    async get(id: string): Promise<AuditEvent | null> {
      const event = await store.get(id)
      return event === null ? null : shownTo(visibility, event)
    },
    async counts(request: CountRequest): Promise<CountRow[]> {
      mask.demand({ kind: 'exists', field: FIELD_OF[request.by] })
      if (visibility.only !== null) {
        // The hourly counts cover all events, so they can't be limited to some.
        throw new Refusal(
          'WB-LIMITED-VIEW',
          'Your access is limited to some events, and these counts include all events: POST /v1/aggregate counts those that you see.',
        )
      }
      return store.counts(request)
    },
  }
}

/**
 * The query as a client may ask it: which accounts belong together is worked out of all events, also of those that a limited client does not
 * see.
 */
export const askedAlone = (visibility: Visibility, query: Query): Query =>
  isFull(visibility) ? query : withoutJoins(query, (field) => !visibility.mask.hides(field))

const onlyOf = ({ only, mask }: Visibility): Query | null =>
  mask.only === null ? only : within(mask.only, only)

/** An event, or a copy of one, as a client sees it; null if the client does not see it. */
export const shownTo = (visibility: Visibility, event: AuditEvent): AuditEvent | null =>
  isWithin(event, onlyOf(visibility)) ? visibility.mask.over(event) : null

/** The earlier events of a record with the client's masks, including events that the client does not see: for derived values. */
export const maskedWith = (mask: Mask, store: Pick<Store, 'search' | 'chains'>) => ({
  search: async (request: SearchRequest): Promise<Page> => shownIn(await store.search(request), mask),
  chains: (agent: string) => store.chains(agent),
})

const shownIn = (page: Page, mask: Mask): Page =>
  mask.isEmpty ? page : { ...page, events: page.events.map((event) => mask.over(event)) }

/** The fields whose values the answer reveals. */
const fieldsOf = ({ by, sums = [], distinct = [] }: AggregateRequest): string[] => [
  ...by.flatMap((split) =>
    split.kind !== 'values' ? [] : isMeant(split.field) ? FIELDS_MEANT[split.field] : [split.field],
  ),
  ...sums,
  ...distinct,
]

/** The last event of a group is an event like any other. */
function shownGroup<One extends Group>(group: One, mask: Mask): One {
  const { split, latest } = group
  return {
    ...group,
    ...(latest === undefined || latest === null ? {} : { latest: mask.over(latest) }),
    ...(split === undefined
      ? {}
      : { split: { ...split, buckets: split.buckets.map((bucket) => shownGroup(bucket, mask)) } }),
  }
}

export const NO_LIMITS: Limits = { namespaces: null, entities: null }

/** The condition that is added to each query of a limited user; null if there is no limit. An indexer keeps one namespace. */
export function queryOfLimits(limits: Limits, namespace: string): Query | null {
  if (limits.namespaces !== null && !limits.namespaces.includes(namespace)) return { kind: 'none' }
  if (limits.entities === null) return null
  const of = limits.entities.map((value): Query => ({ kind: 'equals', field: 'audit.entity.type', value }))
  // A limit to records of the kind "user" must not include actions of Waybill's own users.
  return {
    kind: 'and',
    of: [
      { kind: 'or', of },
      { kind: 'not', of: BY_INDEXER },
    ],
  }
}

export const within = (query: Query, only: Query | null): Query =>
  only === null ? query : { kind: 'and', of: [only, query] }

export const isWithin = (event: AuditEvent, only: Query | null): boolean =>
  only === null || matches(only, event)
