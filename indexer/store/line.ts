import { isUtf8 } from 'node:buffer'
import {
  type AuditEvent,
  type Category,
  changesOf,
  FIELDS,
  type Field,
  isCategory,
  isEventId,
  isGivenId,
  isRecord,
  LIMITS,
  memberOf,
  textsOf,
  valueAt,
} from '../../schema/index.ts'
import type { Authorship } from './authorship.ts'

/** The members that every store requires of a shipped line; those that the indexer adds are forbidden. */
export interface SoundEvent {
  readonly [member: string]: unknown
  /** Any text: an invalid time is no fault (`placedAt`). */
  readonly '@timestamp': string
  readonly event: { readonly [member: string]: unknown; readonly id: string }
  readonly audit: { readonly [member: string]: unknown; readonly category: Category }
}

/** Why a line can't be stored as an event, with its id if it has one. */
export interface Fault {
  readonly kind: 'invalid' | 'foreign'
  readonly id: string
  readonly reason: string
}

export function readLine(
  line: Buffer,
  authorship: Authorship | null = null,
): { readonly event: SoundEvent } | Fault {
  const invalid = (reason: string, id = ''): Fault => ({ kind: 'invalid', id, reason })
  if (line.length > LIMITS.eventBytes)
    return invalid(`the event has ${line.length} bytes, and an event may have ${LIMITS.eventBytes}`)
  if (!isUtf8(line)) return invalid('the line is not UTF-8')
  if (depthOf(line) > DEEPEST) return invalid(`the line is nested more than ${DEEPEST} levels deep`)
  let event: unknown
  try {
    event = JSON.parse(line.toString('utf8'))
  } catch {
    return invalid('the line is not JSON')
  }
  const named = memberOf(memberOf(event, 'event'), 'id')
  const id = typeof named === 'string' ? named : ''
  const reason = faultOf(event) ?? (isSmall(line) ? null : excessOf(event as SoundEvent))
  if (reason !== null) return invalid(reason, id)
  const foreign = authorship?.faultOf(event as SoundEvent) ?? null
  return foreign === null ? { event: event as SoundEvent } : { kind: 'foreign', id, reason: foreign }
}

/** A line up to this size is within all other limits, so nobody counts its members. */
const SMALL_BYTES = 16 * 1024
export const isSmall = ({ length }: { readonly length: number }): boolean => length <= SMALL_BYTES

/** Why a line's content can't be stored as an event; null if it can. Every event passes here, so it is checked by hand. */
function faultOf(event: unknown): string | null {
  if (!isRecord(event)) return 'the line is not a JSON object'
  const own = event.event
  const audit = event.audit
  const time = event['@timestamp']
  if (typeof time !== 'string') return '@timestamp is missing'
  if (!isRecord(own) || typeof own.id !== 'string') return 'event.id is missing'
  if (!isEventId(own.id)) return 'event.id is not 40 hex digits'
  if (isGivenId(own.id)) return 'event.id has a form that only the indexer may use'
  if (!isRecord(audit) || audit.category === undefined) return 'audit.category is missing'
  if (!isCategory(audit.category)) return `audit.category is unknown: ${String(audit.category).slice(0, 64)}`
  if (own.ingested !== undefined) return 'event.ingested may be added only by the indexer'
  if (audit.seal !== undefined && !isReceivedMark(audit.seal))
    return 'audit.seal may be added only by the indexer, except for received: true'
  if (audit.words !== undefined) return 'audit.words may be added only by the indexer'
  if (audit.revision_of !== undefined) return 'audit.revision_of may be added only by the indexer'
  if (audit.derived !== undefined) return 'audit.derived may be added only by the indexer'
  if (memberOf(event.source, 'geo') !== undefined) return 'source.geo may be added only by the indexer'
  if (memberOf(event.source, 'as') !== undefined) return 'source.as may be added only by the indexer'
  return null
}

/** Whether this is what an agent seals in an event that it received over the network. */
const isReceivedMark = (seal: unknown): boolean =>
  isRecord(seal) && seal.received === true && Object.keys(seal).length === 1

const KEYWORDS: readonly string[] = Object.entries<Field>(FIELDS)
  .filter(([, { type, unindexed }]) => type === 'keyword' && unindexed !== true)
  .map(([path]) => path)

/** Names the part of an event that exceeds what an agent writes (`LIMITS`); null if none does. */
function excessOf(event: AuditEvent): string | null {
  const changes = changesOf(event).length
  if (changes > LIMITS.changes)
    return `audit.changes has ${changes} changes, and an event may have ${LIMITS.changes}`
  const { members, depth, longest } = sizeOf(valueAt(event, 'audit.payload'))
  if (members > LIMITS.payloadKeys)
    return `audit.payload has ${members} members, and an event may have ${LIMITS.payloadKeys}`
  if (depth > LIMITS.payloadDepth + 1)
    return `audit.payload has ${depth} levels, and an event may have ${LIMITS.payloadDepth}`
  if (longest > LIMITS.keywordLength)
    return `a value of audit.payload has ${longest} characters, and may have ${LIMITS.keywordLength}`
  for (const path of KEYWORDS)
    for (const { length } of textsOf(valueAt(event, path)))
      if (length > LIMITS.keywordLength)
        return `${path} has ${length} characters, and may have ${LIMITS.keywordLength}`
  return null
}

function sizeOf(payload: unknown): { members: number; depth: number; longest: number } {
  const size = { members: 0, depth: 0, longest: 0 }
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === 'string') size.longest = Math.max(size.longest, value.length)
    else if (Array.isArray(value)) for (const item of value) walk(item, depth + 1)
    else if (isRecord(value)) {
      size.depth = Math.max(size.depth, depth)
      for (const key of Object.keys(value)) {
        size.members++
        walk(value[key], depth + 1)
      }
    }
  }
  walk(payload, 1)
  return size
}

/** Deeper nesting than any agent writes would overflow the stack of anybody who walks over it. */
const DEEPEST = 64

function depthOf(line: Buffer): number {
  let depth = 0
  let deepest = 0
  let inText = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (inText) {
      if (c === 0x5c) i++
      else if (c === 0x22) inText = false
    } else if (c === 0x22) inText = true
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return deepest
}
