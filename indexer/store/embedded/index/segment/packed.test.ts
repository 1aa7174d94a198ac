import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FacetBook } from '../facets.ts'
import {
  ascendingAt,
  ascendingBytes,
  firstNotBelow,
  numberAt,
  PAD,
  readWide,
  writeAscending,
} from './bits.ts'
import { Bytes } from './codec.ts'
import { mergeSegments } from './merge.ts'
import { type PackedPlace, packedColumn, writeColumnPage } from './packed-column.ts'
import { packedKey } from './packed-terms.ts'
import { Segment } from './read.ts'
import { MemorySource } from './source.ts'
import { TermMerger } from './term-merger.ts'
import { FIXTURE_DOCS, plainSegment, type TestDoc } from './testing/make.ts'
import { TextBooks } from './text-book.ts'
import { MemorySink, WINDOW } from './write.ts'

const opened = (bytes: Buffer): Segment =>
  new Segment(new MemorySource(bytes, () => bytes), new FacetBook(), new TextBooks())

function merged(...segments: readonly Segment[]): Buffer {
  const sink = new MemorySink()
  mergeSegments(segments, sink, () => '')
  return Buffer.from(sink.view())
}

/** Returns all documents of a segment. */
function saidBy(segment: Segment): TestDoc[] {
  const { docs, facets } = segment
  const terms: number[][] = Array.from({ length: docs }, () => [])
  const same = Uint32Array.from({ length: docs }, (_, doc) => doc)
  for (const { count, keys, ends, docs: found } of new TermMerger().merge([segment.terms], [same], docs))
    for (let i = 0; i < count; i++)
      for (const doc of found.subarray(i === 0 ? 0 : ends[i - 1], ends[i])) terms[doc]!.push(keys[i]!)
  const texts = Object.keys(segment.footer.held).map((field) => [field, heldTexts(segment, field)] as const)
  return terms.map((own, doc) => ({
    time: segment.times.at(doc),
    sequence: segment.sequences.at(doc),
    chunk: segment.chunks.at(doc),
    line: segment.lines.at(doc),
    action: facets[segment.deedFacets.at(doc)]!.action,
    terms: own,
    held: Object.fromEntries(
      texts.flatMap(([field, all]) => (all[doc] === undefined ? [] : [[field, all[doc]]])),
    ),
  }))
}

function heldTexts(segment: Segment, field: string): (string | undefined)[] {
  const reader = segment.held(field)!
  const { docs } = segment
  if (reader.kind === 'texts') {
    const { bytes, ends } = reader.texts
    return Array.from(reader.ordinals.slice(0, docs), (ordinal) =>
      ordinal === 0 ? undefined : bytes.toString('utf8', reader.texts.startOf(ordinal), ends[ordinal - 1]),
    )
  }
  const { present } = reader
  return Array.from(reader.values.slice(0, docs), (value, doc) => {
    if (present !== null && ((present[doc >>> 5]! >>> (doc & 31)) & 1) === 0) return undefined
    if (field !== 'source.ip') return String(value)
    return JSON.stringify([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.'))
  })
}

/** The expected documents of a segment; in a packed one, values have the upper half of their keys. */
const expected = (docs: readonly TestDoc[], keyOf = (key: number): number => key): TestDoc[] =>
  docs.map((doc) => ({
    ...doc,
    terms: [...new Set(doc.terms.map(keyOf))].toSorted((a, b) => a - b),
    held: Object.fromEntries(Object.entries(doc.held).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }))

const sorted = (docs: readonly TestDoc[]): TestDoc[] => expected(docs)

/** Checks that a lookup of each term finds its documents, whole and window by window. */
function lookUpAll(segment: Segment, docs: readonly TestDoc[], keyOf: (key: number) => number): void {
  const lists = new Map<number, Set<number>>()
  for (const [doc, { terms }] of docs.entries())
    for (const key of terms) lists.set(keyOf(key), (lists.get(keyOf(key)) ?? new Set()).add(doc))
  for (const [key, list] of lists) {
    const postings = segment.lookUp(key)!
    expect([...postings.all()]).toEqual([...list])
    expect(postings.count).toBe(list.size)
    const bits = new Uint32Array(WINDOW / 32)
    postings.into(0, bits)
    const found = [...list].every((doc) => doc >= WINDOW || (bits[doc >>> 5]! & (1 << (doc & 31))) !== 0)
    expect(found).toBe(true)
    let ones = 0
    for (const word of bits) for (let rest = word; rest !== 0; rest &= rest - 1) ones++
    expect(ones).toBe([...list].filter((doc) => doc < WINDOW).length)
  }
  for (const key of lists.keys()) {
    const neighbour = keyOf(key < 2 ** 47 ? key + 1 : key + 65_536)
    if (!lists.has(neighbour)) expect(segment.lookUp(neighbour)).toBeNull()
  }
  const keys = [...lists.keys()].toSorted((a, b) => a - b)
  const words = keys.filter((key) => key < 64_000 * 2 ** 32)
  const [first, last] = [words[words.length >> 2], words[(words.length * 3) >> 2]]
  if (first === undefined || last === undefined) return
  const found = segment.range(first, last).map((postings) => [...postings.all()])
  expect(found).toEqual(words.filter((key) => key >= first && key <= last).map((key) => [...lists.get(key)!]))
}

const fixture = (): Buffer => readFileSync(join(import.meta.dirname, 'testing/version-1.segment'))

describe('segments of version 1', () => {
  it('are read: each term, column, facet and value', () => {
    const segment = opened(fixture())
    expect(segment.footer.version).toBe(1)
    expect(sorted(saidBy(segment))).toEqual(expected(FIXTURE_DOCS, packedKey))
    lookUpAll(segment, FIXTURE_DOCS, (key) => key)
    expect(segment.facets.map(({ agent, action }) => agent + action)).toContain('login')
  })

  it('are merged with those of version 2', () => {
    const later = FIXTURE_DOCS.map((doc, i) => ({
      ...doc,
      time: doc.time + 500,
      terms: [7, 2 ** 41 + i * 31],
    }))
    const segment = opened(merged(opened(fixture()), opened(merged(opened(plainSegment(later))))))
    const docs = [...FIXTURE_DOCS, ...later].toSorted((a, b) => a.time - b.time)
    expect(segment.footer.version).toBe(2)
    expect(sorted(saidBy(segment))).toEqual(expected(docs, packedKey))
    lookUpAll(segment, docs, packedKey)
  })
})

const key = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 200_000 }).map((n) => 64_000 * 2 ** 32 + n),
  fc.constantFrom(0, 2 ** 48 - 1, 64_000 * 2 ** 32 - 1, 64_000 * 2 ** 32),
)
const doc = fc.record({
  terms: fc.array(key, { maxLength: 12 }),
  sequence: fc.oneof(fc.nat(50), fc.maxSafeNat()),
  chunk: fc.oneof(fc.nat(3), fc.constant(0xffffffff)),
  line: fc.oneof(fc.nat(3), fc.constant(0xffff)),
  action: fc.constantFrom('a', 'b', 'c'),
  held: fc.record(
    {
      'user.name': fc.string().map((text) => JSON.stringify(text)),
      'user.id': fc.constantFrom('"1"', '"2"'),
      'source.ip': fc.ipV4().map((text) => JSON.stringify(text)),
      'event.duration': fc.oneof(fc.maxSafeNat(), fc.constantFrom(-1, 0.5, 1e300, -(2 ** 60))).map(String),
    },
    { requiredKeys: [] },
  ),
})

describe('segments of version 2', () => {
  it('have each document of a term once and in order, from parts whose documents alternate', () => {
    const parts = Array.from({ length: 3 }, (_, part) =>
      Array.from({ length: 3000 }, (_, i) => ({
        ...FIXTURE_DOCS[0]!,
        time: 1e12 + i * 3 + ((part + i) % 3),
        // Terms of all, of hundreds, and of dozens of documents; two values with one upper half; and more words of one document than are
        // sorted at once.
        terms: [
          5,
          100 + (i % 30),
          2 ** 33 + (i % 200),
          64_900 * 2 ** 32 + (i % 90),
          64_900 * 2 ** 32 + 1000 + (i % 90),
          ...[1, 2, 3, 4].map((n) => ((i * 3 + part) * 4 + n) * 7_000_000_003),
        ],
      })),
    )
    const docs = parts.flat().toSorted((a, b) => a.time - b.time)
    const once = parts.map((part) => opened(plainSegment(part)))
    const segment = opened(merged(...once))
    expect(saidBy(segment)).toEqual(expected(docs, packedKey))
    const again = opened(merged(opened(merged(...once.slice(1))), once[0]!))
    expect(saidBy(again)).toEqual(saidBy(segment))
  })

  it('say of any documents what was put in, however often they are merged', () => {
    fc.assert(
      fc.property(fc.array(doc, { minLength: 1, maxLength: 60 }), fc.nat(59), (list, cut) => {
        const docs = list.map((one, i) => ({ ...one, time: 1e12 + i }))
        const parts = [docs.slice(0, cut), docs.slice(cut)].filter(({ length }) => length > 0)
        const once = parts.map((part) => opened(merged(opened(plainSegment(part)))))
        const segment = opened(merged(...once))
        expect(sorted(saidBy(segment))).toEqual(expected(docs, packedKey))
        lookUpAll(segment, docs, packedKey)
      }),
      { numRuns: 60 },
    )
  })

  it('keep lists of any length: as numbers, as bits, as those that are missing, over several windows', () => {
    const count = WINDOW + 3000
    const docs = Array.from({ length: count }, (_, i) => ({
      time: i,
      sequence: i,
      chunk: 1,
      line: 0,
      action: 'a',
      terms: [
        1,
        ...(i % 3 === 0 ? [2] : []),
        ...(i % 300 === 7 ? [3] : []),
        ...(i % 100 === 5 ? [] : [4]),
        ...(i % 70 === 1 ? [5, 6] : []),
        ...(i === count - 1 ? [8] : []),
      ],
      held: {},
    }))
    const parts = [docs.slice(0, 40_000), docs.slice(40_000)].map((part) => opened(plainSegment(part)))
    const segment = opened(merged(...parts))
    for (const wanted of [1, 2, 3, 4, 5, 6, 8]) {
      const list = docs.flatMap(({ terms }, doc) => (terms.includes(wanted) ? [doc] : []))
      const postings = segment.lookUp(wanted)!
      expect(Buffer.from(postings.all().buffer).equals(Buffer.from(Uint32Array.from(list).buffer))).toBe(true)
      const bits = new Uint32Array(WINDOW / 32)
      postings.into(1, bits)
      const own = list.filter((doc) => doc >= WINDOW).map((doc) => doc - WINDOW)
      const found = Array.from({ length: WINDOW }, (_, i) => i).filter(
        (i) => (bits[i >>> 5]! >>> (i & 31)) & 1,
      )
      expect(found).toEqual(own)
    }
    expect(segment.lookUp(7)).toBeNull()
  })

  it('are found damaged, whichever byte is changed that is read', () => {
    const bytes = merged(opened(fixture()))
    const whole = JSON.stringify(saidBy(opened(bytes)))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes)
        damaged[at] = damaged[at]! ^ change
        let said: string
        try {
          const segment = opened(damaged)
          said = JSON.stringify(saidBy(segment))
        } catch {
          return
        }
        // Bytes between two parts are not read.
        expect(said === whole).toBe(true)
      }),
      { numRuns: 300 },
    )
    expect(() => opened(bytes.subarray(0, 3))).toThrow(/damaged/)
    expect(() => opened(bytes.subarray(0, bytes.length - 9))).toThrow()
  })
})

describe('ascending numbers', () => {
  it('are read as they were written, and found', () => {
    const numbers = fc.array(fc.oneof(fc.nat(100), fc.integer({ min: 0, max: 2 ** 48 })), { maxLength: 200 })
    fc.assert(
      fc.property(numbers, fc.nat(1000), (list, more) => {
        const ascending = list.toSorted((a, b) => a - b)
        const greatest = (ascending.at(-1) ?? 0) + more
        const sink = new Bytes(16)
        writeAscending(sink, ascending, 0, ascending.length, greatest)
        expect(sink.length).toBe(ascendingBytes(ascending.length, greatest))
        sink.bytes(new Uint8Array(PAD))
        const read = ascendingAt(sink.view(), 0, ascending.length, greatest)
        expect([...readWide(read)]).toEqual(ascending)
        for (const [i, number] of ascending.entries()) expect(numberAt(read, i)).toBe(number)
        for (const wanted of [0, 1, greatest, greatest + 1, ...ascending.flatMap((n) => [n, n + 1])]) {
          const first = ascending.findIndex((number) => number >= wanted)
          expect(firstNotBelow(read, wanted)).toBe(first === -1 ? ascending.length : first)
        }
      }),
    )
  })
})

describe('packed columns', () => {
  const kinds = {
    random: fc.array(
      fc.double({ noNaN: true }).map((n) => n + 0),
      { maxLength: 5000 },
    ),
    small: fc.array(fc.nat(300), { maxLength: 5000 }),
    whole: fc.array(fc.maxSafeInteger(), { maxLength: 3000 }),
    sorted: fc.array(fc.maxSafeNat(), { maxLength: 3000 }).map((list) => list.sort((a, b) => a - b)),
    constant: fc
      .tuple(fc.nat(4500), fc.maxSafeInteger())
      .map(([count, n]) => new Array<number>(count).fill(n)),
    multiples: fc.array(
      fc.nat(900).map((n) => n * 1e6 + 7),
      { maxLength: 3000 },
    ),
  }
  it.each(Object.keys(kinds) as (keyof typeof kinds)[])('hold %s numbers', (kind) => {
    fc.assert(
      fc.property(kinds[kind], fc.boolean(), fc.nat(5000), fc.nat(5000), (list, counted, a, b) => {
        const asCounted = counted && kind === 'small'
        const [from, to] = [Math.min(a, b, list.length), Math.min(Math.max(a, b), list.length)]
        for (const width of kind === 'small' ? ([2, 4, 8] as const) : ([8] as const)) {
          const column = columnOf(list, width, asCounted)
          expect(Array.from(column.slice(from, to), (n) => n + 0)).toEqual(list.slice(from, to))
          if (from < to) expect(column.at(from) + 0).toBe(list[from])
        }
      }),
      { numRuns: 40 },
    )
  })
})

function columnOf(values: readonly number[], width: PackedPlace['width'], counted: boolean) {
  const bytes = new Bytes(16)
  const starts: number[] = []
  for (let from = 0; from < values.length; from += 2048) {
    starts.push(bytes.length)
    writeColumnPage(bytes, values, from, Math.min(values.length, from + 2048), counted)
  }
  starts.push(bytes.length)
  const at = bytes.length
  bytes.bytes(new Uint8Array(Uint32Array.from(starts).buffer))
  const all = Buffer.from(bytes.view())
  return packedColumn(new MemorySource(all, () => all), { width, pages: 0, starts: at }, values.length)
}
