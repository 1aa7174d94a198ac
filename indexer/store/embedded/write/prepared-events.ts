import type { Category } from '../../../../schema/index.ts'
import type { Facet, NewDocs } from '../index/index.ts'
import type { AddedText } from './added.ts'
import type { PlacedDocs } from './partition.ts'

/** Bytes of an event's id. */
export const ID_BYTES = 20
const ID_WORDS = ID_BYTES / 4
/** The leading bytes of an id that are the same for all events of one source and generation. */
const SAME_BYTES = 12

/** The values of an event that was taken apart. */
export interface TakenApart {
  readonly timestamp: number
  readonly sequence: number
  readonly user: number
  readonly sourceFacet: Facet
  readonly actionFacet: Facet
  readonly added: AddedText
  readonly position: number
  readonly start: number
  readonly end: number
  readonly termStart: number
  readonly termEnd: number
  readonly heldStart: number
  readonly heldEnd: number
}

/**
 * Events of one batch and one category, taken apart; each list has an item an event, in the batch's order. The lists are numbers, and are
 * reused: lists that grow again for each batch and live until it is stored keep V8's garbage collector busy.
 */
export class PreparedEvents {
  category: Category
  count = 0
  timestamps = new Float64Array(0)
  sequences = new Float64Array(0)
  positions = new Uint32Array(0)
  starts = new Uint32Array(0)
  ends = new Uint32Array(0)
  termStarts = new Uint32Array(0)
  termEnds = new Uint32Array(0)
  heldStarts = new Uint32Array(0)
  heldEnds = new Uint32Array(0)
  /** Numbers of their users. */
  users = new Uint32Array(0)
  /** One behind the other. */
  ids: Buffer = Buffer.alloc(0)
  /** The same, four bytes at a time: ids are compared for each event. */
  words = new Uint32Array(0)
  readonly sourceFacets: Facet[] = []
  readonly deedFacets: Facet[] = []
  /** The enrichment's addition to each event. */
  readonly added: AddedText[] = []

  constructor(category: Category) {
    this.category = category
  }

  /** An event, but for its id: its number. */
  add(event: TakenApart): number {
    if (this.count === this.positions.length) this.#grow()
    const number = this.count++
    this.timestamps[number] = event.timestamp
    this.sequences[number] = event.sequence
    this.positions[number] = event.position
    this.starts[number] = event.start
    this.ends[number] = event.end
    this.termStarts[number] = event.termStart
    this.termEnds[number] = event.termEnd
    this.heldStarts[number] = event.heldStart
    this.heldEnds[number] = event.heldEnd
    this.sourceFacets[number] = event.sourceFacet
    this.deedFacets[number] = event.actionFacet
    this.users[number] = event.user
    this.added[number] = event.added
    return number
  }

  #grow(): void {
    const room = Math.max(256, this.positions.length * 2)
    const wider = (numbers: Uint32Array): Uint32Array<ArrayBuffer> => {
      const all = new Uint32Array(room)
      all.set(numbers)
      return all
    }
    const doubles = (numbers: Float64Array): Float64Array<ArrayBuffer> => {
      const all = new Float64Array(room)
      all.set(numbers)
      return all
    }
    const ids = Buffer.alloc(room * ID_BYTES)
    this.ids.copy(ids)
    this.ids = ids
    this.words = new Uint32Array(ids.buffer, ids.byteOffset, room * ID_WORDS)
    this.timestamps = doubles(this.timestamps)
    this.sequences = doubles(this.sequences)
    this.positions = wider(this.positions)
    this.starts = wider(this.starts)
    this.ends = wider(this.ends)
    this.termStarts = wider(this.termStarts)
    this.termEnds = wider(this.termEnds)
    this.heldStarts = wider(this.heldStarts)
    this.heldEnds = wider(this.heldEnds)
    this.users = wider(this.users)
  }

  /** A copy, 40 hex digits. */
  id(event: number): string {
    return this.ids.toString('hex', event * ID_BYTES, (event + 1) * ID_BYTES)
  }

  /** Does the same as `isDeclaredId`, for the id of an event. */
  isDeclared(event: number): boolean {
    return (this.ids[event * ID_BYTES + SAME_BYTES]! & 0x80) !== 0
  }

  setId(event: number, id: string): void {
    this.ids.write(id, event * ID_BYTES, ID_BYTES, 'hex')
  }

  /** A view. */
  idBytes(event: number): Buffer {
    return this.ids.subarray(event * ID_BYTES, (event + 1) * ID_BYTES)
  }

  compareIds(one: number, other: number): number {
    const { words } = this
    for (let a = one * ID_WORDS, b = other * ID_WORDS, end = a + ID_WORDS; a < end; a++, b++) {
      if (words[a] !== words[b]) return bigEndian(words[a]!) - bigEndian(words[b]!)
    }
    return 0
  }

  /** Whether an event's id is of the same source and generation as another's, further on. */
  follows(before: number, event: number): boolean {
    const { words } = this
    let a = before * ID_WORDS
    let b = event * ID_WORDS
    for (const end = a + SAME_BYTES / 4; a < end; a++, b++) if (words[a] !== words[b]) return false
    return this.compareIds(before, event) < 0
  }
}

/** Swaps the byte order of a word, so that its first byte becomes the highest. */
const bigEndian = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0

/** A parcel of many events takes half a megabyte. */
const MOST_KEPT = 32

/** Parcels that are used again from one group of batches to the next. */
export class ParcelPool {
  readonly #parcels: PreparedEvents[] = []
  #used = 0

  /** Releases all parcels. */
  clear(): void {
    this.#used = 0
    if (this.#parcels.length > MOST_KEPT) this.#parcels.length = MOST_KEPT
  }

  take(category: Category): PreparedEvents {
    const kept = this.#parcels[this.#used]
    if (kept === undefined) {
      const made = new PreparedEvents(category)
      this.#parcels.push(made)
      this.#used++
      return made
    }
    this.#used++
    kept.category = category
    kept.count = 0
    return kept
  }
}

/** The documents of what was placed together, for a segment: of one preparer, so that all share one list of terms. */
export function newDocs(placed: readonly PlacedDocs[]): NewDocs {
  const count = placed.reduce((sum, { kept }) => sum + kept.length, 0)
  const docs = {
    count,
    times: new Float64Array(count),
    sequences: new Float64Array(count),
    chunks: new Uint32Array(count),
    lines: new Uint16Array(count),
    sourceFacets: new Array<Facet>(count),
    deedFacets: new Array<Facet>(count),
    numbers: new Uint32Array(count),
    parcels: new Array<PreparedEvents>(count),
    terms: placed[0]!.prepared.terms,
    termStarts: new Uint32Array(count),
    termEnds: new Uint32Array(count),
    held: placed[0]!.prepared.held,
    heldStarts: new Uint32Array(count),
    heldEnds: new Uint32Array(count),
  }
  let doc = 0
  for (const { parcel, kept, chunks, lines } of placed) {
    for (const [i, event] of kept.entries()) {
      docs.times[doc] = parcel.timestamps[event]!
      docs.sequences[doc] = parcel.sequences[event]!
      docs.chunks[doc] = chunks[i]!
      docs.lines[doc] = lines[i]!
      docs.sourceFacets[doc] = parcel.sourceFacets[event]!
      docs.deedFacets[doc] = parcel.deedFacets[event]!
      docs.numbers[doc] = event
      docs.parcels[doc] = parcel
      docs.termStarts[doc] = parcel.termStarts[event]!
      docs.termEnds[doc] = parcel.termEnds[event]!
      docs.heldStarts[doc] = parcel.heldStarts[event]!
      docs.heldEnds[doc] = parcel.heldEnds[event]!
      doc++
    }
  }
  return docs
}
