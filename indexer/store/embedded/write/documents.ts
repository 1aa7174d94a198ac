import type { Facet, NewDocs } from '../index/index.ts'
import type { PlacedDocs } from './partition.ts'
import type { PreparedEvents } from './prepared-events.ts'

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
