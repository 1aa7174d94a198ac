import type { Finding } from '../../../schema/api/index.ts'
import { type Category, isCategory, isRecord } from '../../../schema/index.ts'
import type { AbsentLine } from '../../store/port.ts'
import { timeName } from './names.ts'

/** An expiry as the trail records it. */
export interface Expiry {
  readonly partition: string
  readonly category: Category
  /** The number of events that it removed. */
  readonly events: number
  /** Receipt of its first and last event, ms. */
  readonly first: number
  readonly last: number
  /** When it was recorded, ms. */
  readonly at: number
}

/** An act of the trail that explains why something is not there. */
export type Explanation =
  | { readonly kind: 'expiry'; readonly expiry: Expiry }
  /** A dead letter was discarded; `event` is its sealed id. */
  | { readonly kind: 'discarded'; readonly event: string }

const TIMES = /received from (\S+) to (\S+) /

/** Reads a line of the trail; null if it explains nothing. */
export const explanationIn = (line: Buffer): Explanation | null =>
  explanationOf(JSON.parse(line.toString('utf8')))

export function explanationOf(event: unknown): Explanation | null {
  if (!isRecord(event) || !isRecord(event.event) || !isRecord(event.audit)) return null
  const { action } = event.event
  const { entity, record_count: count } = event.audit
  if (!isRecord(entity)) return null
  if (action === 'dead-letter-discard')
    return typeof entity.name === 'string' ? { kind: 'discarded', event: entity.name } : null
  const partition = String(entity.id)
  const category = partition.slice(0, partition.indexOf('-'))
  const times = TIMES.exec(String(event.message))
  if (action !== 'retention-expire' || typeof count !== 'number' || times === null || !isCategory(category))
    return null
  const [first, last, at] = [times[1], times[2], event['@timestamp']].map((text) => Date.parse(String(text)))
  if (first === undefined || last === undefined || at === undefined) return null
  return { kind: 'expiry', expiry: { partition, category, events: count, first, last, at } }
}

/** Explains lines that are not there by the partitions that expired. */
export class Expiries {
  readonly #all: { readonly expiry: Expiry; explained: number }[] = []

  constructor(expiries: readonly Expiry[]) {
    for (const expiry of expiries) this.add(expiry)
  }

  /** All that a later process needs to go on. */
  get saved(): readonly { readonly expiry: Expiry; explained: number }[] {
    return this.#all
  }

  restore(saved: Expiries['saved']): void {
    this.#all.splice(0, this.#all.length, ...saved)
  }

  /** After a crash an expiry may be recorded twice; one record is enough. */
  add(expiry: Expiry): void {
    const isKnown = this.#all.some(
      ({ expiry: { partition, first } }) => partition === expiry.partition && first === expiry.first,
    )
    if (!isKnown) this.#all.push({ expiry, explained: 0 })
  }

  /** Whether an expiry explains that this line of a waybill, received at `received`, is not there. */
  explains({ fate }: AbsentLine, received: number): boolean {
    const covering = this.#all.filter(
      ({ expiry }) =>
        (fate === undefined || expiry.category === fate) &&
        expiry.first <= received &&
        received <= expiry.last,
    )
    // If the category is not known, take the expiry with the most events left.
    const [chosen] = covering.sort((a, b) => left(b) - left(a))
    if (chosen === undefined) return false
    chosen.explained++
    return true
  }

  /** A finding for each expiry: that its events are gone is explained, and counted. */
  *end(): Generator<Finding> {
    for (const { expiry, explained } of this.#all) {
      const { partition, events, at } = expiry
      const by = `Partition ${partition} expired by policy at ${timeName(at)}`
      if (explained > events)
        yield {
          kind: 'expiry-differs',
          weight: 'wrong',
          partition,
          told: events,
          found: explained,
          sentence: `${by} with ${events} events as the trail records it, and ${explained} of its time and category are not there: ${explained - events} of them were removed otherwise.`,
        }
      // A partition that received events meanwhile was kept.
      else if (explained > 0)
        yield {
          kind: 'expired',
          weight: 'explained',
          partition,
          events: explained,
          at,
          sentence: `${by}: ${explained} events.`,
        }
    }
  }

  get explained(): number {
    return this.#all.reduce((sum, { explained }) => sum + explained, 0)
  }
}

const left = ({ expiry, explained }: { readonly expiry: Expiry; readonly explained: number }): number =>
  expiry.events - explained
