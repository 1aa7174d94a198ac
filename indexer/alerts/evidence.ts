import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as z from 'zod'
import type { AlertEvidenceShape, AlertShape } from '../../schema/api/index.ts'
import { type AuditEvent, textAt, valuesOf } from '../../schema/index.ts'
import type { Query } from '../query/index.ts'
import type { Page, Records, Store } from '../store/index.ts'

const HOUR = 3_600_000
/** Events that arrive a little later belong to the hour after, too. */
const PATIENCE = 60_000
const KIND = 'alert-evidence'
/** Alerts of an earlier version, and those about an import of old events, have nothing around them that is worth it. */
const TOO_LATE = 30 * 24 * HOUR
/** Events of the hour before, and of the hour after. */
const MOST_EACH = 100
/** A query has a limit, and more people than this are no context. */
const MOST_NAMED = 20

const storedShape = z.object({
  format: z.literal(1),
  gathered: z.number(),
  /** Its events at the time at which the alert had got to. */
  until: z.number(),
  isMore: z.boolean(),
  /** Base64 of zstd of `{ events, before, after }`: lists of events as JSON. */
  content: z.string(),
})

interface Content {
  readonly events: readonly AuditEvent[]
  readonly before: readonly AuditEvent[]
  readonly after: readonly AuditEvent[]
}

/** How much of an alert's evidence is kept: its own events, and the context of those until this time. */
export interface Gathered {
  readonly events: boolean
  readonly until: number
}

export const NOT_GATHERED: Gathered = { events: false, until: 0 }

/** What is to be gathered of an alert now: its events at once, the context when the hour after it is over; null if nothing is. */
export function dueOf(alert: AlertShape & { gathered: Gathered }, now: number): 'events' | 'all' | null {
  if (now - alert.last > TOO_LATE) return null
  if (alert.gathered.until < alert.last && now >= alert.last + HOUR + PATIENCE) return 'all'
  return alert.gathered.events ? null : 'events'
}

/** Whether nothing will ever have to be gathered for it any more, unless it goes on. */
export const isGathered = ({ gathered, last }: AlertShape & { gathered: Gathered }): boolean =>
  gathered.events && gathered.until >= last

/**
 * Copies of an alert's events, and of what the same users, addresses and sessions did in the hour before and in the hour after. Alerts
 * outlive the events: those expire with their tier.
 */
export class AlertEvidence {
  readonly #store: Pick<Store, 'search'>
  readonly #records: Records
  readonly #clock: () => number

  constructor(parts: { store: Pick<Store, 'search'>; records: Records; clock: () => number }) {
    this.#store = parts.store
    this.#records = parts.records
    this.#clock = parts.clock
  }

  /** To repeat it changes nothing; what has expired since the last time stays. */
  async gather(alert: AlertShape, what: 'events' | 'all'): Promise<Gathered> {
    const record = await this.#records.get(KIND, alert.id)
    const known = record === null ? null : contentOf(record.value)
    const events = merged(known?.events, await this.#eventsOf(alert))
    const context = what === 'all' ? await this.#contextOf(alert, events) : null
    const content: Content = {
      events,
      before: merged(known?.before, context?.before.events),
      after: merged(known?.after, context?.after.events),
    }
    const until = context === null ? (known?.until ?? 0) : alert.last
    const isMore = context?.isMore ?? known?.isMore ?? false
    const size = content.events.length + content.before.length + content.after.length
    if (size > 0) {
      const stored = {
        format: 1,
        gathered: this.#clock(),
        until,
        isMore,
        content: zstdCompressSync(JSON.stringify(content)).toString('base64'),
      }
      // If another indexer is faster, it gathers the same.
      await this.#records.put(KIND, alert.id, stored, record?.version ?? null)
    }
    return { events: true, until }
  }

  async of(id: string): Promise<AlertEvidenceShape | null> {
    const record = await this.#records.get(KIND, id)
    if (record === null) return null
    const { gathered, until, isMore, events, before, after } = contentOf(record.value)
    return {
      gathered,
      until: until === 0 ? null : until,
      isMore,
      events: [...events],
      before: [...before],
      after: [...after],
    }
  }

  async remove(id: string): Promise<void> {
    await this.#records.remove(KIND, id)
  }

  async #eventsOf({ events, from, last }: AlertShape): Promise<readonly AuditEvent[]> {
    if (events.length === 0) return []
    const query: Query = {
      kind: 'or',
      of: events.map((value) => ({ kind: 'equals', field: 'event.id', value })),
    }
    return (await this.#store.search({ query, from, to: last + 1, order: 'oldest', limit: events.length }))
      .events
  }

  async #contextOf(
    { users, addresses, from, last }: AlertShape,
    events: readonly AuditEvent[],
  ): Promise<{ before: Page; after: Page; isMore: boolean } | null> {
    const sessions = [...new Set(events.flatMap((event) => valuesOf(event, 'audit.session.id')))]
    const of = [
      ...oneOf('related.user', users),
      ...oneOf('related.ip', addresses),
      ...oneOf('audit.session.id', sessions),
    ]
    if (of.length === 0) return null
    const query: Query = {
      kind: 'and',
      // Alerts would repeat what they are about.
      of: [
        { kind: 'or', of },
        { kind: 'not', of: { kind: 'equals', field: 'event.kind', value: 'alert' } },
      ],
    }
    const span = { query, limit: MOST_EACH }
    const before = await this.#store.search({ ...span, from: from - HOUR, to: from, order: 'newest' })
    const after = await this.#store.search({ ...span, from: last + 1, to: last + HOUR, order: 'oldest' })
    return { before, after, isMore: before.next !== null || after.next !== null }
  }
}

const oneOf = (field: string, values: readonly string[]): Query[] =>
  values.slice(0, MOST_NAMED).map((value) => ({ kind: 'equals', field, value }))

function contentOf(value: unknown): z.output<typeof storedShape> & Content {
  const stored = storedShape.parse(value)
  const content = JSON.parse(zstdDecompressSync(Buffer.from(stored.content, 'base64')).toString()) as Content
  return { ...stored, events: content.events, before: content.before, after: content.after }
}

/** Both lists in the order of time, each event once: what was there before, and is not any more, stays. */
function merged(known: readonly AuditEvent[] = [], found: readonly AuditEvent[] = []): readonly AuditEvent[] {
  const byId = new Map([...known, ...found].map((event) => [textAt(event, 'event.id') ?? '', event]))
  return [...byId.values()].toSorted((a, b) => (timeText(a) < timeText(b) ? -1 : 1))
}

const timeText = (event: AuditEvent): string => textAt(event, '@timestamp') ?? ''
