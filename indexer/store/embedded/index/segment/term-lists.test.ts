import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Terms } from '../terms.ts'
import { MOST_PAIRS, TermListMaker } from './term-lists.ts'
import { PlainLists } from './testing/plain-lists.ts'
import { MemorySink, SegmentWriter } from './write.ts'

const NO_COLUMNS = {
  times: new Float64Array(0),
  sequences: new Float64Array(0),
  chunks: new Uint32Array(0),
  lines: new Uint16Array(0),
  sourceFacets: new Uint32Array(0),
  deedFacets: new Uint32Array(0),
}

function segmentOf(write: (writer: SegmentWriter) => void): { bytes: Buffer; terms: number } {
  const sink = new MemorySink()
  const writer = new SegmentWriter(sink)
  write(writer)
  const { terms } = writer.finish(NO_COLUMNS, [], [])
  return { bytes: sink.view(), terms }
}

/** The documents' terms as the module writes them, and as they are written term by term. */
function bothWays(docs: readonly (readonly number[])[], maker = new TermListMaker()): void {
  const terms = new Terms()
  maker.begin(docs.reduce((sum, { length }) => sum + length, 0))
  const lists = new Map<number, Set<number>>()
  for (const [doc, keys] of docs.entries()) {
    const from = terms.count
    for (const key of keys) {
      terms.add(Math.floor(key / 65_536), key % 65_536)
      const list = lists.get(key) ?? new Set()
      lists.set(key, list.add(doc))
    }
    maker.add(terms, from, terms.count, doc)
  }
  const plainly = new PlainLists()
  for (const [key, list] of [...lists].sort(([a], [b]) => a - b))
    plainly.add(key, Uint32Array.from(list), 0, list.size)
  const plain = segmentOf((writer) => writer.take(plainly.made()))
  const made = segmentOf((writer) => writer.take(maker.made()))
  expect(made.terms).toBe(plain.terms)
  expect(made.bytes.equals(plain.bytes)).toBe(true)
}

test('any terms of any documents are written as term by term', () => {
  const key = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0, 2 ** 48 - 1, 2 ** 16, 2 ** 32),
  )
  const maker = new TermListMaker()
  fc.assert(
    fc.property(fc.array(fc.array(key, { maxLength: 30 }), { maxLength: 60 }), (docs) => {
      bothWays(docs, maker)
    }),
    { numRuns: 300 },
  )
})

test.each([512, 513, 8191, 8192, 65_536])('lists of %i documents are written as term by term', (count) => {
  bothWays(Array.from({ length: count }, (_, doc) => [7, doc % 3, 2 ** 40 + doc, 7]))
})

test('the last of as many documents as there are numbers is found', () => {
  bothWays(Array.from({ length: 65_536 }, (_, doc) => (doc === 65_535 ? [1, 2, 3] : [])))
})

test('after an event of extraordinary size usual ones are written as before', () => {
  const maker = new TermListMaker()
  maker.begin(MOST_PAIRS * 3)
  bothWays([[3, 1, 2], [2]], maker)
})
