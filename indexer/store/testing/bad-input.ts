import { describe, expect, test } from 'vitest'
import { type AuditEvent, canonical, LIMITS, sealedPart, valueAt } from '../../../schema/index.ts'
import type { Query } from '../../query/index.ts'
import type { Store } from '../port.ts'
import { batchOfLines, eventAt, INGESTED, idAt } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { everything } from './reference.ts'

const ALL: Query = { kind: 'all' }
const many = (count: number): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`field${i}`, `value ${i}`]))

/** `{"user":...}` with members put in as text, which no object literal can express. */
const withMembers = (event: AuditEvent, members: string): string =>
  canonical(JSON.parse(`{${members},${canonical(event).slice(1)}`) as AuditEvent)

const odd =
  (members: Record<string, unknown>) =>
  (at: number): string =>
    canonical(eventAt(at, members))

/** Events that one store or the other might stumble over, and a value by which each is found all the same. */
const KEPT: readonly {
  readonly name: string
  readonly line: (at: number) => string
  readonly found?: Query
}[] = [
  { name: '1,001 members that no field is named after', line: odd(many(1001)) },
  {
    name: '512 members in the payload',
    line: odd({ audit: { category: 'change', payload: many(LIMITS.payloadKeys) } }),
    found: { kind: 'equals', field: 'audit.payload.field511', value: 'value 511' },
  },
  {
    name: '__proto__ as a member',
    line: (at) => withMembers(eventAt(at), '"__proto__":{"admin":true}'),
  },
  {
    name: '__proto__ in the payload',
    line: (at) =>
      canonical(
        JSON.parse(
          canonical(eventAt(at, { audit: { category: 'change', payload: { X: { role: 'root' } } } })).replace(
            '"X"',
            '"__proto__"',
          ),
        ) as AuditEvent,
      ),
    found: { kind: 'equals', field: 'audit.payload.__proto__.role', value: 'root' },
  },
  {
    name: 'a name with dots beside the object of that path',
    line: odd({ 'user.name': 'mallory', user: { name: 'judy' } }),
    found: { kind: 'equals', field: 'user.name', value: 'judy' },
  },
  {
    name: 'a name with dots beside the object of that path, in the payload',
    line: odd({ audit: { category: 'change', payload: { 'a.b': 'one', a: { b: 'two' } } } }),
    found: { kind: 'equals', field: 'audit.payload.a.b', value: 'two' },
  },
  {
    name: 'a text where an object belongs',
    line: odd({ user: 'jane', source: { ip: 'nowhere' } }),
  },
  {
    name: 'an object where a text belongs',
    line: odd({ message: { text: 'x' }, user: { name: { first: 'jane' } } }),
  },
  {
    name: 'the year 292278995 beside a sound time',
    line: (at) =>
      odd({ event: { id: idAt(at), created: '+292278995-01-01T00:00:00.000Z', sequence: at } })(at),
  },
  {
    name: 'a number beyond what a double holds exactly',
    line: odd({ audit: { category: 'change', record_count: 1e300 } }),
  },
  {
    name: 'an original of the greatest length',
    line: (at) =>
      odd({
        event: { id: idAt(at), sequence: at, original: 'é'.repeat(LIMITS.recordBytes / 2) },
        message: 'm'.repeat(LIMITS.recordBytes),
      })(at),
  },
]

const REFUSED: readonly { readonly name: string; readonly line: string; readonly reason: string }[] = [
  { name: 'no time at all', line: odd({ '@timestamp': null })(5), reason: '@timestamp is missing' },
  {
    name: 'a thousand levels',
    line: canonical(eventAt(5)).replace('{', `{"a":${'['.repeat(1000)}${']'.repeat(1000)},`),
    reason: 'the line is nested more than 64 levels deep',
  },
]

/** Times at which no event can be placed, and tags that an event has already. */
const TIMES: readonly (readonly [time: string, tags: readonly string[] | null])[] = [
  ['0000-00-00T00:00:00.000Z', null],
  ['0001-01-01T00:00:00.000Z', null],
  ['1601-01-01T00:00:00.000Z', ['prod']],
  ['1970-01-01T00:00:00.000Z', null],
  ['-000001-01-01T00:00:00.000Z', []],
  ['2059-01-01T00:00:00.000Z', ['timestamp_invalid']],
  ['9999-12-31T23:59:59.999Z', null],
  ['292278995-01-01T00:00:00.000Z', null],
  ['2026-11-01T00:00:00+01:00', null],
  ['yesterday', null],
]

/** Input that no integration should make and some source will: stores keep it byte for byte, and it does not affect its neighbours. */
export function keepsBadInput(ground: TestPlaces): void {
  const open = opener(ground)
  const sound = [eventAt(0), eventAt(9)].map(canonical)

  async function found(store: Store, query: Query): Promise<unknown[]> {
    await ground.settled()
    const events = await everything(store, { query, order: 'oldest', limit: 1000 })
    return events.map((event) => valueAt(event, 'event.id'))
  }

  describe('bad input', () => {
    test('what is odd is kept as it was sealed, among its neighbours', async () => {
      const store = await open()
      const stored: number[] = []
      for (const [i, { name, line, found: query }] of KEPT.entries()) {
        const [before, at, after] = [100 * i, 100 * i + 5, 100 * i + 9]
        const odd = line(at)
        const outcome = await store.write(
          batchOfLines(i + 1, [canonical(eventAt(before)), odd, canonical(eventAt(after))]),
        )
        expect(outcome, name).toMatchObject({ result: { stored: 3, dead: 0, reasons: [] } })
        const read = await store.get(idAt(at))
        expect(canonical(sealedPart(read!)), name).toBe(odd)
        stored.push(before, at, after)
        if (query !== undefined) expect(await found(store, query), name).toEqual([idAt(at)])
      }
      expect(await found(store, ALL)).toEqual(stored.map(idAt))
    })

    test('times at which nothing can be placed: each event is placed at its receipt, tagged, and its seal holds', async () => {
      const store = await open()
      const lines = TIMES.map(([time, tags], i) =>
        canonical(eventAt(10 + i, { '@timestamp': time, ...(tags !== null && { tags }) })),
      )
      const placed = TIMES.map((_, i) => idAt(10 + i))
      expect(await store.write(batchOfLines(1, [sound[0]!, ...lines, sound[1]!]))).toMatchObject({
        result: { stored: TIMES.length + 2, dead: 0 },
      })
      const receipt = new Date(INGESTED).toISOString()
      for (const [i, [time, tags]] of TIMES.entries()) {
        const line = lines[i]!
        const read = await store.get(placed[i]!)
        expect(read, time).toMatchObject({
          '@timestamp': receipt,
          tags: [...(tags ?? []), 'timestamp_invalid'],
          audit: { seal: { timestamp: time } },
        })
        expect(canonical(sealedPart(read!))).toBe(line)
        // A change of the time or of the tags is always noticed.
        const moved = { ...read!, '@timestamp': '2026-01-01T00:00:00.000Z' }
        expect(canonical(sealedPart(moved))).not.toBe(line)
        expect(canonical(sealedPart({ ...read!, tags: ['timestamp_invalid', 'x'] }))).not.toBe(line)
      }
      expect(await found(store, ALL)).toEqual([...[0, 9].map(idAt), ...placed])
      const tagged: Query = { kind: 'equals', field: 'tags', value: 'timestamp_invalid' }
      expect(await found(store, tagged)).toEqual(placed)
      const { events } = await store.search({
        query: ALL,
        order: 'oldest',
        limit: 99,
        from: INGESTED,
        to: INGESTED + 1,
      })
      expect(events.map((event) => valueAt(event, 'event.id'))).toEqual(placed)
    })

    test('what can not be kept is in the dead letters with the reason', async () => {
      const store = await open()
      const stored: number[] = []
      for (const [i, { name, line, reason }] of REFUSED.entries()) {
        const [before, after] = [100 * i, 100 * i + 9]
        const outcome = await store.write(
          batchOfLines(i + 1, [canonical(eventAt(before)), line, canonical(eventAt(after))]),
        )
        expect(outcome, name).toMatchObject({ result: { stored: 2, dead: 1 } })
        const { letters } = await store.deadLetters.list({ limit: 1 })
        expect(letters, name).toMatchObject([{ kind: 'invalid', position: 1, reason }])
        expect(letters[0]!.line.toString('utf8'), name).toBe(line)
        stored.push(before, after)
      }
      expect(await found(store, ALL)).toEqual(stored.map(idAt))
    })
  })
}
