import type { estypes } from '@elastic/elasticsearch'
import { type AuditEvent, fieldOf, foldKeyword, placeOf } from '../../../../schema/index.ts'
import { addressKey, addressText } from '../../../query/index.ts'
import type { Split } from '../../aggregate.ts'
import { axisOf } from '../../calendar.ts'
import { compareValues, countableField, type FieldValue, valueOrder, wantedBy } from '../../field-values.ts'
import { anyOf, type Dsl, exactly } from '../asked.ts'

export type Source = estypes.AggregationsCompositeAggregationSource
/** A key as the cluster gives it; null if an event has no value. */
export type Key = string | number | boolean | null

/** A value list of a query; the cluster takes no more in one. */
const MOST_TERMS = 65_536

/** A property by which events are split: the cluster's form of it, and that of an event in hand. Both give the same keys. */
export interface Dimension {
  readonly split: Split
  readonly source: Source
  /** Reads a key of the cluster; null if there is no value, or no wanted one. */
  read(key: Key): FieldValue | null
  keysOf(event: AuditEvent): readonly FieldValue[]
  compare(a: FieldValue, b: FieldValue): number
  /** Not all values were asked for. */
  readonly some: boolean
  /** Finds events with a value of the wanted beginning; null if no beginning is wanted or the cluster can't be asked for it. */
  readonly beginning: Dsl | null
  /** Finds events that have one of these values. */
  among(keys: readonly FieldValue[]): Dsl
}

export function dimensionOf(split: Split): Dimension {
  return split.kind === 'values' ? valueDimension(split) : timeDimension(split)
}

function timeDimension(split: Exclude<Split, { kind: 'values' }>): Dimension {
  const axis = axisOf(split)
  return {
    split,
    source: { date_histogram: { field: '@timestamp', ...intervalOf(split) } },
    // A bucket of the cluster lies within one of ours: hours of many days are one hour of the day.
    read: (key) => axis(Number(key)).key,
    keysOf: (event) => [axis(placeOf(event).timestamp).key],
    compare: (a, b) => Number(a) - Number(b),
    some: false,
    beginning: null,
    among: () => ({ match_all: {} }),
  }
}

function intervalOf(split: Exclude<Split, { kind: 'values' }>): {
  fixed_interval?: string
  calendar_interval?: string
  time_zone?: string
} {
  const time_zone = split.zone
  if (split.kind !== 'time')
    return { calendar_interval: split.kind === 'hour-of-day' ? 'hour' : 'day', time_zone }
  const { every } = split
  if (typeof every === 'number') return { fixed_interval: `${every}ms` }
  return { calendar_interval: every, time_zone }
}

function valueDimension(split: Extract<Split, { kind: 'values' }>): Dimension {
  const field = countableField(split.field)
  const prefix = split.prefix === undefined ? null : foldKeyword(split.prefix)
  const wants = wantedBy(split, field.kind)
  const wanted = (value: FieldValue): boolean => wants === null || wants(value)
  const asShown = (key: Exclude<Key, null>): FieldValue => {
    if (field.kind === 'number') return Number(key)
    const text = String(key)
    if (field.kind !== 'address') return text
    const address = addressKey(text)
    return address === undefined ? text : addressText(address)
  }
  return {
    split,
    source: { terms: { field: field.name, missing_bucket: true } },
    read: (key) => {
      if (key === null) return null
      const value = asShown(key)
      return wanted(value) ? value : null
    },
    keysOf: (event) => field.valuesIn(event).filter(wanted),
    compare:
      split.order === undefined
        ? (a, b) => compareValues(field.kind, a, b)
        : valueOrder(field.kind, split.order).compare,
    some: wants !== null,
    beginning: prefix !== null && knowsBeginnings(split.field) ? beginning(split.field, prefix) : null,
    among: (keys) => {
      const lists: Dsl[] = []
      for (let from = 0; from < keys.length; from += MOST_TERMS)
        lists.push({ terms: { [field.name]: keys.slice(from, from + MOST_TERMS) } })
      return anyOf(lists.map(exactly)).may
    },
  }
}

const beginning = (field: string, value: string): Dsl =>
  value === '' ? { exists: { field } } : { prefix: { [field]: { value, case_insensitive: true } } }

/** Numbers, addresses and single leaves of a flattened field have no beginnings to the cluster, or others than ours. */
function knowsBeginnings(name: string): boolean {
  const field = fieldOf(name)
  return field?.type === 'keyword' || (field?.type === 'flattened' && field.inside === undefined)
}
