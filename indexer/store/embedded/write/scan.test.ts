import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical } from '../../../../schema/index.ts'
import { anEvent } from '../../testing/arbitraries.ts'
import { FacetBook } from '../index/facets.ts'
import { type Prepared, Preparer } from './prepare.ts'

const preparer = new Preparer(new FacetBook())

/** The fast reader against the plain one: a space before the brace makes a line that only the plain one takes. */
function prepared(line: string | Buffer, lead = ''): Prepared {
  const lines = Buffer.concat([Buffer.from(lead), Buffer.from(line)])
  preparer.begin()
  return preparer.prepare({
    lines,
    leaves: Buffer.alloc(32),
    agent: 'a-1',
    incarnation: 'i',
    ingested: Date.UTC(2026, 10, 2),
  })
}

function plain({ parcels, rejected, terms, held, users }: Prepared): unknown {
  const keys = Array.from({ length: terms.count }, (_, i) => terms.keyAt(i)).sort((a, b) => a - b)
  return {
    keys: [...new Set(keys)],
    rejected: rejected.map(({ id, reason }) => ({ id, reason })),
    held: Array.from({ length: held.count }, (_, i) => [
      held.columns[i],
      JSON.stringify(JSON.parse(held.bytes.toString('utf8', held.startOf(i), held.ends[i]))),
    ]).sort(([a], [b]) => Number(a) - Number(b)),
    parcels: [...parcels].map(([category, parcel]) => ({
      category,
      events: Array.from({ length: parcel.count }, (_, event) => ({
        id: parcel.id(event),
        timestamp: parcel.timestamps[event],
        sequence: parcel.sequences[event],
        user: users.name(parcel.users[event]!),
        facets: [parcel.sourceFacets[event]?.text, parcel.deedFacets[event]?.text],
      })),
    })),
  }
}

const same = (line: string | Buffer): void =>
  expect(plain(prepared(line))).toEqual(plain(prepared(line, ' ')))

test('random events are taken apart alike', () => {
  fc.assert(
    fc.property(anEvent(1), (event) => {
      same(canonical(event))
    }),
    { numRuns: 1500 },
  )
})

test('hostile lines are taken apart, or refused, alike', () => {
  const line = fc.tuple(
    anEvent(1),
    fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
  )
  const common = Buffer.from('{}[]",:\\u0eE+-.truefalsn \n\t')
  fc.assert(
    fc.property(line, ([event, edits]) => {
      let bytes = Buffer.from(canonical(event))
      for (const [where, how, byte] of edits) {
        const at = where % bytes.length
        const put = byte < 200 ? common[byte % common.length]! : byte
        if (put === 10) continue
        if (how === 0) bytes[at] = put
        else if (how === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
        else bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(put), bytes.subarray(at)])
      }
      same(bytes)
    }),
    { numRuns: 4000 },
  )
})

test.each([
  [
    'a member twice',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change"},"event":{"id":"ID"},"message":"one","message":"two"}',
  ],
  [
    'members out of order',
    '{"event":{"id":"ID"},"audit":{"category":"change"},"@timestamp":"2026-11-01T00:00:00.000Z"}',
  ],
  [
    'a day that is none',
    '{"@timestamp":"2026-02-30T00:00:00.000Z","audit":{"category":"change"},"event":{"id":"ID"}}',
  ],
  [
    'a day of a leap year',
    '{"@timestamp":"2028-02-29T23:59:59.999Z","audit":{"category":"change"},"event":{"id":"ID"}}',
  ],
  [
    'something behind the end',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change"},"event":{"id":"ID"}}x',
  ],
  [
    'an escaped member',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change"},"event":{"id":"ID"},"mess\\u0061ge":"one"}',
  ],
  [
    'a member of the prototype',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","__proto__":{"user":"x"},"audit":{"category":"change","payload":{"__proto__":{"a":"b"}}},"event":{"id":"ID"}}',
  ],
  [
    'a lone surrogate',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change"},"event":{"id":"ID"},"message":"\\ud800 x"}',
  ],
  [
    'numbers in all forms',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","payload":{"a":1.50,"b":-0,"c":1e3,"d":[1E-2,12345678901234567890]},"record_count":1e400},"event":{"id":"ID"}}',
  ],
  ...[
    ['changes', '[{"field":"a","new":"1","old":"2"},{"field":"a","new":"3"},{"field":"","old":"x"}]'],
    ['values that did not change', '[{"field":"a","new":"1","old":"1"},{"field":"b","new":null,"old":null}]'],
    ['changes in escapes', '[{"field":"a\\"b","new":"1\\n\\\\","old":"\\t"},{"field":"a\\"b","new":"ä"}]'],
    ['changes in other escapes', '[{"field":"a","new":"b","old":"\\u0062"},{"field":"\\u0061","new":"\\/"}]'],
    ['values that are no texts', '[{"field":"a","new":1,"old":1},{"field":"b","new":[],"old":{"x":"y"}}]'],
    [
      'what is no change',
      '[{"new":"1","old":"2"},[{"field":"a","new":"1"}],"field",null,{"field":5,"new":"1"}]',
    ],
    [
      'long changes',
      `[{"field":"a","new":"${'x'.repeat(1022)}","old":"${'x'.repeat(1023)}"},{"field":"b","new":"${'é'.repeat(4000)}"}]`,
    ],
    [
      'many changes',
      `[${Array.from({ length: 900 }, (_, i) => `{"field":"field number ${i}","new":"${i}"}`).join(',')}]`,
    ],
  ].map(([what, changes]) => [
    what!,
    `{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","changes":${changes}},"event":{"id":"ID"}}`,
  ]),
  [
    'an index of changes that was sealed',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","change":{"fields":["other"]},"changes":[{"field":"a","new":"1"}]},"event":{"id":"ID"}}',
  ],
  ...['{"received":true}', '{"received":false}', '{"received":true,"x":1}', '{}', 'true', 'null'].map(
    (seal) => [
      `a seal of ${seal}`,
      `{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","seal":${seal}},"event":{"id":"ID"}}`,
    ],
  ),
  [
    'an index of changes that is null',
    '{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","change":null,"changes":[{"field":"a","new":"1"}]},"event":{"id":"ID"}}',
  ],
])('%s is read alike', (_, line) => same(line.replace('ID', '0'.repeat(40))))

test('nesting without end is refused, and overflows nothing', () => {
  const deep = `{"@timestamp":"2026-11-01T00:00:00.000Z","audit":{"category":"change","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}},"event":{"id":"${'0'.repeat(40)}"}}`
  expect(prepared(deep).rejected).toMatchObject([{ reason: 'the line is nested more than 64 levels deep' }])
})

test('usual lines are read by the fast reader alone', () => {
  // The plain parser calls JSON.parse, so each line that only it accepts is counted: none here.
  const parse = JSON.parse
  let parsed = 0
  const book = new FacetBook()
  const preparer = new Preparer(book)
  const line = (i: number): string =>
    canonical({
      '@timestamp': '2026-11-01T00:00:00.000Z',
      agent: { id: 'a-1' },
      audit: {
        category: 'change',
        changes: [
          { field: 'x', new: '1', old: '2' },
          { field: 'y', new: '3', old: null },
        ],
        payload: { a: 1, b: 'x y' },
        // Every second event came over the network.
        ...(i % 2 === 0 && { seal: { received: true } }),
      },
      event: { id: i.toString(16).padStart(40, '0'), original: '{"a":"b\\n"}', sequence: i },
      source: { ip: `10.0.0.${i}` },
    })
  const lines = Buffer.from(Array.from({ length: 50 }, (_, i) => line(i)).join('\n'))
  try {
    JSON.parse = (...args: Parameters<typeof parse>): unknown => {
      parsed++
      return parse(...args)
    }
    const { parcels } = preparer.prepare({
      lines,
      leaves: Buffer.alloc(0),
      agent: 'a-1',
      incarnation: 'i',
      ingested: 0,
    })
    expect(parcels.get('change')?.count).toBe(50)
  } finally {
    JSON.parse = parse
  }
  // Two facets, their values, once each.
  expect(parsed).toBeLessThan(10)
})
