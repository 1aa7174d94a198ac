import {
  type Additions,
  type AuditEvent,
  asRevision,
  isRecord,
  placedAt,
  withAdditions,
} from '../../schema/index.ts'

/** What the indexer knows of a line beside its bytes. */
export interface BesideLine {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  /** `event.ingested`. */
  readonly ingested: string
  /** The id that it has in place of the sealed one; null if it has that. */
  readonly revision: string | null
  readonly additions: Additions | null
}

/** An event as searches find and show it, all but its words: what was sealed, and what the indexer adds. */
export function shownEvent(line: Buffer, beside: BesideLine): AuditEvent {
  const { agent, incarnation, sequence, position, ingested, revision, additions } = beside
  const enriched = withAdditions(JSON.parse(line.toString('utf8')) as AuditEvent, additions)
  const event = placedAt(revision === null ? enriched : asRevision(enriched, revision), ingested) as {
    event: Record<string, unknown>
    audit: Record<string, unknown>
  }
  const { seal } = event.audit
  event.event.ingested = ingested
  event.audit.seal = { agent, incarnation, sequence, position, ...(isRecord(seal) ? seal : {}) }
  return event
}
