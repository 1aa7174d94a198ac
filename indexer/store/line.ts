import { isUtf8 } from 'node:buffer'
import { type Category, isCategory, isEventId, isRecord } from '../../schema/index.ts'

/** What every store demands of a shipped line: these members, and none of those that the indexer adds. */
export interface SoundEvent {
  readonly [member: string]: unknown
  /** Any text: what is no time that can be is no fault (`placedAt`). */
  readonly '@timestamp': string
  readonly event: { readonly [member: string]: unknown; readonly id: string }
  readonly audit: { readonly [member: string]: unknown; readonly category: Category }
}

/** Why a line is no event that can be stored, with its id where it has one. */
export interface Fault {
  readonly id: string
  readonly reason: string
}

export function readLine(line: Buffer): { readonly event: SoundEvent } | Fault {
  if (!isUtf8(line)) return { id: '', reason: 'the line is not UTF-8' }
  if (depthOf(line) > DEEPEST)
    return { id: '', reason: `the line is nested more than ${DEEPEST} levels deep` }
  let event: unknown
  try {
    event = JSON.parse(line.toString('utf8'))
  } catch {
    return { id: '', reason: 'the line is not JSON' }
  }
  const reason = faultOf(event)
  if (reason === null) return { event: event as SoundEvent }
  const id = memberOf(memberOf(event, 'event'), 'id')
  return { id: typeof id === 'string' ? id : '', reason }
}

const memberOf = (value: unknown, member: string): unknown => (isRecord(value) ? value[member] : undefined)

/** Why a line's content is no event that can be stored; null where it is one. */
function faultOf(event: unknown): string | null {
  if (!isRecord(event)) return 'the line is not a JSON object'
  const own = event.event
  const audit = event.audit
  const time = event['@timestamp']
  if (typeof time !== 'string') return '@timestamp is missing'
  if (!isRecord(own) || typeof own.id !== 'string') return 'event.id is missing'
  if (!isEventId(own.id)) return 'event.id is not 40 hex digits'
  if (!isRecord(audit) || audit.category === undefined) return 'audit.category is missing'
  if (!isCategory(audit.category)) return `audit.category is unknown: ${String(audit.category).slice(0, 64)}`
  if (own.ingested !== undefined) return 'event.ingested is only for the indexer to add'
  if (audit.seal !== undefined) return 'audit.seal is only for the indexer to add'
  if (audit.words !== undefined) return 'audit.words is only for the indexer to add'
  if (audit.revision_of !== undefined) return 'audit.revision_of is only for the indexer to add'
  if (audit.derived !== undefined) return 'audit.derived is only for the indexer to add'
  if (memberOf(event.source, 'geo') !== undefined) return 'source.geo is only for the indexer to add'
  if (memberOf(event.source, 'as') !== undefined) return 'source.as is only for the indexer to add'
  return null
}

/** Deeper nesting than any agent writes would overflow the stack of whoever walks over it. */
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
