import {
  type Additions,
  type AuditEvent,
  asRevision,
  changesOf,
  eventWords,
  isCanonicalText,
  isRecord,
  LIMITS,
  memberOf,
  placedAt,
  placeOf,
  textAt,
  withAdditions,
} from '../../../schema/index.ts'
import type { SoundEvent } from '../line.ts'
import { fitted } from './fit.ts'
import { ADDED, CHANGES, CUT, UNFIT } from './mapping.ts'

/** The origin and the time of an event. */
export interface Seal {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  readonly ingested: number
  /** The leaf hash of the line, in hex. */
  readonly leaf: string
}

/**
 * The document of an event: the event as it was sealed, and what the indexer adds. So `_source` less the closed list of
 * derived fields is what the agent sealed. Where that can't be so (a value that does not fit its field, a line that is not
 * written as RFC 8785 has it) the line is kept beside, and the document holds what fits.
 */
export function documentOf(
  event: SoundEvent,
  line: Buffer,
  seal: Seal,
  { additions, revision }: { additions: Additions | null; revision: string | null },
): string {
  const enriched = withAdditions(event, additions)
  const ingested = new Date(seal.ingested).toISOString()
  const shown = placedAt(revision === null ? enriched : asRevision(enriched, revision), ingested)
  const { event: document, whole } = fitted(shown)
  const words = eventWords(shown)
  const asItIs = whole && isCanonicalText(event, line.toString('utf8'))
  if (!asItIs) putInPlace(document, shown)
  const marks: string[] = []
  if (words.length >= LIMITS.wordsPerEvent) marks.push(CUT)
  if (changesOf(shown).length > 0) marks.push(CHANGES)
  if (!asItIs) marks.push(UNFIT)
  const { agent, incarnation, sequence, position, leaf } = seal
  document.event = { ...recordAt(document, 'event'), ingested }
  document.audit = {
    ...recordAt(document, 'audit'),
    seal: {
      agent,
      incarnation,
      sequence,
      position,
      ...recordAt(shown.audit, 'seal'),
      [ADDED.leaf]: leaf,
      ...(!asItIs && { [ADDED.line]: line.toString('utf8') }),
      ...(!asItIs && additions !== null && { [ADDED.additions]: JSON.stringify(additions) }),
      ...(marks.length > 0 && { [ADDED.marks]: marks }),
    },
    words: words.join(' '),
  }
  return JSON.stringify(document)
}

/** Puts the fields of the total order and of the category into the form that the mapping requires. */
function putInPlace(document: Record<string, unknown>, shown: AuditEvent): void {
  const { timestamp, agent, sequence, id } = placeOf(shown)
  document['@timestamp'] = new Date(timestamp).toISOString()
  document.agent = { ...recordAt(document, 'agent'), id: agent.slice(0, LIMITS.indexedLength).toWellFormed() }
  document.event = { ...recordAt(document, 'event'), id, sequence: wholeNumber(sequence) }
}

const wholeNumber = (value: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value)))

function recordAt(record: unknown, member: string): Record<string, unknown> {
  const value = memberOf(record, member)
  return isRecord(value) ? value : {}
}

/** The event of a document: as stored, without what only this adapter keeps. */
export function eventOf(source: unknown): AuditEvent {
  const document = source as AuditEvent
  const audit = recordAt(document, 'audit')
  const {
    [ADDED.leaf]: _leaf,
    [ADDED.line]: line,
    [ADDED.additions]: added,
    [ADDED.marks]: _marks,
    ...seal
  } = recordAt(audit, 'seal')
  if (typeof line !== 'string') return { ...document, audit: { ...audit, seal } }
  const sealed = JSON.parse(line) as AuditEvent
  const enriched = withAdditions(sealed, typeof added === 'string' ? (JSON.parse(added) as Additions) : null)
  const id = textAt(document, 'event.id') ?? ''
  const ingested = textAt(document, 'event.ingested') ?? ''
  const shown = placedAt(audit.revision_of === undefined ? enriched : asRevision(enriched, id), ingested)
  return {
    ...shown,
    event: { ...recordAt(shown, 'event'), ingested },
    audit: { ...recordAt(shown, 'audit'), seal, words: audit.words },
  }
}
