import { describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  canonical,
  LIMITS,
  leafHash,
  ownEventId,
  sealedPart,
} from '../../../schema/index.ts'
import { parseQuery } from '../../query/index.ts'
import type { Store } from '../port.ts'
import { AGENT, batchOf, batchOfLines, eventAt, INGESTED, idAt } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { everything } from './reference.ts'
import { keyOf, revisionOf, row } from './revisions.ts'

const OTHER = 'agent-2'
const OTHERS = 'fedcba9876543210fedcba9876543210'

/** The same event, as another agent writes it. */
const by = (agent: string, event: AuditEvent): AuditEvent => ({ ...event, agent: { id: agent } })
const idOf = (event: AuditEvent): string => (event.event as { id: string }).id

/** Authorship: nobody writes in another's name, and nobody takes an id away from another. */
export function keepsAuthorsApart(ground: TestPlaces): void {
  const open = opener(ground)

  const write = (store: Store, agent: string, sequence: number, events: readonly AuditEvent[]) =>
    store.write(
      batchOf(sequence, events, {
        agent,
        ...(agent === OTHER && { incarnation: OTHERS }),
        author: { hosts: ['web-1', 'db-*.example'] },
      }),
    )

  async function found(store: Store, text = '*'): Promise<AuditEvent[]> {
    await ground.settled()
    const query = parseQuery(text, { now: INGESTED })
    return everything(store, { query, order: 'oldest', limit: 1000 })
  }

  describe('an event that its agent may not write', () => {
    const foreign: readonly (readonly [string, { [member: string]: unknown }, RegExp])[] = [
      ['in the name of another agent', { agent: { id: OTHER } }, /agent\.id is agent-2/],
      ['in the name of nobody', { agent: {} }, /agent\.id is missing/],
      ['in the names of two', { agent: { id: [AGENT, OTHER] } }, /agent\.id is missing/],
      [
        "as one of Waybill's own",
        { event: { id: idAt(10), kind: 'event', module: 'waybill', sequence: 10 } },
        /event\.module is waybill/,
      ],
      [
        'as one of them, in capitals and in a list',
        { event: { id: idAt(10), kind: 'event', module: ['shop', 'WayBill'], sequence: 10 } },
        /event\.module is waybill/,
      ],
      [
        "in a data set of Waybill's",
        { event: { id: idAt(10), kind: 'event', dataset: 'waybill.indexer', module: 'shop', sequence: 10 } },
        /event\.dataset is waybill/,
      ],
      [
        'of a host that is not its own',
        { host: { name: 'db-1' } },
        /host\.name is db-1, .*waybill agents hosts/,
      ],
      ['of several hosts', { host: { name: ['web-1', 'db-1'] } }, /host\.name is db-1/],
    ]
    for (const [name, members, reason] of foreign)
      test(`${name} lies in the dead letters, and the rest of its waybill is stored`, async () => {
        const store = await open()
        const event = eventAt(10, members)
        // Each line in a form that a reader of bytes takes, and in one that is parsed.
        const lines = [eventAt(0), event, eventAt(20)].map(canonical)
        const odd = `${' '}${canonical({ ...event, message: 'with a blank before it' })}`
        const outcome = await store.write(batchOfLines(1, [...lines, odd], { author: { hosts: ['web-1'] } }))
        expect(outcome).toMatchObject({ result: { stored: 2, dead: 2, foreign: 2 } })
        expect((await found(store)).map(idOf)).toEqual([idAt(0), idAt(20)])
        const { letters } = await store.deadLetters.list({ limit: 10 })
        expect(letters.map(({ kind, position }) => [kind, position])).toEqual([
          ['foreign', 3],
          ['foreign', 1],
        ])
        for (const letter of letters) expect(letter.reason).toMatch(reason)
        expect(letters[1]?.line.toString()).toBe(lines[1])
      })

    test('of its own hosts it is stored, in whatever case, and of none', async () => {
      const store = await open()
      const named = ['web-1', 'WEB-1', 'db-7.example', undefined].map((name, i) =>
        eventAt(i * 10, name === undefined ? {} : { host: { name } }),
      )
      expect(await write(store, AGENT, 1, named)).toMatchObject({ result: { stored: 4, dead: 0 } })
    })

    test('a dead letter of another host is stored by a replay once the host is allowed, and not before', async () => {
      const store = await open()
      await write(store, AGENT, 1, [eventAt(0, { host: { name: 'mail-1' } })])
      const [letter] = (await store.deadLetters.list({ limit: 1 })).letters
      const author = { agent: AGENT, hosts: ['web-1'], shared: [] }
      expect(await store.deadLetters.replay(letter!.id, undefined, author)).toMatchObject({ stored: false })
      const wider = { ...author, hosts: ['web-1', 'mail-1'] }
      expect(await store.deadLetters.replay(letter!.id, undefined, wider)).toEqual({ stored: true })
      expect(await found(store)).toHaveLength(1)
    })
  })

  describe('an id that another agent has shipped before', () => {
    test("a declared one takes nothing from an agent's event, which is stored under an id of its own, once", async () => {
      const store = await open()
      const forged = by(OTHER, row(1, 'nothing happened'))
      await write(store, OTHER, 1, [forged])
      const honest = row(1)
      expect(await write(store, AGENT, 1, [honest, row(2)])).toMatchObject({
        result: { stored: 2, duplicate: 0, dead: 0 },
      })
      // It comes again, and again at another place of a later export.
      const moved = { ...honest, event: { ...(honest.event as object), sequence: 77 } }
      expect(await write(store, AGENT, 2, [honest, moved])).toMatchObject({
        result: { stored: 0, duplicate: 2 },
      })
      const own = ownEventId(keyOf(1), AGENT)
      const shown = await store.get(own)
      expect(shown).toMatchObject({
        message: 'number 1',
        event: { id: own },
        audit: { revision_of: keyOf(1), seal: { agent: AGENT } },
      })
      expect(canonical(sealedPart(shown!))).toBe(canonical(honest))
      expect((await found(store, `audit.seal.agent: ${AGENT}`)).map(idOf).sort()).toEqual(
        [own, keyOf(2)].sort(),
      )
    })

    test('the same words of another agent do not pass for the event either', async () => {
      const store = await open()
      await write(store, OTHER, 1, [by(OTHER, row(1))])
      expect(await write(store, AGENT, 1, [row(1)])).toMatchObject({ result: { stored: 1, duplicate: 0 } })
    })

    test('another content is kept beside it, once', async () => {
      const store = await open()
      await write(store, OTHER, 1, [by(OTHER, row(1, 'x'))])
      await write(store, AGENT, 1, [row(1)])
      const changed = row(1, 'another amount')
      expect(await write(store, AGENT, 2, [changed])).toMatchObject({ result: { stored: 1, revisions: 1 } })
      expect(await write(store, AGENT, 3, [changed, row(1)])).toMatchObject({
        result: { stored: 0, duplicate: 2 },
      })
      const id = ownEventId(keyOf(1), AGENT, leafHash(Buffer.from(canonical(changed))))
      expect(await store.get(id)).toMatchObject({
        message: 'another amount',
        audit: { revision_of: keyOf(1) },
      })
    })

    test('nor does the id of a revision that was foreseen', async () => {
      const store = await open()
      await write(store, AGENT, 1, [row(1)])
      const changed = row(1, 'another amount')
      const claim = by(OTHER, row(9, 'x'))
      await write(store, OTHER, 1, [
        { ...claim, event: { ...(claim.event as object), id: revisionOf(changed) } },
      ])
      expect(await write(store, AGENT, 2, [changed])).toMatchObject({ result: { stored: 1, revisions: 1 } })
      expect(await write(store, AGENT, 3, [changed])).toMatchObject({ result: { stored: 0, duplicate: 1 } })
      expect(await found(store, '"another amount"')).toHaveLength(1)
    })

    test('a minted one takes nothing away either: the next ids of a file can be counted', async () => {
      const store = await open()
      await write(store, AGENT, 1, [eventAt(0)])
      await write(store, OTHER, 1, [by(OTHER, eventAt(100, { message: 'nothing happened' }))])
      expect(await write(store, AGENT, 2, [eventAt(100), eventAt(200)])).toMatchObject({
        result: { stored: 2, duplicate: 0, dead: 0, collisions: 0 },
      })
      expect(await write(store, AGENT, 3, [eventAt(100)])).toMatchObject({
        result: { stored: 0, duplicate: 1 },
      })
      expect(await store.get(ownEventId(idAt(100), AGENT))).toMatchObject({ message: 'number 100' })
    })

    test('the id of its own can not be claimed', async () => {
      const store = await open()
      const id = ownEventId(keyOf(1), AGENT)
      const claim = by(OTHER, eventAt(0, { event: { id, kind: 'event', sequence: 0 } }))
      expect(await write(store, OTHER, 1, [claim])).toMatchObject({
        result: {
          stored: 0,
          dead: 1,
          reasons: [{ reason: 'event.id has a form that only the indexer may use' }],
        },
      })
    })

    test('what an agent shipped before counts as known to it, whatever comes from others', async () => {
      const path = await ground.make()
      const store = await open(path)
      await write(store, AGENT, 1, [row(1), row(2)])
      await write(store, OTHER, 1, [by(OTHER, row(1, 'x'))])
      await store.close()
      const opened = await open(path)
      expect(await write(opened, AGENT, 2, [row(1), row(2), row(3)])).toMatchObject({
        result: { stored: 1, duplicate: 2, revisions: 0 },
      })
    })

    test('where several agents read the same exports, what one has shipped is known', async () => {
      const store = await open()
      const shop = (agent: string, n: number): AuditEvent => {
        const event = by(agent, row(n))
        return { ...event, event: { ...(event.event as object), module: 'shop' } }
      }
      await write(store, OTHER, 1, [shop(OTHER, 1)])
      const author = { hosts: null, shared: ['shop'] }
      expect(await store.write(batchOf(1, [shop(AGENT, 1), shop(AGENT, 2)], { author }))).toMatchObject({
        result: { stored: 1, duplicate: 1, revisions: 0 },
      })
    })
  })

  describe('an event that is more than an agent writes', () => {
    const many = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, 'a value of some length']))
    const nested = (levels: number): object =>
      levels === 0 ? { a: 'x'.repeat(20_000) } : { a: nested(levels - 1) }
    const excessive: readonly (readonly [string, { [member: string]: unknown }, RegExp])[] = [
      [
        'in bytes',
        { event: { id: idAt(10), original: 'x'.repeat(LIMITS.eventBytes) } },
        /the event has \d+ bytes/,
      ],
      [
        'in members',
        { audit: { category: 'change', payload: many(LIMITS.payloadKeys + 1) } },
        /audit\.payload has 513 members/,
      ],
      [
        'in levels',
        { audit: { category: 'change', payload: nested(LIMITS.payloadDepth + 3) } },
        /audit\.payload has \d+ levels/,
      ],
      ['in a value', { user: { name: 'x'.repeat(20_000) } }, /user\.name has 20000 characters/],
      [
        'in changes',
        {
          audit: {
            category: 'change',
            changes: Array.from({ length: LIMITS.changes + 1 }, (_, i) => ({ field: `f${i}`, new: 'x' })),
          },
        },
        /audit\.changes has 1001 changes/,
      ],
    ]
    test.each(excessive)(
      '%s lies in the dead letters with the reason, and others are stored',
      async (_, members, reason) => {
        const store = await open()
        const outcome = await store.write(
          batchOf(1, [eventAt(0), eventAt(10, members), eventAt(20)], { author: {} }),
        )
        expect(outcome).toMatchObject({
          result: { stored: 2, dead: 1, reasons: [{ position: 1, reason: expect.stringMatching(reason) }] },
        })
      },
    )

    test('as much as an agent may write is stored', async () => {
      const store = await open()
      const most = eventAt(0, {
        audit: {
          category: 'change',
          changes: Array.from({ length: LIMITS.changes }, (_, i) => ({ field: `f${i}`, new: 'x' })),
          payload: many(LIMITS.payloadKeys),
        },
        user: { name: 'x'.repeat(LIMITS.keywordLength) },
      })
      expect(await store.write(batchOf(1, [most], { author: {} }))).toMatchObject({ result: { stored: 1 } })
    })
  })
}
