import type { Facet, FacetBook } from './facets.ts'
import { FACETS, SEAL_AGENT, SEAL_INCARNATION } from './layout.ts'
import { PRIME } from './terms.ts'

/** Where the values of a facet's fields stand in a line: start and end by slot; a start of -1 is nowhere. */
export type Places = Int32Array

/** A facet by the bytes of its values as they stand in a line. */
interface Seen {
  readonly raw: Uint8Array
  /** The waybill's agent and incarnation are part of a source's facet. */
  readonly agent: string
  readonly incarnation: string
  readonly facet: Facet
}
const MOST_SEEN = 20_000
/** Values can be chosen so that their hashes agree: then some are made anew, rather than all looked through. */
const MOST_OF_ONE_HASH = 16
const NOTHING_SEEN: readonly Seen[] = []

/** Facets that were met, found by the bytes of their values: no value is parsed twice. */
export class SeenFacets {
  readonly #book: FacetBook
  readonly #seen = FACETS.map(() => new Map<number, Seen[]>())
  readonly #last: (Seen | undefined)[] = []
  #seenCount = 0
  #agent = ''
  #incarnation = ''

  constructor(book: FacetBook) {
    this.#book = book
  }

  /** What follows came with a waybill of these. */
  begin(agent: string, incarnation: string): void {
    this.#agent = agent
    this.#incarnation = incarnation
  }

  /** The facet of the values that were met: found by their bytes, made the plain way when they are new. */
  find(bytes: Buffer, facet: number, places: Places, present: Int32Array): Facet {
    const agent = facet === 0 ? this.#agent : ''
    const incarnation = facet === 0 ? this.#incarnation : ''
    const fits = (one: Seen): boolean =>
      one.agent === agent && one.incarnation === incarnation && isRaw(one.raw, bytes, places, present)
    const last = this.#last[facet]
    if (last !== undefined && fits(last)) return last.facet
    let hash = 0
    for (let place = 0; place < places.length; place += 2) {
      const start = places[place]!
      hash = Math.imul(hash ^ place, PRIME)
      if (start === -1) continue
      for (let i = start, end = places[place + 1]!; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME)
    }
    for (const bits of present) hash = Math.imul(hash ^ bits, PRIME)
    const seen = this.#seen[facet]!
    const same = seen.get(hash)
    for (const one of same ?? NOTHING_SEEN) {
      if (!fits(one)) continue
      this.#last[facet] = one
      return one.facet
    }

    const values: unknown[] = []
    for (let place = 0; place < places.length; place += 2) {
      const start = places[place]!
      values.push(start === -1 ? undefined : JSON.parse(bytes.toString('utf8', start, places[place + 1]!)))
    }
    if (facet === 0) {
      values[SEAL_AGENT] = this.#agent
      values[SEAL_INCARNATION] = this.#incarnation
    }
    const made = {
      raw: rawOf(bytes, places, present),
      agent,
      incarnation,
      facet: this.#book.of(facet, values, [...present]),
    }
    if (this.#seenCount++ > MOST_SEEN) {
      for (const one of this.#seen) one.clear()
      this.#seenCount = 0
    }
    const others = seen.get(hash)
    if (others === undefined || others.length >= MOST_OF_ONE_HASH) seen.set(hash, [made])
    else others.push(made)
    return made.facet
  }
}

/** Presence, then each slot's length and bytes. */
function rawOf(bytes: Buffer, places: Places, present: Int32Array): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(Int32Array.from(present).buffer)]
  for (let place = 0; place < places.length; place += 2) {
    const start = places[place]!
    const length = start === -1 ? 0 : places[place + 1]! - start
    parts.push(Uint8Array.of(length & 255, (length >>> 8) & 255, (length >>> 16) & 255, length >>> 24))
    if (start !== -1) parts.push(bytes.subarray(start, start + length))
  }
  return Buffer.concat(parts)
}

function isRaw(raw: Uint8Array, bytes: Buffer, places: Places, present: Int32Array): boolean {
  let at = 0
  for (const bits of present) {
    if (raw[at] !== (bits & 255) || raw[at + 1] !== ((bits >>> 8) & 255)) return false
    if (raw[at + 2] !== ((bits >>> 16) & 255) || raw[at + 3] !== bits >>> 24) return false
    at += 4
  }
  for (let place = 0; place < places.length; place += 2) {
    const start = places[place]!
    const length = start === -1 ? 0 : places[place + 1]! - start
    if (raw[at] !== (length & 255) || raw[at + 1] !== ((length >>> 8) & 255)) return false
    if (raw[at + 2] !== ((length >>> 16) & 255) || raw[at + 3] !== length >>> 24) return false
    at += 4
    for (let i = 0; i < length; i++) if (raw[at++] !== bytes[start + i]) return false
  }
  return true
}
