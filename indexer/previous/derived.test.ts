import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuditEvent,
  type Change,
  canonical,
  declaredEventId,
  sealedPart,
  textAt,
} from '../../schema/index.ts'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { AGENT, batchOf, idAt } from '../store/testing/batches.ts'
import { type Bounds, derivedOf } from './derived.ts'

const START = Date.UTC(2026, 5, 1)
const MINUTE = 60_000
const folder = mkdtempSync(join(tmpdir(), 'waybill-previous-'))
let store: Store
let sequence = 0
let switches = 0
let records = 0
let events = 0

beforeAll(async () => {
  store = await openEmbeddedStore({ path: folder, minimumFree: 0 })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const time = (minute: number): string => new Date(START + minute * MINUTE).toISOString()

type Doing = 'created' | 'updated' | 'deleted' | 'restored'
const TYPES = { created: 'creation', updated: 'change', deleted: 'deletion', restored: 'change' } as const

/** A record of its own for each test, and what happens to it. */
class Story {
  readonly id = `CUST-${++records}`
  readonly type: string
  constructor(type = 'customer') {
    this.type = type
  }

  event(
    minute: number,
    doing: Doing,
    changes: readonly Change[],
    more: Record<string, unknown> = {},
  ): AuditEvent {
    const number = ++events
    return {
      '@timestamp': time(minute),
      agent: { id: 'agent-1' },
      audit: {
        category: 'change',
        changes,
        entity: { id: this.id, type: this.type },
        ...(changes.some(({ old }) => old === undefined) && { old_unknown: true }),
      },
      event: {
        action: doing,
        code: `erp.record.${doing}`,
        id: idAt(number * 10),
        kind: 'event',
        module: 'erp',
        sequence: number,
        type: [TYPES[doing]],
      },
      ...more,
    }
  }
}

/** A switch of a type of events, as Waybill's own trail writes it. */
function toggled(
  minute: number,
  what: 'off' | 'on',
  type: string,
  rules: readonly Change[] = [],
): AuditEvent {
  const number = ++events
  return {
    '@timestamp': time(minute),
    agent: { id: 'indexer' },
    audit: { category: 'security', changes: rules, entity: { id: type, type: 'event_type' } },
    event: {
      action: `event-type-${what}`,
      id: idAt(number * 10),
      kind: 'event',
      module: 'waybill',
      sequence: number,
    },
  }
}

/** Stores events; switches come from an indexer, whatever other events claim. */
async function stored(...all: AuditEvent[]): Promise<void> {
  for (const [agent, events] of [
    [INDEXER_AGENT, all.filter(isSwitch)],
    [AGENT, all.filter((event) => !isSwitch(event))],
  ] as const) {
    if (events.length === 0) continue
    const number = agent === AGENT ? ++sequence : ++switches
    const outcome = await store.write(batchOf(number, events, { agent }))
    expect(outcome).toMatchObject({ result: { stored: events.length } })
  }
}

const INDEXER_AGENT = 'indexer-0123456789abcdef'
const isSwitch = (event: AuditEvent): boolean => textAt(event, 'agent.id') === 'indexer'

const idOf = (event: AuditEvent): string => (event.event as { id: string }).id

/** Returns the derived values of an event, as a reader gets them. */
async function derived(event: AuditEvent, bounds?: Bounds) {
  const read = await store.get(idOf(event))
  if (read === null) throw new Error('the event is not stored')
  const before = canonical(read)
  const answer = await derivedOf(store, read, () => 0, bounds)
  expect(canonical(read)).toBe(before)
  expect(canonical(sealedPart(read))).toBe(canonical(event))
  return answer
}

const to = (value: string | null, field = 'limit'): Change[] => [{ field, new: value }]

describe('a previous value that the source did not give', () => {
  it('is that with which the record was created', async () => {
    const story = new Story()
    const created = story.event(0, 'created', to('100'))
    const updated = story.event(1, 'updated', to('200'))
    await stored(created, updated)
    expect(await derived(updated)).toEqual({
      previous: [{ field: 'limit', old: '100', from: idOf(created), at: time(0) }],
    })
    expect(await derived(created)).toBeNull()
  })

  it('is the new one of the update before, across three updates', async () => {
    const story = new Story()
    const all = [
      story.event(0, 'created', to('100')),
      story.event(1, 'updated', to('200')),
      story.event(2, 'updated', to('300')),
      story.event(3, 'updated', to('400')),
    ]
    await stored(...all)
    const olds = await Promise.all(
      all.slice(1).map(async (event) => (await derived(event))?.previous[0]?.old),
    )
    expect(olds).toEqual(['100', '200', '300'])
  })

  it('is of the same field only, each from the event that knows it', async () => {
    const story = new Story()
    const created = story.event(0, 'created', [...to('100'), ...to('Net 30', 'terms'), ...to(null, 'owner')])
    const other = story.event(1, 'updated', to('Net 45', 'terms'))
    const updated = story.event(2, 'updated', [
      ...to('200'),
      ...to('Net 60', 'terms'),
      ...to('jane', 'owner'),
      ...to('x', 'notes'),
    ])
    await stored(created, other, updated)
    expect(await derived(updated)).toEqual({
      previous: [
        { field: 'terms', old: 'Net 45', from: idOf(other), at: time(1) },
        { field: 'limit', old: '100', from: idOf(created), at: time(0) },
        { field: 'owner', old: null, from: idOf(created), at: time(0) },
      ],
    })
  })

  it('is not asked for where the source gave it', async () => {
    const story = new Story()
    const created = story.event(0, 'created', to('100'))
    const updated = story.event(1, 'updated', [{ field: 'limit', old: '150', new: '200' }])
    await stored(created, updated)
    expect(await derived(updated)).toBeNull()
  })

  it('is none where none is known', async () => {
    const first = new Story().event(0, 'updated', to('200'))
    await stored(first)
    expect(await derived(first)).toEqual({ previous: [] })
  })

  it('is never one of a later event, whatever the order in which they arrived', async () => {
    const story = new Story()
    const later = story.event(5, 'updated', to('500'))
    const updated = story.event(2, 'updated', to('200'))
    const created = story.event(0, 'created', to('100'))
    await stored(later)
    await stored(updated)
    await stored(created)
    expect((await derived(updated))?.previous).toMatchObject([{ old: '100', from: idOf(created) }])
    expect((await derived(later))?.previous).toMatchObject([{ old: '200' }])
  })

  it('among events of one millisecond follows the order of events', async () => {
    const story = new Story()
    const [first, second, third] = ['1', '2', '3'].map((value) => story.event(7, 'updated', to(value)))
    await stored(third!, first!, second!)
    expect((await derived(second!))?.previous).toMatchObject([{ old: '1' }])
    expect((await derived(third!))?.previous).toMatchObject([{ old: '2' }])
    expect((await derived(first!))?.previous).toEqual([])
  })
})

describe('another record', () => {
  /** The same event with these members of its objects. */
  const but = (event: AuditEvent, members: Record<string, object>): AuditEvent => ({
    ...event,
    ...Object.fromEntries(
      Object.entries(members).map(([name, more]) => [
        name,
        { ...(event[name] as object | undefined), ...more },
      ]),
    ),
  })

  it.each([
    ['of another kind', ({ id }: Story) => ({ audit: { entity: { id, type: 'invoice' } } })],
    ['of another source', () => ({ event: { module: 'creatio' } })],
    ['of another organisation', () => ({ organization: { id: 'o-2' } })],
    [
      'in letters of another case',
      ({ id, type }: Story) => ({ audit: { entity: { id: id.toLowerCase(), type } } }),
    ],
  ] as [string, (story: Story) => Record<string, object>][])(
    'with the same id, but %s, is not it',
    async (_, differs) => {
      const story = new Story()
      const other = but(story.event(0, 'updated', to('999')), differs(story))
      const updated = story.event(1, 'updated', to('200'))
      await stored(other, updated)
      expect(await derived(updated)).toEqual({ previous: [] })
    },
  )
})

describe('a record that was deleted', () => {
  it('and restored has the value that it had before', async () => {
    const story = new Story()
    const updated = story.event(1, 'updated', to('200'))
    const after = story.event(4, 'updated', to('300'))
    await stored(
      story.event(0, 'created', to('100')),
      updated,
      story.event(2, 'deleted', []),
      story.event(3, 'restored', []),
      after,
    )
    expect(await derived(after)).toEqual({
      previous: [{ field: 'limit', old: '200', from: idOf(updated), at: time(1) }],
    })
  })

  it('and restored has the value that the deletion named', async () => {
    const story = new Story()
    const deleted = story.event(1, 'deleted', [{ field: 'limit', old: '150' }])
    const after = story.event(3, 'updated', to('300'))
    await stored(deleted, story.event(2, 'restored', []), after)
    expect((await derived(after))?.previous).toMatchObject([{ old: '150', from: idOf(deleted) }])
  })

  it('and created anew has nothing of what it was', async () => {
    const story = new Story()
    const after = story.event(4, 'updated', to('300'))
    await stored(
      story.event(0, 'created', to('100')),
      story.event(1, 'deleted', []),
      story.event(2, 'created', to('x', 'name')),
      after,
    )
    expect(await derived(after)).toEqual({ previous: [] })
  })

  it('and changed all the same has a note instead of a value', async () => {
    const story = new Story()
    const after = story.event(2, 'updated', to('300'))
    await stored(story.event(0, 'created', to('100')), story.event(1, 'deleted', []), after)
    expect(await derived(after)).toEqual({ previous: [], note: expect.stringMatching(/deleted the record/) })
  })
})

describe('recording that was off in between', () => {
  it.each([
    ['of updates', 'erp.record.updated'],
    ['of another kind of change in the family', 'erp.record.deleted'],
  ])('%s leaves nothing to derive, and the note says why', async (_, type) => {
    const story = new Story()
    const at = 1000 * ++records
    const updated = story.event(at + 10, 'updated', to('200'))
    await stored(
      story.event(at, 'created', to('100')),
      toggled(at + 3, 'off', type),
      toggled(at + 5, 'on', type),
      updated,
    )
    expect(await derived(updated)).toEqual({
      previous: [],
      note: `Recording of ${type} has been off since the last known value of limit.`,
    })
  })

  it.each([
    ['before the value was known', [-10, -5], 'erp.record.updated'],
    ['after the event', [20, 30], 'erp.record.updated'],
    ['of types that only read', [3, 5], 'erp.record.viewed'],
    ['of another family', [3, 5], 'erp.job.run'],
  ] as const)('does no harm: %s', async (_, [off, on], type) => {
    const story = new Story()
    const at = 1000 * ++records
    const updated = story.event(at + 10, 'updated', to('200'))
    await stored(
      toggled(at + off, 'off', type),
      toggled(at + on, 'on', type),
      story.event(at, 'created', to('100')),
      updated,
    )
    expect((await derived(updated))?.previous).toMatchObject([{ old: '100' }])
  })
})

it('a switch that no indexer sealed switches nothing, whatever it says of itself', async () => {
  const story = new Story()
  const at = 1000 * ++records
  const updated = story.event(at + 10, 'updated', to('200'))
  const forged = { ...toggled(at + 3, 'off', 'erp.record.updated'), agent: { id: AGENT } }
  await stored(story.event(at, 'created', to('100')), forged, updated)
  expect(await derived(updated)).toMatchObject({ previous: [{ old: '100' }] })
})

describe('recording that was switched off by a rule', () => {
  const type = 'erp.record.updated'
  const of = (field: string, old: string | null, next: string | null): Change[] => [{ field, old, new: next }]

  it('stays off when another rule makes an exception', async () => {
    const story = new Story()
    const at = 1000 * ++records
    const created = story.event(at + 20, 'created', to('100'))
    const updated = story.event(at + 30, 'updated', to('200'))
    await stored(
      toggled(at, 'off', type, of(type, null, 'off')),
      toggled(at + 2, 'on', type, of(`${type}, entity Invoice`, null, 'on')),
      created,
      updated,
    )
    expect(await derived(updated)).toMatchObject({ previous: [], note: expect.stringContaining(type) })
    await stored(toggled(at + 3, 'on', type, of(type, 'off', null)))
    expect(await derived(updated)).toMatchObject({ previous: [{ old: '100' }] })
  })
})

it('an update that does not say to what leaves nothing to derive for that field', async () => {
  const story = new Story()
  const vague = story.event(1, 'updated', [{ field: 'limit' }])
  const updated = story.event(2, 'updated', to('200'))
  await stored(story.event(0, 'created', to('100')), vague, updated)
  expect(await derived(updated)).toEqual({
    previous: [],
    note: `Event ${idOf(vague)} of ${time(1)} changed limit without giving the new value.`,
  })
})

it('an update that names no field is said in the note', async () => {
  const story = new Story()
  const updated = story.event(2, 'updated', to('200'))
  await stored(story.event(0, 'created', to('100')), story.event(1, 'updated', []), updated)
  expect(await derived(updated)).toMatchObject({
    previous: [{ old: '100' }],
    note: expect.stringMatching(/changed the record without naming the fields/),
  })
})

it('waybills that have not arrived in between are said in the note', async () => {
  const story = new Story()
  const updated = story.event(2, 'updated', to('200'))
  await stored(story.event(0, 'created', to('100')))
  const missing = ++sequence
  await stored(updated)
  expect(await derived(updated)).toMatchObject({
    previous: [{ old: '100' }],
    note: `Waybills ${missing} to ${missing} of agent agent-1 have not arrived; a change may be among them.`,
  })
  await store.write(batchOf(missing, [new Story().event(0, 'created', to('1'))]))
  expect(await derived(updated)).not.toHaveProperty('note')
})

it('a revision of an event is not what was before it', async () => {
  const story = new Story()
  const id = declaredEventId('default', 'erp', ['LOG-1'])
  const once = story.event(1, 'updated', to('200'))
  const updated = { ...once, event: { ...(once.event as object), id } }
  await stored(story.event(0, 'created', to('100')), updated)
  await stored({ ...updated, message: 'the export says it otherwise now' })
  expect((await derived(updated))?.previous).toMatchObject([{ old: '100' }])
})

it('looks back only so far, and says so', async () => {
  const story = new Story()
  const touched = Array.from({ length: 30 }, (_, i) => story.event(i + 1, 'updated', to(String(i), 'other')))
  const updated = story.event(40, 'updated', to('200'))
  await stored(story.event(0, 'created', to('100')), ...touched, updated)
  expect(await derived(updated, { events: 20, time: 1000 })).toEqual({
    previous: [],
    note: 'Only the last 20 events of the record were looked at.',
  })
  expect((await derived(updated, { events: 40, time: 1000 }))?.previous).toMatchObject([{ old: '100' }])
})
