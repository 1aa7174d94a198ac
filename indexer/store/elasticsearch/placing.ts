import type { Client } from '@elastic/elasticsearch'
import {
  type AuditEvent,
  isDeclaredId,
  isSameEntry,
  ownEventId,
  revisionEventId,
  textAt,
} from '../../../schema/index.ts'
import type { BulkSink } from './bulk.ts'
import { type Known, knownAmong, knownIn, sealedIn } from './known.ts'
import type { EventOutcome } from './outcome.ts'
import { asRevisionParcel, type Origin, type PreparedBatch } from './prepare.ts'

/** The index that events are pinned to takes no writes any more. */
export class ClosedIndexError extends Error {
  override name = 'ClosedIndexError'
  readonly index: string

  constructor(index: string, reason: string) {
    super(reason)
    this.index = index
  }
}

/** The index for the events of one category of a batch, and the indices that may already have them. */
export interface Destination {
  readonly pin: string
  /** The category's other indices. */
  readonly others: readonly string[]
  /** Those of `others` that this batch was pinned to before. */
  readonly former: readonly string[]
  /** The indices of the other categories: a change of a record with a declared id may have moved it from one of them. */
  readonly elsewhere: readonly string[]
}

/**
 * The id that an event is stored under: its own; that of another content under a known id; or one of the agent's own, since its id belongs
 * to another agent (and, with `own-revision`, one for another content under that).
 */
type Naming = 'sealed' | 'revision' | 'own' | 'own-revision'

/** Writes the events of a batch, each at most once, and records their outcomes. */
export class Placing {
  readonly #client: Client
  readonly #sink: BulkSink
  readonly #origin: Origin
  readonly outcomes = new Map<number, EventOutcome>()

  constructor(client: Client, sink: BulkSink, origin: Origin) {
    this.#client = client
    this.#sink = sink
    this.#origin = origin
  }

  async place(
    parcels: readonly PreparedBatch[],
    destination: Destination,
    naming: Naming = 'sealed',
  ): Promise<void> {
    // Of several events with one id in a batch the first is written first; the next ones then conflict with it.
    let left = parcels
    while (left.length > 0) {
      const seen = new Set<string>()
      const first: PreparedBatch[] = []
      const later: PreparedBatch[] = []
      for (const parcel of left) {
        if (seen.has(parcel.id)) later.push(parcel)
        else {
          seen.add(parcel.id)
          first.push(parcel)
        }
      }
      for (const [next, renamed] of await this.#round(first, destination, naming))
        await this.place(renamed, destination, next)
      left = later
    }
  }

  /** Writes events whose ids differ from each other. Returns those whose id turns out to be taken, under other ids. */
  async #round(
    parcels: readonly PreparedBatch[],
    destination: Destination,
    naming: Naming,
  ): Promise<ReadonlyMap<Naming, PreparedBatch[]>> {
    const { pin, others, former, elsewhere } = destination
    const ids = parcels.map(({ id }) => id)
    const known = await knownAmong(this.#client, others, ids)
    for (const index of former)
      for (const [id, one] of await knownIn(this.#client, index, ids)) known.set(id, one)
    if (naming === 'sealed' || naming === 'own') await this.#lookElsewhere(pin, elsewhere, ids, known)
    const differing: { parcel: PreparedBatch; known: Known }[] = []
    const renamed = new Map<Naming, PreparedBatch[]>()
    const unknown: PreparedBatch[] = []
    const meet = (parcel: PreparedBatch, one: Known): void => {
      if (naming !== 'own-revision' && this.#isForeign(parcel, one)) {
        const next = naming === 'sealed' ? 'own' : 'own-revision'
        renamed.set(next, [...(renamed.get(next) ?? []), this.#renamed(parcel, next)])
        return
      }
      const outcome = this.#meeting(parcel, one, naming)
      if (outcome !== null) this.outcomes.set(parcel.position, outcome)
      else differing.push({ parcel, known: one })
    }
    for (const parcel of parcels) {
      const one = known.get(parcel.id)
      if (one === undefined) unknown.push(parcel)
      else meet(parcel, one)
    }
    const fates = await this.#sink.write(unknown.map(({ id, document }) => ({ index: pin, id, document })))
    const met: PreparedBatch[] = []
    for (const [i, parcel] of unknown.entries()) {
      const fate = fates[i]!
      switch (fate.kind) {
        case 'created':
          this.outcomes.set(parcel.position, { kind: 'stored', id: parcel.id, revision: naming !== 'sealed' })
          break
        case 'exists':
          met.push(parcel)
          break
        case 'refused':
          this.outcomes.set(parcel.position, {
            kind: 'dead',
            why: 'refused',
            id: parcel.id,
            reason: `Elasticsearch refused it: ${fate.reason}`,
          })
          break
        case 'closed':
          throw new ClosedIndexError(pin, fate.reason)
      }
    }
    const there = await knownIn(
      this.#client,
      pin,
      met.map(({ id }) => id),
    )
    for (const parcel of met) {
      const one = there.get(parcel.id)
      if (one === undefined) throw new Error(`${parcel.id} is there and is not there, in ${pin}`)
      meet(parcel, one)
    }
    const next = naming === 'sealed' ? 'revision' : 'own-revision'
    const revised = await this.#revised(differing, next)
    if (revised.length > 0) renamed.set(next, [...(renamed.get(next) ?? []), ...revised])
    return renamed
  }

  /** Whether the stored event under this id belongs to another agent whose exports this one does not share. */
  #isForeign({ id, position }: PreparedBatch, known: Known): boolean {
    const { agent, authorship } = this.#origin
    if (known.agent === agent) return false
    if (!isDeclaredId(id) || authorship === null) return true
    return !authorship.shares(this.#said(position))
  }

  #said(position: number): AuditEvent {
    return JSON.parse(this.#origin.line(position).toString('utf8')) as AuditEvent
  }

  #renamed({ position, leaf }: PreparedBatch, naming: Naming): PreparedBatch {
    const bytes = Buffer.from(leaf, 'hex')
    const sealed = textAt(this.#said(position), 'event.id') ?? ''
    const id =
      naming === 'revision'
        ? revisionEventId(sealed, bytes)
        : ownEventId(sealed, this.#origin.agent, naming === 'own' ? undefined : bytes)
    return asRevisionParcel(this.#origin, position, id)
  }

  /** Adds the stored events of other categories under declared ids that are not known yet. */
  async #lookElsewhere(
    pin: string,
    elsewhere: readonly string[],
    ids: readonly string[],
    known: Map<string, Known>,
  ): Promise<void> {
    const declared = ids.filter((id) => isDeclaredId(id) && !known.has(id))
    const found = await knownAmong(this.#client, elsewhere, declared)
    if (found.size === 0) return
    // The document in the index that this event goes to takes precedence: an earlier attempt may have written it.
    for (const [id, one] of await knownIn(this.#client, pin, [...found.keys()])) found.set(id, one)
    for (const [id, one] of found) known.set(id, one)
  }

  /** Returns the events whose content differs from the stored one, under new ids. */
  async #revised(
    differing: readonly { parcel: PreparedBatch; known: Known }[],
    naming: Naming,
  ): Promise<PreparedBatch[]> {
    const sealed = await sealedIn(
      this.#client,
      differing.map(({ parcel, known }) => ({ index: known.index, id: parcel.id })),
    )
    const revised: PreparedBatch[] = []
    for (const { parcel } of differing) {
      const { position, id } = parcel
      const before = sealed.get(id)
      if (before !== undefined && isSameEntry(before, this.#said(position)))
        this.outcomes.set(position, { kind: 'duplicate' })
      else revised.push(this.#renamed(parcel, naming))
    }
    return revised
  }

  /** Returns the outcome of an event whose id is taken; null if a declared id has other content. */
  #meeting(parcel: PreparedBatch, known: Known, naming: Naming): EventOutcome | null {
    const { agent, incarnation, sequence } = this.#origin
    const ofThisWaybill =
      known.agent === agent && known.incarnation === incarnation && known.sequence === sequence
    if (known.leaf === parcel.leaf) {
      // An earlier attempt, or another indexer right now, wrote this event: it counts as stored.
      if (ofThisWaybill && known.position === parcel.position)
        return { kind: 'stored', id: parcel.id, revision: naming !== 'sealed' }
      return { kind: 'duplicate' }
    }
    // An id that is derived from the content identifies the content.
    if (naming === 'revision' || naming === 'own-revision') return { kind: 'duplicate' }
    if (isDeclaredId(parcel.id)) return null
    const where = ofThisWaybill
      ? `the same waybill, position ${known.position}`
      : `waybill ${known.sequence} of ${known.agent}, incarnation ${known.incarnation}, position ${known.position}`
    return {
      kind: 'dead',
      why: 'collision',
      id: parcel.id,
      reason: `event ${parcel.id} is stored with another content: leaf ${known.leaf} of ${where}; this one has leaf ${parcel.leaf}`,
    }
  }
}
