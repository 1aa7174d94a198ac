import { describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  canonical,
  declaredEventId,
  leafHash,
  revisionEventId,
  sealedPart,
} from '../../../schema/index.ts'
import { parseQuery } from '../../query/index.ts'
import type { Store } from '../port.ts'
import { batchOf, batchOfLines, eventAt, INGESTED, idAt } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { everything } from './reference.ts'

export const keyOf = (n: number): string => declaredEventId('default', 'erp', [`LOG-${n}`])
export const row = (n: number, message = `number ${n}`): AuditEvent =>
  eventAt(n, { event: { id: keyOf(n), action: 'record.update', kind: 'event', sequence: n }, message })
/** An entry with a declared key, read from this text. */
const entry = (original: string, said: { [member: string]: unknown }): AuditEvent =>
  eventAt(7, {
    ...said,
    event: { id: keyOf(7), action: 'record.update', kind: 'event', sequence: 0, original },
    message: said.message ?? 'record.update',
  })
export const revisionOf = (event: AuditEvent): string =>
  revisionEventId((event.event as { id: string }).id, leafHash(Buffer.from(canonical(event))))
const idOf = (event: AuditEvent): string => (event.event as { id: string }).id

/** The treatment of a record with a declared key that comes again with other content. */
export function keepsRevisions(ground: TestPlaces): void {
  const open = opener(ground)

  async function found(store: Store, text: string): Promise<AuditEvent[]> {
    await ground.settled()
    const query = parseQuery(text, { now: INGESTED })
    return everything(store, { query, order: 'oldest', limit: 1000 })
  }

  describe('a record that comes again with other content', () => {
    test('it is stored as a revision of the known one, which stays as it was', async () => {
      const store = await open()
      await store.write(batchOf(1, [row(1), row(2), row(3)]))
      const changed = row(2, 'another amount')
      const outcome = await store.write(batchOf(2, [row(1), changed, row(4)]))
      expect(outcome).toMatchObject({
        result: { stored: 2, duplicate: 1, dead: 0, revisions: 1, collisions: 0 },
      })
      expect(await store.get(keyOf(2))).toMatchObject({ message: 'number 2', event: { id: keyOf(2) } })
      const revision = await store.get(revisionOf(changed))
      expect(revision).toMatchObject({
        message: 'another amount',
        event: { id: revisionOf(changed) },
        audit: { revision_of: keyOf(2), seal: { sequence: 2, position: 1 } },
      })
      expect(canonical(sealedPart(revision!))).toBe(canonical(changed))
    })

    test('it is found by what it is a revision of, by its own id, and by its words', async () => {
      const store = await open()
      const changed = row(2, 'another amount')
      await store.write(batchOf(1, [row(1), row(2), row(3), eventAt(9)]))
      await store.write(batchOf(2, [changed]))
      for (const text of [
        'audit.revision_of: *',
        `audit.revision_of: ${keyOf(2)}`,
        `event.id: ${revisionOf(changed)}`,
        'another',
      ])
        expect((await found(store, text)).map(idOf)).toEqual([revisionOf(changed)])
      expect((await found(store, `event.id: ${keyOf(2)}`)).map(idOf)).toEqual([keyOf(2)])
      expect(await found(store, 'not audit.revision_of: *')).toHaveLength(4)
    })

    test('the same revision is a duplicate when it comes again, and a third content is another revision', async () => {
      const path = await ground.make()
      const store = await open(path)
      const [second, third] = [row(1, 'second'), row(1, 'third')]
      await store.write(batchOf(1, [row(1)]))
      await store.write(batchOf(2, [second]))
      await store.close()
      const opened = await open(path)
      expect(await opened.write(batchOf(3, [row(1), third, second]))).toMatchObject({
        result: { stored: 1, duplicate: 2, dead: 0, revisions: 1 },
      })
      expect((await found(opened, 'audit.revision_of: *')).map(idOf).sort()).toEqual(
        [second, third].map(revisionOf).sort(),
      )
    })

    test('within one batch the later content is the revision, and its repetition a duplicate', async () => {
      const store = await open()
      const changed = row(1, 'changed')
      expect(await store.write(batchOf(1, [row(1), changed, changed, row(1), row(2)]))).toMatchObject({
        result: { stored: 3, duplicate: 2, dead: 0, revisions: 1 },
      })
      expect((await found(store, 'audit.revision_of: *')).map(idOf)).toEqual([revisionOf(changed)])
    })

    test('an export of hundreds of rows, all of them changed and sent twice, keeps each revision once', async () => {
      const store = await open()
      const rows = Array.from({ length: 700 }, (_, n) => n)
      await store.write(
        batchOf(
          1,
          rows.map((n) => row(n)),
        ),
      )
      const changed = batchOf(
        2,
        rows.map((n) => row(n, `changed ${n}`)),
      )
      expect(await store.write(changed)).toMatchObject({ result: { stored: 700, revisions: 700 } })
      expect(
        await store.write(
          batchOf(
            3,
            rows.map((n) => row(n, `changed ${n}`)),
          ),
        ),
      ).toMatchObject({
        result: { stored: 0, duplicate: 700 },
      })
      expect(await found(store, 'audit.revision_of: *')).toHaveLength(700)
    })

    test('the same entry in another form is a duplicate, in either order', async () => {
      const json = entry('{"id":7,"user":"Jane","amount":1000,"ip":"192.0.2.7"}', {
        audit: { category: 'change', payload: { amount: 1000 } },
        source: { ip: '192.0.2.7' },
        user: { name: 'Jane' },
      })
      const row = entry('7,Jane,"1,000.0"', {
        audit: { category: 'change', payload: { Amount: '1,000.0' } },
        user: { name: 'Jane' },
      })
      for (const [first, second] of [
        [json, row],
        [row, json],
      ] as const) {
        const store = await open()
        await store.write(batchOf(1, [first]))
        expect(await store.write(batchOf(2, [second, first]))).toMatchObject({
          result: { stored: 0, duplicate: 2, dead: 0, revisions: 0 },
        })
        expect(await found(store, 'audit.revision_of: *')).toEqual([])
      }
      const store = await open()
      expect(await store.write(batchOf(1, [json, row, row]))).toMatchObject({
        result: { stored: 1, duplicate: 2, revisions: 0 },
      })
    })

    test('another form that says something else is a revision', async () => {
      const store = await open()
      const json = entry('{"id":7,"user":"Jane"}', { user: { name: 'Jane' } })
      const row = entry('7,Joe,x', { user: { name: 'Joe' } })
      await store.write(batchOf(1, [json]))
      expect(await store.write(batchOf(2, [row]))).toMatchObject({ result: { stored: 1, revisions: 1 } })
      expect((await found(store, 'audit.revision_of: *')).map(idOf)).toEqual([revisionOf(row)])
    })

    test('one id whose records fall into two categories is one event and its revision, also within one batch', async () => {
      const change = entry('{"id":7,"action":"a"}', { audit: { category: 'change' }, message: 'first' })
      const security = entry('{"id":7,"action":"b"}', { audit: { category: 'security' }, message: 'second' })
      const apart = await open()
      await apart.write(batchOf(1, [change]))
      expect(await apart.write(batchOf(2, [security, eventAt(3)]))).toMatchObject({
        result: { stored: 2, duplicate: 0, revisions: 1 },
      })
      expect(await apart.write(batchOf(3, [security, change]))).toMatchObject({
        result: { stored: 0, duplicate: 2 },
      })
      const together = await open()
      expect(await together.write(batchOf(1, [change, security]))).toMatchObject({
        result: { stored: 2, duplicate: 0, revisions: 1 },
      })
      for (const store of [apart, together]) {
        expect((await found(store, `event.id: ${keyOf(7)}`)).map(({ message }) => message)).toEqual(['first'])
        const revisions = await found(store, `audit.revision_of: ${keyOf(7)}`)
        expect(revisions.map(({ message }) => message)).toEqual(['second'])
        expect(canonical(sealedPart(revisions[0]!))).toBe(canonical(security))
      }
    })

    test('one entry of which another form falls into another category is one event', async () => {
      const store = await open()
      const json = entry('{"id":7,"user":"Jane"}', {
        audit: { category: 'security' },
        user: { name: 'Jane' },
      })
      const row = entry('7,Jane,x', { audit: { category: 'activity' }, user: { name: 'Jane' } })
      await store.write(batchOf(1, [json]))
      expect(await store.write(batchOf(2, [row]))).toMatchObject({ result: { stored: 0, duplicate: 1 } })
      expect(await found(store, `event.id: ${keyOf(7)}`)).toHaveLength(1)
    })

    test('another content under a minted id stays a collision, and is counted as one', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(0)]))
      expect(await store.write(batchOf(2, [eventAt(0, { message: 'other' })]))).toMatchObject({
        result: { stored: 0, dead: 1, revisions: 0, collisions: 1 },
      })
      expect((await store.deadLetters.list({ limit: 1 })).letters).toMatchObject([
        { kind: 'collision', eventId: idAt(0) },
      ])
    })

    test('a line that says of itself that it is a revision is refused', async () => {
      const store = await open()
      const claim = eventAt(0, { audit: { category: 'change', revision_of: keyOf(1) } })
      expect(await store.write(batchOfLines(1, [canonical(claim)]))).toMatchObject({
        result: { dead: 1, reasons: [{ reason: 'audit.revision_of may be added only by the indexer' }] },
      })
    })
  })
}
