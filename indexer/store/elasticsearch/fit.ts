import { type AuditEvent, FIELDS, type Field, isRecord, LIMITS } from '../../../schema/index.ts'
import { addressKey } from '../../query/index.ts'

/**
 * Elasticsearch refuses a document with a value that is not of its field's type, and it interprets other values in its own way (a key with
 * dots is a path, a list within a list is one list). The schema only treats such a value as absent. So a document contains only what both
 * understand alike, and the code that leaves something out reports it.
 */
export interface Fitted {
  /** The event without the values that do not fit. */
  readonly event: Record<string, unknown>
  /** Whether nothing was left out. */
  readonly whole: boolean
}

export function fitted(event: AuditEvent): Fitted {
  const walk = new Walk()
  return { event: walk.object(event, ROOT), whole: walk.whole }
}

interface Node {
  readonly members: Map<string, Node>
  fits: ((value: unknown) => boolean) | null
}

/** A walk without a library, since every event passes here. */
class Walk {
  whole = true

  object(from: { readonly [member: string]: unknown }, node: Node): Record<string, unknown> {
    const to: Record<string, unknown> = {}
    for (const member of Object.keys(from)) {
      const next = node.members.get(member)
      const value = from[member]
      if (next === undefined) this.whole = false
      else if (value === null) to[member] = null
      else if (next.fits !== null) {
        if (next.fits(value)) to[member] = value
        else this.whole = false
      } else if (isRecord(value)) to[member] = this.object(value, next)
      else this.whole = false
    }
    return to
  }
}

const oneOrMany =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) ? value.every((item) => item === null || fits(item)) : fits(value)

/** Whether a value longer than what is indexed is left out may be counted in other units than ours. */
const isCountedAlike = (text: string): boolean =>
  text.length <= LIMITS.indexedLength || !/[\ud800-\udfff]/.test(text)

const isText = (value: unknown): boolean =>
  typeof value === 'string' ? value.isWellFormed() : typeof value === 'number' || typeof value === 'boolean'
const isKeyword = (value: unknown): boolean =>
  isText(value) && (typeof value !== 'string' || isCountedAlike(value))
const isLong = (value: unknown): boolean => Number.isSafeInteger(value)
const isDouble = (value: unknown): boolean => typeof value === 'number'
const isBoolean = (value: unknown): boolean => value === true || value === false
const isAddress = (value: unknown): boolean => typeof value === 'string' && addressKey(value) !== undefined

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** Whether it is a valid date. JavaScript takes days and hours that do not exist for another time, and Elasticsearch refuses them. */
function isDate(value: unknown): boolean {
  if (typeof value !== 'string' || !DATE.test(value)) return false
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19)
}

/** Elasticsearch takes 20 levels, and 32,766 bytes of path and value together. */
const DEEPEST_LEAF = 16
const LONGEST_PATH = 1024

function isFlattened(value: unknown): boolean {
  const fits = (at: unknown, depth: number, path: number): boolean => {
    if (at === null) return true
    if (Array.isArray(at)) return at.every((item) => fits(item, depth + 1, path))
    if (!isRecord(at)) return isKeyword(at)
    if (depth > DEEPEST_LEAF) return false
    return Object.keys(at).every((key) => {
      const longer = path + key.length + 1
      return (
        key !== '' &&
        !key.includes('\0') &&
        key.isWellFormed() &&
        longer <= LONGEST_PATH &&
        fits(at[key], depth + 1, longer)
      )
    })
  }
  return isRecord(value) && fits(value, 0, 0)
}

/** Half a surrogate pair is no text to Elasticsearch. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (Array.isArray(value)) return value.every(isWellFormed)
  if (!isRecord(value)) return true
  return Object.keys(value).every((key) => key.isWellFormed() && isWellFormed(value[key]))
}

function isPoint(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).sort().join() !== 'lat,lon') return false
  const { lat, lon } = value
  return typeof lat === 'number' && Math.abs(lat) <= 90 && typeof lon === 'number' && Math.abs(lon) <= 180
}

/** The fields that place an event in the total order: each must have one valid value. */
const PLACES: Readonly<Record<string, (value: unknown) => boolean>> = {
  '@timestamp': isDate,
  'agent.id': (value) => typeof value === 'string' && value.length <= LIMITS.indexedLength && isText(value),
  'event.sequence': isLong,
  'event.id': (value) => typeof value === 'string',
}

function fitsOf(path: string, field: Field): (value: unknown) => boolean {
  const place = PLACES[path]
  if (place !== undefined) return place
  if (field.unindexed === true) return oneOrMany(isText)
  switch (field.type) {
    case 'keyword':
      return oneOrMany(isKeyword)
    case 'text':
      return oneOrMany(isText)
    case 'long':
      return oneOrMany(isLong)
    case 'float':
      return oneOrMany(isDouble)
    case 'boolean':
      return oneOrMany(isBoolean)
    case 'ip':
      return oneOrMany(isAddress)
    case 'date':
      return oneOrMany(isDate)
    case 'flattened':
      return isFlattened
    // Elasticsearch does not look into it, but reads it as JSON.
    case 'changes':
      return isWellFormed
    case 'geo':
      return isPoint
  }
}

const newNode = (): Node => ({ members: new Map(), fits: null })
const ROOT = newNode()
for (const [path, field] of Object.entries<Field>(FIELDS)) {
  let node = ROOT
  for (const member of path.split('.')) {
    let next = node.members.get(member)
    if (next === undefined) {
      next = newNode()
      node.members.set(member, next)
    }
    node = next
  }
  node.fits = fitsOf(path, field)
}
