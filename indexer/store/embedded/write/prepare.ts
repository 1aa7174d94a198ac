import { isUtf8 } from 'node:buffer'
import {
  type Additions,
  type AuditEvent,
  asRevision,
  type Category,
  HASH_BYTES,
  placedAt,
  textAt,
  withAdditions,
  withChange,
} from '../../../../schema/index.ts'
import type { Authorship } from '../../authorship.ts'
import { type Fault, isSmall, readLine } from '../../line.ts'
import type { BatchAdditions } from '../../port.ts'
import {
  Collector,
  type Facet,
  type FacetBook,
  HeldValues,
  SEAL_AGENT,
  SEAL_INCARNATION,
  Terms,
} from '../index/index.ts'
import { AddedLines, AddedTerms, type AddedText, NOTHING_ADDED } from './added.ts'
import { ParcelPool, type PreparedEvents, type TakenApart } from './prepared-events.ts'
import { Scanner } from './scan.ts'
import { Users } from './users.ts'

export interface Rejected extends Fault {
  readonly position: number
  readonly start: number
  readonly end: number
}

export interface Prepared {
  readonly agent: string
  readonly authorship: Authorship | null
  /** `event.ingested`. */
  readonly ingested: number
  readonly lines: Buffer
  readonly leaves: Buffer
  readonly terms: Terms
  readonly held: HeldValues
  readonly users: Users
  readonly parcels: Map<Category, PreparedEvents>
  readonly rejected: Rejected[]
}

/** The position of a line in its batch, and the start of its terms. */
interface LinePlace {
  readonly position: number
  readonly start: number
  readonly end: number
  readonly termStart: number
  readonly heldStart: number
}

/** The values that are read from a line by either parser. */
type Read = Pick<TakenApart, 'timestamp' | 'sequence' | 'sourceFacet' | 'actionFacet' | 'user'>

/** Takes batches apart. Terms of all batches that are stored together share one list. */
export class Preparer {
  readonly #facets: FacetBook
  readonly #scanner: Scanner
  readonly #terms = new Terms()
  readonly #addedTerms: AddedTerms
  readonly #held = new HeldValues()
  readonly users = new Users()
  readonly #pool = new ParcelPool()

  constructor(facets: FacetBook) {
    this.#facets = facets
    this.#scanner = new Scanner(facets, this.users)
    this.#addedTerms = new AddedTerms(facets)
  }

  /** Begins a new group of lines that are stored together; lines prepared before are no longer valid. */
  begin(): void {
    this.#terms.clear()
    this.#held.clear()
    this.users.begin()
    this.#pool.clear()
  }

  prepare(batch: {
    lines: Buffer
    leaves: Buffer
    agent: string
    incarnation: string
    ingested: number
    additions?: BatchAdditions | undefined
    authorship?: Authorship | null
  }): Prepared {
    const { lines, leaves, agent, incarnation, ingested, authorship = null } = batch
    /** The authorship check is made once for each facet. */
    const foreign = new Map<Facet, string | null>()
    const foreignOf = (facet: Facet): string | null => {
      let reason = foreign.get(facet)
      if (reason === undefined) {
        reason = authorship?.faultOf(facet.event) ?? null
        foreign.set(facet, reason)
      }
      return reason
    }
    const terms = this.#terms
    const held = this.#held
    const collector = new Collector(terms, held)
    const scanner = this.#scanner
    scanner.begin(agent, incarnation)
    const additions = batch.additions === undefined ? null : new AddedLines(batch.additions)
    const parcels = new Map<Category, PreparedEvents>()
    const rejected: Rejected[] = []
    const clean = isUtf8(lines)
    let start = 0
    for (let position = 0; start < lines.length; position++) {
      let end = lines.indexOf(10, start)
      if (end === -1) end = lines.length
      const added = additions === null ? NOTHING_ADDED : additions.at(position)
      const termStart = terms.count
      const heldStart = held.count
      const place = { position, start, end, termStart, heldStart }
      const isQuick = clean && isSmall({ length: end - start })
      if (isQuick && scanner.scan(lines, start, end, collector) && !scanner.hasGivenId) {
        const reason = authorship === null ? null : foreignOf(scanner.sourceFacet)
        if (reason === null) {
          const parcel = this.#parcelOf(parcels, scanner.actionFacet.category!)
          const event = this.#put(parcel, scanner, added, place)
          scanner.copyId(parcel.ids, event)
        } else {
          terms.count = termStart
          held.count = heldStart
          rejected.push({ position, start, end, kind: 'foreign', id: scanner.id, reason })
        }
      } else {
        terms.count = termStart
        held.count = heldStart
        const fault = this.#plainly(batch, collector, parcels, place, added)
        if (fault !== null) rejected.push({ position, start, end, ...fault })
      }
      start = end + 1
    }
    return { agent, authorship, ingested, lines, leaves, terms, held, users: this.users, parcels, rejected }
  }

  /** Parses the line with the plain parser, which decides whether it is an event that can be stored, and reports the reason if not. */
  #plainly(
    {
      lines,
      agent,
      incarnation,
      ingested,
      authorship = null,
    }: {
      lines: Buffer
      agent: string
      incarnation: string
      ingested: number
      authorship?: Authorship | null
    },
    collector: Collector,
    parcels: Map<Category, PreparedEvents>,
    place: LinePlace,
    added: AddedText,
  ): Fault | null {
    const { start, end } = place
    const read = readLine(lines.subarray(start, end), authorship)
    if ('reason' in read) return read
    const sound = read.event
    const shown = placedAt(withChange(sound), new Date(ingested).toISOString())
    collector.collect(shown)
    const [source, action] = collector.slots
    source![SEAL_AGENT] = agent
    source![SEAL_INCARNATION] = incarnation
    const { id, sequence } = sound.event
    const actionFacet = this.#facets.of(1, action!, collector.present)
    const parcel = this.#parcelOf(parcels, actionFacet.category!)
    const event = {
      timestamp: Date.parse(textAt(shown, '@timestamp') ?? ''),
      sequence: typeof sequence === 'number' ? sequence : 0,
      sourceFacet: this.#facets.of(0, source!, []),
      actionFacet,
      user: this.users.ofName(textAt(sound, 'user.name') ?? ''),
    }
    parcel.setId(this.#put(parcel, event, added, place), id)
    return null
  }

  /** The event's own terms are in the list already; those of its additions come behind them. Gives its number in the parcel. */
  #put(
    parcel: PreparedEvents,
    { timestamp, sequence, sourceFacet, actionFacet, user }: Read,
    added: AddedText,
    { position, start, end, termStart, heldStart }: LinePlace,
  ): number {
    const terms = this.#terms
    const held = this.#held
    const action =
      added === NOTHING_ADDED ? actionFacet : this.#addedTerms.add(added, terms, held, actionFacet)
    return parcel.add({
      timestamp,
      sequence,
      sourceFacet,
      actionFacet: action,
      user,
      added,
      position,
      start,
      end,
      termStart,
      termEnd: terms.count,
      heldStart,
      heldEnd: held.count,
    })
  }

  #parcelOf(parcels: Map<Category, PreparedEvents>, category: Category): PreparedEvents {
    let parcel = parcels.get(category)
    if (parcel === undefined) {
      parcel = this.#pool.take(category)
      parcels.set(category, parcel)
    }
    return parcel
  }
}

/** Makes revisions of events of a parcel: their ids are their own, and what is found of them is what is shown. */
export function revise(
  { ingested, lines, terms, held }: Prepared,
  parcel: PreparedEvents,
  revisions: ReadonlyMap<number, { readonly id: string }>,
  facets: FacetBook,
): void {
  const collector = new Collector(terms, held)
  for (const [event, { id }] of revisions) {
    const line = lines.toString('utf8', parcel.starts[event]!, parcel.ends[event]!)
    parcel.termStarts[event] = terms.count
    parcel.heldStarts[event] = held.count
    const sealed = JSON.parse(line) as AuditEvent
    const added = parcel.added[event]!
    const enriched = withAdditions(sealed, added === NOTHING_ADDED ? null : (JSON.parse(added) as Additions))
    collector.collect(placedAt(asRevision(enriched, id), new Date(ingested).toISOString()))
    parcel.termEnds[event] = terms.count
    parcel.heldEnds[event] = held.count
    parcel.deedFacets[event] = facets.of(1, collector.slots[1]!, collector.present)
    parcel.setId(event, id)
  }
}

export const leafOf = (leaves: Buffer, position: number): Buffer =>
  leaves.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES)
