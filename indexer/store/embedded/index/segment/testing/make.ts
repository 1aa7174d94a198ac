import { FacetBook } from '../../facets.ts'
import { HeldValues } from '../../held.ts'
import { HELD } from '../../layout.ts'
import { Terms } from '../../terms.ts'
import { type NewDocs, SegmentBuilder } from '../build.ts'

/** A document of a test: all that a segment knows of it. */
export interface TestDoc {
  readonly time: number
  readonly sequence: number
  readonly chunk: number
  readonly line: number
  readonly action: string
  readonly terms: readonly number[]
  /** Values (JSON) by field. */
  readonly held: Readonly<Record<string, string>>
}

/** A segment of version 1 with these documents. */
export function plainSegment(docs: readonly TestDoc[]): Buffer {
  const book = new FacetBook()
  const terms = new Terms()
  const held = new HeldValues()
  const starts = { terms: [] as number[], held: [] as number[] }
  const ends = { terms: [] as number[], held: [] as number[] }
  for (const doc of docs) {
    starts.terms.push(terms.count)
    for (const key of doc.terms) terms.add(Math.floor(key / 65_536), key % 65_536)
    ends.terms.push(terms.count)
    starts.held.push(held.count)
    for (const [field, text] of Object.entries(doc.held)) held.addText(HELD.indexOf(field), text)
    ends.held.push(held.count)
  }
  const none = { idBytes: () => Buffer.alloc(20) }
  const source = book.fromText('{"f":0,"v":[[0,"agent"]],"p":[]}')
  const made: NewDocs = {
    count: docs.length,
    times: Float64Array.from(docs, ({ time }) => time),
    sequences: Float64Array.from(docs, ({ sequence }) => sequence),
    chunks: Uint32Array.from(docs, ({ chunk }) => chunk),
    lines: Uint16Array.from(docs, ({ line }) => line),
    sourceFacets: docs.map(() => source),
    deedFacets: docs.map(({ action }) => book.fromText(JSON.stringify({ f: 1, v: [[3, action]], p: [] }))),
    parcels: docs.map(() => none),
    numbers: new Uint32Array(docs.length),
    terms,
    termStarts: Uint32Array.from(starts.terms),
    termEnds: Uint32Array.from(ends.terms),
    held,
    heldStarts: Uint32Array.from(starts.held),
    heldEnds: Uint32Array.from(ends.held),
  }
  for (const { bytes } of new SegmentBuilder().build(made)) return Buffer.from(bytes)
  throw new Error('no documents')
}

/** The documents of the fixture `version-1.segment`, in their order. */
export const FIXTURE_DOCS: readonly TestDoc[] = Array.from({ length: 600 }, (_, i) => ({
  time: Date.UTC(2026, 0, 1) + i * 1000,
  sequence: i * 200,
  chunk: 1 + Math.floor(i / 100),
  line: i % 100,
  action: ['login', 'logout', 'export'][i % 3]!,
  // A long list, short ones, and terms of one document: words, then values.
  terms: [
    7,
    1000 + (i % 50),
    2 ** 40 + i * 977,
    64_000 * 2 ** 32 + (i % 40) * 70_000,
    64_500 * 2 ** 32 + i * 131_072,
  ],
  held: {
    ...(i % 4 === 0 ? {} : { 'user.name': JSON.stringify(`user${i % 90}`) }),
    'source.ip': JSON.stringify(`192.0.2.${i % 200}`),
    ...(i % 2 === 0 ? { 'event.duration': String(i * 1000) } : {}),
  },
}))
