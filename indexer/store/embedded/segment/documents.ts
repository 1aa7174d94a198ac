import type { HeldValues } from '../held.ts'
import type { PlacedDocs } from '../partition.ts'
import type { Terms } from '../terms.ts'
import type { NewDocs } from './build.ts'

/** The documents of what was placed, for a segment. */
export function newDocs(placed: readonly PlacedDocs[]): NewDocs {
  const count = placed.reduce((sum, { kept }) => sum + kept.length, 0)
  const docs = {
    count,
    times: new Float64Array(count),
    sequences: new Float64Array(count),
    chunks: new Uint32Array(count),
    lines: new Uint16Array(count),
    sourceFacets: new Array<PlacedDocs['parcel']['sourceFacets'][number]>(count),
    deedFacets: new Array<PlacedDocs['parcel']['deedFacets'][number]>(count),
    ids: new Array<string>(count),
    terms: new Array<Terms>(count),
    termStarts: new Uint32Array(count),
    termEnds: new Uint32Array(count),
    held: new Array<HeldValues>(count),
    heldStarts: new Uint32Array(count),
    heldEnds: new Uint32Array(count),
  }
  let doc = 0
  for (const { parcel, prepared, kept, chunks, lines } of placed) {
    for (const [i, event] of kept.entries()) {
      docs.times[doc] = parcel.timestamps[event]!
      docs.sequences[doc] = parcel.sequences[event]!
      docs.chunks[doc] = chunks[i]!
      docs.lines[doc] = lines[i]!
      docs.sourceFacets[doc] = parcel.sourceFacets[event]!
      docs.deedFacets[doc] = parcel.deedFacets[event]!
      docs.ids[doc] = parcel.ids[event]!
      docs.terms[doc] = prepared.terms
      docs.termStarts[doc] = parcel.termStarts[event]!
      docs.termEnds[doc] = parcel.termEnds[event]!
      docs.held[doc] = prepared.held
      docs.heldStarts[doc] = parcel.heldStarts[event]!
      docs.heldEnds[doc] = parcel.heldEnds[event]!
      doc++
    }
  }
  return docs
}
