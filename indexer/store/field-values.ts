import {
  type AuditEvent,
  fieldOf,
  foldKeyword,
  LIMITS,
  leavesUnder,
  OperatorError,
  valueAt,
  valuesOf,
} from '../../schema/index.ts'
import { addressKey, addressText, numberOf } from '../query/index.ts'
import type { ValueOrder, ValueSplit } from './aggregate.ts'

/** A value of a field: an address in its usual form, a number as such, other values as text. */
export type FieldValue = string | number

export interface CountableField {
  readonly name: string
  readonly kind: 'text' | 'address' | 'number'
  /** Each value of the event once. */
  valuesIn(event: AuditEvent): FieldValue[]
}

/** Returns the field whose values are to be counted; refuses fields without countable values. */
export function countableField(name: string): CountableField {
  const field = fieldOf(name)
  if (field === undefined)
    throw new OperatorError(
      'WB-FIELD-UNKNOWN',
      `there is no field ${name}; the field reference lists all fields`,
    )
  const kept = "is stored, but not indexed, so its values can't be counted"
  switch (field.type) {
    case 'geo':
    case 'changes':
      throw new OperatorError('WB-FIELD-UNCOUNTABLE', `${name} ${kept}; count by one of its members instead`)
    case 'text':
      throw new OperatorError(
        'WB-FIELD-UNCOUNTABLE',
        `${name} is a text, which has words to search, but no values to count`,
      )
    case 'date':
      throw new OperatorError(
        'WB-FIELD-UNCOUNTABLE',
        `${name} is a time: split @timestamp by hour, day, week, month or an interval`,
      )
    default:
      if (field.unindexed === true) throw new OperatorError('WB-FIELD-UNCOUNTABLE', `${name} ${kept}`)
  }
  const { type, inside } = field
  switch (type) {
    case 'ip':
      return {
        name,
        kind: 'address',
        valuesIn: (event) =>
          once(
            valuesOf(event, name).flatMap((text) => {
              const key = addressKey(text)
              return key === undefined ? [] : [addressText(key)]
            }),
          ),
      }
    case 'long':
    case 'float':
      return {
        name,
        kind: 'number',
        valuesIn: (event) =>
          once(
            valuesOf(event, name).flatMap((text) => {
              const number = numberOf(text)
              return number === undefined ? [] : [number]
            }),
          ),
      }
    case 'boolean':
      return {
        name,
        kind: 'text',
        valuesIn: (event) =>
          once(valuesOf(event, name).filter((text) => text === 'true' || text === 'false')),
      }
    case 'flattened':
      return {
        name,
        kind: 'text',
        valuesIn: (event) =>
          once(
            leavesUnder(valueAt(event, field.name))
              .filter((leaf) => inside === undefined || leaf.path === inside)
              .map(({ value }) => value)
              .filter(isIndexed),
          ),
      }
    case 'keyword':
      return { name, kind: 'text', valuesIn: (event) => once(valuesOf(event, name).filter(isIndexed)) }
  }
}

/** Returns a field that can be summed. */
export function numericField(name: string): CountableField {
  const field = countableField(name)
  if (field.kind !== 'number')
    throw new OperatorError('WB-FIELD-UNCOUNTABLE', `${name} holds no numbers, so it can't be added up`)
  return field
}

const isIndexed = (text: string): boolean => text.length <= LIMITS.indexedLength

const once = <Value>(values: Value[]): Value[] => (values.length < 2 ? values : [...new Set(values)])

/** Whether a value has this beginning; A to Z equal a to z. */
export const beginsWith = (value: FieldValue, foldedPrefix: string): boolean =>
  foldKeyword(String(value)).startsWith(foldedPrefix)

/** The order of a field's values. */
export function compareValues(kind: CountableField['kind'], a: FieldValue, b: FieldValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (kind !== 'address') return compareTexts(String(a), String(b))
  return compareTexts(addressKey(String(a)) ?? '', addressKey(String(b)) ?? '')
}

/** Returns the order in which a split wants the values of its field, if it wants them by value. */
export function valueOrder(kind: CountableField['kind'], order: ValueOrder) {
  const folded = (value: FieldValue): FieldValue =>
    kind === 'text' && typeof value === 'string' ? foldKeyword(value) : value
  const sign = order === 'ascending' ? 1 : -1
  /** Spellings of one value are equal here. */
  const compareFolded = (a: FieldValue, b: FieldValue): number =>
    sign * compareValues(kind, folded(a), folded(b))
  return {
    folded,
    compareFolded,
    compare: (a: FieldValue, b: FieldValue): number =>
      compareFolded(a, b) || sign * compareValues(kind, a, b),
  }
}

/** Returns a test for the values that a split wants; null if it wants all. */
export function wantedBy(
  { prefix, order, after }: ValueSplit,
  kind: CountableField['kind'],
): ((value: FieldValue) => boolean) | null {
  const beginning = prefix === undefined ? null : foldKeyword(prefix)
  if (beginning === null && after === undefined) return null
  const { compareFolded } = valueOrder(kind, order ?? 'ascending')
  return (value) =>
    (beginning === null || beginsWith(value, beginning)) &&
    (after === undefined || compareFolded(value, after) > 0)
}

/** Compares by UTF-8 bytes, without encoding: only surrogates have another order in UTF-16. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const one = a.charCodeAt(i)
    const other = b.charCodeAt(i)
    if (one === other) continue
    const oneHigh = one >= 0xd800 && one <= 0xdfff
    const otherHigh = other >= 0xd800 && other <= 0xdfff
    return oneHigh === otherHigh ? one - other : oneHigh ? 1 : -1
  }
  return a.length - b.length
}

/** Whether a field has values that can be counted. */
export function isCountable(name: string): boolean {
  const field = fieldOf(name)
  if (field === undefined || field.unindexed === true) return false
  return !['geo', 'changes', 'text', 'date'].includes(field.type)
}
