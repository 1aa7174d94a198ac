import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AuditEvent, comparePlaces, placeOf } from '../../../schema/index.ts'
import { matches, type Query } from '../../query/index.ts'
import type { ValueOrder } from '../aggregate.ts'
import { countableField, valueOrder } from '../field-values.ts'
import type { Store } from '../port.ts'
import { sortedPage } from '../sorted.ts'
import { batchOf, eventAt } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { filled, randomEvents } from './reference.ts'

const FIELDS = [
  'user.name',
  'event.action',
  'source.ip',
  'audit.record_count',
  'event.duration',
  'event.category',
  'audit.entity.id',
  'tags',
]
const ALL: Query = { kind: 'all' }

/** Sorts plainly. */
function plainlySorted(
  events: readonly AuditEvent[],
  query: Query,
  field: string,
  order: ValueOrder,
): string[] {
  const { kind, valuesIn } = countableField(field)
  const { compare, compareFolded } = valueOrder(kind, order)
  const placed = events
    .filter((event) => matches(query, event))
    .map((event) => ({ event, value: valuesIn(event).sort(compare)[0] }))
  placed.sort((a, b) => {
    if (a.value === undefined || b.value === undefined) {
      const behind = Number(a.value === undefined) - Number(b.value === undefined)
      if (behind !== 0) return behind
    } else {
      const between = compareFolded(a.value, b.value)
      if (between !== 0) return between
    }
    return comparePlaces(placeOf(b.event), placeOf(a.event))
  })
  return placed.map(({ event }) => idOf(event))
}

const idOf = (event: AuditEvent): string => placeOf(event).id

/** All pages, one after the other. */
async function pages(
  store: Store,
  asked: { query: Query; field: string; order: ValueOrder; limit: number },
): Promise<string[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await sortedPage(store, { ...asked, ...(after !== undefined && { after }) })
    expect(page.events.length).toBeLessThanOrEqual(asked.limit)
    found.push(...page.events.map(idOf))
    after = page.next ?? undefined
  } while (after !== undefined)
  return found
}

/** The promises of a search by the values of a field, for every store. */
export function sortsByValues(
  ground: TestPlaces,
  { events, questions }: { events: number; questions: number },
): void {
  const open = opener(ground)

  describe('a search by the values of a field', () => {
    test('gives each event once, in the order of the plain reference, whatever the pages', async () => {
      const store = await open()
      const stored = await filled(store, randomEvents(events, 5), 100)
      await ground.settled()
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            query: fc.constantFrom<Query>(
              ALL,
              { kind: 'not', of: { kind: 'equals', field: 'event.outcome', value: 'success' } },
              { kind: 'exists', field: 'user.name' },
            ),
            field: fc.constantFrom(...FIELDS),
            order: fc.constantFrom<ValueOrder>('ascending', 'descending'),
            limit: fc.constantFrom(7, 60, 1000),
          }),
          async (asked) => {
            expect(await pages(store, asked)).toEqual(
              plainlySorted(stored, asked.query, asked.field, asked.order),
            )
          },
        ),
        { seed: 5, numRuns: questions },
      )
    }, 600_000)

    test('takes spellings of one value together, and puts what has none last', async () => {
      const store = await open()
      const users = ['bob', 'Anna', undefined, 'anna', 'Zoë', 'BOB']
      await store.write(
        batchOf(
          1,
          users.map((name, i) => eventAt(i, { user: name === undefined ? {} : { name } })),
        ),
      )
      await ground.settled()
      const names = async (order: ValueOrder) => {
        const page = await sortedPage(store, { query: ALL, field: 'user.name', order, limit: 100 })
        return page.events.map((event) => (event as { user?: { name?: string } }).user?.name)
      }
      expect(await names('ascending')).toEqual(['anna', 'Anna', 'BOB', 'bob', 'Zoë', undefined])
      expect(await names('descending')).toEqual(['Zoë', 'BOB', 'bob', 'anna', 'Anna', undefined])
    })

    test('refuses fields without values, and cursors that no page gave', async () => {
      const store = await open()
      const ask = (field: string, after?: string) =>
        sortedPage(store, { query: ALL, field, order: 'ascending', limit: 5, ...(after && { after }) })
      await expect(ask('message')).rejects.toThrow('message is a text')
      await expect(ask('user.name', 'eyJ4IjoxfQ')).rejects.toThrow('this is no cursor')
    })
  })
}
