import { type AuditEvent, comparePlaces, placeOf } from '../../../schema/index.ts'
import { matches } from '../../query/index.ts'
import {
  AGGREGATE_LIMITS,
  type AggregateRequest,
  type Bucket,
  type Group,
  type NumberSums,
  type Split,
  type SplitAnswer,
} from '../aggregate.ts'
import { axisOf, keysBetween } from '../calendar.ts'
import { compareValues, countableField, type FieldValue, valueOrder, wantedBy } from '../field-values.ts'

/** Computes an aggregate plainly over events in memory: each store must return the same. */
export function plainAggregate(events: readonly AuditEvent[], request: AggregateRequest): Group {
  const { query, from, to } = request
  const found = events.filter((event) => {
    const time = placeOf(event).timestamp
    return (from === undefined || time >= from) && (to === undefined || time < to) && matches(query, event)
  })
  return groupOf(found, request, 0)
}

function groupOf(events: readonly AuditEvent[], request: AggregateRequest, depth: number): Group {
  const split = request.by[depth]
  return {
    count: events.length,
    ...(split !== undefined && { split: splitOf(events, split, request, depth) }),
    ...(depth < 2 && metricsOf(events, request)),
  }
}

function metricsOf(
  events: readonly AuditEvent[],
  { sums, distinct, latest }: AggregateRequest,
): Omit<Group, 'count'> {
  return {
    ...(sums !== undefined && {
      sums: Object.fromEntries(sums.map((field) => [field, sumsOf(events, field)])),
    }),
    ...(distinct !== undefined && {
      distinct: Object.fromEntries(
        distinct.map((name) => {
          const field = countableField(name)
          return [name, new Set(events.flatMap((event) => field.valuesIn(event))).size]
        }),
      ),
    }),
    ...(latest === true && {
      latest: events.toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b))).at(-1) ?? null,
    }),
  }
}

function sumsOf(events: readonly AuditEvent[], name: string): NumberSums {
  const field = countableField(name)
  const values = events.flatMap((event) => field.valuesIn(event)).map(Number)
  const sum = values.reduce((before, value) => before + value, 0)
  return {
    values: values.length,
    sum,
    min: values.length === 0 ? null : Math.min(...values),
    max: values.length === 0 ? null : Math.max(...values),
    avg: values.length === 0 ? null : sum / values.length,
  }
}

function splitOf(
  events: readonly AuditEvent[],
  split: Split,
  request: AggregateRequest,
  depth: number,
): SplitAnswer {
  const members = new Map<FieldValue, AuditEvent[]>()
  let none = 0
  const keysOf = keysIn(split)
  for (const event of events) {
    const keys = keysOf(event)
    if (keys.length === 0) none++
    for (const key of keys) members.set(key, [...(members.get(key) ?? []), event])
  }
  const bucket = (key: FieldValue): Bucket => ({
    key,
    ...groupOf(members.get(key) ?? [], request, depth + 1),
  })
  if (split.kind !== 'values') {
    const times = [...members.keys()].map(Number)
    const keys =
      times.length === 0
        ? []
        : keysBetween(split, Math.min(...times), Math.max(...times), AGGREGATE_LIMITS.buckets)
    return { buckets: keys.map(bucket), distinct: keys.length, others: 0, none }
  }
  const { kind } = countableField(split.field)
  const { order } = split
  const sorted = [...members].sort(([a, some], [b, others]) =>
    order === undefined
      ? others.length - some.length || compareValues(kind, a, b)
      : valueOrder(kind, order).compare(a, b),
  )
  return {
    buckets: sorted.slice(0, split.top).map(([key]) => bucket(key)),
    distinct: sorted.length,
    others: sorted.slice(split.top).reduce((sum, [, list]) => sum + list.length, 0),
    none,
  }
}

function keysIn(split: Split): (event: AuditEvent) => FieldValue[] {
  if (split.kind !== 'values') {
    const axis = axisOf(split)
    return (event) => [axis(placeOf(event).timestamp).key]
  }
  const field = countableField(split.field)
  const wanted = wantedBy(split, field.kind)
  return (event) => field.valuesIn(event).filter((value) => wanted === null || wanted(value))
}
